"""What time does to a wish: a silent adopter is reminded and loses it, an unanswered fulfilment is closed."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers import resource_book, wish_card, wish_shown, wish_wait
from handlers.turn import Turn
from storage import adoptions, events, timers, wishes
from storage.timers import Timer
from storage.wishes import Lost, Wish
from workflow.wish import HELD, Forbidden, WishState, silence_schedule
from workflow.wish_rules import CHECK_REMIND, CHECK_WITHIN

CONFIRM_REMIND = (timedelta(days=1), timedelta(days=3))
CONFIRM_CLOSE = timedelta(days=7)
"""After the fulfilment was reported."""


async def arm(turn: Turn, wish: Wish) -> None:
    """Drops what waits for this wish and sets the timers of its state anew."""
    await timers.drop(turn.tx, "wish", wish.id, prefix="wish.")
    for at, name in _due(turn, wish):
        await timers.put(turn.tx, at, name, "wish", wish.id)


def _due(turn: Turn, wish: Wish) -> list[tuple[datetime, str]]:
    """What falls due while the wish stands as it does."""
    if wish.state is WishState.SUBMITTED:
        at = wish.submitted_at
        return [(by_day(turn, at + CHECK_REMIND), "wish.check"), (by_day(turn, at + CHECK_WITHIN), "wish.check_late")]
    if wish.state is WishState.PUBLISHED and wish.reserved_until is not None:
        return [(wish.reserved_until, "wish.reserved_over")]
    if wish.state in HELD and wish.sign_at is not None:
        plan = silence_schedule(wish.sign_at)
        return [*((by_day(turn, at), "wish.remind") for at in plan.remind_at), (plan.lapse_at, "wish.lapse")]
    if wish.state is WishState.FULFILLED and wish.fulfilled_at is not None:
        ends = wish.fulfilled_at + CONFIRM_CLOSE
        asked = [(by_day(turn, wish.fulfilled_at + after), "wish.unconfirmed_remind") for after in CONFIRM_REMIND]
        return [*asked, (ends, "wish.unconfirmed")]
    return []


def by_day(turn: Turn, at: datetime) -> datetime:
    """The moment, or the end of the quiet hours it falls into."""
    return turn.city.manners.by_day(at)


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
    await wish_shown.tell_adopters(
        turn,
        wish,
        "adopt.remind",
        rows=wish_shown.adopter_rows(turn, wish, still=True),
        number=wish.number,
        words=wish.text,
        silent=turn.now - wish.sign_at,
        lapse=lapse_at,
    )


async def lapse(turn: Turn, timer: Timer) -> None:
    """Day 7: the wish goes back to the wall; who waits for it is asked first."""
    await wishes.lock(turn.tx, timer.subject_id)
    wish = await wishes.get(turn.tx, timer.subject_id)
    if wish.state not in HELD:
        return
    silent = await wish_shown.adopters(turn, wish)
    try:
        back = await adoptions.lapse(turn.tx, wish, turn.now)
    except (Forbidden, Lost):
        return
    again = [[wish_shown.adopt_button(turn, back)]]
    for person_id in silent:
        await resource_book.given_back(turn, back, person_id)
        await turn.tell(person_id, "adopt.lapsed", rows=again, number=wish.number)
    await turn.tell(
        wish.wisher_id, "wish.lapsed", rows=wish_shown.wisher_rows(turn, back), number=wish.number, words=wish.text
    )
    await wish_wait.offer(turn, back)


async def check(turn: Turn, timer: Timer) -> None:
    """Half a day: the desk is reminded that somebody waits for an answer."""
    wish = await wishes.get(turn.tx, timer.subject_id)
    if wish.state is WishState.SUBMITTED:
        await turn.tell_queue(wish.queue, "wish.check_remind", number=wish.number, words=wish.text)


async def check_late(turn: Turn, timer: Timer) -> None:
    """A day: the street hears that a desk has not looked at a wish."""
    wish = await wishes.get(turn.tx, timer.subject_id)
    if wish.state is not WishState.SUBMITTED:
        return
    await events.add(turn.tx, "wish", wish.id, "wish.overdue", turn.now, data={"queue": wish.queue})
    desk = turn.city.org.name_of(wish.queue)
    await turn.tell_queue("desk", "wish.check_late", number=wish.number, words=wish.text, desk=desk)


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
    await wish_shown.tell_adopters(turn, wish, "adopt.closed_by_time", number=wish.number)
    await over(turn, wish, "closed")
    await wish_card.draw(turn, wish)


async def over(turn: Turn, wish: Wish, why: str) -> None:
    """The wish has come to its end: parts, waiting list and bookings end with it."""
    ended = await adoptions.end(turn.tx, wish.id, why, turn.now)
    await resource_book.over(turn, wish, done=why == "closed")
    await wish_wait.forget(turn, wish, [a.person_id for a in ended])


TIMERS = {
    "wish.check": check,
    "wish.check_late": check_late,
    "wish.remind": remind,
    "wish.lapse": lapse,
    "wish.unconfirmed_remind": remind_wisher,
    "wish.unconfirmed": close_unconfirmed,
}
