"""Asking whether it was solved and how satisfied people are; what "no" and low stars set going. The rules are `workflow.rating`.

The reporter's answer closes a record. Whoever joined it is asked too, and their "no" opens it again (decision 0009).
"""

from __future__ import annotations

from typing import Any

from handlers import cards, names, records
from handlers.turn import Rows, Turn
from storage import around, attachments, dialogues, events, outbox, requests, supporters, timers
from storage.people import Chat
from storage.requests import Lost, Request
from storage.timers import Timer
from workflow import rating
from workflow.rating import Solved
from workflow.states import REOPENABLE, Forbidden, State

ASK = "rate.ask"
"""The timer with which a result is followed up."""


async def arm(turn: Turn, request: Request) -> None:
    """After a result: when to ask, to remind and to close without an answer."""
    await timers.drop(turn.tx, "request", request.id)
    manners = turn.city.manners
    times = rating.plan(
        request.resolved_at or turn.now, str(manners.tz), (manners.quiet_from, manners.quiet_until), manners.follow_up
    )
    data = {"resolution": request.resolution}
    await timers.put(turn.tx, times.ask_at, ASK, "request", request.id, data)
    for at in times.remind_at:
        await timers.put(turn.tx, at, "rate.remind", "request", request.id, data)
    await timers.put(turn.tx, times.close_at, "rate.close", "request", request.id, data)


async def _current(turn: Turn, request_id: int, resolution: int) -> Request | None:
    """The record, while this very result still waits for its rating."""
    request = await requests.get(turn.tx, request_id)
    if request.state is not State.RESOLVED or request.resolution != resolution:
        return None
    return request


async def mine_to_rate(turn: Turn, request_id: int, resolution: int) -> Request | None:
    """The record, while the acting person may still rate this result."""
    request = await around.get(turn.tx, request_id)
    return request if await may_rate(turn, request, resolution) else None


async def may_rate(turn: Turn, request: Request, resolution: int) -> bool:
    """Whether this result still waits for the acting person; who joined it may rate also after the reporter closed it."""
    if request.resolution != resolution:
        return False
    if request.reporter_id == turn.me.id:
        return request.state is State.RESOLVED
    ended_at = request.closed_at or request.resolved_at
    is_open = request.state in REOPENABLE and ended_at is not None and rating.may_reopen(ended_at, turn.now)
    return is_open and turn.me.id in await supporters.followers(turn.tx, request)


async def given(turn: Turn, request: Request, person_id: int) -> Any | None:
    """What this person has said of this result."""
    if person_id == request.reporter_id:
        return await requests.find_rating(turn.tx, request.id, request.resolution)
    return await supporters.find_rating(turn.tx, request.id, request.resolution, person_id)


async def _keep(turn: Turn, request: Request, solved: str) -> bool:
    """Keeps the first answer of the acting person. False when they had answered."""
    store = requests.rate if request.reporter_id == turn.me.id else supporters.rate
    kept = await store(turn.tx, request, turn.me.id, solved, None, "", turn.now)
    if kept:
        await _write_down(turn, request, {"solved": solved})
    return kept


async def _keep_stars(turn: Turn, request: Request, stars: int) -> bool:
    if request.reporter_id == turn.me.id:
        kept = await requests.set_stars(turn.tx, request.id, request.resolution, stars)
    else:
        kept = await supporters.set_stars(turn.tx, request.id, request.resolution, turn.me.id, stars)
    if kept:
        await _write_down(turn, request, {"stars": stars})
    return kept


async def _keep_both(turn: Turn, request: Request, solved: str, stars: int) -> bool:
    """Keeps the stars, and before them the other half where it was not given. False when there were stars."""
    if await _keep_stars(turn, request, stars):
        return True
    return await _keep(turn, request, solved) and await _keep_stars(turn, request, stars)


async def _write_down(turn: Turn, request: Request, answer: dict[str, Any]) -> None:
    """Each half of an answer counts from when it was given, whatever follows from it."""
    data = {"resolution": request.resolution, **answer}
    await events.add(turn.tx, "request", request.id, "request.answered", turn.now, actor_id=turn.me.id, data=data)


async def _due_ask(turn: Turn, timer: Timer) -> None:
    request = await _current(turn, timer.subject_id, timer.data["resolution"])
    if request is not None:
        await around.look(turn.tx, request.id)
        for person_id in await _everybody(turn, request):
            await _ask(turn, request, "rate.ask", person_id)


async def _everybody(turn: Turn, request: Request) -> list[int]:
    return [request.reporter_id, *await supporters.followers(turn.tx, request)]


async def _due_remind(turn: Turn, timer: Timer) -> None:
    request = await _current(turn, timer.subject_id, timer.data["resolution"])
    if request is None:
        return
    for person_id in await _everybody(turn, request):
        rated = await given(turn, request, person_id)
        if rated is None:
            await _ask(turn, request, "rate.remind", person_id)
        elif rated.stars is None:
            await _ask_stars(turn, request, rated.solved, person_id)


async def ask_again(turn: Turn, request_id: int, resolution: int) -> bool:
    """Asks the acting person what could not be asked before. False when there is nothing to ask any more."""
    request = await mine_to_rate(turn, request_id, resolution)
    if request is None:
        return False
    said = await given(turn, request, turn.me.id)
    if said is None:
        await _ask(turn, request, "rate.remind", turn.me.id)
    elif said.stars is None and said.solved != Solved.NO:
        await _ask_stars(turn, request, said.solved, turn.me.id)
    else:
        return False
    turn.dialogue = await dialogues.find(turn.tx, turn.here.id, turn.me.id)
    return True


async def ask_in(turn: Turn, chat: Chat, request_id: int, resolution: int) -> None:
    """Asks in another chat of the person; in a turn of time."""
    request = await _current(turn, request_id, resolution)
    if request is None or chat.person_id is None or await has_answered(turn, request, chat.person_id):
        return
    text = turn.text("rate.remind", **records.named(turn, request))
    await turn.send(chat, text, rows=solved_rows(turn, request), owner=chat.person_id)
    await _listen_in(turn, chat, chat.person_id, "solved", {"id": request.id, "resolution": request.resolution})


async def has_answered(turn: Turn, request: Request, person_id: int) -> bool:
    """Whether this person has said anything of the present result."""
    return await given(turn, request, person_id) is not None


async def _scanned(turn: Turn, rest: str) -> None:
    """The link of a notice: the record, to be rated by whoever it concerns."""
    request = await requests.find_by_number(turn.tx, int(rest)) if rest.isdecimal() and len(rest) < 10 else None
    if request is None or not await records.concerns(turn, request):
        await records.mine(turn)
    elif not await ask_again(turn, request.id, request.resolution):
        await records.show(turn, request)


async def _list_scanned(turn: Turn, _rest: str) -> None:
    """The link of other news: the person's records."""
    await records.mine(turn)


async def _ask(turn: Turn, request: Request, key: str, person_id: int) -> None:
    result = await events.find_latest(turn.tx, "request", request.id, "request.resolved")
    photos = [f.id for f in await attachments.of(turn.tx, "result", request.id)]
    await turn.tell(
        person_id,
        key,
        worker=await names.worker(turn, request.claimer_id),
        at=request.resolved_at or turn.now,
        words=result.words if result else "",
        rows=solved_rows(turn, request),
        media=photos if key == "rate.ask" else (),
        lane=_lane(turn),
        about=records.about(turn, request, "rate"),
        **records.named(turn, request),
    )
    await events.add(
        turn.tx, "request", request.id, "request.rating_asked", turn.now, data={"resolution": request.resolution}
    )
    await _listen(turn, person_id, "solved", {"id": request.id, "resolution": request.resolution})


def _lane(turn: Turn) -> int | None:
    """Many are asked at the same hour, and it has time: nobody's notice waits for it."""
    return outbox.LATER if turn.person is None else None


async def _listen(turn: Turn, person_id: int, step: str, data: dict[str, Any]) -> None:
    """The person's next words may answer, unless they are in the middle of something else."""
    answering = turn.person is not None and turn.person.id == person_id
    for chat in await turn.chats_of(person_id):
        if answering and chat.id == turn.here.id:
            await turn.ask("rate", step, data)  # they have just answered: a report begun before waits under it
        else:
            await _listen_in(turn, chat, person_id, step, data)


async def _listen_in(turn: Turn, chat: Chat, person_id: int, step: str, data: dict[str, Any]) -> None:
    await dialogues.save_unless_busy(turn.tx, chat.id, person_id, "rate", step, data, turn.now)


def solved_rows(turn: Turn, request: Request) -> Rows:
    """The buttons under "is it solved?"."""
    args = {"id": request.id, "resolution": request.resolution}
    return [
        [
            turn.button(f"rate.button_{answer.value}", "rate.solved", {**args, "solved": answer.value})
            for answer in Solved
        ]
    ]


async def _ask_stars(turn: Turn, request: Request, solved: str, person_id: int) -> None:
    args = {"id": request.id, "resolution": request.resolution, "solved": solved}
    row = [turn.button(f"rate.button_{n}", "rate.stars", {**args, "stars": n}) for n in range(1, rating.MAX_STARS + 1)]
    await turn.tell(
        person_id, "rate.ask_stars", rows=[row], lane=_lane(turn), about=records.about(turn, request, "rate")
    )
    await _listen(turn, person_id, "stars", args)


async def _begin(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    if not await may_rate(turn, request, request.resolution):
        await _too_late(turn, request)
        return
    await _ask(turn, request, "rate.remind", turn.me.id)


async def _too_late(turn: Turn, request: Request) -> None:
    if await given(turn, request, turn.me.id) is not None:
        await turn.say("rate.already", number=request.number)
    else:
        await turn.toast("common.moved_on", number=request.number, state=turn.text(f"state.{request.state.value}"))


async def _solved(turn: Turn, args: dict[str, Any]) -> None:
    await answer_solved(turn, args["id"], args["resolution"], args["solved"])


async def answer_solved(turn: Turn, request_id: int, resolution: int, solved: str) -> None:
    """The first half of an answer; a "no" is all of it."""
    request = await mine_to_rate(turn, request_id, resolution)
    if request is None:
        await _too_late(turn, await requests.get(turn.tx, request_id))
        return
    if not await _keep(turn, request, solved):
        before = await given(turn, request, turn.me.id)
        await _ask_stars(turn, request, before.solved if before else solved, turn.me.id)
        return
    if solved == Solved.NO:
        await _finish(turn, request, Solved.NO, None)
    else:
        await _ask_stars(turn, request, solved, turn.me.id)


async def _stars(turn: Turn, args: dict[str, Any]) -> None:
    await answer_stars(turn, args["id"], args["resolution"], args["solved"], args["stars"])


async def answer_stars(turn: Turn, request_id: int, resolution: int, solved: str, stars: int) -> None:
    """The second half, and the first where it was not given yet."""
    request = await mine_to_rate(turn, request_id, resolution)
    if request is None:
        await _too_late(turn, await requests.get(turn.tx, request_id))
        return
    if not await _keep_both(turn, request, solved, stars):
        await turn.say("rate.already", number=request.number)
        return
    await _finish(turn, request, Solved(solved), stars)


async def _finish(turn: Turn, request: Request, solved: Solved, stars: int | None) -> None:
    """The rating is complete: the record closes, or it is put right."""
    verdict = rating.judge(solved, stars, request.reopened)
    data = {"solved": solved.value, "stars": stars, "resolution": request.resolution}
    words_for = {"id": request.id, "resolution": request.resolution}
    try:
        if verdict.reopen:
            await events.add(
                turn.tx, "request", request.id, "request.rated_low", turn.now, actor_id=turn.me.id, data=data
            )
            await records.reopen(turn, request, queue=_level(turn, request, verdict.to), why=verdict.why)
            await turn.say("rate.redo", number=request.number)
        else:
            if request.reporter_id == turn.me.id:
                await _close(turn, request, data)
            else:
                await _along(turn, request, data)
            await turn.say("rate.thanks" if stars and stars >= 4 else "rate.thanks_plain", number=request.number)
    except (Forbidden, Lost):
        await _too_late(turn, await requests.get(turn.tx, request.id))
        return
    await turn.ask("rate", "words", words_for)


async def _close(turn: Turn, request: Request, data: dict[str, Any]) -> None:
    """The reporter is content: closed. Whoever joined and has not answered may still say that it is not solved."""
    moved = await requests.move(
        turn.tx, request, "request.rated", turn.now, actor_id=turn.me.id, data=data, closed_at=turn.now
    )
    await timers.drop(turn.tx, "request", request.id)
    await cards.refresh(turn, moved)
    for person_id in await supporters.followers(turn.tx, moved):
        if await given(turn, moved, person_id) is None:
            await turn.tell(
                person_id, "joining.closed_told", rows=solved_rows(turn, moved), **records.named(turn, moved)
            )


async def _along(turn: Turn, request: Request, data: dict[str, Any]) -> None:
    """Somebody who joined is content too: their rating counts, the record waits for its reporter."""
    await events.add(turn.tx, "request", request.id, "request.rated_along", turn.now, actor_id=turn.me.id, data=data)


def _level(turn: Turn, request: Request, to: str) -> str | None:
    """The first time the same queue, the second its desk, the third the street."""
    if to == "same":
        return None
    return "desk" if to == "street" else turn.city.org.desk_of(request.queue)


async def _due_close(turn: Turn, timer: Timer) -> None:
    """Day 7: closed. Half an answer counts as what it says, no answer as none; silence is never satisfaction."""
    request = await _current(turn, timer.subject_id, timer.data["resolution"])
    if request is None:
        return
    rated = await requests.find_rating(turn.tx, request.id, request.resolution)
    event = "request.rated" if rated is not None else "request.expired"
    data = {"resolution": request.resolution, "solved": rated.solved if rated is not None else None, "stars": None}
    moved = await requests.move(turn.tx, request, event, turn.now, actor_id=None, data=data, closed_at=turn.now)
    await timers.drop(turn.tx, "request", request.id)
    await cards.refresh(turn, moved)
    again = turn.button("records.button_reopen", "records.reopen", {"id": request.id})
    await records.tell_reporter(turn, moved, "rate.closed", rows=[[again]])


PRESSES = {"rate.begin": _begin, "rate.solved": _solved, "rate.stars": _stars}
SCENES = {"r": _scanned, "m": _list_scanned}
TIMERS = {ASK: _due_ask, "rate.remind": _due_remind, "rate.close": _due_close}
