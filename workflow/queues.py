"""Queues and the street's organisation: which queues there are, what they are called, and who is above them.

A queue is written `grid:<grid id>`, `dept:<department id>`, `desk:<community id>`, or `desk` for the street's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class QueueKind(StrEnum):
    """What holds a queue."""

    GRID = "grid"
    DEPT = "dept"
    DESK = "desk"


@dataclass(frozen=True)
class Queue:
    """One queue. `id` is a grid, department or community id; empty only for the street's own desk."""

    kind: QueueKind
    id: str = ""

    def __post_init__(self) -> None:
        if not self.id and self.kind is not QueueKind.DESK:
            raise ValueError(f"a {self.kind.value} queue needs an id")

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.id}" if self.id else self.kind.value


STREET_DESK = "desk"


def grid_queue(grid: str) -> str:
    """The queue of this grid, as text."""
    return str(Queue(QueueKind.GRID, grid))


def dept_queue(department: str) -> str:
    """The queue of this department, as text."""
    return str(Queue(QueueKind.DEPT, department))


def desk_queue(community: str | None) -> str:
    """The desk of this community, or the street's own desk when no community is known."""
    return str(Queue(QueueKind.DESK, community or ""))


def parse_queue(text: str) -> Queue:
    """The queue that this text names; ValueError when it names none. `str()` of the result is the same text."""
    kind, colon, name = text.partition(":")
    try:
        queue = Queue(QueueKind(kind), name)
    except ValueError:
        raise ValueError(f"not a queue: {text!r}") from None
    if colon and not name:
        raise ValueError(f"not a queue: {text!r}")
    return queue


@dataclass(frozen=True)
class Org:
    """The street's communities, grids and departments by id. A grid in an unknown community is a ValueError."""

    street_id: str
    communities: Mapping[str, str]  # community -> name
    grids: Mapping[str, str]  # grid -> community
    departments: Mapping[str, str]  # department -> name
    grid_names: Mapping[str, str] = field(default_factory=dict)  # grid -> name
    street_name: str = ""

    def __post_init__(self) -> None:
        for grid, community in self.grids.items():
            if community not in self.communities:
                raise ValueError(f"grid {grid} belongs to the unknown community {community}")
        for grid in self.grid_names:
            if grid not in self.grids:
                raise ValueError(f"grid {grid} has a name and no community")

    def name_of(self, queue: str) -> str:
        """What people call the grid, department, community or street behind a queue (its id when it has no name).

        A queue that this street does not have is a KeyError.
        """
        known = self._get_queue(queue)
        if known.kind is QueueKind.GRID:
            return self.grid_names.get(known.id) or known.id
        if known.kind is QueueKind.DEPT:
            return self.departments[known.id] or known.id
        return self.communities[known.id] or known.id if known.id else self.street_name or self.street_id

    def desk_of(self, queue: str) -> str:
        """The desk one level above: a grid's community desk; the street's desk for a department and for any desk."""
        known = self._get_queue(queue)
        return desk_queue(self.grids[known.id]) if known.kind is QueueKind.GRID else STREET_DESK

    def community_of(self, queue: str) -> str | None:
        """The community that a grid or a community desk belongs to; None for departments and the street's desk."""
        known = self._get_queue(queue)
        if known.kind is QueueKind.GRID:
            return self.grids[known.id]
        return known.id or None if known.kind is QueueKind.DESK else None

    def community_at(self, queue: str, grid: str) -> str | None:
        """The community a record counts for: its grid's; without a grid the one whose desk has it; else None."""
        return self.grids[grid] if grid in self.grids else self._desks_own(queue)

    def _desks_own(self, queue: str) -> str | None:
        known = parse_queue(queue)
        return known.id if known.kind is QueueKind.DESK and known.id in self.communities else None

    def queues(self) -> tuple[str, ...]:
        """Every queue: the street's desk, the community desks, the grids, the departments."""
        desks = (STREET_DESK, *map(desk_queue, self.communities))
        return (*desks, *map(grid_queue, self.grids), *map(dept_queue, self.departments))

    def has_queue(self, queue: str) -> bool:
        """Whether this text names a queue of this street."""
        try:
            self._get_queue(queue)
        except (KeyError, ValueError):
            return False
        return True

    def _get_queue(self, text: str) -> Queue:
        queue = parse_queue(text)
        owners = {QueueKind.GRID: self.grids, QueueKind.DEPT: self.departments, QueueKind.DESK: self.communities}
        if queue.id and queue.id not in owners[queue.kind]:
            raise KeyError(text)
        return queue
