"""随手拍, 红色啄木鸟: one photo and a place are a report, without further questions. What it brings is `snap_credit.py`."""

from __future__ import annotations

import re
from typing import Any

from handlers import draft as drafts
from handlers import filing
from handlers.draft import Draft
from handlers.messages import Button
from handlers.question import answered, put_away
from handlers.turn import Turn
from storage import snaps
from storage.dialogues import Dialogue

FLOW = "snap"


def _stop(turn: Turn) -> Button:
    return turn.button("snap.button_stop", "snap.stop")


async def begin(turn: Turn, _: re.Match[str]) -> None:
    """Asks for the photo; one that came with the word is taken at once."""
    if turn.here.is_group:
        await turn.toast("staff.private_only")
        return
    draft = drafts.new(turn)
    draft.add(turn, "")
    await _go_on(turn, draft, first=True)


async def stop(turn: Turn, _: dict[str, Any]) -> None:
    """Not now."""
    await put_away(turn, FLOW, "snap.stopped")


@answered(stop, files=True)
async def step(turn: Turn, dialogue: Dialogue, words: str) -> bool:
    """A photo, a place, or words; danger goes the way of every danger."""
    draft = Draft.model_validate(dialogue.data)
    draft.add(turn, words)
    await _go_on(turn, draft)
    return True


async def _go_on(turn: Turn, draft: Draft, *, first: bool = False) -> None:
    """Asks for what is missing, else files it."""
    place = drafts.place_of(draft, drafts.read(turn, draft))
    if draft.media and (draft.geo or place.text):
        await _file(turn, draft)
        return
    key = "snap.need_place" if draft.media else "snap.begin" if first else "snap.need_photo"
    await turn.ask(FLOW, "more", draft.model_dump())
    await turn.say(key, rows=[[_stop(turn)]])


async def _file(turn: Turn, draft: Draft) -> None:
    if not draft.text:
        draft.words = [turn.text("snap.words")]
    before = await snaps.weight(turn.tx, turn.me.id)
    await turn.done()
    request, is_new = await filing.file(turn, draft, drafts.read(turn, draft))
    if not is_new:
        return
    await snaps.add(turn.tx, request.id, turn.me.id, turn.now)
    await turn.say("snap.filed", number=request.number, queue=turn.city.org.name_of(request.queue))
    key = "snap.told" if before.all else "snap.first"
    await turn.tell_queue(request.queue, key, number=request.number, **before._asdict())


PRESSES = {"snap.stop": stop}
STEPS = {FLOW: step}
COMMANDS = [(re.compile(r"随手拍|红色啄木鸟|啄木鸟|拍一拍"), begin)]
