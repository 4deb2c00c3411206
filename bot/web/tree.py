"""Where the leaves of the wish tree hang: the same wish always at the same place, none on top of another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 1600, 900
_MIDDLE = (800.0, 350.0)
_GOLDEN = math.pi * (3 - math.sqrt(5))
_KINDS = {"published": "bud", "adopted": "blossom", "fulfilling": "blossom", "fulfilled": "fruit", "closed": "fruit"}


class Leaf(NamedTuple):
    """One wish on the tree: where, which way it leans in degrees, and bud, blossom or fruit."""

    number: int
    x: int
    y: int
    lean: int
    kind: str


class Twig(NamedTuple):
    """A branch from the trunk, as a curve: where it ends, and how thick it is."""

    path: str
    thickness: int


def leaves(wishes: Sequence[tuple[int, str]]) -> list[Leaf]:
    """A place for each (number, state), spread evenly over the crown like seeds in a sunflower."""
    count = max(len(wishes), 1)
    found = []
    for index, (number, state) in enumerate(sorted(wishes)):
        reach = math.sqrt((index + 0.6) / count)
        angle = index * _GOLDEN
        x = _MIDDLE[0] + 600 * reach * math.cos(angle)
        y = _MIDDLE[1] + 270 * reach * math.sin(angle)
        found.append(Leaf(number, round(x), round(y), (number * 37) % 50 - 25, _KINDS.get(state, "bud")))
    return found


def twigs() -> list[Twig]:
    """The branches that the crown rests on."""
    ends = [
        (330, 420, 15),
        (480, 250, 17),
        (650, 160, 13),
        (800, 130, 15),
        (960, 170, 13),
        (1130, 250, 17),
        (1270, 420, 15),
    ]
    return [Twig(f"M800 860 C800 640 {(800 * 2 + x) // 3} {y + 260} {x} {y}", thick) for x, y, thick in ends]
