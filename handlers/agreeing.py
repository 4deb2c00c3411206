"""Asks a resident to agree to be told how a matter ends, on channels that let us write only for some days.

What they agree to is kept by the channel; where they do it is a page of ours that the channel names.
"""

from __future__ import annotations

from handlers.turn import Turn
from storage import windows
from storage.windows import Who


async def offer(turn: Turn) -> None:
    """Names the page, unless the channel has none or everything on it is agreed to already."""
    here, able = turn.here, turn.city.channels[turn.here.channel]
    if here.is_group or not able.agree_link:
        return
    wanted = await windows.agreed(turn.tx, Who(here.channel, here.account, here.chat))
    if set(able.agree_forms) - wanted.keys():
        await turn.say("report.agree", link=able.agree_link)
