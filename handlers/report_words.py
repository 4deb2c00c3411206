"""Words, photos and edits while a report is open: an answer, a correction, one thing more, or another matter."""

from __future__ import annotations

import re

from handlers import alike, answers, danger, joining, records, report, report_presses
from handlers import draft as drafts
from handlers.draft import Draft
from handlers.triage import restored, whole
from handlers.turn import Turn
from nlp.address import Place
from nlp.reader import Findings
from nlp.supplements import read_supplement
from storage import requests

_CALL_FOR_HELP = 15
"""Characters of a text that only asks for a person."""
_PLACE_STEPS = ("place", "new_place")
_HOUSE = re.compile(r"\d{1,5}[A-Za-z]?\s*[号栋幢#]?")
"""A bare number answers where it is; it does not ask after a record."""


async def step(turn: Turn) -> bool:
    """Takes what is said to the open question; a menu word or a look at another record is left to the others."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None:
        return False
    draft = Draft.model_validate(dialogue.data)
    if turn.now - dialogue.updated_at > turn.city.manners.draft_life:
        await report.hand_over(turn, draft)
        return False
    text = incoming.text.strip()
    if not text:
        await _take_files(turn, draft, dialogue.step)
        return True
    findings = turn.city.read(text)
    if findings.menu == "cancel" or (answers.is_taken_back(text) and not turn.attached):
        await report_presses.call_off(turn, draft)
        return True
    asks_after = findings.intent == "progress" and not (dialogue.step in _PLACE_STEPS and _HOUSE.fullmatch(text))
    if findings.menu is not None or (asks_after and await records.has_any(turn)):
        return False
    if findings.urgent:
        draft.add(turn, text)
        await danger.file(turn, draft, findings)
    elif findings.wants_person and len(text) <= _CALL_FOR_HELP:
        draft.add(turn, text)
        await report.hand_over(turn, draft)
    else:
        await _take_words(turn, draft, dialogue.step, text, findings)
    return True


async def _take_files(turn: Turn, draft: Draft, step_: str) -> None:
    """Photos, sound or a point on the map without words; the parts of one album are answered once."""
    album = draft.album
    draft.add(turn, "")
    await report.keep(turn, draft, step_)
    if turn.attached and draft.album and draft.album == album:
        return
    if turn.incoming is not None and turn.incoming.geo is not None:
        draft.words_asked = draft.words_asked and step_ != "words"
        await report.go_on(turn, draft)
    elif step_ == "words":
        await report.ask_words(turn, draft)
    elif step_ == "confirm":
        right = turn.button("report.button_right", "report.confirm", {"draft": draft.id})
        await turn.say("report.files_kept", count=len(draft.media), rows=[[right]])
    else:
        key = "report.files_kept_place" if step_ in _PLACE_STEPS else "report.files_kept_more"
        more = turn.button("report.button_continue", "report.continue", {"draft": draft.id})
        await turn.say(key, count=len(draft.media), rows=[[more, report.cancel_button(turn, draft)]])


async def _take_words(turn: Turn, draft: Draft, step_: str, text: str, findings: Findings) -> None:
    decided = None if turn.attached else answers.yes_or_no(text)
    if step_ == "confirm" and await _answered_summary(turn, draft, text, findings, decided):
        return
    if findings.intent == "smalltalk" and not turn.attached and answers.is_thanks(text):
        draft.place_asked -= step_ == "place"
        await report.go_on(turn, draft)  # a word of thanks is no part of the matter: what was asked is still to be said
        return
    if step_ == "matters" and decided is not None:
        await (report_presses.split if decided else report_presses.together)(turn, draft)
        return
    if step_ == alike.STEP and decided is not None:
        await joining.answered(turn, draft, wanted=decided)
        return
    if step_ == alike.STEP and await _announced(turn, draft, text):
        return
    if step_ == "kind" and decided is not None:  # which of them? None of them is an answer
        await (_ask_kind_again if decided else report_presses.no_kind)(turn, draft)
        return
    if step_ == "words" and decided is not None:  # "yes" names no matter, and "no" may mean the place
        await (report.ask_words if decided else _ask_what_is_wrong)(turn, draft)
        return
    if step_ in _PLACE_STEPS:
        if await _answered_place(turn, draft, text, findings, decided, is_new=step_ == "new_place"):
            return
    elif findings.place.grid:
        draft.place = whole(findings.place)
    if step_ == "kind" and findings.item and findings.confidence >= turn.city.manners.sure:
        draft.item = findings.item
    draft.parts = [] if step_ == "matters" else draft.parts
    draft.add(turn, text)
    await report.go_on(turn, draft)


async def _announced(turn: Turn, draft: Draft, text: str) -> bool:
    """An announced supplement agrees that all of it belongs to one's own record that is shown; to a neighbour's it does not."""
    more = read_supplement(text)
    if more is None:
        return False
    shown = await requests.get(turn.tx, draft.shown)
    if shown.reporter_id != turn.me.id or more.number not in (None, shown.number):
        return False
    draft.add(turn, more.words)
    await joining.answered(turn, draft, wanted=True)
    return True


async def _ask_kind_again(turn: Turn, draft: Draft) -> None:
    draft.kind_asked = False
    await report.go_on(turn, draft)


# -------------------------------------------------------------------- the summary is answered


async def _answered_summary(turn: Turn, draft: Draft, text: str, findings: Findings, decided: bool | None) -> bool:
    """Yes files it, and so does a thank-you; no asks what is wrong; another matter is offered as a second record."""
    if decided is True or (findings.intent == "smalltalk" and not turn.attached and answers.is_thanks(text)):
        await report.confirm(turn, draft)
        return True
    if decided is False:
        await _ask_what_is_wrong(turn, draft)
        return True
    if not any(c.isalnum() for c in text):
        right = turn.button("report.button_right", "report.confirm", {"draft": draft.id})
        await turn.say("report.not_filed_yet", rows=[[right, report.cancel_button(turn, draft)]])
        return True
    if not draft.parts and _is_another_matter(turn, draft, findings):
        draft.parts = [draft.text, text]
        draft.media += [m for m in turn.attached if m not in draft.media]
        await report.ask_matters(turn, draft)
        return True
    return False


def _is_another_matter(turn: Turn, draft: Draft, findings: Findings) -> bool:
    """Whether these words surely speak of another kind of thing than the draft."""
    before = draft.item or drafts.read(turn, draft).item
    if findings.intent not in ("request", "consult") or not before or not findings.item or findings.item == before:
        return False
    if findings.confidence < turn.city.manners.sure:
        return False
    there, here = _open_place(turn, draft).grid, findings.place.grid
    if there and here and there != here:
        return True
    kinds = turn.city.taxonomy
    return kinds.subcategory_of(before).id != kinds.subcategory_of(findings.item).id


async def _ask_what_is_wrong(turn: Turn, draft: Draft) -> None:
    args = {"draft": draft.id}
    row = [
        turn.button("report.button_kind", "report.change_kind", args),
        turn.button("report.button_place", "report.change_place", args),
        report.cancel_button(turn, draft),
    ]
    await turn.say("report.what_is_wrong", rows=[row])


# -------------------------------------------------------------------- the place is answered


async def _answered_place(
    turn: Turn, draft: Draft, text: str, findings: Findings, decided: bool | None, *, is_new: bool
) -> bool:
    """Takes the place an answer names. True when the question was answered without one."""
    offered = [b for b in report.place_buttons(turn, draft, _open_place(turn, draft)) if b.action == "report.place"]
    if decided is True and len(offered) == 1:
        draft.place = offered[0].args["place"]
    elif answers.is_unsure(text) or decided is not None:
        draft.place_skipped = answers.is_unsure(text)
    else:
        _name_place(turn, draft, text, findings, is_new=is_new)
        return False
    await report.go_on(turn, draft)
    return True


def _open_place(turn: Turn, draft: Draft) -> Place:
    return restored(draft.place) if draft.place else drafts.read(turn, draft).place


def _name_place(turn: Turn, draft: Draft, text: str, findings: Findings, *, is_new: bool) -> None:
    """A place by itself, or together with what was said before ("3 幢" after "银杏苑"), else as it was called."""
    if findings.place.grid:
        draft.place = whole(findings.place)
        return
    earlier = "" if is_new else _open_place(turn, draft).text
    for words in (f"{earlier}{text}", f"{text}{earlier}"):
        joined = turn.city.places.find(words)
        if earlier and joined.grid:
            draft.place = whole(joined)
            return
    if findings.place.candidates:
        draft.place = {}
        return
    offered = turn.city.places.search(text)
    if len(offered) == 1:
        draft.place = whole(report.chosen(turn, Place(), offered[0]))
    elif (
        not findings.place.outside
        and (is_new or not _open_place(turn, draft).candidates)
        and answers.may_be_place(text)
    ):
        draft.call_place(text)


# -------------------------------------------------------------------- edits


async def edited(turn: Turn) -> None:
    """An edited message: an open draft takes the new words, a filed record gets them as a supplement."""
    incoming = turn.incoming
    if incoming is None or turn.here.is_group or turn.person is None:
        return
    text = incoming.text.strip()
    findings = turn.city.read(text)
    if turn.dialogue is not None and turn.dialogue.flow == "report":
        draft = Draft.model_validate(turn.dialogue.data)
        if draft.replace(incoming.message_ref, text):
            await (danger.file(turn, draft, findings) if findings.urgent else report.go_on(turn, draft))
            return
    found = await requests.of_reporter(turn.tx, turn.me.id, limit=1)
    latest = found[0] if found else None
    if latest is not None and (
        latest.state not in ("queued", "claimed", "joint")
        or turn.now - latest.received_at >= turn.city.manners.draft_life
    ):
        latest = None
    if findings.urgent and (latest is None or not latest.urgent):
        await danger.file(turn, drafts.begun(turn, text), findings)
    elif latest is not None and text:
        await records.supplement_once(turn, latest, text)
    else:
        await turn.say("report.edit_seen")


STEPS = {"report": step}
