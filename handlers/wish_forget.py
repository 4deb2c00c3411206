"""What becomes of somebody's wishes when they erase their data: nothing of theirs is kept or goes on without them."""

from __future__ import annotations

from handlers import wish_card, wish_clock, wish_fulfil, wish_shown, wish_wait
from handlers.turn import Turn
from storage import adoptions, pictures, wishes
from storage.wishes import Wish

_ALL = 1_000


async def forget(turn: Turn, person_id: int) -> int:
    """Takes back the person's open wishes, gives up what they adopted, drops the unmasked words. How many wishes."""
    made = await wishes.of_wisher(turn.tx, person_id, _ALL)
    for wish in made:
        bare = turn.tx.sealer.seal_json({"text": wish.text, "place": wish.place_text})
        await wishes.change(turn.tx, wish.id, original_sealed=bare)
        if wish.state in wish_shown.WITHDRAWABLE:
            await _take_back(turn, wish, person_id)
        await pictures.refuse_of(turn.tx, wish.id, turn.now)
    for wish_id in sorted(await adoptions.waited_by(turn.tx, person_id)):
        await _stop_waiting(turn, wish_id, person_id)
    held = await adoptions.held_by(turn.tx, person_id)
    for wish in held:
        await _give_up(turn, wish, person_id)
    return len(made) + len(held)


async def _take_back(turn: Turn, wish: Wish, person_id: int) -> None:
    gone = await wishes.move(turn.tx, wish, "wish.withdrawn", turn.now, actor_id=person_id, closed_at=turn.now)
    await wish_clock.arm(turn, gone)
    await wish_shown.tell_adopters(turn, gone, "adopt.withdrawn", number=wish.number, words=wish.text)
    await wish_clock.over(turn, gone, "withdrawn")
    await wish_card.draw(turn, gone)


async def _stop_waiting(turn: Turn, wish_id: int, person_id: int) -> None:
    """What is kept for them is offered to the next at once."""
    await wishes.lock(turn.tx, wish_id)
    await adoptions.stop_waiting(turn.tx, wish_id, person_id)
    wish = await wishes.get(turn.tx, wish_id)
    if wish.reserved_for == person_id:
        await wish_wait.offer(turn, wish)


async def _give_up(turn: Turn, wish: Wish, person_id: int) -> None:
    back = await adoptions.leave(turn.tx, wish, person_id, turn.now)
    await wish_clock.arm(turn, back)
    await wish_fulfil.came_free(turn, wish, back, person_id)
