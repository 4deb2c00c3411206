"""A strict local Bot API server, so that the bot can be driven and judged without Telegram."""

from tests.fakes.telegram.looks import Call
from tests.fakes.telegram.people import picture
from tests.fakes.telegram.server import TOKEN, TelegramServer
from tests.fakes.telegram.world import Group, Message, Person, Seen, Toast

__all__ = ["TOKEN", "Call", "Group", "Message", "Person", "Seen", "TelegramServer", "Toast", "picture"]
