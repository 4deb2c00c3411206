"""Log lines hold what helps an operator, and nobody's name, phone, words, tokens or paths."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest
import structlog

from bot import logs
from bot.metrics import Watch
from storage import requests
from tests.handlers.resident_steps import LAMP, ROOM, WHO
from tests.town import Town
from workflow.rights import Role

PHONE, TOKEN = "13912341234", "7712345:AAHk3jXq-9sdkfjWERsdfkjASDkfj3sdkfA"
SECRETS = (WHO, PHONE, TOKEN, LAMP, "银杏苑", "王师傅", "灯泡", "/var/lib/linli/media/ab/cd.jpg")


class Out:
    """What was written to stderr so far."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured, self._text = captured, ""

    def getvalue(self) -> str:
        self._text += self._captured.readouterr().err
        return self._text


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Iterator[Out]:
    root = logging.getLogger()
    before, level, kept = root.handlers[:], root.level, structlog.get_config()
    logs.set_up(debug=False)
    logs.bind("linjiang")
    yield Out(capsys)
    root.handlers[:] = before
    root.setLevel(level)
    structlog.contextvars.clear_contextvars()
    structlog.configure(**kept)


def lines(out: Out) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


async def test_a_whole_life_of_a_record_names_nobody(out: Out, tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        town.store.watcher = Watch()
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says(WHO, f"{LAMP}，我姓李，电话{PHONE}")
        await town.presses(WHO, "对，就这样")
        await town.presses("王师傅", "接单", room=ROOM)
        await town.says("王师傅", "办结 1001 已更换灯泡", room=ROOM)
        async with town.store.read() as tx:
            record = await requests.find_by_number(tx, 1001)
    assert record is not None
    written = lines(out)
    claimed = next(line for line in written if line["event"] == "request.claimed")
    assert (claimed["number"], claimed["record"], claimed["tenant"]) == (1001, record.id, "linjiang")
    assert {"at", "level", "process", "seq"} <= set(claimed)
    assert {"request.received", "request.queued", "request.resolved"} <= {line["event"] for line in written}
    assert [secret for secret in SECRETS if secret in out.getvalue()] == []


@pytest.mark.parametrize("logger", ["structlog", "logging"])
def test_errors_show_their_type_and_place_only(out: Out, logger: str) -> None:
    try:
        try:
            raise ValueError(f"cannot handle {WHO} {PHONE} {TOKEN} {LAMP}")
        except ValueError as inner:
            raise RuntimeError(f"[parameters: ('{LAMP}', '{PHONE}')]") from inner
    except RuntimeError:
        if logger == "structlog":
            structlog.get_logger().exception("inbox.failed", receipt=5, text=LAMP, error=f"x {PHONE}", media=[LAMP])
        else:
            logging.getLogger("bot.x").exception("update %s of %s failed", PHONE, WHO)
    (line,) = lines(out)
    assert (line["error"], line["causes"]) == ("RuntimeError", ["ValueError"])
    assert "test_errors_show_their_type_and_place_only" in line["places"][0]
    assert [secret for secret in SECRETS if secret in out.getvalue()] == []
    if logger == "structlog":
        assert line["receipt"] == 5
        assert "text" not in line


@pytest.mark.parametrize(
    "said",
    [
        f"refused by https://api.telegram.org/bot{TOKEN}/sendMessage",
        f"no file {SECRETS[-1]}",
        f"{WHO} said {LAMP}",
        f"call {PHONE} now",
        f"token {TOKEN}",
    ],
)
def test_words_that_libraries_write_are_masked(out: Out, said: str) -> None:
    logging.getLogger("some.library").error(said)
    structlog.get_logger().error("sender.refused", reason=said)
    assert len(lines(out)) == 2
    assert [secret for secret in (*SECRETS, "AAHk3jXq") if secret in out.getvalue()] == []


def test_what_is_filled_into_the_words_is_a_number_or_the_type_of_an_error(out: Out) -> None:
    refused = OSError(111, f"{WHO} {PHONE}")
    given = logging.getLogger("bot.channels.telegram.channel")
    given.error("telegram: cannot start receiving, trying again: %s", refused)
    given.warning("%d updates of %s waited %.1f s", 7, PHONE, 2.5)
    given.warning("lost (%s), coming back", ConnectionError)
    given.warning("%(who)s came", {"who": WHO})
    said = [line["event"] for line in lines(out)]
    assert said == [
        "telegram: cannot start receiving, trying again: ConnectionRefusedError 111",
        "7 updates of … waited 2.5 s",
        "lost (ConnectionError), coming back",
        "%(who)s came",
    ]
    assert [secret for secret in SECRETS if secret in out.getvalue()] == []


def test_with_debug_errors_are_whole(out: Out) -> None:
    logs.set_up(debug=True)
    try:
        raise ValueError("the whole text")
    except ValueError:
        structlog.get_logger().exception("inbox.failed")
    assert "the whole text" in out.getvalue()


@pytest.fixture
def full() -> Iterator[TextIO]:
    """A file that says of every write what a full disk says."""
    file = open("/dev/full", "w", encoding="utf-8", buffering=1)  # noqa: SIM115 - closing it fails too
    yield file
    with pytest.raises(OSError):
        file.close()


def test_a_line_that_cannot_be_written_stops_no_work(out: Out, full: TextIO, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("sys.stderr", full)
        for logger in (structlog.get_logger(), logging.getLogger("bot.x")):
            logger.error("marks.not_stored")
            logger.warning("marks.not_stored")
    structlog.get_logger().info("marks.stored")
    assert [line["event"] for line in lines(out)] == ["marks.stored"]


def test_what_one_commit_has_done_is_printed_at_once(out: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    printed, real = [], logs._Printer.msg

    def msg(self: Any, message: str) -> None:
        printed.append(message)
        real(self, message)

    monkeypatch.setattr(logs._Printer, "msg", msg)
    events = [
        {"name": name, "subject": "request", "subject_id": 7, "seq": seq, "data": {"number": 1001}}
        for seq, name in enumerate(("request.received", "request.queued"), 1)
    ]
    logs.EventLog().write(events)
    logs.EventLog().write([])
    assert len(printed) == 1
    found = lines(out)
    assert [(line["event"], line["seq"], line["record"], line["number"]) for line in found] == [
        ("request.received", 1, 7, 1001),
        ("request.queued", 2, 7, 1001),
    ]
    assert all((line["tenant"], line["level"]) == ("linjiang", "info") for line in found)
