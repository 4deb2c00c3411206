"""What a desk is offered for a record: the likely kinds and places, and their buttons. Reads only, changes nothing.

What a press then does is in `desk.py`.
"""

from __future__ import annotations

from difflib import SequenceMatcher

from handlers import triage
from handlers.city import City
from handlers.messages import Button
from handlers.turn import Rows, Turn
from nlp.address import Candidate, Place
from nlp.mask import without_room
from nlp.reader import Findings
from storage import events, people
from storage.requests import Request
from workflow.queues import QueueKind, parse_queue
from workflow.taxonomy import Item

KINDS, PLACES = 3, 3
"""Likely kinds and places on a card."""
WITH_GRIDS = 8
"""Places on a card when the desk's own grids fill it up, so that the second press is the last."""
_ALIKE = 0.6


async def rows(turn: Turn, request: Request) -> Rows:
    """The buttons of a desk's card: kinds, places, then what else a desk can do. What is settled carries a tick."""
    findings = turn.city.read(request.text)
    settled = await kind_is_settled(turn, request)
    kinds = [_kind_button(turn, request, item, share, settled) for item, share in likely_kinds(turn, request, findings)]
    places = [_place_button(turn, request, c) for c in await likely_places(turn, request, findings)]
    more_kinds = _button(turn, request, "more_kinds")
    more_places = _button(turn, request, "more_places")
    last = [_button(turn, request, "ask_place")] if not request.grid else []
    take_typed = turn.text("card.typed_take", number=request.number)
    last.append(turn.button("desk.button_take", "claim.take", {"id": request.id}, typed=take_typed))
    last.append(_button(turn, request, "refuse"))
    more_typed = turn.text("waiting.typed_more", number=request.number)
    last.append(turn.button("waiting.button_more", "more.show", {"id": request.id}, typed=more_typed))
    return [*_pairs([*kinds, more_kinds]), *_pairs([*places, more_places]), last]


def _pairs(buttons: list[Button]) -> list[list[Button]]:
    return [buttons[i : i + 2] for i in range(0, len(buttons), 2)]


def _button(turn: Turn, request: Request, name: str) -> Button:
    typed = turn.text(f"desk.typed_{name}", number=request.number)
    return turn.button(f"desk.button_{name}", f"desk.{name}", {"id": request.id}, typed=typed)


# -------------------------------------------------------------------- kinds


async def kind_is_settled(turn: Turn, request: Request) -> bool:
    """Whether the kind is more than a guess: the machine was sure, a desk said so, or a queue had the record before."""
    if not request.item:
        return False
    if request.confidence >= turn.city.manners.sure or request.responded_at is not None:
        return True
    said = await events.find_latest(turn.tx, "request", request.id, "request.classified")
    returned = await events.find_latest(turn.tx, "request", request.id, "request.returned")
    return said is not None or returned is not None


def likely_kinds(turn: Turn, request: Request, findings: Findings) -> list[tuple[str, float]]:
    """Up to three kinds, best first, the one on the record among them as long as the catalogue has it."""
    known = turn.city.taxonomy.find_item
    offered = [(item, share) for item, share in findings.alternatives if share >= triage.LIKELY and known(item)]
    if known(request.item) and request.item not in dict(offered):
        offered.insert(0, (request.item, 0.0))
    return offered[:KINDS]


def _kind_button(turn: Turn, request: Request, item: str, share: float, settled: bool) -> Button:
    kind = turn.city.taxonomy.get_item(item)
    chosen = settled and item == request.item
    key = "desk.kind_chosen" if chosen else "desk.kind_likely" if share else "desk.kind_plain"
    typed = turn.text("desk.typed_kind", number=request.number, kind=kind.name)
    return turn.button(
        key,
        "desk.kind",
        {"id": request.id, "item": item},
        typed=typed,
        kind=kind_name(turn, kind),
        share=f"{round(share * 100)} %",
    )


def kind_name(turn: Turn, kind: Item) -> str:
    """The name of a kind on a button, with a mark when it is urgent by itself."""
    return turn.text("desk.kind_urgent", kind=kind.name) if kind.urgent else kind.name


def find_kinds(city: City, words: str) -> list[str]:
    """The kinds that typed words may mean: a name or part of one, what the reader makes of them, or a near spelling."""
    asked = words.strip()
    if not asked:
        return []
    exact = [i.id for i in city.taxonomy.items if i.name == asked or i.id == asked]
    if exact:
        return exact
    inside = [i.id for i in city.taxonomy.items if asked in i.name or i.name in asked]
    if inside:
        return inside
    findings = city.read(asked)
    if findings.topic and city.taxonomy.find_item(findings.topic):
        return [findings.topic]
    scored = [(SequenceMatcher(None, asked, i.name).ratio(), i.id) for i in city.taxonomy.items]
    return [item for score, item in sorted(scored, reverse=True) if score >= _ALIKE][:KINDS]


# -------------------------------------------------------------------- places


async def likely_places(turn: Turn, request: Request, findings: Findings) -> list[Candidate]:
    """Places, a grid each: three at most from the words or the reporter's last report, then the desk's own grids."""
    found: list[Candidate] = []
    grid = turn.city.street.find_grid(request.grid) if request.grid else None
    if grid is not None:
        found.append(Candidate(request.place_text or grid.name, grid.id))
    if findings.place.grid:
        found.append(Candidate(without_room(findings.place.text), findings.place.grid))
    found += findings.place.candidates
    reporter = await people.get_person(turn.tx, request.reporter_id)
    last = triage.restored(reporter.last_place) if reporter.last_place else None
    if last is not None and last.grid and turn.city.street.find_grid(last.grid):
        found.append(Candidate(triage.place_dict(last)["text"] or turn.city.street.get_grid(last.grid).name, last.grid))
    if not findings.place.candidates:
        found += turn.city.places.search(request.place_text)
    likely = {c.grid: c for c in reversed(found)}
    places = list(dict.fromkeys(likely[c.grid] for c in found))[:PLACES]
    taken = {c.grid for c in places}
    places += [c for c in _own_grids(turn.city, community_of(request)) if c.grid not in taken]
    return places[:WITH_GRIDS]


def _own_grids(city: City, community: str) -> list[Candidate]:
    """The grids of a desk's community; the street's desk has all of them when they fit on a card, else none."""
    if community:
        return grids_of(city, community)
    every = [Candidate(grid.name, grid.id) for grid in city.street.grids()]
    return every if len(every) <= WITH_GRIDS else []


def _place_button(turn: Turn, request: Request, candidate: Candidate) -> Button:
    chosen = candidate.grid == request.grid
    typed = turn.text("desk.typed_place", number=request.number, place=candidate.label)
    args = {"id": request.id, "grid": candidate.grid, "text": candidate.label}
    key = "desk.place_chosen" if chosen else "desk.place_likely"
    return turn.button(key, "desk.place", args, typed=typed, place=candidate.label)


def community_of(request: Request) -> str:
    """The community whose desk holds the record; empty for the street's own desk."""
    queue = parse_queue(request.queue)
    return queue.id if queue.kind is QueueKind.DESK else ""


def grids_of(city: City, community: str) -> list[Candidate]:
    """Every grid of a community by its name; none for an unknown community."""
    found = [c for c in city.street.communities if c.id == community]
    return [Candidate(grid.name, grid.id) for c in found for grid in c.grids]


def place_at(city: City, grid: str, label: str, known: str = "") -> Place:
    """The place a button stands for: what its label says when that lies in the grid, else just the grid.

    A grid alone keeps what the record called the place before (`known`).
    """
    name = city.street.get_grid(grid).name
    read = city.places.find(label)
    if read.grid == grid and label != name:
        return read
    text = known if label in ("", name) and known else label or name
    return Place(text=text, grid=grid, community=city.street.community_of(grid).id)
