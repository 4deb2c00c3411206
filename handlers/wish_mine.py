"""My wishes and what I adopted: the list, one of them with all I can do, and taking a wish back."""

from __future__ import annotations

import re
from typing import Any

from handlers import wall, wish_card, wish_clock, wish_shown
from handlers.messages import Button
from handlers.turn import Turn
from storage import adoptions, wishes
from storage.wishes import Lost, Wish
from workflow.wish import HELD, OPEN, Forbidden, WishState

MAX_LISTED = 8


async def mine(turn: Turn) -> None:
    """What I wished and what I adopted, each with where it stands and what I can do."""
    wished = await wishes.of_wisher(turn.tx, turn.me.id, MAX_LISTED)
    adopted = await adoptions.held_by(turn.tx, turn.me.id, [WishState.PUBLISHED, *wish_shown.TALKING])
    shown = [*wished, *adopted]
    ends = [turn.button("wish.button_start", "wish.start"), turn.button("wall.button_wall", "wall.show")]
    if not shown:
        await turn.say("wish.mine_none", rows=[ends])
        return
    live = [w for w in shown if w.state in OPEN][: MAX_LISTED - 1]
    if len(live) == 1:
        rows = await _rows(turn, live[0])
    else:
        rows = [[turn.button("wish.button_open", "wish.open", {"id": w.id}, number=w.number)] for w in live]
    await turn.say(
        "wish.mine",
        rows=[*rows, ends],
        wished=_section(turn, "wish.mine_wished", wished),
        adopted=_section(turn, "wish.mine_adopted", adopted),
    )


def _section(turn: Turn, key: str, found: list[Wish]) -> str:
    return turn.text(key, wishes="\n".join(_line(turn, w) for w in found)) if found else ""


async def _rows(turn: Turn, wish: Wish) -> list[list[Button]]:
    """What the acting person can do with a wish of theirs."""
    if wish.wisher_id == turn.me.id:
        return wish_shown.wisher_rows(turn, wish)
    return wish_shown.adopter_rows(turn, wish) if await wish_shown.has_part(turn, wish) else []


def _line(turn: Turn, wish: Wish) -> str:
    words = wish.text if len(wish.text) <= 40 else f"{wish.text[:40]}…"
    return turn.text("wish.mine_line", number=wish.number, state=wish_shown.state_name(turn, wish), words=words)


async def open_one(turn: Turn, args: dict[str, Any]) -> None:
    """One wish: mine with all I can do, or somebody's as the wall shows it."""
    await _open(turn, await wishes.get(turn.tx, args["id"]))


async def _open(turn: Turn, wish: Wish) -> None:
    if turn.me.id != wish.wisher_id and not await wish_shown.has_part(turn, wish):
        await wall.open_one(turn, wish)
        return
    await turn.say(
        "wish.one",
        rows=await _rows(turn, wish),
        number=wish.number,
        state=wish_shown.state_name(turn, wish),
        words=wish.text,
        place=wish_shown.coarse_place(turn, wish),
        adopter=await wish_shown.helpers(turn, wish) if wish.adopter_id else "",
        since=wish.adopted_at if wish.adopter_id else None,
        needs=wish_shown.needs(turn, wish),
    )


async def withdraw(turn: Turn, args: dict[str, Any]) -> None:
    """Asks once more before a wish is taken back."""
    wish = await _own(turn, args["id"])
    if wish is not None:
        yes = turn.button("wish.button_withdraw_yes", "wish.withdraw_yes", {"id": wish.id})
        keep = turn.button("wish.button_withdraw_no", "wish.open", {"id": wish.id})
        key = "wish.withdraw_ask_held" if wish.state in HELD else "wish.withdraw_ask"
        await turn.say(key, rows=[[yes, keep]], number=wish.number, words=wish.text)


async def _own(turn: Turn, wish_id: int) -> Wish | None:
    wish = await wishes.get(turn.tx, wish_id)
    if wish.wisher_id != turn.me.id:
        await turn.toast("wish.not_yours", number=wish.number)
    elif wish.state not in wish_shown.WITHDRAWABLE:
        await wish_shown.stands(turn, wish)
    else:
        return wish
    return None


async def withdraw_yes(turn: Turn, args: dict[str, Any]) -> None:
    """Takes the wish back; desk and adopter hear of it."""
    wish = await _own(turn, args["id"])
    if wish is None:
        return
    try:
        gone = await wishes.move(turn.tx, wish, "wish.withdrawn", turn.now, actor_id=turn.me.id, closed_at=turn.now)
    except (Forbidden, Lost):
        await wish_shown.stands(turn, await wishes.get(turn.tx, wish.id))
        return
    await wish_clock.arm(turn, gone)
    await turn.say("wish.withdrawn", number=wish.number)
    await wish_shown.tell_adopters(turn, gone, "adopt.withdrawn", number=wish.number, words=wish.text)
    await wish_clock.over(turn, gone, "withdrawn")
    await wish_card.draw(turn, gone)


async def _typed_mine(turn: Turn, _: re.Match[str]) -> None:
    await mine(turn)


async def _typed_one(turn: Turn, match: re.Match[str]) -> None:
    wish = await wish_shown.find(turn, match["number"])
    if wish is None:
        return
    if turn.here.is_group:
        await wall.open_one(turn, wish)
    elif match["verb"] == "撤回心愿":
        await withdraw(turn, {"id": wish.id})
    else:
        await _open(turn, wish)


PRESSES = {"wish.open": open_one, "wish.withdraw": withdraw, "wish.withdraw_yes": withdraw_yes}
COMMANDS = [
    (re.compile(r"我的心愿|我认领的(?:心愿)?"), _typed_mine),
    (re.compile(r"(?P<verb>心愿|撤回心愿)\s*#?(?P<number>\d{4,9})"), _typed_one),
]
