"""One record as a page shows it: what it is, where it stands, everything that happened, what may be done, what looks the same."""

from __future__ import annotations

from typing import Any, NamedTuple

from handlers import alike, cards, handover, names, placing
from handlers.office import acts, echo, seeing, timeline
from handlers.office.seeing import Row
from handlers.office.timeline import Line
from handlers.office.turning import OfficeTurn
from nlp.duplicates import WITHIN, Verdict, compare
from storage import attachments, requests, supporters
from storage.attachments import Attachment
from storage.requests import Request
from workflow.states import State

_ALIKE = 5


class File(NamedTuple):
    """A file of a record. `ref` is empty until its bytes are here; `of` is request or result."""

    ref: str
    kind: str
    of: str


class Guess(NamedTuple):
    """A kind or a grid that the machine would choose, with how sure it is in whole percent (0: not said)."""

    value: str
    name: str
    percent: int


class Alike(NamedTuple):
    """An open record that may be the same matter, and the reasons that speak for it."""

    row: Row
    why: str
    same: bool


class Page(NamedTuple):
    """Everything that stands on the page of one record."""

    row: Row
    words: str
    who: str
    confidence: int
    evidence: list[str]
    lines: list[Line]
    files: list[File]
    company: list[str]
    parent: int | None
    children: list[Row]
    acts: list[str]
    echo: list[str]
    kinds: list[Guess]
    grids: list[Guess]
    colleagues: list[tuple[int, str]]
    alike: list[Alike]


async def page(turn: OfficeTurn, request: Request) -> Page:
    """The page; whether the acting person may read it was asked before (`seeing.find`)."""
    [row] = await seeing.rows(turn, [request])
    allowed = await acts.possible(turn, request)
    deciding = {"kind", "place", "merge"} & set(allowed)
    findings = turn.city.read(request.text) if deciding else None
    kinds, grids = await _guesses(turn, request) if deciding else ([], [])
    company = [
        turn.text("joining.supporter_line", words=s.text) for s in await supporters.of(turn.tx, request.id) if s.text
    ]
    people_ = await handover.colleagues(turn, request) if "transfer" in allowed else []
    parent = await requests.get(turn.tx, request.parent_id) if request.parent_id else None
    return Page(
        row=row,
        words=request.text,
        who=await names.resident(turn, request.reporter_id),
        confidence=round(request.confidence * 100),
        evidence=[f"{word} {weight:+.1f}" for word, weight in findings.evidence][:8] if findings else [],
        lines=await timeline.lines(turn, request),
        files=await _files(turn, request),
        company=company,
        parent=parent.number if parent is not None and request.state is State.MERGED else None,
        children=await seeing.rows(turn, await requests.children_of(turn.tx, [request.id])),
        acts=allowed,
        echo=list(await echo.draft(turn, request)) if "publish" in allowed else [],
        kinds=kinds,
        grids=grids,
        colleagues=[(p.id, names.shown(p) or turn.text("card.worker")) for p in people_],
        alike=await _alike(turn, request) if "merge" in allowed else [],
    )


async def _guesses(turn: OfficeTurn, request: Request) -> tuple[list[Guess], list[Guess]]:
    """Likely kinds and places, as the desk's card in the chat offers them."""
    findings = turn.city.read(request.text)
    name = turn.city.taxonomy.get_item
    kinds = [Guess(i, name(i).name, round(share * 100)) for i, share in placing.likely_kinds(turn, request, findings)]
    places = [Guess(c.grid, c.label, 0) for c in await placing.likely_places(turn, request, findings)]
    return kinds, places


async def _files(turn: OfficeTurn, request: Request) -> list[File]:
    def shown(of: str, file: Attachment) -> File:
        return File(file.stored if len(file.stored) == 64 else "", file.kind, of)

    both = [(of, await attachments.of(turn.tx, of, request.id)) for of in ("request", "result")]
    return [shown(of, file) for of, files in both for file in files]


async def _alike(turn: OfficeTurn, request: Request) -> list[Alike]:
    """Open records of the grid that may be the same matter, surest first; what was told apart is left out."""
    if not request.grid:
        return []
    apart = await supporters.told_apart(turn.tx, [request.id])
    photos = (await attachments.likenesses(turn.tx, "request", [request.id])).get(request.id, ())
    kind = "" if photos else alike.kind_of(request.item)  # a photo may tell what the words do not
    near = await requests.in_grid(turn.tx, request.grid, request.received_at - WITHIN, kind=kind)
    near = [r for r in near if r.id != request.id and r.id not in apart]
    likeness = await attachments.likenesses(turn.tx, "request", [r.id for r in near])
    own = alike.matter_of(turn, request, photos)
    pairs = [(r, compare(own, alike.matter_of(turn, r, likeness.get(r.id, ())))) for r in near]
    found = [(r, d) for r, d in pairs if d.verdict in (Verdict.SAME, Verdict.MAYBE)]
    found.sort(key=lambda pair: (pair[1].verdict is not Verdict.SAME, pair[0].id))
    shown = await seeing.rows(turn, [r for r, _ in found[:_ALIKE]])
    return [
        Alike(row, alike.why(turn, r, d), d.verdict is Verdict.SAME)
        for row, (r, d) in zip(shown, found[:_ALIKE], strict=True)
    ]


async def beside(turn: OfficeTurn, one: Request, other: Request) -> dict[str, Any]:
    """Two records side by side: rows, words, files, and what the pair decision says about them."""
    decision = compare(alike.matter_of(turn, one), alike.matter_of(turn, other))
    sides = [
        {
            "row": row,
            "words": request.text,
            "files": await _files(turn, request),
            "company": await cards.company_lines(turn, request),
        }
        for request, row in zip((one, other), await seeing.rows(turn, [one, other]), strict=True)
    ]
    return {"sides": sides, "why": alike.why(turn, one, decision), "verdict": decision.verdict.value}
