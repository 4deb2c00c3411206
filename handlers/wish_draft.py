"""A wish that is not submitted yet: its words, kind and community. Kept sealed in the dialogue."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict

from handlers import triage, wish_shown
from handlers.city import City
from handlers.messages import Button
from handlers.turn import Turn
from handlers.wish_words import for_wall
from nlp.address import Candidate, Place
from nlp.reader import Findings
from nlp.wishes import find_wish_kind
from workflow.queues import desk_queue

FLOW = "wish"
MAX_WORDS = 2_000
"""Characters of a wish that are kept; the wall shows fewer."""
MAX_CHOICES = 7
_EDGE = "，,。、；;：: \t\n"
_HANGING = re.compile(r"[，,\s]*(?:我(?:们)?(?:家)?(?:就)?(?:住在?|在)|住在|家住|地址是?|在)$|^的(?=[^，,。]{3})")
_LEAST_LEFT = 4
"""Characters without which the words would say nothing any more."""


class WishDraft(BaseModel):
    """`community` is empty until it is known; `settled` says that a person chose it, or chose to leave it open."""

    model_config = ConfigDict(extra="forbid")

    id: int
    text: str = ""
    photos: list[int] = []
    item: str = ""
    kind_asked: bool = False
    community: str = ""
    grid: str = ""
    place_text: str = ""  # estate or community
    full_place: str = ""  # as exact as it was told, for sealed storage only
    place: dict[str, Any] = {}
    settled: bool = False
    asked: int = 0
    consent: str = ""  # how the neighbour agreed, when somebody else files it for them
    contact: str = ""  # the neighbour, for the desk only

    @property
    def queue(self) -> str:
        """The desk that will check it."""
        return desk_queue(self.community)


def opened(turn: Turn) -> WishDraft | None:
    """The draft of the open question, if it is one about a wish."""
    dialogue = turn.dialogue
    if dialogue is None or dialogue.flow != FLOW or "draft" not in dialogue.data:
        return None
    return WishDraft.model_validate(dialogue.data["draft"])


async def keep(turn: Turn, draft: WishDraft, step: str) -> None:
    """The next words of the wisher answer this step."""
    await turn.ask(FLOW, step, {"draft": draft.model_dump()})


def wall_words(turn: Turn, draft: WishDraft) -> str:
    """What the wall shall show, without the place at an end of the sentence: it stands above the words."""
    findings = turn.city.read(draft.text)
    words, spans = findings.shown, findings.spans
    if not draft.place_text or not spans or len(words) < len(draft.text.strip()):
        return for_wall(draft.text)
    if not words[spans[-1][1] :].strip(_EDGE):
        words = words[: spans[-1][0]]
    if not words[: spans[0][0]].strip(_EDGE):
        words = words[spans[0][1] :]
    left = for_wall(_HANGING.sub("", words.strip(_EDGE)))
    return left if len(left) >= _LEAST_LEFT else for_wall(draft.text)


def learn(turn: Turn, draft: WishDraft, findings: Findings) -> None:
    """Takes kind and place from what the machine read, unless a person chose the place."""
    draft.item = _kind(turn, draft, findings) or draft.item
    if not draft.settled:
        put_place(turn.city, draft, findings.place)


def _kind(turn: Turn, draft: WishDraft, findings: Findings) -> str:
    """The kind the machine is sure of, else the one the words name; empty when a person has to say."""
    kinds = wish_shown.kinds(turn.city)
    if findings.item in kinds and findings.confidence >= turn.city.manners.sure:
        return findings.item or ""
    named = find_wish_kind(draft.text) or ""
    if named in kinds:
        return named
    return next(iter(kinds), "") if len(kinds) == 1 or (draft.kind_asked and not draft.item) else ""


def put_place(city: City, draft: WishDraft, place: Place) -> bool:
    """Takes the community of a place; False when the place leaves it open."""
    community = city.community_of(place)
    if not community:
        return False
    names = {c.id: c.name for c in city.street.communities}
    draft.community, draft.grid = community, place.grid or ""
    draft.place_text = place.estate or names[community]
    draft.full_place = place.text
    draft.place = triage.whole(place)
    return True


def choices(turn: Turn, draft: WishDraft, likely: list[Candidate]) -> list[list[Button]]:
    """Places to choose from: where the person was last, what the words may mean, else every community."""
    city = turn.city
    names = {c.id: c.name for c in city.street.communities}
    found: list[Button] = []
    for known in (turn.me.last_place, turn.me.home_place):
        place = triage.restored(known) if known else None
        community = city.community_of(place) if place else ""
        if place and community:
            name = place.estate or names[community]
            found.append(_choice(turn, draft, community, place.grid or "", name, key="wish.last_place"))
            break
    for candidate in likely:
        community = city.street.community_of(candidate.grid).id
        estate = next((e.name for e in city.street.estates() if candidate.label.startswith(e.name)), "")
        found.append(_choice(turn, draft, community, candidate.grid, estate or names[community], label=candidate.label))
    if not likely:
        found += [_choice(turn, draft, c, "", name) for c, name in names.items()]
    unique = {button.label: button for button in found}
    return [[button] for button in list(unique.values())[:MAX_CHOICES]]


def _choice(
    turn: Turn, draft: WishDraft, community: str, grid: str, name: str, *, label: str = "", key: str = ""
) -> Button:
    args = {"draft": draft.id, "community": community, "grid": grid, "name": name}
    return Button(turn.text(key, place=name) if key else label or name, "wish.place", args)
