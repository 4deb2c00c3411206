"""A grid worker, a chief or the desk files a wish for a neighbour who has no phone at hand: who, and that they agree.

The one who files it is told every step and passes it on; the neighbour's name and number are sealed, for the desk only.
"""

from __future__ import annotations

import re
from typing import Any

from handlers import wish_ask, wish_draft
from handlers.question import answered, put_away
from handlers.turn import Turn
from handlers.wish_draft import WishDraft
from storage.dialogues import Dialogue
from workflow.rights import Role
from workflow.wish_rules import CONSENTS

FLOW = "wish_for"
_FILERS = frozenset({Role.GRID_WORKER, Role.GRID_CHIEF, Role.BUILDING_CHIEF, Role.DESK, Role.STREET, Role.ADMIN})
_MOST = 120


async def begin(turn: Turn, _: dict[str, Any] | None = None) -> None:
    """Asks whose wish it is. Only for people who work for the neighbourhood."""
    if turn.here.is_group:
        await turn.toast("wish.write_first", alert=True)
    elif not any(grant.role in _FILERS for grant in await turn.grants()):
        await turn.toast("wish.for_staff_only")
    else:
        await turn.ask(FLOW, "who", {})
        await turn.say("wish.for_ask_who", rows=[[turn.button("wish.button_never_mind", "wish.for_stop")]])


async def stop(turn: Turn, _: dict[str, Any]) -> None:
    """The open question is put away."""
    await put_away(turn, FLOW, "wish.desk_stopped")


async def consent(turn: Turn, args: dict[str, Any]) -> None:
    """How the neighbour agreed; then the wish is told as always. Without consent nothing is filed."""
    dialogue = turn.dialogue
    if dialogue is None or dialogue.flow != FLOW or "contact" not in dialogue.data:
        await turn.toast("wish.draft_gone")
        return
    if args["how"] == "none":
        await turn.done()
        await turn.say("wish.for_without_consent")
        return
    draft = WishDraft(id=turn.tx.ids.new(), consent=args["how"], contact=dialogue.data["contact"])
    await turn.done()
    await wish_draft.keep(turn, draft, "text")
    await turn.say("wish.for_ask_words", rows=[[wish_ask.button(turn, draft, "cancel")]])


@answered(stop)
async def step(turn: Turn, dialogue: Dialogue, words: str) -> bool:
    """The neighbour's name, place and number, in one line."""
    if dialogue.step != "who":
        return False
    await turn.ask(FLOW, "consent", {"contact": words[:_MOST]})
    rows = [[turn.button(f"wish.consent_{how}", "wish.for_consent", {"how": how})] for how in CONSENTS]
    await turn.say(
        "wish.for_ask_consent", rows=[*rows, [turn.button("wish.consent_none", "wish.for_consent", {"how": "none"})]]
    )
    return True


async def typed(turn: Turn, _: re.Match[str]) -> None:
    """代许愿, 帮邻居许愿."""
    await begin(turn)


PRESSES = {"wish.for_begin": begin, "wish.for_stop": stop, "wish.for_consent": consent}
STEPS = {FLOW: step}
COMMANDS = [(re.compile(r"代(?:人|邻居|老人)?许(?:个)?(?:心)?愿|[帮替](?:邻居|老人|居民)许(?:个)?(?:心)?愿"), typed)]
