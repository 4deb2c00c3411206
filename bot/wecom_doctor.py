"""What can be wrong with WeCom, each with a sentence of its own and the place in the console where it is mended.

Only asks: nothing is sent, and a connected bot is left alone, for a second connection would end its own.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from bot import notes
from bot.callbacks import Crypt
from bot.channels.wecom.api import LOOPBACK, Api
from bot.channels.wecom.connection import REPLACED, BotConnection
from bot.channels.wecom.refusals import HTTP, WecomError
from bot.config import Config, WecomSection
from bot.console import places
from bot.notes import Note
from handlers.city import City
from storage.tx import Store

Level = Literal["ok", "warn", "fail"]
Found = list[tuple[Level, str]]

AT = places("wecom")
APP = AT["app"]
NO_MENU = 46003
_CALLS = {
    HTTP: "the interface cannot be reached; check the network and [wecom] base_url",
    40013: f"the corp id is unknown: copy it from {AT['corp']}, at the bottom, into [wecom] corp_id",
    40001: f"the secret does not belong to this company's application: copy Secret from {APP} into [wecom] secret",
    42001: "the access token is refused again and again: check this machine's clock",
    40014: "the access token is refused again and again: check that secret and agent_id are of one application",
    40056: f"there is no such application: copy AgentId from {APP} into [wecom] agent_id",
    301002: f"the secret is another application's: copy AgentId and Secret from the same page, {APP}",
    60020: f"this machine's address is not trusted: add it under {APP} → {AT['trusted']}; before that WeCom wants "
    f"{AT['domain']} or {AT['hooks']} to be set there",
    48002: f"the application may not use this interface: {APP} → {AT['rights']}, or ask the company's administrator",
    60011: f"the application may not see this: widen {APP} → {AT['visible']}",
    60123: f"there is no such department: the number stands in {AT['departments']}",
    45009: "the interface was called too often; wait a minute",
}
_FAULTS = {
    "signature": f"the Token differs: copy it from {APP} → {AT['hooks']} into [wecom] token",
    "cipher": f"the EncodingAESKey differs: copy it from {APP} → {AT['hooks']} into [wecom] aes_key",
    "receiver": "it was meant for another company or application: check corp_id and agent_id, and which application has "
    "this callback address",
    "time": "its time is not ours: set this machine's clock",
    "body": "it was not from WeCom, or a proxy has changed it",
}


async def examine(config: Config, city: City | None, store: Store | None) -> Found:
    """Every finding, in the order in which a person would mend them. `store`: what the running program has noted."""
    section = config.wecom
    if not section.corp_id:
        return [("ok", "wecom: not used ([wecom] corp_id is empty)")]
    if not (section.agent_id and section.secret):
        return [("fail", f"wecom: agent_id and secret are missing: both stand in {APP}")]
    api = Api(section.base_url, section.corp_id, section.secret, _OwnToken())
    try:
        found = await _interface(api, section)
        if found[-1][0] != "fail":
            found += await _departments(api, section, city)
    finally:
        await api.close()
    return found + await _callback(config, store) + await _bot(section, store) + _groups(section, city)


class _OwnToken:
    """A token for this examination alone: the configured secret is to be proved, not what was fetched before."""

    def __init__(self) -> None:
        self._token: str | None = None

    async def find(self, now: datetime) -> str | None:
        """The token fetched just now."""
        return self._token

    async def keep(self, token: str, expires_at: datetime) -> None:
        """For the next calls of this examination."""
        self._token = token

    async def drop(self, token: str, now: datetime) -> None:
        """It was refused."""
        self._token = None


def why(error: WecomError) -> str:
    """What is wrong, and where it is mended."""
    return _CALLS.get(error.code, f"{error}; look it up at {AT['codes']}")


async def _interface(api: Api, section: WecomSection) -> Found:
    try:
        about = await api.call("agent/get", agentid=str(section.agent_id))
    except WecomError as error:
        return [("fail", f"wecom: {why(error)}")]
    found: Found = [("ok", f"wecom: application {about.get('name', '')} of {section.corp_id}")]
    if about.get("close"):
        found.append(("fail", f"wecom: the application is switched off: {APP} → {AT['enabled']}"))
    if not _visible(about):
        found.append(("fail", f"wecom: the application is visible to nobody: {APP} → {AT['visible']}"))
    try:
        await api.call("get_jsapi_ticket")
    except WecomError as error:
        found.append(
            (
                "warn",
                f"wecom: signing in at a place will not work: {why(error)}; see {APP} → {AT['domain']}",
            )
        )
    return found + await _menu(api, section)


async def _menu(api: Api, section: WecomSection) -> Found:
    try:
        made = (await api.call("menu/get", agentid=str(section.agent_id))).get("button")
    except WecomError as error:
        if error.code != NO_MENU:
            return [("warn", f"wecom: the menu could not be read: {why(error)}")]
        made = None
    return [] if made else [("warn", "wecom: the application has no menu; make it with `linli wecom menu`")]


def _visible(about: dict[str, Any]) -> bool:
    users = about.get("allow_userinfos", {}).get("user", [])
    return bool(
        users or about.get("allow_partys", {}).get("partyid", []) or about.get("allow_tags", {}).get("tagid", [])
    )


async def _departments(api: Api, section: WecomSection, city: City | None) -> Found:
    found: Found = []
    for number, queue in section.departments.items():
        if city is not None and not city.org.has_queue(queue):
            found.append(("fail", f"wecom: [wecom] departments: this street has no queue {queue!r}"))
            continue
        try:
            people = (await api.call("user/simplelist", department_id=number)).get("userlist", [])
        except WecomError as error:
            found.append(("fail", f"wecom: department {number}: {why(error)}"))
            continue
        level: Level = "ok" if people else "warn"
        found.append((level, f"wecom: department {number} works in {queue}: {len(people)} members are visible to us"))
    return found


# -------------------------------------------------------------------- callbacks


async def _callback(config: Config, store: Store | None) -> Found:
    section, base = config.wecom, config.web.base_url.rstrip("/")
    if not (section.token and section.aes_key):
        return [
            (
                "warn",
                f"wecom: nothing that members say or press arrives: set {APP} → {AT['hooks']}, and copy Token and "
                "EncodingAESKey into [wecom] token and aes_key",
            )
        ]
    if not base.startswith("https://") and urlsplit(base).hostname not in LOOPBACK:
        return [("fail", "wecom: callbacks need [web] base_url with https:// and a domain of the company's own body")]
    note = await _noted(store, notes.CALLBACK)
    if note is not None and note.said:
        return [("fail", f"wecom: a callback was refused at {_at(note)}: {_FAULTS.get(note.said, note.said)}")]
    found: Found = [await _reached(section, f"{base}/hooks/wecom")]
    if note is None:
        found.append(
            (
                "warn",
                f"wecom: no callback has come yet; press {AT['save']} under {APP} → {AT['hooks']}, or write to the application",
            )
        )
    else:
        found.append(("ok", f"wecom: callbacks arrive, the last look was at {_at(note)}"))
    return found


async def _reached(section: WecomSection, address: str) -> tuple[Level, str]:
    """Does what the console does when the address is saved: the program has to send back the decrypted word."""
    crypt, word = Crypt(section.token, section.aes_key, section.corp_id), secrets.token_hex(8)
    sealed, stamp, nonce = crypt.encrypt(word.encode()), str(int(datetime.now(UTC).timestamp())), secrets.token_hex(5)
    query = {"msg_signature": crypt.sign(stamp, nonce, sealed), "timestamp": stamp, "nonce": nonce, "echostr": sealed}
    local = urlsplit(address).hostname in LOOPBACK
    try:
        async with httpx.AsyncClient(timeout=5, trust_env=not local) as client:
            answer = await client.get(address, params=query)
    except httpx.HTTPError as error:
        return (
            "warn",
            f"wecom: {address} cannot be reached from here ({type(error).__name__}); is the program running, and does "
            "the domain lead to it?",
        )
    if answer.status_code == 200 and answer.text == word:
        return "ok", f"wecom: {address} answers WeCom's check"
    if answer.status_code == 404:
        return (
            "fail",
            f"wecom: {address} is not this program, or it runs without [wecom]: restart it with this configuration",
        )
    return (
        "fail",
        f"wecom: {address} answers {answer.status_code}: the running program has another token, aes_key or corp_id; restart it",
    )


async def _noted(store: Store | None, subject: str) -> Note | None:
    if store is None:
        return None
    async with store.read() as tx:
        return await notes.find(tx, subject)


def _at(note: Note) -> str:
    return note.at.astimezone().strftime("%Y-%m-%d %H:%M")


# -------------------------------------------------------------------- the group bot and groups


async def _bot(section: WecomSection, store: Store | None) -> Found:
    if not section.bot_id:
        return [("ok", "wecom: no group bot ([wecom] bot_id is empty); cards go to each member")]
    note = await _noted(store, notes.BOT)
    if note is None:
        return [await _subscribe(section)]
    if not note.said:
        return [("ok", f"wecom: the group bot is connected, last said at {_at(note)}")]
    return [("fail", f"wecom: {_bot_fault(note.said)} (at {_at(note)})")]


def _bot_fault(said: str) -> str:
    if said == REPLACED:
        return "another program connects with the same group bot, and only one may: stop it, or make a bot of our own"
    if said.startswith("refused"):
        return f"the group bot is {said}: copy Bot ID and Secret from {AT['bot']} into [wecom] bot_id and bot_secret"
    return f"the group bot's connection is {said}: check the network and [wecom] bot_url"


async def _subscribe(section: WecomSection) -> tuple[Level, str]:
    """Connects once: nobody of ours has ever been connected with this bot."""
    said: asyncio.Queue[str] = asyncio.Queue()

    async def ignore(_frame: dict[str, Any]) -> None:
        return None

    bot = BotConnection(section.bot_url, section.bot_id, section.bot_secret, ignore, said.put)
    await bot.start()
    try:
        state = await asyncio.wait_for(said.get(), 15)
    except TimeoutError:
        state = "lost: no answer"
    finally:
        await bot.stop()
    return ("fail", f"wecom: {_bot_fault(state)}") if state else ("ok", "wecom: the group bot can connect")


def _groups(section: WecomSection, city: City | None) -> Found:
    found: Found = []
    for queue, key in section.webhooks.items():
        if city is not None and not city.org.has_queue(queue):
            found.append(("fail", f"wecom: [wecom] webhooks: this street has no queue {queue!r}"))
        elif "http" in key or len(key) < 16:
            found.append(("fail", f"wecom: webhook of {queue}: only what stands behind key= in its address is wanted"))
        else:
            found.append(
                ("ok", f"wecom: {queue} is told to a group behind a webhook (not tried: it would speak there)")
            )
    return found
