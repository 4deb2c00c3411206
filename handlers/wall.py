"""The wish wall: pages in chat with a button to adopt, one wish by its code, and plain values for the web page."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from handlers import wish_shown
from handlers.city import City
from handlers.messages import Button
from handlers.turn import Turn
from storage import wishes
from storage.tx import Tx
from storage.wishes import Wish
from workflow.wish import WishState

PAGE = 5
SHOWN = (
    WishState.PUBLISHED,
    WishState.ADOPTED,
    WishState.FULFILLING,
    WishState.FULFILLED,
    WishState.CLOSED,
)
"""What the web page shows; in chat only what can still be adopted."""
_BATCH = 200


class WallEntry(NamedTuple):
    """A wish as everybody may see it. `kind` is an item id, `place` no finer than an estate, `adopters` 0 or 1."""

    number: int
    text: str
    kind: str
    kind_name: str
    place: str
    state: str
    published_at: datetime
    adopters: int


async def show(turn: Turn, before: int = 0) -> None:
    """The newest open wishes, five at a time, each with a button to adopt it."""
    await _page(turn, before, "", "")


async def turn_page(turn: Turn, args: dict[str, Any]) -> None:
    """Another page or another kind, in the place of the page that was pressed."""
    await _page(turn, args.get("before", 0), args.get("item", ""), args.get("slot", ""))


async def _page(turn: Turn, before: int, item: str, slot: str) -> None:
    found = await wishes.on_wall(turn.tx, item=item, before=before, limit=PAGE + 1)
    shown, more = found[:PAGE], len(found) > PAGE
    slot = slot or f"wall:{turn.tx.ids.new()}"
    rows: list[list[Button]] = [[wish_shown.adopt_button(turn, w)] for w in shown if w.wisher_id != turn.me.id]
    if shown or before or item:
        rows += _turning(turn, shown, before, item, slot, more=more)
    base = turn.city.manners.web_base
    if not shown:
        key = "wall.end" if before else "wall.empty"
        await turn.say(key, rows=[*rows, [turn.button("wall.button_wish", "wish.start")]], slot=slot)
        return
    lines = [_line(turn, w) for w in shown]
    kind = turn.city.item_name(item) if item else ""
    await turn.say(
        "wall.page", rows=rows, slot=slot, kind=kind, wishes="\n".join(lines), web=f"{base}/wall" if base else ""
    )


def _turning(turn: Turn, shown: list[Wish], before: int, item: str, slot: str, *, more: bool) -> list[list[Button]]:
    """Buttons to filter by kind, and to turn the page."""
    offered = {"": turn.text("wall.all"), **wish_shown.kinds(turn.city)}
    kinds = [Button(name, "wall.turn", {"item": kind, "slot": slot}) for kind, name in offered.items() if kind != item]
    pages = []
    if before:
        pages.append(turn.button("wall.button_first", "wall.turn", {"item": item, "slot": slot}))
    if more:
        following = {"before": shown[-1].id, "item": item, "slot": slot}
        pages.append(turn.button("wall.button_next", "wall.turn", following))
    return [row for row in (kinds[:3], pages) if row]


def _line(turn: Turn, wish: Wish) -> str:
    return turn.text(
        "wall.line", number=wish.number, place=wish_shown.coarse_place(turn, wish), words=_short(wish.text)
    )


def _short(words: str, limit: int = 60) -> str:
    return words if len(words) <= limit else f"{words[:limit]}…"


async def open_one(turn: Turn, wish: Wish) -> None:
    """One wish as everybody may see it, with the button to adopt it while it is free."""
    if wish.published_at is None or wish.state not in SHOWN:
        await turn.say("wall.gone", rows=[[turn.button("wall.button_wall", "wall.show")]])
        return
    free = wish.state is WishState.PUBLISHED
    mine = wish.wisher_id == turn.me.id
    rows = [[wish_shown.adopt_button(turn, wish)]] if free and not mine else []
    await turn.say(
        "wall.one",
        rows=[*rows, [turn.button("wall.button_wall", "wall.show")]],
        number=wish.number,
        kind=turn.city.item_name(wish.item),
        place=wish_shown.coarse_place(turn, wish),
        state=wish_shown.state_name(turn, wish),
        words=wish.text,
    )


async def scan(turn: Turn, rest: str) -> None:
    """The code of one wish, from the web page or a poster: its number."""
    if not rest.isascii() or not rest.isdecimal() or len(rest) > 9:
        await show(turn)
        return
    wish = await wishes.find_by_number(turn.tx, int(rest))
    if wish is None:
        await turn.say("wall.gone", rows=[[turn.button("wall.button_wall", "wall.show")]])
        return
    await open_one(turn, wish)


async def page(
    tx: Tx,
    city: City,
    *,
    community: str = "",
    item: str = "",
    before: int = 0,
    limit: int = 20,
) -> list[WallEntry]:
    """Published wishes for the web page, newest first, with numbers below `before` (0: from the newest)."""
    cursor = 0
    found: list[Wish] = []
    while len(found) < limit:
        batch = await wishes.on_wall(
            tx, community=community, item=item, in_states=SHOWN, before=cursor, limit=max(limit, _BATCH)
        )
        found += [w for w in batch if w.published_at is not None and (not before or w.number < before)]
        if len(batch) < max(limit, _BATCH):
            break
        cursor = batch[-1].id
    return [_entry(city, w) for w in found[:limit]]


def _entry(city: City, wish: Wish) -> WallEntry:
    return WallEntry(
        number=wish.number,
        text=wish.text,
        kind=wish.item,
        kind_name=city.item_name(wish.item),
        place=wish.place_text or city.street.name,
        state=wish.state.value,
        published_at=wish.published_at or wish.submitted_at,
        adopters=1 if wish.adopter_id else 0,
    )


async def _show_pressed(turn: Turn, _: dict[str, Any]) -> None:
    await show(turn)


async def typed(turn: Turn, match: re.Match[str]) -> None:
    """心愿墙, 心愿墙 实物: the wall, of one kind if a kind is named."""
    named = (match["kind"] or "").strip()
    kinds = wish_shown.kinds(turn.city)
    item = next((kind for kind, name in kinds.items() if named and named in name), "")
    await _page(turn, 0, item, "")


PRESSES = {"wall.show": _show_pressed, "wall.turn": turn_page}
SCENES = {"w": scan}
COMMANDS = [(re.compile(r"心愿墙(?P<kind>\s*(?:实物|服务|陪伴|服务陪伴)?)"), typed)]
