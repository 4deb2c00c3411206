"""Danger now: the safety advice and the number first, the record filed and pushed at once without waiting for a yes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from handlers import answers, cards, filing, records, report, where
from handlers import draft as drafts
from handlers.draft import Draft
from handlers.messages import Button
from handlers.triage import place_dict, restored, whole
from handlers.turn import Rows, Turn
from nlp.address import Candidate
from nlp.mask import without_room
from nlp.reader import Findings
from storage import events, requests
from storage.requests import Request
from workflow.states import OPEN, State

PEOPLE_ASKED = frozenset({"gas", "fire", "trapped"})
"""Dangers where the first question is whether everybody is safe; for the others it is the place."""
_PLACE_QUESTIONS = 2
_CLAUSE = re.compile(r"[^，。！？；,!?;\n]+")
_BESIDES = re.compile(r"另外|还有|顺便|对了|再就是|第二")
_SHORTEST_REST = 4
_NO_DANGER = ("affairs.", "opinion.", "wish.")
"""Categories of the shipped catalogue that hold no dangers: guidance, opinions, wishes."""


async def file(turn: Turn, draft: Draft, findings: Findings) -> None:
    """Advice, then the filed record, then one question: is everybody out, or where is it.

    `findings` are of the alarming message; the draft may hold more that was said before, and its place counts.
    """
    kind = findings.danger or "other"
    number = turn.city.manners.emergency.get(kind, "")
    key = f"danger.advice_{kind}" if turn.city.texts.has(f"danger.advice_{kind}") else "danger.advice_other"
    await turn.say(key, number=number)
    said = turn.incoming.text if turn.incoming else ""
    alarm, rest = _apart(turn, said)
    reading = _reading(turn, draft, findings, alarm)
    request, is_new = await filing.file(turn, draft, reading, urgent=True)
    if turn.dialogue is not None and turn.dialogue.data.get("id") == draft.id:
        await turn.done()
    if not is_new:
        await turn.toast("report.filed_before", number=request.number)
        return
    album = turn.incoming.media[-1].album if turn.incoming and turn.incoming.media else ""
    await turn.ask("danger", "open", {"id": request.id, "kind": kind, "album": album, "asked": 1, "people": ""})
    await _ask(turn, request, kind, reading.place.candidates)
    if rest and turn.dialogue is not None:
        await turn.ask("danger", "open", {**turn.dialogue.data, "rest": rest})
        button = turn.button("danger.button_rest", "report.from_words", {"words": drafts.sealed(turn, rest)})
        await turn.say("danger.rest", words=rest[:30], rows=[[button]])


def _apart(turn: Turn, said: str) -> tuple[Findings | None, str]:
    """The reading of the alarming clause alone, and the words of a clearly different matter beside it, if any."""
    read = turn.city.read
    clauses = [c.strip() for c in _CLAUSE.findall(said) if c.strip()]
    alarming = [c for c in clauses if read(c).urgent]
    if len(clauses) < 2 or not alarming:
        return None, ""
    alarm = read("，".join(alarming))
    rest = "，".join(c for c in clauses if c not in alarming)
    other = read(rest)
    is_matter = other.intent == "request" and other.item and other.confidence >= turn.city.manners.sure
    elsewhere = alarm.place.grid and other.place.grid and alarm.place.grid != other.place.grid
    if not (elsewhere or _BESIDES.search(said)):
        return alarm, ""
    if (
        not is_matter
        or len(rest) < _SHORTEST_REST
        or (alarm.item or "").split(".")[0] == (other.item or "").split(".")[0]
    ):
        return alarm, ""
    return alarm, rest


def _reading(turn: Turn, draft: Draft, findings: Findings, alarm: Findings | None) -> Findings:
    """The whole draft, with the kind and the place of the alarming words before those of the others."""
    told = drafts.read(turn, draft)
    sources = [f for f in (alarm, findings, told) if f is not None]
    place = next((f.place for f in sources if f.place.grid), None)
    if place is not None and (place is not told.place or not draft.place):
        draft.place = whole(place)
    kinds = [f.item for f in sources[:-1] if f.item and not _is_unlikely(turn, f)]
    draft.item = ""
    unsettled = next((f.place for f in sources if f.place.candidates), told.place)
    return replace(
        told,
        intent="request",
        item=kinds[0] if kinds else None,
        urgent=True,
        danger=findings.danger or "other",
        place=place or unsettled,
    )


def _is_unlikely(turn: Turn, findings: Findings) -> bool:
    """Whether the kind is a guess that no danger is likely to be: the desk looks at it rather than that office."""
    return findings.confidence < turn.city.manners.sure and str(findings.item).startswith(_NO_DANGER)


async def _ask(turn: Turn, request: Request, kind: str, candidates: tuple[Candidate, ...]) -> None:
    told = "、".join(map(turn.city.org.name_of, [*filing.rescuers(turn, request), request.queue]))
    values: dict[str, Any] = {"record": request.number, "queue": told}
    if not request.grid:
        await turn.say("danger.where", rows=_place_rows(turn, request, candidates), **values)
    elif kind in PEOPLE_ASKED:
        await turn.say("danger.filed_people", rows=_people_rows(turn, request), **values)
    else:
        await turn.say("danger.filed", **values)


def _place_rows(turn: Turn, request: Request, candidates: tuple[Candidate, ...]) -> Rows:
    """Where it may be: what the words leave open, else where this person last reported something."""
    rows = [
        [Button(c.label, "danger.place", {"id": request.id, "grid": c.grid, "text": c.label})] for c in candidates[:4]
    ]
    last = turn.me.last_place
    if not rows and last and last.get("grid"):
        args = {"id": request.id, "grid": last["grid"], "text": without_room(restored(last).text)}
        label = turn.text("report.button_last_place", place=args["text"])
        rows.append([Button(label, "danger.place", args)])
    return rows


def _people_rows(turn: Turn, request: Request) -> Rows:
    return [
        [
            turn.button(f"danger.button_{word}", "danger.people", {"id": request.id, "inside": word == "inside"})
            for word in ("out", "inside")
        ]
    ]


# -------------------------------------------------------------------- people


async def _people(turn: Turn, args: dict[str, Any]) -> None:
    request = await _own(turn, args)
    if request is not None:
        await _tell_people(turn, request, "inside" if args["inside"] else "out")


async def _own(turn: Turn, args: dict[str, Any]) -> Request | None:
    """The record while it is open and the presser's own; else they were told."""
    request = await requests.get(turn.tx, args["id"])
    if request.reporter_id != turn.me.id:
        await turn.toast("common.press_not_yours")
        return None
    if request.state not in OPEN:
        state = turn.text(f"state.{request.state.value}")
        await turn.toast("common.moved_on", number=request.number, state=state)
        return None
    return request


async def _tell_people(turn: Turn, request: Request, word: str) -> None:
    """Everybody who was pushed hears whether somebody is still in there."""
    await events.add(
        turn.tx,
        "request",
        request.id,
        "request.supplemented",
        turn.now,
        actor_id=turn.me.id,
        data={"people": word},
    )
    values: dict[str, Any] = {"number": request.number, "place": request.place_text or turn.text("card.unknown_place")}
    grid = f"grid:{request.grid}" if request.grid else "desk"
    for queue in dict.fromkeys([request.queue, *filing.rescuers(turn, request), grid, turn.city.org.desk_of(grid)]):
        await turn.tell_queue(queue, f"danger.people_{word}", **values)
    if request.claimer_id is not None:
        await turn.tell(request.claimer_id, f"danger.people_{word}", **values)
    await turn.say(f"danger.thanks_{word}")
    if turn.dialogue is not None and turn.dialogue.flow == "danger":
        await turn.ask("danger", "open", {**turn.dialogue.data, "people": word})


# -------------------------------------------------------------------- the place, when it comes later


async def _place(turn: Turn, args: dict[str, Any]) -> None:
    request = await _own(turn, args)
    if request is not None and not request.grid:
        community = turn.city.street.community_of(args["grid"]).id
        await locate(turn, request, args["grid"], {"text": args["text"], "community": community})


async def locate(turn: Turn, request: Request, grid: str, place: dict[str, Any]) -> None:
    """The place came after the filing: the record goes where it belongs, and that grid is pushed too."""
    if request.state is State.QUEUED:
        await where.located(turn, request, grid, by="reporter")
        request = await filing.redirect(turn, request, grid=grid, place=place, why="place", tells=False)
    else:
        before = request
        request = await requests.change(
            turn.tx, request.id, grid=grid, place={**request.place, **place, "grid": grid}, place_text=place["text"]
        )
        await where.located(turn, before, grid, kept=request, by="reporter")
        await cards.refresh(turn, request)
        await records.tell_handler(turn, request, "records.supplemented", words=place["text"])
    await filing.groups_told(turn, request)
    values: dict[str, Any] = {"record": request.number, "place": request.place_text}
    data_open = turn.dialogue.data if turn.dialogue is not None and turn.dialogue.flow == "danger" else {}
    if request.danger in PEOPLE_ASKED and not data_open.get("people"):
        await turn.say("danger.located_people", rows=_people_rows(turn, request), **values)
    else:
        await turn.say("danger.located", **values)


# -------------------------------------------------------------------- words after the alarm


async def _step(turn: Turn) -> bool:
    """Whatever is said next belongs to the danger: a place, how it goes on, photos. A new kind of matter does not."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None:
        return False
    request = await requests.get(turn.tx, dialogue.data["id"])
    if request.state not in OPEN or turn.now - request.received_at > turn.city.manners.draft_life:
        await turn.done()
        return False
    album = incoming.media[-1].album if incoming.media else ""
    if album and album == dialogue.data["album"] and not incoming.text.strip():
        await records.supplement(turn, request, quiet=True)
        return True
    if album:
        dialogue.data["album"] = album
        await turn.ask("danger", "open", dialogue.data)
    findings = turn.city.read(incoming.text)
    if _is_other(turn, request, findings, dialogue.data):
        return False
    if await _about_people(turn, request, findings, dialogue.data):
        return True
    if request.grid or incoming.media:
        await records.supplement(turn, request)
    else:
        await _answered_place(turn, request, findings)
    return True


def _is_other(turn: Turn, request: Request, findings: Findings, data: dict[str, Any]) -> bool:
    """Whether these words are about something else: thanks, a question, another danger, another place or kind."""
    text = turn.incoming.text.strip() if turn.incoming else ""
    if findings.menu is not None or findings.intent in ("progress", "wish", "consult"):
        return True
    if findings.intent == "smalltalk" and answers.is_thanks(text) and not turn.attached:
        return True
    if findings.urgent and findings.danger not in (None, "other", data["kind"]):
        return True
    if findings.place.grid and request.grid and findings.place.grid != request.grid:
        return True
    is_kind = findings.intent == "request" and findings.item not in (None, request.item) and not findings.urgent
    return (
        is_kind and findings.confidence >= turn.city.manners.sure and bool(findings.place.grid) and bool(request.grid)
    )


async def _about_people(turn: Turn, request: Request, findings: Findings, data: dict[str, Any]) -> bool:
    """ "都出来了", "还有老人在屋里", or yes and no to the open question."""
    text = turn.incoming.text if turn.incoming else ""
    word = answers.people(text)
    decided = answers.yes_or_no(text)
    if decided is not None and data.get("rest"):
        await _about_rest(turn, data, wanted=decided)
        return True
    if not word and decided is not None and request.grid and data["kind"] in PEOPLE_ASKED and not data.get("people"):
        word = "out" if decided else "inside"
    if not word or (findings.place.grid and not request.grid):
        return False
    if decided is None:
        await records.supplement(turn, request, quiet=True)
        request = await requests.get(turn.tx, request.id)
    await _tell_people(turn, request, word)
    return True


async def _about_rest(turn: Turn, data: dict[str, Any], *, wanted: bool) -> None:
    """Yes or no to "this one too?"."""
    rest = data["rest"]
    await turn.ask("danger", "open", {**data, "rest": ""})
    if wanted:
        await report.start(turn, turn.city.read(rest), text=rest, again=True)
    else:
        await turn.say("danger.rest_left")


async def _answered_place(turn: Turn, request: Request, findings: Findings) -> None:
    """The words join the record; a place in them, alone or with what was said before, sends it there."""
    text = turn.incoming.text.strip() if turn.incoming else ""
    before = (await requests.get_original(turn.tx, request.id)).text
    await records.supplement(turn, request, quiet=True)
    request = await requests.get(turn.tx, request.id)
    earlier = turn.city.read(before).place.text
    options = [findings.place, *(turn.city.places.find(w) for w in (f"{earlier}{text}", f"{text}{earlier}") if earlier)]
    found = next((p for p in options if p.grid), None)
    if found is not None:
        await locate(turn, request, found.grid or "", place_dict(found))
        return
    data = turn.dialogue.data if turn.dialogue else {}
    open_one = next((p for p in options if p.candidates), None)
    asked = int(data.get("asked", 0))
    await turn.ask("danger", "open", {**data, "asked": asked + 1})
    if open_one is not None:
        await turn.say("danger.which", rows=_place_rows(turn, request, open_one.candidates))
    elif turn.incoming is not None and turn.incoming.geo is not None:
        await turn.say("danger.point_kept", record=request.number)
    elif asked < _PLACE_QUESTIONS:
        await turn.say("danger.where_again", rows=_place_rows(turn, request, ()))
    else:
        await turn.say("danger.passed_on", record=request.number)


PRESSES = {"danger.people": _people, "danger.place": _place}
STEPS = {"danger": _step}
