"""Shared pages: drawn once for a state of the ledger, anew for the next, once for many that ask together."""

from __future__ import annotations

import asyncio

from fastapi import Request
from fastapi.responses import Response

from bot.web.kept import LONGEST, MOST, Kept


def asked(path: str = "/wall") -> Request:
    return Request(
        {"type": "http", "path": path, "query_string": b"", "headers": [(b"host", b"linli.test")], "scheme": "http"}
    )


class Painter:
    """Counts how often a page is drawn."""

    def __init__(self, status: int = 200) -> None:
        self.count = 0
        self.status = status

    async def draw(self) -> Response:
        self.count += 1
        await asyncio.sleep(0)
        return Response(f"page {self.count}", self.status, {"Cache-Control": "no-store"}, "text/html")


async def test_the_same_state_is_drawn_once_and_the_next_anew() -> None:
    kept, painter = Kept(lambda: 0.0), Painter()
    for version, body in ((1, b"page 1"), (1, b"page 1"), (2, b"page 2"), (2, b"page 2")):
        answer = await kept.page(asked(), version, painter.draw)
        assert answer.body == body
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers.getlist("content-length") == [str(len(body))]


async def test_time_alone_makes_a_page_old() -> None:
    now = [0.0]
    kept, painter = Kept(lambda: now[0]), Painter()
    await kept.page(asked(), 1, painter.draw)
    now[0] += LONGEST + 1
    assert (await kept.page(asked(), 1, painter.draw)).body == b"page 2"


async def test_of_many_that_ask_at_once_one_draws() -> None:
    kept, painter = Kept(), Painter()
    answers = await asyncio.gather(*(kept.page(asked(), 7, painter.draw) for _ in range(50)))
    assert painter.count == 1
    assert {bytes(a.body) for a in answers} == {b"page 1"}
    assert not kept._drawing


async def test_what_is_not_there_is_not_kept_and_neither_is_everything() -> None:
    kept, painter = Kept(), Painter(404)
    for _ in range(2):
        assert (await kept.page(asked(), 1, painter.draw)).status_code == 404
    assert painter.count == 2
    drawn = Painter()
    for number in range(MOST + 20):
        await kept.page(asked(f"/wish/{number}"), 1, drawn.draw)
    assert len(kept._pages) == MOST
