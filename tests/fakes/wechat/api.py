"""The calls of the platform, each answered by its rules."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.fakes.wechat.articles import Shelf
from tests.fakes.wechat.rules import (
    FILES,
    MOST_TEXT,
    ApiError,
    check_form,
    check_menu,
    check_token,
    page_ticket,
    plain_token,
    stable_token,
    use_window,
)
from tests.fakes.wechat.world import APP_ID, SECRET, Person, Seen, World

OK = {"errcode": 0, "errmsg": "ok"}
After = Callable[[Person, str, str], None]
"""Tells the account what became of a notice: person, kind of event, and the event's inside."""


class Api:
    """Answers one call. `after` is told of every notice that went out, and pushes its event."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.notices: list[tuple[str, Person, str, str]] = []
        """(kind, person, message id, template) of notices whose report was not pushed yet."""
        self.shelf = Shelf()
        self._calls: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("POST", "/cgi-bin/stable_token"): self._stable_token,
            ("GET", "/cgi-bin/token"): self._plain_token,
            ("GET", "/sns/oauth2/access_token"): self._sign_in,
        }
        self._guarded: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("POST", "/cgi-bin/message/custom/send"): self._custom,
            ("POST", "/cgi-bin/message/template/send"): self._template,
            ("POST", "/cgi-bin/message/subscribe/bizsend"): self._agreed,
            ("POST", "/cgi-bin/qrcode/create"): self._code,
            ("POST", "/cgi-bin/menu/create"): self._menu,
            ("POST", "/cgi-bin/media/upload"): self._upload,
            ("GET", "/cgi-bin/media/get"): self._download,
            ("GET", "/cgi-bin/ticket/getticket"): self._ticket,
            ("POST", "/cgi-bin/material/add_material"): self._cover,
            ("POST", "/cgi-bin/draft/add"): self._draft,
            ("POST", "/cgi-bin/freepublish/submit"): self._publish,
            ("GET", "/cgi-bin/template/get_all_private_template"): self._templates,
            ("GET", "/wxaapi/newtmpl/gettemplate"): self._agreements,
            ("GET", "/cgi-bin/customservice/getkflist"): self._clerks,
            ("GET", "/cgi-bin/get_current_selfmenu_info"): self._current_menu,
        }

    async def answer(self, request: Request) -> Response:
        """Raises `ApiError`."""
        where = (request.method, request.url.path)
        if where in self._calls:
            return _json(await self._calls[where](request))
        if where not in self._guarded:
            raise ApiError(404, f"no such call: {where}", violation=True)
        if not self.world.allowed_ip:
            raise ApiError(40164, "invalid ip 127.0.0.1, not in whitelist")
        check_token(self.world, request.query_params.get("access_token", ""))
        if request.url.path in self.world.denied:
            raise ApiError(48001, "api unauthorized")
        found = await self._guarded[where](request)
        return found if isinstance(found, Response) else _json(found)

    # --- who is calling

    async def _stable_token(self, request: Request) -> dict[str, Any]:
        body = await _body(request)
        self._check_account(body.get("appid"), body.get("secret"))
        if body.get("grant_type") != "client_credential":
            raise ApiError(40002, "invalid grant_type", violation=True)
        token = stable_token(self.world, force=body.get("force_refresh", False))
        return {"access_token": token.value, "expires_in": int((token.until - self.world.now()).total_seconds())}

    async def _plain_token(self, request: Request) -> dict[str, Any]:
        self._check_account(request.query_params.get("appid"), request.query_params.get("secret"))
        return {"access_token": plain_token(self.world).value, "expires_in": 7200}

    def _check_account(self, app_id: Any, secret: Any) -> None:
        if app_id != APP_ID:
            raise ApiError(40013, "invalid appid")
        if secret != SECRET:
            raise ApiError(40125, "invalid appsecret")
        if not self.world.allowed_ip:
            raise ApiError(40164, "invalid ip 127.0.0.1, not in whitelist")

    async def _sign_in(self, request: Request) -> dict[str, Any]:
        asked = request.query_params
        self._check_account(asked.get("appid"), asked.get("secret"))
        code = asked.get("code", "")
        if asked.get("grant_type") != "authorization_code" or not code:
            raise ApiError(41008, "missing code", violation=True)
        found = self.world.sign_ins.get(code)
        if found is None or found[1] <= self.world.now():
            raise ApiError(40029, "invalid code")
        openid, until = found
        if not openid:
            raise ApiError(40163, "code been used")
        self.world.sign_ins[code] = ("", until)
        told = {"access_token": "web", "expires_in": 7200, "refresh_token": "r", "scope": "snsapi_base"}
        return {**told, "openid": openid}

    # --- messages

    async def _custom(self, request: Request) -> dict[str, Any]:
        body = await _body(request)
        person = self.world.people.get(str(body.get("touser", "")))
        kind = body.get("msgtype")
        text, media = "", ""
        if kind == "text":
            text = body.get("text", {}).get("content", "")
            if not text:
                raise ApiError(44004, "empty content", violation=True)
            if len(text.encode()) > MOST_TEXT:
                raise ApiError(45002, "content size out of limit", violation=True)
        elif kind in ("image", "voice"):
            media = body.get(kind, {}).get("media_id", "")
            self._file(media, kind)
        else:
            raise ApiError(40008, "invalid message type", violation=True)
        use_window(self.world, person)
        assert person is not None
        person.screen.append(Seen("custom", text, self.world.now(), media=media))
        return OK

    async def _template(self, request: Request) -> dict[str, Any]:
        body = await _body(request)
        content = self.world.templates.get(str(body.get("template_id")))
        if content is None:
            raise ApiError(40037, "invalid template_id", violation=True)
        person = self._follower(body)
        return self._noticed("template", person, content, body, str(body.get("url", "")))

    async def _agreed(self, request: Request) -> dict[str, Any]:
        body = await _body(request)
        template = str(body.get("template_id"))
        content = self.world.agreements.get(template)
        if content is None:
            raise ApiError(40037, "invalid template_id", violation=True)
        person = self.world.people.get(str(body.get("touser", "")))
        if person is None:
            raise ApiError(40003, "invalid openid", violation=True)
        if person.agreed.get(template, 0) <= 0:
            raise ApiError(43101, "user refuse to accept the msg")
        answer = self._noticed("agreed", person, content, body, str(body.get("page", "")))
        person.agreed[template] -= 1
        return answer

    def _noticed(self, way: str, person: Person, content: str, body: dict[str, Any], link: str) -> dict[str, Any]:
        fields = check_form(content, body.get("data"))
        number = str(self.world.next_id())
        if not person.blocks_notices:
            text = "\n".join(fields.values())
            person.screen.append(Seen(way, text, self.world.now(), link=link, fields=fields))
        self.notices.append((way, person, number, str(body["template_id"])))
        return {**OK, "msgid": int(number)}

    def _follower(self, body: dict[str, Any]) -> Person:
        person = self.world.people.get(str(body.get("touser", "")))
        if person is None:
            raise ApiError(40003, "invalid openid", violation=True)
        if not person.follows:
            raise ApiError(43004, "require subscribe")
        return person

    # --- the account

    async def _code(self, request: Request) -> dict[str, Any]:
        body = await _body(request)
        scene = body.get("action_info", {}).get("scene", {}).get("scene_str", "")
        if body.get("action_name") != "QR_LIMIT_STR_SCENE" or not 1 <= len(scene) <= 64:
            raise ApiError(40053, "invalid action info", violation=True)
        if len(self.world.codes) >= self.world.most_codes:
            raise ApiError(45029, "qrcode count out of limit")
        ticket = secrets.token_urlsafe(60)
        self.world.codes[ticket] = scene
        return {"ticket": ticket, "url": f"http://weixin.qq.com/q/{ticket[:24]}"}

    async def _menu(self, request: Request) -> dict[str, Any]:
        body = await _body(request)
        check_menu(body)
        self.world.menu = body
        return OK

    async def _current_menu(self, _request: Request) -> dict[str, Any]:
        return {"is_menu_open": int(self.world.menu is not None), "selfmenu_info": self.world.menu or {}}

    async def _templates(self, _request: Request) -> dict[str, Any]:
        return {
            "template_list": [{"template_id": i, "title": "", "content": c} for i, c in self.world.templates.items()]
        }

    async def _agreements(self, _request: Request) -> dict[str, Any]:
        data = [{"priTmplId": i, "title": "", "content": c, "type": 2} for i, c in self.world.agreements.items()]
        return {**OK, "data": data}

    async def _clerks(self, _request: Request) -> dict[str, Any]:
        return {"kf_list": []}

    async def _ticket(self, request: Request) -> dict[str, Any]:
        if request.query_params.get("type") != "jsapi":
            raise ApiError(40097, "invalid args", violation=True)
        ticket = page_ticket(self.world)
        return {**OK, "ticket": ticket.value, "expires_in": int((ticket.until - self.world.now()).total_seconds())}

    # --- files

    async def _upload(self, request: Request) -> dict[str, Any]:
        kind = request.query_params.get("type", "")
        if kind not in FILES:
            raise ApiError(40004, "invalid media type", violation=True)
        most, mimes = FILES[kind]
        async with request.form() as form:
            part = form.get("media")
            if not isinstance(part, UploadFile):
                raise ApiError(41005, "media data missing", violation=True)
            content, mime = await part.read(), part.content_type or ""
        if mime not in mimes:
            raise ApiError(40005, "invalid file type", violation=True)
        if len(content) > most:
            raise ApiError(40009, "invalid image size", violation=True)
        made = self.world.add_file(kind, content, mime)
        return {"type": kind, "media_id": made, "created_at": int(self.world.now().timestamp())}

    async def _cover(self, request: Request) -> dict[str, Any]:
        async with request.form() as form:
            part = form.get("media")
            if not isinstance(part, UploadFile):
                raise ApiError(41005, "media data missing", violation=True)
            content, mime = await part.read(), part.content_type or ""
        return self.shelf.keep(request.query_params.get("type", ""), content, mime)

    async def _draft(self, request: Request) -> dict[str, Any]:
        return self.shelf.add(await _body(request))

    async def _publish(self, request: Request) -> dict[str, Any]:
        return self.shelf.publish(await _body(request))

    async def _download(self, request: Request) -> Response:
        found = self._file(request.query_params.get("media_id", ""), "")
        return Response(found.content, media_type=found.mime)

    def _file(self, media: str, kind: str) -> Any:
        found = self.world.files.get(media)
        if found is None or found.until <= self.world.now() or (kind and found.kind != kind):
            raise ApiError(40007, "invalid media_id")
        return found


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    try:
        body = json.loads(raw)
    except ValueError:
        raise ApiError(47001, "data format error", violation=True) from None
    if not isinstance(body, dict):
        raise ApiError(47001, "data format error", violation=True)
    if b"\\u" in raw:
        raise ApiError(47001, "escaped characters would be shown as they are", violation=True)
    return body


def _json(body: dict[str, Any]) -> JSONResponse:
    return JSONResponse(body, headers={"content-type": "application/json; encoding=utf-8"})
