"""The calls of the interface, each as its document says: token, messages, cards, groups, files, address book."""

from __future__ import annotations

import secrets
from typing import Any

from tests.fakes.wecom import rules
from tests.fakes.wecom.errors import ApiError, wrong
from tests.fakes.wecom.world import AGENT, CORP, SECRET, Group, Message, World

Body = dict[str, Any]
OK = {"errcode": 0, "errmsg": "ok"}


class Interface:
    """Answers calls. What the console decides is here too: `secret`, `trusted`, `forbidden`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.secret = SECRET
        self.trusted = True
        self.forbidden: dict[str, int] = {}
        """call -> errcode, for what the application may not do."""
        self.tickets: list[str] = []
        self.per_minute = 0
        """Calls a minute of one kind before 45009; 0: no limit."""

    def answer(self, call: str, query: dict[str, str], body: Body) -> Body:
        """The answer to a call. Raises `ApiError`."""
        if call == "gettoken":
            return self._gettoken(query)
        if call == "webhook/send":
            return self._webhook(query, body)
        self.world.check_token(query.get("access_token", ""))
        if not self.trusted:
            raise ApiError(60020, "not allow to access from your ip, from ip: 127.0.0.1")
        if call in self.forbidden:
            raise ApiError(self.forbidden[call], "no privilege")
        if self.per_minute:
            self.world.counts.check(f"call:{call}", self.per_minute)
        played = getattr(self, f"_{call.replace('/', '_')}", None)
        if played is None:
            raise wrong(f"{call} is not played by this server", 40066)
        result: Body = played(query, body)
        return OK | result

    def _gettoken(self, query: dict[str, str]) -> Body:
        if query.get("corpid") != CORP:
            raise ApiError(40013, "invalid corpid")
        if query.get("corpsecret") != self.secret:
            raise ApiError(40001, "invalid credential")
        token, lasts = self.world.token()
        return OK | {"access_token": token, "expires_in": lasts}

    # ---------------------------------------------------------------- messages

    def _check_agent(self, agent: Any) -> None:
        if type(agent) is not int:
            raise wrong("agentid is a number", 40056)
        if agent != AGENT:
            raise ApiError(301002, "not allow operate another agent with this accesstoken")

    def _message_send(self, _query: dict[str, str], body: Body) -> Body:
        rules.check_fields(body, rules.SEND_FIELDS)
        self._check_agent(body.get("agentid"))
        kind = body.get("msgtype")
        if kind not in rules.SENT_TYPES:
            raise wrong(f"msgtype {kind!r}", 40008)
        asked = [name for name in str(body.get("touser", "")).split("|") if name]
        if not 1 <= len(asked) <= 1000:
            raise wrong("one to a thousand members", 40032)
        users = [name for name in asked if name in self.world.members and self.world.members[name].visible]
        if not users:
            raise ApiError(81013, "user & party & tag all invalid")
        content = body.get(str(kind), {})
        checked = self._check_content(str(kind), content)
        users = [name for name in users if self.world.counts.let_through(name)]
        told: Body = {"msgid": secrets.token_urlsafe(12)}
        if missed := [name for name in asked if name not in self.world.members]:
            told["invaliduser"] = "|".join(missed).lower()
        if kind == "template_card":
            card = self.world.add_card("app", users, content)
            return told | {"response_code": self.world.new_code(card.task)} if "button_list" in content else told
        for name in users:
            self.world.put(name, checked)
        return told

    def _check_content(self, kind: str, content: Body) -> Message:
        if kind == "template_card":
            rules.check_card(content)
            return Message(kind)
        if kind == "text":
            return Message(kind, rules.check_text(content.get("content")))
        found, _ = self.world.find_file(str(content.get("media_id", "")))
        return Message(kind, media=str(len(found)))

    def _message_update_template_card(self, _query: dict[str, str], body: Body) -> Body:
        rules.check_fields(
            body, {"userids", "partyids", "tagids", "atall", "agentid", "response_code", "button", "template_card"}
        )
        self._check_agent(body.get("agentid"))
        if ("button" in body) == ("template_card" in body):
            raise wrong("either a button or a card")
        if "template_card" in body:
            rules.check_card(body["template_card"], update=True)
        if body.get("atall") not in (0, 1, None) or not (body.get("atall") or body.get("userids")):
            raise wrong("nobody is to see the change")
        card = self.world.use_code(str(body.get("response_code", "")))
        whom = card.receivers if body.get("atall") else [u for u in body["userids"] if u in card.receivers]
        for name in whom:
            if "template_card" in body:
                card.shown[name] = body["template_card"]
            else:
                card.shown[name] = card.shown[name] | {"replace_text": body["button"]["replace_name"]}
        return {"invaliduser": []}

    def _webhook(self, query: dict[str, str], body: Body) -> Body:
        group = self.world.webhooks.get(query.get("key", ""))
        if group is None:
            raise ApiError(93000, "invalid webhook url")
        rules.check_fields(body, {"msgtype", "text", "markdown", "markdown_v2", "template_card"})
        kind = str(body.get("msgtype"))
        if kind == "template_card" and body["template_card"].get("card_type") not in ("text_notice", "news_notice"):
            raise wrong("a webhook has no buttons")
        if kind not in ("text", "markdown"):
            raise wrong(f"msgtype {kind!r}", 40008)
        text = rules.check_text(body.get(kind, {}).get("content"), 2048 if kind == "text" else 4096)
        self.world.counts.check(f"webhook:{query['key']}", 20)
        self.world.put(group, Message(kind, text))
        return dict(OK)

    # ---------------------------------------------------------------- groups of the application

    def _appchat_create(self, _query: dict[str, str], body: Body) -> Body:
        rules.check_fields(body, {"name", "owner", "userlist", "chatid"})
        users = body.get("userlist")
        if not isinstance(users, list) or not 2 <= len(users) <= 2000:
            raise ApiError(86006, "two to two thousand members")
        if unknown := [name for name in users if name not in self.world.members]:
            raise ApiError(86005, f"not in the company: {unknown}")
        chat = body.get("chatid") or secrets.token_urlsafe(12)
        if chat in self.world.groups:
            raise ApiError(86215, "chatid is taken")
        if len(body.get("name", "")) > 50:
            raise wrong("a group's name has at most 50 characters")
        self.world.groups[chat] = Group(chat, body.get("name", ""), list(users), "appchat")
        return {"chatid": chat}

    def _appchat_get(self, query: dict[str, str], _body: Body) -> Body:
        group = self._appchat(query.get("chatid", ""))
        return {"chat_info": {"chatid": group.id, "name": group.name, "userlist": group.members}}

    def _appchat_update(self, _query: dict[str, str], body: Body) -> Body:
        rules.check_fields(body, {"chatid", "name", "owner", "add_user_list", "del_user_list"})
        group = self._appchat(str(body.get("chatid")))
        group.members = [m for m in group.members if m not in body.get("del_user_list", [])]
        group.members += [m for m in body.get("add_user_list", []) if m not in group.members]
        return {}

    def _appchat_send(self, _query: dict[str, str], body: Body) -> Body:
        kind = str(body.get("msgtype"))
        if kind not in ("text", "image", "voice", "video", "file", "markdown"):
            raise wrong(f"an appchat takes no {kind}", 40008)
        rules.check_fields(body, {"chatid", "msgtype", "safe", kind})
        group = self._appchat(str(body.get("chatid")))
        message = self._check_content(kind, body[kind])
        if self.world.counts.let_through(f"appchat:{group.id}", 200, 20_000):
            self.world.put(group.id, message)
        return {}

    def _appchat(self, chat: str) -> Group:
        found = self.world.groups.get(chat)
        if found is None or found.kind != "appchat":
            raise ApiError(86003, "invalid chatid")
        return found

    # ---------------------------------------------------------------- address book and console

    def _agent_get(self, query: dict[str, str], _body: Body) -> Body:
        if query.get("agentid") != str(AGENT):
            raise ApiError(301002, "not allow operate another agent with this accesstoken")
        seen = [{"userid": m.id} for m in self.world.members.values() if m.visible]
        return {"agentid": AGENT, "name": "邻里", "allow_userinfos": {"user": seen}, "close": 0}

    def _user_simplelist(self, query: dict[str, str], _body: Body) -> Body:
        department = int(query.get("department_id", "0"))
        if department not in self.world.departments:
            raise ApiError(60123, "invalid party id")
        found = [m for m in self.world.members.values() if m.visible and department in m.departments]
        return {"userlist": [{"userid": m.id, "name": m.name, "department": m.departments} for m in found]}

    def _department_simplelist(self, _query: dict[str, str], _body: Body) -> Body:
        return {"department_id": [{"id": d, "parentid": 0 if d == 1 else 1} for d in self.world.departments]}

    def _auth_getuserinfo(self, query: dict[str, str], _body: Body) -> Body:
        user = query.get("code", "").removeprefix("code-of-")
        if user not in self.world.members:
            raise ApiError(40029, "invalid code")
        return {"userid": user}

    def _get_jsapi_ticket(self, _query: dict[str, str], _body: Body) -> Body:
        self.tickets.append(f"ticket-{secrets.token_urlsafe(32)}")
        return {"ticket": self.tickets[-1], "expires_in": 7200}

    def _menu_create(self, query: dict[str, str], body: Body) -> Body:
        self._check_agent(int(query.get("agentid", "0")))
        buttons = body.get("button")
        if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
            raise wrong("one to three buttons", 40016)
        for button in buttons:
            rules.check_menu_button(button, 16)
        self.world.menu = body
        return {}

    def _menu_get(self, query: dict[str, str], _body: Body) -> Body:
        self._check_agent(int(query.get("agentid", "0")))
        if not self.world.menu:
            raise ApiError(46003, "menu no exist")
        return dict(self.world.menu)

    def upload(self, kind: str, content: bytes, mime: str) -> Body:
        """A temporary file (path/90253)."""
        most = {"image": 10, "voice": 2, "video": 10, "file": 20}.get(kind)
        if most is None:
            raise wrong(f"type {kind!r}", 40004)
        if not 5 < len(content) <= most * 1024 * 1024:
            raise ApiError(40006, "invalid file size")
        return OK | {"type": kind, "media_id": self.world.keep_file(content, mime), "created_at": "1"}
