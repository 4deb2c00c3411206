"""What time does to a wish: a silent adopter is reminded and loses it, an unanswered fulfilment is closed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from handlers import wish_desk, wish_shown
from handlers.turn import Turn
from storage import events, timers, wishes
from storage.timers import Timer
from storage.wishes import Lost, Wish
from workflow.clock import quiet_shift
from workflow.wish import HELD, Forbidden, WishState, silence_schedule

CONFIRM_REMIND = (timedelta(days=1), timedelta(days=3))
CONFIRM_CLOSE = timedelta(days=7)
"""After the fulfilment was reported."""
FREE: dict[str, Any] = {
    "adopter_id": None,
    "adopter_chat_id": None,
    "adopted_at": None,
    "sign_at": None,
    "phone_shared": False,
}
"""The columns of a wish that nobody has adopted."""


async def arm(turn: Turn, wish: Wish) -> None:
    """Drops what waits for this wish and sets the timers of its state anew."""
    await timers.drop(turn.tx, "wish", wish.id, prefix="wish.")
    if wish.state in HELD and wish.sign_at is not None:
        plan = silence_schedule(wish.sign_at)
        for at in plan.remind_at:
            await timers.put(turn.tx, _by_day(turn, at), "wish.remind", "wish", wish.id)
        await timers.put(turn.tx, plan.lapse_at, "wish.lapse", "wish", wish.id)
    elif wish.state is WishState.FULFILLED and wish.fulfilled_at is not None:
        for after in CONFIRM_REMIND:
            at = _by_day(turn, wish.fulfilled_at + after)
            await timers.put(turn.tx, at, "wish.unconfirmed_remind", "wish", wish.id)
        await timers.put(turn.tx, wish.fulfilled_at + CONFIRM_CLOSE, "wish.unconfirmed", "wish", wish.id)


def _by_day(turn: Turn, at: datetime) -> datetime:
    """The moment, or the end of the quiet hours it falls into."""
    manners = turn.city.manners
    return quiet_shift(at, manners.tz.key, False, (manners.quiet_from, manners.quiet_until))


async def sign_of_life(turn: Turn, wish: Wish) -> Wish:
    """The adopter was heard of: the silence counts from now."""
    wish = await wishes.change(turn.tx, wish.id, sign_at=turn.now)
    await arm(turn, wish)
    return wish


async def remind(turn: Turn, timer: Timer) -> None:
    """Days 3 and 5: asks a silent adopter how it goes."""
    wish = await wishes.get(turn.tx, timer.subject_id)
    if wish.state not in HELD or wish.adopter_id is None or wish.sign_at is None:
        return
    lapse_at = silence_schedule(wish.sign_at).lapse_at
    await events.add(turn.tx, "wish", wish.id, "wish.reminded", turn.now, data={"to": "adopter"})
    await turn.tell(
        wish.adopter_id,
        "adopt.remind",
        rows=wish_shown.adopter_rows(turn, wish, still=True),
        number=wish.number,
        words=wish.text,
        silent=turn.now - wish.sign_at,
        lapse=lapse_at,
    )


async def lapse(turn: Turn, timer: Timer) -> None:
    """Day 7: the wish goes back to the wall."""
    wish = await wishes.get(turn.tx, timer.subject_id)
    if wish.state not in HELD or wish.adopter_id is None:
        return
    try:
        back = await wishes.move(turn.tx, wish, "wish.lapsed", turn.now, actor_id=None, **FREE)
    except (Forbidden, Lost):
        return
    await arm(turn, back)
    again = [[wish_shown.adopt_button(turn, back)]]
    await turn.tell(wish.adopter_id, "adopt.lapsed", rows=again, number=wish.number)
    await turn.tell(
        wish.wisher_id, "wish.lapsed", rows=wish_shown.wisher_rows(turn, back), number=wish.number, words=wish.text
    )
    await wish_desk.draw(turn, back)


async def remind_wisher(turn: Turn, timer: Timer) -> None:
    """Asks the wisher again whether it arrived."""
    wish = await wishes.get(turn.tx, timer.subject_id)
    if wish.state is not WishState.FULFILLED:
        return
    await events.add(turn.tx, "wish", wish.id, "wish.reminded", turn.now, data={"to": "wisher"})
    await turn.tell(
        wish.wisher_id,
        "wish.confirm_remind",
        rows=wish_shown.wisher_rows(turn, wish),
        number=wish.number,
        words=wish.text,
    )


async def close_unconfirmed(turn: Turn, timer: Timer) -> None:
    """Nobody answered for seven days: the wish is closed."""
    wish = await wishes.get(turn.tx, timer.subject_id)
    if wish.state is not WishState.FULFILLED:
        return
    try:
        wish = await wishes.move(turn.tx, wish, "wish.unconfirmed", turn.now, actor_id=None, closed_at=turn.now)
    except (Forbidden, Lost):
        return
    await arm(turn, wish)
    await turn.tell(wish.wisher_id, "wish.closed_by_time", number=wish.number)
    if wish.adopter_id is not None:
        await turn.tell(wish.adopter_id, "adopt.closed_by_time", number=wish.number)
    await wish_desk.draw(turn, wish)


TIMERS = {
    "wish.remind": remind,
    "wish.lapse": lapse,
    "wish.unconfirmed_remind": remind_wisher,
    "wish.unconfirmed": close_unconfirmed,
}
