"""When the rating is asked for, and what follows from each answer."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from workflow.rating import Answer, Solved, combine, judge, may_reopen, plan

ZONE = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 9, day, hour, minute, tzinfo=ZONE)


def test_asked_after_two_hours_reminded_after_one_and_three_days_closed_on_day_seven() -> None:
    found = plan(at(10, 10), "Asia/Shanghai")
    assert found.ask_at.tzinfo is UTC
    assert found == (at(10, 12), (at(11, 12), at(13, 12)), at(17, 10))


def test_nobody_is_asked_reminded_or_closed_at_night() -> None:
    assert plan(at(10, 20), "Asia/Shanghai") == (at(11, 8), (at(12, 8), at(14, 8)), at(17, 20))
    assert plan(at(10, 22), "Asia/Shanghai") == (at(11, 8), (at(12, 8), at(14, 8)), at(18, 8))


@pytest.mark.parametrize(
    ("solved", "stars", "before", "reopen", "to", "why"),
    [
        (Solved.YES, 5, 0, False, "same", "satisfied"),
        (Solved.YES, 3, 0, False, "same", "satisfied"),
        (Solved.YES, None, 0, False, "same", "satisfied"),
        (Solved.PARTLY, 3, 0, False, "same", "partly_solved"),
        (Solved.PARTLY, 2, 0, True, "same", "low_stars"),
        (Solved.YES, 2, 0, True, "same", "low_stars"),
        (Solved.YES, 1, 1, True, "desk", "low_stars"),
        (Solved.NO, None, 0, True, "same", "unsolved"),
        (Solved.NO, 5, 1, True, "desk", "unsolved"),
        (Solved.NO, 1, 2, True, "street", "unsolved"),
        (Solved.NO, 1, 9, True, "street", "unsolved"),
    ],
)
def test_judge(solved: Solved, stars: int | None, before: int, reopen: bool, to: str, why: str) -> None:
    assert judge(solved, stars, before) == (reopen, reopen, to, why)


@pytest.mark.parametrize(("stars", "before"), [(0, 0), (6, 0), (-1, 0), (3, -1)])
def test_impossible_answers_are_refused(stars: int, before: int) -> None:
    with pytest.raises(ValueError, match="must"):
        judge(Solved.YES, stars, before)


def test_reopening_ends_after_seven_days() -> None:
    assert may_reopen(at(1, 10), at(8, 10))
    assert not may_reopen(at(1, 10), at(8, 10) + timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("answers", "combined"),
    [
        ([], None),
        ([Answer(Solved.YES, 5)], Answer(Solved.YES, 5)),
        ([Answer(Solved.YES, 5), Answer(Solved.NO, None)], Answer(Solved.NO, 5)),
        ([Answer(Solved.YES, 5), Answer(Solved.PARTLY, 4)], Answer(Solved.PARTLY, 4)),
        ([Answer(Solved.YES, 5), Answer(Solved.YES, 5), Answer(Solved.YES, 4)], Answer(Solved.YES, 5)),
        ([Answer(Solved.YES, None)], Answer(Solved.YES, None)),
    ],
)
def test_several_answers_count_as_one(answers: list[Answer], combined: Answer | None) -> None:
    assert combine(answers) == combined
    assert combine(answers[::-1]) == combined
