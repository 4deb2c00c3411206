"""Pages that are the same for everybody, drawn once for each state of the ledger, however many ask for them.

A page that shows something of the visitor must not come here.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from fastapi import Request
from fastapi.responses import Response

MOST = 200
"""Pages that are kept."""
LONGEST = 5.0
"""Seconds after which a page is drawn anew even though nothing has happened: hours and days go by as well."""

Draw = Callable[[], Awaitable[Response]]


class _Page(NamedTuple):
    version: int
    at: float
    body: bytes
    headers: dict[str, str]


class Kept:
    """The last pages that were drawn. Only answers with status 200 are kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pages: OrderedDict[str, _Page] = OrderedDict()
        self._drawing: dict[str, asyncio.Lock] = {}

    async def page(self, request: Request, version: int, draw: Draw) -> Response:
        """The page of this address as of `version`; of many that ask at once, one draws it."""
        key = str(request.url)
        found = self._find(key, version)
        if found is not None:
            return found
        lock = self._drawing.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                return self._find(key, version) or self._keep(key, version, await draw())
        finally:
            if not lock.locked():
                self._drawing.pop(key, None)

    def _find(self, key: str, version: int) -> Response | None:
        page = self._pages.get(key)
        if page is None or page.version < version or self._clock() - page.at > LONGEST:
            return None
        self._pages.move_to_end(key)
        return Response(page.body, headers=page.headers)

    def _keep(self, key: str, version: int, drawn: Response) -> Response:
        if drawn.status_code == 200:
            headers = {name: value for name, value in drawn.headers.items() if name != "content-length"}
            self._pages[key] = _Page(version, self._clock(), bytes(drawn.body), headers)
            self._pages.move_to_end(key)
            while len(self._pages) > MOST:
                self._pages.popitem(last=False)
        return drawn
