"""What the platform allows: tokens, windows and their counts, what stands in a form, sizes of files, menus. Errors by number."""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import Any
from urllib.parse import urlsplit

from wechatpy import WeChatClient

from tests.fakes.wechat.world import (
    APP_ID,
    FORCED_A_DAY,
    FORCED_APART,
    TOKEN_LIFE,
    TOKEN_OVERLAP,
    Person,
    Token,
    World,
)

MOST_TEXT = 2048
FILES = {"image": (10 << 20, {"image/jpeg", "image/png", "image/gif"}), "voice": (2 << 20, {"audio/amr", "audio/mpeg"})}
JSAPI = WeChatClient(APP_ID, "").jsapi
_FIELD = re.compile(r"\{\{(\w+)\.DATA\}\}")
_LIMITS = {"thing": 20, "phrase": 5, "character_string": 32, "name": 10, "const": 20, "number": 32, "letter": 32}


class ApiError(Exception):
    """The answer is an error. `violation`: the caller broke a documented rule that it could have kept."""

    def __init__(self, code: int, message: str, *, violation: bool = False) -> None:
        super().__init__(f"{code} {message}")
        self.code, self.message, self.violation = code, message, violation


def stable_token(world: World, *, force: bool) -> Token:
    """The same token until five minutes before its end; by force a new one, and the old ends at once."""
    now = world.now()
    current = world.stable[-1] if world.stable else None
    if force:
        today = [at for at in world.forced_at if at.date() == now.date()]
        if len(today) >= FORCED_A_DAY or (today and now - today[-1] < FORCED_APART):
            raise ApiError(45009, "reach max api daily quota limit", violation=True)
        world.forced_at.append(now)
        for token in world.stable:
            token.until = min(token.until, now)
    elif current is not None and current.until - TOKEN_OVERLAP > now:
        return current
    made = Token(secrets.token_urlsafe(100), now + TOKEN_LIFE)
    world.stable.append(made)
    return made


def plain_token(world: World) -> Token:
    """The old kind: each new one ends the one before. It has nothing to do with the stable ones."""
    world.plain = Token(secrets.token_urlsafe(100), world.now() + TOKEN_LIFE)
    return world.plain


def page_ticket(world: World) -> Token:
    """A ticket to sign pages with, the same one while it is good."""
    now = world.now()
    if not world.tickets or world.tickets[-1].until <= now:
        world.tickets.append(Token(secrets.token_urlsafe(64), now + TOKEN_LIFE))
    return world.tickets[-1]


def check_page(world: World, url: str, asked: dict[str, Any]) -> str:
    """What WeChat's browser tells a page that configures the script: preVerifyJSAPI:ok, or what is wrong.

    The signature is reckoned by wechatpy.
    """
    if urlsplit(url).netloc != world.web_domain:
        return "preVerifyJSAPI:fail invalid url domain"
    if asked.get("verifyAppId") != APP_ID:
        return "preVerifyJSAPI:fail invalid appid"
    tickets = [ticket.value for ticket in world.tickets if ticket.until > world.now()]
    nonce, stamp = str(asked.get("verifyNonceStr")), str(asked.get("verifyTimestamp"))
    page = url.partition("#")[0]
    right = [JSAPI.get_jsapi_signature(nonce, ticket, stamp, page) for ticket in tickets]
    return "preVerifyJSAPI:ok" if asked.get("verifySignature") in right else "preVerifyJSAPI:fail invalid signature"


def check_token(world: World, value: str) -> None:
    if not value:
        raise ApiError(41001, "access_token missing", violation=True)
    for token in [*world.stable, *([world.plain] if world.plain else [])]:
        if secrets.compare_digest(token.value, value):
            if token.until <= world.now():
                raise ApiError(42001, "access_token expired")
            return
    raise ApiError(40001, "invalid credential, access_token is invalid or not latest")


def use_window(world: World, person: Person | None) -> None:
    """One service message. The click's minute is used first, as it ends first."""
    if person is None:
        raise ApiError(40003, "invalid openid", violation=True)
    now = world.now()
    open_ = [w for w in (person.click, person.message) if w is not None and w.until > now]
    if not person.follows or not open_:
        raise ApiError(45015, "response out of time limit or subscription is canceled")
    for window in open_:
        if window.left > 0:
            window.left -= 1
            return
    raise ApiError(45047, "out of response count limit")


def check_form(content: str, data: Any) -> dict[str, str]:
    """The values of a form, every field filled with what its type may hold."""
    wanted = _FIELD.findall(content)
    if not isinstance(data, dict) or set(data) != set(wanted):
        raise ApiError(47003, f"argument invalid! data has {sorted(data)} for {wanted}", violation=True)
    values = {}
    for name in wanted:
        value = data[name].get("value") if isinstance(data[name], dict) else None
        if not isinstance(value, str) or not _may_hold(name, value):
            raise ApiError(47003, f"argument invalid! data.{name}.value invalid", violation=True)
        values[name] = value
    return values


def _may_hold(name: str, value: str) -> bool:
    kind = name.rstrip("0123456789")
    if not value.strip() or any(unicodedata.category(c) in ("Cc", "Cs", "Co") or ord(c) > 0xFFFF for c in value):
        return False
    if kind == "time":
        return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2})?|\d{4}年\d{1,2}月\d{1,2}日( \d{2}:\d{2})?", value))
    if kind == "phrase":
        return bool(re.fullmatch(r"[\u4e00-\u9fff]{1,5}", value))
    if kind in ("character_string", "letter", "number") and not value.isascii():
        return False
    return len(value) <= _LIMITS.get(kind, 20)


def check_menu(menu: Any) -> None:
    """3 buttons of 5 each, short names, keys and addresses."""
    top = menu.get("button") if isinstance(menu, dict) else None
    if not isinstance(top, list) or not 1 <= len(top) <= 3:
        raise ApiError(40016, "invalid button size", violation=True)
    for button in top:
        below = button.get("sub_button", [])
        if len(below) > 5:
            raise ApiError(40023, "invalid sub button size", violation=True)
        if not 1 <= len(button.get("name", "").encode()) <= 16:
            raise ApiError(40018, "invalid button name size", violation=True)
        for one in below or [button]:
            _check_button(one, below=bool(below))


def _check_button(one: dict[str, Any], *, below: bool) -> None:
    if below and not 1 <= len(one.get("name", "").encode()) <= 60:
        raise ApiError(40025, "invalid sub button name size", violation=True)
    if one.get("type") == "click" and not 1 <= len(one.get("key", "").encode()) <= 128:
        raise ApiError(40019, "invalid button key size", violation=True)
    if one.get("type") == "view" and not one.get("url", "").startswith(("http://", "https://")):
        raise ApiError(40020, "invalid button url size", violation=True)
    if one.get("type") not in ("click", "view"):
        raise ApiError(40017, "invalid button type", violation=True)
