"""Adopting a wish, alone, with others or as a unit: parts are never given twice; whoever is late hears so at once.

Afterwards: `wish_fulfil.py`; waiting for a free part: `wish_wait.py`; handing over: `wish_hand.py`.
"""

from __future__ import annotations

import re
from typing import Any

from handlers import (
    answers,
    resource_book,
    wish_card,
    wish_clock,
    wish_fulfil,
    wish_hand,
    wish_shown,
    wish_wait,
)
from handlers.messages import Button
from handlers.question import put_away
from handlers.turn import Turn
from nlp.mask import find_phone
from nlp.wish_traits import read_shares
from storage import adoptions, people, seasons, wishes
from storage.adoptions import Holds, Reserved
from storage.wishes import Lost, Wish
from workflow import season as season_rules
from workflow import wish_rules
from workflow.rights import Role
from workflow.wish import Forbidden, WishState

FLOW = "adopt"


# -------------------------------------------------------------------- taking


async def take(turn: Turn, args: dict[str, Any]) -> None:
    """Adopts a wish or parts of it, if they are free and nothing is in the way; `shares` 0 means all that is left."""
    await wishes.lock(turn.tx, args["id"])
    wish = await wishes.get(turn.tx, args["id"])
    if not await wish_shown.can_answer(turn) or await _refused(turn, wish):
        return
    shares = args.get("shares", 1) or wish.shares
    if await _needs_phone(turn):
        await _ask_phone(turn, wish, shares)
        return
    chat = await people.find_private_chat(turn.tx, turn.me.id)
    unit = await _is_unit(turn)
    try:
        taken = await adoptions.take(
            turn.tx, wish, turn.me.id, chat.id if chat else turn.here.id, turn.now, shares=shares, as_unit=unit
        )
    except Holds:
        await _yours(turn, wish)
    except (Reserved, Forbidden, Lost):
        await wish_wait.too_late(turn, await wishes.get(turn.tx, wish.id))
    else:
        await _taken(turn, wish, taken)


async def _taken(turn: Turn, before: Wish, wish: Wish) -> None:
    await wish_clock.arm(turn, wish)
    await resource_book.adopted(turn, wish)
    if wish.state is WishState.PUBLISHED:
        await _joined(turn, wish)
    else:
        await _promised(turn, before, wish)
    await wish_card.draw(turn, wish)


async def _promised(turn: Turn, before: Wish, wish: Wish) -> None:
    """The last part is taken: everybody who has one begins."""
    place = wish_shown.coarse_place(turn, wish)
    rows = wish_shown.adopter_rows(turn, wish)
    rules = wish_shown.rules(turn, wish)
    together = turn.text("adopt.together", count=wish.shares) if wish.shares > 1 else ""
    values = {"number": wish.number, "words": wish.text, "place": place, "rules": rules, "together": together}
    await wish_shown.answer(turn, "adopt.taken", rows=rows, **values)
    if before.taken:
        await wish_shown.tell_adopters(turn, wish, "adopt.complete", rows=rows, but=turn.me.id, **values)
    await turn.tell(
        wish.wisher_id,
        "wish.adopted",
        rows=wish_shown.wisher_rows(turn, wish),
        number=wish.number,
        words=wish.text,
        adopter=await wish_shown.helpers(turn, wish),
    )


async def _joined(turn: Turn, wish: Wish) -> None:
    """One of several: the others are still awaited."""
    left = wish.shares - wish.taken
    leave = turn.button("adopt.button_leave", "adopt.drop", {"id": wish.id})
    await wish_shown.answer(
        turn, "adopt.joined", rows=[[leave]], number=wish.number, words=wish.text, taken=wish.taken, left=left
    )
    await turn.tell(wish.wisher_id, "wish.joined", number=wish.number, taken=wish.taken, shares=wish.shares)


async def _refused(turn: Turn, wish: Wish) -> bool:
    """Whether this person cannot adopt this wish now; they are told why."""
    if turn.me.id in (wish.wisher_id, wish.filed_by):
        await turn.toast("adopt.own", number=wish.number)
    elif await adoptions.find(turn.tx, wish.id, turn.me.id) is not None:
        await _yours(turn, wish)
    elif wish.state is not WishState.PUBLISHED:
        await wish_wait.too_late(turn, wish)
    elif await _too_early(turn, wish):
        pass
    elif len(held := await adoptions.held_by(turn.tx, turn.me.id)) >= await _limit(turn):
        await wish_shown.answer(turn, "adopt.enough", count=len(held), numbers="、".join(str(w.number) for w in held))
    else:
        return False
    return True


async def _yours(turn: Turn, wish: Wish) -> None:
    await wish_shown.answer(
        turn, "adopt.yours", rows=wish_shown.adopter_rows(turn, wish), number=wish.number, words=wish.text
    )


async def _too_early(turn: Turn, wish: Wish) -> bool:
    """Before the launch hour of its season; a wish left from an earlier season may be adopted at once."""
    if wish.season_id is None:
        return False
    season = await seasons.get(turn.tx, wish.season_id)
    if not season_rules.is_closed_to(season.state, wish.carried):
        return False
    await wish_shown.answer(turn, "adopt.early", number=wish.number, title=season.title, at=season.launch_at)
    return True


async def _is_unit(turn: Turn) -> bool:
    return any(grant.role is Role.UNIT for grant in await turn.grants())


async def _limit(turn: Turn) -> int:
    """How many wishes this person may have in hand: a unit has many hands."""
    manners = turn.city.manners
    return manners.adopt_limit_unit if await _is_unit(turn) else manners.adopt_limit


async def _needs_phone(turn: Turn) -> bool:
    """A stranger leaves a phone number first; whoever holds a role is known."""
    return not turn.me.phone and not await turn.grants()


async def _ask_phone(turn: Turn, wish: Wish, shares: int) -> None:
    if turn.here.is_group:
        await turn.toast("wish.write_first", alert=True)
        return
    await turn.ask(FLOW, "phone", {"wish": wish.id, "shares": shares})
    await turn.say("adopt.phone_ask", rows=[[_stop(turn)]], number=wish.number)


async def _phone_given(turn: Turn, wish: Wish, words: str, shares: int) -> bool:
    phone = find_phone(words)
    if phone is None:
        if turn.city.read(words).intent not in ("smalltalk", "progress", "wish"):
            return False
        await turn.say("adopt.phone_again", rows=[[_stop(turn)]])
        return True
    await people.set_phone(turn.tx, turn.me.id, phone)
    turn.person = turn.me._replace(phone=phone)
    await turn.done()
    await take(turn, {"id": wish.id, "shares": shares})
    return True


# -------------------------------------------------------------------- parts of a larger wish


async def ask_shares(turn: Turn, args: dict[str, Any]) -> None:
    """How many parts?"""
    wish = await wishes.get(turn.tx, args["id"])
    left = wish.shares - wish.taken
    if await _refused(turn, wish):
        return
    numbers = sorted({n for n in (1, 2, 3, 5) if n < left})
    rows = [
        [turn.button("adopt.button_shares", "adopt.take", {"id": wish.id, "shares": n}, count=n) for n in numbers],
        [turn.button("adopt.button_all", "adopt.take", {"id": wish.id, "shares": left}, count=left)],
    ]
    await wish_shown.answer(
        turn, "adopt.ask_shares", rows=[r for r in rows if r], number=wish.number, words=wish.text, left=left
    )


async def press(turn: Turn, args: dict[str, Any]) -> None:
    """The button on the wall: asks for the number of parts where there are several."""
    wish = await wishes.get(turn.tx, args["id"])
    if wish.state is WishState.PUBLISHED and wish.shares - wish.taken > 1 and "shares" not in args:
        await ask_shares(turn, args)
    else:
        await take(turn, args)


# -------------------------------------------------------------------- words


def _stop(turn: Turn) -> Button:
    return turn.button("wish.button_never_mind", "adopt.stop")


async def stop(turn: Turn, _: dict[str, Any]) -> None:
    """The open question is put away."""
    await put_away(turn, FLOW, "adopt.stopped")


async def step(turn: Turn) -> bool:
    """Takes the phone number that was asked for."""
    dialogue, incoming = turn.dialogue, turn.incoming
    words = incoming.text.strip() if incoming else ""
    if dialogue is None or not words:
        return False
    findings = turn.city.read(words)
    if findings.menu == "cancel" or answers.yes_or_no(words) is False:
        await stop(turn, {})
        return True
    if findings.menu is not None or findings.urgent:
        return False
    wish = await wishes.get(turn.tx, dialogue.data["wish"])
    return await _phone_given(turn, wish, words, dialogue.data.get("shares", 1))


async def typed(turn: Turn, match: re.Match[str]) -> None:
    """认领 1007, 认领 1007 2份, 认领 1007 全部."""
    wish = await wish_shown.find(turn, match["number"])
    if wish is None:
        return
    words = (match["shares"] or "").strip()
    args: dict[str, Any] = {"id": wish.id}
    if words:
        args["shares"] = 0 if words.startswith("全") else min(read_shares(words) or 1, wish_rules.MOST_SHARES)
    await press(turn, args)


PRESSES = {
    "adopt.take": take,
    "adopt.press": press,
    "adopt.stop": stop,
    **wish_fulfil.PRESSES,
    **wish_wait.PRESSES,
    **wish_hand.PRESSES,
}
STEPS = {FLOW: step, **wish_fulfil.STEPS}
TIMERS = {**wish_wait.TIMERS}
SCENES = {**wish_hand.SCENES}
COMMANDS = [
    (
        re.compile(
            r"(?:我来)?认领\s*#?(?P<number>\d{4,9})(?:[\s,，:：]*(?P<shares>全部|全包|\d{1,2}\s*[份个位人]?|[一二两三四五六七八九十]{1,2}[份个位人]))?"
        ),
        typed,
    ),
    *wish_fulfil.COMMANDS,
    *wish_wait.COMMANDS,
    *wish_hand.COMMANDS,
]
