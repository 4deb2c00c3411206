"""WeChat in this deployment: the channel as configured, its menu, and its permanent place codes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot import keys
from bot.catalogue import load_street
from bot.channels.wechat.channel import Account, WeChatChannel
from bot.channels.wechat.client import Client
from bot.channels.wechat.notices import Template
from bot.channels.wechat.send import Forms
from bot.channels.wechat.shapes import NAME
from bot.clock import Clock
from bot.config import Config, ConfigError, NoticeForm
from handlers.city import City
from handlers.messages import Capabilities
from storage import migrate, platforms
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer
from storage.tx import Store

MOST_CODES = 100_000
"""Permanent codes of one account (https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode.html)."""
_BATCH = 50
AGREE_PAGE = "/wechat/notices"
"""Our page where people agree to notices."""


def build(config: Config, store: Store, clock: Clock) -> WeChatChannel | None:
    """The channel; None when it is not configured."""
    section = config.wechat
    if not section.app_id:
        return None
    account = Account(
        section.app_id, section.app_secret, section.token, section.aes_key, section.original_id, section.base_url
    )
    agreed = {"rate": section.agreed_rate, "news": section.agreed_news}
    templates = {"rate": section.template_rate, "news": section.template_news}
    web_base = config.web.base_url.rstrip("/")
    forms = Forms(_forms(agreed), _forms(templates), web_base, ZoneInfo(config.clocks.tz))
    channel = WeChatChannel(account, store, clock, forms)
    channel.capabilities = capabilities(config)
    return channel


def capabilities(config: Config) -> Capabilities:
    """What the account can do, with the page where people agree to notices when there is anything to agree to."""
    section, web_base = config.wechat, config.web.base_url.rstrip("/")
    ids = tuple(form.id for form in (section.agreed_rate, section.agreed_news) if form.id)
    if not (ids and web_base):
        return WeChatChannel.capabilities
    link = f"{web_base}/wechat/in?to={AGREE_PAGE}"
    return WeChatChannel.capabilities.model_copy(update={"agree_link": link, "agree_forms": ids})


def _forms(configured: dict[str, NoticeForm]) -> dict[str, Template]:
    return {
        purpose: Template(form.id, {str(k): v for k, v in form.fields.items()}, form.lasting)
        for purpose, form in configured.items()
        if form.id
    }


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[tuple[Client, Store]]:
    """A client for a command of its own; the program may be running. Raises `ConfigError` without an account."""
    database = Database(config.storage.url, load_street(config.street.file).id)
    try:
        if await migrate.current(database) != migrate.head():
            raise ConfigError("the database has another schema; start the program once to bring it up to date")
        store = Store(database, Ids(), Sealer(keys.configured(config)))
        channel = build(config, store, Clock())
        if channel is None:
            raise ConfigError("[wechat] app_id is empty: there is no account yet; docs/wechat-first-day.md says how")
        try:
            yield channel.client, store
        finally:
            await channel.stop()
    finally:
        await database.close()


def menu(city: City, web_base: str, now: datetime, *, agrees: bool = False) -> dict[str, Any]:
    """The buttons under the chat: pages open signed in, words are said in the chat. `agrees`: there are notices to agree to."""

    def text(key: str) -> str:
        return city.texts.text(f"wechat.{key}", now)

    def says(key: str) -> dict[str, Any]:
        return {"type": "click", "name": text(f"menu_{key}"), "key": text(f"menu_{key}_says")}

    def opens(key: str, path: str) -> list[dict[str, Any]]:
        page = {"type": "view", "name": text(f"menu_{key}"), "url": f"{web_base}/wechat/in?to={path}"}
        return [page] if web_base else []

    report = {"name": text("menu_report"), "sub_button": [says("how"), *opens("report_page", "/")]}
    lists = [says("list"), *opens("list_page", "/?m=1"), *(opens("agree_page", AGREE_PAGE) if agrees else [])]
    mine = {"name": text("menu_mine"), "sub_button": [*lists, says("link")]}
    wishes = {"name": text("menu_wishes"), "sub_button": [says("wish"), says("wall"), *opens("wall_page", "/wall")]}
    return {"button": [report, mine, wishes]}


async def make_menu(client: Client, city: City, config: Config) -> int:
    """Puts the menu up; people see it within five minutes. How many buttons it has."""
    agrees = bool(capabilities(config).agree_link)
    made = menu(city, config.web.base_url.rstrip("/"), datetime.now(ZoneInfo("UTC")), agrees=agrees)
    await client.post("/cgi-bin/menu/create", made)
    return sum(len(top["sub_button"]) for top in made["button"])


async def make_codes(
    client: Client, store: Store, codes: Sequence[str], tell: Callable[[int], None] = lambda _: None
) -> dict[str, str]:
    """code -> the address in its permanent WeChat code. Made once each, and kept: an account may have only so many.

    Interrupted, it goes on where it was. Raises `WeChatError`, ConnectionError.
    """
    async with store.read() as tx:
        known = await platforms.scene_urls(tx, NAME, client.app_id)
    missing = [code for code in codes if f"b_{code}" not in known]
    if len(known) + len(missing) > MOST_CODES:
        raise ConfigError(f"an account has at most {MOST_CODES} permanent codes; {len(known)} are made")
    made: list[tuple[str, str]] = []
    for at, code in enumerate(missing, 1):
        asked = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": f"b_{code}"}}}
        told = await client.post("/cgi-bin/qrcode/create", asked)
        made.append((f"b_{code}", str(told["url"])))
        if len(made) == _BATCH or at == len(missing):
            await _keep(client, store, made)
            made = []
        tell(at)
    async with store.read() as tx:
        known = await platforms.scene_urls(tx, NAME, client.app_id)
    return {code: known[f"b_{code}"] for code in codes}


async def _keep(client: Client, store: Store, made: list[tuple[str, str]]) -> None:
    now = datetime.now(ZoneInfo("UTC"))
    await store.run(lambda tx: platforms.keep_scene_urls(tx, NAME, client.app_id, made, now))
