"""What a message becomes when only filled-in forms may go out: the fields of a template, each cut to what it may hold."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bot.channels.cutting import size
from handlers.messages import About

LINK_LIFE = timedelta(days=8)
"""The link of a notice opens its page so long; after it the list of records still opens."""

# https://developers.weixin.qq.com/doc/service/guide/product/template_message/Template_Message_Operation_Specifications.html
MOST_CHARACTERS = {
    "thing": 20, "phrase": 5, "name": 10, "character_string": 32, "const": 20, "letter": 32, "symbol": 5, "number": 32,
    "short_thing": 10,
}  # fmt: skip
_FIELD = re.compile(r"(?P<type>[a-z_]+?)\d+")
_NO_CHINESE = frozenset({"character_string", "letter", "number", "symbol"})


class Template(NamedTuple):
    """A form approved in the console: its id, and which of our values stands in which of its fields."""

    id: str
    fields: dict[str, str]
    lasting: bool = False


def values(about: About, now: datetime) -> dict[str, str]:
    """Everything a form can be filled with."""
    return {
        "number": str(about.number),
        "item": about.item,
        "place": about.place,
        "state": about.state,
        "at": now.strftime("%Y-%m-%d %H:%M"),
    }


def fill(template: Template, about: About, now: datetime) -> dict[str, Any]:
    """The `data` of a call: every field with a value it may hold."""
    known = values(about, now)
    return {field: {"value": _fitting(field, known.get(value, ""))} for value, field in template.fields.items()}


def type_of(field: str) -> str:
    """`thing` for `thing12`; empty for what is no field of a form."""
    match = _FIELD.fullmatch(field)
    return match["type"] if match else ""


def _fitting(field: str, text: str) -> str:
    kind = type_of(field)
    clean = "".join(c for c in " ".join(text.split()) if unicodedata.category(c)[0] != "C" and ord(c) <= 0xFFFF)
    if kind in _NO_CHINESE:
        clean = "".join(c for c in clean if size(c) == 1)
    most = MOST_CHARACTERS.get(kind, 20)
    if kind == "phrase":
        clean = "".join(c for c in clean if "\u4e00" <= c <= "\u9fff")
    return clean[:most] if len(clean) <= most or kind in _NO_CHINESE | {"phrase"} else f"{clean[: most - 1]}…"


def has_gap(data: dict[str, Any]) -> bool:
    """Whether a field has nothing in it: the platform refuses such a form."""
    return any(not one["value"] for one in data.values())
