"""Photos of a fulfilled wish for the season's report: the desk chooses, faces are blurred, the desk looks and confirms.

Blurring is done by the program (`bot/pictures.py`); a photo that was not confirmed is on no public page.
"""

from __future__ import annotations

import re
from typing import Any

from handlers import wish_shown
from handlers.turn import Turn
from storage import attachments, events, pictures, wishes
from storage.pictures import PUBLIC, Picture
from storage.wishes import Wish
from workflow.wish import WishState

RESULT = "wish_result"
_SHOWN = frozenset({WishState.FULFILLED, WishState.CLOSED})


async def choose(turn: Turn, args: dict[str, Any]) -> None:
    """Puts the photos of the result forward; the copies come back to this desk to be looked at."""
    wish = await wishes.get(turn.tx, args["id"])
    await turn.check_may("publish_wish", wish.queue)
    if wish.state not in _SHOWN:
        await wish_shown.stands(turn, wish)
        return
    photos = [a for a in await attachments.of(turn.tx, RESULT, wish.id) if a.kind == "photo"]
    new = [await pictures.choose(turn.tx, wish.id, photo.id, turn.me.id) for photo in photos]
    if not photos:
        await turn.toast("wish.pictures_none", number=wish.number)
    elif not any(new):
        count = len(await pictures.of_wish(turn.tx, wish.id, PUBLIC))
        await turn.toast("wish.pictures_before", number=wish.number, count=count)
    else:
        await turn.toast("wish.pictures_chosen", number=wish.number)


async def ready(turn: Turn, picture: Picture, copy_id: int) -> None:
    """The copy is made: the desk is shown it, with the rule."""
    wish = await wishes.get(turn.tx, picture.wish_id)
    args = {"id": picture.id}
    rows = [
        [turn.button("wish.button_picture_yes", "wish.picture_yes", args)],
        [turn.button("wish.button_picture_no", "wish.picture_no", args)],
    ]
    key = "wish.picture_faces" if picture.faces else "wish.picture_look"
    await turn.tell_queue(wish.queue, key, rows=rows, media=[copy_id], number=wish.number, count=picture.faces)


async def failed(turn: Turn, picture: Picture) -> None:
    """The photo could not be read: it is not shown."""
    wish = await wishes.get(turn.tx, picture.wish_id)
    await turn.tell_queue(wish.queue, "wish.picture_failed", number=wish.number)


async def _decided(turn: Turn, args: dict[str, Any]) -> tuple[Picture, Wish]:
    picture = await pictures.get(turn.tx, args["id"])
    wish = await wishes.get(turn.tx, picture.wish_id)
    await turn.check_may("publish_wish", wish.queue)
    return picture, wish


async def confirm(turn: Turn, args: dict[str, Any]) -> None:
    """A person has looked: no child's face, no name, no house number can be made out."""
    picture, wish = await _decided(turn, args)
    if not await pictures.confirm(turn.tx, picture.id, turn.me.id, turn.now):
        await turn.toast("wish.picture_settled", number=wish.number)
        return
    data = {"picture": picture.id, "public": True}
    await events.add(turn.tx, "wish", wish.id, "wish.pictured", turn.now, actor_id=turn.me.id, data=data)
    await turn.toast("wish.picture_public", number=wish.number)


async def refuse(turn: Turn, args: dict[str, Any]) -> None:
    """It is not shown, or not any more."""
    picture, wish = await _decided(turn, args)
    if not await pictures.refuse(turn.tx, picture.id, turn.me.id, turn.now):
        await turn.toast("wish.picture_settled", number=wish.number)
        return
    data = {"picture": picture.id, "public": False}
    await events.add(turn.tx, "wish", wish.id, "wish.pictured", turn.now, actor_id=turn.me.id, data=data)
    await turn.toast("wish.picture_refused", number=wish.number)


async def typed(turn: Turn, match: re.Match[str]) -> None:
    """选照片 1007."""
    wish = await wish_shown.find(turn, match["number"])
    if wish is not None:
        await choose(turn, {"id": wish.id})


PRESSES = {"wish.pictures": choose, "wish.picture_yes": confirm, "wish.picture_no": refuse}
COMMANDS = [(re.compile(r"选照片\s*#?(?P<number>\d{4,9})"), typed)]
