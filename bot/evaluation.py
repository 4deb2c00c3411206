"""The work of `linli evaluate`: reads labelled messages as `linli triage` would and counts what is right."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from handlers import triage as deciding
from handlers.city import City
from nlp.labels import Label

COVERAGES = (0.4, 0.6, 0.8, 1.0)
MOST_CONFUSED = 10


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and what the program says of its text, in the names of `linli triage`."""

    label: Label
    said: dict[str, Any]


def read_all(city: City, labels: Sequence[Label]) -> list[Pair]:
    """Every label with the program's line for its text."""
    pairs = []
    for label in labels:
        started = time.perf_counter()
        findings = city.reader.read(label.text)
        line = deciding.as_line(city, label.id, findings, (time.perf_counter() - started) * 1000)
        pairs.append(Pair(label, line))
    return pairs


def figures(pairs: Sequence[Pair]) -> dict[str, float]:
    """Shares of right answers by name, for the fields the labels have; empty for none."""
    found: dict[str, float] = {}
    of_item = _having(pairs, "item")
    if of_item:
        found["item"] = _share(of_item, lambda p: p.said["item"] == p.label.item)
        found["item in the first three"] = _share(of_item, _among_first)
        found["category"] = _share(of_item, lambda p: _category(p.said["item"]) == _category(p.label.item))
        named = [p for p in of_item if p.label.item]
        found["item, mean F1 by item"] = mean_f1([(p.said["item"], p.label.item) for p in named])
    of_intent = _having(pairs, "intent")
    if of_intent:
        found["intent"] = _share(of_intent, lambda p: p.said["intent"] == p.label.intent)
        found["intent, mean F1 by intent"] = mean_f1([(p.said["intent"], p.label.intent) for p in of_intent])
    for name in ("grid", "queue"):
        having = _having(pairs, name)
        if having:
            found[name] = _share(having, lambda p, name=name: p.said[name] == getattr(p.label, name))  # type: ignore[misc]
    of_urgent = _having(pairs, "urgent")
    if of_urgent:
        both = sum(bool(p.said["urgent"] and p.label.urgent) for p in of_urgent)
        found["urgent, recall"] = both / max(1, sum(bool(p.label.urgent) for p in of_urgent))
        found["urgent, precision"] = both / max(1, sum(p.said["urgent"] for p in of_urgent))
    return found


def coverage(pairs: Sequence[Pair]) -> list[tuple[float, float, float]]:
    """(share of the messages taken, surest first; least confidence taken; share of their items right)."""
    ranked = sorted(_having(pairs, "item"), key=lambda p: -_confidence(p))
    found = []
    for share in COVERAGES:
        taken = ranked[: round(len(ranked) * share)]
        if taken:
            right = _share(taken, lambda p: p.said["item"] == p.label.item)
            found.append((share, _confidence(taken[-1]), right))
    return found


def reliability(pairs: Sequence[Pair]) -> list[tuple[float, int, float]]:
    """(mean confidence, messages, share right) by tenths of confidence, of messages that are about an item."""
    tenths: dict[int, list[Pair]] = {}
    for pair in _having(pairs, "item"):
        if pair.said["item"] is not None:
            tenths.setdefault(min(9, int(_confidence(pair) * 10)), []).append(pair)
    return [
        (
            sum(_confidence(p) for p in held) / len(held),
            len(held),
            _share(held, lambda p: p.said["item"] == p.label.item),
        )
        for _, held in sorted(tenths.items())
    ]


def confused(pairs: Sequence[Pair]) -> list[tuple[str, str, int]]:
    """(labelled, said, times) of the items taken for one another most often."""
    counts = Counter(
        (p.label.item or "-", p.said["item"] or "-") for p in _having(pairs, "item") if p.said["item"] != p.label.item
    )
    return [(true, said, times) for (true, said), times in counts.most_common(MOST_CONFUSED)]


def report(pairs: Sequence[Pair]) -> Iterator[str]:
    """All of it as lines to print."""
    for name, share in figures(pairs).items():
        yield f"{name:28}{share:.3f}"
    yield ""
    yield "coverage   least confidence   items right"
    for taken, least, right in coverage(pairs):
        yield f"{taken:8.2f}{least:19.2f}{right:14.3f}"
    yield ""
    yield "confidence   messages   items right"
    for mean, held, right in reliability(pairs):
        yield f"{mean:10.2f}{held:11}{right:14.3f}"
    yield ""
    yield "labelled -> said"
    for true, said, times in confused(pairs):
        yield f"{times:4} {true} -> {said}"
    spent = sorted(p.said["ms"] for p in pairs)
    if spent:
        yield ""
        yield f"ms a message: median {spent[len(spent) // 2]:.2f}, p99 {spent[int(len(spent) * 0.99)]:.2f}"


def _having(pairs: Sequence[Pair], name: str) -> list[Pair]:
    return [p for p in pairs if name in p.label.given]


def _share(pairs: Sequence[Pair], right: Callable[[Pair], bool]) -> float:
    return sum(map(right, pairs)) / len(pairs)


def _confidence(pair: Pair) -> float:
    return float(pair.said["confidence"])


def _among_first(pair: Pair) -> bool:
    if pair.label.item is None:
        return pair.said["item"] is None
    return pair.label.item in [item for item, _ in pair.said["alternatives"]] + [pair.said["item"]]


def _category(item: str | None) -> str:
    return (item or "").split(".")[0]


def mean_f1(pairs: Sequence[tuple[str | None, str | None]]) -> float:
    """The mean over the labelled targets of F1, from pairs (said, labelled)."""
    scores = []
    for target in {true for _, true in pairs}:
        both = sum(said == target == true for said, true in pairs)
        scores.append(2 * both / (sum(s == target for s, _ in pairs) + sum(t == target for _, t in pairs)))
    return sum(scores) / len(scores) if scores else 0.0
