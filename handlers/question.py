"""The answer to a flow's open question, told from everything else a person may say meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from handlers.turn import Turn
from storage.dialogues import Dialogue

QUESTION_LIFE = timedelta(hours=2)
"""How long a question waits: whoever writes later is not answering it."""

Take = Callable[[Turn, Dialogue, str], Awaitable[bool]]
Stop = Callable[[Turn, dict[str, Any]], Awaitable[None]]


def answered(stop: Stop, *, files: bool = False) -> Callable[[Take], Callable[[Turn], Awaitable[bool]]]:
    """Makes the step of a flow of what takes its answer: the open dialogue and the words, with `files` maybe none.

    "Never mind" stops the flow. A question that is too old, a word of the menu and a danger are left to the others.
    """

    def make(take: Take) -> Callable[[Turn], Awaitable[bool]]:
        @wraps(take)
        async def step(turn: Turn) -> bool:
            dialogue, incoming = turn.dialogue, turn.incoming
            if dialogue is None or incoming is None or turn.now - dialogue.updated_at > QUESTION_LIFE:
                return False
            words = incoming.text.strip()
            findings = turn.city.read(words)
            if findings.menu == "cancel":
                await stop(turn, {})
                return True
            said = words or (files and (turn.attached or incoming.geo))
            if not said or findings.menu is not None or findings.urgent:
                return False
            return await take(turn, dialogue, words)

        return step

    return make


async def put_away(turn: Turn, flow: str, text: str) -> None:
    """Ends the flow's question, when it is the open one, and says so."""
    if turn.dialogue is not None and turn.dialogue.flow == flow:
        await turn.done()
    await turn.toast(text)
