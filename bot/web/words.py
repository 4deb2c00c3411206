"""Loads the sentences of the web side from bot/texts. The sentences themselves live there."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any


class Words:
    """The sentences by section and name. A missing one is an error at once, not an empty place on a page."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self.tree = tree

    def get(self, section: str, name: str, /, **values: object) -> str:
        """One sentence with its `{gaps}` filled. Raises KeyError."""
        sentence = str(self.tree[section][name])
        return sentence.format(**values) if values else sentence

    def section(self, name: str) -> dict[str, Any]:
        """All sentences of a section."""
        return dict(self.tree[name])


def load_words() -> Words:
    """Reads web.toml."""
    source = resources.files("bot.texts") / "zh_cn" / "pages" / "web.toml"
    return Words(tomllib.loads(source.read_text(encoding="utf-8")))
