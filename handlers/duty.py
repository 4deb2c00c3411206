"""设岗定责: a desk offers posts, registered people take them, tell what they have done, and the desk confirms the hours."""

from __future__ import annotations

import re
from typing import Any

from handlers import names
from handlers.activity import my_desk
from handlers.messages import Button
from handlers.question import answered, put_away
from handlers.turn import Turn
from handlers.wish_words import for_wall, is_public
from nlp.wish_traits import read_hours
from storage import duties, members
from storage.dialogues import Dialogue
from storage.duties import Duty, Service

FLOW = "duty"
_MOST = 500
_PAGE = 8


async def offer(turn: Turn, match: re.Match[str]) -> None:
    """设岗 3人 每周二晚上巡楼道 银杏苑."""
    queue = await my_desk(turn, "run_activity")
    words = for_wall((match["words"] or "").strip())[:200]
    places = int(match["places"] or 0)
    if not 0 < places <= _MOST or len(words) < 2 or not is_public(words):
        await turn.toast("duty.how")
        return
    made = await duties.offer(turn.tx, words=words, places=places, queue=queue, by=turn.me.id, now=turn.now)
    await turn.toast("duty.offered", number=made.number, words=made.words, places=made.places)


async def _found(turn: Turn, number: str) -> Duty | None:
    found = await duties.find_by_number(turn.tx, int(number))
    if found is None:
        await turn.toast("duty.unknown", number=number)
    return found


async def close(turn: Turn, match: re.Match[str]) -> None:
    """撤岗 1012."""
    duty = await _found(turn, match["number"])
    if duty is None:
        return
    await turn.check_may("run_activity", duty.queue)
    done = await duties.close(turn.tx, duty, by=turn.me.id, now=turn.now)
    await turn.toast("duty.closed" if done else "duty.closed_before", number=duty.number)


async def listed(turn: Turn, _: re.Match[str]) -> None:
    """Posts with free places."""
    found = await duties.listed(turn.tx, _PAGE)
    if not found:
        await turn.say("duty.none")
        return
    rows = [[turn.button("duty.button_take", "duty.take", {"id": d.id}, number=d.number)] for d in found]
    lines = [turn.text("duty.line", number=d.number, words=d.words, free=d.free) for d in found]
    await turn.say("duty.list", rows=rows, lines="\n".join(lines))


async def take(turn: Turn, args: dict[str, Any]) -> None:
    """Takes a post; for those whom a community has confirmed."""
    duty = await duties.get(turn.tx, args["id"])
    if await members.find(turn.tx, turn.me.id, ("confirmed",)) is None:
        row = [turn.button("volunteer.button_register", "volunteer.begin")]
        await turn.say("duty.register_first", rows=[row])
    elif await duties.holds(turn.tx, duty.id, turn.me.id):
        await turn.toast("duty.have_it", number=duty.number)
    elif not await duties.take(turn.tx, duty, turn.me.id, turn.now):
        await turn.toast("duty.gone", number=duty.number)
    else:
        await turn.toast("duty.taken", number=duty.number, words=duty.words)
        who = await names.resident(turn, turn.me.id)
        await turn.tell_queue(duty.queue, "duty.taken_told", who=who, number=duty.number, words=duty.words)


async def typed_take(turn: Turn, match: re.Match[str]) -> None:
    """认岗 1012."""
    duty = await _found(turn, match["number"])
    if duty is not None:
        await take(turn, {"id": duty.id})


async def mine(turn: Turn, _: re.Match[str]) -> None:
    """The posts I have."""
    found = await duties.of_person(turn.tx, turn.me.id)
    if not found:
        await turn.say("duty.mine_none")
        return
    rows = [
        [
            turn.button("duty.button_tell", "duty.tell", {"id": d.id}, number=d.number),
            turn.button("duty.button_leave", "duty.leave", {"id": d.id}, number=d.number),
        ]
        for d in found[:_PAGE]
    ]
    lines = [turn.text("duty.mine_line", number=d.number, words=d.words) for d in found[:_PAGE]]
    await turn.say("duty.mine", rows=rows, lines="\n".join(lines))


async def leave(turn: Turn, args: dict[str, Any]) -> None:
    """Gives a post back."""
    duty = await duties.get(turn.tx, args["id"])
    if not await duties.leave(turn.tx, duty, turn.me.id, turn.now):
        await turn.toast("duty.not_yours", number=duty.number)
        return
    await turn.toast("duty.left", number=duty.number)
    who = await names.resident(turn, turn.me.id)
    await turn.tell_queue(duty.queue, "duty.left_told", who=who, number=duty.number, words=duty.words)


# -------------------------------------------------------------------- service


def _stop(turn: Turn) -> Button:
    return turn.button("duty.button_stop", "duty.stop")


async def tell(turn: Turn, args: dict[str, Any]) -> None:
    """Asks what was done, and how long it took."""
    duty = await duties.get(turn.tx, args["id"])
    if not await duties.holds(turn.tx, duty.id, turn.me.id):
        await turn.toast("duty.not_yours", number=duty.number)
        return
    await turn.ask(FLOW, "words", {"id": duty.id})
    await turn.say("duty.tell_ask", rows=[[_stop(turn)]])


async def stop(turn: Turn, _: dict[str, Any]) -> None:
    """Not now."""
    await put_away(turn, FLOW, "duty.stopped")


@answered(stop)
async def step(turn: Turn, dialogue: Dialogue, words: str) -> bool:
    """What was done."""
    hours = read_hours(words)
    if hours is None:
        await turn.say("duty.tell_again", rows=[[_stop(turn)]])
        return True
    duty = await duties.get(turn.tx, dialogue.data["id"])
    await turn.done()
    if not await duties.holds(turn.tx, duty.id, turn.me.id):
        await turn.toast("duty.not_yours", number=duty.number)
        return True
    service = await duties.tell(turn.tx, duty, turn.me.id, hours, for_wall(words)[:200], turn.now)
    await _draw(turn, duty, service)
    await turn.say("duty.told")
    return True


async def _draw(turn: Turn, duty: Duty, service: Service) -> None:
    """The card in the desk's room, changed in place."""
    args, rows = {"id": service.id}, []
    if service.state == duties.TOLD:
        rows = [
            [
                turn.button("duty.button_true", "duty.decide", args | {"yes": True}),
                turn.button("duty.button_false", "duty.decide", args | {"yes": False}),
            ]
        ]
    elif service.state == duties.SERVED:
        rows = [[turn.button("duty.button_undo", "duty.undo", args)]]
    await turn.tell_queue(
        duty.queue,
        "duty.card",
        rows=rows,
        slot=f"service:{service.id}",
        number=duty.number,
        who=await names.resident(turn, service.person_id),
        words=service.words,
        hours=f"{service.hours:g}",
        state=turn.text(f"duty.state_{service.state}"),
    )


async def decide(turn: Turn, args: dict[str, Any]) -> None:
    """The desk confirms it or not; nobody confirms their own."""
    service = await duties.get_service(turn.tx, args["id"])
    duty = await duties.get(turn.tx, service.duty_id)
    await turn.check_may("run_activity", duty.queue)
    if service.person_id == turn.me.id:
        await turn.toast("duty.own", alert=True)
        return
    undo = args.get("undo", False)
    done = (
        await duties.undo(turn.tx, service, by=turn.me.id, now=turn.now)
        if undo
        else await duties.decide(turn.tx, service, yes=args["yes"], by=turn.me.id, now=turn.now)
    )
    if not done:
        await turn.toast("duty.decided_before")
        return
    await _draw(turn, duty, await duties.get_service(turn.tx, service.id))
    key = "duty.served_told" if args.get("yes") else "duty.refused_told"
    await turn.tell(service.person_id, key, number=duty.number, hours=f"{service.hours:g}")


async def undo(turn: Turn, args: dict[str, Any]) -> None:
    """What was confirmed was not so."""
    await decide(turn, {"id": args["id"], "undo": True})


PRESSES = {
    "duty.take": take,
    "duty.tell": tell,
    "duty.leave": leave,
    "duty.stop": stop,
    "duty.decide": decide,
    "duty.undo": undo,
}
STEPS = {FLOW: step}
COMMANDS = [
    (re.compile(r"岗位|有什么岗位|看岗位|认岗"), listed),
    (re.compile(r"我的岗位"), mine),
    (re.compile(r"认岗\s*#?(?P<number>\d{4,9})"), typed_take),
    (re.compile(r"撤岗\s*#?(?P<number>\d{4,9})"), close),
    (re.compile(r"设岗[\s,，:：]*(?:(?P<places>\d{1,4})\s*[人名位])?[\s,，:：]*(?P<words>.{0,200})"), offer),
]
