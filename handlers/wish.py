"""Making a wish (微心愿) and looking after one's own: from one sentence to the desk, my list, taking back.

The desk's side is `wish_desk.py`, adopting `adopt.py`, the wall `wall.py`; the tables of wish_* are joined below.
`wish.mmd` draws the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from handlers import (
    answers,
    report,
    triage,
    wish_ask,
    wish_card,
    wish_clock,
    wish_desk,
    wish_draft,
    wish_for,
    wish_mine,
    wish_pictures,
    wish_relay,
    wish_shown,
    wish_thanks,
    wish_traits,
    wish_turn,
)
from handlers.turn import Turn
from handlers.wish_draft import FLOW, WishDraft
from handlers.wish_forget import forget
from handlers.wish_mine import mine
from handlers.wish_traits import traits_of
from nlp.mask import find_phone
from nlp.reader import Findings
from nlp.wishes import find_kind_answer
from storage import attachments, people, wishes

__all__ = ["COMMANDS", "PRESSES", "STEPS", "TIMERS", "forget", "mine", "start"]

_OPENING = re.compile(r"^(?:我?想?许个?(?:小|微)?心愿|微心愿|心愿)[\s:：,，。]+")
"""The announcement before the wish itself; it does not belong on the wall."""
_ANNOUNCED = re.compile(r"(?:我|有|一?个|想|要|许|说|小|微|可以|能)*(?:心愿|愿望)[\s。，,.!！?？吗啊呢]*")
"""Nothing but the announcement: the wish itself is still to come."""

PLACE_TRIES = 2
"""So often the place is asked for; then the street's desk gets the wish as it is."""


async def start(turn: Turn, findings: Findings, *, text: str | None = None, photos: Sequence[int] = ()) -> None:
    """A wish was recognised, or somebody wants to make one. `text` stands for the message's own words, if given."""
    if turn.here.is_group:
        await turn.toast("wish.write_first", alert=True)
        return
    draft = WishDraft(id=turn.tx.ids.new())
    said = text if text is not None else _said(turn)
    draft.photos = [*photos, *turn.attached]
    scanned = turn.dialogue.data.get("place") if turn.dialogue and turn.dialogue.flow == "scanned" else None
    if scanned and not findings.place.text:
        draft.settled = wish_draft.put_place(turn.city, draft, triage.restored(scanned))
    await wish_ask.take(turn, draft, said, findings if said else None)


def _said(turn: Turn) -> str:
    """The words of this message, unless they are only a command."""
    incoming = turn.incoming
    if incoming is None or incoming.kind not in ("text", "media", "place"):
        return ""
    said = _OPENING.sub("", incoming.text.strip())
    return "" if _ANNOUNCED.fullmatch(said) or wish_ask.read(turn, said).menu is not None else said


# -------------------------------------------------------------------- presses of a draft


async def confirm(turn: Turn, args: dict[str, Any]) -> None:
    """Submits the draft to the desk, once."""
    draft = await wish_ask.find_draft(turn, args)
    if draft is not None:
        await _submit(turn, draft)


async def _submit(turn: Turn, draft: WishDraft) -> None:
    filed, is_new = await wishes.submit(
        turn.tx,
        draft_id=draft.id,
        wisher_id=turn.me.id,
        chat_id=turn.here.id,
        item=draft.item,
        queue=draft.queue,
        community=draft.community,
        grid=draft.grid,
        place_text=draft.place_text[:200],
        text=wish_draft.wall_words(turn, draft),
        original={"text": draft.text, "place": draft.full_place or draft.place_text, "contact": draft.contact},
        now=turn.now,
        traits=traits_of(turn, draft.text, draft.item),
        filed_by=turn.me.id if draft.consent else None,
        consent=draft.consent,
    )
    await turn.done()
    if not is_new:
        state = wish_shown.state_name(turn, filed)
        await turn.say("wish.filed_before", number=filed.number, state=state)
        return
    await attachments.attach(turn.tx, draft.photos, "wish", filed.id)
    await _remember(turn, draft)
    await wish_clock.arm(turn, filed)
    await wish_card.draw(turn, filed)
    desk = turn.city.org.name_of(filed.queue)
    await turn.say("wish.filed", rows=wish_shown.wisher_rows(turn, filed), number=filed.number, desk=desk)


async def _remember(turn: Turn, draft: WishDraft) -> None:
    """A phone number in the words is the wisher's way to be reached; the place is offered next time."""
    phone = find_phone(draft.text)
    if phone and not turn.me.phone and not draft.consent:
        await people.set_phone(turn.tx, turn.me.id, phone)
    if draft.place.get("grid") and not draft.consent:
        await people.set_last_place(turn.tx, turn.me.id, draft.place)


async def change(turn: Turn, args: dict[str, Any]) -> None:
    """What should be different: the words (just say them), the place, or the kind."""
    draft = await wish_ask.find_draft(turn, args)
    if draft is None:
        return
    await wish_draft.keep(turn, draft, "change")
    others = {kind: name for kind, name in wish_shown.kinds(turn.city).items() if kind != draft.item}
    rows = [[wish_ask.button(turn, draft, "other_place")]]
    for kind, name in others.items():
        rows.append([turn.button("wish.button_kind", "wish.kind", {"draft": draft.id, "item": kind}, kind=name)])
    await turn.say("wish.change_ask", rows=[*rows, [wish_ask.button(turn, draft, "cancel")]])


async def other_place(turn: Turn, args: dict[str, Any]) -> None:
    """Another community."""
    draft = await wish_ask.find_draft(turn, args)
    if draft is not None:
        draft.community = draft.grid = draft.place_text = draft.full_place = ""
        draft.place, draft.settled, draft.asked = {}, False, 0
        await wish_draft.keep(turn, draft, "place")
        rows = [*wish_draft.choices(turn, draft, []), [wish_ask.button(turn, draft, "no_place")]]
        await turn.say("wish.place_ask", rows=rows)


async def kind(turn: Turn, args: dict[str, Any]) -> None:
    """Another kind of wish."""
    draft = await wish_ask.find_draft(turn, args)
    if draft is not None:
        draft.item = args["item"]
        await wish_ask.go_on(turn, draft)


async def place(turn: Turn, args: dict[str, Any]) -> None:
    """One of the places offered."""
    draft = await wish_ask.find_draft(turn, args)
    if draft is not None:
        draft.community, draft.grid, draft.place_text = args["community"], args["grid"], args["name"]
        draft.settled = True
        await wish_ask.go_on(turn, draft)


async def no_place(turn: Turn, args: dict[str, Any]) -> None:
    """The person cannot say: the street's desk will find out."""
    draft = await wish_ask.find_draft(turn, args)
    if draft is not None:
        draft.settled = True
        await wish_ask.go_on(turn, draft)


async def cancel(turn: Turn, args: dict[str, Any]) -> None:
    """Puts the draft away."""
    if await wish_ask.find_draft(turn, args) is not None:
        await _cancel(turn)


async def _cancel(turn: Turn) -> None:
    await turn.done()
    await turn.say("wish.cancelled")


async def as_report(turn: Turn, args: dict[str, Any]) -> None:
    """It is a matter for the grid, not a wish: goes on as a report with the same words and photos."""
    draft = await wish_ask.find_draft(turn, args)
    if draft is None:
        return
    await turn.done()
    turn.attached = [*draft.photos, *(a for a in turn.attached if a not in draft.photos)]
    if turn.incoming is not None:
        turn.incoming = turn.incoming.model_copy(update={"kind": "text", "text": draft.text, "token": ""})
    await report.start(turn, wish_ask.read(turn, draft.text))


async def begin(turn: Turn, _: dict[str, Any]) -> None:
    """ "许个心愿" was pressed."""
    await start(turn, wish_ask.read(turn, ""), text="")


# -------------------------------------------------------------------- words of a draft


async def step(turn: Turn) -> bool:
    """Takes what the wisher says to the open question; what is clearly another matter is left to the others."""
    draft, dialogue, incoming = wish_draft.opened(turn), turn.dialogue, turn.incoming
    if draft is None or dialogue is None or incoming is None:
        return False
    if turn.now - dialogue.updated_at > turn.city.manners.draft_life:
        await turn.done()
        return False
    said = incoming.text.strip()
    findings = wish_ask.read(turn, said)
    if findings.menu == "cancel":
        await _cancel(turn)
        return True
    if findings.menu is not None or findings.urgent:
        return False
    draft.photos += [a for a in turn.attached if a not in draft.photos]
    if not said:
        return await _without_words(turn, draft)
    if dialogue.step == "text":
        await wish_ask.take(turn, draft, said, findings)
        return True
    if dialogue.step == "kind":
        return await _kind_said(turn, draft, said, findings)
    if dialogue.step == "place":
        return await _place_said(turn, draft, said, findings)
    return await _answered(turn, draft, said, findings)


async def _without_words(turn: Turn, draft: WishDraft) -> bool:
    """A photo, or a point on the map, joins the draft."""
    incoming = turn.incoming
    if incoming is None or not (turn.attached or incoming.geo):
        return False
    await wish_ask.go_on(turn, draft)
    return True


async def _kind_said(turn: Turn, draft: WishDraft, said: str, findings: Findings) -> bool:
    """The kind by its name, else more words of the wish, by which the kind is read again."""
    answer = find_kind_answer(said)
    if answer in wish_shown.kinds(turn.city):
        draft.item = answer or ""
        await wish_ask.go_on(turn, draft)
        return True
    if _is_another_matter(turn, findings):
        return False
    await wish_ask.take(turn, draft, f"{draft.text}\n{said}")
    return True


async def _place_said(turn: Turn, draft: WishDraft, said: str, findings: Findings) -> bool:
    if _is_another_matter(turn, findings):
        return False
    named = next((c for c in turn.city.street.communities if c.name.removesuffix("社区") in said), None)
    if not wish_draft.put_place(turn.city, draft, findings.place) and named is not None:
        draft.community, draft.place_text = named.id, named.name
    if draft.community or draft.asked >= PLACE_TRIES:
        draft.settled, draft.full_place = True, said[:200]
    await wish_ask.go_on(turn, draft, turn.city.places.search(said))
    return True


def _is_another_matter(turn: Turn, findings: Findings) -> bool:
    """Whether these words report or ask something with certainty."""
    return findings.intent in ("request", "progress") and findings.confidence >= turn.city.manners.sure


async def _answered(turn: Turn, draft: WishDraft, said: str, findings: Findings) -> bool:
    """Yes, no, other words, or one thing more, after the summary."""
    dialogue = turn.dialogue
    decided = answers.yes_or_no(said)
    if decided is True:
        await _submit(turn, draft)
    elif decided is False:
        await change(turn, {"draft": draft.id})
    elif _is_another_matter(turn, findings):
        return False
    else:
        draft.settled = wish_draft.put_place(turn.city, draft, findings.place) or draft.settled
        whole = dialogue is not None and dialogue.step == "change"
        await wish_ask.take(turn, draft, said if whole else f"{draft.text}\n{said}")
    return True


PRESSES = {
    "wish.start": begin,
    "wish.confirm": confirm,
    "wish.change": change,
    "wish.other_place": other_place,
    "wish.kind": kind,
    "wish.place": place,
    "wish.no_place": no_place,
    "wish.cancel": cancel,
    "wish.report": as_report,
    **wish_mine.PRESSES,
    **wish_desk.PRESSES,
    **wish_relay.PRESSES,
    **wish_thanks.PRESSES,
    **wish_traits.PRESSES,
    **wish_turn.PRESSES,
    **wish_for.PRESSES,
    **wish_pictures.PRESSES,
}
STEPS = {
    FLOW: step,
    **wish_desk.STEPS,
    **wish_relay.STEPS,
    **wish_thanks.STEPS,
    **wish_traits.STEPS,
    **wish_for.STEPS,
}
TIMERS = {**wish_clock.TIMERS}
COMMANDS = [
    *wish_mine.COMMANDS,
    *wish_desk.COMMANDS,
    *wish_relay.COMMANDS,
    *wish_traits.COMMANDS,
    *wish_turn.COMMANDS,
    *wish_for.COMMANDS,
    *wish_pictures.COMMANDS,
]
