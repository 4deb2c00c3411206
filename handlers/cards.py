"""The card of a record in the rooms of its queue: drawn anew after every move, so that everybody sees how it stands."""

from __future__ import annotations

from typing import Any

from handlers import names, placing
from handlers.turn import Rows, Turn
from storage import attachments, events, outbox, people, requests, supporters, waits
from storage.people import Chat
from storage.requests import Request
from workflow.states import OPEN, State

_ICONS = {
    State.QUEUED: "🔧",
    State.CLAIMED: "✅",
    State.JOINT: "🤝",
    State.RESOLVED: "☑️",
    State.CLOSED: "📁",
    State.REFUSED: "🚫",
    State.WITHDRAWN: "↩️",
    State.MERGED: "🔗",
}
_NAMES_WORKER = frozenset({State.CLAIMED, State.JOINT, State.RESOLVED})
"""Whose card says who has it or had it last."""


def slot(request: Request) -> str:
    """The place of a record's card in a chat: there is one card a chat, changed in place."""
    return f"card:{request.id}"


async def refresh(turn: Turn, request: Request, *, bare: bool = False) -> None:
    """Draws the card in every room of the record's queue, and says where it went in rooms that had it before.

    `bare`: it has just been filed, and nothing belongs to it but its words.
    """
    rooms, before = await outbox.rooms_and_slots(turn.tx, request.queue, slot(request))
    rooms = rooms or await people.rooms_of(turn.tx, [turn.city.org.desk_of(request.queue)])
    for room in rooms:
        if room.reachable or turn.city.channels[room.channel].keeps:
            await _draw(turn, request, room, bare=bare)
    for chat in before:
        if chat.id not in {room.id for room in rooms}:
            gone = turn.text(
                "card.moved",
                number=request.number,
                queue=turn.city.org.name_of(request.queue),
                place=request.place_text,
            )
            await turn.send(chat, gone, slot=slot(request))


async def _draw(turn: Turn, request: Request, room: Chat, *, bare: bool) -> None:
    text = await card_text(turn, request, bare=bare)
    rows = await rows_for(turn, request)
    await turn.send(room, text, rows=rows, slot=slot(request), lane=outbox.REPLY)


async def card_text(turn: Turn, request: Request, *, bare: bool = False) -> str:
    """What a group may know of a record: no full name, phone or room. Of one that has ended a line or two."""
    return turn.text(
        f"card.{request.state.value}",
        icon="🚨" if request.urgent and request.state is State.QUEUED else _ICONS.get(request.state, "🔧"),
        number=request.number,
        item=kind_name(turn, request),
        place=request.place_text or turn.text("card.unknown_place"),
        worker=await _worker(turn, request),
        claimed=request.claimed_at or request.received_at,
        resolved=request.resolved_at or request.received_at,
        parent=await _parent_number(turn, request) or "",
        **await _open_values(turn, request, bare=bare) if request.state in OPEN else {},
    )


async def _worker(turn: Turn, request: Request) -> str:
    """Who has it; of a whistle where nobody of the lead has checked in yet, the department."""
    if request.state is State.JOINT and request.claimer_id is None:
        return turn.city.org.name_of(request.queue)
    return await names.worker(turn, request.claimer_id) if request.state in _NAMES_WORKER else ""


async def _open_values(turn: Turn, request: Request, *, bare: bool) -> dict[str, Any]:
    """What the card says while there is something to do."""
    files = [] if bare else await attachments.of(turn.tx, "request", request.id)
    photos = sum(1 for f in files if f.kind == "photo")
    others = len(files) - photos
    company = 0 if bare else len(await supporters.followers(turn.tx, request))
    hint = None if bare else await likened(turn, request)
    return {
        "who": await names.resident(turn, request.reporter_id),
        "words": _shortened(request.text),
        "photos": turn.text("card.photos", count=photos) if photos else "",
        "files": turn.text("card.files", count=others) if others else "",
        "received": request.received_at,
        "respond_by": _respond_by(turn, request),
        "resolve_due": request.resolve_due_at,
        "supervised": turn.text("card.supervised") if request.supervised else "",
        "reopened": turn.text("card.reopened", count=request.reopened) if request.reopened else "",
        "company": turn.text("joining.about", count=company) if company else "",
        "hint": turn.text("joining.hint_line", number=hint) if hint else "",
        "waiting": await waiting_line(turn, request),
    }


def _respond_by(turn: Turn, request: Request) -> str:
    answered = request.responded_at is not None
    return "" if answered else turn.text("card.respond_by", respond_due=request.respond_due_at)


async def waiting_line(turn: Turn, request: Request) -> str:
    """Why the clock stands still and until when; empty while it runs."""
    wait = await waits.find_open(turn.tx, request.id) if request.waits_until is not None else None
    if wait is None:
        return ""
    why = wait.words or turn.text(f"waiting.why_{wait.reason}")
    return turn.text("waiting.line_parked" if wait.parked else "waiting.line", why=why, until=wait.until_at)


async def likened(turn: Turn, request: Request) -> int | None:
    """The number of the open record that this one may be the same as, while nobody has decided."""
    if request.state not in OPEN:
        return None
    last = await events.find_latest(turn.tx, "request", request.id, "request.likened")
    if last is None:
        return None
    if last.data["other"] in await supporters.told_apart(turn.tx, [request.id]):
        return None
    other = await requests.get(turn.tx, last.data["other"])
    return other.number if other.state in OPEN else None


async def _parent_number(turn: Turn, request: Request) -> int | None:
    """The number of the record that a merged one follows."""
    if request.state is not State.MERGED or request.parent_id is None:
        return None
    return (await requests.get(turn.tx, request.parent_id)).number


async def company_lines(turn: Turn, request: Request) -> str:
    """What the others said who have the same matter, masked; the supporters first, then what was merged."""
    joined = [
        turn.text("joining.supporter_line", words=_shortened(s.text))
        for s in await supporters.of(turn.tx, request.id)
        if s.text
    ]
    merged = [
        turn.text("joining.merged_line", number=r.number, words=_shortened(r.text))
        for r in await supporters.merged_into(turn.tx, request.id)
    ]
    return "\n".join([*joined, *merged])


def kind_name(turn: Turn, request: Request) -> str:
    """What it is, as a group reads it: the kind, else the danger it was pushed for."""
    if name := turn.city.item_name(request.item):
        return name
    return turn.text(f"card.danger_{request.danger}" if request.danger else "card.unknown_kind")


async def rows_for(turn: Turn, request: Request) -> Rows:
    """The buttons that make sense for the record as it stands."""
    number, args = request.number, {"id": request.id}
    if request.state is State.QUEUED:
        if request.queue.startswith("desk"):
            return await placing.rows(turn, request)
        take = turn.button("card.button_take", "claim.take", args, typed=turn.text("card.typed_take", number=number))
        back = turn.button(
            "card.button_back", "claim.give_back", args, typed=turn.text("card.typed_back", number=number)
        )
        detail = turn.button(
            "card.button_detail", "claim.detail", args, typed=turn.text("card.typed_detail", number=number)
        )
        return [[take, back, detail]]
    if request.state is State.CLAIMED:
        words = ("result", "note", "release", "transfer", "contact")
        actions = {
            "result": "result.give",
            "note": "result.note",
            "release": "claim.release",
            "transfer": "claim.transfer",
            "contact": "claim.contact",
        }
        buttons = [
            turn.button(
                f"card.button_{word}", actions[word], args, typed=turn.text(f"card.typed_{word}", number=number)
            )
            for word in words
        ]
        more = turn.button(
            "waiting.button_more", "more.show", args, typed=turn.text("waiting.typed_more", number=number)
        )
        return [buttons[:2], buttons[2:], [more]]
    return []


def _shortened(text: str, limit: int = 160) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"
