"""Handing a wish over: the adopter passes a code on, and whoever uses it goes on with the wish. Until then nothing changes."""

from __future__ import annotations

import re
from typing import Any

from handlers import resource_book, wish_card, wish_clock, wish_shown
from handlers.turn import Turn
from storage import adoptions, codes, people, wishes
from storage.adoptions import Holds
from storage.wishes import Lost, Wish
from workflow.wish import HELD, Forbidden
from workflow.wish_rules import HAND_OVER_LIFE

KIND = "wish.hand"


async def hand(turn: Turn, args: dict[str, Any]) -> None:
    """A code for one other person; the wish stays with its adopter until the code is used."""
    wish = await wishes.get(turn.tx, args["id"])
    if not await wish_shown.has_part(turn, wish):
        await turn.toast("adopt.not_yours", number=wish.number)
    elif wish.state not in HELD:
        await wish_shown.stands(turn, wish)
    elif await wish_shown.can_answer(turn):
        expires = turn.now + HAND_OVER_LIFE
        code = await codes.make(turn.tx, KIND, wish.id, turn.me.id, expires)
        base = turn.city.manners.web_base
        link = f"{base}/?h={code}" if base else ""
        await wish_shown.answer(
            turn, "adopt.hand_code", number=wish.number, words=wish.text, code=code, until=expires, link=link
        )


async def take_over(turn: Turn, code: str) -> None:
    """Uses a code: its owner's part is this person's from now on."""
    found = await codes.find(turn.tx, KIND, code, turn.now)
    if found is None:
        await turn.toast("adopt.hand_unknown", alert=True)
        return
    await wishes.lock(turn.tx, found.subject_id)
    wish = await wishes.get(turn.tx, found.subject_id)
    giver = await adoptions.find(turn.tx, wish.id, found.made_by)
    if giver is None or wish.state not in HELD:
        await turn.toast("adopt.hand_unknown", alert=True)
    elif turn.me.id in (wish.wisher_id, wish.filed_by):
        await turn.toast("adopt.own", number=wish.number)
    elif len(await adoptions.held_by(turn.tx, turn.me.id)) >= turn.city.manners.adopt_limit_unit:
        await turn.toast("adopt.hand_enough", number=wish.number)
    elif await wish_shown.can_answer(turn):
        await _go_on(turn, wish, found.made_by, code)


async def _go_on(turn: Turn, wish: Wish, giver: int, code: str) -> None:
    chat = await people.find_private_chat(turn.tx, turn.me.id)
    try:
        handed = await adoptions.hand(turn.tx, wish, giver, turn.me.id, chat.id if chat else turn.here.id, turn.now)
    except Holds:
        await turn.toast("adopt.wait_yours", number=wish.number)
        return
    except (Forbidden, Lost, LookupError):
        await turn.toast("adopt.hand_unknown", alert=True)
        return
    await codes.use(turn.tx, KIND, code)
    await resource_book.given_back(turn, handed, giver)
    await wish_clock.arm(turn, handed)
    await wish_shown.answer(
        turn,
        "adopt.taken_over",
        rows=wish_shown.adopter_rows(turn, handed),
        number=handed.number,
        words=handed.text,
        place=wish_shown.coarse_place(turn, handed),
        rules=wish_shown.rules(turn, handed),
    )
    await turn.tell(giver, "adopt.handed", number=handed.number)
    await turn.tell(
        handed.wisher_id,
        "wish.handed",
        rows=wish_shown.wisher_rows(turn, handed),
        number=handed.number,
        words=handed.text,
        adopter=await wish_shown.who(turn, turn.me.id),
    )
    await wish_card.draw(turn, handed)


async def typed(turn: Turn, match: re.Match[str]) -> None:
    """转交 1007; 接手 K7QM2XPA."""
    if match["code"]:
        await take_over(turn, match["code"])
        return
    wish = await wish_shown.find(turn, match["number"])
    if wish is not None:
        await hand(turn, {"id": wish.id})


PRESSES = {"adopt.hand": hand}
SCENES = {"h": take_over}
COMMANDS = [
    (re.compile(r"转交(?:心愿)?\s*#?(?P<number>\d{4,9})(?P<code>)"), typed),
    (re.compile(r"接手\s*(?P<code>[A-Za-z0-9]{4}[-\s]?[A-Za-z0-9]{4})(?P<number>)"), typed),
]
