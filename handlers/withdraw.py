"""撤回: a resident takes their record back. What others have joined goes on without them.

A supporter leaves by `joining.py`; a desk refuses by `desk.py`.
"""

from __future__ import annotations

from typing import Any

from handlers import cards, merging, records, sure
from handlers.turn import Turn
from storage import events, people, requests, supporters, timers
from storage.requests import Lost, Original, Request
from storage.supporters import Supporter
from workflow.states import MERGEABLE, Forbidden


async def _own(turn: Turn, args: dict[str, Any]) -> Request | None:
    """The record, when the presser reported it; else says so and gives None."""
    request = await requests.get(turn.tx, args["id"])
    if request.reporter_id == turn.me.id:
        return request
    await turn.toast("common.press_not_yours")
    return None


async def _ask(turn: Turn, args: dict[str, Any]) -> None:
    request = await _own(turn, args)
    if request is not None:
        yes = turn.button("records.button_withdraw_yes", "records.withdraw_yes", args)
        no = turn.button("records.button_withdraw_no", "records.leave_it", args)
        await sure.ask(turn, "records.withdraw_sure", yes, no, ends=True, **records.named(turn, request))


async def _leave_it(turn: Turn, args: dict[str, Any]) -> None:
    """Neither withdrawn nor done again: it stays as it is."""
    await sure.settled(turn)
    await records.PRESSES["records.show"](turn, args)


async def _yes(turn: Turn, args: dict[str, Any]) -> None:
    await sure.settled(turn)
    request = await _own(turn, args)
    if request is None:
        return
    joined = await supporters.of(turn.tx, request.id)
    if joined and request.state in MERGEABLE:
        await _hand_on(turn, request, joined)
        return
    try:
        moved = await requests.move(turn.tx, request, "request.withdrawn", turn.now, actor_id=turn.me.id)
    except (Forbidden, Lost):
        state = turn.text(f"state.{request.state.value}")
        await turn.toast("common.moved_on", number=request.number, state=state)
        return
    await timers.drop(turn.tx, "request", request.id)
    await cards.refresh(turn, moved)
    if request.claimer_id is not None:
        await turn.tell(request.claimer_id, "records.withdrawn_told", **records.named(turn, request))
    await turn.say("records.withdrawn", **records.named(turn, request))
    await _free_merged(turn, moved)


async def _hand_on(turn: Turn, request: Request, joined: list[Supporter]) -> None:
    """The first supporter is the reporter from now on, in their own words; the withdrawn ones are gone."""
    heir = joined[0]
    words = await supporters.find_original(turn.tx, request.id, heir.person_id) or ""
    chat = await people.find_private_chat(turn.tx, heir.person_id)
    await supporters.leave(turn.tx, request.id, heir.person_id)
    moved = await requests.hand_on(
        turn.tx,
        request.id,
        reporter_id=heir.person_id,
        chat_id=chat.id if chat else request.chat_id,
        text=heir.text or turn.city.item_name(request.item),
        original=Original(words, request.place_text),
    )
    facts = requests.facts(moved, "reporter_id", "spot_id")
    data = {"from": turn.me.id, "to": heir.person_id, "set": facts}
    await events.add(turn.tx, "request", request.id, "request.handed_on", turn.now, actor_id=turn.me.id, data=data)
    await cards.refresh(turn, moved)
    await records.tell_reporter(turn, moved, "joining.handed_on", alone=True)
    await turn.say("joining.handed_off", number=request.number, count=len(joined))


async def _free_merged(turn: Turn, parent: Request) -> None:
    """Records that were merged into a withdrawn one are still to be done: they come back."""
    for child in await requests.children_of(turn.tx, [parent.id]):
        freed = await merging.bring_back(turn, child)
        if freed is not None:
            await records.tell_reporter(
                turn, freed, "joining.parent_gone", parent=parent.number, due=freed.resolve_due_at
            )


PRESSES = {"records.withdraw": _ask, "records.withdraw_yes": _yes, "records.leave_it": _leave_it}
