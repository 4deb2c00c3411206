"""What becomes of somebody's wishes when they erase their data: nothing of theirs is kept or goes on without them."""

from __future__ import annotations

from handlers import wish_clock, wish_desk, wish_shown
from handlers.turn import Turn
from storage import wishes
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
    held = await wishes.of_adopter(turn.tx, person_id)
    for wish in held:
        await _give_up(turn, wish, person_id)
    return len(made) + len(held)


async def _take_back(turn: Turn, wish: Wish, person_id: int) -> None:
    gone = await wishes.move(turn.tx, wish, "wish.withdrawn", turn.now, actor_id=person_id, closed_at=turn.now)
    await wish_clock.arm(turn, gone)
    if wish.adopter_id is not None:
        await turn.tell(wish.adopter_id, "adopt.withdrawn", number=wish.number, words=wish.text)
    await wish_desk.draw(turn, gone)


async def _give_up(turn: Turn, wish: Wish, person_id: int) -> None:
    back = await wishes.move(turn.tx, wish, "wish.given_up", turn.now, actor_id=person_id, **wish_clock.FREE)
    await wish_clock.arm(turn, back)
    rows = wish_shown.wisher_rows(turn, back)
    await turn.tell(wish.wisher_id, "wish.given_up", rows=rows, number=wish.number, words=wish.text)
    await wish_desk.draw(turn, back)
