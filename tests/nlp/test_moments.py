"""Days and hours as people write them, and what a wish says about itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.moments import read_moment, without_moment
from nlp.text import plain
from nlp.wish_traits import find_dangers, find_skill, read_cost, read_hours, read_shares, read_traits

TZ = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)  # a Monday, 10:00


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("12月5日上午10点", "2026-12-05 10:00"),
        ("十二月五号下午三点半", "2026-12-05 15:30"),
        ("2026-12-05 10:00", "2026-12-05 10:00"),
        ("明天上午9点 2小时 3人", "2026-11-17 09:00"),
        ("明天晚上7点30", "2026-11-17 19:30"),
        ("后天", "2026-11-18 10:00"),
        ("周五", "2026-11-20 10:00"),
        ("下周五", "2026-11-27 10:00"),
        ("十天内", "2026-11-26 10:00"),
        ("1月3号", "2027-01-03 10:00"),
        ("下周五 15:00-17:00", "2026-11-27 15:00"),
    ],
)
def test_a_beginning(said: str, at: str) -> None:
    assert read_moment(said, NOW, TZ) == datetime.fromisoformat(at).replace(tzinfo=TZ)


@pytest.mark.parametrize(
    ("said", "day"), [("月底前", "2026-11-30"), ("下周五之前", "2026-11-27"), ("年底", "2026-12-31")]
)
def test_a_limit_is_the_end_of_its_day(said: str, day: str) -> None:
    found = read_moment(said, NOW, TZ, ends=True)
    assert found == datetime.fromisoformat(f"{day} 23:59").replace(tzinfo=TZ)


@pytest.mark.parametrize("said", ["", "随便", "2月30日", "好几天没亮了", "13月1日上午"])
def test_no_day_is_no_moment(said: str) -> None:
    assert read_moment(said, NOW, TZ) is None


@given(st.text(alphabet="0123456789年月日号点半上下午周明后天一二三十：:-. 前内底", max_size=20))
def test_whatever_is_said_it_is_a_moment_or_none(said: str) -> None:
    found = read_moment(said, NOW, TZ)
    assert found is None or NOW - timedelta(days=4000) < found < NOW + timedelta(days=40_000)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("周六上午9点 银杏社区广场 清扫楼道", "银杏社区广场 清扫楼道"),
        ("明天上午九点半扫楼道", "扫楼道"),
        ("12月5日下午两点到四点，包饺子", ",包饺子"),
        ("下周五 15:00-17:00 义诊", "义诊"),
        ("12-5 9:00—11:30 捡垃圾", "捡垃圾"),
        ("扫楼道", "扫楼道"),
    ],
)
def test_what_is_left_without_the_moment(said: str, left: str) -> None:
    assert without_moment(said).replace("，", ",") == left


@given(st.text(max_size=60))
def test_of_any_words_something_known_is_left(said: str) -> None:
    left = without_moment(said)
    assert len(left) <= len(plain(said))
    assert set(left) <= set(plain(said)) | {" "}


@pytest.mark.parametrize(
    ("said", "theme", "skills", "whom"),
    [
        ("孩子想请人辅导英语作业", "learning", {"teaching", "english"}, "child"),
        ("厨房灯泡够不着，想请人换一下", "repair", {"electric"}, ""),
        ("想请人陪我去医院复查", "medical", set(), ""),
        ("独居老人想有人周末来下下象棋", "company", {"chess"}, "elder"),
        ("想请人帮忙擦玻璃", "errands", {"cleaning"}, ""),
        ("低保户想要一床棉被", "goods", set(), "household"),
    ],
)
def test_traits(said: str, theme: str, skills: set[str], whom: str) -> None:
    found = read_traits(said)
    assert (found.theme, set(found.skills), found.for_whom) == (theme, skills, whom)


@pytest.mark.parametrize(
    ("said", "yuan"), [("三百块以内", 300), ("50元左右", 50), ("旧的也行", 0), ("2千块", 2000), ("想要书桌", None)]
)
def test_cost(said: str, yuan: int | None) -> None:
    assert read_cost(said) == yuan


def test_dangers() -> None:
    assert find_dangers("想借点钱买药") == ("cash", "medicine")
    assert find_dangers("想要一辆旧轮椅") == ()


def test_numbers() -> None:
    assert [read_hours(s) for s in ("两个半小时", "半小时", "2.5小时", "忙了好久")] == [2.5, 0.5, 2.5, None]
    assert [read_shares(s) for s in ("3份", "五个人", "十二", "很多", "99份")] == [3, 5, 12, None, None]
    assert read_traits("要5个人一起抬").shares == 5
    assert find_skill("会理发的") == "hair"
