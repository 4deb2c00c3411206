"""Plain words of somebody at work, "换好灯泡了", "等配件，明天去", "1001 我来": asked back where they could mean something else.

The words are read in `nlp.working`; what each act does is in `claim.py`, `handover.py`, `result.py`, `extension.py`
and `waiting_chat.py`, which check the rights. Commands with a number are with their commands.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from handlers import answers, briefs, claim, extension, handover, listen, report, result, standing, waiting_chat
from handlers import draft as drafts
from handlers.messages import Button
from handlers.triage import is_danger, level_of
from handlers.turn import Turn
from nlp.reader import Findings
from nlp.working import (
    CONTACT,
    DETAIL,
    EXTEND,
    MINE,
    NOTE,
    PAUSE,
    RELEASE,
    RESULT,
    RETURN,
    TAKE,
    TRANSFER,
    WAITING,
    Work,
    read_work,
)
from storage import requests
from storage.requests import Request
from workflow.rights import may_act, may_anywhere
from workflow.states import State

FLOW = "work"
LIFE = timedelta(minutes=30)
"""Words that come later are no answer to the question any more."""
_LISTED = 8
_NUMBER = re.compile(r"(?<!\d)\d{4,9}(?!\d)")
_HOUSE = re.compile(r"(?P<building>\w+) [幢栋]")
"""As `nlp.address.public_text` writes it."""
_ACTS: Mapping[str, Callable[[Turn, dict[str, Any]], Awaitable[None]]] = {
    RESULT: result.give,
    NOTE: result.note,
    RELEASE: claim.release,
    RETURN: handover.give_back,
    TRANSFER: handover.transfer,
    CONTACT: claim.contact,
    DETAIL: claim.detail,
    EXTEND: extension.begin,
    PAUSE: waiting_chat.begin,
}
"""What is done when no words of the matter were said."""


async def heard(turn: Turn, typed: str) -> bool:
    """Answers words about one's own work. False, and nothing is said, for everybody and everything else.

    In a group, where people talk to each other, a number or an answer to a card has to be there.
    """
    said = _read(turn, typed)
    if said is None or not await standing.may_work(turn):
        return False
    if said.act == TAKE:
        return (said.number is not None or not turn.here.is_group) and await _take(turn, said)
    if said.number is not None:
        return await _numbered(turn, said)
    return not turn.here.is_group and await _unnumbered(turn, said)


def _read(turn: Turn, typed: str) -> Work | None:
    """What is said of which record: an answer to one of our messages is about the record that this one names."""
    incoming = turn.incoming
    if incoming is None or incoming.kind == "place":
        return None
    said = read_work(typed)
    named = _NUMBER.search(incoming.replied)
    if named is not None and (said is None or said.number is None):
        is_courtesy = answers.yes_or_no(typed) is not None or answers.is_thanks(typed)
        return None if is_courtesy else read_work(f"{named[0]} {typed}")
    if said is None and turn.attached and not typed and not turn.here.is_group:
        return Work("", None, "")
    return said


# -------------------------------------------------------------------- which record


async def _take(turn: Turn, said: Work) -> bool:
    """Takes the record with the number, else the one that waits; shows what waits when it is more than one."""
    if said.number is not None:
        request = await standing.find(turn, str(said.number))
        if request is not None:
            await claim.take(turn, {"id": request.id})
        return True
    waiting = await _waiting(turn)
    if not waiting:
        await turn.toast("work.none_waiting")
    elif len(waiting) == 1:
        await claim.take(turn, {"id": waiting[0].id})
    else:
        await turn.say("work.which_take", rows=[[_button(turn, r, "claim.take", {})] for r in waiting])
    return True


async def _waiting(turn: Turn) -> list[Request]:
    """What the acting person may claim, oldest first."""
    grants, org = await turn.grants(), turn.city.org
    queues = [queue for queue in org.queues() if may_act(grants, "claim", queue, org)]
    return await requests.in_queue(turn.tx, queues, [State.QUEUED], limit=_LISTED) if queues else []


async def _show_waiting(turn: Turn) -> None:
    """What waits, each to be opened with all that can be done with it."""
    waiting = await _waiting(turn)
    if waiting:
        await turn.say("work.waiting", rows=[[_button(turn, r, "claim.show", {})] for r in waiting])
    else:
        await turn.say("work.none_waiting")


async def _numbered(turn: Turn, said: Work) -> bool:
    """Words about the record with this number, when the acting person holds it."""
    request = await requests.find_by_number(turn.tx, said.number or 0)
    if request is None or request.claimer_id != turn.me.id or request.state not in standing.HELD:
        return False
    if is_danger(turn.city.read(said.words), said.words) or (turn.here.is_group and said.words and not said.act):
        return False
    if turn.here.is_group and said.words:
        await _offer(turn, [request], said)
    else:
        await _do(turn, request, said)
    return True


async def _unnumbered(turn: Turn, said: Work) -> bool:
    """The record that is meant among those the acting person holds, or the question which it is."""
    if said.act == WAITING:
        await _show_waiting(turn)
        return True
    held = await requests.held_by(turn.tx, turn.me.id)
    if said.act == MINE:
        decides = may_anywhere(await turn.grants(), "reroute", turn.city.org)
        await (briefs.glance(turn) if decides and not held else claim.mine(turn))
        return True
    if said.words:
        held = _fitting(turn, held, said)
    if not held and (said.words or not said.act):
        return False
    if not held:
        await claim.mine(turn)
    elif said.act in (RESULT, NOTE, "") and (said.words or turn.attached):
        await _offer(turn, held, said)
    elif len(held) == 1 and said.act != RELEASE:
        await _do(turn, held[0], said)
    else:
        kept = {"act": said.act, "words": drafts.sealed(turn, said.words), "files": []}
        key = "work.which_release" if said.act == RELEASE else "work.which"
        await turn.say(key, rows=[[_button(turn, r, "work.pick", kept)] for r in held[:_LISTED]])
    return True


def _fitting(turn: Turn, held: Sequence[Request], said: Work) -> list[Request]:
    """Those the words can be about: nothing is when they tell of a danger, of another place or surely of another matter."""
    findings = turn.city.read(said.words)
    if is_danger(findings, said.words):
        return []
    is_sure = level_of(turn.city, findings) == "sure"
    there = [r for r in held if _is_there(r, findings)]
    if is_sure and said.act != RESULT:
        there = [r for r in there if not r.item or r.item.split(".")[0] == str(findings.item).split(".")[0]]
    same = [r for r in there if r.item and r.item == findings.item]
    return same if is_sure and same else there


def _is_there(request: Request, findings: Findings) -> bool:
    """Whether the words name no other place than the record's."""
    place, known = findings.place, _HOUSE.search(request.place_text)
    if place.grid and request.grid and place.grid != request.grid:
        return False
    return not place.building or known is None or known["building"] == place.building


async def _do(turn: Turn, request: Request, said: Work) -> None:
    if said.act in (RESULT, NOTE) and (said.words or turn.attached):
        await (result.finish if said.act == RESULT else result.pass_on)(turn, request, said.words)
    elif said.act == TRANSFER and said.words:
        await handover.transfer_to(turn, request, said.words)
    elif said.act:
        await _ACTS[said.act](turn, {"id": request.id})
    else:
        await _offer(turn, [request], said)


def _button(turn: Turn, request: Request, press: str, args: dict[str, Any]) -> Button:
    return turn.button("work.button_one", press, {"id": request.id, **args}, **standing.named(turn, request))


# -------------------------------------------------------------------- asked back


async def _offer(turn: Turn, held: Sequence[Request], said: Work) -> None:
    """Shows the words with what can be done with them. Yes and no may be typed; photos of the album join them.

    In a group "好" may be said to a colleague: there only the buttons count.
    """
    ids = [r.id for r in held[:_LISTED]]
    kept = {"act": said.act, "words": drafts.sealed(turn, said.words), "files": turn.attached}
    if not turn.here.is_group:
        await turn.ask(FLOW, "which", {**kept, "ids": ids, "album": _album(turn)})
    other = turn.button("work.button_other" if said.words else "work.button_new", "work.other", kept)
    if len(ids) > 1:
        rows = [[_button(turn, r, "work.pick", kept)] for r in held[:_LISTED]]
        await turn.say("work.which", rows=[*rows, [other]])
        return
    one = {**kept, "id": ids[0]}
    acts = [turn.button(f"work.button_{act}", f"work.{act}", one) for act in (RESULT, NOTE)]
    if said.act == NOTE:
        acts.reverse()
    key = f"work.sure_{said.act or 'either'}" if said.words else "work.photo"
    await turn.say(key, words=said.words[:300], rows=[acts, [other]], **standing.named(turn, held[0]))


def _album(turn: Turn) -> str:
    return turn.incoming.media[-1].album if turn.incoming and turn.incoming.media else ""


def _hold(turn: Turn, args: dict[str, Any]) -> str:
    """The question is settled: its files are at hand again, with those that came after it was shown. Gives the words."""
    files = list(args["files"])
    if turn.dialogue is not None and turn.dialogue.flow == FLOW:
        files += [f for f in turn.dialogue.data["files"] if f not in files]
    turn.attached = files
    return drafts.unsealed(turn, args["words"])


async def _settle(turn: Turn) -> None:
    if turn.dialogue is not None and turn.dialogue.flow == FLOW:
        await turn.done()


async def _done(turn: Turn, args: dict[str, Any]) -> None:
    words = _hold(turn, args)
    await _settle(turn)
    await result.finish(turn, await requests.get(turn.tx, args["id"]), words)


async def _note(turn: Turn, args: dict[str, Any]) -> None:
    words = _hold(turn, args)
    await _settle(turn)
    await result.pass_on(turn, await requests.get(turn.tx, args["id"]), words)


async def _pick(turn: Turn, args: dict[str, Any]) -> None:
    words = _hold(turn, args)
    await _settle(turn)
    await _do(turn, await requests.get(turn.tx, args["id"]), Work(args["act"], None, words))


async def _other(turn: Turn, args: dict[str, Any]) -> None:
    """It is something else: what was said is taken as anybody's words."""
    words = _hold(turn, args)
    await _settle(turn)
    if turn.here.is_group:
        await turn.toast("claim.stopped")
    elif words:
        turn.incoming = turn.incoming and turn.incoming.model_copy(update={"text": words})
        await listen.fresh(turn)
    else:
        await report.start_wordless(turn)


async def _step(turn: Turn) -> bool:
    """Yes, no, one more photo of the album, one more sentence; other words are no answer."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None or incoming.kind == "place":
        return False
    data = dialogue.data
    is_old = turn.now - dialogue.updated_at > LIFE
    said = None if is_old or turn.attached else answers.yes_or_no(incoming.text)
    if said is None and not is_old and await _goes_on(turn, data):
        return True
    if said is None or (said and (len(data["ids"]) > 1 or not data["act"])):
        await turn.done()
        return False
    await PRESSES["work.other" if not said else f"work.{data['act']}"](turn, {**data, "id": data["ids"][0]})
    return True


async def _goes_on(turn: Turn, data: dict[str, Any]) -> bool:
    """What comes next belongs to what came before; that it is done makes news of before needless."""
    text = turn.incoming.text.strip() if turn.incoming else ""
    more = read_work(text) if text else Work(data["act"], None, "")
    held = [r for r in await requests.held_by(turn.tx, turn.me.id) if r.id in data["ids"]]
    if more is None or more.number is not None or (text and (more.act not in (RESULT, NOTE) or not more.words)):
        return False
    if text:
        held = _fitting(turn, held, more)
    if not held:
        return False
    before = drafts.unsealed(turn, data["words"]) if more.act == data["act"] else ""
    turn.attached = [*data["files"], *turn.attached]
    if not text and data["album"] and _album(turn) == data["album"]:
        await turn.ask(FLOW, "which", {**data, "files": turn.attached})
        return True
    await _settle(turn)
    await _offer(turn, held, more._replace(words="\n".join(part for part in (before, more.words) if part)))
    return True


PRESSES = {
    "work.result": _done,
    "work.note": _note,
    "work.pick": _pick,
    "work.other": _other,
}
STEPS = {FLOW: _step}
