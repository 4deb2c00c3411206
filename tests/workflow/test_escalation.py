"""Ladders, steps, limits of petitions and whistles, drawing of panels: each rule in rows written by hand."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflow.organisation import ORG
from workflow import panel, petitions, whistle
from workflow.calendar import Season, WorkCalendar, add_time
from workflow.escalation import ladder, next_at, next_rung
from workflow.panel import Member
from workflow.petitions import Petition
from workflow.whistle import Kind, Reason

TZ = ZoneInfo("Asia/Shanghai")
DEPT = WorkCalendar(holidays=frozenset(date(2026, 10, day) for day in range(1, 8)), rest=(time(12), time(13, 30)))
GRID = WorkCalendar(every_day=True)


def local(text: str) -> datetime:
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=TZ).astimezone(UTC)


@pytest.mark.parametrize(
    ("queue", "levels"),
    [
        ("grid:yinxing-01", ("desk:yinxing", "desk", "head")),
        ("desk:yinxing", ("desk", "head")),
        ("dept:gas", ("desk", "head:gas")),
        ("desk", ("head",)),
    ],
)
def test_the_ladder_of_each_kind_of_queue(queue: str, levels: tuple[str, ...]) -> None:
    assert ladder(queue, ORG) == levels
    assert next_rung(queue, ORG, ()) == levels[0]
    assert next_rung(queue, ORG, levels[:1]) == (levels[1:] or (None,))[0]
    assert next_rung(queue, ORG, levels) is None


def test_every_queue_has_a_ladder_that_ends_in_a_person_and_never_names_itself() -> None:
    for queue in ORG.queues():
        levels = ladder(queue, ORG)
        assert levels[-1].startswith("head")
        assert queue not in levels
        assert len(set(levels)) == len(levels)


@pytest.mark.parametrize(
    ("words", "now", "responds", "urgent", "calendar", "at"),
    [
        ("an hour of work later", "09-24 10:00", True, False, DEPT, "09-24 11:00"),
        ("over lunch", "09-24 11:30", True, False, DEPT, "09-24 14:00"),
        ("a workday later", "09-30 10:00", False, False, DEPT, "10-08 10:00"),
        ("a grid goes on in the holidays", "09-30 10:00", False, False, GRID, "10-01 10:00"),
        ("danger: ten minutes, whatever the hour", "10-01 03:00", True, True, DEPT, "10-01 03:10"),
        ("danger: an hour", "10-01 03:00", False, True, DEPT, "10-01 04:00"),
    ],
)
def test_when_the_next_level_hears(
    words: str, now: str, responds: bool, urgent: bool, calendar: WorkCalendar, at: str
) -> None:
    assert next_at(local(now), responds=responds, urgent=urgent, calendar=calendar) == local(at), words


@pytest.mark.parametrize(
    ("kind", "queue", "decides"),
    [
        (Petition.RETURN, "grid:yinxing-01", "desk:yinxing"),
        (Petition.EXTENSION, "grid:yinxing-01", "desk:yinxing"),
        (Petition.EXTENSION, "dept:gas", "desk"),
        (Petition.DISPUTE, "grid:yinxing-01", "desk"),
        (Petition.DISPUTE, "dept:gas", "desk"),
        (Petition.DEMAND, "dept:gas", "dept:gas"),
        (Petition.APPEAL, "desk:yinxing", "desk:yinxing"),
        (Petition.APPEAL, "grid:yinxing-01", "desk:yinxing"),
    ],
)
def test_who_has_to_answer(kind: Petition, queue: str, decides: str) -> None:
    assert petitions.decider(kind, queue, ORG) == decides


def test_every_petition_has_its_own_limit_in_working_time() -> None:
    for kind in Petition:
        due = petitions.due_at(kind, local("09-30 17:30"), DEPT)
        assert due > local("10-08 08:30")
    assert petitions.due_at(Petition.RETURN, local("09-24 10:00"), DEPT) == local("09-24 12:00")


def test_until_when_a_record_may_be_returned() -> None:
    arrived = local("09-24 10:00")  # eight hours of work: to the next day at ten
    assert petitions.may_return(arrived, local("09-25 10:00"), DEPT)
    assert not petitions.may_return(arrived, local("09-25 10:01"), DEPT)


def test_the_limit_of_a_check_in() -> None:
    friday = local("09-25 17:30")
    assert whistle.check_in_due(friday, Kind.ENFORCEMENT, DEPT) == local("09-28 10:00")
    assert whistle.check_in_due(friday, Kind.EMERGENCY, DEPT) == local("09-25 18:00")
    assert whistle.check_in_due(friday, Kind.ALONE, DEPT, 30) == local("09-25 18:00")
    with pytest.raises(ValueError, match="positive"):
        whistle.check_in_due(friday, Kind.ALONE, DEPT, 0)


def test_departments_are_suggested_once_with_the_best_reason() -> None:
    found = whistle.suggest("urban", ["police", "urban"], {"water": 3, "police": 1, "gas": 3, "fire": 1})
    assert found == [
        Reason("urban", "own", 0),
        Reason("police", "helper", 1),
        Reason("gas", "past", 3),
        Reason("water", "past", 3),
    ]
    assert whistle.suggest("", [], {}) == []


MEMBERS = st.lists(
    st.builds(Member, st.integers(1, 60), st.sampled_from(["a", "b", "c"]), st.sampled_from(["", "g1"])), max_size=80
)


@given(MEMBERS, st.integers(1, 9), st.randoms())
def test_the_draw_is_the_same_in_any_order_and_asks_nobody_twice(
    members: list[Member], each: int, dice: random.Random
) -> None:
    drawn = panel.draw(members, each, "seed")
    assert len({m.person_id for m in drawn}) == len(drawn)
    mixed = list(members)
    dice.shuffle(mixed)
    assert {m.person_id for m in drawn} == {m.person_id for m in panel.draw(mixed, each, "seed")}
    for community in "abc":
        eligible = {m.person_id for m in members if m.community == community}
        got = [m for m in drawn if m.community == community]
        elsewhere = {m.person_id for m in drawn if m.community != community}
        assert len(got) == min(each, len(eligible - elsewhere))


def test_a_result_counts_silence_as_silence() -> None:
    found = panel.result([5, 4, 2, None, None])
    assert (found.asked, found.answered, found.good) == (5, 3, 2)
    assert found.mean == pytest.approx(11 / 3)
    assert found.response_rate == pytest.approx(0.6)
    assert not found.enough
    assert panel.result([]).response_rate is None
    assert panel.results([("b", 1), ("a", 5), ("a", None)]) == {"a": panel.result([5, None]), "b": panel.result([1])}
    with pytest.raises(ValueError, match="at least one"):
        panel.draw([], 0, "seed")


# -------------------------------------------------------------------- breaks and seasons


def test_lunch_summer_and_winter_hours() -> None:
    summer = Season((5, 1), (9, 30), time(8), time(18, 30), (time(12), time(14, 30)))
    winter = Season((12, 1), (2, 28), time(9), time(17))
    calendar = WorkCalendar(every_day=True, seasons=(summer, winter), rest=(time(12), time(13)))
    assert calendar.hours_of(date(2026, 7, 1)) == ((time(8), time(12)), (time(14, 30), time(18, 30)))
    assert calendar.hours_of(date(2026, 10, 8)) == ((time(8, 30), time(12)), (time(13), time(18)))
    assert calendar.hours_of(date(2027, 1, 8)) == ((time(9), time(17)),)
    assert calendar.add_minutes(local("09-30 18:00"), 60) == local("10-01 09:00")
    assert DEPT.hours_of(date(2026, 10, 1)) == ()
    assert DEPT.next_open(local("09-24 12:30")) == local("09-24 13:30")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: WorkCalendar(rest=(time(8), time(9))),
        lambda: WorkCalendar(rest=(time(13), time(12))),
        lambda: Season((2, 30), (3, 1), time(8), time(9)),
        lambda: Season((2, 1), (3, 1), time(9), time(8)),
        lambda: add_time(local("09-24 10:00"), timedelta(minutes=-1)),
    ],
)
def test_what_cannot_be_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        wrong()  # type: ignore[operator]
