"""A platform's address book beside our roles: who is to be invited, whose role is over. An operator decides both.

Being in a department is no role: whoever is listed gets a one-time invitation in their own chat, as from anybody else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from handlers import staff
from handlers.city import City
from handlers.turn import Turn
from storage import events, people, roles
from storage.people import Chat, Person
from storage.tx import Tx
from workflow.queues import QueueKind, parse_queue
from workflow.rights import Grant, Role


class Listed(NamedTuple):
    """Somebody the address book puts to work in a queue."""

    user: str
    name: str
    queue: str


class Over(NamedTuple):
    """Somebody known on this account who has a role in a listed queue, and is not listed there any more."""

    person_id: int
    user: str
    grant: Grant


class Compared(NamedTuple):
    """`missing` have no role yet; of `gone` the role should end; the others are as they should be."""

    missing: list[Listed]
    gone: list[Over]


def grant_for(queue: str, city: City) -> Grant:
    """The role of whoever works in a queue day by day."""
    target = parse_queue(queue)
    if target.kind is QueueKind.GRID:
        return Grant(Role.GRID_WORKER, target.id)
    if target.kind is QueueKind.DEPT:
        return Grant(Role.DEPT_STAFF, target.id)
    return Grant(Role.DESK, target.id) if target.id else Grant(Role.STREET, city.org.street_id)


async def compare(
    city: City, tx: Tx, channel: str, account: str, listed: Sequence[Listed], queues: Collection[str]
) -> Compared:
    """The address book's people of these queues against the roles. Only roles of people known on this account count."""
    missing, gone = [], []
    for one in listed:
        person = await people.find_by_identity(tx, channel, account, one.user)
        held = await roles.grants_of(tx, person.id) if person else []
        if grant_for(one.queue, city) not in held:
            missing.append(one)
    for queue in queues:
        grant, users = grant_for(queue, city), {one.user for one in listed if one.queue == queue}
        for person_id in await roles.holders(tx, [grant]):
            known = [u for c, a, u in await people.identities_of(tx, person_id) if (c, a) == (channel, account)]
            if known and not users & set(known):
                gone.append(Over(person_id, known[0], grant))
    return Compared(missing, gone)


async def invite(city: City, tx: Tx, channel: str, account: str, one: Listed, now: datetime) -> bool:
    """Sends a one-time code to the person's own chat. False when one that is still good was sent before."""
    grant = grant_for(one.queue, city)
    person, chat = await _known(tx, channel, account, one, now)
    data = {"role": grant.role.value, "scope": grant.scope}
    last = await events.find_latest(tx, "person", person.id, "role.offered")
    if last is not None and last.data == data and now - last.at < city.manners.invitation_life:
        return False
    until = now + city.manners.invitation_life
    code = await roles.invite(tx, grant.role, grant.scope, None, now, until)
    await events.add(tx, "person", person.id, "role.offered", now, data=data)
    turn = Turn(city, tx, now, chat=chat)
    words = turn.text("staff.listed", name=one.name, role=staff.role_name(turn, grant), code=code, until=until)
    await turn.send(chat, words)
    return True


async def end(city: City, tx: Tx, over: Over, now: datetime) -> int:
    """Ends the role; what the person held goes back to its queue. How many records."""
    return await staff.take_away(Turn(city, tx, now), over.person_id, over.grant)


async def _known(tx: Tx, channel: str, account: str, one: Listed, now: datetime) -> tuple[Person, Chat]:
    person = await people.find_by_identity(tx, channel, account, one.user, lock=True)
    person = person or await people.add_person(tx, channel, account, one.user, one.name, now)
    chat = await people.find_chat(tx, channel, account, one.user)
    chat = chat or await people.add_chat(
        tx,
        channel=channel,
        account=account,
        chat=one.user,
        thread="",
        is_group=False,
        person_id=person.id,
        title="",
        now=now,
    )
    return person, chat
