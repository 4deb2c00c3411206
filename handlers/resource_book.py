"""What happens to bookings when a wish moves: kept while its owner helps, free again when not, done when it is over."""

from __future__ import annotations

from handlers.turn import Turn
from storage import resources
from storage.wishes import Wish
from workflow.wish import WishState


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
