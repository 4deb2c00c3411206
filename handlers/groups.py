"""Group chats as rooms of queues: binding, coming and going, new ids, and the desk's word when a queue has none left.

Rooms of the built-in web chat need no binding and are never lost; what is said here is about groups on platforms.
"""

from __future__ import annotations

import re
import zlib
from datetime import timedelta
from typing import Any

from handlers import cards, names, staff, standing, wish_card
from handlers.messages import Button
from handlers.turn import Turn
from storage import events, outbox, people, requests, roles, supporters
from storage.people import Chat
from workflow.queues import QueueKind, parse_queue
from workflow.rights import Grant, Role, covers, may_act
from workflow.states import State

TOLD_EVERY = timedelta(days=1)
_PAGE = 8
_CARDS = 20
"""Open records drawn in a room that has just been bound."""


async def member_change(turn: Turn) -> None:
    """Somebody, or the bot itself, joined or left; a group got a new id; a person shut or opened their private chat."""
    incoming = turn.incoming
    if incoming is None:
        return
    if incoming.kind == "migrate":
        await _migrated(turn, incoming.new_chat)
    elif not turn.here.is_group:
        await _private(turn, open_=incoming.kind == "join")
    elif incoming.kind == "join":
        await (_arrived(turn) if _is_bot(turn) else _joined(turn))
    elif _is_bot(turn):
        await _removed(turn)
    else:
        await _left(turn)


def _is_bot(turn: Turn) -> bool:
    """Whether the change is about the bot: it names no member, or the account itself."""
    address = turn.incoming.address if turn.incoming else None
    return address is None or address.user in ("", address.account)


# -------------------------------------------------------------------- private chats


async def _private(turn: Turn, *, open_: bool) -> None:
    await people.set_reachable(turn.tx, turn.here.id, open_)
    if open_:
        await outbox.revive(turn.tx, turn.here.id, turn.now)


# -------------------------------------------------------------------- the bot in groups


async def _arrived(turn: Turn) -> None:
    """In a group for the first time, or back again in a room it had lost."""
    await people.set_reachable(turn.tx, turn.here.id, True)
    queues = await people.queues_of_chat(turn.tx, turn.here.id)
    if queues:
        await outbox.revive(turn.tx, turn.here.id, turn.now)
        await turn.say("groups.back", queue=turn.city.org.name_of(queues[0]))
        await _draw_open(turn, queues[0])
        return
    await turn.say("groups.hello", rows=[[turn.button("groups.button_bind", "groups.choose")]])


async def _removed(turn: Turn) -> None:
    for chat in await _threads(turn, turn.here):
        await room_lost(turn, chat)


async def _threads(turn: Turn, chat: Chat) -> list[Chat]:
    """The group with all its forum topics."""
    return await people.chats_with_platform_id(turn.tx, chat.channel, chat.account, chat.chat)


async def room_lost(turn: Turn, chat: Chat) -> None:
    """The platform takes no messages for this group any more. The binding stays for its return; the desk is told."""
    await people.set_reachable(turn.tx, chat.id, False)
    for queue in await people.queues_of_chat(turn.tx, chat.id):
        await events.add(turn.tx, "room", chat.id, "room.lost", turn.now, data={"queue": queue})
        if not await has_group(turn, queue):
            await queue_without_room(turn, queue)


async def has_group(turn: Turn, queue: str) -> bool:
    """Whether a queue has a reachable group on a platform. Its web room does not count: nobody is called there."""
    rooms = await people.rooms_of(turn.tx, [queue])
    return any(r.reachable and not turn.city.channels[r.channel].keeps for r in rooms)


async def queue_without_room(turn: Turn, queue: str) -> None:
    """Tells the desk above, at most once a day for a queue; with no room there either, the people who serve it."""
    subject = zlib.crc32(queue.encode())
    last = await events.find_latest(turn.tx, "room", subject, "room.missing")
    if last is not None and turn.now - last.at < TOLD_EVERY:
        return
    await events.add(turn.tx, "room", subject, "room.missing", turn.now, data={"queue": queue})
    desk, queue_name = turn.city.org.desk_of(queue), _queue_name(turn, queue)
    if desk != queue and await turn.tell_queue(desk, "groups.no_room", name=queue_name):
        return
    for person_id in await roles.holders(turn.tx, _served_by(turn, desk)):
        await turn.tell(person_id, "groups.no_room", name=queue_name)


def _served_by(turn: Turn, desk: str) -> list[Grant]:
    street = turn.city.org.street_id
    above = [Grant(Role.STREET, street), Grant(Role.ADMIN, street)]
    community = parse_queue(desk).id
    return [Grant(Role.DESK, community), *above] if community else above


async def _migrated(turn: Turn, new: str) -> None:
    """The group has a new platform id: rooms, cards and what waits to be sent move along."""
    chat = turn.here
    if not new or new == chat.chat:
        return
    await _make_way(turn, chat, new)
    await people.migrate_chat(turn.tx, chat.channel, chat.account, chat.chat, new)
    for moved in await people.chats_with_platform_id(turn.tx, chat.channel, chat.account, new):
        await outbox.revive(turn.tx, moved.id, turn.now)
    await events.add(turn.tx, "room", chat.id, "room.migrated", turn.now)


async def _make_way(turn: Turn, chat: Chat, new: str) -> None:
    """A message from the new id may have come first and made chats of its own: they step aside for what moves."""
    early = await people.chats_with_platform_id(turn.tx, chat.channel, chat.account, new)
    if not early:
        return
    await people.migrate_chat(turn.tx, chat.channel, chat.account, new, f"{new}~{early[0].id}")
    for aside in early:
        await people.unbind_chat(turn.tx, aside.id)
        await people.set_reachable(turn.tx, aside.id, False)


# -------------------------------------------------------------------- members


async def _joined(turn: Turn) -> None:
    """Somebody came back who had been told to be unreachable, or is new: nothing is said in the room."""
    private = await people.find_private_chat(turn.tx, turn.me.id)
    if private is None:
        return
    queues = await people.queues_of_chat(turn.tx, turn.here.id)
    if queues and private.reachable and not await turn.grants():
        await turn.tell(turn.me.id, "groups.joined", queue=turn.city.org.name_of(queues[0]))


async def _left(turn: Turn) -> None:
    """A worker left the room of a queue: the desk may want to end the role."""
    for queue in await people.queues_of_chat(turn.tx, turn.here.id):
        held = [g for g in await turn.grants() if _works_in(turn, g, queue)]
        if not held:
            continue
        await turn.tell_queue(
            turn.city.org.desk_of(queue),
            "groups.left",
            who=names.shown(turn.me) or turn.text("card.worker"),
            name=_queue_name(turn, queue),
            count=len(await requests.held_by(turn.tx, turn.me.id)) or "",
            rows=[[staff.end_button(turn, turn.me.id, grant)] for grant in held],
        )


def _works_in(turn: Turn, grant: Grant, queue: str) -> bool:
    """Whether this role's own place is the queue; a desk or the street leaving one of many rooms is nothing special."""
    wide = grant.role in (Role.STREET, Role.ADMIN)
    own_desk = grant.role is not Role.DESK or parse_queue(queue).kind is QueueKind.DESK
    return not wide and own_desk and covers(grant, queue, turn.city.org)


# -------------------------------------------------------------------- binding


async def _bindable(turn: Turn) -> list[str]:
    grants, org = await turn.grants(), turn.city.org
    return [q for q in org.queues() if may_act(grants, "bind_group", q, org)]


def _queue_name(turn: Turn, queue: str) -> str:
    """A desk and its community share a name; on a button they must not."""
    name = turn.city.org.name_of(queue)
    return turn.text("groups.desk_name", name=name) if parse_queue(queue).kind is QueueKind.DESK else name


async def bind(turn: Turn, match: re.Match[str]) -> None:
    """绑定, or 绑定 with the name of the grid, department or desk."""
    if not turn.here.is_group:
        await turn.say("groups.in_group")
        return
    asked = (match["name"] or "").strip()
    offered = await _bindable(turn)
    if not asked or not offered:
        await _choose(turn, {})
        return
    exact = [q for q in offered if asked in (turn.city.org.name_of(q), _queue_name(turn, q))]
    meant = exact or [q for q in offered if asked in _queue_name(turn, q)]
    if len(meant) == 1:
        await _bind(turn, {"queue": meant[0]})
    elif meant:
        await _offer(turn, meant, 0)
    else:
        await turn.toast("groups.no_such", name=asked[:20])


async def _choose(turn: Turn, args: dict[str, Any]) -> None:
    offered = await _bindable(turn)
    if offered:
        await _offer(turn, offered, args.get("from", 0))
    else:
        await turn.toast("groups.may_not_bind", alert=True)


async def _offer(turn: Turn, offered: list[str], start: int) -> None:
    buttons: list[Button] = []
    for queue in offered[start : start + _PAGE]:
        name = _queue_name(turn, queue)
        typed = turn.text("groups.typed_bind", name=name)
        buttons.append(turn.button("groups.button_queue", "groups.bind", {"queue": queue}, typed=typed, name=name))
    rows = [buttons[i : i + 2] for i in range(0, len(buttons), 2)]
    if len(offered) > start + _PAGE:
        rows.append([turn.button("groups.button_next", "groups.choose", {"from": start + _PAGE})])
    await turn.say("groups.bind_ask", rows=rows)


async def _bind(turn: Turn, args: dict[str, Any]) -> None:
    """Makes this chat a room of the queue; the right is checked now, whoever was shown the button."""
    queue = args["queue"]
    org = turn.city.org
    if not turn.here.is_group or not org.has_queue(queue):
        await turn.toast("groups.in_group")
        return
    if not may_act(await turn.grants(), "bind_group", queue, org):
        await turn.toast("groups.may_not_bind", alert=True)
        return
    former = await people.queues_of_chat(turn.tx, turn.here.id)
    if not await people.bind_room(turn.tx, queue, turn.here.id, turn.me.id, turn.now):
        await turn.toast("groups.bound_already", queue=_queue_name(turn, queue))
        return
    data = {"queue": queue, "former": former[0] if former else ""}
    await events.add(turn.tx, "room", turn.here.id, "room.bound", turn.now, actor_id=turn.me.id, data=data)
    await turn.say("groups.bound", queue=_queue_name(turn, queue))
    await _draw_open(turn, queue)
    for old in former:
        if not await has_group(turn, old):
            await queue_without_room(turn, old)


async def room_opened(turn: Turn, queue: str) -> None:
    """The room of a queue can be written to again, or for the first time: what waited goes out, and all that is open."""
    await outbox.revive(turn.tx, turn.here.id, turn.now)
    await _draw_open(turn, queue)


async def _draw_open(turn: Turn, queue: str) -> None:
    """What waits in the queue appears in its room: what most people wait for last, next to the words they type."""
    waiting = {State.QUEUED, *standing.HELD}
    found = await requests.in_queue(turn.tx, [queue], waiting, limit=_CARDS)
    company = {r.id: len(await supporters.followers(turn.tx, r)) for r in found}
    for request in sorted(found, key=lambda r: (r.urgent, company[r.id])):
        await cards.refresh(turn, request)
    if parse_queue(queue).kind is QueueKind.DESK:
        await wish_card.draw_open(turn, queue)


async def unbind(turn: Turn, _match: re.Match[str]) -> None:
    """解绑: no more cards here."""
    queues = await people.queues_of_chat(turn.tx, turn.here.id)
    if not queues:
        await turn.toast("groups.not_bound")
        return
    queue = queues[0]
    if not may_act(await turn.grants(), "bind_group", queue, turn.city.org):
        await turn.toast("groups.may_not_bind", alert=True)
        return
    await people.unbind_chat(turn.tx, turn.here.id)
    data = {"queue": queue}
    await events.add(turn.tx, "room", turn.here.id, "room.unbound", turn.now, actor_id=turn.me.id, data=data)
    await turn.say("groups.unbound", queue=_queue_name(turn, queue))
    if not await has_group(turn, queue):
        await queue_without_room(turn, queue)


PRESSES = {"groups.choose": _choose, "groups.bind": _bind}
COMMANDS = [
    (re.compile(r"(?:绑定|/bind)(?:\s+(?P<name>\S.{0,40}))?"), bind),
    (re.compile(r"解绑|/unbind"), unbind),
]
