"""What members do on their phones: say, show, press, in their chat with the application or with the bot in a group."""

from __future__ import annotations

import secrets
from typing import Any

from tests.fakes.wecom.bot import BotSide
from tests.fakes.wecom.callbacks import Callbacks
from tests.fakes.wecom.world import AGENT, CORP, Group, Member, Seen, World

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0f01f0005050201"
    "5d5e5d450000000049454e44ae426082"
)


class People:
    """Acts of members. Every act becomes a callback or a frame."""

    world: World
    callbacks: Callbacks
    bot: BotSide

    def member(self, user: str, name: str = "", *, departments: tuple[int, ...] = (1,), visible: bool = True) -> Member:
        """Somebody new in the company; not visible: outside what the application may see."""
        made = self.world.members[user] = Member(user, name or user, list(departments), visible)
        return made

    def group(self, name: str, members: list[Member]) -> Group:
        """A group with the bot in it."""
        made = Group(f"wr{secrets.token_urlsafe(16)}", name, [m.id for m in members])
        self.world.groups[made.id] = made
        return made

    def webhook(self, name: str) -> tuple[Group, str]:
        """A group behind a webhook, and its key."""
        made, key = Group(f"hook-{secrets.token_hex(4)}", name, [], "webhook"), secrets.token_hex(16)
        self.world.groups[made.id] = made
        self.world.webhooks[key] = made.id
        return made, key

    # ---------------------------------------------------------------- to the application

    def text(self, who: Member, words: str) -> None:
        self._message(who, "text", Content=words)

    def photo(self, who: Member, content: bytes = PICTURE, mime: str = "image/png") -> None:
        name = self.world.keep_file(content, mime)
        self._message(who, "image", PicUrl="http://127.0.0.1/nothing", MediaId=name)

    def voice(self, who: Member, content: bytes = b"#!AMR\n" + bytes(40)) -> None:
        self._message(who, "voice", MediaId=self.world.keep_file(content, "audio/amr"), Format="amr")

    def location(self, who: Member, lat: float, lon: float, label: str = "") -> None:
        self._message(who, "location", Location_X=lat, Location_Y=lon, Scale=16, Label=label, AppType="wxwork")

    def event(self, who: Member, event: str, **more: Any) -> None:
        """Any other event: subscribe, enter_agent, click …"""
        self.callbacks.send(self._head(who) | {"MsgType": "event", "Event": event, "AgentID": AGENT} | more)

    def press(self, who: Member, label: str, group: Group | None = None) -> None:
        """Presses the newest button with this label that the member can see; AssertionError when there is none."""
        conversation = group.id if group else who.id
        for seen in reversed(self.world.seen(conversation)):
            if label in seen.buttons:
                self._press(who, conversation, seen, label, group)
                return
        raise AssertionError(f"no button {label!r}; there are {[s.buttons for s in self.world.seen(conversation)]}")

    def _press(self, who: Member, conversation: str, seen: Seen, label: str, group: Group | None) -> None:
        card = self.world.cards[seen.task]
        button = next(b for b in card.shown[conversation]["button_list"] if b["text"] == label)
        self.press_key(who, card.task, button["key"], group)

    def press_key(self, who: Member, task: str, key: str, group: Group | None = None) -> None:
        """Presses a button by what the platform knows it by, also one that is not shown any more."""
        if group is not None:
            self.bot.pressed(who, group, task, key)
            return
        code = self.world.new_code(task)
        self.event(
            who, "template_card_event", EventKey=key, TaskId=task, CardType="button_interaction", ResponseCode=code
        )

    def _message(self, who: Member, kind: str, **content: Any) -> None:
        number = secrets.randbelow(2**62)
        self.callbacks.send(self._head(who) | {"MsgType": kind} | content | {"MsgId": number, "AgentID": AGENT})

    def _head(self, who: Member) -> dict[str, Any]:
        return {"ToUserName": CORP, "FromUserName": who.id, "CreateTime": int(self.world.clock.now())}

    # ---------------------------------------------------------------- to the bot

    def say(self, who: Member, words: str, group: Group | None = None) -> None:
        """Speaks to the bot: in a group with a mention, else in the private chat with it."""
        content = f"@邻里 {words}" if group else words
        self.bot.spoken(who, group, {"msgtype": "text", "text": {"content": content}})

    def say_with_photo(self, who: Member, words: str, group: Group, content: bytes = PICTURE) -> None:
        """Words and a picture in one message, as groups allow it."""
        items = [
            {"msgtype": "text", "text": {"content": f"@邻里 {words}"}},
            {"msgtype": "image", "image": self.bot.sealed_file(content)},
        ]
        self.bot.spoken(who, group, {"msgtype": "mixed", "mixed": {"msg_item": items}})
