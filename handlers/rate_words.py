"""What people say in answer to "is it solved, how satisfied are you": bare answers, whole sentences, photos, words.

A new matter is not mistaken for one of them. What an answer sets going is `handlers.rate`.
"""

from __future__ import annotations

from typing import Any

from handlers import albums, answers, rate, records
from handlers.triage import is_danger
from handlers.turn import Turn
from nlp.address import Place, public_text
from nlp.mask import mask
from nlp.reader import Findings
from nlp.verdict import is_unsolved_again, read_verdict
from storage import attachments, requests, supporters
from storage.requests import Request
from workflow.rating import Solved
from workflow.states import OPEN

_BARE_THANKS = 3
"""Characters of a text that only says thank you, and is answered so."""


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
            await rate.answer_solved(turn, data["id"], data["resolution"], solved)
            return True
        if turn.attached and not incoming.text.strip():
            return await _picture(turn, data)
        return await _sentence(turn, data)
    if dialogue.step == "stars":
        stars = answers.stars(incoming.text)
        if stars is not None:
            await rate.answer_stars(turn, data["id"], data["resolution"], data["solved"], stars)
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
        or not await rate.may_rate(turn, request, data["resolution"])
    ):
        return False
    if is_later:
        await turn.say("rate.later", rows=rate.solved_rows(turn, request))
    elif verdict.stars is None or solved == Solved.NO:
        await rate.answer_solved(turn, request.id, data["resolution"], solved)
        await _with_words(turn, request.id, data["resolution"], solved, text)
    else:
        await rate.answer_stars(turn, request.id, data["resolution"], solved, verdict.stars)
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
    request = await rate.mine_to_rate(turn, data["id"], data["resolution"])
    if request is None:
        return False
    await attachments.attach(turn.tx, turn.attached, "rating", request.id)
    album = turn.incoming.media[-1].album if turn.incoming and turn.incoming.media else ""
    if not album or album != data.get("album"):
        await turn.say("rate.picture_kept", rows=rate.solved_rows(turn, request))
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
    before = await rate.given(turn, request, turn.me.id)
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


STEPS = {"rate": _step}
