"""The end of a wish: the wisher confirms and thanks, or says that nothing arrived."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from handlers import answers, wish_card, wish_clock, wish_shown
from handlers.question import put_away
from handlers.turn import Turn
from handlers.wish_words import for_relay
from storage import adoptions, events, wishes
from storage.wishes import Lost, Wish
from workflow.wish import Forbidden, WishState

FLOW = "wish_thanks"
_THANKS = "谢"
QUESTION_LIFE = timedelta(hours=1)
"""After that, kind words are not taken for thanks any more."""


async def _own(turn: Turn, wish_id: int) -> Wish | None:
    """The acting person's own fulfilled wish; tells them how it stands when it is not."""
    wish = await wishes.get(turn.tx, wish_id)
    if wish.wisher_id != turn.me.id:
        await turn.toast("wish.not_yours", number=wish.number)
        return None
    if wish.state is not WishState.FULFILLED:
        await wish_shown.stands(turn, wish)
        return None
    return wish


async def thank(turn: Turn, args: dict[str, Any]) -> None:
    """It arrived: closes the wish, thanks the adopter, and offers to add words of one's own."""
    wish = await _own(turn, args["id"])
    if wish is None:
        return
    helped = await wish_shown.adopters(turn, wish)
    data = {"people": helped, "theme": wish.theme}
    try:
        wish = await wishes.move(
            turn.tx, wish, "wish.thanked", turn.now, actor_id=turn.me.id, data=data, closed_at=turn.now
        )
    except (Forbidden, Lost):
        await wish_shown.stands(turn, await wishes.get(turn.tx, wish.id))
        return
    await wish_clock.arm(turn, wish)
    await wish_shown.tell_adopters(turn, wish, "adopt.thanked", number=wish.number, words=wish.text)
    await wish_clock.over(turn, wish, "closed")
    await wish_card.draw(turn, wish)
    if turn.here.is_group:
        await turn.toast("wish.thanked_toast", number=wish.number)
        return
    await turn.ask(FLOW, "words", {"wish": wish.id})
    enough = turn.button("wish.button_enough", "wish.thank_done")
    await turn.say("wish.thanked", rows=[[enough]], number=wish.number)


async def thank_done(turn: Turn, _: dict[str, Any]) -> None:
    """No words of one's own."""
    await put_away(turn, FLOW, "wish.thanks_enough")


async def step(turn: Turn) -> bool:
    """The wisher's own words of thanks, passed on once; anything that is a matter of its own is not for here."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None:
        return False
    if turn.now - dialogue.updated_at > QUESTION_LIFE:
        await turn.done()
        return False
    words = incoming.text.strip()
    findings = turn.city.read(words)
    if findings.menu == "cancel" or answers.yes_or_no(words) is False:
        await thank_done(turn, {})
        return True
    kind = findings.intent in ("praise", "smalltalk") or _THANKS in words
    if findings.menu or findings.urgent or not kind:
        return False
    if not words and not turn.attached:
        return False
    wish = await wishes.get(turn.tx, dialogue.data["wish"])
    await turn.done()
    shown, _ = for_relay(words)
    parts = await adoptions.ended_of(turn.tx, wish.id)
    for part in parts:
        await turn.tell(part.person_id, "adopt.thanks_words", media=turn.attached, number=wish.number, words=shown)
    data = {"people": [part.person_id for part in parts]}
    await events.add(turn.tx, "wish", wish.id, "wish.praised", turn.now, actor_id=turn.me.id, data=data)
    await turn.say("wish.thanks_sent")
    return True


async def dispute(turn: Turn, args: dict[str, Any]) -> None:
    """Nothing arrived: the wish is being fulfilled again, and adopter and desk hear of it."""
    wish = await _own(turn, args["id"])
    if wish is None:
        return
    try:
        wish = await wishes.move(
            turn.tx, wish, "wish.disputed", turn.now, actor_id=turn.me.id, sign_at=turn.now, fulfilled_at=None
        )
    except (Forbidden, Lost):
        await wish_shown.stands(turn, await wishes.get(turn.tx, wish.id))
        return
    await wish_clock.arm(turn, wish)
    rows = wish_shown.adopter_rows(turn, wish)
    await wish_shown.tell_adopters(turn, wish, "adopt.disputed", rows=rows, number=wish.number, words=wish.text)
    await turn.tell_queue(wish.queue, "wish.disputed_desk", number=wish.number, words=wish.text)
    await wish_card.draw(turn, wish)
    await turn.say("wish.disputed", rows=[[wish_shown.word_button(turn, wish)]], number=wish.number)


PRESSES = {"wish.thank": thank, "wish.thank_done": thank_done, "wish.dispute": dispute}
STEPS = {FLOW: step}
