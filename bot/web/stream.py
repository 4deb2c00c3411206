"""Server-sent events of one chat: posts as they are written or changed, and toasts for this person.

The event id is the cursor; a client that comes back with it misses nothing and may see a post twice.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from bot.channels.webchat.hub import Toast
from bot.web.chat import show
from bot.web.here import Here, may_read
from bot.web.shapes import PostOut
from bot.web.site import Site
from storage.webchat import OVERLAP, Post

HEARTBEAT_SECONDS = 15.0
STREAMS_PER_USER = 12
BATCH = 200


async def events(site: Site, here: Here, cursor: int, heartbeat: float = HEARTBEAT_SECONDS) -> AsyncIterator[str]:
    """The text of the stream, until the person may not read the chat any more or the program stops."""
    hub = site.channel.hub
    sent: dict[str, str] = {}
    with hub.listen(here.chat, here.user) as listener:
        yield "retry: 2000\n: hello\n\n"
        while not hub.closed:
            listener.news.clear()
            fresh = await _news(site, here, cursor, sent)
            # asked after reading: what was written since the right ended is not shown
            if not await may_read(site, here):
                yield "event: gone\ndata: {}\n\n"
                return
            for values in show(site, here, fresh):
                post = PostOut(**values)
                cursor = max(cursor, int(post.cursor))
                yield _event("post", post.model_dump_json(exclude_defaults=True), post.cursor)
            sent = {post: changed for post, changed in sent.items() if int(changed) > cursor - OVERLAP}
            for toast in listener.take_toasts():
                yield _event("toast", _toast(toast))
            try:
                await asyncio.wait_for(listener.news.wait(), heartbeat)
            except TimeoutError:
                yield ": still here\n\n"


async def _news(site: Site, here: Here, cursor: int, sent: dict[str, str]) -> list[Post]:
    since, fresh = cursor - OVERLAP, []
    while True:
        found = await site.channel.posts.changes(here.chat, since, BATCH)
        fresh += [post for post in found if sent.get(str(post.id)) != str(post.changed)]
        if len(found) < BATCH:
            break
        since = found[-1].changed
    sent.update({str(post.id): str(post.changed) for post in fresh})
    return fresh


def _toast(toast: Toast) -> str:
    return json.dumps(toast._asdict(), ensure_ascii=False)


def _event(name: str, data: str, ident: str = "") -> str:
    head = f"id: {ident}\n" if ident else ""
    return f"{head}event: {name}\ndata: {data}\n\n"
