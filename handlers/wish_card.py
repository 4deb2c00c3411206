"""The card of a wish wherever the desk looks: what stands on it, what can be pressed, in which rooms it hangs."""

from __future__ import annotations

from handlers import wish_shown
from handlers.messages import Button
from handlers.turn import Turn
from nlp.wish_traits import find_dangers
from storage import attachments, outbox, people, roles, wishes
from storage.people import Chat
from storage.wishes import Wish
from workflow.rights import Grant, Role
from workflow.wish import OPEN, WishState

_CARDS = 50


def slot(wish: Wish) -> str:
    """The place of the card in a room: one a room, changed in place."""
    return f"wish:{wish.id}"


async def draw(turn: Turn, wish: Wish) -> bool:
    """Draws the card wherever the desk looks. False when nobody of the desk can be reached."""
    chats = {chat.id: chat for chat in await _rooms(turn, wish.queue) or await _staff(turn, wish.community)}
    reached = bool(chats)
    for chat_id in await outbox.chats_with_slot(turn.tx, slot(wish)):
        if chat_id not in chats:
            chats[chat_id] = await people.get_chat(turn.tx, chat_id)
    text, rows = await _card(turn, wish), _rows(turn, wish)
    for chat in chats.values():
        await turn.send(chat, text, rows=rows, slot=slot(wish), owner=chat.person_id)
    return reached


async def draw_open(turn: Turn, queue: str) -> None:
    """Draws what waits for this desk, for a room that has just been opened."""
    for wish in await wishes.submitted_to(turn.tx, queue, _CARDS):
        await draw(turn, wish)


async def _rooms(turn: Turn, queue: str) -> list[Chat]:
    """The reachable rooms of the desk; of the street's desk when it has none."""
    for candidate in dict.fromkeys((queue, turn.city.org.desk_of(queue))):
        found = await people.rooms_of(turn.tx, [candidate])
        if reachable := [r for r in found if r.reachable or turn.city.channels[r.channel].keeps]:
            return reachable
    return []


async def _staff(turn: Turn, community: str) -> list[Chat]:
    """The private chats of those who decide at this desk, for a desk that has no room yet."""
    street = turn.city.street.id
    for wanted in ([Grant(Role.DESK, community)], [Grant(Role.STREET, street), Grant(Role.ADMIN, street)]):
        found = [await people.find_private_chat(turn.tx, p) for p in await roles.holders(turn.tx, wanted)]
        if reachable := [chat for chat in found if chat is not None and chat.reachable]:
            return reachable
    return []


async def _card(turn: Turn, wish: Wish) -> str:
    files = await attachments.of(turn.tx, "wish", wish.id)
    helper = await wish_shown.helpers(turn, wish) if wish.taken else ""
    warned = [turn.text(f"wish.danger_{d}") for d in find_dangers(wish.text)]
    inside = [turn.text(f"wish.for_{wish.for_whom}")] if wish.for_whom else []
    inside += [turn.text(f"wish.consent_{wish.consent}")] if wish.consent else []
    return turn.text(
        "wish.card",
        number=wish.number,
        kind=turn.city.item_name(wish.item),
        place=wish_shown.coarse_place(turn, wish),
        state=wish_shown.state_name(turn, wish),
        words=wish.text,
        photos=turn.text("wish.card_photos", count=len(files)) if files else "",
        submitted=wish.submitted_at,
        theme=wish_shown.theme_name(turn, wish.theme),
        needs=wish_shown.needs(turn, wish),
        inside="　".join(inside),
        warned="\n".join(warned),
        adopter=helper,
        adopted=wish.adopted_at if helper else None,
    )


def _rows(turn: Turn, wish: Wish) -> list[list[Button]]:
    def card_button(name: str) -> Button:
        typed = turn.text(f"wish.typed_{name}", number=wish.number)
        return turn.button(f"wish.button_{name}", f"wish.{name}", {"id": wish.id}, typed=typed)

    if wish.state is WishState.SUBMITTED:
        first = [card_button("publish"), card_button("reword"), card_button("decline")]
    elif wish.state is WishState.PUBLISHED:
        first = [card_button("reword"), card_button("decline")]
    else:
        first = []
    editable = wish.state in (WishState.SUBMITTED, WishState.PUBLISHED)
    second = [card_button("arrange"), card_button("turn")] if editable else []
    if wish.state in (WishState.FULFILLED, WishState.CLOSED):
        second = [card_button("pictures")]
    last = [card_button("contact")] if wish.state in OPEN else []
    return [row for row in (first, second, last) if row]
