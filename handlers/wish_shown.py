"""How a wish is shown and what each side may press: state, who adopted it, the buttons of wisher and adopter.

Nothing is changed here; the moves are in the modules that the buttons name.
"""

from __future__ import annotations

from typing import Any

from handlers.city import City
from handlers.messages import Button
from handlers.turn import Rows, Turn
from nlp.wish_traits import find_dangers
from storage import adoptions, people, wishes
from storage.wishes import Wish
from workflow import wish_rules
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


async def helpers(turn: Turn, wish: Wish) -> str:
    """Everybody who has a part in a wish, as the wisher sees them; several as a number."""
    held = await adoptions.of_wish(turn.tx, wish.id)
    if len(held) > 1:
        return turn.text("adopt.who_several", count=len(held))
    one = held[0].person_id if held else wish.adopter_id
    return await who(turn, one) if one is not None else ""


async def adopters(turn: Turn, wish: Wish) -> list[int]:
    """Everybody who has a part in a wish now."""
    return [a.person_id for a in await adoptions.of_wish(turn.tx, wish.id)]


async def has_part(turn: Turn, wish: Wish) -> bool:
    """Whether the acting person is fulfilling this wish, alone or with others."""
    return turn.me.id in await adopters(turn, wish)


async def tell_adopters(turn: Turn, wish: Wish, key: str, *, rows: Rows = (), but: int = 0, **values: Any) -> None:
    """Says a text to everybody who has a part in a wish, in private."""
    for person_id in await adopters(turn, wish):
        if person_id != but:
            await turn.tell(person_id, key, rows=rows, **values)


def theme_name(turn: Turn, theme: str) -> str:
    """What a theme is called; empty for none."""
    return turn.text(f"wish.theme_{theme}") if theme in wish_rules.THEMES else ""


def needs(turn: Turn, wish: Wish) -> str:
    """What it takes, in one line: people, money, until when. Nothing of it tells whose wish it is."""
    parts = []
    if wish.shares > 1:
        parts.append(turn.text("wish.needs_people", left=wish.shares - wish.taken, shares=wish.shares))
    if wish.cost is not None:
        parts.append(turn.text("wish.needs_cost", yuan=wish.cost) if wish.cost else turn.text("wish.needs_nothing"))
    if wish.due_at is not None:
        parts.append(turn.text("wish.needs_until", due=wish.due_at))
    if wish.pairs:
        parts.append(turn.text("wish.needs_pair"))
    return "　".join(parts)


def rules(turn: Turn, wish: Wish) -> str:
    """The rules that an adopter is told, one a line."""
    found = wish_rules.rules_for(wish.theme, wish.for_whom, pairs=wish.pairs)
    return "\n".join(turn.text(f"adopt.rule_{rule}") for rule in found)


def blocked(words: str) -> tuple[str, ...]:
    """What keeps these words off the wall: money and medicines are no matter for neighbours."""
    return wish_rules.blocked_by(find_dangers(words))


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
    if wish.state is WishState.PUBLISHED:
        rows.append([turn.button("wish.button_matches", "resource.for_wish", args)])
    if wish.state in WITHDRAWABLE:
        rows.append([turn.button("wish.button_withdraw", "wish.withdraw", args)])
    return rows


def adopter_rows(turn: Turn, wish: Wish, *, still: bool = False) -> list[list[Button]]:
    """What the adopter can do now; with `still` also one press that says "I am still at it"."""
    if wish.state is WishState.FULFILLED:
        return [[word_button(turn, wish)]]
    if wish.state is WishState.PUBLISHED:
        return [[turn.button("adopt.button_leave", "adopt.drop", {"id": wish.id})]]
    if wish.state not in HELD:
        return []
    args = {"id": wish.id}
    hand = turn.button("adopt.button_hand", "adopt.hand", args)
    first = [turn.button("adopt.button_note", "adopt.note", args), word_button(turn, wish, "adopt.button_ask")]
    if still:
        first.insert(0, turn.button("adopt.button_still", "adopt.still", args))
    return [
        first,
        [
            turn.button("adopt.button_done", "adopt.finish", args),
            hand,
            turn.button("adopt.button_drop", "adopt.drop", args),
        ],
    ]


def adopt_button(turn: Turn, wish: Wish) -> Button:
    """Adopts this wish."""
    typed = turn.text("adopt.typed_take", number=wish.number)
    return turn.button("adopt.button_take", "adopt.press", {"id": wish.id}, typed=typed, number=wish.number)
