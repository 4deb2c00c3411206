"""What units, members and neighbours offer (资源) and carry out (项目): published in chat, checked by the desk, with a calendar.

Matching with wishes and requests is `match.py`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from handlers import match, wish_shown
from handlers.messages import Button
from handlers.question import answered, put_away
from handlers.resource_shown import card_text, find, list_line, tell_desk
from handlers.turn import Turn
from handlers.wish_words import for_wall, is_public
from nlp.mask import find_phone
from nlp.moments import read_moment
from nlp.wish_traits import find_dangers, read_hours, read_shares, read_traits
from storage import people, resources
from storage.dialogues import Dialogue
from storage.resources import Moved, Resource, ResourceState
from workflow import wish_rules
from workflow.queues import desk_queue
from workflow.rights import Role

FLOW = "resource"
_PAGE = 8
_SLOT = timedelta(hours=2)
_MOST_STOCK = 10_000
_PEOPLE = re.compile(r"(\d{1,2}|[一二两三四五六七八九十]{1,2})\s*(?:个人|人|位|份)")
_STOCK = re.compile(r"(?P<n>\d{1,5})\s*(?:份|个|件|次|名|套|辆|箱|袋|本|台|人次|小时)")


# -------------------------------------------------------------------- publishing


async def begin(turn: Turn, args: dict[str, Any]) -> None:
    """Asks what is offered; `form` is resource or project."""
    if turn.here.is_group:
        await turn.toast("wish.write_first", alert=True)
        return
    form = args.get("form", "resource")
    await turn.ask(FLOW, "text", {"form": form, "draft": turn.tx.ids.new()})
    await turn.say(f"resource.ask_{form}", rows=[[_stop(turn)]])


def _stop(turn: Turn) -> Button:
    return turn.button("wish.button_never_mind", "resource.stop")


async def stop(turn: Turn, _: dict[str, Any]) -> None:
    """The open question is put away."""
    await put_away(turn, FLOW, "adopt.stopped")


@answered(stop)
async def step(turn: Turn, dialogue: Dialogue, words: str) -> bool:
    """The words of the offer, the name of a unit, or a phone number."""
    data = {k: v for k, v in dialogue.data.items() if k != "aside"}
    if dialogue.step == "phone":
        return await _phone(turn, data, words)
    await _go_on(turn, data | {"label" if dialogue.step == "label" else "text": words})
    return True


async def _go_on(turn: Turn, data: dict[str, Any]) -> None:
    """Asks the one thing that is missing, else sums up."""
    shown = for_wall(data["text"])
    if not is_public(shown) or len(shown) < 4:
        await turn.ask(FLOW, "text", {k: v for k, v in data.items() if k != "text"})
        await turn.say("resource.ask_again", rows=[[_stop(turn)]])
    elif wish_rules.blocked_by(find_dangers(shown)):
        await turn.ask(FLOW, "text", {k: v for k, v in data.items() if k != "text"})
        await turn.say("resource.unsafe", rows=[[_stop(turn)]])
    elif await _kind(turn) == "unit" and "label" not in data:
        await turn.ask(FLOW, "label", data)
        await turn.say("resource.ask_label", rows=[[_stop(turn)]])
    elif not turn.me.phone:
        await turn.ask(FLOW, "phone", data)
        await turn.say("resource.ask_phone", rows=[[_stop(turn)]])
    else:
        await _sum_up(turn, data, shown)


async def _phone(turn: Turn, data: dict[str, Any], words: str) -> bool:
    phone = find_phone(words)
    if phone is None:
        await turn.say("adopt.phone_again", rows=[[_stop(turn)]])
        return True
    await people.set_phone(turn.tx, turn.me.id, phone)
    turn.person = turn.me._replace(phone=phone)
    await _go_on(turn, data)
    return True


async def _kind(turn: Turn) -> str:
    held = {grant.role for grant in await turn.grants()}
    return "unit" if Role.UNIT in held else "member" if Role.MEMBER in held else "neighbour"


async def _sum_up(turn: Turn, data: dict[str, Any], shown: str) -> None:
    said = read_traits(data["text"])
    await turn.ask(FLOW, "confirm", data)
    row = [turn.button("wish.button_confirm", "resource.confirm", {"draft": data["draft"]}), _stop(turn)]
    stock = _stock(data["text"])
    await turn.say(
        "resource.summary",
        rows=[row],
        words=shown,
        theme=wish_shown.theme_name(turn, said.theme or "service"),
        stock=turn.text("resource.stock", count=stock) if stock else "",
    )


def _stock(text: str) -> int | None:
    """How often it can be given; None where the words name no number."""
    found = _STOCK.search(text)
    return min(int(found["n"]), _MOST_STOCK) or None if found else None


async def confirm(turn: Turn, args: dict[str, Any]) -> None:
    """Sends it to the desk, once."""
    dialogue = turn.dialogue
    if dialogue is None or dialogue.flow != FLOW or dialogue.data.get("draft") != args["draft"]:
        await turn.toast("resource.draft_gone")
        return
    data = dialogue.data
    said = read_traits(data["text"])
    community, grid = await _place(turn, data["text"])
    made, is_new = await resources.submit(
        turn.tx,
        now=turn.now,
        draft_id=data["draft"],
        owner_id=turn.me.id,
        chat_id=turn.here.id,
        owner_kind=await _kind(turn),
        owner_label=for_wall(data.get("label", ""))[:40],
        form=data["form"],
        theme=said.theme or "service",
        skills=resources.joined(said.skills),
        text=for_wall(data["text"]),
        community=community,
        grid=grid,
        queue=desk_queue(community),
        stock=_stock(data["text"]),
    )
    await turn.done()
    if is_new:
        await tell_desk(turn, made)
    await turn.say("resource.filed", number=made.number, desk=turn.city.org.name_of(made.queue))


async def _place(turn: Turn, text: str) -> tuple[str, str]:
    """The community and grid that the words name, else the one whose unit or member this is; empty for the whole street."""
    place = turn.city.read(text).place
    if community := turn.city.community_of(place):
        return community, place.grid or ""
    scopes = [g.scope for g in await turn.grants() if g.role in (Role.UNIT, Role.MEMBER)]
    return (scopes[0], "") if len(scopes) == 1 and scopes[0] in turn.city.org.communities else ("", "")


# -------------------------------------------------------------------- the desk


async def decide(turn: Turn, args: dict[str, Any]) -> None:
    """Publishes or declines an offer."""
    resource = await resources.get(turn.tx, args["id"])
    await turn.check_may("publish_wish", resource.queue)
    event = "resource.published" if args["yes"] else "resource.declined"
    try:
        resource = await resources.move(turn.tx, resource, event, turn.now, actor_id=turn.me.id)
    except Moved:
        await turn.toast("resource.moved_on", number=resource.number)
        return
    await tell_desk(turn, resource)
    key = "resource.published" if args["yes"] else "resource.declined"
    rows = _owner_rows(turn, resource) if args["yes"] else []
    await turn.tell(resource.owner_id, key, rows=rows, number=resource.number, words=resource.text)


# -------------------------------------------------------------------- lists and one's own


def _owner_rows(turn: Turn, resource: Resource) -> list[list[Button]]:
    args = {"id": resource.id}
    if resource.state is ResourceState.PUBLISHED:
        return [
            [turn.button("resource.button_matches", "resource.matches", args)],
            [
                turn.button("resource.button_slot", "resource.slot", args),
                turn.button("resource.button_pause", "resource.pause", args),
            ],
        ]
    if resource.state is ResourceState.PAUSED:
        return [[turn.button("resource.button_resume", "resource.pause", args)]]
    return []


async def show(turn: Turn, args: dict[str, Any]) -> None:
    """One offer; its owner sees what can be done with it."""
    resource = await resources.get(turn.tx, args["id"])
    mine = resource.owner_id == turn.me.id
    await turn.send(
        turn.here,
        await card_text(turn, resource),
        rows=_owner_rows(turn, resource) if mine else [],
        owner=None if turn.here.is_group else turn.me.id,
    )


async def pause(turn: Turn, args: dict[str, Any]) -> None:
    """Takes an offer off the list for a while, or puts it back."""
    resource = await resources.get(turn.tx, args["id"])
    if resource.owner_id != turn.me.id:
        await turn.toast("resource.not_yours", number=resource.number)
        return
    event = "resource.resumed" if resource.state is ResourceState.PAUSED else "resource.paused"
    try:
        resource = await resources.move(turn.tx, resource, event, turn.now, actor_id=turn.me.id)
    except Moved:
        await turn.toast("resource.moved_on", number=resource.number)
        return
    await turn.toast(f"resource.is_{resource.state.value}", number=resource.number)


async def ask_slot(turn: Turn, args: dict[str, Any]) -> None:
    """How to write a moment of the calendar."""
    resource = await resources.get(turn.tx, args["id"])
    await turn.say("resource.ask_slot", number=resource.number)


async def add_slot(turn: Turn, match_: re.Match[str]) -> None:
    """加时段 1050 12月6日上午9点 2小时 3人."""
    resource = await find(turn, match_["number"])
    if resource is None:
        return
    if resource.owner_id != turn.me.id:
        await turn.toast("resource.not_yours", number=resource.number)
        return
    words = match_["words"]
    starts = read_moment(words, turn.now, turn.city.manners.tz)
    if starts is None or starts <= turn.now:
        await turn.say("resource.ask_slot", number=resource.number)
        return
    hours = read_hours(words)
    ends = starts + (timedelta(hours=hours) if hours else _SLOT)
    people_ = _PEOPLE.search(words)
    capacity = (read_shares(people_[1]) if people_ else None) or 1
    if await resources.add_slot(turn.tx, resource, starts, ends, capacity):
        await turn.say("resource.slot_added", number=resource.number, at=starts, until=ends, count=capacity)
    else:
        await turn.say("resource.slot_clash", number=resource.number)


async def mine(turn: Turn, _: re.Match[str] | None = None) -> None:
    """What I offer."""
    found = await resources.listed(
        turn.tx, [s.value for s in ResourceState if s is not ResourceState.CLOSED], owner_id=turn.me.id
    )
    rows = [
        [turn.button("resource.button_open", "resource.open", {"id": r.id}, number=r.number)] for r in found[:_PAGE]
    ]
    rows.append([turn.button("resource.button_new", "resource.start")])
    if not found:
        await turn.say("resource.none_mine", rows=rows)
        return
    await turn.say("resource.mine", rows=rows, offers="\n".join(list_line(turn, r) for r in found[:_PAGE]))


async def listed(turn: Turn, match_: re.Match[str]) -> None:
    """资源清单, 项目清单: what is offered now, newest first."""
    form = "project" if "项目" in match_["what"] else "resource"
    found = [r for r in await resources.listed(turn.tx, limit=100) if r.form == form]
    rows = [
        [turn.button("resource.button_open", "resource.open", {"id": r.id}, number=r.number)] for r in found[:_PAGE]
    ]
    new = turn.button("resource.button_new", "resource.start", {"form": form})
    if not found:
        await turn.say(f"resource.none_{form}", rows=[[new]])
        return
    await turn.say(
        f"resource.list_{form}", rows=[*rows, [new]], offers="\n".join(list_line(turn, r) for r in found[:_PAGE])
    )


async def typed(turn: Turn, match_: re.Match[str]) -> None:
    """发布资源, 发布项目, 资源 1050."""
    if match_["number"]:
        resource = await find(turn, match_["number"])
        if resource is not None:
            await show(turn, {"id": resource.id})
        return
    await begin(turn, {"form": "project" if "项目" in match_["what"] else "resource"})


PRESSES = {
    "resource.start": begin,
    "resource.stop": stop,
    "resource.confirm": confirm,
    "resource.decide": decide,
    "resource.open": show,
    "resource.pause": pause,
    "resource.slot": ask_slot,
    **match.PRESSES,
}
STEPS = {FLOW: step}
COMMANDS = [
    (re.compile(r"(?P<what>资源清单|项目清单|有什么资源|有哪些项目)"), listed),
    (re.compile(r"我的(?:资源|项目)"), mine),
    (re.compile(r"(?P<what>发布资源|发布项目|我有资源|提供资源)(?P<number>)"), typed),
    (re.compile(r"(?P<what>资源|项目)\s*#?(?P<number>\d{4,9})"), typed),
    (re.compile(r"加时段\s*#?(?P<number>\d{4,9})[\s,，:：]+(?P<words>.{2,60})"), add_slot),
    *match.COMMANDS,
]
