"""How people are called: staff by the name they gave, residents masked wherever others can read it."""

from __future__ import annotations

from handlers.turn import Turn
from nlp.mask import mask_name, mask_phone
from storage import people
from storage.people import Person


def shown(person: Person) -> str:
    """A worker's name as colleagues and residents see it; empty when none was given."""
    return person.name


def masked(person: Person) -> str:
    """A resident as a group sees them: 李** 139****1234; empty when neither name nor phone is known."""
    parts = [mask_name(person.name) if person.name else "", mask_phone(person.phone) if person.phone else ""]
    return " ".join(p for p in parts if p)


async def worker(turn: Turn, person_id: int | None) -> str:
    """The shown name of whoever holds a record; a neutral word when no name is known, empty for nobody."""
    if person_id is None:
        return ""
    return shown(await people.get_person(turn.tx, person_id)) or turn.text("card.worker")


async def resident(turn: Turn, person_id: int) -> str:
    """The masked name of a reporter; a neutral word when nothing is known."""
    return masked(await people.get_person(turn.tx, person_id)) or turn.text("card.resident")
