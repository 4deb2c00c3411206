"""A resident's own data: export it, erase it. Erasing keeps the counts and the ledger, and nothing that names anybody."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from handlers import cards, resource_book, wish_forget
from handlers.turn import Turn
from storage import attachments, erasure, events, loans, people, requests, stations, supporters, wishes
from storage.loans import LoanState
from storage.requests import Original, Request


async def export(turn: Turn) -> None:
    """Everything we keep about the person, as one text they can save."""
    person = turn.me
    lines = [turn.text("account.person", name=person.name, phone=person.phone)]
    for request in await requests.of_reporter(turn.tx, person.id, limit=200):
        original = await requests.get_original(turn.tx, request.id)
        files = len(await attachments.of(turn.tx, "request", request.id))
        lines.append(
            turn.text(
                "account.request",
                files=turn.text("account.files", count=files) if files else "",
                number=request.number,
                at=_day(turn, request.received_at),
                state=turn.text(f"state.{request.state.value}"),
                item=turn.city.item_name(request.item),
                place=_place(turn, request, original),
                words=original.text,
            )
        )
    for request in await supporters.joined_by(turn.tx, person.id):
        lines.append(
            turn.text(
                "account.joined",
                number=request.number,
                item=turn.city.item_name(request.item),
                words=await supporters.find_original(turn.tx, request.id, person.id) or "",
            )
        )
    for wish in await wishes.of_wisher(turn.tx, person.id, limit=200):
        kept = await wishes.get_original(turn.tx, wish.id)
        lines.append(
            turn.text(
                "account.wish", number=wish.number, at=_day(turn, wish.submitted_at), words=str(kept.get("text", ""))
            )
        )
    for loan in await loans.of_person(turn.tx, person.id, tuple(LoanState)):
        thing = await stations.get_thing(turn.tx, loan.thing_id)
        state = turn.text(f"account.loan_{loan.state.value}")
        lines.append(turn.text("account.loan", name=thing.name, at=_day(turn, loan.taken_at), state=state))
    await events.add(turn.tx, "person", person.id, "person.exported", turn.now, actor_id=person.id)
    await turn.say("account.export", lines="\n".join(lines))


def _day(turn: Turn, at: datetime) -> str:
    """What is put away to be kept tells its year, and no "today"."""
    return f"{at.astimezone(turn.city.manners.tz):%Y-%m-%d %H:%M}"


def _place(turn: Turn, request: Request, original: Original) -> str:
    """The place as it was told, and as it stands where a desk has set another since."""
    now = request.place_text
    if _close(now) in _close(original.place):
        return original.place
    return turn.text("account.place_set", now=now, said=original.place) if original.place else now


def _close(place: str) -> str:
    return "".join(place.split())


async def erase(turn: Turn) -> None:
    """Asks first: it cannot be taken back."""
    if await _is_staff(turn):
        return
    yes = turn.button("account.button_erase", "account.erase")
    no = turn.button("account.button_keep", "account.keep")
    still_open = [
        r
        for r in await requests.of_reporter(turn.tx, turn.me.id, limit=50)
        if r.state in ("queued", "claimed", "joint")
    ]
    await turn.say(
        "account.erase_sure",
        open_=turn.text("account.erase_open", count=len(still_open)) if still_open else "",
        rows=[[yes, no]],
    )


async def _is_staff(turn: Turn) -> bool:
    """Whether the person serves somewhere: the role is ended first, so that no claim is left with nobody."""
    if not await turn.grants():
        return False
    await turn.say("account.erase_staff")
    return True


async def _erase(turn: Turn, _args: dict[str, Any]) -> None:
    """Open requests go on without a name: the work is still to be done, and nobody is told whose it was."""
    person_id = turn.me.id
    if await _is_staff(turn):
        return
    await wish_forget.forget(turn, person_id)
    await resource_book.forget(turn, person_id)
    records = await supporters.followed_by(turn.tx, person_id, limit=10_000)
    gone = turn.text("account.erased_words")
    await erasure.erase_person(turn.tx, person_id, gone)
    await people.erase(turn.tx, person_id, turn.now)
    await events.add(turn.tx, "person", person_id, "person.erased", turn.now, actor_id=person_id)
    for request in records:
        if request.state in ("queued", "claimed", "joint"):
            await cards.refresh(turn, await requests.get(turn.tx, request.id))
    turn.dialogue = None
    await turn.say("account.erased")


async def _keep(turn: Turn, _args: dict[str, Any]) -> None:
    await turn.say("account.kept")


PRESSES = {"account.erase": _erase, "account.keep": _keep}
