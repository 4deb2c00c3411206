"""After a season: each desk looks at what is left, the figures are put together, the street makes the report public."""

from __future__ import annotations

import re
from datetime import timedelta
from statistics import median
from typing import Any, NamedTuple

from handlers import broadcast, wish_desk, wish_shown
from handlers.turn import Turn
from storage import adoptions, events, pictures, seasons, wishes
from storage.seasons import Season, Taken
from storage.tx import Tx
from storage.wishes import Wish
from workflow.queues import desk_queue
from workflow.season import Forbidden, SeasonState
from workflow.wish import WishState

_ADOPTED = frozenset({WishState.ADOPTED, WishState.FULFILLING, WishState.FULFILLED, WishState.CLOSED})
_DONE = frozenset({WishState.FULFILLED, WishState.CLOSED})
_GONE = frozenset({WishState.WITHDRAWN, WishState.DECLINED, WishState.TURNED})


class Counted(NamedTuple):
    """What a season has come to, in numbers. `left` waits for a desk; `days` is the median from wall to adopter."""

    wished: int
    published: int
    adopted: int
    fulfilled: int
    thanked: int
    left: int
    adopters: int
    units: int
    hours: float
    days: float | None
    themes: dict[str, tuple[int, int]]  # theme -> (on the wall, fulfilled)
    places: dict[str, tuple[int, int]]  # community -> the same


async def counted(turn: Turn, season: Season) -> Counted:
    """The figures of a season as of now, from its wishes and their adoptions."""
    return await count(turn.tx, season)


async def count(tx: Tx, season: Season) -> Counted:
    """The same, for the web pages."""
    found = await wishes.of_season(tx, season.id)
    parts = await adoptions.of_wishes(tx, [w.id for w in found])
    hung = [w for w in found if w.published_at is not None and w.state not in _GONE]
    spans = [(w.adopted_at - w.published_at) / timedelta(days=1) for w in hung if w.adopted_at and w.published_at]
    helping = [p for p in parts if p.state == adoptions.HOLDING or p.why == "closed"]
    return Counted(
        wished=len(found),
        published=len(hung),
        adopted=sum(w.state in _ADOPTED for w in hung),
        fulfilled=sum(w.state in _DONE for w in hung),
        thanked=sum(w.state is WishState.CLOSED for w in hung),
        left=len(await wishes.left_over(tx, season.id)),
        adopters=len({p.person_id for p in helping}),
        units=len({p.person_id for p in helping if p.as_unit}),
        hours=sum(w.hours or 0.0 for w in hung if w.state in _DONE),
        days=round(median(spans), 1) if spans else None,
        themes=_by("theme", hung),
        places=_by("community", hung),
    )


def _by(name: str, found: list[Wish]) -> dict[str, tuple[int, int]]:
    groups: dict[str, list[Wish]] = {}
    for wish in found:
        groups.setdefault(getattr(wish, name), []).append(wish)
    return {key: (len(some), sum(w.state in _DONE for w in some)) for key, some in groups.items()}


# -------------------------------------------------------------------- what is left


async def hand_out(turn: Turn, season: Season) -> None:
    """Every desk gets what its community has left; with nothing left anywhere the review is over at once."""
    for community in [*turn.city.org.communities, ""]:
        await _card(turn, season, community)
    await _finish(turn, season)


async def _card(turn: Turn, season: Season, community: str) -> None:
    left = await wishes.left_over(turn.tx, season.id, community=community)
    if not left:
        return
    args = {"season": season.id, "community": community}
    rows = [
        [turn.button("season.button_next", "season.next", args)],
        [turn.button("season.button_keep_all", "season.keep_all", args)],
    ]
    slot = f"season:{season.id}:{community}"
    await turn.tell_queue(
        desk_queue(community), "season.left", rows=rows, slot=slot, title=season.title, count=len(left)
    )


async def cards(turn: Turn, args: dict[str, Any]) -> None:
    """The street sends the desks their lists once more."""
    await turn.check_may("publish_wish", "desk")
    season = await seasons.get(turn.tx, args["id"])
    if season.state is SeasonState.CLOSED:
        await hand_out(turn, season)
        await turn.toast("season.cards_sent")


async def following(turn: Turn, args: dict[str, Any]) -> None:
    """The next wish that nobody has looked at, with what can become of it."""
    season, community = await seasons.get(turn.tx, args["season"]), args["community"]
    await turn.check_may("publish_wish", desk_queue(community))
    left = await wishes.left_over(turn.tx, season.id, community=community, limit=1)
    if not left:
        await turn.toast("season.none_left")
        return
    wish = left[0]
    keep = {"id": wish.id, **args}
    rows = [
        [turn.button("season.button_keep", "season.keep", keep)],
        [turn.button("season.button_put_away", "season.put_away", keep)],
        [turn.button("wish.button_reword", "wish.reword", {"id": wish.id})],
    ]
    await turn.say(
        "season.one_left",
        rows=rows,
        number=wish.number,
        words=wish.text,
        since=wish.published_at,
        needs=wish_shown.needs(turn, wish),
    )


async def keep(turn: Turn, args: dict[str, Any]) -> None:
    """Hangs on, and goes first in the next season."""
    wish = await wishes.get(turn.tx, args["id"])
    await turn.check_may("publish_wish", wish.queue)
    season = await seasons.get(turn.tx, args["season"])
    if wish.state is WishState.PUBLISHED and wish.season_id == season.id:
        await _keep(turn, wish, season)
        await turn.toast("season.kept", number=wish.number)
    else:
        await wish_shown.stands(turn, wish)
    await _go_on(turn, season, args)


async def _keep(turn: Turn, wish: Wish, season: Season) -> None:
    await wishes.change(turn.tx, wish.id, kept_in=season.id)
    data = {"season": season.number}
    await events.add(turn.tx, "wish", wish.id, "wish.kept", turn.now, actor_id=turn.me.id, data=data)
    await turn.tell(
        wish.wisher_id, "wish.kept", rows=wish_shown.wisher_rows(turn, wish), number=wish.number, words=wish.text
    )


async def put_away(turn: Turn, args: dict[str, Any]) -> None:
    """The community has looked at it and takes it down, with kind words."""
    await wish_desk.decline_as(turn, {"id": args["id"], "reason": "season"})
    await _go_on(turn, await seasons.get(turn.tx, args["season"]), args)


async def keep_all(turn: Turn, args: dict[str, Any]) -> None:
    """Everything that this community has left hangs on."""
    await turn.check_may("publish_wish", desk_queue(args["community"]))
    season = await seasons.get(turn.tx, args["season"])
    left = await wishes.left_over(turn.tx, season.id, community=args["community"])
    for wish in left:
        await _keep(turn, wish, season)
    await turn.toast("season.kept_all", count=len(left))
    await _finish(turn, season)


async def _go_on(turn: Turn, season: Season, args: dict[str, Any]) -> None:
    rest = {"season": season.id, "community": args["community"]}
    if await wishes.left_over(turn.tx, season.id, community=args["community"], limit=1):
        await following(turn, rest)
    else:
        await _finish(turn, season)


async def _finish(turn: Turn, season: Season) -> None:
    """With the last wish looked at the review is over, and the street may show the report."""
    season = await seasons.get(turn.tx, season.id)
    if season.state is not SeasonState.CLOSED or await wishes.left_over(turn.tx, season.id, limit=1):
        return
    who = turn.person.id if turn.person else None
    try:
        season = await seasons.move(turn.tx, season, "season.reviewed", turn.now, actor_id=who)
    except (Forbidden, Taken):
        return
    made = await counted(turn, season)
    row = [turn.button("season.button_show", "season.show", {"id": season.id})]
    await turn.tell_queue("desk", "season.reviewed", rows=[row], **_values(season, made))


def _values(season: Season, made: Counted) -> dict[str, Any]:
    return {
        "title": season.title,
        "wishes": made.published,
        "adopted": made.adopted,
        "fulfilled": made.fulfilled,
        "thanked": made.thanked,
        "adopters": made.adopters,
        "units": made.units,
    }


# -------------------------------------------------------------------- the report


async def publish(turn: Turn, args: dict[str, Any]) -> None:
    """Makes the report public: its figures stay as they are from now on."""
    await turn.check_may("publish_wish", "desk")
    season = await seasons.get(turn.tx, args["id"])
    made = await counted(turn, season)
    report = {**made._asdict(), "pictures": len(await _pictures(turn, season))}
    try:
        season = await seasons.move(
            turn.tx, season, "season.shown", turn.now, actor_id=turn.me.id, shown_at=turn.now, report=report
        )
    except (Forbidden, Taken):
        await turn.toast("season.moved_on")
        return
    base = turn.city.manners.web_base
    web = f"{base}/wall/season/{season.number}" if base else ""
    await turn.say("season.report", web=web, **_values(season, made))
    await broadcast.say(turn, "season.report", web=web, **_values(season, made))


async def _pictures(turn: Turn, season: Season) -> list[pictures.Picture]:
    return await pictures.public_of(turn.tx, [w.id for w in await wishes.of_season(turn.tx, season.id)])


async def report(turn: Turn, match: re.Match[str]) -> None:
    """心愿季报告, 心愿季报告 12: the last public one, or one by its number."""
    shown = await seasons.shown(turn.tx, 100)
    wanted = [s for s in shown if not match["number"] or s.number == int(match["number"])]
    if not wanted:
        await turn.say("season.no_report")
        return
    season = wanted[0]
    base = turn.city.manners.web_base
    kept = {**season.report, "title": season.title, "wishes": season.report["published"]}
    names = ("title", "wishes", "adopted", "fulfilled", "thanked", "adopters", "units")
    web = f"{base}/wall/season/{season.number}" if base else ""
    await turn.say("season.report", web=web, **{name: kept[name] for name in names})


PRESSES = {
    "season.cards": cards,
    "season.next": following,
    "season.keep": keep,
    "season.put_away": put_away,
    "season.keep_all": keep_all,
    "season.show": publish,
}
COMMANDS = [(re.compile(r"心愿季?报告\s*(?P<number>\d{1,4})?"), report)]
