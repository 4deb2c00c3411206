"""What happens to bookings when a wish moves: kept while its owner helps, free again when not, done when it is over.

And when the owner erases their data: what they offer is off the list, and who waits for an answer hears that it is no.
"""

from __future__ import annotations

from handlers.turn import Turn
from storage import resources, wishes
from storage.resources import BookingState, Resource, ResourceState
from storage.wishes import Wish
from workflow.wish import WishState

_ALL = 1_000


async def adopted(turn: Turn, wish: Wish) -> None:
    """Every part is taken: what was only asked for is not needed any more."""
    if wish.state is WishState.PUBLISHED:
        return
    for booking in await resources.of_need(turn.tx, "wish", wish.id, ("proposed",)):
        await resources.settle(turn.tx, booking, turn.now, done=False, actor_id=None)


async def given_back(turn: Turn, wish: Wish, person_id: int) -> None:
    """Somebody does not go on: what they had booked for it is free again."""
    await resources.settle_all(turn.tx, "wish", wish.id, turn.now, done=False, actor_id=person_id, owner_id=person_id)


async def over(turn: Turn, wish: Wish, *, done: bool) -> None:
    """The wish has come to its end."""
    await resources.settle_all(turn.tx, "wish", wish.id, turn.now, done=done, actor_id=None)


async def forget(turn: Turn, person_id: int) -> None:
    """Takes everything off the list that the person offers."""
    open_ = [ResourceState.SUBMITTED, ResourceState.PUBLISHED, ResourceState.PAUSED]
    for resource in await resources.listed(turn.tx, open_, owner_id=person_id, limit=_ALL):
        await resources.move(turn.tx, resource, "resource.closed", turn.now, actor_id=person_id)
        await _call_off(turn, resource, person_id)


async def _call_off(turn: Turn, resource: Resource, person_id: int) -> None:
    for booking in await resources.open_of(turn.tx, resource.id):
        await resources.settle(turn.tx, booking, turn.now, done=False, actor_id=person_id)
        if booking.subject == "wish" and booking.state is BookingState.PROPOSED and booking.asked_by == "need":
            wish = await wishes.get(turn.tx, booking.subject_id)
            await turn.tell(wish.wisher_id, "resource.not_now", offer=resource.number, number=wish.number)
