"""Asking whether it was solved and how satisfied people are; what "no" and low stars set going. The rules are `workflow.rating`.

The reporter's answer closes a record. Whoever joined it is asked too, and their "no" opens it again (decision 0009).
"""

from __future__ import annotations

from typing import Any

from handlers import albums, answers, cards, names, records
from handlers.triage import is_danger
from handlers.turn import Rows, Turn
from nlp.address import Place, public_text
from nlp.mask import mask
from nlp.reader import Findings
from nlp.verdict import is_unsolved_again, read_verdict
from storage import around, attachments, dialogues, events, outbox, requests, supporters, timers
from storage.people import Chat
from storage.requests import Lost, Request
from storage.timers import Timer
from workflow import rating
from workflow.rating import Solved
from workflow.states import OPEN, REOPENABLE, Forbidden, State

ASK = "rate.ask"
"""The timer with which a result is followed up."""
_BARE_THANKS = 3
"""Characters of a text that only says thank you, and is answered so."""


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


async def _mine_to_rate(turn: Turn, request_id: int, resolution: int) -> Request | None:
    """The record, while the acting person may still rate this result."""
    request = await around.get(turn.tx, request_id)
    return request if await _may_rate(turn, request, resolution) else None


async def _may_rate(turn: Turn, request: Request, resolution: int) -> bool:
    """Whether this result still waits for the acting person; who joined it may rate also after the reporter closed it."""
    if request.resolution != resolution:
        return False
    if request.reporter_id == turn.me.id:
        return request.state is State.RESOLVED
    ended_at = request.closed_at or request.resolved_at
    is_open = request.state in REOPENABLE and ended_at is not None and rating.may_reopen(ended_at, turn.now)
    return is_open and turn.me.id in await supporters.followers(turn.tx, request)


async def _given(turn: Turn, request: Request, person_id: int) -> Any | None:
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
        rated = await _given(turn, request, person_id)
        if rated is None:
            await _ask(turn, request, "rate.remind", person_id)
        elif rated.stars is None:
            await _ask_stars(turn, request, rated.solved, person_id)


async def ask_again(turn: Turn, request_id: int, resolution: int) -> bool:
    """Asks the acting person what could not be asked before. False when there is nothing to ask any more."""
    request = await _mine_to_rate(turn, request_id, resolution)
    if request is None:
        return False
    given = await _given(turn, request, turn.me.id)
    if given is None:
        await _ask(turn, request, "rate.remind", turn.me.id)
    elif given.stars is None and given.solved != Solved.NO:
        await _ask_stars(turn, request, given.solved, turn.me.id)
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
    await turn.send(chat, text, rows=_solved_rows(turn, request), owner=chat.person_id)
    await _listen_in(turn, chat, chat.person_id, "solved", {"id": request.id, "resolution": request.resolution})


async def has_answered(turn: Turn, request: Request, person_id: int) -> bool:
    """Whether this person has said anything of the present result."""
    return await _given(turn, request, person_id) is not None


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
        rows=_solved_rows(turn, request),
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


def _solved_rows(turn: Turn, request: Request) -> Rows:
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
    if not await _may_rate(turn, request, request.resolution):
        await _too_late(turn, request)
        return
    await _ask(turn, request, "rate.remind", turn.me.id)


async def _too_late(turn: Turn, request: Request) -> None:
    if await _given(turn, request, turn.me.id) is not None:
        await turn.say("rate.already", number=request.number)
    else:
        await turn.toast("common.moved_on", number=request.number, state=turn.text(f"state.{request.state.value}"))


async def _solved(turn: Turn, args: dict[str, Any]) -> None:
    await _answer_solved(turn, args["id"], args["resolution"], args["solved"])


async def _answer_solved(turn: Turn, request_id: int, resolution: int, solved: str) -> None:
    request = await _mine_to_rate(turn, request_id, resolution)
    if request is None:
        await _too_late(turn, await requests.get(turn.tx, request_id))
        return
    if not await _keep(turn, request, solved):
        before = await _given(turn, request, turn.me.id)
        await _ask_stars(turn, request, before.solved if before else solved, turn.me.id)
        return
    if solved == Solved.NO:
        await _finish(turn, request, Solved.NO, None)
    else:
        await _ask_stars(turn, request, solved, turn.me.id)


async def _stars(turn: Turn, args: dict[str, Any]) -> None:
    await _answer_stars(turn, args["id"], args["resolution"], args["solved"], args["stars"])


async def _answer_stars(turn: Turn, request_id: int, resolution: int, solved: str, stars: int) -> None:
    request = await _mine_to_rate(turn, request_id, resolution)
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
        if await _given(turn, moved, person_id) is None:
            await turn.tell(
                person_id, "joining.closed_told", rows=_solved_rows(turn, moved), **records.named(turn, moved)
            )


async def _along(turn: Turn, request: Request, data: dict[str, Any]) -> None:
    """Somebody who joined is content too: their rating counts, the record waits for its reporter."""
    await events.add(turn.tx, "request", request.id, "request.rated_along", turn.now, actor_id=turn.me.id, data=data)


def _level(turn: Turn, request: Request, to: str) -> str | None:
    """The first time the same queue, the second its desk, the third the street."""
    if to == "same":
        return None
    return "desk" if to == "street" else turn.city.org.desk_of(request.queue)


async def _step(turn: Turn) -> bool:
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None:
        return False
    data = dialogue.data
    if dialogue.step == "words":
        return await _words(turn, data)
    if dialogue.step == "solved":
        solved = answers.solved(incoming.text)
        if solved is not None:
            await _answer_solved(turn, data["id"], data["resolution"], solved)
            return True
        if turn.attached and not incoming.text.strip():
            return await _picture(turn, data)
        return await _sentence(turn, data)
    if dialogue.step == "stars":
        stars = answers.stars(incoming.text)
        if stars is not None:
            await _answer_stars(turn, data["id"], data["resolution"], data["solved"], stars)
            return True
        return await _sentence(turn, data)
    return False


async def _sentence(turn: Turn, data: dict[str, Any]) -> bool:
    """An answer in a whole sentence, "好了，很满意，师傅特别负责": each half it gives, and the rest as their words."""
    text = turn.incoming.text.strip() if turn.incoming else ""
    verdict, findings = read_verdict(text), turn.city.read(text)
    request = await requests.get(turn.tx, data["id"])
    solved = str(data.get("solved") or verdict.solved)
    is_later = verdict.later and "solved" not in data
    useful = is_later or (bool(solved) and (verdict.solved == solved or verdict.stars is not None))
    if (
        not useful
        or _is_other(turn, request, findings, complains=verdict.solved in (Solved.NO, Solved.PARTLY))
        or not await _may_rate(turn, request, data["resolution"])
    ):
        return False
    if is_later:
        await turn.say("rate.later", rows=_solved_rows(turn, request))
    elif verdict.stars is None or solved == Solved.NO:
        await _answer_solved(turn, request.id, data["resolution"], solved)
        await _with_words(turn, request.id, data["resolution"], solved, text)
    else:
        await _answer_stars(turn, request.id, data["resolution"], solved, verdict.stars)
        await _with_words(turn, request.id, data["resolution"], solved, text)
    return True


async def _with_words(turn: Turn, request_id: int, resolution: int, solved: str, text: str) -> None:
    """The words of the answer: what is still wrong goes to whoever does it again, all else stays with the rating."""
    request = await requests.get(turn.tx, request_id)
    if solved == Solved.NO and request.state in OPEN:
        await records.supplement(turn, request, text=text)
    else:
        await _keep_words(turn, request, resolution, mask(text))
        await attachments.attach(turn.tx, turn.attached, "rating", request.id)


def _is_other(turn: Turn, request: Request, findings: Findings, *, complains: bool) -> bool:
    """Whether the words surely speak of something else than this result; of a complaint it is enough that they likely do."""
    if is_danger(findings, turn.incoming.text if turn.incoming else "") or findings.menu:
        return True
    if findings.place.grid and (
        findings.place.grid != request.grid or _is_elsewhere(findings.place, request.place_text)
    ):
        return True
    if is_unsolved_again(turn.incoming.text if turn.incoming else "") and not findings.place.text:
        return False
    manners = turn.city.manners
    is_likely = bool(findings.item) and findings.confidence >= (manners.unsure if complains else manners.sure)
    same = str(findings.item).split(".")[0] in (request.item.split(".")[0], "opinion")
    return findings.intent == "request" and is_likely and not same


async def _picture(turn: Turn, data: dict[str, Any]) -> bool:
    """A photo in answer to "is it solved?" is kept, and the question stays."""
    request = await _mine_to_rate(turn, data["id"], data["resolution"])
    if request is None:
        return False
    await attachments.attach(turn.tx, turn.attached, "rating", request.id)
    album = turn.incoming.media[-1].album if turn.incoming and turn.incoming.media else ""
    if not album or album != data.get("album"):
        await turn.say("rate.picture_kept", rows=_solved_rows(turn, request))
    await turn.ask("rate", "solved", {**data, "album": album})
    return True


async def _words(turn: Turn, data: dict[str, Any]) -> bool:
    """What they add to the rating, or what is still wrong when it is done again; a new matter is not mistaken for it.

    Who complains of the same matter right after the stars may mean that it is broken again: one press, and it is redone.
    """
    text = turn.incoming.text.strip() if turn.incoming else ""
    findings = turn.city.read(text)
    request = await requests.get(turn.tx, data["id"])
    await turn.done()
    if _is_new(turn, request, findings) or (not text and not turn.attached):
        return False
    if text and answers.yes_or_no(text) is not None:
        await turn.say("rate.bye")
    elif request.state in OPEN:
        await records.supplement(turn, request)
        await albums.keep(turn, "request", request.id)
    else:
        await _keep_words(turn, request, data["resolution"], mask(text))
        await attachments.attach(turn.tx, turn.attached, "rating", request.id)
        if findings.intent == "request" and findings.item == request.item:
            again = turn.button("records.button_reopen", "records.reopen", {"id": request.id})
            await turn.say("rate.words_kept_again", rows=[[again]])
        else:
            await turn.say("rate.words_kept")
        await albums.keep(turn, "rating", request.id)
    return True


async def _keep_words(turn: Turn, request: Request, resolution: int, words: str) -> None:
    before = await _given(turn, request, turn.me.id)
    if before is not None and before.words:
        words = f"{before.words}\n{words}"
    if request.reporter_id == turn.me.id:
        await requests.complete_rating(turn.tx, request.id, resolution, words=words)
    else:
        await supporters.complete_rating(turn.tx, request.id, resolution, turn.me.id, words=words)


def _is_new(turn: Turn, request: Request, findings: Findings) -> bool:
    """Whether the words surely begin something else: a danger, a command, another place or kind, a bare thank-you."""
    text = turn.incoming.text.strip() if turn.incoming else ""
    if findings.urgent or findings.menu or (findings.place.grid and findings.place.grid != request.grid):
        return True
    likely = findings.intent == "progress" or findings.confidence >= turn.city.manners.unsure
    if (findings.intent in ("progress", "wish", "consult") and likely) or len(answers.bare(text)) <= _BARE_THANKS:
        return bool(text) and answers.yes_or_no(text) is None
    if findings.intent == "request" and findings.item and _is_elsewhere(findings.place, request.place_text):
        return True
    other = findings.item and findings.item != request.item and findings.confidence >= turn.city.manners.sure
    return findings.intent == "request" and bool(other) and not (findings.item or "").startswith("opinion.")


def _is_elsewhere(place: Place, known: str) -> bool:
    """Whether a building is named, and another one than that of the record; one of the two may be more exact."""
    there = public_text(place) if place.building else ""
    return bool(there) and not known.startswith(there) and not there.startswith(known)


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
STEPS = {"rate": _step}
SCENES = {"r": _scanned, "m": _list_scanned}
TIMERS = {ASK: _due_ask, "rate.remind": _due_remind, "rate.close": _due_close}
