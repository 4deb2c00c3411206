"""A strict local WeCom: interface, callbacks and the group bot's connection, on a clock that tests turn."""

from tests.fakes.wecom.callbacks import AES_KEY, TOKEN
from tests.fakes.wecom.server import WecomServer
from tests.fakes.wecom.world import AGENT, BOT, BOT_SECRET, CORP, SECRET, Group, Member, Seen

__all__ = [
    "AES_KEY",
    "AGENT",
    "BOT",
    "BOT_SECRET",
    "CORP",
    "SECRET",
    "TOKEN",
    "Group",
    "Member",
    "Seen",
    "WecomServer",
]
