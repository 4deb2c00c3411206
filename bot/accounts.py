"""The platform accounts this process sends for: which parts of them it holds now, and what was sent with them before.

When the next message of an account may go is gate.py; sending it is delivery.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.channels.base import Channel
from bot.clock import Clock
from bot.gate import AT_RISK, GROUP_WINDOW, Gate
from bot.shares import Share
from storage import leases, outbox
from storage.outbox import Waiting
from storage.tx import Store

PARTS = 16
"""Between so many shares the chats of an account of our own are divided."""


def parts(channels: Mapping[tuple[str, str], Channel]) -> dict[str, outbox.Share]:
    """What can be sent by different processes. An account of a platform is one share: one process counts for its limits
    and holds its connection."""
    found: dict[str, outbox.Share] = {}
    for (channel, account), one in channels.items():
        of = PARTS if one.capabilities.keeps else 1
        found |= {_key(channel, account, n): outbox.Share(channel, account, (n,), of) for n in range(of)}
    return found


def _key(channel: str, account: str, part: int) -> str:
    return f"{channel}/{account}/{part}"


class Accounts:
    """One instance a sender."""

    def __init__(
        self, store: Store, clock: Clock, channels: Mapping[tuple[str, str], Channel], share: Share | None
    ) -> None:
        self._store = store
        self._clock = clock
        self._parts = parts(channels)
        self._of = {(part.channel, part.account): part.of for part in self._parts.values()}
        self._terms: dict[str, int] = {}
        self.share = share or Share("send", list(self._parts))
        self.gates = {
            key: Gate(channel.capabilities, at_risk=0 if channel.capabilities.keeps else AT_RISK)
            for key, channel in channels.items()
        }

    def shares(self, held: Collection[str]) -> list[outbox.Share] | None:
        """The chats of these parts; None for all chats."""
        return None if self.share.has_all() else [self._parts[key] for key in held]

    def term(self, row: Waiting) -> int:
        """0 while another process may send this; another number each time it comes to us."""
        of = self._of.get((row.channel, row.account))
        return 1 if of is None else self.share.term(_key(row.channel, row.account, (row.chat_id >> 22) % of))

    def touches(self, key: str, chat_ids: Collection[int]) -> bool:
        """Whether one of these chats lies in a part."""
        part = self._parts[key]
        return bool(chat_ids) if part.of == 1 else any((c >> 22) % part.of in part.parts for c in chat_ids)

    async def take_over(self, held: Collection[str]) -> None:
        """What comes to this process may be paused, another may have sent within this second, and to groups this minute."""
        for key in held:
            term, part = self.share.term(key), self._parts.get(key)
            if part is None or not term or self._terms.get(key) == term:
                continue
            async with self._store.read() as tx:
                seconds = await leases.paused_for(tx, part.channel, part.account)
            gate = self.gates[part.channel, part.account]
            gate.pause(max(seconds, 0.0 if self.share.alone else 1.0))
            gate.forget_groups()
            self._terms[key] = term

    async def recall(self, row: Waiting) -> None:
        """Before the first message to a group: what went there within the last minute, whoever sent it.

        One more is counted: its result may not have been stored when its process died.
        """
        gate = self.gates[row.channel, row.account]
        if not row.is_group or not gate.group_limit or gate.knows_group(row.chat):
            return
        async with self._store.read() as tx:
            sent_at = await outbox.last_sent(tx, row.chat_id, gate.group_limit)
        ages = [max(0.0, (self._clock.now() - at).total_seconds() / self._clock.speed) for at in sent_at]
        recent = [age for age in ages if age < GROUP_WINDOW]
        gate.recall_group(row.chat, [*recent, min(recent)] if recent else [])

    async def pause(self, row: Waiting, seconds: float) -> None:
        """The platform said so; also whoever has the account after us obeys."""
        self.gates[row.channel, row.account].pause(seconds)
        await self._store.run(lambda tx: leases.pause(tx, row.channel, row.account, seconds))

    def close(self) -> None:
        """Whoever waits for a turn is sent back."""
        for gate in self.gates.values():
            gate.close()
