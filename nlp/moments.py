"""Days and hours as people write them: 12月5日上午10点, 明天下午三点半, 下周五, 月底前. Pure text; `now` is an argument.

A moment without an hour is the end of its day for a limit, and ten o'clock for a beginning.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nlp.text import plain

_CN = {c: n for n, c in enumerate("零一二三四五六七八九十")} | {"两": 2, "日": 7, "天": 7, "末": 6}
_N = r"\d{1,2}|[一二两三四五六七八九十]{1,3}"
_FULL = re.compile(r"(?P<y>20\d{2})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})")
_MONTH_DAY = re.compile(
    rf"(?P<m>{_N})\s*月\s*(?P<d>{_N})\s*[日号]?|(?<![\d:：])(?P<m2>\d{{1,2}})[-/.](?P<d2>\d{{1,2}})(?![\d:：])"
)
_WEEKDAY = re.compile(r"(?P<which>下下|下个?|这个?|本)?(?:周|星期|礼拜)(?P<day>[一二三四五六日天末])")
_RELATIVE = {"大后天": 3, "后天": 2, "明天": 1, "明日": 1, "今天": 0, "今日": 0, "今晚": 0, "明晚": 1}
_IN_DAYS = re.compile(rf"(?P<n>{_N})\s*(?P<unit>天|周|个?星期|个?月)(?:之?内|以内|后)")
_HOUR = re.compile(
    rf"(?P<part>凌晨|早上|上午|中午|下午|傍晚|晚上|今晚|明晚)?\s*(?P<h>{_N})\s*(?:[点时](?P<half>半)?(?:\s*(?P<min>{_N})\s*分|(?P<min3>\d{{2}})(?!\s*个?[小钟]))?|[:：](?P<min2>\d{{2}}))"
)
_UNTIL = re.compile(r"\s*(?:到|至|~|—|-)\s*")
_AFTERNOON = {"下午", "傍晚", "晚上", "今晚", "明晚"}


def read_moment(text: str, now: datetime, tz: ZoneInfo, *, ends: bool = False) -> datetime | None:
    """The moment these words name, in UTC; None when they name no day. `ends` reads a day as its last minute."""
    said = plain(text)
    local = now.astimezone(tz)
    day = _day(said, local.date())
    hour = _hour(said)
    if day is None:
        return None
    at = hour or (time(23, 59) if ends else time(10, 0))
    return datetime.combine(day, at, tz).astimezone(UTC)


def without_moment(text: str) -> str:
    """The words without the day and the hours they name: what is kept is read on another day, and "tomorrow" is over then."""
    said = plain(text)
    relative = next((re.compile(word) for word in _RELATIVE if word in said), None)
    for pattern in (_FULL, relative, _MONTH_DAY, _WEEKDAY, _IN_DAYS):
        if pattern is not None and (found := pattern.search(said)):
            said = f"{said[: found.start()]} {said[found.end() :]}"
            break
    if found := _HOUR.search(said):
        end = found.end()
        if (until := _UNTIL.match(said, end)) and (last := _HOUR.match(said, until.end())):
            end = last.end()
        said = f"{said[: found.start()]} {said[end:]}"
    return " ".join(said.split())


def _day(said: str, today: date) -> date | None:
    if full := _FULL.search(said):
        return _date(int(full["y"]), int(full["m"]), int(full["d"]))
    for word, days in _RELATIVE.items():
        if word in said:
            return today + timedelta(days=days)
    if found := _MONTH_DAY.search(said):
        month, day = _number(found["m"] or found["m2"]), _number(found["d"] or found["d2"])
        this = _date(today.year, month, day)
        return _date(today.year + 1, month, day) if this is not None and this < today else this
    if found := _WEEKDAY.search(said):
        return _weekday(found, today)
    if found := _IN_DAYS.search(said):
        unit = found["unit"]
        step = 1 if unit == "天" else 30 if "月" in unit else 7
        return today + timedelta(days=_number(found["n"]) * step)
    if "月底" in said or "月末" in said:
        ahead = today.replace(day=1) + timedelta(days=32) if "下" in said else today
        return ahead.replace(day=monthrange(ahead.year, ahead.month)[1])
    return date(today.year, 12, 31) if "年底" in said else None


def _weekday(found: re.Match[str], today: date) -> date:
    """周五 is the next one to come; 下周五 the one of the week after this."""
    wanted = _CN[found["day"]] - 1
    which = found["which"] or ""
    monday = today - timedelta(days=today.weekday())
    weeks = 2 if which == "下下" else 1 if which.startswith("下") else 0
    day = monday + timedelta(days=wanted, weeks=weeks)
    return day + timedelta(weeks=1) if day < today and not weeks else day


def _hour(said: str) -> time | None:
    found = _HOUR.search(said)
    if found is None:
        return None
    hour = _number(found["h"])
    minute = 30 if found["half"] else _number(found["min"] or found["min2"] or found["min3"] or "0")
    if found["part"] in _AFTERNOON and hour < 12:
        hour += 12
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _number(text: str) -> int:
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        return _CN.get(text[:1], 0)
    return (_CN.get(tens, 1) if tens else 1) * 10 + (_CN.get(ones, 0) if ones else 0)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
