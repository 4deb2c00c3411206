"""Reads what people ask about the service itself: who sees their number, how to reach somebody, when, at what cost, by voice.

Only whole sentences that ask this and nothing else, from `data/about.tsv`; what tells of a matter is triage's. Some
sentences are plain words for a typed command ("积分能换什么"): its own writing is given then. What is answered stands
in `handlers.about`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from nlp.lexicon import DATA, LexiconError

TOPICS = frozenset(
    {
        "privacy", "nameless", "input", "free", "hours", "danger", "robot", "reach", "office", "number", "moved", "mistake", "slow",
        "complaint", "how", "survey", "erase", "give", "test", "chat", "scold", "festive", "lonely", "overview", "steps",
        "reports", "leaver",
    }
)  # fmt: skip
LONGEST = 30
"""Characters of a sentence that can be about this; what is longer tells its own story."""
_BREAK = re.compile(r"[\s，,。.！!？?、；;：:~～…“”\"'（）()]+")
_HEAD = re.compile(
    "^(?:[你您]好(?![烦笨慢傻])|请问一?下?|麻烦|不好意思|打扰一?下?|那个?|唉|哎|我?想问一?下?|问一?下|咨询一下|另外|还有(?![多几哪没]))+"
)
_TAIL = re.compile("(?:谢谢|啊|呀|呢|吧|哦|噢|嘛|哈)+$")
_SLOT = re.compile(r"\{([^{}a-z\d,]+)\}")


class About(NamedTuple):
    """`topic` is one of `TOPICS`, or empty where `command` says the same; `phone` when they told their number."""

    topic: str
    command: str
    phone: str


def read_about(text: str) -> About | None:
    """What a text asks about the service, when it asks nothing else; None for all other words."""
    if not text or len(text) > LONGEST:
        return None
    said = _BREAK.sub("", text).lower()
    said = _TAIL.sub("", _HEAD.sub("", said)) or said
    for name, form in _forms():
        found = form.fullmatch(said)
        if found:
            told = found.groupdict()
            is_command = name.startswith(">")
            command = name[1:].format(**told) if is_command else ""
            return About("" if is_command else name, command, told.get("phone") or "")
    return None


@cache
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Every form by its topic, in the order of the file. LexiconError for a line that cannot be read."""
    slots: dict[str, str] = {}
    forms = []
    for line in (DATA / "about.tsv").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, _, form = line.partition("\t")
        try:
            form = _SLOT.sub(lambda slot: f"(?:{slots[slot[1]]})", form)
            if name.startswith("="):
                slots[name[1:]] = form
                continue
            if not name.startswith(">") and name not in TOPICS:
                raise LexiconError(f'about.tsv: there is no topic "{name}"')
            forms.append((name, re.compile(form)))
        except (KeyError, re.error) as error:
            raise LexiconError(f"about.tsv: {name} {form}: {error}") from error
    return tuple(forms)
