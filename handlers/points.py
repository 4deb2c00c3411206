"""What a person sees of points: the balance with its entries, the rules, the ranking, and staying off it.

Appeals are `points_appeal.py`, what points can be exchanged for `rewards.py`.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from handlers.messages import Button
from handlers.turn import Turn
from nlp.mask import mask_name
from storage import members, people, point_appeals, points
from storage.members import Member
from workflow.points import Kind, Move, Rule
from workflow.queues import grid_queue

_PAGE = 8
_PLACES = 10
"""How many places of a ranking are shown."""
_MOMENT = timedelta(microseconds=1)


async def current(turn: Turn, person_id: int) -> int:
    """What somebody has now, everything that has happened until this moment entered."""
    await points.catch_up(turn.tx, turn.city.points, turn.city.manners.tz)
    return await points.balance(turn.tx, person_id)


def gain_text(turn: Turn, move: Move) -> str:
    """ "+3" or "-2"."""
    return turn.text("points.plus" if move.gain > 0 else "points.minus", points=abs(move.gain))


def what_text(turn: Turn, move: Move) -> str:
    """What an entry is for."""
    if move.kind is Kind.FIX:
        return turn.text("points.fixed")
    if move.kind in (Kind.SPEND, Kind.REFUND):
        return turn.text("points.spent" if move.kind is Kind.SPEND else "points.refunded")
    name = turn.city.points.name_of(move.rule) or turn.text("points.other")
    return name if move.kind is Kind.GIVE else turn.text("points.back", rule=name)


def entry_text(turn: Turn, move: Move) -> str:
    """One line of an account."""
    return turn.text("points.entry", at=move.at, gain=gain_text(turn, move), what=what_text(turn, move))


def _foot(turn: Turn) -> list[list[Button]]:
    return [
        [turn.button("points.button_rules", "points.rules"), turn.button("points.button_rank", "points.rank")],
        [turn.button("points.button_appeal", "points.appeal")],
    ]


async def mine(turn: Turn, args: dict[str, Any]) -> None:
    """The balance and the newest entries; `before` pages on. In a group nobody's points are read out."""
    if turn.here.is_group:
        await turn.toast("staff.private_only")
        return
    has = await current(turn, turn.me.id)
    found = await points.of_person(turn.tx, turn.me.id, limit=_PAGE + 1, before=args.get("before", 0))
    if not found:
        await turn.say("points.none", rows=[[turn.button("points.button_rules", "points.rules")]])
        return
    rows = _foot(turn)
    if len(found) > _PAGE:
        rows.insert(0, [turn.button("points.button_more", "points.mine", {"before": found[_PAGE - 1][0]})])
    entries = "\n".join(entry_text(turn, move) for _, move in found[:_PAGE])
    await turn.say("points.mine", rows=rows, points=has, entries=entries)


# -------------------------------------------------------------------- rules


async def rules(turn: Turn, _: dict[str, Any]) -> None:
    """The rules in force today, with their version."""
    version = turn.city.points.at(turn.now.astimezone(turn.city.manners.tz).date())
    if version is None:
        await turn.say("points.no_rules")
        return
    await turn.say(
        "points.rules",
        version=version.id,
        since=f"{version.start:%Y-%m-%d}",
        lines="\n".join(_rule_text(turn, rule) for rule in version.rules),
        month=turn.text("points.rule_month", points=version.month) if version.month else "",
    )


def _rule_text(turn: Turn, rule: Rule) -> str:
    return turn.text(
        "points.rule",
        rule=rule.name,
        points=turn.text("points.rule_points", points=rule.points),
        hours=turn.text("points.rule_hours", points=rule.per_hour) if rule.per_hour else "",
        day=turn.text("points.rule_day", points=rule.day) if rule.day else "",
    )


# -------------------------------------------------------------------- ranking


def since(turn: Turn, period: str) -> datetime:
    """Where the local month or year began."""
    local = turn.now.astimezone(turn.city.manners.tz)
    start = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return start.replace(month=1) if period == "year" else start


async def rank(turn: Turn, args: dict[str, Any]) -> None:
    """People by what they have earned, without those who do not want to be there; others see a family name at most."""
    period = args.get("period", "month")
    await points.catch_up(turn.tx, turn.city.points, turn.city.manners.tz)
    away = await point_appeals.hidden(turn.tx)
    shown = [
        e for e in await points.earned(turn.tx, since(turn, period), turn.now + _MOMENT) if e.person_id not in away
    ]
    name = turn.text(f"points.period_{period}")
    if not shown:
        await turn.say("points.rank_empty", period=name)
        return
    lines = []
    for place, one in enumerate(shown[:_PLACES], 1):
        who = await public_name(turn, one.person_id)
        lines.append(turn.text("points.rank_line", place=place, who=who, points=one.points))
    own = next(((i, e.points) for i, e in enumerate(shown, 1) if e.person_id == turn.me.id), None)
    text = turn.text("points.rank_hidden") if turn.me.id in away else ""
    if own is not None and not turn.here.is_group:
        text = turn.text("points.rank_mine", place=own[0], points=own[1])
    await turn.say(
        "points.rank_people", period=name, lines="\n".join(lines), mine=text if not turn.here.is_group else ""
    )


async def rank_groups(turn: Turn, args: dict[str, Any]) -> None:
    """Branches or grids by what their registered people have earned together; nobody is named."""
    by, period = args["by"], args.get("period", "month")
    await points.catch_up(turn.tx, turn.city.points, turn.city.manners.tz)
    belongs = {m.person_id: _group(turn, by, m) for m in await members.confirmed(turn.tx)}
    totals: dict[str, int] = {}
    for one in await points.earned(turn.tx, since(turn, period), turn.now + _MOMENT):
        name = belongs.get(one.person_id, "")
        if name:
            totals[name] = totals.get(name, 0) + one.points
    name = turn.text(f"points.period_{period}")
    if not totals:
        await turn.say("points.rank_empty", period=name)
        return
    best = sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:_PLACES]
    lines = [turn.text("points.rank_line", place=i, who=who, points=n) for i, (who, n) in enumerate(best, 1)]
    await turn.say(f"points.rank_{by}", period=name, lines="\n".join(lines))


def _group(turn: Turn, by: str, member: Member) -> str:
    """The branch of somebody, with its unit; or the grid, as far as it is known."""
    if by == "branch":
        return " ".join(part for part in (member.unit, member.branch) if part)
    return turn.city.org.name_of(grid_queue(member.grid)) if member.grid in turn.city.org.grids else ""


async def public_name(turn: Turn, person_id: int) -> str:
    """Somebody as everybody may see them: 王**, or a neighbour."""
    person = await people.get_person(turn.tx, person_id)
    return mask_name(person.name) if person.name else turn.text("points.neighbour")


async def opt(turn: Turn, match: re.Match[str]) -> None:
    """不上榜, 上榜."""
    away = match["no"] is not None
    await point_appeals.hide(turn.tx, turn.me.id, away, turn.now)
    await turn.toast("points.off" if away else "points.on")


# -------------------------------------------------------------------- typed


async def _typed_mine(turn: Turn, _: re.Match[str]) -> None:
    await mine(turn, {})


async def _typed_rules(turn: Turn, _: re.Match[str]) -> None:
    await rules(turn, {})


async def _typed_rank(turn: Turn, match: re.Match[str]) -> None:
    period = "year" if match["year"] else "month"
    by = {"支部": "branch", "网格": "grid"}.get(match["by"] or "")
    await (rank_groups(turn, {"by": by, "period": period}) if by else rank(turn, {"period": period}))


PRESSES = {"points.mine": mine, "points.rules": rules, "points.rank": rank}
COMMANDS = [
    (re.compile(r"我的积分|积分|查积分|积分明细"), _typed_mine),
    (re.compile(r"积分规则|怎么记分|怎么积分"), _typed_rules),
    (re.compile(r"(?P<year>今年|年度)?(?P<by>支部|网格)?(?:积分榜|积分排行|积分排名)"), _typed_rank),
    (re.compile(r"(?P<no>不|别让我|不想)?上(?:积分)?榜"), opt),
]
