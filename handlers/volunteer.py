"""双报到: members, volunteers and units register in chat; the community confirms, and only then it counts.

One conversation for all; the words differ by kind. Activities are `activity.py`, posts `duty.py`, the record `service.py`.
"""

from __future__ import annotations

import re
from typing import Any

from handlers import names, service
from handlers.messages import Button
from handlers.question import answered, put_away
from handlers.turn import Turn
from handlers.wish_words import for_wall, is_public
from nlp.mask import find_phone
from nlp.wish_traits import read_traits
from storage import events, members, people, resources, roles
from storage.dialogues import Dialogue
from storage.members import Member, MemberState
from workflow.queues import desk_queue
from workflow.rights import Role

FLOW = "volunteer"
_KINDS = ("member", "volunteer", "unit")
_ROLES = {"member": Role.MEMBER, "unit": Role.UNIT}
"""What a confirmed registration makes of somebody; a volunteer needs no role for what everybody may do."""
_NO_TEAM = re.compile(r"没有|无|没|不|暂无")
_SPLIT = re.compile(r"[,，、;；\s]+")
_SHOWN = 8


async def begin(turn: Turn, _: dict[str, Any]) -> None:
    """Which kind."""
    if turn.here.is_group:
        await turn.toast("staff.private_only")
        return
    row = [turn.button(f"volunteer.button_{kind}", "volunteer.kind", {"kind": kind}) for kind in _KINDS]
    await turn.say("volunteer.begin", rows=[row])


async def kind(turn: Turn, args: dict[str, Any]) -> None:
    """The first question."""
    await _go_on(turn, {"kind": args["kind"], "draft": turn.tx.ids.new()})


def _stop(turn: Turn) -> Button:
    return turn.button("volunteer.button_stop", "volunteer.stop")


async def stop(turn: Turn, _: dict[str, Any]) -> None:
    """Not now."""
    await put_away(turn, FLOW, "volunteer.stopped")


@answered(stop)
async def step(turn: Turn, dialogue: Dialogue, words: str) -> bool:
    """The answer to whichever question is open."""
    if dialogue.step == "confirm":
        return False
    data = {k: v for k, v in dialogue.data.items() if k != "aside"}
    if dialogue.step == "name":
        await people.set_name(turn.tx, turn.me.id, words[:20])
        turn.person = turn.me._replace(name=words[:20])
    elif dialogue.step == "phone":
        phone = find_phone(words)
        if phone is None:
            await turn.say("volunteer.phone_again", rows=[[_stop(turn)]])
            return True
        await people.set_phone(turn.tx, turn.me.id, phone)
        turn.person = turn.me._replace(phone=phone)
    elif dialogue.step == "community":
        data["community"] = _community(turn, words)
    else:
        data |= _read(data["kind"], dialogue.step, words)
    await _go_on(turn, data)
    return True


def _read(kind_: str, step_: str, words: str) -> dict[str, str]:
    """What the words answer."""
    if step_ == "words":
        return {"words": words}
    if kind_ == "volunteer":
        return {"unit": "", "branch": "" if _NO_TEAM.match(words) else for_wall(words)[:40]}
    unit, *rest = _SPLIT.split(words, maxsplit=1)
    return {"unit": for_wall(unit)[:40], "branch": for_wall(rest[0])[:40] if rest and kind_ == "member" else ""}


async def _go_on(turn: Turn, data: dict[str, Any]) -> None:
    """Asks the one thing that is missing, else sums up."""
    if "unit" not in data:
        await _ask(turn, "unit", f"volunteer.ask_unit_{data['kind']}", data)
    elif "words" not in data:
        await _ask(turn, "words", f"volunteer.ask_words_{data['kind']}", data)
    elif len(for_wall(data["words"])) < 2 or not is_public(for_wall(data["words"])):
        await _ask(turn, "words", "volunteer.ask_again", {k: v for k, v in data.items() if k != "words"})
    elif not (data.get("community") or _community(turn, data["words"])):
        await _ask_community(turn, data)
    elif not turn.me.name:
        await _ask(turn, "name", "volunteer.ask_name", data)
    elif not turn.me.phone:
        await _ask(turn, "phone", "volunteer.ask_phone", data)
    else:
        await _sum_up(turn, data | {"community": data.get("community") or _community(turn, data["words"])})


async def _ask(turn: Turn, step_: str, key: str, data: dict[str, Any]) -> None:
    await turn.ask(FLOW, step_, data)
    await turn.say(key, rows=[[_stop(turn)]])


def _community(turn: Turn, words: str) -> str:
    """The community that the words name, else the one where they live; empty when neither is known."""
    for text in (words, (turn.me.home_place or {}).get("text", "")):
        place = turn.city.read(text).place if text else None
        if place is not None and (community := turn.city.community_of(place)):
            return community
        named = [c.id for c in turn.city.street.communities if c.name in text]
        if len(named) == 1:
            return named[0]
    return ""


async def _ask_community(turn: Turn, data: dict[str, Any], start: int = 0) -> None:
    await turn.ask(FLOW, "community", data)
    found = turn.city.street.communities[start : start + _SHOWN]
    rows = [
        [
            turn.button(
                "volunteer.button_community", "volunteer.community", {"id": c.id, "draft": data["draft"]}, name=c.name
            )
        ]
        for c in found
    ]
    if len(turn.city.street.communities) > start + _SHOWN:
        more = {"from": start + _SHOWN, "draft": data["draft"]}
        rows.append([turn.button("staff.button_next", "volunteer.community", more)])
    await turn.say("volunteer.ask_community", rows=[*rows, [_stop(turn)]])


def _draft(turn: Turn, args: dict[str, Any]) -> dict[str, Any] | None:
    dialogue = turn.dialogue
    if dialogue is None or dialogue.flow != FLOW or dialogue.data.get("draft") != args["draft"]:
        return None
    return {k: v for k, v in dialogue.data.items() if k != "aside"}


async def community(turn: Turn, args: dict[str, Any]) -> None:
    """The community that was chosen, or more of them."""
    data = _draft(turn, args)
    if data is None:
        await turn.toast("volunteer.gone")
    elif "from" in args:
        await _ask_community(turn, data, args["from"])
    else:
        await _go_on(turn, data | {"community": args["id"]})


async def _sum_up(turn: Turn, data: dict[str, Any]) -> None:
    await turn.ask(FLOW, "confirm", data)
    row = [turn.button("volunteer.button_yes", "volunteer.confirm", {"draft": data["draft"]}), _stop(turn)]
    await turn.say(
        "volunteer.summary",
        rows=[row],
        kind=turn.text(f"volunteer.kind_{data['kind']}"),
        unit=data["unit"],
        branch=data["branch"],
        words=for_wall(data["words"]),
        community=turn.city.org.name_of(desk_queue(data["community"])),
    )


async def confirm(turn: Turn, args: dict[str, Any]) -> None:
    """Sends it to the community, once."""
    data = _draft(turn, args)
    if data is None or "community" not in data:
        await turn.toast("volunteer.gone")
        return
    place = turn.city.read(data["words"]).place
    queue = desk_queue(data["community"])
    member = await members.register(
        turn.tx,
        person_id=turn.me.id,
        now=turn.now,
        kind=data["kind"],
        unit=data["unit"],
        branch=data["branch"],
        skills=resources.joined(read_traits(data["words"]).skills),
        words=for_wall(data["words"])[:300],
        community=data["community"],
        grid=place.grid or "",
        queue=queue,
    )
    await turn.done()
    await _draw(turn, member)
    await turn.say("volunteer.filed", desk=turn.city.org.name_of(queue))


# -------------------------------------------------------------------- the community


async def _draw(turn: Turn, member: Member) -> None:
    """The card in the desk's room, changed in place."""
    args, rows = {"id": member.id}, []
    if member.state is MemberState.ASKED:
        rows = [
            [
                turn.button("volunteer.button_confirm", "volunteer.decide", args | {"yes": True}),
                turn.button("volunteer.button_decline", "volunteer.decide", args | {"yes": False}),
            ],
            [turn.button("volunteer.button_contact", "volunteer.contact", args)],
        ]
    await turn.tell_queue(
        member.queue,
        "volunteer.card",
        rows=rows,
        slot=f"member:{member.id}",
        kind=turn.text(f"volunteer.kind_{member.kind}"),
        who=await names.resident(turn, member.person_id),
        unit=member.unit,
        branch=member.branch,
        words=member.words,
        state=turn.text(f"volunteer.state_{member.state.value}"),
    )


async def decide(turn: Turn, args: dict[str, Any]) -> None:
    """Confirmed, or not; nobody confirms their own."""
    member = await members.get(turn.tx, args["id"])
    await turn.check_may("confirm_member", member.queue)
    if member.person_id == turn.me.id:
        await turn.toast("volunteer.own", alert=True)
        return
    if not await members.decide(turn.tx, member, yes=args["yes"], by=turn.me.id, now=turn.now):
        await turn.toast("volunteer.decided_before")
        return
    role = _ROLES.get(member.kind)
    if args["yes"] and role is not None:
        await roles.grant(turn.tx, member.person_id, role, member.community, turn.me.id, turn.now)
    await _draw(turn, await members.get(turn.tx, member.id))
    key = f"volunteer.confirmed_{member.kind}" if args["yes"] else "volunteer.declined"
    await turn.tell(member.person_id, key, community=turn.city.org.name_of(member.queue))


async def contact(turn: Turn, args: dict[str, Any]) -> None:
    """Name and number in private, written into the ledger."""
    member = await members.get(turn.tx, args["id"])
    await turn.check_may("confirm_member", member.queue)
    person = await people.get_person(turn.tx, member.person_id)
    data = {"person": member.person_id}
    await events.add(turn.tx, "member", member.id, "member.disclosed", turn.now, actor_id=turn.me.id, data=data)
    await turn.tell(turn.me.id, "volunteer.contact", who=person.name, phone=person.phone)


# -------------------------------------------------------------------- one's own


async def mine(turn: Turn, _: re.Match[str] | None = None) -> None:
    """How my registration stands, and this year's hours."""
    member = await members.find(turn.tx, turn.me.id)
    if turn.here.is_group:
        await turn.toast("staff.private_only")
        return
    if member is None:
        await turn.say("volunteer.none", rows=[[turn.button("volunteer.button_register", "volunteer.begin")]])
        return
    year = turn.now.astimezone(turn.city.manners.tz).year
    record = await service.record_of(turn.city, turn.tx, turn.me.id, year)
    await turn.say(
        "volunteer.mine",
        rows=[[turn.button("volunteer.button_leave", "volunteer.leave")]],
        kind=turn.text(f"volunteer.kind_{member.kind}"),
        unit=member.unit,
        branch=member.branch,
        words=member.words,
        community=turn.city.org.name_of(member.queue),
        state=turn.text(f"volunteer.state_{member.state.value}"),
        hours=f"{record.hours:g}",
    )


async def leave(turn: Turn, args: dict[str, Any]) -> None:
    """Asks once more; then the registration and the role it brought end."""
    if not args.get("sure"):
        row = [turn.button("volunteer.button_leave_yes", "volunteer.leave", {"sure": True}), _stop(turn)]
        await turn.say("volunteer.leave_ask", rows=[row])
        return
    member = await members.find(turn.tx, turn.me.id)
    if member is None or not await members.leave(turn.tx, turn.me.id, turn.now):
        await turn.toast("volunteer.none")
        return
    role = _ROLES.get(member.kind)
    if role is not None:
        await roles.end(turn.tx, turn.me.id, turn.now, role=role, scope=member.community)
    await turn.say("volunteer.left")


async def _typed(turn: Turn, _: re.Match[str]) -> None:
    await begin(turn, {})


PRESSES = {
    "volunteer.begin": begin,
    "volunteer.kind": kind,
    "volunteer.stop": stop,
    "volunteer.community": community,
    "volunteer.confirm": confirm,
    "volunteer.decide": decide,
    "volunteer.contact": contact,
    "volunteer.leave": leave,
}
STEPS = {FLOW: step}
COMMANDS = [
    (
        re.compile(r"双报到|社区报到|党员报到|单位报到|志愿者报名|志愿者报到|(?:我要|我想|想)?(?:当|做|报名)志愿者"),
        _typed,
    ),
    (re.compile(r"志愿者(?:怎么|在哪)(?:报名|报到)|怎么(?:当|做|报名)志愿者"), _typed),
    (
        re.compile(r"(?:我是党员\W*)?(?:我)?(?:也)?想(?:帮|为)[^，。,]{0,8}(?:做点|做些|出点|尽点)(?:事|好事|力|贡献)"),
        _typed,
    ),
    (re.compile(r"我的报到"), mine),
]
