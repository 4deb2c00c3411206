"""From one incoming message to the handler that answers it. Runs inside one transaction; the caller commits.

Order in a private chat: a menu choice, a typed command, the answer to the open question, a bare record number, then
fresh words. In a group only commands, answers and numbers count; the rest is people talking to each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from handlers import (
    about,
    answers,
    at_work,
    flood,
    groups,
    listen,
    missed,
    numbered,
    refusals,
    report_words,
    routes,
    wish_talk,
)
from handlers.city import City
from handlers.messages import MAX_TEXT, Incoming, Outgoing
from handlers.turn import Denied, NotForYou, Turn
from nlp.mask import mask
from storage import attachments, dialogues, outbox, people
from storage.people import Chat, Person
from storage.tx import Tx

_HALF_WIDTH = {c: c - 0xFEE0 for r in ((0xFF10, 0xFF1A), (0xFF21, 0xFF3B), (0xFF41, 0xFF5B)) for c in range(*r)} | {
    0x3000: " "
}
"""Full-width digits, letters and space, as people type them; punctuation stays as it was said."""
_END = "。！？!?~～ "
"""What people end a command with."""
_WORDS = {"text", "media", "place"}
_MEMBERSHIP = {"join", "leave", "migrate", "blocked"}
_REPORTS = {"undelivered"}
"""What a platform says of our own messages: nobody is there."""
_CONTACTS = _WORDS | {"press", "scan", "edit"}


async def look_ahead(tx: Tx, arrived: Sequence[Incoming]) -> None:
    """Reads at once what `handle` asks first for each of these: who it is, in which chat, and what is open and shown there.

    They are held first, in one order, so that they do one thing at a time.
    """
    here = [one.address for one in arrived if one.kind in _CONTACTS and one.address.user]
    met = await people.meet(tx, {(at.channel, at.account, at.user) for at in here})
    asked = []
    for one in arrived:
        at = one.address
        for chat in met.get((at.channel, at.account, at.user), ()):
            if chat.person_id is not None and (chat.chat, chat.thread) == (at.chat, at.thread):
                asked.append((chat.id, chat.person_id, one.token))
    await dialogues.read_ahead(tx, asked)


async def handle(city: City, tx: Tx, incoming: Incoming, now: datetime) -> None:
    """Answers one message: everything it changes and everything it says is in `tx`."""
    tx.forget()
    person, chat = await _who_and_where(city, tx, incoming, now)
    admitted = await flood.admit(city, tx, person, chat, incoming, now)
    if admitted == [incoming]:
        await _answer_in(await _turn(city, tx, incoming, now, person, chat))
        return
    for one in admitted:
        await handle_now(city, tx, one, now)


async def handle_now(city: City, tx: Tx, incoming: Incoming, now: datetime) -> None:
    """The same without asking how much was said in this minute."""
    await _answer_in(await _open(city, tx, incoming, now))


async def _answer_in(turn: Turn) -> None:
    incoming = turn.incoming
    if incoming is None:
        return
    try:
        if incoming.kind in _MEMBERSHIP:
            await groups.member_change(turn)
        elif incoming.kind == "press":
            await _press(turn, incoming.token)
        elif incoming.kind == "scan":
            await _scan(turn, incoming.scene)
        elif incoming.kind == "edit":
            await report_words.edited(turn)
        elif incoming.kind in _WORDS:
            await _words(turn)
        elif incoming.kind in _REPORTS:
            await missed.undelivered(turn)
        elif not turn.here.is_group:
            await turn.say("common.unreadable")
    except NotForYou as refused:
        await refusals.note(turn, str(refused))
        await turn.toast("common.not_allowed", alert=True)
    except Denied as denied:
        await turn.toast(denied.key, alert=True, **denied.values)
    if incoming.kind in _CONTACTS:
        await missed.catch_up(turn)
    await _settle_press(turn)


async def give_up(city: City, tx: Tx, incoming: Incoming, now: datetime) -> None:
    """A message that cannot be handled goes to the street's desk as it is, and the person is told."""
    turn = await _open(city, tx, incoming, now)
    words = mask(incoming.text)[:500] or turn.text("common.unreadable")
    await turn.tell_queue("desk", "common.failed_desk", words=words, media=turn.attached)
    if not turn.here.is_group:
        await turn.say("common.failed")


async def _open(city: City, tx: Tx, incoming: Incoming, now: datetime) -> Turn:
    person, chat = await _who_and_where(city, tx, incoming, now)
    return await _turn(city, tx, incoming, now, person, chat)


async def _turn(city: City, tx: Tx, incoming: Incoming, now: datetime, person: Person | None, chat: Chat) -> Turn:
    dialogue = await dialogues.find_here(tx, chat.id, person.id, incoming.token) if person else None
    turn = Turn(city, tx, now, chat=chat, person=person, incoming=incoming, dialogue=dialogue)
    if person is not None:
        turn.attached = await _keep_media(tx, incoming, person, chat, now)
    return turn


async def _who_and_where(city: City, tx: Tx, incoming: Incoming, now: datetime) -> tuple[Person | None, Chat]:
    """The person, held until the commit so that they do one thing at a time, and the chat; new ones are added."""
    address = incoming.address
    person = await _person(tx, incoming, now) if address.user else None
    place = (address.channel, address.account, address.chat, address.thread)
    is_told = incoming.kind in _MEMBERSHIP | _REPORTS  # by the platform: nobody wrote
    held = None if person is None or address.is_group else person.id
    chat = await (people.find_chat(tx, *place) if is_told else people.enter_chat(tx, *place, now, person_id=held))
    if chat is None:
        chat = await people.add_chat(
            tx,
            channel=address.channel,
            account=address.account,
            chat=address.chat,
            thread=address.thread,
            is_group=address.is_group,
            person_id=None if address.is_group or person is None else person.id,
            title=incoming.chat_title,
            now=now,
        )
    if person is not None and not chat.is_group and chat.person_id != person.id:
        await people.own_chat(tx, chat.id, person.id)
        chat = chat._replace(person_id=person.id)
    if person is not None and chat.is_group and city.channels[address.channel].opens:
        await _open_private(tx, incoming, person, now)
    return person, chat


async def _open_private(tx: Tx, incoming: Incoming, person: Person, now: datetime) -> None:
    """Somebody known from a group alone can be told something in private, where the channel may write first."""
    if await people.find_private_chat(tx, person.id) is None:
        await people.add_chat(
            tx,
            channel=incoming.address.channel,
            account=incoming.address.account,
            chat=incoming.address.user,
            thread="",
            is_group=False,
            person_id=person.id,
            title="",
            now=now,
        )


async def _person(tx: Tx, incoming: Incoming, now: datetime) -> Person:
    address = incoming.address
    found = await people.find_by_identity(tx, address.channel, address.account, address.user, lock=True)
    if found is None:
        return await people.add_person(tx, address.channel, address.account, address.user, incoming.name, now)
    return found


async def _keep_media(tx: Tx, incoming: Incoming, person: Person, chat: Chat, now: datetime) -> list[int]:
    return [
        await attachments.add(
            tx,
            person_id=person.id,
            chat_id=chat.id,
            channel=incoming.address.channel,
            account=incoming.address.account,
            ref=media.ref,
            kind=media.kind,
            mime=media.mime,
            size=media.size,
            duration=media.duration,
            now=now,
        )
        for media in incoming.media
    ]


async def _press(turn: Turn, token: str) -> None:
    press = await dialogues.find_press(turn.tx, token)
    if press is None:
        await refusals.note(turn, "press", why="unknown")
    if press is None or press.expires_at <= turn.now or press.action not in routes.PRESSES:
        await turn.toast("common.press_gone")
    elif press.person_id is not None and (press.person_id != turn.me.id or press.chat_id != turn.here.id):
        await refusals.note(turn, press.action, why="not theirs")
        await turn.toast("common.press_not_yours")
    else:
        await routes.PRESSES[press.action](turn, press.args)


async def _settle_press(turn: Turn) -> None:
    """Every press is answered, so that the presser's screen stops waiting."""
    incoming = turn.incoming
    if incoming is None or not incoming.callback or turn.toasted:
        return
    out = Outgoing(text="", callback=incoming.callback)
    await turn.put(turn.here, out, lane=outbox.PRESS, user_key=incoming.address.user)


async def _scan(turn: Turn, scene: str) -> None:
    prefix, _, rest = scene.partition("_")
    scan = routes.SCENES.get(prefix)
    if scan is None or not rest:
        await listen.welcome(turn)
    else:
        await scan(turn, rest)


async def _words(turn: Turn) -> None:
    incoming = turn.incoming
    if incoming is None or turn.person is None:
        return
    if len(incoming.text) > MAX_TEXT:
        turn.incoming = incoming = incoming.model_copy(update={"text": incoming.text[:MAX_TEXT]})
        if not turn.here.is_group:
            await turn.say("common.too_long")
    typed = incoming.text.translate(_HALF_WIDTH).strip()
    if typed and (await _menu_choice(turn, typed) or await _command(turn, typed) or await numbered.aside(turn, typed)):
        return
    taken = await about.aside(turn, typed) or await _answer(turn) or await numbered.opened(turn, typed)
    taken = taken or await at_work.heard(turn, typed) or await about.heard(turn, typed, _command)
    taken = taken or await wish_talk.heard(turn, typed)
    if not taken and not turn.here.is_group:
        await listen.fresh(turn)


async def _answer(turn: Turn) -> bool:
    """The open question takes the words, else the report that waited under it."""
    while turn.dialogue is not None:
        asked = turn.dialogue
        step = routes.STEPS.get(asked.flow)
        if step is not None and await step(turn):
            return True
        if turn.dialogue is asked or turn.dialogue is None or turn.dialogue.flow == asked.flow:
            return False
    return False


async def _menu_choice(turn: Turn, typed: str) -> bool:
    """A number or a label of the menu last shown here acts like its button; an unknown number shows the menu again."""
    menu = await dialogues.find_menu(turn.tx, turn.here.id)
    if menu is None:
        return False
    code, labels, expires_at = menu
    abilities = turn.city.channels[turn.here.channel]
    numbered = not (abilities.group_buttons if turn.here.is_group else abilities.buttons)
    index = answers.choice(typed, labels, numbers=numbered)
    if index is None or (turn.here.is_group and index >= len(labels)):
        return False
    if index >= len(labels) or expires_at <= turn.now:
        lines = [turn.text("menu.line", number=i, label=label) for i, label in enumerate(labels, 1)]
        await turn.send(turn.here, "\n".join([turn.text("menu.stale"), *lines]))
        return True
    await _press(turn, f"{code}.{index}")
    return True


async def _command(turn: Turn, typed: str) -> bool:
    for words in dict.fromkeys((typed, typed.rstrip(_END))):
        for pattern, run in routes.COMMANDS:
            match = pattern.fullmatch(words)
            if match:
                await run(turn, match)
                return True
    return False
