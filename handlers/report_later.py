"""Before and after the talking: a code scanned at a door, and what becomes of a report that nobody confirms."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers import draft as drafts
from handlers import filing, report
from handlers.draft import Draft
from handlers.triage import place_dict, whole
from handlers.turn import Turn
from storage import dialogues, people, timers
from storage.dialogues import Dialogue
from storage.people import Chat
from storage.timers import Timer
from workflow.clock import quiet_shift


async def _scan_door(turn: Turn, code: str) -> None:
    """A code at a door or a place: the place is known, only the matter is asked; an open report moves there."""
    named = turn.city.place_codes.get(code)
    if named is None:
        await turn.say("report.door_unknown")
        return
    place = turn.city.places.find(named)
    if place.grid:
        await people.set_last_place(turn.tx, turn.me.id, place_dict(place))
    if turn.dialogue is not None and turn.dialogue.flow == "report":
        draft = Draft.model_validate(turn.dialogue.data)
        draft.place = whole(place)
        await report.go_on(turn, draft)
        return
    await turn.ask("scanned", "words", {"place": whole(place)})
    await turn.say("report.door", place=place.text or named)


# -------------------------------------------------------------------- forgotten drafts


async def _forgotten(turn: Turn, timer: Timer) -> tuple[Chat, Dialogue] | None:
    """The draft of a timer, while it is still the open question."""
    chat = await people.get_chat(turn.tx, timer.subject_id)
    found = await dialogues.find(turn.tx, chat.id, timer.data["person"])
    if found is None or found.flow != "report" or found.data.get("id") != timer.data["draft"]:
        return None
    return chat, found


async def _waits(turn: Turn, timer: Timer, touched_at: datetime, pause: timedelta) -> bool:
    """Whether it is too early: the person was still at it, or it is night. Then the timer comes again."""
    manners = turn.city.manners
    wanted = max(touched_at + pause, turn.now)
    at = quiet_shift(wanted, str(manners.tz), False, (manners.quiet_from, manners.quiet_until))
    if at <= turn.now:
        return False
    await timers.put(turn.tx, at, timer.name, timer.subject, timer.subject_id, timer.data)
    return True


async def _nudge(turn: Turn, timer: Timer) -> None:
    """A draft nobody confirmed for half an hour: asked once, gently, not at night."""
    found = await _forgotten(turn, timer)
    if found is None:
        return
    chat, dialogue = found
    draft = Draft.model_validate(dialogue.data)
    if await _waits(turn, timer, dialogue.updated_at, turn.city.manners.draft_nudge):
        return
    nudger = Turn(turn.city, turn.tx, turn.now, chat=chat)
    row = [
        turn.button("report.button_continue", "report.continue", {"draft": draft.id}),
        turn.button("report.button_cancel", "report.cancel", {"draft": draft.id}),
    ]
    said = draft.words[0][:30] if draft.words else turn.text("report.what_files", count=len(draft.media))
    await nudger.send(chat, turn.text("report.nudge", words=said), rows=[row], owner=timer.data["person"])


async def _drop(turn: Turn, timer: Timer) -> None:
    """A draft nobody confirmed for a day goes to the desk as it is, so that no word is lost; the resident is told."""
    found = await _forgotten(turn, timer)
    if found is None:
        return
    chat, dialogue = found
    if await _waits(turn, timer, dialogue.updated_at, turn.city.manners.draft_nudge):
        return
    person = await people.get_person(turn.tx, timer.data["person"])
    draft = Draft.model_validate(dialogue.data)
    acting = Turn(turn.city, turn.tx, turn.now, chat=chat, person=person, dialogue=dialogue)
    await acting.done()
    if draft.text or draft.media:
        request, _ = await filing.file(acting, draft, drafts.read(acting, draft), to_desk=True)
        await acting.say("report.handed_over", number=request.number)


TIMERS = {"report.nudge": _nudge, "report.drop": _drop}
SCENES = {"b": _scan_door}
