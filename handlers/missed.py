"""What could not be said because a platform lets nobody write to this person now. The ladder ends here.

Another chat of theirs that may be written to hears it; else it is said at their next contact. A rating that could not
be asked for twice is asked for by telephone: a card goes to whoever did the work. Silence is never satisfaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers import rate, records
from handlers.messages import About, Outgoing, Push
from handlers.turn import Turn
from storage import dialogues, events, notices, outbox, people, requests
from storage.people import Chat
from workflow.states import OPEN, State

KEPT_FOR = timedelta(days=14)
"""News that are older are seen in the list of records."""
SAID_AT_ONCE = 3
TOLD_OF = 20
"""Records of one person of which it is told that they cannot be reached, newest first."""
CALL_AFTER = 2
"""Times that a rating could not be asked for until somebody is to call."""


async def refused(turn: Turn, chat: Chat, row_id: int, out: Outgoing, why: str) -> None:
    """A message met a shut window. In a turn of time."""
    await _unshown(turn, chat, out)
    if await _elsewhere(turn, chat, out):
        await outbox.let_go(turn.tx, [row_id])
        return
    await outbox.hold(turn.tx, row_id, why)
    if out.about is not None and out.about.purpose == "rate":
        await _call(turn, chat, out.about)


async def form_only(turn: Turn, chat: Chat, out: Outgoing) -> None:
    """A notice went out in its place: the numbers of its menu were not shown and mean nothing."""
    if out.menu:
        await dialogues.drop_menu(turn.tx, chat.id, out.menu)


async def undelivered(turn: Turn) -> None:
    """The platform took a notice and could not deliver it: the next way."""
    incoming = turn.incoming
    if incoming is None:
        return
    address = incoming.address
    notice = await notices.take(turn.tx, address.channel, address.account, incoming.message_ref)
    if notice is None:
        return
    chat = await people.get_chat(turn.tx, notice.chat_id)
    row_id = await outbox.put(
        turn.tx, chat_id=chat.id, body=notice.body, lane=outbox.NOTICE, now=turn.now, not_before=turn.now + KEPT_FOR
    )
    await refused(turn, chat, row_id, Outgoing.model_validate(notice.body), "the notice was not delivered")


async def will_ask(turn: Turn) -> bool:
    """Whether a rating that could not be asked for is the next thing said here."""
    if turn.here.is_group or turn.dialogue is not None:
        return False
    if turn.city.channels[turn.here.channel].push is not Push.WINDOW:
        return False
    kept = await outbox.held(turn.tx, turn.here.id)
    return any(_asks(Outgoing.model_validate(body)) for _, _, body in kept)


async def catch_up(turn: Turn) -> None:
    """At a contact: first the news that were missed, then the rating nobody could ask for, unless a question is open."""
    if turn.here.is_group or turn.person is None or turn.city.channels[turn.here.channel].push is not Push.WINDOW:
        return
    kept = await outbox.held(turn.tx, turn.here.id)
    if not kept:
        return
    said = [(row_id, at, Outgoing.model_validate(body)) for row_id, at, body in kept]
    news = [(row_id, at, out) for row_id, at, out in said if not _asks(out)]
    fresh = [out for _, at, out in news if turn.now - at < KEPT_FOR and not await _overtaken(turn, at, out)][
        -SAID_AT_ONCE:
    ]
    for out in fresh:
        await turn.send(turn.here, out.bare or out.text, media=[int(m) for m in out.media], lane=outbox.REPLY)
    await outbox.let_go(turn.tx, [row_id for row_id, _, _ in news])
    if turn.dialogue is not None:
        return
    asks = [(row_id, out.about) for row_id, _, out in said if _asks(out) and out.about is not None]
    await outbox.let_go(turn.tx, [row_id for row_id, _ in asks])
    for about in {about.request_id: about for _, about in asks}.values():
        if turn.dialogue is None and await rate.ask_again(turn, about.request_id, about.resolution):
            return


def _asks(out: Outgoing) -> bool:
    return out.about is not None and out.about.purpose == "rate"


async def _overtaken(turn: Turn, at: datetime, out: Outgoing) -> bool:
    """News of a result that this person has answered since, on a page or in another chat: they know it."""
    if out.about is None:
        return False
    request = await requests.get(turn.tx, out.about.request_id)
    answer = await rate.given(turn, request, turn.me.id)
    return answer is not None and out.about.resolution == request.resolution and at <= answer.at


async def _unshown(turn: Turn, chat: Chat, out: Outgoing) -> None:
    """Nobody has seen the question: their next words are no answer to it, and its numbers mean nothing."""
    if out.menu:
        await dialogues.drop_menu(turn.tx, chat.id, out.menu)
    if not _asks(out) or chat.person_id is None:
        return
    open_one = await dialogues.find(turn.tx, chat.id, chat.person_id)
    if open_one is not None and open_one.flow == "rate":
        await dialogues.close(turn.tx, chat.id, chat.person_id)


async def _elsewhere(turn: Turn, chat: Chat, out: Outgoing) -> bool:
    """Another chat of the same person that calls them whenever it is written to."""
    if chat.person_id is None:
        return False
    for other in await people.private_chats(turn.tx, chat.person_id):
        able = turn.city.channels.get(other.channel)
        if other.id == chat.id or not other.reachable or able is None or able.keeps or able.push is not Push.ALWAYS:
            continue
        if out.about is not None and _asks(out):
            await rate.ask_in(turn, other, out.about.request_id, out.about.resolution)
        else:
            await turn.send(other, out.bare or out.text, media=[int(m) for m in out.media])
        return True
    return False


async def lost(turn: Turn, chat: Chat) -> None:
    """A private chat takes no messages any more: it was blocked, or is gone. Unless another chat still calls the
    person, whoever has one of their open records is told, once a record. In a turn of time."""
    await people.set_reachable(turn.tx, chat.id, False)
    if chat.person_id is None:
        return
    others = await people.private_chats(turn.tx, chat.person_id)
    if any(one.reachable and not turn.city.channels[one.channel].keeps for one in others if one.id != chat.id):
        return
    for request in await requests.of_reporter(turn.tx, chat.person_id, TOLD_OF):
        told = await events.find_latest(turn.tx, "request", request.id, "request.unreachable")
        if request.state in OPEN and told is None:
            await events.add(turn.tx, "request", request.id, "request.unreachable", turn.now)
            await records.tell_handler(turn, request, "missed.unreachable")


async def _call(turn: Turn, chat: Chat, about: About) -> None:
    """Once for each result, when it could not be asked for so many times."""
    rows = [Outgoing.model_validate(body) for _, _, body in await outbox.held(turn.tx, chat.id)]
    times = sum(1 for out in rows if _asks(out) and out.about and out.about.request_id == about.request_id)
    request = await requests.get(turn.tx, about.request_id)
    if times < CALL_AFTER or request.state is not State.RESOLVED or request.resolution != about.resolution:
        return
    if request.reporter_id != chat.person_id or await rate.has_answered(turn, request, request.reporter_id):
        return
    last = await events.find_latest(turn.tx, "request", request.id, "request.call_asked")
    if last is not None and last.data.get("resolution") == request.resolution:
        return
    await events.add(
        turn.tx, "request", request.id, "request.call_asked", turn.now, data={"resolution": request.resolution}
    )
    typed = turn.text("card.typed_contact", number=request.number)
    contact = turn.button("card.button_contact", "claim.contact", {"id": request.id}, typed=typed)
    await records.tell_handler(turn, request, "missed.call", rows=[[contact]])
