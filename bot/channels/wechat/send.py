"""Neutral messages as what WeChat takes at that moment: the answer on request, a service message, or a notice.

The ladder: a service message while the person's window is open; the notice they agreed to; a template message; else the
message is refused with `Refusal.WINDOW`, and what comes then is the core's. Passive answers cost nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import structlog

from bot.callbacks import Fields, write_xml
from bot.channels.base import OutFile, Passive
from bot.channels.cutting import cut, size
from bot.channels.wechat.client import Client
from bot.channels.wechat.media import Files
from bot.channels.wechat.notices import LINK_LIFE, Template, fill, has_gap
from bot.channels.wechat.refusals import BAD_MEDIA, WINDOW, WeChatError, refusal
from bot.channels.wechat.shapes import NAME, person_of
from bot.clock import Clock
from handlers.messages import About, Address, Outgoing, Receipt, Refusal, Refused
from storage import notices, people, tickets, windows
from storage.tx import Store, Tx
from storage.windows import Who

log = structlog.get_logger()

MAX_BYTES = 2048
"""Of one text, as UTF-8."""
PAGE = "wechat.page"
"""The kind of ticket behind the link of a notice."""
_SEPARATOR = "\n\n"


class Forms(NamedTuple):
    """The forms an operator has configured, by purpose of the message; and the way to our pages."""

    agreed: Mapping[str, Template]
    templates: Mapping[str, Template]
    web_base: str
    tz: ZoneInfo


def words(out: Outgoing) -> str:
    """The text of a message, with the link it refers to."""
    missing = out.link and out.link not in out.text
    return f"{out.text}\n{out.link}".strip() if missing else out.text.strip()


def answer(fields: Fields, outs: Sequence[Outgoing], seconds: int) -> Passive:
    """One answer on the platform's own request out of the first messages: their words as one text, as far as it holds."""
    text, taken = "", 0
    for out in outs:
        if out.media:
            break
        more = f"{text}{_SEPARATOR}{words(out)}" if text else words(out)
        if size(more) > MAX_BYTES:
            break
        text, taken = more, taken + 1
    rest: Outgoing | None = None
    if not text and outs and not outs[0].media:
        first, *others = cut(words(outs[0]), MAX_BYTES)
        text, taken = first, 1
        rest = outs[0].model_copy(update={"text": "\n".join(others), "link": "", "bare": ""})
    return Passive(_reply(fields, text, seconds) if text else "", taken, rest)


def _reply(fields: Fields, text: str, seconds: int) -> str:
    reply = {
        "ToUserName": person_of(fields),
        "FromUserName": str(fields.get("ToUserName", "")),
        "CreateTime": seconds,
        "MsgType": "text",
        "Content": text,
    }
    return write_xml(reply).decode()


class Sender:
    """Sends for one account."""

    def __init__(self, client: Client, files: Files, store: Store, clock: Clock, forms: Forms) -> None:
        self._client = client
        self._files = files
        self._store = store
        self._clock = clock
        self._forms = forms

    async def send(self, address: Address, out: Outgoing, files: Sequence[OutFile]) -> Receipt | Refused:
        """The first rung of the ladder that holds. Never raises for what the platform says."""
        who = Who(NAME, self._client.app_id, address.chat)
        if out.callback or not (words(out) or files):
            return Receipt()
        try:
            result = await self._say(who, words(out), files)
            if isinstance(result, Receipt) or result.reason is not Refusal.WINDOW or out.about is None:
                return result
            return await self._agreed(who, out, out.about) or await self._template(who, out, out.about) or result
        except ConnectionError as error:
            return Refused(reason=Refusal.TEMPORARY, detail=str(error)[:500])

    # --- service messages

    async def _say(self, who: Who, text: str, files: Sequence[OutFile]) -> Receipt | Refused:
        """The words first: when the window holds no more, it is files that stay behind."""
        done: Receipt | None = None
        for part in cut(text, MAX_BYTES):
            result = await self._custom(who, {"msgtype": "text", "text": {"content": part}})
            if isinstance(result, Refused):
                return done or result
            done = result
        for file in files:
            result = await self._file(who, file)
            if isinstance(result, Refused) and done is None:
                return result
        return done or Receipt()

    async def _file(self, who: Who, file: OutFile) -> Receipt | Refused:
        for anew in (False, True):
            try:
                found = await self._files.handle(file, anew=anew)
            except (OSError, WeChatError) as error:
                log.warning("wechat.file_left_out", error=type(error).__name__)
                return Receipt()
            if found is None:
                log.info("wechat.file_left_out", mime=file.mime)
                return Receipt()
            kind, handle = found
            try:
                return await self._spend(who, {"msgtype": kind, kind: {"media_id": handle}})
            except WeChatError as error:
                if error.code not in BAD_MEDIA or anew:
                    return refusal(error)
        return Receipt()

    async def _custom(self, who: Who, body: dict[str, Any]) -> Receipt | Refused:
        try:
            return await self._spend(who, body)
        except WeChatError as error:
            return refusal(error)

    async def _spend(self, who: Who, body: dict[str, Any]) -> Receipt | Refused:
        """One service message out of the person's window. Raises WeChatError."""
        now = self._clock.now()
        window = await self._store.run(lambda tx: windows.spend(tx, who, now))
        if window is None:
            return Refused(reason=Refusal.WINDOW, detail="the window is shut or used up")
        try:
            await self._client.post("/cgi-bin/message/custom/send", {"touser": who.user_key, **body})
        except WeChatError as error:
            await self._correct(who, window, error)
            raise
        return Receipt()

    async def _correct(self, who: Who, window: str, error: WeChatError) -> None:
        """Where the platform counts otherwise, it is right; what it did not take was not used up."""

        async def correct(tx: Tx) -> None:
            if error.code in WINDOW:
                await windows.shut(tx, who)
            else:
                await windows.give_back(tx, who, window)

        await self._store.run(correct)

    # --- notices

    async def _agreed(self, who: Who, out: Outgoing, about: About) -> Receipt | None:
        """订阅通知: what the person has agreed to, used up by this."""
        form = self._forms.agreed.get(about.purpose)
        if form is None or not await self._store.run(lambda tx: windows.use_agreement(tx, who, form.id)):
            return None

        async def send(body: dict[str, Any], link: str) -> dict[str, Any]:
            return await self._client.post("/cgi-bin/message/subscribe/bizsend", {**body, "page": link})

        try:
            return await self._form(who, out, about, form, send)
        except WeChatError as error:
            refusal(error)
            now, refused = self._clock.now(), error.code == 43101

            async def correct(tx: Tx) -> None:
                if refused:
                    await windows.disagree(tx, who, form.id, now)
                else:
                    await windows.return_agreement(tx, who, form.id)

            await self._store.run(correct)
            return None

    async def _template(self, who: Who, out: Outgoing, about: About) -> Receipt | Refused | None:
        """模板消息, where one is configured."""
        form = self._forms.templates.get(about.purpose)
        if form is None:
            return None

        async def send(body: dict[str, Any], link: str) -> dict[str, Any]:
            return await self._client.post("/cgi-bin/message/template/send", {**body, "url": link})

        try:
            return await self._form(who, out, about, form, send)
        except WeChatError as error:
            refused = refusal(error)
            return refused if refused.reason in (Refusal.BLOCKED, Refusal.GONE, Refusal.RATE) else None

    async def _form(
        self,
        who: Who,
        out: Outgoing,
        about: About,
        form: Template,
        send: Callable[[dict[str, Any], str], Awaitable[dict[str, Any]]],
    ) -> Receipt:
        now = self._clock.now()
        data = fill(form, about, now.astimezone(self._forms.tz))
        if has_gap(data):
            raise WeChatError(47003, "a field would be empty")
        link = await self._link(who, about)
        told = await send({"touser": who.user_key, "template_id": form.id, "data": data}, link)
        ref = str(told.get("msgid") or notice_ref(who.user_key, form.id))

        async def keep(tx: Tx) -> None:
            chat = await people.find_chat(tx, who.channel, who.account, who.user_key)
            if chat is not None:
                body = out.model_dump(mode="json")
                await notices.keep(tx, who.channel, who.account, ref, chat.id, body, now)

        await self._store.run(keep)
        return Receipt(ref=ref[:64], form=True)

    async def _link(self, who: Who, about: About) -> str:
        """An address that opens our page once, for this person only; without pages of ours no address."""
        if not self._forms.web_base:
            return ""
        now = self._clock.now()
        data = {"openid": who.user_key, "to": f"/?r={about.number}" if about.purpose == "rate" else "/?m=1"}
        token = await self._store.run(lambda tx: tickets.issue(tx, PAGE, data, now, now + LINK_LIFE))
        return f"{self._forms.web_base}/wechat/go/{token}"


def notice_ref(user: str, template: str) -> str:
    """What stands for a notice whose id the platform did not tell: the last one of this form to this person."""
    return hashlib.sha256(f"{user}/{template}".encode()).hexdigest()[:32]
