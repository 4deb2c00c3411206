"""What is asked about a wish before it is submitted, one thing at a time: words, kind if unclear, place, whether it is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handlers import wish_draft, wish_shown
from handlers.messages import Button
from handlers.turn import Turn
from handlers.wish_draft import MAX_WORDS, WishDraft
from nlp.address import Candidate
from nlp.reader import Findings
from storage import wishes


async def take(turn: Turn, draft: WishDraft, said: str, findings: Findings | None = None) -> None:
    """The draft's words are these from now on; asks for what is missing, or sums up."""
    draft.text = said[:MAX_WORDS]
    if said:
        wish_draft.learn(turn, draft, findings or read(turn, said))
    await go_on(turn, draft)


def read(turn: Turn, text: str) -> Findings:
    """The machine's reading of these words; where the wisher lives only orders the places offered."""
    home = turn.me.home_place or {}
    return turn.city.read(text, home=home.get("text"))


async def go_on(turn: Turn, draft: WishDraft, likely: Sequence[Candidate] = ()) -> None:
    """Asks the one thing that is still missing, else sums up. `likely` places come first among those offered."""
    cancel = button(turn, draft, "cancel")
    words = wish_draft.wall_words(turn, draft)
    if not draft.text or not words:
        await wish_draft.keep(turn, draft, "text")
        await turn.say("wish.photo_kept" if draft.photos and not draft.text else "wish.ask", rows=[[cancel]])
    elif not draft.item and not draft.kind_asked and len(wish_shown.kinds(turn.city)) > 1:
        await _ask_kind(turn, draft)
    elif not draft.community and not draft.settled:
        await _ask_place(turn, draft, likely)
    else:
        await wish_draft.keep(turn, draft, "confirm")
        await _sum_up(turn, draft, words)


def button(turn: Turn, draft: WishDraft, name: str) -> Button:
    """A button of this draft; it knows the draft, so that a late press finds out what became of it."""
    return turn.button(f"wish.button_{name}", f"wish.{name}", {"draft": draft.id})


async def _sum_up(turn: Turn, draft: WishDraft, words: str) -> None:
    rows = [
        [button(turn, draft, "confirm"), button(turn, draft, "change"), button(turn, draft, "cancel")],
        [button(turn, draft, "report")],
    ]
    await turn.say(
        "wish.summary",
        rows=rows,
        words=words,
        kind=turn.city.item_name(draft.item),
        place=draft.place_text or turn.city.street.name,
        photos=turn.text("wish.photos", count=len(draft.photos)) if draft.photos else "",
    )


async def _ask_kind(turn: Turn, draft: WishDraft) -> None:
    """A thing, or somebody's time? Asked once, when the words leave it open."""
    draft.kind_asked = True
    await wish_draft.keep(turn, draft, "kind")
    kinds = wish_shown.kinds(turn.city)
    row = [Button(name, "wish.kind", {"draft": draft.id, "item": kind}) for kind, name in kinds.items()]
    await turn.say("wish.kind_ask", rows=[row, [button(turn, draft, "report"), button(turn, draft, "cancel")]])


async def _ask_place(turn: Turn, draft: WishDraft, likely: Sequence[Candidate]) -> None:
    again = draft.asked > 0
    draft.asked += 1
    found = list(likely) or list(read(turn, draft.text).place.candidates)
    await wish_draft.keep(turn, draft, "place")
    rows = [*wish_draft.choices(turn, draft, found), [button(turn, draft, "no_place"), button(turn, draft, "cancel")]]
    await turn.say("wish.place_again" if again else "wish.place_ask", rows=rows)


async def find_draft(turn: Turn, args: dict[str, Any]) -> WishDraft | None:
    """The draft a button belongs to; when it is gone, tells what became of it."""
    await turn.resume(wish_draft.FLOW)
    draft = wish_draft.opened(turn)
    if draft is not None and draft.id == args["draft"]:
        return draft
    done = next((w for w in await wishes.of_wisher(turn.tx, turn.me.id, 50) if w.draft_id == args["draft"]), None)
    if done is None:
        await turn.toast("wish.draft_gone")
    else:
        await turn.toast("wish.filed_before", number=done.number, state=wish_shown.state_name(turn, done))
    return None
