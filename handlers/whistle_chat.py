"""吹哨 in the chat: choosing kind, lead and helpers press by press, and what the departments and the caller press.

The acts are `whistle.py`; the card is `whistle_card.py`. What is chosen so far stands in the buttons themselves.
"""

from __future__ import annotations

import re
from typing import Any

from handlers import standing, whistle, whistle_card
from handlers.messages import Geo
from handlers.turn import Denied, Rows, Turn
from handlers.whistle import Place
from nlp.geo import to_wgs84
from storage import requests, whistles
from storage.requests import Request
from storage.whistles import Part
from workflow.queues import dept_queue
from workflow.rights import may_act
from workflow.whistle import Kind, Proof, Reason

FLOW = "whistle"
_PAGE = 10

# -------------------------------------------------------------------- blowing


async def begin(turn: Turn, args: dict[str, Any]) -> None:
    """Which kind?"""
    request = await requests.get(turn.tx, args["id"])
    await standing.demand(turn, "whistle", request)
    row = [turn.button(f"whistle.kind_{k.value}", "whistle.choose", {"id": request.id, "kind": k.value}) for k in Kind]
    await turn.say("whistle.ask_kind", rows=[[b] for b in row], slot=_slot(turn, request), **_named(turn, request))


def _slot(turn: Turn, request: Request) -> str:
    return f"blow:{request.id}" if turn.here.is_group else ""


def _named(turn: Turn, request: Request) -> dict[str, Any]:
    return standing.named(turn, request)


async def _choose(turn: Turn, args: dict[str, Any]) -> None:
    """The first department chosen leads; pressing one again takes it out; then it is blown."""
    request = await requests.get(turn.tx, args["id"])
    await standing.demand(turn, "whistle", request)
    chosen: list[str] = list(args.get("chosen", []))
    state = {"id": request.id, "kind": args["kind"], "chosen": chosen, "proof": args.get("proof", "")}
    offered = await _offered(turn, request, chosen, args.get("from", 0))
    rows: list[Any] = [
        [_unit_button(turn, state, reason) for reason in offered[i : i + 2]] for i in range(0, len(offered), 2)
    ]
    start = args.get("from", 0)
    more = {**state, "from": start + _PAGE if start + _PAGE < len(turn.city.org.departments) else 0}
    rows.append([turn.button("whistle.button_more", "whistle.choose", more)])
    nxt = {"": "photo", "photo": "place", "place": ""}[state["proof"]]
    proof = turn.button(f"whistle.button_proof_{state['proof'] or 'none'}", "whistle.choose", {**state, "proof": nxt})
    rows.append([proof])
    if chosen:
        rows.append([turn.button("whistle.button_blow", "whistle.blow", state)])
    named = [turn.city.org.name_of(dept_queue(d)) for d in chosen]
    await turn.say(
        "whistle.ask_units",
        rows=rows,
        slot=_slot(turn, request),
        kind=turn.text(f"whistle.kind_{args['kind']}"),
        reasons="\n".join(_why(turn, reason) for reason in await whistle.suggestions(turn, request)),
        lead=named[0] if named else "",
        helpers=turn.text("whistle.list_mark").join(named[1:]),
        **_named(turn, request),
    )


async def _offered(turn: Turn, request: Request, chosen: list[str], start: int) -> list[str]:
    suggested = [r.department for r in await whistle.suggestions(turn, request)]
    every = [*dict.fromkeys([*chosen, *suggested, *turn.city.org.departments])]
    return every[start : start + _PAGE]


def _unit_button(turn: Turn, state: dict[str, Any], department: str) -> Any:
    chosen = state["chosen"]
    after = [d for d in chosen if d != department] if department in chosen else [*chosen, department]
    key = "whistle.button_plain"
    if department in chosen:
        key = "whistle.button_lead" if chosen[0] == department else "whistle.button_helper"
    unit = turn.city.org.name_of(dept_queue(department))
    return turn.button(key, "whistle.choose", {**state, "chosen": after}, unit=unit)


def _why(turn: Turn, reason: Reason) -> str:
    unit = turn.city.org.name_of(dept_queue(reason.department))
    return turn.text(f"whistle.why_{reason.why}", unit=unit, times=reason.times or "")


async def _blow(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    chosen = args["chosen"]
    blown = await whistle.blow(
        turn,
        request,
        kind=Kind(args["kind"]),
        lead=chosen[0],
        helpers=chosen[1:],
        proof=Proof(args["proof"]),
        words=args.get("words", ""),
    )
    await _blown(turn, request, len(await whistles.parts_of(turn.tx, blown.id)))


async def _blown(turn: Turn, request: Request, count: int) -> None:
    await turn.say("whistle.blown", slot=_slot(turn, request), count=count, **_named(turn, request))


async def _typed(turn: Turn, match: re.Match[str]) -> None:
    """吹哨 1042; 吹哨 1042 城管 住建 街面和房子都要管; 吹哨 1042 1043 城管."""
    request = await standing.find(turn, match["number"])
    if request is None:
        return
    others = [await standing.find(turn, n) for n in re.findall(r"\d{4,9}", match["others"] or "")]
    departments, rest = _departments(turn, (match["words"] or "").split())
    if not departments:
        await begin(turn, {"id": request.id})
        return
    blown = await whistle.blow(
        turn,
        request,
        kind=Kind.EMERGENCY if request.urgent else Kind.ALONE,
        lead=departments[0],
        helpers=departments[1:],
        words=rest,
        others=[o for o in others if o is not None],
    )
    await _blown(turn, request, len(await whistles.parts_of(turn.tx, blown.id)))


def _departments(turn: Turn, words: list[str]) -> tuple[list[str], str]:
    """The departments that the first words name, and what is said after them."""
    names = {name: department for department, name in turn.city.org.departments.items()}
    found: list[str] = []
    while words and words[0] in names:
        found.append(names[words.pop(0)])
    return found, " ".join(words)


# -------------------------------------------------------------------- the departments


async def _answer(turn: Turn, args: dict[str, Any]) -> None:
    part = await whistles.get_part(turn.tx, args["part"])
    await whistle.answer(turn, part)
    await turn.toast("whistle.answered", due=part.due_at)


async def _check_in(turn: Turn, args: dict[str, Any]) -> None:
    """At once, or after the photo or place that was asked for."""
    part = await whistles.get_part(turn.tx, args["part"])
    blown, request = await whistle.open_part(turn, part)
    if blown.proof is not Proof.NONE and part.arrived_at is None:
        await turn.ask(FLOW, "proof", {"part": part.id})
        await turn.say(f"whistle.ask_{blown.proof.value}", force_reply=True, **_named(turn, request))
        return
    await whistle.check_in(turn, part)
    await turn.toast("whistle.here", number=request.number)


async def _report(turn: Turn, args: dict[str, Any]) -> None:
    part = await whistles.get_part(turn.tx, args["part"])
    _, request = await whistle.open_part(turn, part)
    await turn.ask(FLOW, "report", {"part": part.id})
    await turn.say("whistle.ask_report", force_reply=True, **_named(turn, request))


async def _step(turn: Turn) -> bool:
    """The proof of a check-in, a department's result, or why a whistle is called off."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None or standing.is_stale(turn):
        return False
    if standing.is_cancel(turn):
        await turn.done()
        await turn.toast("claim.stopped")
        return True
    if dialogue.step == "proof":
        return await _proof(turn, await whistles.get_part(turn.tx, dialogue.data["part"]))
    if not incoming.text.strip():
        return False
    await turn.done()
    part = await whistles.get_part(turn.tx, dialogue.data["part"])
    await whistle.report(turn, part, incoming.text)
    await turn.toast("whistle.reported")
    return True


async def _proof(turn: Turn, part: Part) -> bool:
    geo = turn.incoming.geo if turn.incoming else None
    if geo is None and not turn.attached:
        return False
    place = point_of(geo) if geo else None
    request = await whistle.check_in(turn, part, files=turn.attached, place=place)
    await turn.done()
    await turn.toast("whistle.here", number=request.number)
    return True


def point_of(geo: Geo) -> Place:
    """The point on the map that everybody else uses: Chinese platforms tell theirs shifted by some hundred metres."""
    lon, lat = to_wgs84(geo.lon, geo.lat) if geo.system == "gcj02" else (geo.lon, geo.lat)
    return Place(lat, lon)


async def _typed_part(turn: Turn, match: re.Match[str]) -> None:
    """接哨 1042, 报到 1042, 哨办结 1042 words: for the acting person's own department."""
    request = await standing.find(turn, match["number"])
    if request is None:
        return
    part = await _own_part(turn, request)
    verb, words = match["verb"], (match["words"] or "").strip()
    if verb == "报到" and turn.attached:
        await whistle.check_in(turn, part, files=turn.attached)
        await turn.toast("whistle.here", number=request.number)
    elif verb == "办完" and words:
        await whistle.report(turn, part, words)
        await turn.toast("whistle.reported")
    else:
        await {"接哨": _answer, "报到": _check_in, "办完": _report}[verb](turn, {"part": part.id})


async def _own_part(turn: Turn, request: Request) -> Part:
    found = await whistles.find_latest(turn.tx, request.id)
    grants = await turn.grants()
    for part in await whistles.parts_of(turn.tx, found.id) if found else []:
        if may_act(grants, "check_in", part.queue, turn.city.org):
            return part
    raise Denied("whistle.no_part", number=request.number)


# -------------------------------------------------------------------- the caller, and after the end


async def _waive(turn: Turn, args: dict[str, Any]) -> None:
    part = await whistles.get_part(turn.tx, args["part"])
    await whistle.waive(turn, part)
    await turn.toast("whistle.waived", unit=turn.city.org.name_of(part.queue))


async def _call_off(turn: Turn, args: dict[str, Any]) -> None:
    moved = await whistle.call_off(turn, await whistles.get(turn.tx, args["whistle"]))
    await turn.toast("whistle.called_off", number=moved.number, queue=turn.city.org.name_of(moved.queue))


async def _typed_off(turn: Turn, match: re.Match[str]) -> None:
    """撤哨 1042."""
    request = await standing.find(turn, match["number"])
    found = await whistles.find_latest(turn.tx, request.id) if request else None
    if request is not None and found is None:
        raise Denied("whistle.over", number=request.number)
    if found is not None:
        await _call_off(turn, {"whistle": found.id})


async def _assess(turn: Turn, args: dict[str, Any]) -> None:
    found = await whistles.get(turn.tx, args["whistle"])
    of_caller = args["of_caller"]
    await whistle.assess(turn, found, args["queue"], of_caller=of_caller, stars=args["stars"])
    unit = turn.city.org.name_of(found.caller if of_caller else args["queue"])
    place = f"assess:{found.id}:{args['part']}" if turn.here.is_group else ""
    rows: Rows = ()
    await turn.say("whistle.assessed", slot=place, rows=rows, unit=unit, stars=args["stars"])


async def show(turn: Turn, request: Request) -> None:
    """The card of a record's whistle, for whoever asks."""
    found = await whistles.find_latest(turn.tx, request.id)
    if found is not None:
        parts = await whistles.parts_of(turn.tx, found.id)
        await turn.say("claim.show", card=await whistle_card.text(turn, found, request, parts))


PRESSES = {
    "whistle.begin": begin,
    "whistle.choose": _choose,
    "whistle.blow": _blow,
    "whistle.answer": _answer,
    "whistle.check_in": _check_in,
    "whistle.report": _report,
    "whistle.waive": _waive,
    "whistle.call_off": _call_off,
    "whistle.assess": _assess,
}
STEPS = {FLOW: _step}
TIMERS = whistle.TIMERS
COMMANDS = [
    (
        re.compile(
            r"吹哨\s*#?(?P<number>\d{4,9})(?P<others>(?:[\s,，、]+\d{4,9})*)(?:[\s,:;。]+(?P<words>\D.{0,300}))?",
            re.DOTALL,
        ),
        _typed,
    ),
    (
        re.compile(r"(?P<verb>接哨|报到|办完)\s*#?(?P<number>\d{4,9})(?:[\s,:;。]+(?P<words>.{1,300}))?", re.DOTALL),
        _typed_part,
    ),
    (re.compile(r"撤哨\s*#?(?P<number>\d{4,9})"), _typed_off),
]
