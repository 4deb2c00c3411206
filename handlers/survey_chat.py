"""评议 in the chat: a desk writes the question and chooses whom to ask; whoever is asked presses stars and may add a word."""

from __future__ import annotations

import re
from typing import Any

from handlers import standing, survey
from handlers.turn import Denied, Turn
from nlp.mask import mask
from storage import surveys
from workflow.queues import STREET_DESK, QueueKind, parse_queue
from workflow.rights import may_act

FLOW = "survey"
SIZES = (5, 10, 20, 50)
"""People of each community, as the buttons offer."""


async def _scopes(turn: Turn) -> list[str]:
    """The desks in whose name the acting person may ask, the widest first."""
    grants, org = await turn.grants(), turn.city.org
    desks = [q for q in org.queues() if parse_queue(q).kind is QueueKind.DESK]
    return [q for q in desks if may_act(grants, "survey", q, org)]


async def _typed(turn: Turn, match: re.Match[str]) -> None:
    """发起评议 question."""
    scopes = await _scopes(turn)
    if not scopes:
        raise Denied("survey.may_not")
    question = (match["question"] or "").strip()
    if question:
        await _ask_audience(turn, STREET_DESK if STREET_DESK in scopes else scopes[0], question)
    else:
        await turn.ask(FLOW, "question", {"scope": STREET_DESK if STREET_DESK in scopes else scopes[0]})
        await turn.say("survey.ask_question", force_reply=True)


async def _ask_audience(turn: Turn, scope: str, question: str) -> None:
    args = {"scope": scope, "question": mask(question)[:200]}
    rows = [
        [turn.button(f"survey.button_{a}", "survey.size", {**args, "audience": a, "each": n}, count=n) for n in SIZES]
        for a in survey.AUDIENCES
    ]
    await turn.say("survey.ask_audience", rows=rows, question=args["question"], queue=turn.city.org.name_of(scope))


async def _size(turn: Turn, args: dict[str, Any]) -> None:
    made = await survey.start(
        turn,
        question=args["question"],
        audience=args["audience"],
        scope=args["scope"],
        per_community=args["each"],
    )
    asked = len(await surveys.ballots_of(turn.tx, made.id))
    await turn.say("survey.started", number=made.number, asked=asked, until=made.closes_at)


async def _stars(turn: Turn, args: dict[str, Any]) -> None:
    asked = await surveys.get(turn.tx, args["survey"])
    await survey.answer(turn, asked, args["stars"])
    await turn.ask(FLOW, "words", {"survey": asked.id})
    await turn.say("survey.thanks")


async def _step(turn: Turn) -> bool:
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None or not incoming.text.strip():
        return False
    if dialogue.step == "question":
        if standing.is_stale(turn):
            return False
        await turn.done()
        if standing.is_cancel(turn):
            await turn.toast("claim.stopped")
        else:
            await _ask_audience(turn, dialogue.data["scope"], incoming.text)
        return True
    return await _words(turn, dialogue.data["survey"], incoming.text)


async def _words(turn: Turn, survey_id: int, text: str) -> bool:
    """A word with the stars, soon after them; a danger, a command or a matter with its place is not taken for it."""
    findings = turn.city.read(text)
    asked_at = turn.dialogue.updated_at if turn.dialogue else turn.now
    await turn.done()
    if findings.urgent or findings.menu or findings.place.grid or turn.now - asked_at > standing.QUESTION_LIFE:
        return False
    await surveys.add_words(turn.tx, survey_id, turn.me.id, mask(text)[:300])
    await turn.say("survey.words_kept")
    return True


async def _results(turn: Turn, match: re.Match[str]) -> None:
    """评议结果 1001."""
    found = await surveys.find_by_number(turn.tx, int(match["number"]))
    if found is None:
        raise Denied("survey.unknown", number=match["number"])
    await turn.say("survey.results", **survey.shown(turn, found, *await survey.results(turn, found)))


PRESSES = {"survey.size": _size, "survey.stars": _stars}
STEPS = {FLOW: _step}
TIMERS = survey.TIMERS
COMMANDS = [
    (re.compile(r"发起评议(?:[\s,:;]+(?P<question>.{2,300}))?", re.DOTALL), _typed),
    (re.compile(r"评议结果\s*#?(?P<number>\d{4,9})"), _results),
]
