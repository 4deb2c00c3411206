"""Neutral messages as WeCom shows them: button cards, texts and markdown within the platform's lengths. Pure.

Lengths and fields: developer.work.weixin.qq.com/document/path/90236 (application) and 101032 (group bot). What is only
recommended there (title 36, body 112, button 10 characters) is kept as well, so that nothing is cut on a phone.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from handlers.messages import Key, Outgoing

MAX_TEXT = 2048
"""Bytes of one text message; what is longer is cut off by the platform."""
MAX_MARKDOWN = 4096
MOST_BUTTONS = 6
MOST_CARDS = 4
TITLE, BODY, LABEL = 36, 112, 10
TEXTS = {ord("<"): ord("<") + 0xFEE0}
"""Texts may carry links as <a>: what a resident wrote must not become one, so it is written full-width."""
MARKDOWN = {ord(mark): ord(mark) + 0xFEE0 for mark in "<>[]#*`\\_"}
"""The same for what markdown would read as a link, a heading or a mention."""
_SETTLED = "settled"


class Words(NamedTuple):
    """The few words that the adapter itself puts on a card or under it, from the texts."""

    settled: str
    in_app: str

    def hint(self, choices: str) -> str:
        """Where the choices can be typed, for groups that have no buttons."""
        return self.in_app.replace("{choices}", choices)


class Card(NamedTuple):
    """One card to send: its name on the platform, and its body."""

    task: str
    body: dict[str, Any]


def name_tasks(count: int, key: str = "") -> list[str]:
    """Names for cards, at most four of which fit into one reference. The same key gives the same names: the platform

    takes each once, so what is sent again after a lost answer is known there. Without a key they are new.
    """
    name = base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())[:12].decode()
    return [f"c{name if key else secrets.token_urlsafe(9)}{number}" for number in range(count)]


def split_bytes(text: str, limit: int = MAX_TEXT) -> list[str]:
    """Parts of at most `limit` UTF-8 bytes, cut after a line if possible, else after a sentence, else anywhere."""
    parts: list[str] = []
    rest = text.strip()
    while len(rest.encode()) > limit:
        head = rest.encode()[:limit].decode("utf-8", "ignore")
        least = len(head) // 4  # a cut that leaves a stump is worse than one within a line
        ends = (head.rfind("\n"), max(head.rfind(mark) for mark in "。！？；") + 1, len(head))
        cut = next(end for end in ends if end > least)
        part, rest = rest[:cut].strip(), rest[cut:].strip()
        if part:
            parts.append(part)
    return [*parts, rest] if rest else parts


def whole_text(out: Outgoing) -> str:
    """The words with the address they refer to."""
    missing = out.link and out.link not in out.text
    return f"{out.text}\n{out.link}".strip() if missing else out.text.strip()


def typed_choices(out: Outgoing) -> list[str]:
    """What can be typed instead of pressing, where a button has such words."""
    return [key.typed for row in out.keys for key in row if key.typed]


def cards(out: Outgoing, tasks: Sequence[str]) -> list[Card]:
    """The message as button cards, at most six buttons each, named by `tasks`; what finds no room in them is left out."""
    keys = [key for row in out.keys for key in row]
    head = _head(whole_text(out) + _long_labels(keys))
    made = []
    for at, task in enumerate(tasks):
        some = keys[at * MOST_BUTTONS : (at + 1) * MOST_BUTTONS]
        buttons = [_button(key, at * MOST_BUTTONS + n) for n, key in enumerate(some)]
        fields = head if at == 0 else {"main_title": head["main_title"]}
        made.append(Card(task, {"card_type": "button_interaction", **fields, "button_list": buttons, "task_id": task}))
    return made


def renewed(card: Card) -> dict[str, Any]:
    """The body that changes a card of the application: it keeps its name, which must not be given again."""
    return {name: value for name, value in card.body.items() if name != "task_id"}


def count_cards(out: Outgoing) -> int:
    """How many cards the buttons of a message need."""
    keys = sum(len(row) for row in out.keys)
    return min(MOST_CARDS, -(-keys // MOST_BUTTONS))


def settled_card(out: Outgoing, words: Words) -> dict[str, Any]:
    """The message in place of a card that asks nothing any more: its button is grey and says so.

    A text_notice would be plainer, but must lead to an address (path/94945).
    """
    button = {"text": words.settled, "style": 2, "key": _SETTLED}
    head = _head(whole_text(out))
    return {"card_type": "button_interaction", **head, "button_list": [button], "replace_text": words.settled}


def apart_text(out: Outgoing) -> str:
    """What has to stand in a message of its own because the card shows it only in part: words, and what can be chosen.

    A card that is changed in place says its words anew each time, so only choices that cannot be read elsewhere count.
    """
    keys = [key for row in out.keys for key in row]
    labels = _long_labels(keys)
    text = f"{whole_text(out)}{labels}"
    fits = not keys or len(_parts(text)[2]) <= BODY
    return "" if fits or (out.slot and not labels) else text


def _head(text: str) -> dict[str, Any]:
    title, quote, rest = _parts(text)
    fields: dict[str, Any] = {"main_title": {"title": _cut(title, TITLE)}}
    if quote:
        fields["quote_area"] = {"type": 0, "quote_text": quote}
    if rest:
        fields["sub_title_text"] = _cut(rest, BODY)
    return fields


def _parts(text: str) -> tuple[str, str, str]:
    """Title, quotation and the rest: the first line, what stands in quotation marks, and everything else.

    A first line that is too long for a title stands once more where there is room.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["…"]
    quote = next((line for line in lines[1:] if line.startswith("“")), "")
    rest = [line for line in lines[1:] if line != quote]
    return lines[0], quote, "\n".join([lines[0], *rest] if len(lines[0]) > TITLE else rest)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _button(key: Key, number: int) -> dict[str, Any]:
    label = key.label if len(key.label) <= LABEL else f"{number + 1} {_cut(key.label, LABEL - 3)}"
    return {"text": label, "style": 1 if number == 0 else 2, "key": key.token}


def _long_labels(keys: Sequence[Key]) -> str:
    """Labels that a button cannot hold, as numbered lines; the buttons begin with the same numbers."""
    return "".join(f"\n{n} {key.label}" for n, key in enumerate(keys, 1) if len(key.label) > LABEL)
