"""Adopting a wish: exactly one adopter; whoever is late hears so and sees the next. Afterwards: `wish_fulfil.py`."""

from __future__ import annotations

import re
from typing import Any

from handlers import answers, wish_clock, wish_desk, wish_fulfil, wish_shown
from handlers.messages import Button
from handlers.turn import Turn
from nlp.mask import find_phone
from storage import people, wishes
from storage.wishes import Lost, Wish
from workflow.wish import Forbidden, WishState

FLOW = "adopt"


# -------------------------------------------------------------------- taking


async def take(turn: Turn, args: dict[str, Any]) -> None:
    """Adopts a wish, if it is still free and nothing is in the way; whoever is too late hears so and sees the next."""
    wish = await wishes.get(turn.tx, args["id"])
    if not await wish_shown.can_answer(turn) or await _refused(turn, wish):
        return
    if await _needs_phone(turn):
        await _ask_phone(turn, wish)
        return
    chat = await people.find_private_chat(turn.tx, turn.me.id)
    try:
        wish = await wishes.move(
            turn.tx,
            wish,
            "wish.adopted",
            turn.now,
            actor_id=turn.me.id,
            adopter_id=turn.me.id,
            adopter_chat_id=chat.id if chat else turn.here.id,
            adopted_at=turn.now,
            sign_at=turn.now,
        )
    except (Forbidden, Lost):
        await _too_late(turn, await wishes.get(turn.tx, wish.id))
        return
    await _taken(turn, wish)


async def _taken(turn: Turn, wish: Wish) -> None:
    await wish_clock.arm(turn, wish)
    await wish_shown.answer(
        turn,
        "adopt.taken",
        rows=wish_shown.adopter_rows(turn, wish),
        number=wish.number,
        words=wish.text,
        place=wish_shown.coarse_place(turn, wish),
    )
    await turn.tell(
        wish.wisher_id,
        "wish.adopted",
        rows=wish_shown.wisher_rows(turn, wish),
        number=wish.number,
        words=wish.text,
        adopter=await wish_shown.who(turn, turn.me.id),
    )
    await wish_desk.draw(turn, wish)


async def _refused(turn: Turn, wish: Wish) -> bool:
    """Whether this person cannot adopt this wish now; they are told why."""
    if wish.wisher_id == turn.me.id:
        await turn.toast("adopt.own", number=wish.number)
    elif wish.adopter_id == turn.me.id and wish.state in wish_shown.TALKING:
        await wish_shown.answer(
            turn, "adopt.yours", rows=wish_shown.adopter_rows(turn, wish), number=wish.number, words=wish.text
        )
    elif wish.state is not WishState.PUBLISHED:
        await _too_late(turn, wish)
    elif len(held := await wishes.of_adopter(turn.tx, turn.me.id)) >= turn.city.manners.adopt_limit:
        await wish_shown.answer(turn, "adopt.enough", count=len(held), numbers="、".join(str(w.number) for w in held))
    else:
        return False
    return True


async def _too_late(turn: Turn, wish: Wish) -> None:
    """Says kindly that the wish is taken or gone, with the next one that is still open."""
    open_ones = await wishes.on_wall(turn.tx, community=wish.community, limit=10)
    open_ones += await wishes.on_wall(turn.tx, limit=10)
    other = next((w for w in open_ones if w.wisher_id != turn.me.id and w.id != wish.id), None)
    key = "adopt.late" if wish.adopter_id else "adopt.gone"
    if other is None:
        await wish_shown.answer(turn, f"{key}_alone", number=wish.number)
        return
    await wish_shown.answer(
        turn,
        key,
        rows=[[wish_shown.adopt_button(turn, other)], [turn.button("wall.button_wall", "wall.show")]],
        number=wish.number,
        next=other.number,
        words=other.text,
        place=wish_shown.coarse_place(turn, other),
    )


async def _needs_phone(turn: Turn) -> bool:
    """A stranger leaves a phone number first; whoever holds a role is known."""
    return not turn.me.phone and not await turn.grants()


async def _ask_phone(turn: Turn, wish: Wish) -> None:
    if turn.here.is_group:
        await turn.toast("wish.write_first", alert=True)
        return
    await turn.ask(FLOW, "phone", {"wish": wish.id})
    await turn.say("adopt.phone_ask", rows=[[_stop(turn)]], number=wish.number)


async def _phone_given(turn: Turn, wish: Wish, words: str) -> bool:
    phone = find_phone(words)
    if phone is None:
        if turn.city.reader.read(words).intent not in ("smalltalk", "progress", "wish"):
            return False
        await turn.say("adopt.phone_again", rows=[[_stop(turn)]])
        return True
    await people.set_phone(turn.tx, turn.me.id, phone)
    turn.person = turn.me._replace(phone=phone)
    await turn.done()
    await take(turn, {"id": wish.id})
    return True


# -------------------------------------------------------------------- words


def _stop(turn: Turn) -> Button:
    return turn.button("wish.button_never_mind", "adopt.stop")


async def stop(turn: Turn, _: dict[str, Any]) -> None:
    """The open question is put away."""
    if turn.dialogue is not None and turn.dialogue.flow == FLOW:
        await turn.done()
    await turn.toast("adopt.stopped")


async def step(turn: Turn) -> bool:
    """Takes the phone number that was asked for."""
    dialogue, incoming = turn.dialogue, turn.incoming
    words = incoming.text.strip() if incoming else ""
    if dialogue is None or not words:
        return False
    findings = turn.city.reader.read(words)
    if findings.menu == "cancel" or answers.yes_or_no(words) is False:
        await stop(turn, {})
        return True
    if findings.menu is not None or findings.urgent:
        return False
    return await _phone_given(turn, await wishes.get(turn.tx, dialogue.data["wish"]), words)


async def typed(turn: Turn, match: re.Match[str]) -> None:
    """认领 1007."""
    wish = await wish_shown.find(turn, match["number"])
    if wish is not None:
        await take(turn, {"id": wish.id})


PRESSES = {"adopt.take": take, "adopt.stop": stop, **wish_fulfil.PRESSES}
STEPS = {FLOW: step, **wish_fulfil.STEPS}
COMMANDS = [(re.compile(r"(?:我来)?认领\s*#?(?P<number>\d{4,9})"), typed), *wish_fulfil.COMMANDS]
