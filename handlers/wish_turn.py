"""A wish that is really a request becomes one, and the other way: same person, same words, nothing said twice."""

from __future__ import annotations

import re
from typing import Any

from handlers import cards, filing, records, standing, wish_card, wish_clock, wish_shown
from handlers import draft as drafts
from handlers.office.turning import NOWHERE
from handlers.turn import Denied, Turn
from handlers.wish_traits import traits_of
from handlers.wish_words import for_wall
from nlp.wishes import find_wish_kind
from storage import attachments, people, requests, timers, wishes
from storage.requests import Lost as RequestLost
from storage.requests import Request
from storage.wishes import Lost, Wish
from workflow.queues import desk_queue
from workflow.states import Forbidden as RequestForbidden
from workflow.wish import Forbidden, WishState

_EDITABLE = frozenset({WishState.SUBMITTED, WishState.PUBLISHED})


async def to_request(turn: Turn, args: dict[str, Any]) -> None:
    """Files the wisher's own words as a request in their name; the wish ends with its number."""
    await wishes.lock(turn.tx, args["id"])
    wish = await wishes.get(turn.tx, args["id"])
    await turn.check_may("publish_wish", wish.queue)
    if wish.state not in _EDITABLE:
        await wish_shown.stands(turn, wish)
        return
    request = await _file(turn, wish)
    try:
        turned = await wishes.move(
            turn.tx,
            wish,
            "wish.turned",
            turn.now,
            actor_id=turn.me.id,
            data={"request": request.number},
            closed_at=turn.now,
            request_id=request.id,
        )
    except (Forbidden, Lost):
        await wish_shown.stands(turn, await wishes.get(turn.tx, wish.id))
        return
    await wish_shown.tell_adopters(turn, turned, "adopt.withdrawn", number=wish.number, words=wish.text)
    await wish_clock.arm(turn, turned)
    await wish_clock.over(turn, turned, "withdrawn")
    queue = turn.city.org.name_of(request.queue)
    await turn.tell(
        wish.wisher_id,
        "wish.turned",
        number=wish.number,
        request=request.number,
        queue=queue,
        due=request.resolve_due_at,
    )
    await turn.toast("wish.turned_toast", number=wish.number, request=request.number)
    await wish_card.draw(turn, turned)


async def _file(turn: Turn, wish: Wish) -> Request:
    """The request, filed as if the wisher had said it just now; a second time it is the same one."""
    said = await wishes.get_original(turn.tx, wish.id)
    wisher = await people.get_person(turn.tx, wish.wisher_id)
    chat = await people.get_chat(turn.tx, wish.chat_id) if wish.chat_id else NOWHERE
    theirs = Turn(turn.city, turn.tx, turn.now, chat=chat, person=wisher)
    draft = drafts.Draft(id=wish.id, words=[said.get("text") or wish.text])
    draft.media = [a.id for a in await attachments.of(turn.tx, "wish", wish.id)]
    if wish.grid:
        draft.place = {"text": said.get("place") or wish.place_text, "grid": wish.grid, "community": wish.community}
    findings = drafts.read(theirs, draft)
    request, _ = await filing.file(theirs, draft, findings, urgent=findings.urgent, intent="request")
    return request


async def from_request(turn: Turn, args: dict[str, Any]) -> None:
    """Takes a request for the wish it is; the desk of its community checks it like any other.

    Raises `Denied` where the reporter is forgotten: nobody is left who wishes.
    """
    request = await requests.get(turn.tx, args["id"])
    if not await standing.allowed(turn, "refuse", request):
        return
    if request.state not in standing.MOVABLE:
        await standing.tell(turn, request)
        return
    if (await people.get_person(turn.tx, request.reporter_id)).erased_at is not None:
        raise Denied("wish.from_request_nobody", number=request.number)
    wish, _ = await _wish_of(turn, request)
    try:
        refused = await requests.move(
            turn.tx,
            request,
            "request.refused",
            turn.now,
            actor_id=turn.me.id,
            data={"wish": wish.number},
            closed_at=turn.now,
        )
    except (RequestForbidden, RequestLost):
        await standing.tell(turn, request)
        return
    await timers.drop(turn.tx, "request", refused.id)
    await cards.refresh(turn, refused)
    await records.tell_reporter(turn, refused, "wish.from_request", wish=wish.number)
    await wish_clock.arm(turn, wish)
    await wish_card.draw(turn, wish)
    await turn.toast("wish.from_request_toast", number=request.number, wish=wish.number)


async def _wish_of(turn: Turn, request: Request) -> tuple[Wish, bool]:
    said = await requests.get_original(turn.tx, request.id)
    community = turn.city.street.community_of(request.grid).id if request.grid else ""
    kinds = list(wish_shown.kinds(turn.city))
    named = find_wish_kind(said.text) or ""
    item = named if named in kinds else kinds[0]
    names = {c.id: c.name for c in turn.city.street.communities}
    return await wishes.submit(
        turn.tx,
        draft_id=request.id,
        wisher_id=request.reporter_id,
        chat_id=request.chat_id,
        item=item,
        queue=desk_queue(community),
        community=community,
        grid=request.grid,
        place_text=str(request.place.get("estate") or names.get(community, "")),
        text=for_wall(said.text),
        original={"text": said.text, "place": said.place},
        now=turn.now,
        traits=traits_of(turn, said.text, item),
        request_id=request.id,
    )


async def typed(turn: Turn, match: re.Match[str]) -> None:
    """转诉求 1007 (a wish), 转心愿 1042 (a request)."""
    if match["verb"] == "转诉求":
        wish = await wish_shown.find(turn, match["number"])
        if wish is not None:
            await to_request(turn, {"id": wish.id})
        return
    request = await standing.find(turn, match["number"])
    if request is not None:
        await from_request(turn, {"id": request.id})


PRESSES = {"wish.turn": to_request, "wish.from_request": from_request}
COMMANDS = [(re.compile(r"(?P<verb>转诉求|转心愿)\s*#?(?P<number>\d{4,9})"), typed)]
