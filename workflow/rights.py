"""Who may do what in which queue, and who may invite whom: one table each.

How an invitation is made and used, and who holds which role, is not here. Members, units and building chiefs hold
no right in a queue; what they may do, every resident may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from workflow.queues import Org, QueueKind, grid_queue, parse_queue


class Role(StrEnum):
    """What a person is, in one scope."""

    GRID_WORKER = "grid_worker"
    GRID_CHIEF = "grid_chief"
    BUILDING_CHIEF = "building_chief"
    DEPT_STAFF = "dept_staff"
    DEPT_HEAD = "dept_head"
    DESK = "desk"
    STREET = "street"
    ADMIN = "admin"
    MEMBER = "member"
    UNIT = "unit"
    ASSESSOR = "assessor"


class Scope(StrEnum):
    """What a role's scope names."""

    GRID = "grid"
    COMMUNITY = "community"
    DEPARTMENT = "department"
    STREET = "street"


class Grant(NamedTuple):
    """One role in one scope: a grid, community, department or street id, as SCOPES says."""

    role: Role
    scope: str


SCOPES: Mapping[Role, Scope] = {
    Role.GRID_WORKER: Scope.GRID,
    Role.GRID_CHIEF: Scope.GRID,
    Role.BUILDING_CHIEF: Scope.GRID,
    Role.DEPT_STAFF: Scope.DEPARTMENT,
    Role.DEPT_HEAD: Scope.DEPARTMENT,
    Role.DESK: Scope.COMMUNITY,
    Role.STREET: Scope.STREET,
    Role.ADMIN: Scope.STREET,
    Role.MEMBER: Scope.COMMUNITY,
    Role.UNIT: Scope.COMMUNITY,
    Role.ASSESSOR: Scope.COMMUNITY,
}

HANDLING = frozenset(
    {"claim", "return", "detail", "note", "release", "transfer", "resolve", "see_contact", "view_room"}
    | {"pause", "ask_extension", "dispute", "answer", "check_in", "keep_station"}
)
"""What everybody who works in a queue may do there. Whose claim it is, is checked where the record is."""
DECIDING = frozenset(
    {"reroute", "refuse", "merge", "publish_wish", "extend", "supervise", "park", "whistle", "readmit", "survey"}
    | {"rule_points", "manage_rewards", "confirm_member", "run_activity", "open_station"}
)
"""What a desk decides."""
OFFICE = frozenset({"find_phone", "publish_answer", "export"})
"""What a desk may do in the browser besides: find records by the end of a phone number, put answers on the public wall,
take lists away as files."""
RULING = frozenset({"rule"})
"""Whose it is when queues dispute it: decided by the level above the desks."""
GOVERNING = frozenset({"import_books", "rule_appeal", "manage_partners"})
"""What only the street decides."""
BINDING = frozenset({"bind_group"})
"""Joining a group chat to a queue, which sends the queue's cards there."""

ACTS = HANDLING | DECIDING | OFFICE | BINDING | RULING | GOVERNING

RIGHTS: Mapping[Role, frozenset[str]] = {
    Role.GRID_WORKER: HANDLING,
    Role.GRID_CHIEF: HANDLING | BINDING,
    Role.BUILDING_CHIEF: frozenset(),
    Role.DEPT_STAFF: HANDLING,
    Role.DEPT_HEAD: HANDLING | BINDING,
    Role.DESK: ACTS - RULING - GOVERNING,
    Role.STREET: ACTS,
    Role.ADMIN: ACTS,
    Role.MEMBER: frozenset(),
    Role.UNIT: frozenset(),
    Role.ASSESSOR: frozenset(),
}
"""The acts of each role in the queues that its scope covers (see covers)."""

_BELOW_DESK = frozenset({Role.GRID_CHIEF, Role.GRID_WORKER, Role.BUILDING_CHIEF, Role.MEMBER, Role.UNIT, Role.ASSESSOR})

INVITES: Mapping[Role, frozenset[Role]] = {
    Role.GRID_WORKER: frozenset(),
    Role.GRID_CHIEF: frozenset({Role.GRID_WORKER, Role.BUILDING_CHIEF}),
    Role.BUILDING_CHIEF: frozenset(),
    Role.DEPT_STAFF: frozenset(),
    Role.DEPT_HEAD: frozenset({Role.DEPT_STAFF}),
    Role.DESK: _BELOW_DESK,
    Role.STREET: _BELOW_DESK | {Role.DESK, Role.DEPT_STAFF, Role.DEPT_HEAD},
    Role.ADMIN: frozenset(Role),
    Role.MEMBER: frozenset(),
    Role.UNIT: frozenset(),
    Role.ASSESSOR: frozenset(),
}
"""The roles that each role may hand out, within its own scope."""


def covers(grant: Grant, queue: str, org: Org) -> bool:
    """Whether the queue lies in the grant's scope: the own queue; for a desk also its grids; for the street everything.

    A queue that this street does not have lies in nobody's scope.
    """
    if not org.has_queue(queue):
        return False
    target = parse_queue(queue)
    match SCOPES[grant.role]:
        case Scope.STREET:
            return _is_whole_street(grant, org)
        case Scope.COMMUNITY:
            return org.community_of(queue) == grant.scope
        case Scope.GRID:
            return target.kind is QueueKind.GRID and target.id == grant.scope
        case Scope.DEPARTMENT:
            return target.kind is QueueKind.DEPT and target.id == grant.scope


def may_act(grants: Iterable[Grant], act: str, queue: str, org: Org) -> bool:
    """Whether somebody with these grants may do this in this queue now. An act that is not in ACTS is a ValueError."""
    if act not in ACTS:
        raise ValueError(f"unknown act: {act!r}")
    return any(act in RIGHTS[grant.role] and covers(grant, queue, org) for grant in grants)


def may_see(grants: Iterable[Grant], queue: str, grid: str, org: Org) -> bool:
    """Whether somebody may read a record: who works in its queue, and who serves the grid it is in, wherever it went."""
    held = tuple(grants)
    return may_act(held, "detail", queue, org) or bool(grid and may_act(held, "detail", grid_queue(grid), org))


def may_anywhere(grants: Iterable[Grant], act: str, org: Org) -> bool:
    """Whether there is a queue in which somebody with these grants may do this."""
    held = tuple(grants)
    return any(may_act(held, act, queue, org) for queue in org.queues())


def is_over_all(grants: Iterable[Grant], org: Org) -> bool:
    """Whether somebody sees every queue: the street and its administrators."""
    return any(SCOPES[g.role] is Scope.STREET and _is_whole_street(g, org) for g in grants)


def may_invite(grants: Iterable[Grant], role: Role, scope: str, org: Org) -> bool:
    """Whether somebody with these grants may hand out this role in this scope. A scope that does not exist: no."""
    if scope not in _scopes(SCOPES[role], org):
        return False
    return any(role in INVITES[grant.role] and _contains(grant, Grant(role, scope), org) for grant in grants)


def invitable(grants: Iterable[Grant], org: Org) -> list[Grant]:
    """Everything that somebody with these grants may hand out, in the order of Role and of the street file."""
    held = tuple(grants)
    offers = (Grant(role, scope) for role in Role for scope in _scopes(SCOPES[role], org))
    return [offer for offer in offers if may_invite(held, offer.role, offer.scope, org)]


def _contains(grant: Grant, offer: Grant, org: Org) -> bool:
    """Whether the offered scope lies in the giver's."""
    if SCOPES[grant.role] is Scope.STREET:
        return _is_whole_street(grant, org)
    if SCOPES[offer.role] is SCOPES[grant.role]:
        return offer.scope == grant.scope
    return SCOPES[offer.role] is Scope.GRID and org.grids[offer.scope] == grant.scope


def _is_whole_street(grant: Grant, org: Org) -> bool:
    """An administrator serves the whole deployment; a street role only its own street."""
    return grant.role is Role.ADMIN or grant.scope == org.street_id


def _scopes(kind: Scope, org: Org) -> tuple[str, ...]:
    match kind:
        case Scope.GRID:
            return tuple(org.grids)
        case Scope.COMMUNITY:
            return tuple(org.communities)
        case Scope.DEPARTMENT:
            return tuple(org.departments)
        case Scope.STREET:
            return (org.street_id,)
