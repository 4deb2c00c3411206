"""The desk asks the resident where it is; the answer settles the place, or reaches the desk as it was said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from handlers import cards, filing, placing, records, standing, triage
from handlers.turn import Turn
from nlp.address import Candidate, Place
from nlp.geo import to_wgs84
from nlp.mask import mask
from storage import attachments, dialogues, events, people, requests
from storage.requests import Lost, Request
from workflow.states import Forbidden, State

FLOW = "where"
_OFFERED = 4


async def ask(turn: Turn, request: Request) -> bool:
    """Asks the reporter in private. False when they cannot be reached.

    Whoever is in the middle of something else gets a button instead of an open question.
    """
    chat = await people.find_private_chat(turn.tx, request.reporter_id)
    if chat is None or not (chat.reachable or turn.city.channels[chat.channel].keeps):
        return False
    busy = await dialogues.find(turn.tx, chat.id, request.reporter_id) is not None
    rows = _offers(turn, request, turn.city.read(request.text).place.candidates)
    if busy:
        rows.append([turn.button("desk.button_where_tell", "desk.where_tell", {"id": request.id})])
    else:
        await dialogues.save(
            turn.tx, chat.id, request.reporter_id, FLOW, "place", {"id": request.id, "again": 0}, turn.now
        )
    words = request.summary or request.text[:40]
    await records.tell_reporter(turn, request, "desk.where_ask", alone=True, words=words, rows=rows)
    await events.add(turn.tx, "request", request.id, "request.place_asked", turn.now, actor_id=turn.me.id)
    return True


def _offers(turn: Turn, request: Request, candidates: tuple[Candidate, ...]) -> list[list[Any]]:
    return [
        [
            turn.button(
                "desk.place_likely",
                "desk.where_pick",
                {"id": request.id, "grid": c.grid, "text": c.label},
                place=c.label,
            )
        ]
        for c in candidates[:_OFFERED]
    ]


async def _own(turn: Turn, request_id: int) -> Request | None:
    """The record while its reporter can still say where it is; else they were told how it stands."""
    request = await requests.get(turn.tx, request_id)
    if request.reporter_id != turn.me.id:
        await turn.toast("common.press_not_yours")
        return None
    if request.state is State.QUEUED and filing.is_desk(request.queue):
        return request
    state = turn.text(f"state.{request.state.value}")
    await turn.toast("desk.where_settled", number=request.number, state=state)
    return None


async def _tell(turn: Turn, args: dict[str, Any]) -> None:
    request = await _own(turn, args["id"])
    if request is not None:
        await turn.ask(FLOW, "place", {"id": request.id, "again": 0})
        await turn.say("desk.where_again", number=request.number)


async def _pick(turn: Turn, args: dict[str, Any]) -> None:
    request = await _own(turn, args["id"])
    if request is None:
        return
    if turn.dialogue is not None and turn.dialogue.flow == FLOW:
        await turn.done()
    await _settle(turn, request, placing.place_at(turn.city, args["grid"], args["text"]))


async def _step(turn: Turn) -> bool:
    """A place, a point on the map or a photo answers; a new matter without a place does not."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None:
        return False
    text = " ".join(part for part in (incoming.text.strip(), incoming.geo.label if incoming.geo else "") if part)
    findings = turn.city.read(text)
    place = _pinned(turn, findings.place)
    placed = bool(place.grid or place.candidates or place.text or incoming.geo)
    if findings.menu == "cancel":
        await turn.done()
        await turn.say("desk.where_left")
        return True
    if findings.menu or findings.urgent or (not placed and findings.confidence >= turn.city.manners.sure):
        return False
    request = await _own(turn, dialogue.data["id"])
    if request is None:
        await turn.done()
        return True
    await attachments.attach(turn.tx, turn.attached, "request", request.id)
    if place.grid:
        await turn.done()
        await _keep_point(turn, request)
        await _settle(turn, request, place)
    elif place.candidates and not dialogue.data["again"]:
        await turn.ask(FLOW, "place", {"id": request.id, "again": 1})
        await _keep_point(turn, request)
        await turn.say("desk.where_which", rows=_offers(turn, request, place.candidates), number=request.number)
    else:
        await turn.done()
        await _pass_on(turn, request, text)
    return True


def _pinned(turn: Turn, named: Place) -> Place:
    """What the words name, together with the point on the map that came with them."""
    point = turn.incoming.geo if turn.incoming else None
    if point is None:
        return named
    words = replace(named, text=named.text or point.label)
    return turn.city.places.pinned(words, point.lat, point.lon, gcj02=point.system == "gcj02")


async def _keep_point(turn: Turn, request: Request) -> None:
    """The point stays with the record, for whoever goes there to find the very spot."""
    if point := _point(turn):
        await requests.add_to_original(turn.tx, request.id, point, mask(point))


def _point(turn: Turn) -> str:
    """The point on the map as words: its label and WGS-84 degrees, latitude first; empty without one."""
    point = turn.incoming.geo if turn.incoming else None
    if point is None:
        return ""
    lon, lat = to_wgs84(point.lon, point.lat) if point.system == "gcj02" else (point.lon, point.lat)
    return f"{point.label} {lat:.5f},{lon:.5f}".strip()


async def _settle(turn: Turn, request: Request, place: Place) -> None:
    """The place is known: the record goes on by itself, or waits for the desk to say what it is."""
    await people.set_last_place(turn.tx, turn.me.id, triage.place_dict(place))
    if not await placing.kind_is_settled(turn, request):
        await located(turn, request, place.grid or "", kept=await keep(turn, request, place), by="reporter")
        shown = triage.place_dict(place)["text"]
        await turn.tell_queue(request.queue, "desk.where_told", words=shown, **standing.named(turn, request))
        await turn.say("desk.where_thanks", number=request.number)
        return
    await located(turn, request, place.grid or "", by="reporter")
    try:
        await filing.redirect(turn, request, grid=place.grid or "", place=triage.place_dict(place))
    except (Forbidden, Lost):
        await turn.say("desk.where_settled", number=request.number, state=turn.text(f"state.{request.state.value}"))


async def located(turn: Turn, request: Request, grid: str, *, kept: Request | None = None, by: str = "desk") -> None:
    """Writes down that the place is known; `kept` is the record with it, when it stays where it is."""
    data: dict[str, Any] = {"grid": grid, "before": request.grid, "by": by}
    if kept is not None:
        data |= {"set": requests.facts(kept, "grid", "spot_id")}
    await events.add(turn.tx, "request", request.id, "request.located", turn.now, actor_id=turn.me.id, data=data)


async def keep(turn: Turn, request: Request, place: Place) -> Request:
    """Writes the place on the record where it stands and redraws its card."""
    kept = triage.place_dict(place)
    changed = await requests.change(
        turn.tx, request.id, grid=place.grid or "", place=kept, place_text=kept["text"] or request.place_text
    )
    await cards.refresh(turn, changed)
    return changed


async def _pass_on(turn: Turn, request: Request, text: str) -> None:
    """The words do not name a known place: the desk reads them."""
    said = turn.incoming.text.strip() if turn.incoming else text
    words = f"{said} {_point(turn)}".strip()
    if words:
        await requests.add_to_original(turn.tx, request.id, words, mask(words))
    data = {"characters": len(words), "files": len(turn.attached)}
    await events.add(turn.tx, "request", request.id, "request.supplemented", turn.now, actor_id=turn.me.id, data=data)
    await cards.refresh(turn, await requests.get(turn.tx, request.id))
    await turn.tell_queue(
        request.queue,
        "desk.where_told",
        words=mask(words)[:200] or turn.text("result.see_photo"),
        media=turn.attached,
        **standing.named(turn, request),
    )
    await turn.say("desk.where_thanks", number=request.number)


PRESSES = {"desk.where_pick": _pick, "desk.where_tell": _tell}
STEPS = {FLOW: _step}
