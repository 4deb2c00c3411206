"""The desk's side of a wish: the card in its room, publishing, rewording, declining, and the contact details."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from handlers import broadcast, wish_card, wish_clock, wish_shown
from handlers.messages import Button
from handlers.question import put_away
from handlers.turn import Turn
from handlers.wish_words import for_wall, is_public
from storage import attachments, events, people, seasons, wishes
from storage.people import Person
from storage.wishes import Lost, Wish
from workflow.season import SeasonState
from workflow.wish import Forbidden, WishState
from workflow.wish_rules import ALTERNATIVES

FLOW = "wish_desk"
REASONS = ("policy", "beyond", "unclear", "repeated", "season")
"""What a desk can say with one press; `season` is for a wish that hung on the wall until its season was over.

With money or medicines the way to relief or to the service window is told, too: `workflow.wish_rules.ALTERNATIVES`.
"""
QUESTION_LIFE = timedelta(hours=1)
"""After that, words in the room are no answer any more."""
_OPEN_SEASONS = frozenset({SeasonState.COLLECTING, SeasonState.LIVE})
_EDITABLE = frozenset({WishState.SUBMITTED, WishState.PUBLISHED})


# -------------------------------------------------------------------- publishing


async def publish(turn: Turn, args: dict[str, Any]) -> None:
    """Puts the wish on the wall; refused while its words still show a phone, a room or a home."""
    wish = await wishes.get(turn.tx, args["id"])
    await turn.check_may("publish_wish", wish.queue)
    if not is_public(wish.text):
        await turn.toast("wish.not_public", alert=True, number=wish.number)
        return
    if kept_off := wish_shown.blocked(wish.text):
        await turn.toast("wish.unsafe", alert=True, number=wish.number, why=turn.text(f"wish.danger_{kept_off[0]}"))
        return
    season = await seasons.find_current(turn.tx)
    joins = season.id if season is not None and season.state in _OPEN_SEASONS else wish.season_id
    try:
        wish = await wishes.move(
            turn.tx,
            wish,
            "wish.published",
            turn.now,
            actor_id=turn.me.id,
            published_at=turn.now,
            season_id=joins,
        )
    except (Forbidden, Lost):
        await wish_shown.stands(turn, await wishes.get(turn.tx, wish.id))
        return
    await wish_clock.arm(turn, wish)
    await turn.toast("wish.published_toast", number=wish.number)
    await wish_card.draw(turn, wish)
    if season is None or season.state is not SeasonState.COLLECTING:
        await broadcast.wish(turn, wish)
    await turn.tell(
        wish.wisher_id,
        "wish.published",
        rows=wish_shown.wisher_rows(turn, wish),
        number=wish.number,
        words=wish.text,
    )


async def reword(turn: Turn, args: dict[str, Any]) -> None:
    """The next words of this person here replace the words for the wall."""
    wish = await wishes.get(turn.tx, args["id"])
    await turn.check_may("publish_wish", wish.queue)
    if wish.state not in _EDITABLE:
        await wish_shown.stands(turn, wish)
        return
    await turn.ask(FLOW, "words", {"wish": wish.id})
    await turn.say("wish.reword_ask", rows=[[_stop(turn)]], force_reply=True, number=wish.number, words=wish.text)


async def _replace(turn: Turn, wish: Wish, words: str) -> bool:
    """New words for the wall, hidden where they must be. False when nothing readable is left of them."""
    await turn.check_may("publish_wish", wish.queue)
    if wish.state not in _EDITABLE:
        await wish_shown.stands(turn, wish)
        return True
    shown = for_wall(words)
    if not is_public(shown):
        await turn.say("wish.reword_again", number=wish.number)
        return False
    wish = await wishes.change(turn.tx, wish.id, text=shown)
    await events.add(turn.tx, "wish", wish.id, "wish.reworded", turn.now, actor_id=turn.me.id)
    await turn.toast("wish.reworded", number=wish.number)
    await wish_card.draw(turn, wish)
    return True


# -------------------------------------------------------------------- declining


async def decline(turn: Turn, args: dict[str, Any]) -> None:
    """Asks for the reason: a press, or the next words of this person here."""
    wish = await wishes.get(turn.tx, args["id"])
    await turn.check_may("publish_wish", wish.queue)
    if wish.state not in _EDITABLE:
        await wish_shown.stands(turn, wish)
        return
    await turn.ask(FLOW, "reason", {"wish": wish.id})
    offered: Sequence[str] = [r for r in REASONS if r != "season" or wish.state is WishState.PUBLISHED]
    offered = (*(a for a in ALTERNATIVES if a != "request"), *offered)
    rows = [
        [turn.button(f"wish.reason_{reason}", "wish.decline_as", {"id": wish.id, "reason": reason})]
        for reason in offered
    ]
    rows.append([turn.button("wish.button_turn", "wish.turn", {"id": wish.id})])
    await turn.say("wish.decline_ask", rows=[*rows, [_stop(turn)]], force_reply=True, number=wish.number)


async def decline_as(turn: Turn, args: dict[str, Any]) -> None:
    """Declines with one of the listed reasons."""
    wish = await wishes.get(turn.tx, args["id"])
    event = "wish.expired" if args["reason"] == "season" else "wish.declined"
    await _decline(turn, wish, turn.text(f"wish.kindly_{args['reason']}"), event=event, reason=args["reason"])


async def _decline(turn: Turn, wish: Wish, words: str, *, event: str = "wish.declined", reason: str = "typed") -> None:
    await turn.check_may("publish_wish", wish.queue)
    try:
        wish = await wishes.move(
            turn.tx, wish, event, turn.now, actor_id=turn.me.id, data={"reason": reason}, closed_at=turn.now
        )
    except (Forbidden, Lost):
        await wish_shown.stands(turn, await wishes.get(turn.tx, wish.id))
        return
    if turn.dialogue is not None and turn.dialogue.flow == FLOW:
        await turn.done()
    await wish_shown.tell_adopters(turn, wish, "adopt.taken_down", number=wish.number, words=wish.text)
    await wish_clock.arm(turn, wish)
    await wish_clock.over(turn, wish, "withdrawn")
    await turn.toast("wish.declined_toast", number=wish.number)
    await wish_card.draw(turn, wish)
    again = turn.button("wish.button_again", "wish.start")
    await turn.tell(wish.wisher_id, "wish.declined", rows=[[again]], number=wish.number, reason=words)


# -------------------------------------------------------------------- contact details


async def contact(turn: Turn, args: dict[str, Any]) -> None:
    """Sends the desk, in private, the wisher's own words and how to reach both sides; the ledger keeps that it did."""
    wish = await wishes.get(turn.tx, args["id"])
    await turn.check_may("see_contact", wish.queue)
    if not await wish_shown.can_answer(turn):
        return
    original = await wishes.get_original(turn.tx, wish.id)
    adopter = await people.get_person(turn.tx, wish.adopter_id) if wish.adopter_id else None
    await turn.tell(
        turn.me.id,
        "wish.contact",
        media=[a.id for a in await attachments.of(turn.tx, "wish", wish.id)],
        number=wish.number,
        words=original.get("text", ""),
        place=original.get("place", ""),
        wisher=_reach(turn, await people.get_person(turn.tx, wish.wisher_id)),
        adopter=_reach(turn, adopter) if adopter else "",
        neighbour=original.get("contact", ""),
    )
    told = {"to": "desk", "what": "contact"}
    await events.add(turn.tx, "wish", wish.id, "wish.disclosed", turn.now, actor_id=turn.me.id, data=told)
    await turn.toast("wish.contact_sent", number=wish.number)


def _reach(turn: Turn, person: Person) -> str:
    return " ".join(part for part in (person.name, person.phone or turn.text("wish.no_phone")) if part)


# -------------------------------------------------------------------- words in the room


def _stop(turn: Turn) -> Button:
    return turn.button("wish.button_never_mind", "wish.desk_stop")


async def stop(turn: Turn, _: dict[str, Any]) -> None:
    """The open question of this person here is put away."""
    await put_away(turn, FLOW, "wish.desk_stopped")


async def step(turn: Turn) -> bool:
    """Takes the words that were asked for: new words for the wall, or a reason."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None or turn.now - dialogue.updated_at > QUESTION_LIFE:
        return False
    words = incoming.text.strip()
    if not words:
        return False
    if turn.city.read(words).menu == "cancel":
        await stop(turn, {})
        return True
    wish = await wishes.get(turn.tx, dialogue.data["wish"])
    if dialogue.step == "reason":
        await _decline(turn, wish, words[:300])
        await turn.done()
    elif await _replace(turn, wish, words):
        await turn.done()
    return True


async def typed(turn: Turn, match: re.Match[str]) -> None:
    """上墙 1007, 改文字 1007 words, 婉拒 1007 reason, 心愿联系人 1007."""
    wish = await wish_shown.find(turn, match["number"])
    if wish is None:
        return
    verb, words, args = match["verb"], (match["words"] or "").strip(), {"id": wish.id}
    if verb == "上墙":
        await publish(turn, args)
    elif verb == "心愿联系人":
        await contact(turn, args)
    elif verb == "改文字":
        await (_replace(turn, wish, words) if words else reword(turn, args))
    elif words:
        await _decline(turn, wish, words[:300])
    else:
        await decline(turn, args)


PRESSES = {
    "wish.publish": publish,
    "wish.reword": reword,
    "wish.decline": decline,
    "wish.decline_as": decline_as,
    "wish.contact": contact,
    "wish.desk_stop": stop,
}
STEPS = {FLOW: step}
COMMANDS = [
    (re.compile(r"(?P<verb>上墙|心愿联系人)\s*#?(?P<number>\d{4,9})(?P<words>)"), typed),
    (re.compile(r"(?P<verb>改文字|婉拒)\s*#?(?P<number>\d{4,9})(?:[\s,，:：]+(?P<words>.*))?", re.DOTALL), typed),
]
