"""A page as the browsers inside WeChat and WeCom show it: the platform's own script, and what only their apps do around it.

The script is the one that is published for bundlers (npm weixin-js-sdk); the app's side of it is played here.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, TypeVar

from playwright.sync_api import BrowserContext

from tests import counterparts

T = TypeVar("T")
R = TypeVar("R")

AGENT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/122.0 Mobile Safari/537.36 MicroMessenger/8.0.50"
SCRIPT = counterparts.HERE / "node_modules" / "weixin-js-sdk" / "index.js"
# What the app puts into the page: a bridge that answers the script, and the open tag, drawn apart in a shadow tree.
APP = """
  class OpenTag extends HTMLElement {
    draw() {
      const root = this.attachShadow({ mode: 'open' });
      root.innerHTML = [...this.querySelectorAll('script')].map((one) => one.textContent).join('');
      root.querySelector('button').addEventListener('click', () => window.asked(this.getAttribute('template'))
        .then(([name, detail]) => this.dispatchEvent(new CustomEvent(name, { detail }))));
    }
  }
  window.WeixinJSBridge = {
    on() {},
    invoke(name, body, answer) {
      if (name === 'geoLocation') {
        answer(window.here ? { err_msg: 'geoLocation:ok', ...window.here } : { err_msg: 'geoLocation:fail' });
      }
      if (name !== 'preVerifyJSAPI') return;
      window.verified(location.href, body).then((told) => {
        answer({ err_msg: told });
        if (told.endsWith(':ok') && (body.verifyOpenTagList || []).length) {
          customElements.define('wx-open-subscribe', OpenTag);
          document.querySelectorAll('wx-open-subscribe').forEach((tag) => tag.draw());
        }
      });
    },
  };
"""


def play(context: BrowserContext, verified: Callable[..., Any], asked: Callable[..., Any]) -> None:
    """Makes every page of this browser one inside the app. `verified` judges a signature, `asked` chooses for the person."""
    counterparts.need_node()
    source = SCRIPT.read_text(encoding="utf-8")
    script = f"(() => {{ const module = {{}};\n{source}\nwindow.wx = module.exports; }})();"
    context.route("https://res.wx.qq.com/**", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    context.expose_function("verified", verified)
    context.expose_function("asked", asked)
    context.add_init_script(APP)


class Beside(Generic[T]):
    """Keeps an asynchronous context open in a thread of its own, beside a browser that is driven synchronously."""

    def __init__(self, make: Callable[[], AbstractAsyncContextManager[T]]) -> None:
        self._make = make
        self._ready: Future[T] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._hold()), daemon=True)

    def __enter__(self) -> Beside[T]:
        self._thread.start()
        self.held = self._ready.result(120)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(120)
        assert not self._thread.is_alive(), "what was beside the browser did not end"

    def run(self, work: Awaitable[R]) -> R:
        """What a coroutine of that thread's loop gives."""

        async def awaited() -> R:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result(120)

    async def _hold(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with self._make() as held:
                self._ready.set_result(held)
                await self._over.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise
