"""A strict WeChat server for one certified service account, for tests: `WeChatServer`. It judges what it is sent."""

from __future__ import annotations

from tests.fakes.wechat.server import WeChatServer
from tests.fakes.wechat.world import AES_KEY, APP_ID, ORIGINAL_ID, SECRET, TOKEN, Person, Seen

__all__ = ["AES_KEY", "APP_ID", "ORIGINAL_ID", "SECRET", "TOKEN", "Person", "Seen", "WeChatServer"]
