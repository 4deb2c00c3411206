"""Wisher and adopter talk through the bot: no name, no phone, until the wisher agrees to share the number.

Only the two of them, only while the wish is being fulfilled; the words are passed on and not kept.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from handlers import wish_clock, wish_shown
from handlers.messages import Button
from handlers.question import put_away
from handlers.turn import Turn
from handlers.wish_words import for_relay
from nlp.mask import find_phone, mask_phone
from storage import attachments, events, people, wishes
from storage.wishes import Wish
from workflow.wish import HELD

FLOW = "wish_relay"
QUESTION_LIFE = timedelta(minutes=30)
"""After that, words are not taken for words to the other side any more."""


async def _side(turn: Turn, wish: Wish) -> str:
    """wisher, adopter, or empty for anybody else."""
    if turn.me.id == wish.wisher_id:
        return "wisher"
    return "adopter" if await wish_shown.has_part(turn, wish) else ""


async def _may_talk(turn: Turn, wish: Wish) -> str:
    """The side of the acting person; empty, and told why, when there is nothing to say to each other here."""
    side = await _side(turn, wish)
    if not side:
        await turn.toast("wish.not_yours", number=wish.number)
        return ""
    if wish.state not in wish_shown.TALKING:
        key = "wish.relay_over" if wish.adopter_id else "wish.relay_nobody"
        await turn.toast(key, number=wish.number)
        return ""
    return side


async def ask(turn: Turn, args: dict[str, Any]) -> None:
    """The next words go to the other side."""
    wish = await wishes.get(turn.tx, args["id"])
    side = await _may_talk(turn, wish)
    if side and await _is_private(turn):
        await turn.ask(FLOW, "words", {"wish": wish.id})
        await turn.say(f"wish.word_ask_{side}", rows=[[_stop(turn)]], number=wish.number)


async def _is_private(turn: Turn) -> bool:
    if turn.here.is_group:
        await turn.toast("wish.write_first", alert=True)
    return not turn.here.is_group


def _stop(turn: Turn) -> Button:
    return turn.button("wish.button_never_mind", "wish.word_stop")


async def stop(turn: Turn, _: dict[str, Any]) -> None:
    """The open question is put away."""
    await put_away(turn, FLOW, "wish.word_stopped")


async def _pass_on(turn: Turn, wish: Wish, words: str) -> None:
    """Hands the words to the other side, numbers hidden, photos with them."""
    side = await _may_talk(turn, wish)
    others = await wish_shown.adopters(turn, wish) if side == "wisher" else [wish.wisher_id]
    if not side:
        return
    shown, hidden = for_relay(words)
    photos = list(turn.attached)
    await attachments.attach(turn.tx, photos, "wish_word", wish.id)
    await events.add(turn.tx, "wish", wish.id, "wish.relayed", turn.now, actor_id=turn.me.id, data={"from": side})
    if side == "adopter" and wish.state in HELD:
        wish = await wish_clock.sign_of_life(turn, wish)
    reply = [wish_shown.word_button(turn, wish, "wish.button_reply")]
    share = not wish.phone_shared and side == "adopter"
    rows = [reply, [turn.button("wish.button_share", "wish.share", {"id": wish.id})]] if share else [reply]
    key = f"wish.word_from_{side}"
    told = [await turn.tell(one, key, rows=rows, media=photos, number=wish.number, words=shown) for one in others]
    if not any(told):
        await turn.say("wish.word_lost", number=wish.number)
        return
    if hidden:
        await turn.say(f"wish.word_masked_{side}", rows=_share_rows(turn, wish, side), number=wish.number)
        return
    await turn.say(
        "wish.word_sent", rows=[[wish_shown.word_button(turn, wish, "wish.button_more")]], number=wish.number
    )


def _share_rows(turn: Turn, wish: Wish, side: str) -> list[list[Button]]:
    if side != "wisher" or wish.phone_shared:
        return []
    return [[turn.button("wish.button_share", "wish.share", {"id": wish.id})]]


# -------------------------------------------------------------------- the phone number


async def share(turn: Turn, args: dict[str, Any]) -> None:
    """The wisher agrees: the adopter gets the number, once per adoption; asks for it when none is known."""
    wish = await wishes.get(turn.tx, args["id"])
    if turn.me.id != wish.wisher_id:
        await turn.toast("wish.not_yours", number=wish.number)
    elif wish.state not in wish_shown.TALKING or wish.adopter_id is None:
        await turn.toast("wish.relay_over" if wish.adopter_id else "wish.relay_nobody", number=wish.number)
    elif wish.phone_shared:
        await turn.toast("wish.shared_before", number=wish.number)
    elif turn.me.phone:
        await _disclose(turn, wish, turn.me.phone)
    elif await _is_private(turn):
        await turn.ask(FLOW, "phone", {"wish": wish.id})
        await turn.say("wish.share_ask", rows=[[_stop(turn)]], number=wish.number)


async def _disclose(turn: Turn, wish: Wish, phone: str) -> None:
    adopter_id = wish.adopter_id
    if adopter_id is None:
        return
    wish = await wishes.change(turn.tx, wish.id, phone_shared=True)
    told = {"to": "adopter", "what": "phone"}
    await events.add(turn.tx, "wish", wish.id, "wish.disclosed", turn.now, actor_id=turn.me.id, data=told)
    rows = wish_shown.adopter_rows(turn, wish)
    await turn.tell(adopter_id, "adopt.phone_told", rows=rows, number=wish.number, phone=phone)
    await turn.say("wish.shared", number=wish.number, phone=mask_phone(phone))


# -------------------------------------------------------------------- words


async def step(turn: Turn) -> bool:
    """Takes the words to pass on, or the phone number to share."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None or turn.here.is_group:
        return False
    if turn.now - dialogue.updated_at > QUESTION_LIFE:
        await turn.done()
        return False
    words = incoming.text.strip()
    findings = turn.city.read(words)
    if findings.menu == "cancel":
        await stop(turn, {})
        return True
    if findings.menu is not None or findings.urgent:
        return False
    wish = await wishes.get(turn.tx, dialogue.data["wish"])
    if dialogue.step == "phone":
        return await _phone(turn, wish, words)
    if not words and not turn.attached:
        return False
    await turn.done()
    await _pass_on(turn, wish, words)
    return True


async def _phone(turn: Turn, wish: Wish, words: str) -> bool:
    phone = find_phone(words)
    if phone is None:
        await turn.say("wish.share_again", rows=[[_stop(turn)]])
        return True
    await people.set_phone(turn.tx, turn.me.id, phone)
    turn.person = turn.me._replace(phone=phone)
    await turn.done()
    await share(turn, {"id": wish.id})
    return True


async def typed(turn: Turn, match: re.Match[str]) -> None:
    """捎话 1007 words."""
    wish = await wish_shown.find(turn, match["number"])
    if wish is None:
        return
    words = (match["words"] or "").strip()
    if not words and not turn.attached:
        await ask(turn, {"id": wish.id})
    elif await _is_private(turn):
        await _pass_on(turn, wish, words)


PRESSES = {"wish.word": ask, "wish.word_stop": stop, "wish.share": share}
STEPS = {FLOW: step}
COMMANDS = [(re.compile(r"捎(?:句)?话\s*#?(?P<number>\d{4,9})(?:[\s,，:：]+(?P<words>.*))?", re.DOTALL), typed)]
