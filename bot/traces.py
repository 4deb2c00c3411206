"""Traces: one for each update, from its receipt to the answers, whichever processes take part. Off unless asked for.

A trace is named after its update, so that every process knows it without a note. Spans hold the channel and the kind of
work; no words, names, numbers or ids of people. The exporter is in bot/exporting.py.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, Tracer, TracerProvider

from storage.tx import Tx

CARRIED = "trace"
"""Under this name a message in the outbox carries the span that said it."""


class Traces:
    """One instance a process. Without a provider every method does nothing."""

    def __init__(self, provider: TracerProvider | None = None, share: float = 1.0) -> None:
        """`share` of all updates are traced; the same ones in every process."""
        self._tracer: Tracer | None = provider.get_tracer("linli") if provider is not None else None
        self._provider = provider
        self._share = share

    def of(self, *name: str) -> str:
        """The trace of an update or a timer; empty when it is not traced."""
        if self._tracer is None:
            return ""
        made = hashlib.sha256("\0".join(name).encode()).hexdigest()
        return f"{made[:32]}-{made[32:48]}" if int(made[48:56], 16) < self._share * 2**32 else ""

    def span(self, name: str, parent: str, **attributes: str) -> AbstractContextManager[str]:
        """The block is one span; what it gives is the parent of what follows from it."""
        if self._tracer is None or not parent:
            return nullcontext("")
        return _spanned(self._tracer, name, parent, attributes)

    def past(self, name: str, parent: str, seconds: float, **attributes: str) -> None:
        """A span that ends now and took so long."""
        if self._tracer is not None and parent:
            began = time.time_ns() - round(seconds * 1e9)
            self._tracer.start_span(name, _within(parent), attributes=attributes, start_time=began).end()

    def close(self) -> None:
        """Sends what is left; may take seconds, so call it in a thread."""
        shutdown = getattr(self._provider, "shutdown", None)
        if shutdown is not None:
            shutdown()


@contextmanager
def _spanned(tracer: Tracer, name: str, parent: str, attributes: dict[str, str]) -> Iterator[str]:
    with tracer.start_as_current_span(name, _within(parent), attributes=attributes) as span:
        found = span.get_span_context()
        yield f"{found.trace_id:032x}-{found.span_id:016x}"


def carrying(tx: Tx, here: str) -> AbstractContextManager[None]:
    """What is said in the block takes the span with it into the outbox."""
    return _carrying(tx, here) if here else nullcontext()


@contextmanager
def _carrying(tx: Tx, here: str) -> Iterator[None]:
    tx.carried[CARRIED] = here
    try:
        yield
    finally:
        del tx.carried[CARRIED]


def _within(parent: str) -> context.Context:
    trace_id, _, span_id = parent.partition("-")
    flags = TraceFlags(TraceFlags.SAMPLED)
    here = SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(here), context.Context())
