"""A message that is a record number and nothing else: opens what that number stands for to whoever may see it.

Numbers inside a sentence ("1042 怎么样了") are read in `meant.py`; commands with a number are with their commands.
"""

from __future__ import annotations

import re

from handlers import alike, claim, meant, records, wish_mine
from handlers.turn import Turn
from storage import requests, wishes
from workflow.rights import may_act

_BARE = re.compile(
    r"(?P<named>(?:单号|编号|工单|单子)\s*[是为:：]?\s*)?[#＃№]?\s*(?P<number>\d{4,9})\s*号?[.。!！?？]?"
)
_TAKES_NO_NUMBER = frozenset({("report", "confirm"), ("report", "kind"), ("report", "matters"), ("report", alike.STEP)})
"""Open questions that no number of four digits answers."""
_RESIDENTS = frozenset({"report", "wish"})


async def aside(turn: Turn, typed: str) -> bool:
    """Opens it although a question is open that it does not answer; the question stays. False when it may be an answer.

    A house or a price is said without a word before it, so "单号 1042" is no answer to a resident's question either.
    """
    dialogue, said = turn.dialogue, _BARE.fullmatch(typed)
    if dialogue is None or said is None or turn.here.is_group:
        return False
    is_named = bool(said["named"]) and dialogue.flow in _RESIDENTS
    if not is_named and (dialogue.flow, dialogue.step) not in _TAKES_NO_NUMBER:
        return False
    return await opened(turn, typed)


async def opened(turn: Turn, typed: str) -> bool:
    """Opens the record or the wish with this number. False, and nothing is said, when it is not for this person."""
    said = _BARE.fullmatch(typed)
    if said is None:
        return False
    number = int(said["number"])
    if not turn.here.is_group and await _own(turn, number):
        return True
    request = await requests.find_by_number(turn.tx, number)
    if request is None or not may_act(await turn.grants(), "detail", request.queue, turn.city.org):
        return False
    if turn.here.is_group and not await claim.is_room_of(turn, request.queue):
        await claim.detail(turn, {"id": request.id})
    else:
        await claim.show_card(turn, request)
    return True


async def _own(turn: Turn, number: int) -> bool:
    """What the acting person reported, joined, wished or adopted, with all they can do."""
    request = await requests.find_by_number(turn.tx, number)
    if request is not None and await records.concerns(turn, request):
        await meant.show_with_files(turn, request)
        return True
    wish = await wishes.find_by_number(turn.tx, number)
    if wish is not None and turn.me.id in (wish.wisher_id, wish.adopter_id):
        await wish_mine.open_one(turn, {"id": wish.id})
        return True
    return False
