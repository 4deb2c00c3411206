"""这里不对: an appeal about one entry of points, or a missing one; the desk rules, and a correction is an entry of its own."""

from __future__ import annotations

import re
from typing import Any

from handlers import points as accounts
from handlers.messages import Button
from handlers.question import answered, put_away
from handlers.turn import Turn
from nlp.mask import mask
from storage import point_appeals, points
from storage.dialogues import Dialogue
from storage.point_appeals import Appeal
from workflow.queues import desk_queue
from workflow.rights import Role

FLOW = "points_appeal"
MOST = 100
"""Points that one ruling may add or take."""
_SHOWN = 5


async def home_desk(turn: Turn, person_id: int) -> str:
    """The desk of the community where somebody serves or lives; the street's while that is not known."""
    communities = turn.city.org.communities
    for grant in await turn.grants(person_id):
        if grant.role in (Role.MEMBER, Role.UNIT) and grant.scope in communities:
            return desk_queue(grant.scope)
    home = turn.city.read((turn.me.home_place or {}).get("text", "")).place if turn.person else None
    return desk_queue(home.community) if home is not None and home.community else "desk"


def _stop(turn: Turn) -> Button:
    return turn.button("points.button_never_mind", "points.appeal_stop")


async def begin(turn: Turn, _: dict[str, Any]) -> None:
    """Shows the newest entries to choose from; one appeal at a time."""
    if turn.here.is_group:
        await turn.toast("staff.private_only")
        return
    if open_ := await point_appeals.open_of(turn.tx, turn.me.id):
        await turn.say("points.appeal_open", number=open_[0].number)
        return
    await accounts.current(turn, turn.me.id)
    rows = [
        [
            turn.button(
                "points.button_appeal_one", "points.appeal_one", {"move": i}, at=m.at, gain=accounts.gain_text(turn, m)
            )
        ]
        for i, m in await points.of_person(turn.tx, turn.me.id, limit=_SHOWN)
    ]
    rows.append([turn.button("points.button_missing", "points.appeal_one", {"move": 0}), _stop(turn)])
    await turn.say("points.appeal_which", rows=rows)


async def choose(turn: Turn, args: dict[str, Any]) -> None:
    """Asks for the words."""
    move = await points.find(turn.tx, args["move"]) if args["move"] else None
    if args["move"] and (move is None or move.person_id != turn.me.id):
        await turn.toast("points.appeal_gone")
        return
    await turn.ask(FLOW, "words", {"move": args["move"]})
    desk = turn.city.org.name_of(await home_desk(turn, turn.me.id))
    await turn.say("points.appeal_ask", rows=[[_stop(turn)]], desk=desk)


async def stop(turn: Turn, _: dict[str, Any]) -> None:
    """The question is put away."""
    await put_away(turn, FLOW, "points.appeal_stopped")


@answered(stop)
async def step(turn: Turn, dialogue: Dialogue, words: str) -> bool:
    """The words of the appeal."""
    move = await points.find(turn.tx, dialogue.data["move"]) if dialogue.data["move"] else None
    queue = await home_desk(turn, turn.me.id)
    await turn.done()
    if open_ := await point_appeals.open_of(turn.tx, turn.me.id):
        await turn.say("points.appeal_open", number=open_[0].number)
        return True
    made = await point_appeals.add(
        turn.tx, person_id=turn.me.id, queue=queue, move=move, words=mask(words)[:300], now=turn.now
    )
    await _draw(turn, made)
    await turn.say("points.appeal_sent", number=made.number, desk=turn.city.org.name_of(queue))
    return True


# -------------------------------------------------------------------- the desk


async def _draw(turn: Turn, appeal: Appeal) -> None:
    """The card in the desk's room, changed in place."""
    args = {"id": appeal.id}
    row = [turn.button("points.button_keep", "points.appeal_keep", args)]
    entry = turn.text("points.appeal_missing")
    for _, move in await points.of_person(turn.tx, appeal.person_id, limit=200) if appeal.event_id else ():
        if move.event_id == appeal.event_id:
            entry = accounts.entry_text(turn, move)
    ruling = ""
    if appeal.points is not None:
        ruling = turn.text("points.appeal_done", change=_change(turn, appeal.points), words=appeal.answer)
    await turn.tell_queue(
        appeal.queue,
        "points.appeal_card",
        rows=[row] if appeal.points is None else [],
        slot=f"points:{appeal.id}",
        number=appeal.number,
        who=await accounts.public_name(turn, appeal.person_id),
        entry=entry,
        words=appeal.words,
        ruling=ruling,
    )


def _change(turn: Turn, points_: int) -> str:
    if not points_:
        return turn.text("points.change_none")
    return turn.text("points.change_plus" if points_ > 0 else "points.change_minus", points=abs(points_))


async def _rule(turn: Turn, appeal: Appeal, points_: int, words: str) -> None:
    """Answers it once; nobody rules on their own points."""
    await turn.check_may("rule_points", appeal.queue)
    if appeal.person_id == turn.me.id:
        await turn.toast("points.appeal_own", alert=True)
        return
    if abs(points_) > MOST:
        await turn.toast("points.appeal_too_much", alert=True, most=MOST)
        return
    answer = mask(words.strip())[:200]
    if not await point_appeals.rule(turn.tx, appeal, points_, answer, by=turn.me.id, now=turn.now):
        await turn.toast("points.appeal_ruled_before", number=appeal.number)
        return
    await points.catch_up(turn.tx, turn.city.points, turn.city.manners.tz)
    await _draw(turn, await point_appeals.get(turn.tx, appeal.id))
    if points_:
        change = _change(turn, points_)
        await turn.tell(appeal.person_id, "points.appeal_granted", number=appeal.number, change=change, words=answer)
    else:
        await turn.tell(appeal.person_id, "points.appeal_kept", number=appeal.number, words=answer)


async def keep(turn: Turn, args: dict[str, Any]) -> None:
    """Everything stays as it is."""
    await _rule(turn, await point_appeals.get(turn.tx, args["id"]), 0, "")


async def typed(turn: Turn, match: re.Match[str]) -> None:
    """积分申诉 1012 加 3 活动忘了记."""
    appeal = await point_appeals.find_by_number(turn.tx, int(match["number"]))
    if appeal is None:
        await turn.toast("points.appeal_unknown", number=match["number"])
        return
    await turn.check_may("rule_points", appeal.queue)
    if match["words"] is None or not match["words"].strip():
        await turn.toast("points.appeal_why", number=appeal.number)
        return
    points_ = int(match["points"]) * (1 if match["way"] == "加" else -1)
    await _rule(turn, appeal, points_, match["words"])


async def _typed_begin(turn: Turn, _: re.Match[str]) -> None:
    await begin(turn, {})


PRESSES = {
    "points.appeal": begin,
    "points.appeal_one": choose,
    "points.appeal_stop": stop,
    "points.appeal_keep": keep,
}
STEPS = {FLOW: step}
COMMANDS = [
    (re.compile(r"积分申诉|积分不对"), _typed_begin),
    (
        re.compile(
            r"积分申诉\s*#?(?P<number>\d{4,9})\s*(?P<way>[加减])\s*(?P<points>\d{1,5})\s*分?(?:[\s,，:：]+(?P<words>.{0,300}))?",
            re.DOTALL,
        ),
        typed,
    ),
]
