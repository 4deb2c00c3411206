"""关联: one person, several channels. A code said in one chat, typed in another within minutes, makes the two one resident.

They see one list of records from then on, and rate and vote once. Staff are not linked: their right comes by invitation.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from handlers.turn import Turn
from storage import events, linking, people, requests, roles, supporters, tickets

CODE_LIFE = timedelta(minutes=10)
KIND = "link"


async def _issue(turn: Turn, _match: re.Match[str]) -> None:
    """A code that says who is asking."""
    if turn.here.is_group:
        await turn.toast("link.private")
    elif await turn.grants():
        await turn.say("link.staff")
    else:
        until = turn.now + CODE_LIFE
        code = await tickets.issue_code(turn.tx, KIND, {"person": turn.me.id}, turn.now, until)
        await turn.say("link.code", code=code, until=until)


async def _redeem(turn: Turn, match: re.Match[str]) -> None:
    """Somebody types a code, with the word before it."""
    if turn.here.is_group:
        await turn.toast("link.private")
        return
    await redeem(turn, roles.normalise_code(match["code"]))


async def is_code(turn: Turn, code: str) -> bool:
    """Whether a bare code, in capitals without its dash, is one for linking."""
    return await tickets.peek(turn.tx, KIND, code, turn.now) is not None


async def redeem(turn: Turn, code: str) -> None:
    """Asks whether it is really wanted: it cannot be undone."""
    found = await tickets.peek(turn.tx, KIND, code, turn.now)
    if found is None:
        await turn.say("link.unknown")
    elif found["person"] == turn.me.id:
        await turn.say("link.same")
    elif await turn.grants() or await turn.grants(found["person"]):
        await turn.say("link.staff")
    else:
        args = {"code": turn.tx.sealer.seal(code).decode()}
        yes, no = turn.button("link.button_yes", "link.yes", args), turn.button("link.button_no", "link.no")
        await turn.say("link.sure", rows=[[yes, no]])


async def _yes(turn: Turn, args: dict[str, Any]) -> None:
    code = turn.tx.sealer.open(args["code"].encode())
    found = await tickets.use(turn.tx, KIND, code, turn.now)
    kept = found["person"] if found is not None else 0
    if found is None or kept == turn.me.id:
        await turn.say("link.unknown")
        return
    if await turn.grants() or await turn.grants(kept):
        await turn.say("link.staff")
        return
    await join(turn, kept)


async def join(turn: Turn, kept: int) -> None:
    """The acting person is one with `kept` from now on; both chats are told."""
    gone = turn.me.id
    if not turn.here.is_group:
        await people.touch_chat(turn.tx, turn.here, turn.now)  # from now on it is one of several of theirs
    other = await people.find_private_chat(turn.tx, kept)
    await people.lock_person(turn.tx, kept)
    moved = await linking.link(turn.tx, kept, gone, turn.now)
    for one in moved:
        data: dict[str, Any] = {"from": gone, "to": kept, "dropped": [list(d) for d in one.dropped]}
        if one.reporter:
            data["set"] = requests.facts(await requests.get(turn.tx, one.request_id), "reporter_id", "spot_id")
        await events.add(turn.tx, "request", one.request_id, "request.linked", turn.now, actor_id=kept, data=data)
    await events.add(turn.tx, "person", kept, "person.linked", turn.now, actor_id=kept, data={"from": gone})
    turn.person = await people.get_person(turn.tx, kept)
    turn.chat = turn.here._replace(person_id=kept)
    count = len(await supporters.followed_by(turn.tx, kept, limit=200))
    await turn.say("link.done", count=count)
    if other is not None and other.id != turn.here.id:
        await turn.send(other, turn.text("link.told"))


async def _no(turn: Turn, _args: dict[str, Any]) -> None:
    await turn.say("link.off")


PRESSES = {"link.yes": _yes, "link.no": _no}
COMMANDS = [
    (re.compile(r"关联(?:账号|帐号|微信)?|/link"), _issue),
    (re.compile(r"(?:关联|/link)\s*[:：]?\s*(?P<code>[A-Za-z2-9]{4}[-－—]?[A-Za-z2-9]{4})"), _redeem),
]
