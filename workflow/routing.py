"""Which queue is responsible for a new record, and why. Finding the item and the grid in words is not here."""

from __future__ import annotations

from typing import NamedTuple

from workflow.queues import dept_queue, desk_queue, grid_queue

GRID = "grid"
"""The queue of an item that the grid of its place handles; any other is a department id."""

_TALK = frozenset({"progress", "smalltalk"})


class Route(NamedTuple):
    """Where a record goes. `reason` is one of: grid, department, wish, talk, unknown_item, unsure, no_grid."""

    queue: str
    reason: str


def route(*, intent: str, item_queue: str | None, grid: str | None, community: str | None, confident: bool) -> Route:
    """The grid or department that the item names; the desk (community's, else street's) whenever that is not certain.

    `item_queue` is the item's queue in the taxonomy, None when no item was found. A wish goes to its department
    however sure the machine is, because a person checks every wish before it is seen.
    """
    desk = desk_queue(community)
    if intent in _TALK:
        return Route(desk, "talk")
    if item_queue is None:
        return Route(desk, "unknown_item")
    if intent == "wish" and item_queue != GRID:
        return Route(dept_queue(item_queue), "wish")
    if not confident:
        return Route(desk, "unsure")
    if item_queue != GRID:
        return Route(dept_queue(item_queue), "department")
    return Route(grid_queue(grid), "grid") if grid else Route(desk, "no_grid")
