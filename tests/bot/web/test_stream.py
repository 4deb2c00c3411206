"""Server-sent events on a real server: at once, resumed, for the right person, and ended with the right to read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels.webchat.channel import WebChannel
from bot.web import stream
from bot.web.app import create_app
from bot.web.here import Here
from bot.web.site import get_site
from bot.web.stream import STREAMS_PER_USER, events
from handlers.messages import Address, Outgoing
from storage.webchat import Post
from tests.bot.web.conftest import OWN
from tests.bot.web.live import LiveServer
from tests.bot.web.program import QUEUE, Program

ANNA = Address(channel="web", user="w1", chat="w1")


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveServer]:
    with LiveServer(tmp_path) as server:
        yield server


@pytest.fixture
def anna(live: LiveServer) -> Iterator[httpx.Client]:
    with visitor(live) as client:
        yield client


@contextmanager
def visitor(live: LiveServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live.url, headers=OWN, timeout=120, trust_env=False) as client:
        client.post("/api/session").raise_for_status()
        yield client


class Events:
    """Reads a stream event by event. When this is made, the stream is open: from here on it misses no toast."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.iter_lines()
        assert ": hello" in self._lines

    def next(self) -> tuple[str, Any, str]:
        found: dict[str, str] = {}
        for line in self._lines:
            name, _, value = line.partition(": ")
            if line and not line.startswith(":"):
                found[name] = value
            elif not line and "event" in found:
                return found["event"], json.loads(found["data"]), found.get("id", "")
        raise EOFError


def say(client: httpx.Client, text: str, client_id: str, path: str = "/api/chat") -> None:
    client.post(f"{path}/messages", json={"text": text, "client_id": client_id}).raise_for_status()


def test_posts_come_at_once_and_a_resumed_stream_misses_nothing(anna: httpx.Client) -> None:
    with anna.stream("GET", "/api/chat/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = Events(answer)
        say(anna, "灯", "m1")
        first, second = told.next(), told.next()
    assert (first[0], first[1]["text"], first[1]["mine"]) == ("post", "灯", True)
    assert (second[1]["bot"], second[2]) == (True, second[1]["cursor"])
    say(anna, "门", "m2")
    with anna.stream("GET", "/api/chat/stream", headers={"Last-Event-ID": second[2]}) as answer:
        texts = []
        told = Events(answer)
        while len(texts) < 2:
            post = told.next()[1]
            if int(post["cursor"]) > int(second[2]):
                texts.append(post["text"][:1])
    assert texts == ["门", "明"]


def test_the_late_presser_alone_gets_the_toast(live: LiveServer, anna: httpx.Client) -> None:
    with visitor(live) as li:
        for client, name in ((anna, "王师傅"), (li, "李姐")):
            live.program.staff[client.get("/api/me").json()["user"]] = name
        card = live.run(live.program.post_card())
        path = f"/api/rooms/{QUEUE}"
        with anna.stream("GET", f"{path}/stream") as one, li.stream("GET", f"{path}/stream") as other:
            assert (one.status_code, other.status_code) == (200, 200)
            told = {"one": Events(one), "other": Events(other)}
            for client in (anna, li):
                body = {"token": "claim", "post": card, "client_id": "p1"}
                client.post(f"{path}/presses", json=body).raise_for_status()
            say(anna, "完", "m1", path)
            seen = {name: read_until(events_, "完") for name, events_ in told.items()}
            say(anna, "毕", "m2", path)  # toasts come after the posts that are read with them: with 完, but not later
            for name, events_ in told.items():
                seen[name] += read_until(events_, "毕")
    assert [data["text"] for kind, data, _ in seen["other"] if kind == "toast"] == ["王师傅 3 秒前接了。"]
    assert [data for kind, data, _ in seen["one"] if kind == "toast"] == []


def read_until(told: Events, text: str) -> list[tuple[str, Any, str]]:
    found = [told.next()]
    while found[-1][1].get("text") != text:
        found.append(told.next())
    return found


def test_the_stream_ends_when_the_role_does(live: LiveServer, anna: httpx.Client) -> None:
    live.program.staff[anna.get("/api/me").json()["user"]] = "王师傅"
    with anna.stream("GET", f"/api/rooms/{QUEUE}/stream") as answer:
        told = Events(answer)
        live.program.staff.clear()
        live.run(live.program.post_card())
        kinds = [told.next()[0]]
        with pytest.raises(EOFError):
            told.next()
    assert kinds == ["gone"]


async def test_what_was_written_since_the_role_ended_is_not_shown(
    channel: WebChannel, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it ends while the stream is reading."""
    site, changes = get_site(create_app(program, channel)), channel.posts.changes
    program.staff["w1"] = "王师傅"
    told = events(site, Here("w1", f"r:{QUEUE}", QUEUE), 0, heartbeat=60)
    await anext(told)

    async def ended_meanwhile(*asked: Any) -> list[Post]:
        program.staff.clear()
        await program.post_card()
        return await changes(*asked)

    monkeypatch.setattr(channel.posts, "changes", ended_meanwhile)
    assert (await anext(told)).startswith("event: gone")
    with pytest.raises(StopAsyncIteration):
        await anext(told)


def test_too_many_streams_of_one_person_are_refused(live: LiveServer, anna: httpx.Client) -> None:
    user = anna.get("/api/me").json()["user"]
    hub, held = live.program.channel.hub, ExitStack()

    async def opened() -> None:  # in the server's thread, where the hub is at home
        for _ in range(STREAMS_PER_USER):
            held.enter_context(hub.listen(f"u:{user}", user))

    async def closed() -> None:
        held.close()

    live.run(opened())
    assert anna.get("/api/chat/stream").status_code == 429
    live.run(closed())


def test_what_is_shown_in_a_stream_counts_as_seen(live: LiveServer, anna: httpx.Client) -> None:
    user = anna.get("/api/me").json()["user"]
    with anna.stream("GET", "/api/chat/stream") as answer:
        live.run(live.program.channel.send(Address(channel="web", user=user, chat=user), Outgoing(text="好")))
        assert Events(answer).next()[1]["text"] == "好"
        live.run(live.program.channel.flush_seen())
    assert anna.get("/api/me").json()["unseen"] == 0


async def test_a_burst_longer_than_a_batch_comes_whole_and_once(
    channel: WebChannel, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "BATCH", 4)
    site = get_site(create_app(program, channel))
    told = events(site, Here("w1", "u:w1"), 0, heartbeat=5)
    await anext(told)
    texts = []
    for part in range(2):
        for number in range(11):
            await channel.send(ANNA, Outgoing(text=f"{part}.{number}"))
        texts += [json.loads((await anext(told)).split("data: ")[1])["text"] for _ in range(11)]
    assert texts == [f"{part}.{number}" for part in range(2) for number in range(11)]
    await told.aclose()  # type: ignore[attr-defined]


async def test_a_quiet_stream_still_beats(channel: WebChannel, program: Program) -> None:
    site = get_site(create_app(program, channel))
    beats = events(site, Here("w1", "u:w1"), 0, heartbeat=0.01)
    assert [await anext(beats), await anext(beats)] == ["retry: 2000\n: hello\n\n", ": still here\n\n"]
    await beats.aclose()  # type: ignore[attr-defined]
    assert not channel.hub.listened()
