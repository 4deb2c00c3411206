"""Log lines: one JSON object an event on stderr. What may name a person never gets in, because only known kinds of
values are let through: numbers, and plain words under known names. Of an error its type and place are written, not its text.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections import OrderedDict
from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import suppress
from functools import lru_cache
from pathlib import PurePath
from types import TracebackType
from typing import Any

import structlog

WORDS = frozenset(
    {"at", "level", "event", "tenant", "channel", "reason", "name", "error", "lane", "kind", "subject", "route"}
    | {"state", "logger", "signal", "target", "sqlstate"}
)
"""Names under which a word may stand. Under any other only numbers are written."""
LONGEST = 120
FRAMES = 12
_PLAIN = re.compile(r"[^ -~]+|\d{5,}|[A-Za-z0-9_-]{25,}|gAAAAA\S*|s2\.\S*|\S+@\S+|\S*://\S+|/\S*/\S+")
"""In a word: what is not ASCII, long numbers, tokens, addresses, paths."""
_KNOWN = 10_000
Event = MutableMapping[str, Any]


def set_up(*, debug: bool) -> None:
    """Every logger of this process, ours and the libraries', writes such lines; with `debug`, whole errors too."""
    level = logging.DEBUG if debug else logging.INFO
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", key="at"),
        _process,
        *([] if debug else [_filled, only_plain]),
        *([structlog.processors.format_exc_info] if debug else []),
    ]
    last = structlog.processors.JSONRenderer(_json)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[*shared, last],
        logger_factory=lambda *_: _Printer(sys.stderr),  # looked up at each line, so never a closed one
        cache_logger_on_first_use=False,
    )
    handler = _Lines()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
            use_get_message=debug,  # else the words of the program, and what `_filled` lets through
            keep_exc_info=False,
            pass_foreign_args=not debug,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler, *(h for h in root.handlers if type(h).__module__.startswith("_pytest"))]
    root.setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a housekeeping run that is skipped is no news


_encode = json.JSONEncoder(ensure_ascii=False, default=repr).encode
"""One for all lines: `json.dumps` would make one for each."""


def _json(event: Event, **_more: Any) -> str:
    """A line. What JSON does not have is only there with `debug`."""
    return _encode(event)


class _Printer(structlog.PrintLogger):
    """A line that cannot be written (the disk of the log is full, its reader is gone) is lost, and stops no work."""

    def msg(self, message: str) -> None:
        """Prints the line."""
        with suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = fatal = failure = err = error = critical = exception = msg


class _Kept:
    """Lines that are to be printed together."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, message: str) -> None:
        """Keeps the line."""
        self.lines.append(message)


class _Lines(logging.StreamHandler[Any]):
    """Writes to whatever stderr is at the moment."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def bind(tenant: str) -> None:
    """Every later line of this task, and of the tasks it starts, says whose books are kept."""
    structlog.contextvars.bind_contextvars(tenant=tenant)


def only_plain(_logger: Any, _method: str, event: Event) -> Event:
    """A structlog processor: lets through what cannot name anybody."""
    error = _error(event.pop("exc_info", None))
    line: Event = {}
    for name, value in event.items():
        plain = value if type(value) is int else _plain(name, value)
        if plain is not None:
            line[name] = plain
    if error is not None:
        line |= _of_error(error)
    return line


def _filled(_logger: Any, _method: str, event: Event) -> Event:
    """The words of a line of `logging` with the numbers that belong into them, and of errors their type and number."""
    given = event.pop("positional_args", ())
    if isinstance(given, tuple) and given:
        with suppress(TypeError, ValueError):  # they do not go together: as it stands
            event["event"] %= tuple(map(_fit, given))
    return event


def _fit(value: object) -> object:
    if isinstance(value, BaseException):
        number = getattr(value, "code", None) or getattr(value, "errno", None)
        return f"{type(value).__name__} {number}" if isinstance(number, int) else type(value).__name__
    return value.__name__ if isinstance(value, type) else value if isinstance(value, int | float) else "…"


def _process(_logger: Any, _method: str, event: Event) -> Event:
    event["process"] = os.getpid()
    return event


def _plain(name: str, value: Any) -> Any:
    if name.startswith("_"):
        return value  # structlog's own, taken out before the line is written
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str) and name in WORDS:
        return value if name == "at" else _masked(value.strip().partition("\n")[0])
    return None


@lru_cache(1024)
def _masked(word: str) -> str:
    """Nearly all are names of events."""
    return _PLAIN.sub("…", word)[:LONGEST]


def _error(given: Any) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1] if isinstance(given[1], BaseException) else None
    return sys.exc_info()[1] if given else None


def _of_error(error: BaseException) -> dict[str, Any]:
    """Type, cause and place of an error. Its words are left out: they may hold what somebody said."""
    types, one = [], error
    while one is not None and len(types) < 5:
        types.append(type(one).__name__)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)  # type: ignore[assignment]
    found: dict[str, Any] = {"error": types[0], "places": _places(error.__traceback__)}
    if len(types) > 1:
        found["causes"] = types[1:]
    number, state = getattr(error, "errno", None), getattr(getattr(error, "orig", error), "sqlstate", None)
    return found | ({"errno": number} if isinstance(number, int) else {}) | ({"sqlstate": state} if state else {})


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-FRAMES:]
    return [f"{'/'.join(PurePath(f.filename).parts[-2:])}:{f.lineno} {f.name}" for f in frames]


class Numbers:
    """The numbers that people know records by, as far as this process has heard of them."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, int] = OrderedDict()

    def of(self, event: Mapping[str, Any]) -> int | None:
        """The number of the record that an event of the ledger is about."""
        said = event["data"].get("number")
        if isinstance(said, int) and event["name"].endswith((".received", ".submitted")):
            self._known[event["subject_id"]] = said
            if len(self._known) > _KNOWN:
                self._known.popitem(last=False)
        return self._known.get(event["subject_id"])


class EventLog:
    """One line for each event that was committed to the ledger: its name, the record, its number."""

    def __init__(self) -> None:
        self._numbers = Numbers()

    def write(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Writes the lines, in one go."""
        kept = _Kept()
        log = structlog.wrap_logger(kept).bind()
        for event in events:
            number = self._numbers.of(event)
            more = {} if number is None else {"number": number}
            log.info(event["name"], subject=event["subject"], record=event["subject_id"], seq=event["seq"], **more)
        if kept.lines:
            structlog.get_config()["logger_factory"]().msg("\n".join(kept.lines))
