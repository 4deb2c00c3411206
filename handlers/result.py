"""进度 and 办结: what the one who has a record says about it, in words and photos, and that the reporter hears it.

The question is open for one person in one chat; an album comes in parts. Who may claim is in `claim.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from handlers import cards, clocks, names, rate, records, snap_credit, standing, whistle
from handlers.turn import Turn
from nlp.mask import mask
from storage import around, attachments, events, petitions, requests
from storage.requests import Lost, Request
from workflow.states import Forbidden

FLOW = "result"
MAX_WORDS = 1000
"""Characters of a result or a note that the reporter reads."""
PHOTO_CATEGORY = "safety"
"""Matters of this category are finished only with a photo (workflow.md, Request)."""


def photo_required(turn: Turn, request: Request) -> bool:
    """Whether the result must show that the danger is gone."""
    item = turn.city.taxonomy.find_item(request.item) if request.item else None
    return request.urgent or (item is not None and turn.city.taxonomy.category_of(item.id).id == PHOTO_CATEGORY)


# -------------------------------------------------------------------- asking


async def give(turn: Turn, args: dict[str, Any]) -> None:
    """Asks for the result; the next words and photos of this person here are it."""
    request = await _workable(turn, await requests.get(turn.tx, args["id"]), "resolve")
    if request is not None:
        await turn.ask(FLOW, "give", {"id": request.id, "words": "", "files": [], "album": ""})
        key = "result.ask_photo" if photo_required(turn, request) else "result.ask"
        await turn.say(key, force_reply=True, **standing.named(turn, request))


async def note(turn: Turn, args: dict[str, Any]) -> None:
    """Asks how it is going; the next words of this person here go to the reporter."""
    request = await _workable(turn, await requests.get(turn.tx, args["id"]), "note")
    if request is not None:
        await turn.ask(FLOW, "note", {"id": request.id, "album": ""})
        await turn.say("result.note_ask", force_reply=True, **standing.named(turn, request))


async def _workable(turn: Turn, request: Request, act: str) -> Request | None:
    """The record when the acting person may work on it now; else they were told how it stands."""
    if not await standing.allowed(turn, act, request) or not await standing.holds(turn, request):
        return None
    if act == "resolve" and (missing := await whistle.missing(turn, request)):
        units = turn.text("whistle.list_mark").join(turn.city.org.name_of(q) for q in missing)
        await turn.toast("whistle.still_missing", alert=True, number=request.number, units=units)
        return None
    return request


# -------------------------------------------------------------------- the answer


async def _step(turn: Turn) -> bool:
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None or incoming.kind == "place" or standing.is_stale(turn):
        return False
    if dialogue.step in ("more", "noted"):
        return await _late_part(turn, dialogue.step, dialogue.data)
    if standing.is_cancel(turn):
        await turn.done()
        await turn.say("result.stopped")
        return True
    act = "note" if dialogue.step == "note" else "resolve"
    request = await _workable(turn, await around.get(turn.tx, dialogue.data["id"]), act)
    if request is None:
        await turn.done()
    elif act == "note":
        await _note(turn, request, incoming.text)
    else:
        await _collect(turn, request, dialogue.data)
    return True


async def _collect(turn: Turn, request: Request, data: dict[str, Any]) -> None:
    """Adds what this message brings; finishes when nothing is missing, else asks for it once per album."""
    text = turn.incoming.text.strip() if turn.incoming else ""
    album = _album(turn)
    words = "\n".join(part for part in (data["words"], text) if part)[:MAX_WORDS]
    files = [*data["files"], *turn.attached]
    missing = await _missing(turn, request, words, files)
    if not missing:
        await _resolve(turn, request, words, files)
        return
    await turn.ask(FLOW, "give", {"id": request.id, "words": words, "files": files, "album": album})
    if not album or album != data["album"]:
        await turn.say(f"result.need_{missing}", force_reply=True, **standing.named(turn, request))


async def _missing(turn: Turn, request: Request, words: str, files: Sequence[int]) -> str:
    """`words` or `photo`, whichever the result still lacks; empty when it is complete."""
    if not words:
        return "words"
    return "photo" if photo_required(turn, request) and not await _photos(turn, files) else ""


async def _photos(turn: Turn, files: Sequence[int]) -> int:
    found = [await attachments.find(turn.tx, i) for i in files]
    return sum(1 for f in found if f is not None and f.kind == "photo")


def _album(turn: Turn) -> str:
    return turn.incoming.media[-1].album if turn.incoming and turn.incoming.media else ""


async def _late_part(turn: Turn, step: str, data: dict[str, Any]) -> bool:
    """A further photo of the album that has just been taken; anything else is not for this question."""
    if not turn.attached or _album(turn) != data["album"]:
        await turn.done()
        return False
    request = await requests.get(turn.tx, data["id"])
    subject = "result" if step == "more" else "request"
    await attachments.attach(turn.tx, turn.attached, subject, request.id)
    await records.tell_reporter(turn, request, "result.more_photos", media=turn.attached)
    return True


async def _close_question(turn: Turn, step: str, request: Request) -> None:
    """Nothing is open any more, except for the further parts of an album."""
    album = _album(turn)
    if album:
        await turn.ask(FLOW, step, {"id": request.id, "album": album})
    elif turn.dialogue is not None and turn.dialogue.flow == FLOW:
        await turn.done()


# -------------------------------------------------------------------- effects


async def _note(turn: Turn, request: Request, text: str) -> None:
    words = text.strip()[:MAX_WORDS]
    if not words and not turn.attached:
        await turn.say("result.note_ask", force_reply=True, **standing.named(turn, request))
        return
    await attachments.attach(turn.tx, turn.attached, "request", request.id)
    await events.add(
        turn.tx,
        "request",
        request.id,
        "request.noted",
        turn.now,
        actor_id=turn.me.id,
        data={
            "files": len(turn.attached),
            "as": standing.acting_as(turn, request),
        },
        words=mask(words)[:500],
    )
    told = await records.tell_reporter(
        turn,
        request,
        "result.note_told",
        worker=await names.worker(turn, turn.me.id),
        words=words or turn.text("result.see_photo"),
        media=turn.attached,
    )
    await _close_question(turn, "noted", request)
    await turn.toast("result.noted" if told else "result.noted_unreached", number=request.number)


async def _resolve(turn: Turn, request: Request, words: str, files: Sequence[int]) -> None:
    photos = await _photos(turn, files)
    request = await clocks.settle(turn, request)
    try:
        moved = await requests.move(
            turn.tx,
            request,
            "request.resolved",
            turn.now,
            actor_id=turn.me.id,
            data={"photos": photos, "as": standing.acting_as(turn, request)},
            words=mask(words)[:500],
            resolution=request.resolution + 1,
            resolved_at=turn.now,
            contact_id=request.claimer_id or turn.me.id,
        )
    except (Forbidden, Lost):
        await turn.done()
        await standing.tell(turn, request)
        return
    await attachments.attach(turn.tx, files, "result", moved.id)
    await around.look(turn.tx, moved.id)
    await snap_credit.settled(turn, moved, useful=True)
    await petitions.moved_on(turn.tx, moved.id, turn.now, by=turn.me.id)
    await rate.arm(turn, moved)
    await cards.refresh(turn, moved)
    await whistle.over(turn, moved, words)
    await _close_question(turn, "more", moved)
    worker = await names.worker(turn, turn.me.id)
    await records.tell_reporter(turn, moved, "result.told", worker=worker, words=words, media=files)
    await turn.toast("result.done", **standing.named(turn, moved))
    if moved.claimer_id is not None and moved.claimer_id != turn.me.id:
        await turn.tell(moved.claimer_id, "result.done_for_you", worker=worker, **standing.named(turn, moved))


async def resolve(turn: Turn, request_id: int, words: str) -> None:
    """The whole result in one go, without files; says what is missing when it needs a photo."""
    request = await _workable(turn, await around.get(turn.tx, request_id), "resolve")
    if request is None:
        return
    missing = await _missing(turn, request, words.strip(), [])
    if missing:
        await turn.say(f"result.need_{missing}", force_reply=True, **standing.named(turn, request))
    else:
        await _resolve(turn, request, words.strip()[:MAX_WORDS], [])


async def tell_progress(turn: Turn, request_id: int, words: str) -> None:
    """A note in one go."""
    await pass_on(turn, await requests.get(turn.tx, request_id), words)


async def finish(turn: Turn, request: Request, words: str) -> None:
    """The result in these words and the files of this message; asks for what is missing."""
    found = await _workable(turn, request, "resolve")
    if found is not None:
        turn.incoming = turn.incoming and turn.incoming.model_copy(update={"text": words})
        await _collect(turn, found, {"words": "", "files": [], "album": ""})


async def pass_on(turn: Turn, request: Request, words: str) -> None:
    """A note in these words, with the files of this message, to the reporter."""
    found = await _workable(turn, request, "note")
    if found is not None:
        await _note(turn, found, words)


# -------------------------------------------------------------------- typed


async def _typed_result(turn: Turn, match: re.Match[str]) -> None:
    """办结 1042 words, with a photo or without."""
    request = await standing.find(turn, match["number"])
    if request is None:
        return
    if not match["words"] and not turn.attached:
        await give(turn, {"id": request.id})
        return
    await finish(turn, request, match["words"] or "")


async def _typed_note(turn: Turn, match: re.Match[str]) -> None:
    """进度 1042 words."""
    request = await standing.find(turn, match["number"])
    if request is None:
        return
    if not match["words"] and not turn.attached:
        await note(turn, {"id": request.id})
        return
    await pass_on(turn, request, match["words"] or "")


PRESSES = {"result.give": give, "result.note": note}
STEPS = {FLOW: _step}
_WORDS = r"\s*#?(?P<number>\d{4,9})(?:[\s,:;。]+(?P<words>.{1,2000}))?"
COMMANDS = [
    (re.compile(rf"(?:办结|填结果){_WORDS}", re.DOTALL), _typed_result),
    (re.compile(rf"(?:进度|说进展){_WORDS}", re.DOTALL), _typed_note),
]
