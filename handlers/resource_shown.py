"""How an offer is shown: its card, its line in a list, its card at the desk."""

from __future__ import annotations

from handlers import wish_shown
from handlers.turn import Turn
from storage import resources
from storage.resources import Resource, ResourceState


def owner(turn: Turn, resource: Resource) -> str:
    """Who offers it: a unit by its name, a person by what they are."""
    return resource.owner_label or turn.text(f"resource.owner_{resource.owner_kind}")


def left(turn: Turn, resource: Resource) -> str:
    """How often it can still be given; empty for as often as wanted."""
    return "" if resource.left is None else turn.text("resource.left", count=resource.left)


def list_line(turn: Turn, resource: Resource) -> str:
    """One line of a list."""
    words = resource.text if len(resource.text) <= 40 else f"{resource.text[:40]}…"
    return turn.text(
        "resource.line",
        number=resource.number,
        owner=owner(turn, resource),
        words=words,
        left=left(turn, resource),
        state="" if resource.state is ResourceState.PUBLISHED else turn.text(f"resource.state_{resource.state.value}"),
    )


async def card_text(turn: Turn, resource: Resource) -> str:
    """Everything everybody may know of it."""
    names = {c.id: c.name for c in turn.city.street.communities}
    free = await resources.free_slots(turn.tx, resource.id, turn.now, 5) if resource.slots else []
    return turn.text(
        "resource.card",
        number=resource.number,
        form=turn.text(f"resource.form_{resource.form}"),
        state=turn.text(f"resource.state_{resource.state.value}"),
        theme=wish_shown.theme_name(turn, resource.theme),
        place=names.get(resource.community, turn.city.street.name),
        owner=owner(turn, resource),
        words=resource.text,
        left=left(turn, resource),
        slots="、".join(turn.text("resource.at", at=slot.starts_at) for slot in free),
    )


async def tell_desk(turn: Turn, resource: Resource) -> None:
    """The card in the desk's room, changed in place."""
    rows = []
    if resource.state is ResourceState.SUBMITTED:
        rows.append([turn.button("resource.button_publish", "resource.decide", {"id": resource.id, "yes": True})])
    if resource.state in (ResourceState.SUBMITTED, ResourceState.PUBLISHED):
        rows.append([turn.button("resource.button_decline", "resource.decide", {"id": resource.id, "yes": False})])
    card = await card_text(turn, resource)
    await turn.tell_queue(resource.queue, "resource.desk", rows=rows, slot=f"resource:{resource.id}", card=card)


async def find(turn: Turn, number: str) -> Resource | None:
    """The offer with a typed number; says so when there is none."""
    found = await resources.find_by_number(turn.tx, int(number))
    if found is None:
        await turn.toast("resource.unknown", number=number)
    return found
