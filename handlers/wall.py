"""The wish wall in chat: pages with buttons to adopt, filters by kind, place, cost and skill, one wish by its code.

Plain values for the web pages are in `wall_page.py`.
"""

from __future__ import annotations

import re
from typing import Any

from handlers import wish_shown
from handlers.messages import Button
from handlers.turn import Turn
from handlers.wall_page import SHOWN
from nlp.wish_traits import find_skill, read_cost
from storage import adoptions, seasons, wishes
from storage.wishes import Filter, Wish
from workflow import season as season_rules
from workflow.wish import WishState
from workflow.wish_rules import THEMES

PAGE = 5
COSTS = (0, 100, 300, 1_000)
"""Yuan to choose from."""
_FIELDS = ("community", "item", "theme", "skill", "most")


async def show(turn: Turn, below: int = 0) -> None:
    """The open wishes, five at a time, what waited longest over seasons first, each with a button to adopt it."""
    await _page(turn, below, {}, "")


async def turn_page(turn: Turn, args: dict[str, Any]) -> None:
    """Another page or another filter, in the place of the page that was pressed."""
    await _page(turn, args.get("below", 0), args.get("only", {}), args.get("slot", ""))


async def _page(turn: Turn, below: int, only: dict[str, Any], slot: str) -> None:
    wanted = Filter(only_open=True, **{name: only[name] for name in _FIELDS if name in only})
    found = await wishes.wall(turn.tx, wanted, below=below, limit=PAGE + 1)
    shown, more = found[:PAGE], len(found) > PAGE
    slot = slot or f"wall:{turn.tx.ids.new()}"
    rows: list[list[Button]] = [[wish_shown.adopt_button(turn, w)] for w in shown if w.wisher_id != turn.me.id]
    if shown or below or only:
        rows += _turning(turn, shown, below, only, slot, more=more)
    base = turn.city.manners.web_base
    if not shown:
        key = "wall.end" if below else "wall.empty"
        await turn.say(key, rows=[*rows, [turn.button("wall.button_wish", "wish.start")]], slot=slot)
        return
    await turn.say(
        "wall.page",
        rows=rows,
        slot=slot,
        only=_named(turn, only),
        wishes="\n".join(_line(turn, w) for w in shown),
        season=await _season_line(turn),
        web=f"{base}/wall" if base else "",
    )


async def _season_line(turn: Turn) -> str:
    """Before the launch hour: when adopting begins."""
    season = await seasons.find_current(turn.tx)
    if season is None or season.state is not season_rules.SeasonState.COLLECTING:
        return ""
    return turn.text("wall.season", title=season.title, at=season.launch_at)


def _named(turn: Turn, only: dict[str, Any]) -> str:
    """The filter in words; empty for none."""
    places = {c.id: c.name for c in turn.city.street.communities}
    parts = [
        turn.city.item_name(only.get("item", "")),
        wish_shown.theme_name(turn, only.get("theme", "")),
        places.get(only.get("community", ""), ""),
        turn.text(f"wall.skill_{only['skill']}") if "skill" in only else "",
        _cost_name(turn, only["most"]) if "most" in only else "",
    ]
    return "　".join(part for part in parts if part)


def _cost_name(turn: Turn, most: int) -> str:
    return turn.text("wall.cost_most", yuan=most) if most else turn.text("wall.cost_none")


def _turning(
    turn: Turn, shown: list[Wish], below: int, only: dict[str, Any], slot: str, *, more: bool
) -> list[list[Button]]:
    """Buttons to filter, and to turn the page."""
    here = {"only": only, "slot": slot}
    filters = [
        turn.button(f"wall.by_{name}", "wall.filter", {**here, "by": name}) for name in ("theme", "community", "most")
    ]
    if only:
        filters.append(turn.button("wall.all", "wall.turn", {"slot": slot}))
    pages = [turn.button("wall.button_first", "wall.turn", here)] if below else []
    if more:
        pages.append(turn.button("wall.button_next", "wall.turn", {**here, "below": shown[-1].rank}))
    return [row for row in (filters, pages) if row]


async def choose(turn: Turn, args: dict[str, Any]) -> None:
    """The values to choose from, in the place of the page."""
    by, only, slot = args["by"], args.get("only", {}), args.get("slot", "")
    offered: dict[str, list[tuple[Any, str]]] = {
        "theme": [(theme, wish_shown.theme_name(turn, theme)) for theme in THEMES],
        "community": [(c.id, c.name) for c in turn.city.street.communities],
        "most": [(most, _cost_name(turn, most)) for most in COSTS],
    }
    options = offered[by]
    buttons = [Button(label, "wall.turn", {"only": {**only, by: value}, "slot": slot}) for value, label in options]
    rows = [buttons[i : i + 2] for i in range(0, len(buttons), 2)]
    back = turn.button("wall.all", "wall.turn", {"slot": slot})
    await turn.say(f"wall.choose_{by}", rows=[*rows, [back]], slot=slot)


def _line(turn: Turn, wish: Wish) -> str:
    needs = wish_shown.needs(turn, wish)
    return turn.text(
        "wall.line_needs" if needs else "wall.line",
        number=wish.number,
        place=wish_shown.coarse_place(turn, wish),
        words=_short(wish.text),
        needs=needs,
    )


def _short(words: str, limit: int = 60) -> str:
    return words if len(words) <= limit else f"{words[:limit]}…"


async def open_one(turn: Turn, wish: Wish) -> None:
    """One wish as everybody may see it, with the button to adopt it while it is free, else to wait for it."""
    if wish.published_at is None or wish.state not in SHOWN:
        await turn.say("wall.gone", rows=[[turn.button("wall.button_wall", "wall.show")]])
        return
    base = turn.city.manners.web_base
    await turn.say(
        "wall.one",
        rows=[*await _rows(turn, wish), [turn.button("wall.button_wall", "wall.show")]],
        number=wish.number,
        kind=wish_shown.theme_name(turn, wish.theme) or turn.city.item_name(wish.item),
        place=wish_shown.coarse_place(turn, wish),
        state=wish_shown.state_name(turn, wish),
        words=wish.text,
        needs=wish_shown.needs(turn, wish),
        web=f"{base}/wish/{wish.number}" if base else "",
    )


async def _rows(turn: Turn, wish: Wish) -> list[list[Button]]:
    if wish.wisher_id == turn.me.id or await adoptions.find(turn.tx, wish.id, turn.me.id):
        return []
    if wish.state is WishState.PUBLISHED:
        return [[wish_shown.adopt_button(turn, wish)]]
    if wish.state in (WishState.ADOPTED, WishState.FULFILLING):
        return [[turn.button("adopt.button_wait", "adopt.wait", {"id": wish.id})]]
    return []


async def scan(turn: Turn, rest: str) -> None:
    """The code of one wish, from the web page, a card or a poster: its number."""
    if not rest.isascii() or not rest.isdecimal() or len(rest) > 9:
        await show(turn)
        return
    wish = await wishes.find_by_number(turn.tx, int(rest))
    if wish is None:
        await turn.say("wall.gone", rows=[[turn.button("wall.button_wall", "wall.show")]])
        return
    await open_one(turn, wish)


async def _show_pressed(turn: Turn, _: dict[str, Any]) -> None:
    await show(turn)


async def typed(turn: Turn, match: re.Match[str]) -> None:
    """心愿墙, and what it is filtered by: a kind, a theme, a community, a cost, a skill."""
    named = (match["only"] or "").strip(" ，,")
    only: dict[str, Any] = {}
    item = next((kind for kind, name in wish_shown.kinds(turn.city).items() if named and named in name), "")
    theme = next((t for t in THEMES if named and wish_shown.theme_name(turn, t) in named), "")
    place = next((c.id for c in turn.city.street.communities if c.name.removesuffix("社区") in named), "")
    most, skill = read_cost(named), find_skill(named)
    if place:
        only["community"] = place
    if item:
        only["item"] = item
    elif theme:
        only["theme"] = theme
    elif skill:
        only["skill"] = skill
    if most is not None:
        only["most"] = most
    await _page(turn, 0, only, "")


PRESSES = {"wall.show": _show_pressed, "wall.turn": turn_page, "wall.filter": choose}
SCENES = {"w": scan}
COMMANDS = [(re.compile(r"心愿(?:墙|树)(?P<only>[\s，,]+[^\n]{1,20}|\s*(?:实物|服务|陪伴|服务陪伴))?"), typed)]
