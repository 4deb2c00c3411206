"""工作人员名单: every row becomes a one-time invitation. Nobody gets a role from a list: they accept it in their own chat.

Who may hand out which role is in the rights; a row beyond them is a fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from handlers.city import City
from handlers.office.books.book import Book, Column, Done, Fault, Line, Saved, Step, Studied, fault, split
from handlers.office.turning import OfficeTurn
from handlers.staff import role_name
from nlp.mask import mask_name
from storage import imports, roles
from workflow.rights import SCOPES, Grant, Role, Scope, may_invite

KNOWN_FOR = timedelta(days=7)
"""As long as a code lives: after that somebody who has not come may be invited by the same row again."""


class Invited(NamedTuple):
    """One row. The name is for whoever hands the code over; it is not kept."""

    name: str
    grant: Grant


def _scopes(city: City, kind: Scope) -> dict[str, str]:
    """id -> name of everything a role of this kind can be for."""
    org = city.org
    match kind:
        case Scope.GRID:
            return {grid: org.grid_names.get(grid) or grid for grid in org.grids}
        case Scope.COMMUNITY:
            return dict(org.communities)
        case Scope.DEPARTMENT:
            return dict(org.departments)
        case Scope.STREET:
            return {org.street_id: org.street_name or org.street_id}


def scope_names(city: City) -> list[str]:
    """Everything that may stand under the scope of a role."""
    return [name for kind in Scope for name in _scopes(city, kind).values()]


async def study(city: City, lines: Sequence[Line], now: datetime) -> Studied:
    """Roles and where they are for, by the names people use or by id."""
    names = {city.texts.text(f"staff.role_{role.value}", now): role for role in Role}
    steps: list[Step] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    for line in lines:
        role = names.get(line.cells["role"])
        if role is None:
            faults.append(fault(line, "role", "role", roles="、".join(names)))
            continue
        scopes = _scopes(city, SCOPES[role])
        wanted = line.cells["scope"] or (next(iter(scopes)) if len(scopes) == 1 else "")
        found = [key for key, name in scopes.items() if wanted in (key, name)]
        content = f"{line.cells['name']}|{role.value}|{found[0] if found else ''}"
        if len(found) != 1:
            some = "、".join(list(scopes.values())[:3])
            faults.append(fault(line, "scope", "scope", role=line.cells["role"], scopes=some))
        elif content in seen:
            faults.append(fault(line, "name", "repeated", row=seen[content]))
        else:
            seen[content] = line.row
            invited = Invited(line.cells["name"], Grant(role, found[0]))
            shown = (mask_name(invited.name), line.cells["role"], scopes[found[0]])
            steps.append(Step(line, shown, city.texts.text("books.will_invite", now), invited, content))
    return Studied(steps, faults)


async def compare(turn: OfficeTurn, studied: Studied) -> Studied:
    """Rows that the acting person may not invite are faults; whose code is still good is known."""
    grants = await turn.grants()
    beyond = {
        step.line.row: fault(step.line, "role", "not_yours", role=role_name(turn, step.value.grant))
        for step in studied.steps
        if not may_invite(grants, step.value.grant.role, step.value.grant.scope, turn.city.org)
    }
    left = split(studied, beyond)
    since = turn.now - KNOWN_FOR
    there = await imports.known_rows(turn.tx, "staff", [step.content for step in left.steps], since)
    return left._replace(steps=[step._replace(known=step.content in there) for step in left.steps])


async def save(turn: OfficeTurn, steps: Sequence[Step]) -> Saved:
    """One code a row, shown once."""
    until = turn.now + turn.city.manners.invitation_life
    done = []
    for step in steps:
        one: Invited = step.value
        code = await roles.invite(turn.tx, one.grant.role, one.grant.scope, turn.me.id, turn.now, until)
        done.append(Done(step.line.row, (one.name, role_name(turn, one.grant)), code))
    await imports.keep_rows(turn.tx, "staff", [step.content for step in steps], turn.now)
    counted = Counter(step.value.grant for step in steps)
    return Saved(done, {"invited": [[grant.role.value, grant.scope, count] for grant, count in counted.items()]})


BOOK = Book(
    "staff",
    (Column("name", needed=True, longest=30), Column("role", needed=True, longest=20), Column("scope", width=24)),
    500,
    study,
    compare,
    save,
    KNOWN_FOR,
)
