"""Which of their records a resident's plain words mean, and what they want of it: how it stands, add, urge, withdraw, redo."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from handlers import albums, answers, records, sure, wish_mine, withdraw
from handlers import draft as drafts
from handlers.triage import level_of
from handlers.turn import Turn
from nlp.reader import Findings
from nlp.supplements import Supplement, is_for_worker
from nlp.verdict import is_unsolved_again
from storage import requests, supporters, wishes
from storage.requests import Request
from workflow.rating import may_reopen
from workflow.states import OPEN, State

_NUMBER = re.compile(r"(?<!\d)(\d{4,9})(?!\d)")
_ASKED_BY_NUMBER = re.compile(r"(?:单号|编号|工单|查(?:一?下|询)?)\D{0,3}(\d{4,9})(?!\d)")
_PRESS_FOR = {"urge": "records.urge", "withdraw": "records.withdraw", "redo": "records.reopen"}


async def progress(turn: Turn, findings: Findings) -> None:
    """ "那个灯修得怎么样了": the record that is meant, by number, kind or place; the list when several fit."""
    text = turn.incoming.text if turn.incoming else ""
    fresh = [[turn.button("records.button_new", "report.from_words", {"words": drafts.sealed(turn, text)})]]
    for digits in _NUMBER.findall(text):
        request = await requests.find_by_number(turn.tx, int(digits))
        if request is not None and await records.concerns(turn, request):
            await show_with_files(turn, request)
            return
    asked = _ASKED_BY_NUMBER.search(text)
    if asked is not None:
        wish = await wishes.find_by_number(turn.tx, int(asked[1]))
        if wish is not None and turn.me.id in (wish.wisher_id, wish.adopter_id):
            await wish_mine.open_one(turn, {"id": wish.id})
        else:
            await turn.say("records.not_yours", number=asked[1])
        return
    found = await supporters.followed_by(turn.tx, turn.me.id, limit=20)
    chosen = _meant(turn, found, findings, text)
    if len(chosen) != 1 and _names_nothing(turn, findings, text):
        chosen = [r for r in found if r.state in OPEN]
    if len(chosen) == 1:
        await show_with_files(turn, chosen[0])
    elif found:
        await records.mine(turn, rows=fresh)
    else:
        await turn.say("records.nothing_found", rows=fresh)


def _names_nothing(turn: Turn, findings: Findings, text: str) -> bool:
    """Whether a question after something leaves open after what: "什么时候能修好"."""
    return not findings.place.text and level_of(turn.city, findings) != "sure" and answers.asks_after(text)


async def show_with_files(turn: Turn, request: Request) -> None:
    """Photos that came with the question belong to the record."""
    if turn.attached and request.state in OPEN:
        await records.supplement(turn, request)
        await albums.keep(turn, "request", request.id)
    await records.show(turn, request)


def _meant(turn: Turn, found: Sequence[Request], findings: Findings, said: str) -> list[Request]:
    """The records that the words fit best: open before closed, same kind and place before one of the two."""
    if len(found) == 1:
        return list(found) if _may_be(found[0], findings) else []

    def score(request: Request) -> int:
        points = 20 * (request.item == findings.topic and bool(request.item))
        points += 20 * bool(findings.place.grid and request.grid == findings.place.grid)
        points += 2 * _shared(turn, request, said)
        return points + (request.state in OPEN and points > 0)

    best = max((score(r) for r in found), default=0)
    return [r for r in found if best and score(r) == best]


def _shared(turn: Turn, request: Request, said: str) -> int:
    """How many telling characters a question shares with a record: "那个灯" and 楼道灯."""
    told = set(turn.city.item_name(request.item) + request.summary)
    return len({c for c in said if c.isalnum() and not c.isascii()} & told - answers.ASKING)


def _may_be(request: Request, findings: Findings) -> bool:
    """Whether the words do not surely speak of another thing: another place, or another kind of another category."""
    if findings.place.grid and request.grid and findings.place.grid != request.grid:
        return False
    topic, kind = findings.topic or "", request.item
    return not (topic and kind and topic.split(".")[0] != kind.split(".")[0])


async def supplements(turn: Turn, more: Supplement | None) -> bool:
    """Adds announced words and files to the open record that is meant; asks where several can be, or none is likely.

    False when nothing is to be added or nothing is open, and for files of which nobody knows where they belong: those
    begin a report.
    """
    if more is None:
        return False
    found = [r for r in await supporters.followed_by(turn.tx, turn.me.id, limit=20) if r.state in OPEN]
    if more.number is not None:
        found = [r for r in found if r.number == more.number]
    if not found:
        return False
    findings = turn.city.read(more.words)
    chosen = found if more.number is not None else _meant(turn, found, findings, more.words)
    if len(chosen) == 1 and (more.words or turn.attached):
        await records.supplement(turn, chosen[0], text=more.words)
        await albums.keep(turn, "request", chosen[0].id)
    elif len(chosen) == 1:
        await records.PRESSES["records.add"](turn, {"id": chosen[0].id})
    elif turn.attached:
        return False
    else:
        await _ask_to_which(turn, found, more.words)
    return True


async def for_worker(turn: Turn, findings: Findings) -> bool:
    """Words for whoever comes: asks to which open record they belong. False when nothing is open, or a place is named."""
    text = turn.incoming.text.strip() if turn.incoming else ""
    if findings.place.text or not is_for_worker(text):
        return False
    found = [r for r in await supporters.followed_by(turn.tx, turn.me.id, limit=20) if r.state in OPEN]
    if not found or turn.attached:
        return False
    await _ask_to_which(turn, found, text, "records.for_worker")
    return True


async def unsolved(turn: Turn, findings: Findings) -> bool:
    """ "没修好，又不亮了" of something just finished: asks whether it is to be done again. False when nothing else is meant."""
    text = turn.incoming.text.strip() if turn.incoming else ""
    if not is_unsolved_again(text) or turn.attached:
        return False
    is_sure = level_of(turn.city, findings) == "sure"
    found = await supporters.followed_by(turn.tx, turn.me.id, limit=20)
    able = [
        r for r in found if _can(turn, r, "redo") and _may_be(r, findings) and (not is_sure or r.item == findings.item)
    ]
    return await _redo(turn, able)


async def _ask_to_which(turn: Turn, found: Sequence[Request], words: str, key: str = "records.which") -> None:
    sealed = {"words": drafts.sealed(turn, words)} if words else {}
    rows = [
        [turn.button("records.button_open", "records.add", {"id": r.id} | sealed, **records.named(turn, r))]
        for r in found[: records.SHOWN]
    ]
    new = [[turn.button("records.button_new", "report.from_words", sealed)]] if words else []
    await turn.say(key, rows=[*rows, *new])


async def is_about_open(turn: Turn, findings: Findings) -> bool:
    """Whether a question ("电梯什么时候修好", "什么时候能修好") is about an open record of the acting person."""
    found = await supporters.followed_by(turn.tx, turn.me.id, limit=20)
    text = turn.incoming.text if turn.incoming else ""
    if _names_nothing(turn, findings, text):
        return any(r.state in OPEN and r.intent != "consult" for r in found)
    return any(r.state in OPEN and r.item and r.item == findings.item and r.intent != "consult" for r in found)


async def wanted(turn: Turn, what: str) -> bool:
    """Does to the one record that can be meant what a short text wants: urge, withdraw or redo. False when none can."""
    if not what:
        return False
    found = await supporters.followed_by(turn.tx, turn.me.id, limit=20)
    able = [r for r in found if _can(turn, r, what)]
    if not able:
        return False
    if what == "redo":
        return await _redo(turn, able)
    if len(able) > 1:
        await turn.say("records.which", rows=[[_button(turn, r, what)] for r in able[: records.SHOWN]])
    else:
        await {**records.PRESSES, **withdraw.PRESSES}[_PRESS_FOR[what]](turn, {"id": able[0].id})
    return True


async def _redo(turn: Turn, able: Sequence[Request]) -> bool:
    """Asks once more; which, where several can be meant. False when none can."""
    if len(able) > 1:
        await turn.say("records.which", rows=[[_button(turn, r, "redo")] for r in able[: records.SHOWN]])
    elif able:
        no = turn.button("records.button_redo_no", "records.leave_it", {"id": able[0].id})
        yes, named = _button(turn, able[0], "redo"), records.named(turn, able[0])
        await sure.ask(turn, "records.redo_sure", yes, no, ends=False, **named)
    return bool(able)


def _can(turn: Turn, request: Request, what: str) -> bool:
    if what == "redo":
        ended_at = request.closed_at or request.resolved_at
        is_ended = request.state in (State.RESOLVED, State.CLOSED)
        return is_ended and ended_at is not None and may_reopen(ended_at, turn.now)
    if what == "withdraw":
        return request.state in (State.QUEUED, State.CLAIMED) and request.reporter_id == turn.me.id
    return request.state in OPEN


def _button(turn: Turn, request: Request, what: str) -> Any:
    key = "records.button_reopen" if what == "redo" else "records.button_open"
    return turn.button(key, _PRESS_FOR[what], {"id": request.id}, **records.named(turn, request))
