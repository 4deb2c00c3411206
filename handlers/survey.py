"""评议: a desk asks a question, people are drawn by rule, each answers once in their chat, results by place with response rates.

The rule of drawing and the figures are `workflow.panel`. Acts raise `Denied`; the chat's side is `survey_chat.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from handlers import climbing
from handlers.turn import Denied, Turn
from nlp.mask import mask
from storage import counters, events, surveys, timers
from storage.surveys import Survey
from storage.timers import Timer
from workflow import panel
from workflow.panel import Member, Result
from workflow.rights import may_act

AUDIENCES = ("assessors", "reporters")
"""评议员, or residents whose records were closed lately."""
LATELY = timedelta(days=90)
OPEN_DAYS = 7
MOST_EACH = 200
BATCH = 100
"""People invited in one transaction."""


async def start(
    turn: Turn, *, question: str, audience: str, scope: str, per_community: int, days: int = OPEN_DAYS
) -> Survey:
    """Opens a survey of a desk (`scope` is its queue) and invites whom the rule draws. Raises `Denied`, ValueError."""
    if audience not in AUDIENCES:
        raise ValueError(f"unknown audience: {audience!r}")
    if not may_act(await turn.grants(), "survey", scope, turn.city.org):
        raise Denied("survey.may_not")
    asked = mask(question.strip())[:200]
    if not asked:
        raise Denied("survey.need_question")
    if not 1 <= per_community <= MOST_EACH or not 1 <= days <= 60:
        raise Denied("survey.range", count=MOST_EACH)
    number = await counters.next_number(turn.tx, "survey")
    members = await eligible(turn, audience, scope)
    drawn = panel.draw(members, per_community, f"{turn.tx.tenant}:{number}")
    if not drawn:
        raise Denied("survey.nobody")
    survey = await surveys.add(
        turn.tx,
        number=number,
        question=asked,
        audience=audience,
        scope=scope,
        per_community=per_community,
        made_by=turn.me.id,
        now=turn.now,
        closes_at=turn.now + timedelta(days=days),
    )
    await surveys.ask(turn.tx, survey.id, drawn)
    data = {"audience": audience, "scope": scope, "per_community": per_community, "asked": len(drawn)}
    await events.add(turn.tx, "survey", survey.id, "survey.opened", turn.now, actor_id=turn.me.id, data=data)
    at = climbing.polite(turn, turn.now, urgent=False)
    await timers.put(turn.tx, at, "survey.invite", "survey", survey.id, {"after": 0})
    await timers.put(turn.tx, survey.closes_at, "survey.close", "survey", survey.id)
    return survey


async def eligible(turn: Turn, audience: str, scope: str) -> list[Member]:
    """Everybody who may be drawn, in the communities of a desk."""
    org = turn.city.org
    own = org.community_of(scope)
    communities = [own] if own else list(org.communities)
    if audience == "assessors":
        return await surveys.assessors(turn.tx, communities)
    grids = {grid: community for grid, community in org.grids.items() if community in communities}
    return await surveys.reporters(turn.tx, grids, turn.now - LATELY)


async def answer(turn: Turn, survey: Survey, stars: int) -> None:
    """The acting person's stars, once, while it is open. Raises `Denied`, ValueError for other stars."""
    if not 1 <= stars <= panel.MAX_STARS:
        raise ValueError(f"1 to {panel.MAX_STARS} stars: {stars}")
    ballot = await surveys.find_ballot(turn.tx, survey.id, turn.me.id)
    if ballot is None:
        raise Denied("survey.not_asked")
    if turn.now >= survey.closes_at:
        raise Denied("survey.closed")
    if not await surveys.answer(turn.tx, survey.id, turn.me.id, stars, turn.now):
        raise Denied("survey.answered_already")
    data = {"stars": stars, "community": ballot.community, "grid": ballot.grid}
    await events.add(turn.tx, "survey", survey.id, "survey.answered", turn.now, data=data)


async def results(turn: Turn, survey: Survey) -> tuple[Result, Mapping[str, Result], Mapping[str, Result]]:
    """The whole, by community and by grid. Raises `Denied` for whoever does not serve its desk."""
    if not may_act(await turn.grants(), "survey", survey.scope, turn.city.org):
        raise Denied("survey.may_not")
    return await figures(turn, survey)


async def figures(turn: Turn, survey: Survey) -> tuple[Result, Mapping[str, Result], Mapping[str, Result]]:
    """The same without asking who wants to know."""
    ballots = await surveys.ballots_of(turn.tx, survey.id)
    whole = panel.result([b.stars for b in ballots])
    by_community = panel.results((b.community, b.stars) for b in ballots)
    by_grid = panel.results((b.grid, b.stars) for b in ballots if b.grid)
    return whole, by_community, by_grid


# -------------------------------------------------------------------- time


async def _invite(turn: Turn, timer: Timer) -> None:
    """The next ones who have not answered; the rest in a transaction of their own."""
    survey = await surveys.get(turn.tx, timer.subject_id)
    people = await surveys.waiting(turn.tx, survey.id, timer.data["after"], BATCH)
    for person_id in people:
        args = {"survey": survey.id}
        row = [turn.button(f"rate.button_{n}", "survey.stars", {**args, "stars": n}) for n in range(1, 6)]
        await turn.tell(person_id, "survey.ask", rows=[row], question=survey.question, until=survey.closes_at)
    if len(people) == BATCH:
        await timers.put(turn.tx, turn.now, "survey.invite", "survey", survey.id, {"after": people[-1]})


async def _close(turn: Turn, timer: Timer) -> None:
    """The desk that asked hears what came of it."""
    survey = await surveys.get(turn.tx, timer.subject_id)
    whole, by_community, by_grid = await figures(turn, survey)
    data = {"asked": whole.asked, "answered": whole.answered}
    await events.add(turn.tx, "survey", survey.id, "survey.closed", turn.now, data=data)
    known = shown(turn, survey, whole, by_community, by_grid)
    await turn.tell_queue(survey.scope, "survey.results", **known)


def shown(
    turn: Turn, survey: Survey, whole: Result, by_community: Mapping[str, Result], by_grid: Mapping[str, Result]
) -> dict[str, Any]:
    """The values of the sentence with the results. A place with too few answers shows how many, and no mean."""
    names = {g: turn.city.org.name_of(f"grid:{g}") for g in by_grid if turn.city.org.has_queue(f"grid:{g}")}
    communities = turn.city.org.communities
    lines = [line(turn, communities.get(c, c), r) for c, r in by_community.items()]
    lines += [line(turn, names.get(g, g), r) for g, r in by_grid.items()]
    return {
        "number": survey.number,
        "question": survey.question,
        "whole": line(turn, turn.text("survey.whole"), whole),
        "lines": "\n".join(lines),
    }


def line(turn: Turn, name: str, result: Result) -> str:
    """One place: asked, answered, and the mean when there are enough."""
    rate = f"{round(100 * (result.response_rate or 0))} %"
    if not result.enough or result.mean is None:
        return turn.text("survey.line_few", name=name, asked=result.asked, answered=result.answered, rate=rate)
    return turn.text(
        "survey.line",
        name=name,
        asked=result.asked,
        answered=result.answered,
        rate=rate,
        mean=f"{result.mean:.1f}",
        good=result.good,
    )


TIMERS = {"survey.invite": _invite, "survey.close": _close}
