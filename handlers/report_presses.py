"""What the buttons of a report do. Questions and summary are in `report.py`."""

from __future__ import annotations

from typing import Any

from handlers import draft as drafts
from handlers import report
from handlers.draft import Draft
from handlers.messages import Button
from handlers.turn import Turn
from nlp.address import Place
from storage import requests, timers


async def open_draft(turn: Turn, args: dict[str, Any]) -> Draft | None:
    """The draft a button belongs to, while it is open; else says what became of it."""
    await turn.resume("report")
    dialogue = turn.dialogue
    if dialogue is not None and dialogue.flow == "report" and dialogue.data.get("id") == args["draft"]:
        return Draft.model_validate(dialogue.data)
    request = await requests.find_by_draft(turn.tx, args["draft"])
    if request is not None:
        await turn.toast("report.filed_before", number=request.number)
    else:
        await turn.toast("report.draft_gone")
    return None


async def _confirm(turn: Turn, args: dict[str, Any]) -> None:
    draft = await open_draft(turn, args)
    if draft is not None:
        draft.parts = [] if turn.dialogue and turn.dialogue.step == "matters" else draft.parts
        await report.confirm(turn, draft)


async def _hand_over(turn: Turn, args: dict[str, Any]) -> None:
    draft = await open_draft(turn, args)
    if draft is not None:
        await report.hand_over(turn, draft)


async def _continue(turn: Turn, args: dict[str, Any]) -> None:
    draft = await open_draft(turn, args)
    if draft is not None:
        await report.go_on(turn, draft)


# -------------------------------------------------------------------- kind


async def _change_kind(turn: Turn, args: dict[str, Any]) -> None:
    draft = await open_draft(turn, args)
    if draft is None:
        return
    findings = drafts.read(turn, draft)
    shown = draft.item or findings.item
    offered = [i for i in report.kinds_offered(turn, findings) if i != shown]
    if not offered:
        await _offer_categories(turn, draft)
    else:
        await report.keep(turn, draft, "kind")
        rows = [[Button(turn.city.item_name(i), "report.kind", {"draft": draft.id, "item": i})] for i in offered]
        more = turn.button("report.button_more_kinds", "report.categories", {"draft": draft.id})
        await turn.say("report.which_kind", rows=[*rows, [more]])


async def _categories(turn: Turn, args: dict[str, Any]) -> None:
    draft = await open_draft(turn, args)
    if draft is not None:
        await _offer_categories(turn, draft)


async def _offer_categories(turn: Turn, draft: Draft) -> None:
    await report.keep(turn, draft, "kind")
    buttons = [
        Button(c.name, "report.category", {"draft": draft.id, "category": c.id}) for c in turn.city.taxonomy.categories
    ]
    rows = [buttons[i : i + 2] for i in range(0, len(buttons), 2)]
    none = turn.button("report.button_no_kind", "report.kind", {"draft": draft.id, "item": ""})
    await turn.say("report.which_category", rows=[*rows, [none]])


async def _category(turn: Turn, args: dict[str, Any]) -> None:
    draft = await open_draft(turn, args)
    if draft is None:
        return
    items = [i for i in turn.city.taxonomy.items if turn.city.taxonomy.category_of(i.id).id == args["category"]]
    rows = [[Button(i.name, "report.kind", {"draft": draft.id, "item": i.id})] for i in items]
    none = turn.button("report.button_no_kind", "report.kind", {"draft": draft.id, "item": ""})
    await turn.say("report.which_kind", rows=[*rows, [none]])


async def _kind(turn: Turn, args: dict[str, Any]) -> None:
    """A kind was chosen; an empty one means "none of these": the desk looks."""
    draft = await open_draft(turn, args)
    if draft is None:
        return
    draft.item, draft.kind_asked = args["item"], True
    await (report.go_on if draft.item else no_kind)(turn, draft)


async def no_kind(turn: Turn, draft: Draft) -> None:
    """None of the kinds that were offered: a person looks."""
    request = await report.hand_over(turn, draft)
    await report.next_part(turn, draft, request)


# -------------------------------------------------------------------- place


async def _change_place(turn: Turn, args: dict[str, Any]) -> None:
    draft = await open_draft(turn, args)
    if draft is None:
        return
    draft.place_asked = 1
    await report.keep(turn, draft, "new_place")
    rows = [[b] for b in report.place_buttons(turn, draft, Place())]
    skip = turn.button("report.button_skip_place", "report.skip_place", {"draft": draft.id})
    await turn.say("report.which_place", rows=[*rows, [skip]])


async def _place(turn: Turn, args: dict[str, Any]) -> None:
    draft = await open_draft(turn, args)
    if draft is not None:
        draft.place = args["place"]
        await report.go_on(turn, draft)


async def _skip_place(turn: Turn, args: dict[str, Any]) -> None:
    draft = await open_draft(turn, args)
    if draft is not None:
        if turn.dialogue and turn.dialogue.step == "new_place":
            draft.call_place(turn.text("report.place_open"))
        draft.place_skipped = True
        await report.go_on(turn, draft)


# -------------------------------------------------------------------- more, less, several


async def _add(turn: Turn, args: dict[str, Any]) -> None:
    draft = await open_draft(turn, args)
    if draft is not None:
        await report.keep(turn, draft, "add")
        await turn.say("report.ask_add")


async def _cancel(turn: Turn, args: dict[str, Any]) -> None:
    draft = await open_draft(turn, args)
    if draft is not None:
        await call_off(turn, draft)


async def call_off(turn: Turn, draft: Draft) -> None:
    """Ends the open draft without a record, and what was to go off for it."""
    await timers.drop_these(turn.tx, draft.timers)
    await turn.done()
    await turn.say("report.cancelled")


async def split(turn: Turn, draft: Draft) -> None:
    """One record for each matter, the first now."""
    first, *rest = draft.parts or [draft.text]
    draft.words, draft.refs, draft.parts = [first], [""], rest
    await report.take_part(turn, draft)


async def together(turn: Turn, draft: Draft) -> None:
    """All of it is one matter."""
    draft.parts = []
    await report.go_on(turn, draft)


async def _split(turn: Turn, args: dict[str, Any]) -> None:
    draft = await open_draft(turn, args)
    if draft is not None:
        await split(turn, draft)


async def _together(turn: Turn, args: dict[str, Any]) -> None:
    draft = await open_draft(turn, args)
    if draft is not None:
        await together(turn, draft)


async def _from_words(turn: Turn, args: dict[str, Any]) -> None:
    """It was taken for something else: these words are a report."""
    words = drafts.unsealed(turn, args["words"])
    await report.start(turn, turn.city.read(words), text=words, again=True, apart=args.get("apart", 0))


PRESSES = {
    "report.confirm": _confirm,
    "report.hand_over": _hand_over,
    "report.continue": _continue,
    "report.change_kind": _change_kind,
    "report.categories": _categories,
    "report.category": _category,
    "report.kind": _kind,
    "report.change_place": _change_place,
    "report.place": _place,
    "report.skip_place": _skip_place,
    "report.add": _add,
    "report.cancel": _cancel,
    "report.split": _split,
    "report.together": _together,
    "report.from_words": _from_words,
}
