"""Bringing together (双向认领): wishes for an offer, offers for a wish or a record, a whole season at once. Either side asks.

The rules are in `workflow.matching`. Whoever is asked decides; stock and moment are held only when both agree.
"""

from __future__ import annotations

import re
from typing import Any

from handlers import adopt, standing, wish_shown
from handlers.messages import Button
from handlers.resource_shown import find, owner
from handlers.turn import Turn
from nlp.wish_traits import read_traits
from storage import adoptions, events, people, requests, resources, wishes
from storage.requests import Request
from storage.resources import Booking, BookingState, Full, Moved, Resource
from storage.wishes import Wish
from workflow import matching
from workflow.matching import Match, Need, Offer
from workflow.rights import may_act
from workflow.wish import WishState

_MOST = 400
"""Wishes and offers that one matching looks at: the longest waiting and the newest."""
_SHOWN = 4
_AT_ONCE = 60


# -------------------------------------------------------------------- values for the rules


def need_of(wish: Wish) -> Need:
    """A wish as the rules see it."""
    return Need(
        wish.id,
        wish.theme or "service",
        wish.skill_set,
        wish.community,
        wish.grid,
        wish.published_at or wish.submitted_at,
        wish.due_at,
        wish.shares - wish.taken,
    )


def _need_of_request(turn: Turn, request: Request) -> Need:
    said = read_traits(request.text)
    community = turn.city.street.community_of(request.grid).id if request.grid else ""
    skills = frozenset(said.skills)
    return Need(request.id, said.theme or "service", skills, community, request.grid, request.received_at)


async def _offers(turn: Turn, found: list[Resource]) -> list[Offer]:
    helped = await adoptions.helped(turn.tx, {r.owner_id for r in found}) if found else {}
    result = []
    for r in found:
        free = await resources.free_slots(turn.tx, r.id, turn.now) if r.slots else []
        moments = tuple(s.starts_at for s in free for _ in range(s.capacity - s.taken))
        result.append(
            Offer(
                r.id,
                r.owner_id,
                r.theme,
                r.skill_set,
                r.community,
                r.grid,
                r.left,
                r.slots > 0,
                moments,
                helped.get(r.owner_id, 0),
            )
        )
    return result


async def _open_wishes(turn: Turn, owner_id: int = 0) -> list[Wish]:
    found = await wishes.waiting_longest(turn.tx, _MOST)
    return [w for w in found if w.wisher_id != owner_id and w.reserved_for is None]


def _why(turn: Turn, found: Match) -> str:
    return "、".join(turn.text(f"resource.why_{name}") for name, _ in found.reasons)


# -------------------------------------------------------------------- for the owner of an offer


async def for_offer(turn: Turn, args: dict[str, Any]) -> None:
    """The wishes that an offer fits best, with the reasons, each with a button to take it on."""
    resource = await resources.get(turn.tx, args["id"])
    if resource.owner_id != turn.me.id:
        await turn.toast("resource.not_yours", number=resource.number)
        return
    open_ones = {w.id: w for w in await _open_wishes(turn, turn.me.id)}
    (offer,) = await _offers(turn, [resource])
    found = matching.needs_for(offer, [need_of(w) for w in open_ones.values()], turn.now, _SHOWN)
    if not found:
        await turn.say("resource.no_match", number=resource.number)
        return
    lines, rows = [], []
    for one in found:
        wish = open_ones[one.need]
        lines.append(
            turn.text(
                "resource.match_wish",
                number=wish.number,
                place=wish_shown.coarse_place(turn, wish),
                words=wish.text[:60],
                why=_why(turn, one),
            )
        )
        rows.append([_give(turn, resource, wish)])
    await turn.say("resource.matches", rows=rows, number=resource.number, lines="\n".join(lines))


def _give(turn: Turn, resource: Resource, wish: Wish, **more: Any) -> Button:
    args = {"id": resource.id, "wish": wish.id, **more}
    return turn.button("resource.button_give", "resource.give", args, number=wish.number)


async def give(turn: Turn, args: dict[str, Any]) -> None:
    """The owner takes a wish on with this offer: booked and adopted together, or neither."""
    resource = await resources.get(turn.tx, args["id"])
    await wishes.lock(turn.tx, args["wish"])
    wish = await wishes.get(turn.tx, args["wish"])
    if resource.owner_id != turn.me.id:
        await turn.toast("resource.not_yours", number=resource.number)
        return
    if wish.state is not WishState.PUBLISHED:
        await adopt.take(turn, {"id": wish.id})  # says how it stands, and what else is open
        return
    if resource.slots and "slot" not in args:
        await _ask_slot(turn, resource, "resource.give", {"id": resource.id, "wish": wish.id}, wish)
        return
    booking = await resources.propose(turn.tx, resource, "wish", wish.id, "owner", turn.now, actor_id=turn.me.id)
    if booking.state is BookingState.PROPOSED:
        try:
            booking = await resources.book(turn.tx, booking, turn.now, slot_id=args.get("slot"), actor_id=turn.me.id)
        except (Full, Moved):
            await resources.settle(turn.tx, booking, turn.now, done=False, actor_id=turn.me.id)
            await turn.toast("resource.used_up", number=resource.number)
            return
    await adopt.take(turn, {"id": wish.id})
    if await adoptions.find(turn.tx, wish.id, turn.me.id) is None:
        await resources.settle(turn.tx, booking, turn.now, done=False, actor_id=turn.me.id)


async def _ask_slot(turn: Turn, resource: Resource, action: str, args: dict[str, Any], wish: Wish | None) -> None:
    """Which of its moments; for a wish only those in time."""
    free = await resources.free_slots(turn.tx, resource.id, turn.now, 8)
    due = wish.due_at if wish is not None else None
    rows = [
        [turn.button("resource.at", action, {**args, "slot": slot.id}, at=slot.starts_at)]
        for slot in free
        if due is None or slot.starts_at <= due
    ]
    if rows:
        await turn.say("resource.which_slot", rows=rows, number=resource.number)
    else:
        await turn.toast("resource.used_up", number=resource.number)


# -------------------------------------------------------------------- for the wisher


async def for_wish(turn: Turn, args: dict[str, Any]) -> None:
    """The offers that fit a wish of mine, with the reasons; asking is one press."""
    wish = await wishes.get(turn.tx, args["id"])
    if wish.wisher_id != turn.me.id:
        await turn.toast("wish.not_yours", number=wish.number)
    elif wish.state is not WishState.PUBLISHED:
        await wish_shown.stands(turn, wish)
    else:
        await _propose_for(turn, need_of(wish), wish.number, "wish")


async def _propose_for(turn: Turn, need: Need, number: int, subject: str) -> None:
    listed = {r.id: r for r in await resources.listed(turn.tx, community=need.community, limit=_MOST)}
    others = [r for r in listed.values() if r.owner_id != turn.me.id]
    found = matching.offers_for(need, await _offers(turn, others), turn.now, _SHOWN)
    if not found:
        await turn.say("resource.no_offer", number=number)
        return
    lines = [
        turn.text(
            "resource.match_offer",
            number=listed[m.offer].number,
            owner=owner(turn, listed[m.offer]),
            words=listed[m.offer].text[:60],
            why=_why(turn, m),
        )
        for m in found
    ]
    args = {"subject": subject, "need": need.id}
    rows = [
        [turn.button("resource.button_ask", "resource.ask", {"id": m.offer, **args}, number=listed[m.offer].number)]
        for m in found
    ]
    await turn.say("resource.offers", rows=rows, number=number, lines="\n".join(lines))


async def ask(turn: Turn, args: dict[str, Any]) -> None:
    """The side of the need asks the owner; they decide."""
    resource = await resources.get(turn.tx, args["id"])
    if args["subject"] == "wish":
        wish = await wishes.get(turn.tx, args["need"])
        if wish.wisher_id != turn.me.id or wish.state is not WishState.PUBLISHED:
            await wish_shown.stands(turn, wish)
            return
    else:
        request = await requests.get(turn.tx, args["need"])
        if not await standing.allowed(turn, "note", request):
            return
    booking = await resources.propose(
        turn.tx, resource, args["subject"], args["need"], "need", turn.now, actor_id=turn.me.id
    )
    if await _ask_owner(turn, resource, booking):
        await turn.toast("resource.asked", number=resource.number)
    else:
        await turn.toast("resource.unreached", number=resource.number)


async def _ask_owner(turn: Turn, resource: Resource, booking: Booking, why: str = "") -> bool:
    no = [turn.button("resource.button_no", "resource.no", {"booking": booking.id})]
    if booking.subject == "wish":
        wish = await wishes.get(turn.tx, booking.subject_id)
        return await turn.tell(
            resource.owner_id,
            "resource.wanted",
            rows=[[_give(turn, resource, wish)], no],
            offer=resource.number,
            number=wish.number,
            words=wish.text,
            place=wish_shown.coarse_place(turn, wish),
            why=why,
        )
    request = await requests.get(turn.tx, booking.subject_id)
    yes = turn.button("resource.button_yes", "resource.help", {"booking": booking.id})
    return await turn.tell(
        resource.owner_id,
        "resource.wanted_request",
        rows=[[yes], no],
        offer=resource.number,
        item=turn.city.item_name(request.item) or turn.text("card.unknown_kind"),
        place=_coarse(turn, request),
    )


def _coarse(turn: Turn, request: Request) -> str:
    """The estate or the community of a record: an owner needs no more before they agree."""
    community = turn.city.street.community_of(request.grid).name if request.grid else turn.city.street.name
    return str(request.place.get("estate") or community)


async def refuse(turn: Turn, args: dict[str, Any]) -> None:
    """Not this time: nobody is blamed, and the asking side is not left waiting."""
    booking = await resources.get_booking(turn.tx, args["booking"])
    resource = await resources.get(turn.tx, booking.resource_id)
    if resource.owner_id != turn.me.id:
        await turn.toast("resource.not_yours", number=resource.number)
        return
    if booking.state is not BookingState.PROPOSED or not await resources.settle(
        turn.tx, booking, turn.now, done=False, actor_id=turn.me.id
    ):
        await turn.toast("resource.moved_on", number=resource.number)
        return
    await turn.toast("resource.refused", number=resource.number)
    if booking.subject == "wish" and booking.asked_by == "need":
        wish = await wishes.get(turn.tx, booking.subject_id)
        await turn.tell(wish.wisher_id, "resource.not_now", offer=resource.number, number=wish.number)


# -------------------------------------------------------------------- for a record of the grid


async def for_request(turn: Turn, match: re.Match[str]) -> None:
    """可用资源 1042: what could help with a record, for those who work on it."""
    request = await standing.find(turn, match["number"])
    if request is not None and await standing.allowed(turn, "note", request):
        await _propose_for(turn, _need_of_request(turn, request), request.number, "request")


async def help_request(turn: Turn, args: dict[str, Any]) -> None:
    """The owner agrees to help with a record: booked, and whoever works on it is told how to reach them."""
    booking = await resources.get_booking(turn.tx, args["booking"])
    resource = await resources.get(turn.tx, booking.resource_id)
    if resource.owner_id != turn.me.id:
        await turn.toast("resource.not_yours", number=resource.number)
        return
    if resource.slots and "slot" not in args:
        await _ask_slot(turn, resource, "resource.help", {"booking": booking.id}, None)
        return
    try:
        await resources.book(turn.tx, booking, turn.now, slot_id=args.get("slot"), actor_id=turn.me.id)
    except (Full, Moved):
        await turn.toast("resource.used_up", number=resource.number)
        return
    request = await requests.get(turn.tx, booking.subject_id)
    helper: dict[str, Any] = {"offer": resource.number, "owner": owner(turn, resource), "number": request.number}
    if request.claimer_id is not None:
        me = await people.get_person(turn.tx, turn.me.id)
        await turn.tell(request.claimer_id, "resource.helper", phone=me.phone or turn.text("wish.no_phone"), **helper)
        told = {"to": "claimer", "what": "phone"}
        await events.add(
            turn.tx, "resource", resource.id, "resource.disclosed", turn.now, actor_id=turn.me.id, data=told
        )
    else:
        await turn.tell_queue(request.queue, "resource.helper_queue", **helper)
    await turn.say("resource.helping", number=request.number)


# -------------------------------------------------------------------- everything at once


async def all_at_once(turn: Turn, _: re.Match[str]) -> None:
    """配对: the desk has all open wishes of its communities matched together, and the owners are asked with one press."""
    communities = await _communities(turn)
    if not communities:
        await turn.toast("common.not_allowed")
        return
    plan = await _plan(turn, communities)
    if not plan:
        await turn.say("resource.plan_none")
        return
    lines = [await _plan_line(turn, m) for m in plan[:8]]
    row = [turn.button("resource.button_plan", "resource.plan")]
    await turn.say("resource.plan", rows=[row], count=len(plan), lines="\n".join(lines))


async def _communities(turn: Turn) -> list[str]:
    grants, org = await turn.grants(), turn.city.org
    return [c for c in org.communities if may_act(grants, "publish_wish", f"desk:{c}", org)]


async def _plan(turn: Turn, communities: list[str]) -> list[Match]:
    """The best assignment of what is not asked for yet."""
    found = [w for w in await _open_wishes(turn) if w.community in communities or not w.community]
    asked = [bool(await resources.of_need(turn.tx, "wish", w.id)) for w in found]
    needs = [need_of(w) for w, busy in zip(found, asked, strict=True) if not busy]
    offers = await _offers(turn, await resources.listed(turn.tx, limit=_MOST))
    return matching.assign(needs, offers, turn.now)[:_AT_ONCE]


async def _plan_line(turn: Turn, found: Match) -> str:
    wish, resource = await wishes.get(turn.tx, found.need), await resources.get(turn.tx, found.offer)
    return turn.text(
        "resource.plan_line",
        number=wish.number,
        words=wish.text[:30],
        offer=resource.number,
        owner=owner(turn, resource),
        why=_why(turn, found),
    )


async def carry_out(turn: Turn, _: dict[str, Any]) -> None:
    """Asks every owner of the plan, made anew: what has changed since is left out."""
    communities = await _communities(turn)
    if not communities:
        await turn.toast("common.not_allowed")
        return
    reached = 0
    for found in await _plan(turn, communities):
        resource, wish = await resources.get(turn.tx, found.offer), await wishes.get(turn.tx, found.need)
        booking = await resources.propose(turn.tx, resource, "wish", wish.id, "desk", turn.now, actor_id=turn.me.id)
        data = {"resource": resource.number}
        await events.add(turn.tx, "wish", wish.id, "wish.proposed", turn.now, actor_id=turn.me.id, data=data)
        reached += await _ask_owner(turn, resource, booking, _why(turn, found))
    await turn.say("resource.plan_asked", count=reached)


async def _typed_for_offer(turn: Turn, match: re.Match[str]) -> None:
    """合适的心愿, 合适的心愿 1050."""
    if match["number"]:
        resource = await find(turn, match["number"])
    else:
        mine = await resources.listed(turn.tx, owner_id=turn.me.id, limit=1)
        resource = mine[0] if mine else None
        if resource is None:
            await turn.say("resource.none_mine", rows=[[turn.button("resource.button_new", "resource.start")]])
    if resource is not None:
        await for_offer(turn, {"id": resource.id})


PRESSES = {
    "resource.matches": for_offer,
    "resource.give": give,
    "resource.for_wish": for_wish,
    "resource.ask": ask,
    "resource.no": refuse,
    "resource.help": help_request,
    "resource.plan": carry_out,
}
COMMANDS = [
    (re.compile(r"合适的心愿\s*#?(?P<number>\d{4,9})?"), _typed_for_offer),
    (re.compile(r"可用资源\s*#?(?P<number>\d{4,9})"), for_request),
    (re.compile(r"(?:一键)?配对"), all_at_once),
]
