"""Traces: one from the receipt to the answers, the same from every process, with nothing of anybody in it; off by default."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.clock import Clock
from bot.config import Config
from bot.exporting import provider
from bot.extras import open_traces
from bot.files import Files
from bot.inbox import Inbox
from bot.media import MediaStore
from bot.sender import Sender
from bot.traces import Traces
from storage import outbox
from tests.bot import test_inbox, test_sender
from tests.bot.test_inbox import update
from tests.town import Town

WORDS = "银杏苑3幢2单元楼道灯不亮了，电话13900001234"


class Wire(test_sender.Wire, test_inbox.Wire):
    """Reads and sends."""

    name, account = "test", ""


@pytest.fixture
def kept() -> Iterator[tuple[InMemorySpanExporter, TracerProvider]]:
    exporter, made = InMemorySpanExporter(), TracerProvider()
    made.add_span_processor(SimpleSpanProcessor(exporter))
    yield exporter, made
    made.shutdown()


async def said_and_answered(tmp_path: Path, receiving: Traces, sending: Traces) -> list[dict[str, Any]]:
    """One process takes the update in, another sends the answer. What stood in the outbox."""
    async with Town.open(tmp_path) as town:
        wire: Any = Wire()
        channels = {("test", ""): wire}
        inbox = Inbox(town.store, town.city, channels, Clock(), traces=receiving)
        await inbox.start()
        await inbox.receive("test", "", [update(1, WORDS, "aunt")], wait=True)
        await inbox.stop()
        async with town.store.read() as tx:
            rows = await tx.all(outbox.outbox.select().where(outbox.outbox.c.tenant == tx.tenant))
            bodies = [tx.sealer.open_json(row.body_sealed) for row in rows]
        files = Files(town.store, MediaStore(tmp_path / "media"), channels)
        sender = Sender(town.store, town.city, channels, Clock(), files, asyncio.Event(), traces=sending)
        await sender.start()
        await sender.drained()
        await sender.stop()
        assert wire.taken
        assert not any("trace" in text for _, text, _ in wire.taken)
    return bodies


async def test_one_trace_from_the_receipt_to_the_answer(
    tmp_path: Path, kept: tuple[InMemorySpanExporter, TracerProvider]
) -> None:
    exporter, made = kept
    await said_and_answered(tmp_path, Traces(made), Traces(made))
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert set(spans) == {"receive", "handle", "send"}
    assert len({span.context.trace_id for span in spans.values()}) == 1
    assert spans["send"].parent.span_id == spans["handle"].context.span_id
    assert spans["receive"].parent.span_id == spans["handle"].parent.span_id
    assert spans["receive"].start_time <= spans["handle"].start_time <= spans["send"].start_time
    shown = str([(span.name, dict(span.attributes), span.events) for span in spans.values()])
    assert not any(secret in shown for secret in ("银杏", "139", "aunt"))


async def test_off_it_leaves_no_mark(tmp_path: Path) -> None:
    assert all("trace" not in body for body in await said_and_answered(tmp_path, Traces(), Traces()))


async def test_a_message_of_a_traced_process_is_sent_by_one_that_does_not_trace(
    tmp_path: Path, kept: tuple[InMemorySpanExporter, TracerProvider]
) -> None:
    exporter, made = kept
    bodies = await said_and_answered(tmp_path, Traces(made), Traces())
    assert all("trace" in body for body in bodies)
    assert {span.name for span in exporter.get_finished_spans()} == {"receive", "handle"}


def test_every_process_traces_the_same_share(kept: tuple[InMemorySpanExporter, TracerProvider]) -> None:
    _, made = kept
    one, other = Traces(made, 0.1), Traces(made, 0.1)
    chosen = [n for n in range(2000) if one.of("telegram", "1", str(n))]
    assert chosen == [n for n in range(2000) if other.of("telegram", "1", str(n))]
    assert 140 < len(chosen) < 260
    assert not any(Traces(made, 0.0).of("telegram", "1", str(n)) for n in range(100))


def test_settings() -> None:
    off = open_traces(Config(), "street")
    assert off.of("web", "", "1") == ""
    made = provider("http://127.0.0.1:1/v1/traces", "street")
    assert made.resource.attributes["linli.tenant"] == "street"
    traces = Traces(made)
    assert traces.of("web", "", "1")
    traces.close()
