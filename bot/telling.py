"""What the commands show people on a terminal: a fault in one line, findings, bars on long work. Output is `bot/cli.py`'s."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress, TaskID, track
from rich.text import Text

Value = TypeVar("Value")
_STYLES = {"ok": "green", "warn": "yellow", "fail": "red"}
_errors = Console(stderr=True, highlight=False, soft_wrap=True)


def fault(lines: Iterable[str]) -> None:
    """What went wrong, on stderr."""
    for line in lines:
        _errors.print(f"linli: {line}", style="red", markup=False)


def finding(level: str, text: str) -> None:
    """One line of an examination; `level` is ok, warn or fail."""
    line = Text(f"{level:4}", style=_STYLES[level]).append(f" {text}", style="default")
    Console(highlight=False, soft_wrap=True).print(line)


@contextmanager
def doing() -> Iterator[Callable[[str], None]]:
    """For work in steps: says which one is done now, while somebody watches."""
    status = _errors.status("…") if sys.stderr.isatty() else None
    watched: AbstractContextManager[object] = status or nullcontext()
    with watched:
        yield (lambda step: status.update(step)) if status else (lambda _step: None)


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """For (table, rows done, rows in all): a bar a table while somebody watches, else silence."""
    if not sys.stderr.isatty():
        yield lambda _table, _done, _all: None
        return
    with Progress(console=_errors) as shown:
        tasks: dict[str, TaskID] = {}

        def tell(table: str, done: int, total: int) -> None:
            if table not in tasks:
                tasks[table] = shown.add_task(table, total=total)
            shown.update(tasks[table], completed=done)

        yield tell


def one_by_one(values: Sequence[Value]) -> Iterable[Value]:
    """The values, with a bar while somebody watches."""
    return track(values, console=_errors, disable=not sys.stderr.isatty())
