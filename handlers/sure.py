"""Asked once more before something is done that is not undone by itself: yes and no may be typed as well as pressed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from handlers import answers
from handlers.messages import Button
from handlers.turn import Turn

FLOW = "sure"
LIFE = timedelta(minutes=30)
"""A yes that comes later is no answer to this any more."""
_DONE_WITH = ("不用了", "不用", "不要了", "撤回", "撤吧", "好了", "修好了")
_GOES_ON = ("没好", "还没好", "没修好", "还没修好", "重办", "先不撤", "不撤了", "不撤", "别撤")
_SURE, _NOT_YET = ("确定", "确认"), ("等等", "先等等")

Presses = Mapping[str, Callable[[Turn, dict[str, Any]], Awaitable[None]]]


async def ask(turn: Turn, key: str, yes: Button, no: Button, *, ends: bool, **values: Any) -> None:
    """Says the question, `key` of the texts, with both buttons, and takes the next words for its answer.

    `ends` is whether yes ends the matter: "不用了" says yes then, and no otherwise.
    """
    await turn.ask(FLOW, "answer", {"yes": [yes.action, yes.args], "no": [no.action, no.args], "ends": ends})
    await turn.say(key, rows=[[yes, no]], **values)


async def settled(turn: Turn) -> None:
    """A button has answered it: words that come now are no answer."""
    if turn.dialogue is not None and turn.dialogue.flow == FLOW:
        await turn.done()


async def step(turn: Turn, presses: Presses) -> bool:
    """Does what the button would have done. False for any other words: the question is dropped then."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None:
        return False
    await turn.done()
    decided = (
        None
        if turn.attached or turn.now - dialogue.updated_at > LIFE
        else _read(incoming.text, ends=dialogue.data["ends"])
    )
    if decided is None:
        return False
    action, args = dialogue.data["yes" if decided else "no"]
    await presses[action](turn, args)
    return True


def _read(text: str, *, ends: bool) -> bool | None:
    plain = answers.bare(text)
    if plain in _DONE_WITH or answers.is_taken_back(text):
        return ends
    if plain in _GOES_ON:
        return not ends
    return True if plain in _SURE else False if plain in _NOT_YET else answers.yes_or_no(text)
