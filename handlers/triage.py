"""What a text is taken for, and where it would go: the text's findings joined with the street's rules.

The same decision serves the conversation and `linli triage`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from handlers.city import City
from nlp.address import Place
from nlp.mask import without_room
from nlp.reader import Findings
from workflow.routing import route

LIKELY = 0.02
"""Confidence from which a kind is worth a button."""
_KEPT = ("text", "grid", "community", "estate", "building", "unit", "room", "road", "number", "landmark", "outside")
"""What is stored of a place: not the candidates, nor the words it was read from."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Kind, place and queue of a text, and why. `level` is sure, unsure (ask: A or B?) or unknown (the desk looks)."""

    intent: str
    item: str
    grid: str
    queue: str
    reason: str
    level: str
    place_text: str
    place: dict[str, Any]
    full_place: str


_CRIES = re.compile("救命|快来人|快派人|危险|紧急|火急|马蜂|有蛇|洪水|有毒|化学品")
"""An unnamed danger with one of these is no talk of work, of a wish or of a result."""


def is_danger(findings: Findings, words: str) -> bool:
    """Whether words that may answer something are a danger first: a named one, or an unnamed one with a cry for help."""
    return findings.urgent and (findings.danger != "other" or _CRIES.search(words) is not None)


def level_of(city: City, findings: Findings) -> str:
    """How far the machine trusts itself with this text."""
    if not findings.item or findings.confidence < city.manners.unsure:
        return "unknown"
    return "sure" if findings.confidence >= city.manners.sure else "unsure"


def decide(
    city: City, findings: Findings, *, item: str = "", place: Place | None = None, strict: bool = True
) -> Decision:
    """The decision for a text; `item` and `place` override what the machine found, because a person said so.

    With `strict` a kind that is not sure goes to the desk; without it the best guess is taken (evaluation).
    """
    where = place if place is not None else findings.place
    level = "sure" if item else level_of(city, findings)
    kind = item or ("" if strict and level == "unknown" else findings.item or "")
    found = city.taxonomy.find_item(kind) if kind else None
    way = route(
        intent=findings.intent,
        item_queue=found.queue if found else None,
        grid=where.grid,
        community=where.community,
        confident=not strict or level == "sure",
    )
    return Decision(
        intent=findings.intent,
        item=kind,
        grid=where.grid or "",
        queue=way.queue,
        reason=way.reason,
        level=level,
        place_text=(kept := place_dict(where))["text"],
        place=kept,
        full_place=where.text,
    )


def place_dict(place: Place) -> dict[str, Any]:
    """A place as it is stored with a record: without unit and room, and without the candidates."""
    kept = whole(place)
    del kept["unit"], kept["room"]
    kept["text"] = without_room(place.text)
    return kept


def restored(data: dict[str, Any]) -> Place:
    """A place from what was stored with a record, a draft or a person."""
    return Place(**{name: data[name] for name in _KEPT if name in data})


def whole(place: Place) -> dict[str, Any]:
    """A place with unit and room, for sealed storage only."""
    return {name: getattr(place, name) for name in _KEPT}


def as_line(city: City, record_id: Any, findings: Findings, ms: float) -> dict[str, Any]:
    """One line of `linli triage`: the names and values of contracts.md."""
    made = decide(city, findings, strict=False)
    item = made.item if made.intent not in ("progress", "smalltalk") else ""
    queue = "desk" if made.queue.startswith("desk") else made.queue
    return {
        "id": record_id,
        "intent": findings.intent,
        "item": item or None,
        "subcategory": city.taxonomy.subcategory_of(item).id if item else None,
        "category": city.taxonomy.category_of(item).id if item else None,
        "confidence": round(findings.confidence, 3),
        "urgent": findings.urgent,
        "grid": findings.place.grid,
        "queue": queue,
        "evidence": [[word, round(weight, 2)] for word, weight in findings.evidence],
        "alternatives": [[alternative, round(share, 3)] for alternative, share in findings.alternatives],
        "ms": round(ms, 2),
    }
