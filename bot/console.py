"""Names of pages and switches in the platforms' consoles, for whoever has to mend something there. They live in the texts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def places(platform: str) -> Mapping[str, str]:
    """Every named place of one console. Raises KeyError for an unknown platform."""
    source = resources.files("bot.texts") / "zh_cn" / "pages" / "console.toml"
    found: dict[str, str] = tomllib.loads(source.read_text(encoding="utf-8"))[platform]
    return found
