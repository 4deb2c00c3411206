"""What is known of a wish beside its words: read from them at first, then set by the desk with presses or in words."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from handlers import wish_card, wish_shown
from handlers.messages import Button
from handlers.question import put_away
from handlers.turn import Turn
from nlp.moments import read_moment
from nlp.wish_traits import read_traits
from nlp.wishes import THING
from storage import events, wishes
from storage.wishes import Traits, Wish
from workflow import wish_rules
from workflow.wish import WishState

FLOW = "wish_traits"
QUESTION_LIFE = timedelta(hours=1)
_EDITABLE = frozenset({WishState.SUBMITTED, WishState.PUBLISHED})


def traits_of(turn: Turn, text: str, item: str) -> Traits:
    """What the words say; the desk sees it on the card and may correct it."""
    said = read_traits(text, thing=item == THING if item else None)
    due = read_moment(text, turn.now, turn.city.manners.tz, ends=True)
    return Traits(
        theme=said.theme,
        size=wish_rules.size_of(said.cost, said.shares),
        for_whom=said.for_whom,
        skills=said.skills,
        due_at=due if due is not None and due > turn.now else None,
        cost=said.cost,
        shares=said.shares,
        pairs=wish_rules.needs_pair(said.theme, said.for_whom, said.dangers),
    )


async def _editable(turn: Turn, wish_id: int) -> Wish | None:
    await wishes.lock(turn.tx, wish_id)
    wish = await wishes.get(turn.tx, wish_id)
    await turn.check_may("publish_wish", wish.queue)
    if wish.state in _EDITABLE:
        return wish
    await wish_shown.stands(turn, wish)
    return None


async def arrange(turn: Turn, args: dict[str, Any]) -> None:
    """Everything that can be set; people, money and day are set by words."""
    wish = await _editable(turn, args["id"])
    if wish is None:
        return
    await turn.ask(FLOW, "words", {"wish": wish.id})
    await turn.say(
        "wish.arrange",
        rows=_rows(turn, wish),
        slot=f"arrange:{wish.id}",
        number=wish.number,
        theme=wish_shown.theme_name(turn, wish.theme),
        whom=turn.text(f"wish.for_{wish.for_whom}") if wish.for_whom else "",
        needs=wish_shown.needs(turn, wish),
    )


def _rows(turn: Turn, wish: Wish) -> list[list[Button]]:
    def choice(name: str, value: str, key: str) -> Button:
        return turn.button(key, "wish.set", {"id": wish.id, "name": name, "value": value})

    themes = [choice("theme", t, f"wish.theme_{t}") for t in wish_rules.THEMES if t != wish.theme]
    whom = [choice("for_whom", w, f"wish.for_{w}") for w in wish_rules.FOR_WHOM if w != wish.for_whom]
    pair = choice("pairs", "" if wish.pairs else "yes", "wish.button_alone" if wish.pairs else "wish.button_pairs")
    return [themes[:3], themes[3:], whom, [pair, turn.button("wish.button_never_mind", "wish.set_done")]]


async def put(turn: Turn, args: dict[str, Any]) -> None:
    """One trait by a press."""
    wish = await _editable(turn, args["id"])
    if wish is None:
        return
    name, value = args["name"], args["value"]
    await _keep(turn, wish, **{name: bool(value) if name == "pairs" else value})
    await arrange(turn, {"id": wish.id})


async def _keep(turn: Turn, wish: Wish, **values: Any) -> None:
    wish = await wishes.change(turn.tx, wish.id, **values)
    data = {"traits": sorted(values)}
    await events.add(turn.tx, "wish", wish.id, "wish.arranged", turn.now, actor_id=turn.me.id, data=data)
    await wish_card.draw(turn, wish)


async def done(turn: Turn, _: dict[str, Any]) -> None:
    """Nothing more to set."""
    await put_away(turn, FLOW, "wish.desk_stopped")


async def step(turn: Turn) -> bool:
    """Words that say people, money or a day."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None or turn.now - dialogue.updated_at > QUESTION_LIFE:
        return False
    words = incoming.text.strip()
    if not words:
        return False
    if turn.city.read(words).menu == "cancel":
        await done(turn, {})
        return True
    if not await _put_words(turn, dialogue.data["wish"], words):
        return False
    await turn.done()
    return True


async def _put_words(turn: Turn, wish_id: int, words: str) -> bool:
    """False when the words set nothing."""
    wish = await _editable(turn, wish_id)
    if wish is None:
        return True
    said = read_traits(f"{words} 认领")
    due = read_moment(words, turn.now, turn.city.manners.tz, ends=True)
    values: dict[str, Any] = {}
    if said.cost is not None:
        values["cost"] = said.cost
    if said.shares > 1 or re.search(r"[1一]\s*(?:个人|人|位|份)", words):
        values["shares"] = said.shares
    if due is not None and due > turn.now:
        values["due_at"] = due
    if "结伴" in words or "两人上门" in words:
        values["pairs"] = True
    if not values:
        return False
    if values.get("shares", wish.shares) <= wish.taken:
        await turn.toast("wish.shares_taken", number=wish.number, taken=wish.taken)
        return True
    values["size"] = wish_rules.size_of(values.get("cost", wish.cost), values.get("shares", wish.shares))
    await _keep(turn, wish, **values)
    kept = await wishes.get(turn.tx, wish.id)
    await turn.toast("wish.arranged", number=wish.number, needs=wish_shown.needs(turn, kept))
    return True


async def typed(turn: Turn, match: re.Match[str]) -> None:
    """心愿设置 1007, 心愿设置 1007 3人 200元 月底前 结伴."""
    wish = await wish_shown.find(turn, match["number"])
    if wish is None:
        return
    words = (match["words"] or "").strip()
    if not words or not await _put_words(turn, wish.id, words):
        await arrange(turn, {"id": wish.id})


PRESSES = {"wish.arrange": arrange, "wish.set": put, "wish.set_done": done}
STEPS = {FLOW: step}
COMMANDS = [(re.compile(r"心愿设置\s*#?(?P<number>\d{4,9})(?:[\s,，:：]+(?P<words>.{1,100}))?"), typed)]
