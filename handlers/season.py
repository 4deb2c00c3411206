"""Seasons of wishes: the street opens one, its launch hour and last day come by themselves. The rest: `season_review.py`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from handlers import broadcast, season_review
from handlers.question import put_away
from handlers.turn import Turn
from nlp.moments import read_moment
from storage import seasons, timers, wishes
from storage.seasons import Season, Taken
from storage.timers import Timer
from workflow.queues import desk_queue
from workflow.season import Forbidden, SeasonState, check_plan

FLOW = "season"
QUESTION_LIFE = timedelta(hours=2)
_STREET = "desk"
_MOST_TITLE = 30


async def show(turn: Turn, _: re.Match[str] | None = None) -> None:
    """How the season stands; for the street's people with what they can do."""
    season = await seasons.find_current(turn.tx)
    runs = await _runs(turn)
    if season is None:
        rows = [[turn.button("season.button_open", "season.open")]] if runs else []
        await turn.say("season.none", rows=rows)
        return
    counted = await season_review.counted(turn, season)
    args = {"id": season.id}
    rows = []
    if runs and season.state is SeasonState.COLLECTING:
        rows = [[turn.button("season.button_drop", "season.drop", args)]]
    elif runs and season.state is SeasonState.CLOSED:
        rows = [[turn.button("season.button_cards", "season.cards", args)]]
    elif runs and season.state is SeasonState.REVIEWED:
        rows = [[turn.button("season.button_show", "season.show", args)]]
    await turn.say(
        f"season.is_{season.state.value}",
        rows=rows,
        title=season.title,
        launch=season.launch_at,
        closes=season.closes_at,
        wishes=counted.published,
        adopted=counted.adopted,
        fulfilled=counted.fulfilled,
        left=counted.left,
    )


async def _runs(turn: Turn) -> bool:
    return await turn.may("publish_wish", _STREET)


# -------------------------------------------------------------------- opening


async def begin(turn: Turn, _: dict[str, Any]) -> None:
    """Asks for the name."""
    await turn.check_may("publish_wish", _STREET)
    if await seasons.find_current(turn.tx) is not None:
        await turn.toast("season.running")
        return
    await turn.ask(FLOW, "title", {})
    await turn.say("season.ask_title", rows=[[turn.button("wish.button_never_mind", "season.stop")]], force_reply=True)


async def stop(turn: Turn, _: dict[str, Any]) -> None:
    """The open question is put away."""
    await put_away(turn, FLOW, "wish.desk_stopped")


async def step(turn: Turn) -> bool:
    """Name, launch hour, last day: one after the other."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None or turn.now - dialogue.updated_at > QUESTION_LIFE:
        return False
    words = incoming.text.strip()
    if turn.city.read(words).menu == "cancel":
        await stop(turn, {})
        return True
    if not words:
        return False
    await turn.check_may("publish_wish", _STREET)
    if dialogue.step == "title":
        await turn.ask(FLOW, "launch", {"title": words[:_MOST_TITLE]})
        await turn.say("season.ask_launch", force_reply=True, title=words[:_MOST_TITLE])
    else:
        await _hours(turn, dialogue.step, dict(dialogue.data), words)
    return True


async def _hours(turn: Turn, step_: str, data: dict[str, Any], words: str) -> None:
    at = read_moment(words, turn.now, turn.city.manners.tz, ends=step_ == "closes")
    if at is None:
        await turn.say("season.ask_again", force_reply=True)
        return
    if step_ == "launch":
        wrong = check_plan(turn.now, at, at + timedelta(days=1))
        if wrong:
            await turn.say(f"season.wrong_{wrong}", force_reply=True)
            return
        await turn.ask(FLOW, "closes", {**data, "launch": at.isoformat()})
        await turn.say("season.ask_closes", force_reply=True, launch=at)
        return
    launch = datetime.fromisoformat(data["launch"])
    wrong = check_plan(turn.now, launch, at)
    if wrong:
        await turn.say(f"season.wrong_{wrong}", force_reply=True)
        return
    await turn.done()
    plan = {"title": data["title"], "launch": data["launch"], "closes": at.isoformat()}
    row = [
        turn.button("season.button_yes", "season.confirm", plan),
        turn.button("wish.button_never_mind", "season.stop"),
    ]
    await turn.say("season.summary", rows=[row], title=data["title"], launch=launch, closes=at)


async def confirm(turn: Turn, args: dict[str, Any]) -> None:
    """The season begins to collect wishes; what earlier ones have left comes with it and goes first."""
    await turn.check_may("publish_wish", _STREET)
    launch, closes = datetime.fromisoformat(args["launch"]), datetime.fromisoformat(args["closes"])
    if wrong := check_plan(turn.now, launch, closes):
        await turn.say(f"season.wrong_{wrong}")
        return
    try:
        season = await seasons.open_one(turn.tx, args["title"], launch, closes, turn.now, actor_id=turn.me.id)
    except Taken:
        await turn.toast("season.running")
        return
    carried = await wishes.enter_season(turn.tx, season.id)
    await timers.put(turn.tx, launch, "season.launch", "season", season.id)
    await timers.put(turn.tx, closes, "season.close", "season", season.id)
    await turn.say("season.opened", title=season.title, launch=launch, carried=carried)
    for queue in _desks(turn):
        await turn.tell_queue(queue, "season.opened_desk", title=season.title, launch=launch, carried=carried)


def _desks(turn: Turn) -> list[str]:
    return [desk_queue(c) for c in turn.city.org.communities]


async def drop(turn: Turn, args: dict[str, Any]) -> None:
    """Thought better of it before the launch: the wishes hang on the wall as in ordinary days."""
    await turn.check_may("publish_wish", _STREET)
    season = await seasons.get(turn.tx, args["id"])
    try:
        season = await seasons.move(turn.tx, season, "season.dropped", turn.now, actor_id=turn.me.id)
    except (Forbidden, Taken):
        await turn.toast("season.moved_on")
        return
    await timers.drop(turn.tx, "season", season.id)
    await turn.say("season.dropped", title=season.title)


# -------------------------------------------------------------------- time


async def launch(turn: Turn, timer: Timer) -> None:
    """The launch hour: from now on everything of the season can be adopted."""
    season = await seasons.get(turn.tx, timer.subject_id)
    if not await _moved(turn, season, "season.launched"):
        return
    counted = await season_review.counted(turn, season)
    base = turn.city.manners.web_base
    web = f"{base}/wall" if base else ""
    await broadcast.say(turn, "season.launched", title=season.title, wishes=counted.published, web=web)
    for queue in [_STREET, *_desks(turn)]:
        await turn.tell_queue(queue, "season.launched_desk", title=season.title, wishes=counted.published)


async def close(turn: Turn, timer: Timer) -> None:
    """The last day is over: each desk looks at what nobody has adopted."""
    season = await seasons.get(turn.tx, timer.subject_id)
    if not await _moved(turn, season, "season.closed", closed_at=turn.now):
        return
    await season_review.hand_out(turn, await seasons.get(turn.tx, season.id))


async def _moved(turn: Turn, season: Season, event: str, **values: Any) -> bool:
    try:
        await seasons.move(turn.tx, season, event, turn.now, actor_id=None, **values)
    except (Forbidden, Taken):
        return False
    return True


PRESSES = {
    "season.open": begin,
    "season.stop": stop,
    "season.confirm": confirm,
    "season.drop": drop,
    **season_review.PRESSES,
}
STEPS = {FLOW: step}
TIMERS = {"season.launch": launch, "season.close": close}
COMMANDS = [(re.compile(r"心愿季|本季心愿|开(?:一)?季"), show), *season_review.COMMANDS]
