"""Something lent is broken or missing: a word or a photo, and the keeper's queue has it. Nobody asks who did it."""

from __future__ import annotations

import re
from typing import Any

from handlers import albums
from handlers.borrow import call_next
from handlers.messages import Button
from handlers.question import answered, put_away
from handlers.turn import Turn
from handlers.wish_words import for_wall
from nlp.mask import mask
from storage import attachments, loans, stations
from storage.dialogues import Dialogue
from storage.loans import Damage, DamageState
from storage.stations import Station, Thing

FLOW = "damage"
_SHOWN = 8


def _stop(turn: Turn) -> Button:
    return turn.button("damage.button_stop", "damage.stop")


async def which(turn: Turn, args: dict[str, Any]) -> None:
    """Which thing of the station."""
    lent = await stations.things_of(turn.tx, (args["id"],))
    if len(lent) == 1:
        await begin(turn, {"thing": lent[0].id})
        return
    rows = [[turn.button("damage.button_thing", "damage.begin", {"thing": t.id}, name=t.name)] for t in lent[:_SHOWN]]
    await turn.say("damage.which", rows=rows)


async def begin(turn: Turn, args: dict[str, Any]) -> None:
    """Asks for a word or a photo."""
    thing = await stations.get_thing(turn.tx, args["thing"])
    await turn.ask(FLOW, "what", {"thing": thing.id, "loan": args.get("loan")})
    await turn.say("damage.ask", rows=[[_stop(turn)]], name=thing.name)


async def stop(turn: Turn, _: dict[str, Any]) -> None:
    """It was nothing."""
    await put_away(turn, FLOW, "damage.stopped")


@answered(stop, files=True)
async def step(turn: Turn, dialogue: Dialogue, words: str) -> bool:
    """Words, a photo, or both; danger goes the way of every danger."""
    if not (words or turn.attached):
        return False
    thing = await stations.get_thing(turn.tx, dialogue.data["thing"])
    loan_id = await _own_loan(turn, dialogue.data.get("loan"))
    told = mask(for_wall(words)) if words else ""
    damage = await loans.tell_damage(turn.tx, thing, turn.me.id, told, turn.now, loan_id=loan_id)
    await attachments.attach(turn.tx, turn.attached, "damage", damage.id)
    await turn.done()
    await albums.keep(turn, "damage", damage.id)
    await _draw(turn, damage, thing, await stations.get(turn.tx, thing.station_id), turn.attached)
    await turn.say("damage.told", number=damage.number)
    return True


async def _own_loan(turn: Turn, loan_id: int | None) -> int | None:
    """The loan it came back from, when it is theirs and has ended; from what is still out nothing is set aside."""
    if loan_id is None:
        return None
    loan = await loans.get(turn.tx, loan_id)
    return loan.id if loan.person_id == turn.me.id and loan.ended_at is not None else None


async def _draw(turn: Turn, damage: Damage, thing: Thing, station: Station, media: list[int]) -> None:
    """The card in the keeper's room, changed in place."""
    rows = []
    if damage.state is DamageState.OPEN:
        args = {"id": damage.id}
        typed = [turn.text(f"damage.typed_{how}", number=damage.number) for how in ("mended", "gone")]
        rows = [
            [
                turn.button("damage.button_mended", "damage.settle", args | {"mended": True}, typed=typed[0]),
                turn.button("damage.button_gone", "damage.settle", args | {"mended": False}, typed=typed[1]),
            ]
        ]
    await turn.tell_queue(
        station.queue,
        "damage.card",
        rows=rows,
        slot=f"damage:{damage.id}",
        media=media,
        number=damage.number,
        station=station.name,
        name=thing.name,
        words=damage.words or turn.text("damage.see_photo"),
        aside=turn.text("damage.aside") if damage.aside and damage.state is DamageState.OPEN else "",
        state=turn.text(f"damage.state_{damage.state.value}"),
    )


async def settle(turn: Turn, args: dict[str, Any]) -> None:
    """The keeper has mended it, or it is of no more use."""
    damage = await loans.get_damage(turn.tx, args["id"])
    station, thing = await stations.get(turn.tx, damage.station_id), await stations.get_thing(turn.tx, damage.thing_id)
    await turn.check_may("keep_station", station.queue)
    if not await loans.settle(turn.tx, damage, mended=args["mended"], by=turn.me.id, now=turn.now):
        await turn.toast("damage.settled_before")
        return
    await _draw(turn, await loans.get_damage(turn.tx, damage.id), thing, station, [])
    await call_next(turn, thing.id)
    await turn.tell(damage.person_id, "damage.thanked", name=thing.name)
    await turn.toast("damage.done")


async def typed_settle(turn: Turn, match: re.Match[str]) -> None:
    """修好 1065, 报废 1065: where a group has no buttons."""
    damage = await loans.find_damage(turn.tx, int(match["number"]))
    if damage is None:
        await turn.toast("damage.unknown", number=match["number"])
        return
    await settle(turn, {"id": damage.id, "mended": match["what"] == "修好"})


PRESSES = {"damage.which": which, "damage.begin": begin, "damage.stop": stop, "damage.settle": settle}
STEPS = {FLOW: step}
COMMANDS = [(re.compile(r"(?P<what>修好|报废)\s*#?(?P<number>\d{4,9})"), typed_settle)]
