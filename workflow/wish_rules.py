"""The rules for wishes beside their life: themes and sizes, what must not be asked of a neighbour, visits in pairs, limits.

What words mean is `nlp`'s to say; the sentences that tell people a rule are in the texts.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

THEMES = ("goods", "company", "learning", "repair", "errands", "medical", "service")
"""Kinds of wishes, in the order they are offered. `service` is help without a name of its own."""
SIZES = ("small", "medium", "large")
FOR_WHOM = ("child", "elder", "disabled", "household")
"""Who it is for: known to the desk and to matching, never shown on the wall."""
CONSENTS = ("spoken", "signed", "family")
"""How a neighbour agreed that somebody else files a wish for them."""
ALTERNATIVES = ("relief", "service_window", "request")
"""Where a declined wish can go instead: social relief, the service window, a request to the grid."""

BLOCKED = frozenset({"cash", "medicine"})
"""Dangers with which a wish never reaches the wall."""
CHECK_REMIND = timedelta(hours=12)
CHECK_WITHIN = timedelta(hours=24)
"""A desk looks at a wish within a day; then the street is told."""
RESERVED_FOR = timedelta(hours=24)
"""So long a wish that is free again is kept for the first who waited for it."""
HAND_OVER_LIFE = timedelta(days=3)
"""So long a code for handing a wish over can be used."""
MOST_SHARES = 50
_AT_HOME = frozenset({"company", "learning", "repair", "errands", "medical", "service"})
_SMALL, _LARGE = 100, 500  # yuan


def blocked_by(dangers: Collection[str]) -> tuple[str, ...]:
    """What keeps a wish off the wall."""
    return tuple(d for d in dangers if d in BLOCKED)


def needs_pair(theme: str, for_whom: str, dangers: Collection[str] = ()) -> bool:
    """Whether nobody should go there alone: children, care of the body, and help at home for those who cannot defend themselves."""
    if theme not in _AT_HOME:
        return False
    return theme == "medical" or for_whom == "child" or "alone" in dangers or for_whom == "disabled"


def rules_for(theme: str, for_whom: str, *, pairs: bool) -> tuple[str, ...]:
    """The rules that an adopter is told, most important first."""
    found = ["not_alone"] if for_whom == "child" and theme in _AT_HOME else []
    found += ["pairs"] if pairs else []
    found += ["no_medicine"] if theme == "medical" else []
    return (*found, "no_cash")


def size_of(cost: int | None, shares: int) -> str:
    """How large a wish is, by its cost and the people it takes."""
    if shares > 2 or (cost or 0) > _LARGE:
        return "large"
    return "medium" if shares == 2 or (cost or 0) > _SMALL else "small"
