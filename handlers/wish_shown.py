"""How a wish is shown and what each side may press: state, who adopted it, the buttons of wisher and adopter.

Nothing is changed here; the moves are in the modules that the buttons name.
"""

from __future__ import annotations

from typing import Any

from handlers.city import City
from handlers.messages import Button
from handlers.turn import Rows, Turn
from storage import people, wishes
from storage.wishes import Wish
from workflow.rights import Role
from workflow.wish import HELD, WishState

WISH_CATEGORY = "wish"
TALKING = HELD | {WishState.FULFILLED}
"""Wisher and adopter can send each other words."""
WITHDRAWABLE = frozenset({WishState.SUBMITTED, WishState.PUBLISHED}) | HELD


def kinds(city: City) -> dict[str, str]:
    """The kinds of wishes the taxonomy has, with their names, in its order."""
    taxonomy = city.taxonomy
    return {i.id: i.name for i in taxonomy.items if taxonomy.category_of(i.id).id == WISH_CATEGORY}


def coarse_place(turn: Turn, wish: Wish) -> str:
    """Estate or community; the whole street when none is known."""
    return wish.place_text or turn.city.street.name


def state_name(turn: Turn, wish: Wish) -> str:
    """Where the wish stands, in words."""
    return turn.text(f"wish.state_{wish.state.value}")


async def find(turn: Turn, number: str | int) -> Wish | None:
    """The wish with this number; tells the person when there is none."""
    wish = await wishes.find_by_number(turn.tx, int(number))
    if wish is None:
        await turn.toast("wish.unknown", number=number)
    return wish


async def stands(turn: Turn, wish: Wish) -> None:
    """Says kindly that the wish has moved on, and where it is now."""
    await turn.toast("wish.moved_on", number=wish.number, state=state_name(turn, wish))


async def who(turn: Turn, person_id: int) -> str:
    """An adopter as the wisher sees them: by what they are, never by name."""
    held = {grant.role for grant in await turn.grants(person_id)}
    if Role.MEMBER in held:
        return turn.text("adopt.who_member")
    if Role.UNIT in held:
        return turn.text("adopt.who_unit")
    return turn.text("adopt.who_staff" if held else "adopt.who_neighbour")


async def can_answer(turn: Turn) -> bool:
    """Whether the acting person has a private chat with us; tells them to open one when not."""
    if not turn.here.is_group or await people.find_private_chat(turn.tx, turn.me.id) is not None:
        return True
    await turn.toast("wish.write_first", alert=True)
    return False


async def answer(turn: Turn, key: str, *, rows: Rows = (), **values: Any) -> None:
    """Says something that only the acting person should read: here when it is private, else in their private chat."""
    if turn.here.is_group:
        await turn.tell(turn.me.id, key, rows=rows, **values)
    else:
        await turn.say(key, rows=rows, **values)


def word_button(turn: Turn, wish: Wish, key: str = "wish.button_word") -> Button:
    """Opens the relay to the other side."""
    return turn.button(key, "wish.word", {"id": wish.id}, typed=turn.text("wish.typed_word", number=wish.number))


def wisher_rows(turn: Turn, wish: Wish) -> list[list[Button]]:
    """What the wisher can do now."""
    args = {"id": wish.id}
    rows: list[list[Button]] = []
    if wish.state is WishState.FULFILLED:
        rows.append(
            [
                turn.button("wish.button_thank", "wish.thank", args),
                turn.button("wish.button_dispute", "wish.dispute", args),
            ]
        )
    if wish.state in TALKING:
        rows.append([word_button(turn, wish)])
        if not wish.phone_shared:
            rows.append([turn.button("wish.button_share", "wish.share", args)])
    if wish.state in WITHDRAWABLE:
        rows.append([turn.button("wish.button_withdraw", "wish.withdraw", args)])
    return rows


def adopter_rows(turn: Turn, wish: Wish, *, still: bool = False) -> list[list[Button]]:
    """What the adopter can do now; with `still` also one press that says "I am still at it"."""
    if wish.state is WishState.FULFILLED:
        return [[word_button(turn, wish)]]
    if wish.state not in HELD:
        return []
    args = {"id": wish.id}
    first = [turn.button("adopt.button_note", "adopt.note", args), word_button(turn, wish, "adopt.button_ask")]
    if still:
        first.insert(0, turn.button("adopt.button_still", "adopt.still", args))
    return [
        first,
        [turn.button("adopt.button_done", "adopt.finish", args), turn.button("adopt.button_drop", "adopt.drop", args)],
    ]


def adopt_button(turn: Turn, wish: Wish) -> Button:
    """Adopts this wish."""
    typed = turn.text("adopt.typed_take", number=wish.number)
    return turn.button("adopt.button_take", "adopt.take", {"id": wish.id}, typed=typed, number=wish.number)
