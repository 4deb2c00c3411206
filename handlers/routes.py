"""The table of contents: which function answers which press, open question, timer, scanned code and typed command."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from handlers import (
    account,
    activity,
    adopt,
    albums,
    alike,
    article,
    at_work,
    borrow,
    briefs,
    claim,
    clocks,
    consult,
    crowd,
    damage,
    danger,
    desk,
    dispute,
    duty,
    extension,
    groups,
    joining,
    link,
    listen,
    meant,
    merging,
    more,
    petitions,
    points,
    points_appeal,
    rate,
    rate_words,
    records,
    refusing,
    report_later,
    report_presses,
    report_words,
    resource,
    result,
    rewards,
    season,
    service,
    snap,
    staff,
    station,
    station_keep,
    supervision,
    sure,
    survey_chat,
    volunteer,
    waiting,
    waiting_chat,
    wall,
    whistle_chat,
    wish,
    wish_talk,
    withdraw,
)
from handlers.office import echo, signin
from handlers.turn import Turn
from storage.timers import Timer

PressHandler = Callable[[Turn, dict[str, Any]], Awaitable[None]]
StepHandler = Callable[[Turn], Awaitable[bool]]
TimerHandler = Callable[[Turn, Timer], Awaitable[None]]
SceneHandler = Callable[[Turn, str], Awaitable[None]]
CommandHandler = Callable[[Turn, re.Match[str]], Awaitable[None]]

_T = TypeVar("_T")

_MODULES = (
    albums,
    link,
    listen,
    report_presses,
    report_words,
    report_later,
    joining,
    alike,
    crowd,
    danger,
    consult,
    records,
    meant,
    withdraw,
    rate,
    rate_words,
    account,
    clocks,
    briefs,
    waiting,
    waiting_chat,
    claim,
    at_work,
    result,
    desk,
    refusing,
    petitions,
    extension,
    dispute,
    supervision,
    survey_chat,
    whistle_chat,
    more,
    merging,
    staff,
    groups,
    wish,
    wish_talk,
    adopt,
    season,
    resource,
    wall,
    points,
    points_appeal,
    rewards,
    volunteer,
    service,
    activity,
    duty,
    snap,
    station_keep,
    station,
    borrow,
    damage,
    article,
    signin,
    echo,
)


def _merged(name: str, tables: Sequence[Mapping[str, _T]]) -> dict[str, _T]:
    """All tables as one. Raises ValueError for a name that two modules claim."""
    result_: dict[str, _T] = {}
    for table in tables:
        for key, value in table.items():
            if key in result_:
                raise ValueError(f"two handlers for {name} {key}")
            result_[key] = value
    return result_


PRESSES: Mapping[str, PressHandler] = _merged("press", [getattr(m, "PRESSES", {}) for m in _MODULES])


async def _sure(turn: Turn) -> bool:
    return await sure.step(turn, PRESSES)


STEPS: Mapping[str, StepHandler] = {
    **_merged("question", [getattr(m, "STEPS", {}) for m in _MODULES]),
    sure.FLOW: _sure,
}
TIMERS: Mapping[str, TimerHandler] = _merged("timer", [getattr(m, "TIMERS", {}) for m in _MODULES])
SCENES: Mapping[str, SceneHandler] = _merged("scene", [getattr(m, "SCENES", {}) for m in _MODULES])
COMMANDS: Sequence[tuple[re.Pattern[str], CommandHandler]] = [
    command for module in _MODULES for command in getattr(module, "COMMANDS", ())
]
