"""Reads labelled messages: JSON lines {"text", "title", "item", "intent", "urgent", "grid", "queue", "group"}.

All but the text are optional.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp.lexicon import DATA

EXAMPLES = DATA / "examples"
"""The example messages that come with the package, written for it."""


class LabelError(ValueError):
    """A file of labels cannot be used; the message names file and line and says what to do."""


@dataclass(frozen=True, slots=True)
class Label:
    """One message and what people said of it; `given` holds the fields the line has, `title` its short form."""

    text: str
    item: str | None
    intent: str | None
    urgent: bool | None
    group: str
    given: frozenset[str]
    grid: str | None = None
    queue: str | None = None
    id: str = ""
    title: str = ""


def read_labels(paths: Sequence[Path]) -> list[Label]:
    """Every line of the files in order. Raises LabelError; an empty file gives nothing."""
    found = []
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise LabelError(f"cannot read the labels {path}: {error}") from error
        for at, line in enumerate(lines, 1):
            if line.strip():
                found.append(_label(line, f"{path}, line {at}"))
    return found


def shipped_labels() -> list[Label]:
    """The example messages of the package."""
    return read_labels(sorted(EXAMPLES.glob("*.jsonl")))


def correction(text: str, item: str) -> Label:
    """What a desk or a resident said a message is about."""
    return Label(text, item, None, None, "", frozenset({"text", "item"}))


def _label(line: str, where: str) -> Label:
    try:
        data: Any = json.loads(line)
    except ValueError as error:
        raise LabelError(f"{where}: not JSON ({error}); one object a line is expected") from error
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        raise LabelError(f'{where}: an object with a "text" is expected')
    for name in ("title", "item", "intent", "grid", "queue"):
        if not isinstance(data.get(name), str | None):
            raise LabelError(f'{where}: "{name}" must be words or null, not {data[name]!r}')
    if not isinstance(data.get("urgent"), bool | None):
        raise LabelError(f'{where}: "urgent" must be true or false, not {data["urgent"]!r}')
    return Label(
        text=data["text"],
        item=data.get("item"),
        intent=data.get("intent"),
        urgent=data.get("urgent"),
        group=str(data.get("group", "")),
        given=frozenset(data),
        grid=data.get("grid"),
        queue=data.get("queue"),
        id=str(data.get("id", "")),
        title=data.get("title") or "",
    )
