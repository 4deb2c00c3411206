"""What the platform lets through: fields and lengths of messages and cards, and how many go to one receiver.

Fields: paths 90236 (application), 94945 (update), 90248 (appchat), 99110 (webhook), 101032 (bot's cards).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from tests.fakes.wecom.errors import ApiError, wrong

TASK = re.compile(r"[0-9A-Za-z_@-]{1,128}")
CARD_FIELDS = {
    "card_type", "source", "action_menu", "task_id", "main_title", "quote_area", "sub_title_text",
    "horizontal_content_list", "jump_list", "card_action", "button_selection", "button_list", "emphasis_content",
}  # fmt: skip
SENT_TYPES = {"text", "image", "voice", "video", "file", "template_card"}
SEND_FIELDS = {"touser", "toparty", "totag", "agentid", "msgtype", "safe", "enable_duplicate_check", *SENT_TYPES}
SHOWN = {"title": 36, "sub_title_text": 112, "button": 10}
"""What a phone shows of a field; more is no error on the platform, but a fault of the program."""


def check_fields(given: dict[str, Any], known: set[str]) -> None:
    """Every field is one the platform knows."""
    if unknown := set(given) - known:
        raise wrong(f"unknown fields {sorted(unknown)}")


def check_text(content: Any, limit: int = 2048) -> str:
    """A text within its bytes: the platform would cut it off."""
    if not isinstance(content, str) or not content:
        raise wrong("empty content", 44004)
    if len(content.encode()) > limit:
        raise wrong(f"{len(content.encode())} bytes of text, {limit} are shown")
    return content


def check_card(card: Any, *, update: bool = False, bot: bool = False) -> dict[str, Any]:
    """A card as the platform takes it."""
    if not isinstance(card, dict):
        raise wrong("no card")
    check_fields(card, (CARD_FIELDS - {"task_id"} | {"replace_text"}) if update and not bot else CARD_FIELDS)
    kind = card.get("card_type")
    if kind == "text_notice":
        if card.get("card_action", {}).get("type") not in (1, 2):
            raise wrong("a text_notice leads somewhere")
    elif kind == "button_interaction":
        check_buttons(card)
    else:
        raise wrong(f"card type {kind!r} is not played here")
    check_words(card)
    task = card.get("task_id", "")
    if kind == "button_interaction" and not update and not task:
        raise wrong("a card with buttons needs a task_id", 42014)
    if task and not TASK.fullmatch(task):
        raise wrong(f"task_id {task!r}", 42014)
    return card


def check_buttons(card: dict[str, Any]) -> None:
    """One to six buttons, each with a key of its own."""
    buttons = card.get("button_list")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 6:
        raise wrong("one to six buttons", 40016)
    keys = [button.get("key") for button in buttons]
    if len(set(keys)) != len(keys):
        raise wrong("a button key twice", 42018)
    for button in buttons:
        check_fields(button, {"text", "style", "key", "type", "url"})
        if not button.get("text") or len(button["text"]) > SHOWN["button"]:
            raise wrong(f"button text {button.get('text')!r}", 42020)
        if not button.get("key") or len(button["key"].encode()) > 1024:
            raise wrong("button key", 42018)


def check_menu_button(button: dict[str, Any], most: int) -> None:
    """A button of the menu, or a list of one to five below it (path/90231)."""
    if not 1 <= len(button.get("name", "").encode()) <= most:
        raise wrong(f"menu button name {button.get('name')!r}", 40018)
    below = button.get("sub_button")
    if below is not None:
        if most == 40 or not 1 <= len(below) <= 5:
            raise wrong("one to five buttons below another", 40023)
        for one in below:
            check_menu_button(one, 40)
        return
    if button.get("type") == "click" and not 1 <= len(button.get("key", "").encode()) <= 128:
        raise wrong("menu button key", 40019)
    if button.get("type") == "view" and not button.get("url", "").startswith("https://"):
        raise wrong("menu button address", 40020)
    if button.get("type") not in ("click", "view"):
        raise wrong(f"menu button type {button.get('type')!r}", 40017)


def check_words(card: dict[str, Any]) -> None:
    """A title or a text, as long as a phone shows them."""
    title = card.get("main_title", {}).get("title", "")
    if not title and not card.get("sub_title_text"):
        raise wrong("a card needs a title or a text")
    if len(title) > SHOWN["title"] or len(card.get("sub_title_text", "")) > SHOWN["sub_title_text"]:
        raise wrong(f"longer than a phone shows: {title!r} {card.get('sub_title_text')!r}")


class Counts:
    """Messages to each receiver within a minute and an hour, by the virtual clock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._sent: dict[str, list[float]] = defaultdict(list)
        self.dropped: list[str] = []

    def let_through(self, name: str, per_minute: int = 30, per_hour: int = 1000) -> bool:
        """Whether one more arrives. The platform tells nobody when it does not."""
        now = self._now()
        times = self._sent[name] = [at for at in self._sent[name] if at > now - 3600]
        if sum(at > now - 60 for at in times) >= per_minute or len(times) >= per_hour:
            self.dropped.append(name)
            return False
        times.append(now)
        return True

    def check(self, name: str, per_minute: int) -> None:
        """The same where the platform does say it."""
        now = self._now()
        times = self._sent[name] = [at for at in self._sent[name] if at > now - 3600]
        if sum(at > now - 60 for at in times) >= per_minute:
            raise ApiError(45009, "api freq out of limit")
        times.append(now)
