"""How well and how fast the reader works: `python -m benchmarks.triage STREET TAXONOMY LABELS [--misses]`.

Prints item, intent, grid, queue and urgency figures, microseconds a message, and the misses when asked.
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jieba

from nlp.classify import INTENTS
from nlp.reader import Findings, Item, Reader
from nlp.street import parse_street

Row = dict[str, Any]


def load_rows(path: Path) -> list[Row]:
    """Labelled messages, one JSON object a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def load_items(path: Path) -> tuple[list[Item], dict[str, str]]:
    """The items of a taxonomy file and the default queue of each."""
    items, queues = [], {}
    for category in tomllib.loads(path.read_text(encoding="utf-8"))["categories"]:
        for sub in category["subcategories"]:
            for item in sub["items"]:
                items.append(Item(item["id"], item["name"], sub["id"], sub["name"], category["id"], category["name"]))
                queues[item["id"]] = item["queue"]
    return items, queues


def queue_of(found: Findings, queues: Mapping[str, str]) -> str:
    """The queue by the rule of the labels: wishes to the party office, progress and smalltalk to the desk."""
    if found.intent == "wish":
        return "dept:party"
    if found.intent in ("progress", "smalltalk") or found.item is None:
        return "desk"
    queue = queues[found.item]
    if queue != "grid":
        return f"dept:{queue}"
    return f"grid:{found.place.grid}" if found.place.grid else "desk"


def evaluate(reader: Reader, rows: Sequence[Row], queues: Mapping[str, str]) -> dict[str, float]:
    """Shares of right answers by name."""
    pairs = [(reader.read(row["text"]), row) for row in rows]
    whole = len(pairs)
    alarms = sum(found.urgent for found, _ in pairs)
    both = sum(found.urgent and row["urgent"] for found, row in pairs)
    return {
        "item": sum(found.item == row["item"] for found, row in pairs) / whole,
        "top3": sum(_among_first(found, row["item"]) for found, row in pairs) / whole,
        "category": sum(_category(found.item) == _category(row["item"]) for found, row in pairs) / whole,
        "intent": sum(found.intent == row["intent"] for found, row in pairs) / whole,
        "intent_f1": sum(_f1(pairs, intent) for intent in INTENTS) / len(INTENTS),
        "grid": sum(found.place.grid == row["grid"] for found, row in pairs) / whole,
        "queue": sum(queue_of(found, queues) == row["queue"] for found, row in pairs) / whole,
        "urgent_recall": both / max(1, sum(row["urgent"] for row in rows)),
        "urgent_precision": both / max(1, alarms),
    }


def _among_first(found: Findings, item: str | None) -> bool:
    return found.item is None if item is None else item in dict(found.alternatives)


def _category(item: str | None) -> str:
    return (item or "").split(".")[0]


def _f1(pairs: Sequence[tuple[Findings, Row]], intent: str) -> float:
    right = sum(found.intent == intent == row["intent"] for found, row in pairs)
    said = sum(found.intent == intent for found, _ in pairs)
    true = sum(row["intent"] == intent for _, row in pairs)
    return 2 * right / (said + true) if said + true else 1.0


def _speed(reader: Reader, rows: Sequence[Row]) -> None:
    texts = [row["text"][:60] for row in rows]
    jieba.initialize()
    started = time.perf_counter()
    for text in texts:
        list(jieba.cut(text))
    cut = time.perf_counter() - started
    started = time.perf_counter()
    for text in texts:
        reader.read(text)
    read = time.perf_counter() - started
    print(f"read {read / len(texts) * 1e6:.0f} us a message of up to 60 characters")
    print(f"cut  {cut / len(texts) * 1e6:.0f} us by jieba.cut")


def main() -> None:
    """Reads the arguments and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("street", "taxonomy", "labels"):
        parser.add_argument(name, type=Path)
    parser.add_argument(
        "--misses", action="store_true", help="print every message with a wrong item, intent or urgency"
    )
    options = parser.parse_args()
    items, queues = load_items(options.taxonomy)
    started = time.perf_counter()
    reader = Reader(items, parse_street(tomllib.loads(options.street.read_text(encoding="utf-8"))))
    print(f"start {time.perf_counter() - started:.2f} s")
    rows = load_rows(options.labels)
    for name, share in evaluate(reader, rows, queues).items():
        print(f"{name:18} {share:.3f}")
    _speed(reader, rows)
    if options.misses:
        for row in rows:
            found = reader.read(row["text"])
            said, true = (found.item, found.intent, found.urgent), (row["item"], row["intent"], row["urgent"])
            if said != true:
                print(row["id"], true, "read as", said, row["text"][:80])


if __name__ == "__main__":
    main()
