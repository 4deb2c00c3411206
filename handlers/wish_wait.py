"""Waiting for a wish that somebody else has: the list, and whoever is first being asked when it is free again."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from handlers import wish_card, wish_shown
from handlers.turn import Turn
from storage import adoptions, events, timers, wishes
from storage.timers import Timer
from storage.wishes import Filter, Wish
from workflow.wish import HELD, WishState
from workflow.wish_rules import RESERVED_FOR

_BITS_OF_TIME = 22
"""The bits of an id below the millisecond it was made in (`storage.ids`): the same for nearly everybody."""
_MOST = 5
"""So many wishes somebody can wait for at a time."""


async def too_late(turn: Turn, wish: Wish) -> None:
    """Says kindly that the wish is taken, kept for somebody or gone, with the next open one and a place in the list."""
    other = await _another(turn, wish, wish.community) or await _another(turn, wish, "")
    held = wish.state in HELD or wish.state is WishState.PUBLISHED
    key = "adopt.late" if held or wish.adopter_id else "adopt.gone"
    rows = [[turn.button("adopt.button_wait", "adopt.wait", {"id": wish.id})]] if held else []
    if other is None:
        await wish_shown.answer(turn, f"{key}_alone", rows=rows, number=wish.number)
        return
    rows = [[wish_shown.adopt_button(turn, other)], *rows, [turn.button("wall.button_wall", "wall.show")]]
    await wish_shown.answer(
        turn,
        key,
        rows=rows,
        number=wish.number,
        next=other.number,
        words=other.text,
        place=wish_shown.coarse_place(turn, other),
    )


async def _another(turn: Turn, wish: Wish, community: str) -> Wish | None:
    """An open wish instead, of the next ten on the wall: not the same for everybody who comes too late."""
    found = await wishes.wall(turn.tx, Filter(community=community, only_open=True), limit=10)
    free = [w for w in found if w.wisher_id != turn.me.id and w.id != wish.id and w.reserved_for is None]
    return free[(turn.me.id >> _BITS_OF_TIME) % len(free)] if free else None


async def wait(turn: Turn, args: dict[str, Any]) -> None:
    """Joins the waiting list of a wish that is not free."""
    await wishes.lock(turn.tx, args["id"])
    wish = await wishes.get(turn.tx, args["id"])
    if turn.me.id in (wish.wisher_id, wish.filed_by) or await wish_shown.has_part(turn, wish):
        await turn.toast("adopt.own" if wish.wisher_id == turn.me.id else "adopt.wait_yours", number=wish.number)
    elif wish.state not in HELD and not (wish.state is WishState.PUBLISHED and wish.reserved_for):
        await wish_shown.stands(turn, wish)
    elif len(set(await adoptions.waited_by(turn.tx, turn.me.id)) - {wish.id}) >= _MOST:
        await turn.toast("adopt.wait_enough", count=_MOST)
    elif await wish_shown.can_answer(turn):
        place = await adoptions.wait(turn.tx, wish.id, turn.me.id, turn.now)
        if not place:
            await _your_turn(turn, turn.me.id, wish)
            return
        await events.add(turn.tx, "wish", wish.id, "wish.waited", turn.now, actor_id=turn.me.id, data={"place": place})
        row = [turn.button("adopt.button_wait_no", "adopt.wait_no", {"id": wish.id})]
        await wish_shown.answer(turn, "adopt.waiting", rows=[row], number=wish.number, place=place)


async def wait_no(turn: Turn, args: dict[str, Any]) -> None:
    """Leaves the list; if the wish was kept for this person, the next is asked."""
    await wishes.lock(turn.tx, args["id"])
    wish = await wishes.get(turn.tx, args["id"])
    await adoptions.stop_waiting(turn.tx, wish.id, turn.me.id)
    await turn.toast("adopt.wait_left", number=wish.number)
    if wish.reserved_for == turn.me.id:
        await offer(turn, wish)


async def offer(turn: Turn, wish: Wish) -> None:
    """A part is free: the first who waits may have it for a day; then the next; then everybody."""
    until = turn.city.manners.by_day(turn.now + RESERVED_FOR)
    await timers.drop(turn.tx, "wish", wish.id, prefix="wish.")
    wish, person_id = await adoptions.offer_next(turn.tx, wish, until)
    if person_id is not None:
        await timers.put(turn.tx, until, "wish.reserved_over", "wish", wish.id)
        await events.add(turn.tx, "wish", wish.id, "wish.offered", turn.now, data={"to": person_id})
        await _your_turn(turn, person_id, wish)
    await wish_card.draw(turn, wish)


async def _your_turn(turn: Turn, person_id: int, wish: Wish) -> None:
    """The wish is kept for this person: it can be adopted with one press, or let go."""
    rows = [
        [wish_shown.adopt_button(turn, wish)],
        [turn.button("adopt.button_wait_no", "adopt.wait_no", {"id": wish.id})],
    ]
    await turn.tell(
        person_id,
        "adopt.your_turn",
        rows=rows,
        number=wish.number,
        words=wish.text,
        place=wish_shown.coarse_place(turn, wish),
        until=wish.reserved_until,
    )


async def reserved_over(turn: Turn, timer: Timer) -> None:
    """Whoever was asked let it pass."""
    await wishes.lock(turn.tx, timer.subject_id)
    wish = await wishes.get(turn.tx, timer.subject_id)
    if wish.state is WishState.PUBLISHED and wish.reserved_for is not None:
        await turn.tell(wish.reserved_for, "adopt.turn_over", number=wish.number)
        await offer(turn, wish)


async def forget(turn: Turn, wish: Wish, told: Collection[int]) -> None:
    """The wish is over: nothing is kept for anybody any more."""
    if wish.reserved_for is not None and wish.reserved_for not in told:
        await turn.tell(wish.reserved_for, "adopt.turn_over", number=wish.number)
    if wish.reserved_for is not None:
        await wishes.change(turn.tx, wish.id, reserved_for=None, reserved_until=None)


async def typed(turn: Turn, match: re.Match[str]) -> None:
    """候补 1007, 不候补 1007."""
    wish = await wish_shown.find(turn, match["number"])
    if wish is not None:
        await (wait_no if match["no"] else wait)(turn, {"id": wish.id})


PRESSES = {"adopt.wait": wait, "adopt.wait_no": wait_no}
TIMERS = {"wish.reserved_over": reserved_over}
COMMANDS = [(re.compile(r"(?P<no>不|取消)?候补\s*#?(?P<number>\d{4,9})"), typed)]
