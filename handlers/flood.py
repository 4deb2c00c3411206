"""Limits for what one person or one group says in a minute. Nothing said is lost: what is over the limit is kept, sealed,
and handled in order when the minute is over, plain messages of one chat joined to one. Danger never waits.

A press says nothing that has to be kept: over its limit it does nothing, and the button is still there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from handlers import routes
from handlers.city import City
from handlers.messages import MAX_TEXT, Incoming
from handlers.turn import Turn
from storage import dialogues, events, pace, timers
from storage.pace import CHAT, PERSON, PRESS, Held, Pace
from storage.people import Chat, Person
from storage.tx import Tx

OVER = "flood.over"
"""The timer that goes off when the minute of a person or a group is over."""
SAID = frozenset({"text", "media", "place", "edit", "scan", "unknown"})
JOINED = frozenset({"text", "media"})
AT_ONCE = 20
"""Kept messages that are handled in one go; the others wait another minute."""
MOST_HELD = 1_000
"""Kept messages of one person or group. What comes after is not kept, and whoever said it is told so."""
MOST_FILES = 30
SHORTEST = 4
"""Characters from which a message tells something; a shorter one may be an answer and stays by itself."""


async def admit(
    city: City, tx: Tx, person: Person | None, chat: Chat, incoming: Incoming, now: datetime
) -> list[Incoming]:
    """What is to be handled now, in order: this message, after those kept from a minute that is over; or nothing."""
    turn = Turn(city, tx, now, chat=chat, person=person, incoming=incoming)
    if incoming.kind == "press":
        return [incoming] if person is None or await _may_press(turn) else []
    if incoming.kind not in SAID or (chat.is_group and not await _is_for_us(turn)):
        return [incoming]
    limits = city.manners
    kept: list[Incoming] = []
    for kind, subject_id, limit in (
        (PERSON, person.id if person else 0, limits.per_person),
        (CHAT, chat.id if chat.is_group else 0, limits.per_group),
    ):
        if not limit or not subject_id:
            continue
        found = await pace.note(tx, kind, subject_id, now)
        if found.messages > limit and not _is_danger(turn):
            await _hold(turn, kind, subject_id, found, kept)
            return kept
        if found.held and found.messages == 1:
            kept += await released(tx, kind, subject_id, now)
            if await pace.waiting(tx, kind, subject_id, 1):
                await _hold(turn, kind, subject_id, found, kept)
                return kept
    return [*kept, incoming]


async def released(tx: Tx, kind: str, subject_id: int, now: datetime) -> list[Incoming]:
    """The kept messages of a minute that is over, oldest first, plain ones joined. They are the caller's to handle."""
    await pace.begin(tx, kind, subject_id, now, 0)
    await timers.drop(tx, kind, subject_id, prefix=OVER)
    groups: list[tuple[list[int], Incoming]] = []
    for held in await pace.waiting(tx, kind, subject_id, MOST_HELD):
        _append(groups, held)
    ids = [held_id for some, _ in groups[:AT_ONCE] for held_id in some]
    await pace.let_go(tx, kind, subject_id, ids)
    await pace.begin(tx, kind, subject_id, now, min(len(groups), AT_ONCE))
    if len(groups) > AT_ONCE:
        await timers.put(tx, now + pace.WINDOW, OVER, kind, subject_id)
    return [incoming for _, incoming in groups[:AT_ONCE]]


async def _hold(turn: Turn, kind: str, subject_id: int, found: Pace, before: Sequence[Incoming]) -> None:
    """Keeps the message, and says once that it comes later. `before` are handled first, in this very turn."""
    incoming, tx = turn.incoming, turn.tx
    if incoming is None:
        return
    if found.held >= MOST_HELD and not before:
        if found.held == MOST_HELD:
            await pace.add_held(tx, kind, subject_id, 1)  # one too many: so that this is said once
            await turn.say("flood.full")
        return
    author = turn.person.id if turn.person else None
    await pace.hold(tx, kind, subject_id, author, incoming.model_dump(mode="json"))
    if found.held:
        return
    await timers.put(tx, found.since + pace.WINDOW, OVER, kind, subject_id)
    name = "room.slowed" if kind == CHAT else "person.slowed"
    await events.add(tx, "room" if kind == CHAT else "person", subject_id, name, turn.now)
    await turn.say("flood.group" if turn.here.is_group else "flood.person")


async def _may_press(turn: Turn) -> bool:
    limit = turn.city.manners.per_person_presses
    if not limit:
        return True
    found = await pace.note(turn.tx, PRESS, turn.me.id, turn.now)
    if found.messages == limit + 1:
        await events.add(turn.tx, "person", turn.me.id, "person.slowed", turn.now, data={"press": True})
    if found.messages == limit + 1 or (found.messages > limit and turn.city.channels[turn.here.channel].toasts):
        await turn.toast("flood.press")
    return found.messages <= limit


async def _is_for_us(turn: Turn) -> bool:
    """Whether words in a group may be answered: people who talk to each other use up nobody's minute."""
    text = turn.incoming.text.strip() if turn.incoming else ""
    if text[:1].isdigit() or text[:1] in ("#", "＃") or _is_command(text):
        return True
    return turn.person is not None and await dialogues.find(turn.tx, turn.here.id, turn.me.id) is not None


def _is_danger(turn: Turn) -> bool:
    text = turn.incoming.text.strip() if turn.incoming else ""
    return bool(text) and not turn.here.is_group and turn.city.read(text).urgent


def _is_command(text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern, _ in routes.COMMANDS)


def _append(groups: list[tuple[list[int], Incoming]], held: Held) -> None:
    """Adds a kept message: to the one before where they are plain words of one chat, else as one of its own."""
    incoming = Incoming.model_validate(held.message)
    if groups:
        ids, last = groups[-1]
        joined = _joined(last, incoming)
        if joined is not None:
            groups[-1] = ([*ids, held.id], joined)
            return
    groups.append(([held.id], incoming))


def _joined(one: Incoming, other: Incoming) -> Incoming | None:
    if one.address != other.address or one.address.is_group or one.kind not in JOINED or other.kind not in JOINED:
        return None
    if one.reply_to != other.reply_to or len(one.media) + len(other.media) > MOST_FILES:
        return None
    if one.text == other.text and not other.media:
        return one
    text = "\n".join(t for t in (one.text, other.text) if t)
    if len(text) > MAX_TEXT or not all(_tells(m) for m in (one, other)):
        return None
    media = (*one.media, *other.media)
    kind = "media" if media else "text"
    return one.model_copy(update={"text": text, "media": media, "kind": kind})


def _tells(incoming: Incoming) -> bool:
    text = incoming.text.strip()
    return (bool(incoming.media) and not text) or (len(text) >= SHORTEST and not _is_command(text))
