"""What a readable table of transitions can be asked. The tables themselves live in states.py and wish.py."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

S = TypeVar("S", bound=StrEnum)


class Forbidden(Exception):
    """This event is not allowed in this state; nothing has changed."""

    def __init__(self, state: StrEnum, event: str) -> None:
        super().__init__(f"{event} is not allowed when {state.value}")
        self.state = state
        self.event = event


class Edge(NamedTuple, Generic[S]):
    """One allowed move: what happened, from where to where, by whom, who hears of it, and why it is there."""

    event: str
    origin: S
    target: S
    actor: str
    tells: frozenset[str]
    why: str


def index_edges(edges: tuple[Edge[S], ...]) -> Mapping[tuple[S, str], Edge[S]]:
    """The table by (state, event). A pair listed twice is a ValueError: the target must never be a matter of order."""
    found: dict[tuple[S, str], Edge[S]] = {}
    for edge in edges:
        key = (edge.origin, edge.event)
        if key in found:
            raise ValueError(f"{edge.event} is listed twice for {edge.origin.value}")
        found[key] = edge
    return MappingProxyType(found)
