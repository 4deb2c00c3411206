"""What everybody may read: a new wish, a season's launch and report, said once in the street's public channel."""

from __future__ import annotations

from typing import Any

from handlers import wish_shown
from handlers.turn import Turn
from storage import people
from storage.wishes import Wish


async def say(turn: Turn, key: str, *, slot: str = "", **values: Any) -> bool:
    """Says a text in the public channel; False when there is none. Nothing personal is ever among the values."""
    channel, account, name = turn.city.manners.broadcast
    if not name or channel not in turn.city.channels:
        return False
    chat = await people.find_chat(turn.tx, channel, account, name)
    if chat is None:
        chat = await people.add_chat(
            turn.tx,
            channel=channel,
            account=account,
            chat=name,
            thread="",
            is_group=True,
            person_id=None,
            title="",
            now=turn.now,
        )
    await turn.send(chat, turn.text(key, **values), slot=slot)
    return True


async def wish(turn: Turn, wish: Wish) -> None:
    """A wish as it stands: the post is changed in place when somebody adopts it."""
    base = turn.city.manners.web_base
    await say(
        turn,
        "wall.posted",
        slot=f"post:{wish.id}",
        number=wish.number,
        theme=wish_shown.theme_name(turn, wish.theme),
        place=wish_shown.coarse_place(turn, wish),
        words=wish.text,
        needs=wish_shown.needs(turn, wish),
        state=wish_shown.state_name(turn, wish),
        web=f"{base}/wish/{wish.number}" if base else "",
    )
