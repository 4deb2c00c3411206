"""Questions about the service itself are answered at once: privacy, hours, cost, how to reach somebody, a new number.

The words are read in `nlp.about`. What only informs is answered in the middle of a report too, and the report goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from handlers import account, briefs, meant, standing
from handlers.triage import is_danger
from handlers.turn import Rows, Turn
from nlp.about import About, read_about
from nlp.mask import mask_phone
from storage import people, supporters
from workflow.rights import invitable, may_anywhere
from workflow.states import OPEN
from workflow.taxonomy import Department

_ASIDE = frozenset({"privacy", "nameless", "input", "free", "hours", "danger", "robot", "reach", "office", "how"})
"""Topics whose answer changes nothing, so that a report under way can wait for it."""
_AT_WORK = frozenset({"overview", "steps", "reports", "leaver"})
"""Topics of those who take records; from others the same words mean something else."""
_FAMILIAR = {"派出所": "公安"}
"""How people name an office that the catalogue calls otherwise."""


async def aside(turn: Turn, typed: str) -> bool:
    """Answers what only informs in the middle of a report. False, and nothing is said, when it is anything else."""
    if turn.dialogue is None or turn.dialogue.flow != "report":
        return False
    asked = _asked(turn, typed)
    if asked is None or not (asked.topic in _ASIDE or (asked.topic in _AT_WORK and await standing.may_work(turn))):
        return False
    await _answer(turn, asked, typed)
    return True


async def heard(turn: Turn, typed: str, command: Callable[[Turn, str], Awaitable[bool]]) -> bool:
    """Answers a question about the service; `command` runs the typed command that some words stand for."""
    asked = _asked(turn, typed)
    if asked is None:
        return False
    if asked.command:
        return await command(turn, asked.command)
    if asked.topic in _AT_WORK and not await standing.may_work(turn):
        return False
    await _answer(turn, asked, typed)
    return True


def _asked(turn: Turn, typed: str) -> About | None:
    """In private, without a photo; a danger comes first."""
    asked = None if turn.here.is_group or turn.attached else read_about(typed)
    return None if asked is None or is_danger(turn.city.read(typed), typed) else asked


async def _answer(turn: Turn, asked: About, typed: str) -> None:
    answer = _ANSWERS.get(asked.topic)
    if answer is None:
        await turn.say(f"about.{asked.topic}")
    else:
        await answer(turn, asked, typed)


async def _hours(turn: Turn, _asked: About, _typed: str) -> None:
    calendar = turn.city.grid_calendar
    today = calendar.hours_of(turn.now.astimezone(calendar.zone).date())
    spans = "、".join(turn.text("about.span", opens=f"{a:%H:%M}", closes=f"{b:%H:%M}") for a, b in today)
    await turn.say("about.hours" if spans else "about.hours_off", rows=_call(turn), hours=spans)


async def _with_call(turn: Turn, asked: About, _typed: str) -> None:
    await turn.say(f"about.{asked.topic}", rows=_call(turn))


async def _office(turn: Turn, _asked: About, typed: str) -> None:
    """The number of a department, where the street has given it."""
    found = _department(turn, typed)
    if found is None:
        await turn.say("consult.unknown", rows=_call(turn))
    else:
        await turn.say("about.office", department=found.name, phone=found.phone, hours=found.hours)


def _department(turn: Turn, typed: str) -> Department | None:
    for familiar, name in _FAMILIAR.items():
        typed = typed.replace(familiar, name)
    return next((d for d in turn.city.taxonomy.departments if d.phone and d.name in typed), None)


def _call(turn: Turn) -> Rows:
    args = {"draft": turn.tx.ids.new(), "desk": True}
    return [[turn.button("consult.button_call", "consult.call", args)]]


async def _number(turn: Turn, asked: About, typed: str) -> None:
    """A new number counts at once; whoever comes for an open record is told of it too."""
    if not asked.phone:
        await turn.say("about.number_ask")
        return
    await people.set_phone(turn.tx, turn.me.id, asked.phone)
    turn.person = await people.get_person(turn.tx, turn.me.id)
    if not await meant.for_worker(turn, turn.city.read(typed)):
        await turn.say("about.number_kept", phone=mask_phone(asked.phone))


async def _slow(turn: Turn, _asked: About, typed: str) -> None:
    """Who waits for something hears how it stands."""
    if any(r.state in OPEN for r in await supporters.followed_by(turn.tx, turn.me.id, limit=20)):
        await meant.progress(turn, turn.city.read(typed))
    else:
        await turn.say("about.slow")


async def _erase(turn: Turn, _asked: About, _typed: str) -> None:
    await account.erase(turn)


async def _give(turn: Turn, _asked: About, _typed: str) -> None:
    look = turn.button("about.button_wall", "wall.show")
    give = turn.button("about.button_give", "resource.start", {"form": "resource"})
    await turn.say("about.give", rows=[[look, give]])


async def _lonely(turn: Turn, _asked: About, _typed: str) -> None:
    await turn.say("about.lonely", rows=[*_call(turn), [turn.button("about.button_wish", "wish.start")]])


async def _overview(turn: Turn, _asked: About, _typed: str) -> None:
    await briefs.glance(turn)


async def _steps(turn: Turn, _asked: About, _typed: str) -> None:
    """How the everyday acts are done: a desk's, or those of who goes there."""
    is_desk = may_anywhere(await turn.grants(), "reroute", turn.city.org)
    await turn.say("about.steps_desk" if is_desk else "talk.welcome_at_work", street=turn.city.street.name)


async def _reports(turn: Turn, asked: About, typed: str) -> None:
    """Where lists and reports are; who takes no lists away hears what they can do."""
    if may_anywhere(await turn.grants(), "export", turn.city.org):
        await turn.say("about.reports")
    else:
        await _steps(turn, asked, typed)


async def _leaver(turn: Turn, asked: About, typed: str) -> None:
    """How the role of somebody who has left is ended, for whoever may."""
    if invitable(await turn.grants(), turn.city.org):
        await turn.say("about.leaver")
    else:
        await _steps(turn, asked, typed)


_ANSWERS: Mapping[str, Callable[[Turn, About, str], Awaitable[None]]] = {
    "hours": _hours,
    "overview": _overview,
    "steps": _steps,
    "reports": _reports,
    "leaver": _leaver,
    "robot": _with_call,
    "reach": _with_call,
    "scold": _with_call,
    "lonely": _lonely,
    "office": _office,
    "number": _number,
    "slow": _slow,
    "erase": _erase,
    "give": _give,
}
"""Topics that take more than a sentence; the others are a text of their name."""
