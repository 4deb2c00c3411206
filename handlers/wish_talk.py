"""Plain words of those who have a part in a wish: "买好了，周六送去", "送到了", "还没收到", "有什么心愿可以认领".

The words are read in `nlp.giving`; what each act does is in the modules of wishes, which check whose wish it is. Commands
with a number are with their commands.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from handlers import draft as drafts
from handlers import listen, sure, wall, wish_fulfil, wish_mine, wish_shown, wish_thanks
from handlers.triage import is_danger
from handlers.turn import Turn
from nlp.giving import ARRIVED, BROUGHT, CONTACT, DROP, MINE, MISSING, NEEDLESS, NEWS, STATUS, WALL, read_giving
from storage import adoptions, supporters, wishes
from storage.wishes import Wish
from workflow.states import OPEN as OPEN_RECORDS
from workflow.wish import HELD, OPEN, WishState

_LISTED = 8
_ADOPTERS = frozenset({BROUGHT, NEWS, DROP, CONTACT})
_DONE: Mapping[str, Callable[[Turn, dict[str, Any]], Awaitable[None]]] = {
    DROP: wish_fulfil.drop,
    CONTACT: wish_mine.open_one,
    ARRIVED: wish_thanks.thank,
    MISSING: wish_thanks.dispute,
    NEEDLESS: wish_mine.withdraw,
    STATUS: wish_mine.open_one,
}


async def heard(turn: Turn, typed: str) -> bool:
    """Answers words about a wish, in private. False, and nothing is said, when they are about none of this person's."""
    act = "" if turn.here.is_group else read_giving(typed)
    if act and is_danger(turn.city.read(typed), typed):
        return False
    if act == WALL:
        await wall.show(turn)
    elif act == MINE:
        await wish_mine.mine(turn)
    elif act in _ADOPTERS:
        return await _adopter(turn, act, typed) or (act == BROUGHT and await _wisher(turn, ARRIVED))
    else:
        return bool(act) and await _wisher(turn, act)
    return True


# -------------------------------------------------------------------- who adopted


async def _adopter(turn: Turn, act: str, words: str) -> bool:
    held = await adoptions.held_by(turn.tx, turn.me.id, list(HELD))
    if not held:
        return False
    kept = {"act": act, "words": drafts.sealed(turn, words), "files": turn.attached}
    if len(held) > 1:
        await _ask_which(turn, held, kept)
    elif act == NEWS:
        yes = turn.button("adopt.button_tell", "adopt.tell", {**kept, "id": held[0].id})
        no = turn.button("adopt.button_other", "adopt.other", kept)
        await sure.ask(turn, "adopt.tell_sure", yes, no, ends=False, number=held[0].number, words=words[:300])
    else:
        await _do(turn, held[0], act, words)
    return True


async def _do(turn: Turn, wish: Wish, act: str, words: str) -> None:
    if act == NEWS:
        await wish_fulfil.tell(turn, wish, words)
    elif act == BROUGHT:
        await wish_fulfil.finish_with(turn, wish, words)
    else:
        await _DONE[act](turn, {"id": wish.id})


async def _ask_which(turn: Turn, found: Sequence[Wish], kept: dict[str, Any]) -> None:
    rows = [
        [turn.button("adopt.button_one", "adopt.pick", {**kept, "id": w.id}, number=w.number, words=w.text[:12])]
        for w in found[:_LISTED]
    ]
    await turn.say("adopt.which", rows=rows)


# -------------------------------------------------------------------- who wished


async def _wisher(turn: Turn, act: str) -> bool:
    own = [w for w in await wishes.of_wisher(turn.tx, turn.me.id, _LISTED) if w.state in OPEN]
    brought = [w for w in own if w.state is WishState.FULFILLED]
    if act == STATUS:
        await (wish_mine.open_one(turn, {"id": own[0].id}) if len(own) == 1 else wish_mine.mine(turn))
        return True
    if act == NEEDLESS:
        found = [w for w in own if w.state in wish_shown.WITHDRAWABLE]
        followed = await supporters.followed_by(turn.tx, turn.me.id, limit=_LISTED) if found else []
        if any(r.state in OPEN_RECORDS for r in followed):
            return False  # it may be the record that is needed no more
    else:
        found = brought
    if len(found) > 1:
        await _ask_which(turn, found, {"act": act, "words": "", "files": []})
    elif found:
        await _DONE[act](turn, {"id": found[0].id})
    elif act == MISSING and len(own) == 1:
        await wish_mine.open_one(turn, {"id": own[0].id})
    return bool(found) or (act == MISSING and len(own) == 1)


# -------------------------------------------------------------------- buttons


async def _tell(turn: Turn, args: dict[str, Any]) -> None:
    await sure.settled(turn)
    turn.attached = list(args["files"])
    await wish_fulfil.tell(turn, await wishes.get(turn.tx, args["id"]), drafts.unsealed(turn, args["words"]))


async def _other(turn: Turn, args: dict[str, Any]) -> None:
    """It is not about the wish: what was said is taken as anybody's words."""
    await sure.settled(turn)
    turn.attached = list(args["files"])
    words = drafts.unsealed(turn, args["words"])
    turn.incoming = turn.incoming and turn.incoming.model_copy(update={"text": words})
    await listen.fresh(turn)


async def _pick(turn: Turn, args: dict[str, Any]) -> None:
    turn.attached = list(args["files"])
    await _do(turn, await wishes.get(turn.tx, args["id"]), args["act"], drafts.unsealed(turn, args["words"]))


PRESSES = {"adopt.tell": _tell, "adopt.other": _other, "adopt.pick": _pick}
