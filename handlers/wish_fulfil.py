"""What an adopter does with a wish: news for the wisher, fulfilling it with a photo, giving it up."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from handlers import resource_book, wish_card, wish_clock, wish_shown, wish_wait
from handlers.messages import Button
from handlers.question import put_away
from handlers.turn import Turn
from handlers.wish_words import for_relay
from nlp.reader import Findings
from nlp.wish_traits import read_hours
from storage import adoptions, attachments, wishes
from storage.wishes import Lost, Wish
from workflow.wish import HELD, Forbidden, WishState

FLOW = "wish_fulfil"
QUESTION_LIFE = timedelta(hours=24)
"""After that, words and photos are not taken for the answer any more."""
_ON_WALL = frozenset({WishState.PUBLISHED})
RESULT = "wish_result"
"""The subject of the photos that show a fulfilled wish."""


async def _held(turn: Turn, wish: Wish, also: frozenset[WishState] = frozenset()) -> bool:
    """Whether the acting person is fulfilling this wish; told how it stands when not."""
    if not await wish_shown.has_part(turn, wish):
        await turn.toast("adopt.not_yours", number=wish.number)
    elif wish.state not in (HELD | also):
        await wish_shown.stands(turn, wish)
    else:
        return True
    return False


def _stop(turn: Turn) -> Button:
    return turn.button("wish.button_never_mind", "adopt.rest")


async def stop(turn: Turn, _: dict[str, Any]) -> None:
    """The open question is put away."""
    await put_away(turn, FLOW, "adopt.stopped")


async def note(turn: Turn, args: dict[str, Any]) -> None:
    """Asks what there is to tell the wisher."""
    wish = await wishes.get(turn.tx, args["id"])
    if await _held(turn, wish):
        await turn.ask(FLOW, "note", {"wish": wish.id})
        await turn.say("adopt.note_ask", rows=[[_stop(turn)]], number=wish.number)


async def still(turn: Turn, args: dict[str, Any]) -> None:
    """A sign of life without words."""
    await tell(turn, await wishes.get(turn.tx, args["id"]), "")


async def tell(turn: Turn, wish: Wish, words: str) -> None:
    """Words and pictures of this message go to the wisher, numbers hidden; without any it is a sign of life."""
    if not await _held(turn, wish):
        return
    shown, hidden = for_relay(words)
    try:
        wish = await wishes.move(turn.tx, wish, "wish.progressed", turn.now, actor_id=turn.me.id, sign_at=turn.now)
    except (Forbidden, Lost):
        await wish_shown.stands(turn, await wishes.get(turn.tx, wish.id))
        return
    await wish_clock.arm(turn, wish)
    photos = list(turn.attached)
    await attachments.attach(turn.tx, photos, "wish_word", wish.id)
    await turn.tell(
        wish.wisher_id,
        "wish.progressed" if words or photos else "wish.still",
        rows=[[wish_shown.word_button(turn, wish, "wish.button_reply")]],
        media=photos,
        number=wish.number,
        wish=wish.text,
        words=shown or turn.text("wish.see_photo"),
    )
    await turn.toast("adopt.noted_masked" if hidden else "adopt.noted", number=wish.number)
    await wish_card.draw(turn, wish)


async def finish(turn: Turn, args: dict[str, Any]) -> None:
    """Asks for the photo."""
    wish = await wishes.get(turn.tx, args["id"])
    if await _held(turn, wish):
        await turn.ask(FLOW, "photo", {"wish": wish.id, "words": ""})
        await turn.say("adopt.photo_ask", rows=[[_stop(turn)]], force_reply=True, number=wish.number)


async def _photos(turn: Turn) -> list[int]:
    """The pictures at hand; other files show nothing."""
    found = [await attachments.find(turn.tx, kept) for kept in turn.attached]
    return [f.id for f in found if f is not None and (f.kind == "photo" or f.mime.startswith("image/"))]


async def finish_with(turn: Turn, wish: Wish, words: str) -> None:
    """Fulfils the wish with words and pictures of this message; without a picture keeps the words and asks for one."""
    if not await _held(turn, wish):
        return
    photos = await _photos(turn)
    if not photos:
        await turn.ask(FLOW, "photo", {"wish": wish.id, "words": words})
        await turn.say("adopt.photo_missing", rows=[[_stop(turn)]], number=wish.number)
        return
    try:
        wish = await wishes.move(
            turn.tx,
            wish,
            "wish.fulfilled",
            turn.now,
            actor_id=turn.me.id,
            data={
                "photos": len(photos),
                "hours": read_hours(words),
                "theme": wish.theme,
                "people": await wish_shown.adopters(turn, wish),
            },
            fulfilled_at=turn.now,
            sign_at=turn.now,
            hours=read_hours(words),
        )
    except (Forbidden, Lost):
        await wish_shown.stands(turn, await wishes.get(turn.tx, wish.id))
        return
    await attachments.attach(turn.tx, photos, RESULT, wish.id)
    await wish_clock.arm(turn, wish)
    shown, _ = for_relay(words)
    await turn.tell(
        wish.wisher_id,
        "wish.fulfilled",
        rows=wish_shown.wisher_rows(turn, wish),
        media=photos,
        number=wish.number,
        wish=wish.text,
        words=shown,
    )
    await wish_card.draw(turn, wish)
    await turn.say("adopt.finished", number=wish.number)
    await _wait_for_album(turn, wish)


async def _wait_for_album(turn: Turn, wish: Wish) -> None:
    """The other pictures of an album come as messages of their own, just after the first."""
    album = turn.incoming.media[-1].album if turn.incoming and turn.incoming.media else ""
    if album:
        await turn.ask(FLOW, "album", {"wish": wish.id, "album": album})
    elif turn.dialogue is not None and turn.dialogue.flow == FLOW:
        await turn.done()


async def _more_of_album(turn: Turn, wish: Wish, album: str) -> bool:
    media = turn.incoming.media if turn.incoming else ()
    photos = await _photos(turn)
    if not photos or media[-1].album != album:
        await turn.done()
        return False
    await attachments.attach(turn.tx, photos, RESULT, wish.id)
    await turn.tell(wish.wisher_id, "wish.more_photos", media=photos, number=wish.number)
    return True


async def drop(turn: Turn, args: dict[str, Any]) -> None:
    """Asks once more before the wish goes back to the wall."""
    wish = await wishes.get(turn.tx, args["id"])
    if await _held(turn, wish, _ON_WALL) and wish.state is WishState.PUBLISHED:
        await drop_yes(turn, args)
    elif await wish_shown.has_part(turn, wish) and wish.state in HELD:
        keys = ("adopt.button_drop_yes", "adopt.drop_yes"), ("adopt.button_keep", "adopt.still")
        row = [turn.button(label, action, {"id": wish.id}) for label, action in keys]
        await turn.say("adopt.drop_ask", rows=[row], number=wish.number)


async def drop_yes(turn: Turn, args: dict[str, Any]) -> None:
    """The adopter cannot: back to the wall."""
    await wishes.lock(turn.tx, args["id"])
    wish = await wishes.get(turn.tx, args["id"])
    if not await _held(turn, wish, _ON_WALL):
        return
    try:
        back = await adoptions.leave(turn.tx, wish, turn.me.id, turn.now)
    except (Forbidden, Lost):
        await wish_shown.stands(turn, await wishes.get(turn.tx, wish.id))
        return
    await wish_clock.arm(turn, back)
    if turn.dialogue is not None and turn.dialogue.flow == FLOW:
        await turn.done()
    await turn.say("adopt.dropped", number=wish.number)
    await came_free(turn, wish, back, turn.me.id)


async def came_free(turn: Turn, before: Wish, back: Wish, left_by: int) -> None:
    """Somebody gave their part back: who is concerned hears of it, and who waits for it is asked."""
    await resource_book.given_back(turn, back, left_by)
    if back.taken:
        left = back.shares - back.taken
        await wish_shown.tell_adopters(turn, back, "adopt.one_left", number=back.number, words=back.text, left=left)
    if before.state in HELD:
        rows = wish_shown.wisher_rows(turn, back)
        await turn.tell(back.wisher_id, "wish.given_up", rows=rows, number=back.number, words=back.text)
    await wish_wait.offer(turn, back)


# -------------------------------------------------------------------- words


async def step(turn: Turn) -> bool:
    """Takes the answer to the open question: news for the wisher, or the photo."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None:
        return False
    if turn.now - dialogue.updated_at > QUESTION_LIFE:
        await turn.done()
        return False
    wish, words = await wishes.get(turn.tx, dialogue.data["wish"]), incoming.text.strip()
    if dialogue.step == "album":
        return await _more_of_album(turn, wish, dialogue.data["album"])
    findings = turn.city.read(words)
    if findings.menu == "cancel":
        await stop(turn, {})
        return True
    if findings.menu or findings.urgent or _is_another_matter(turn, findings) or not (words or turn.attached):
        return False
    if dialogue.step == "note":
        await turn.done()
        await tell(turn, wish, words)
        return True
    said = dialogue.data.get("words", "")
    await finish_with(turn, wish, "\n".join(part for part in (said, words) if part))
    return True


def _is_another_matter(turn: Turn, findings: Findings) -> bool:
    """Whether words without a photo are surely a report and not news about the wish."""
    return not turn.attached and findings.intent == "request" and findings.confidence >= turn.city.manners.sure


async def typed(turn: Turn, match: re.Match[str]) -> None:
    """心愿进展 1007 words, 心愿完成 1007 words (with the photo), 放弃心愿 1007."""
    wish = await wish_shown.find(turn, match["number"])
    if wish is None:
        return
    verb, words, args = match["verb"], (match["words"] or "").strip(), {"id": wish.id}
    if verb.startswith("放弃"):
        await drop(turn, args)
    elif verb == "心愿进展":
        await (tell(turn, wish, words) if words or turn.attached else note(turn, args))
    elif words or turn.attached:
        await finish_with(turn, wish, words)
    else:
        await finish(turn, args)


PRESSES = {
    "adopt.rest": stop,
    "adopt.note": note,
    "adopt.still": still,
    "adopt.finish": finish,
    "adopt.drop": drop,
    "adopt.drop_yes": drop_yes,
}
STEPS = {FLOW: step}
COMMANDS = [
    (re.compile(r"(?P<verb>放弃心愿|放弃认领)\s*#?(?P<number>\d{4,9})(?P<words>)"), typed),
    (
        re.compile(r"(?P<verb>心愿进展|心愿完成)\s*#?(?P<number>\d{4,9})(?:[\s,，:：]+(?P<words>.*))?", re.DOTALL),
        typed,
    ),
]
