"""What raw updates say, as each one's channel reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from bot import hearing
from bot.channels.base import BadUpdate, Channel, RawUpdate
from handlers.messages import Incoming
from storage import receipts
from storage.receipts import StoredReceipt


class Reading:
    """`channels` by name and account."""

    def __init__(self, channels: Mapping[tuple[str, str], Channel]) -> None:
        self._channels = channels

    def parse(self, receipt: StoredReceipt) -> list[Incoming]:
        """The messages in an update. Raises `BadUpdate`, KeyError for a channel that is not configured."""
        found = self._channels[receipt.channel, receipt.account].parse(receipt.raw)
        return hearing.with_words(receipt.raw, found)

    def parse_all(self, waiting: Sequence[StoredReceipt]) -> dict[int, list[Incoming]]:
        """The messages in these, by receipt; what cannot be read is left out, and told when it is its turn."""
        found: dict[int, list[Incoming]] = {}
        for receipt in waiting:
            with suppress(Exception):
                found[receipt.id] = self.parse(receipt)
        return found

    def is_voice(self, channel: str, account: str, update: RawUpdate) -> bool:
        """Whether it has to be heard first."""
        try:
            return any(hearing.is_wordless_voice(one) for one in self._channels[channel, account].parse(update.raw))
        except (BadUpdate, KeyError):
            return False

    def stream(self, channel: str, account: str, update: RawUpdate) -> int:
        """By the chat it belongs to. What cannot be read has no order to keep."""
        try:
            found = self._channels[channel, account].parse(update.raw)
        except (BadUpdate, KeyError):
            found = []
        return receipts.stream_of(channel, account, found[0].address.chat if found else "")
