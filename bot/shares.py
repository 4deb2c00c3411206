"""Which part of the work this process does: leases taken, renewed, evened out with the other processes, and given back.

A process that cannot renew stops working before its leases end. Alone on its database it holds everything.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from storage import leases
from storage.tx import Store, Tx

log = structlog.get_logger()

BEAT = 2.0
"""Seconds between two renewals."""
MARGIN = 2.0
"""Seconds before the end of a lease after which nothing new is begun under it."""


class Share:
    """The part of one kind of work. `is_busy` says whether a key is still worked on; such a key is not given away."""

    def __init__(self, kind: str, keys: Sequence[str], *, alone: bool = True) -> None:
        self.kind = kind
        self.keys = tuple(keys)
        self.alone = alone
        self.is_busy: Callable[[str], bool] = lambda _: False
        self._terms: dict[str, int] = dict.fromkeys(self.keys, 1) if alone else {}
        self._leaving: set[str] = set()
        self._count = 1
        self._until = 0.0

    def held(self) -> frozenset[str]:
        """What may be begun now."""
        if not self.alone and _monotonic() >= self._until:
            return frozenset()
        return frozenset(self._terms.keys() - self._leaving)

    def term(self, key: str) -> int:
        """Another number each time the key comes to this process; 0 while it may not work on it."""
        if not self.alone and _monotonic() >= self._until:
            return 0
        return self._terms.get(key, 0)

    def has_all(self) -> bool:
        """Whether nobody else does any of this work."""
        return len(self.held()) == len(self.keys)

    async def beat(self, tx: Tx, holder: str) -> tuple[set[str], int]:
        """Renews, gives and takes: everything held now, and how much is a fair part. Changes nothing in memory."""
        fair = -(-len(self.keys) // await leases.attend(tx, self.kind, holder))
        mine = await leases.renew(tx, self.kind, holder)
        given = {key for key in self._leaving & mine if not self.is_busy(key)}
        await leases.give(tx, self.kind, given, holder)
        mine -= given
        if len(mine) < fair and not given:
            mine |= await leases.take(tx, self.kind, self.keys, holder, fair - len(mine))
        return mine, fair

    def hold(self, mine: set[str], fair: int, until: float) -> None:
        """What the beat found, once it is stored. More than a fair part is left to others when nothing is under way in it."""
        if _monotonic() >= self._until:
            self._terms.clear()  # what lapsed may have been another's meanwhile
        for key in mine - self._terms.keys():
            self._count += 1
            self._terms[key] = self._count
        for key in self._terms.keys() - mine:
            del self._terms[key]
        self._until = until
        self._leaving = set(sorted(self._terms, key=self._terms.__getitem__)[fair:])


class Shares:
    """Every share of this process, beaten together. One instance a process."""

    def __init__(self, store: Store, *, alone: bool) -> None:
        self.alone = alone
        self._store = store
        self._holder = f"{_machine()}:{os.getpid()}:{_born(os.getpid())}:{secrets.token_hex(4)}"
        self._shares: list[Share] = []
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    def want(self, kind: str, keys: Sequence[str]) -> Share:
        """Joins in a kind of work, from the start on."""
        share = Share(kind, keys, alone=self.alone)
        self._shares.append(share)
        return share

    async def start(self) -> None:
        """Takes what is free; takes over at once from processes of this machine that are dead."""
        if self.alone or not self._shares:
            return
        await self._store.run(self._bury_the_dead)
        await self._beat()
        self._task = asyncio.create_task(self._run(), name="shares")

    async def stop(self) -> None:
        """Gives everything back. Call when nothing is under way any more."""
        if self._task is None:
            return
        self._stopping.set()
        await self._task
        try:
            await self._store.run(lambda tx: leases.leave(tx, self._holder))
        except Exception:
            log.exception("shares.not_given_back")  # they end by themselves

    async def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), BEAT)
            if self._stopping.is_set():
                return
            try:
                await self._store.run(self._bury_the_dead)
                await self._beat()
            except Exception:
                log.exception("shares.not_renewed")

    async def _beat(self) -> None:
        began = _monotonic()

        async def beat(tx: Tx) -> dict[str, tuple[set[str], int]]:
            await leases.shorten(tx)
            ordered = sorted(self._shares, key=lambda share: share.kind)
            return {share.kind: await share.beat(tx, self._holder) for share in ordered}

        found = await self._store.run(beat)
        for share in self._shares:
            mine, fair = found[share.kind]
            share.hold(mine, fair, began + leases.LASTS - MARGIN)

    async def _bury_the_dead(self, tx: Tx) -> None:
        for holder in await leases.holders(tx):
            if holder != self._holder and _is_dead(holder):
                await leases.leave(tx, holder)


def _monotonic() -> float:
    """Seconds that also pass while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _machine() -> str:
    """Names the running kernel and the process table we are in, so that process numbers of others are not mistaken."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        table = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
    return hashlib.sha256(f"{boot} {table}".encode()).hexdigest()[:16]


def _born(pid: int) -> str:
    """When a process began, in ticks since the machine did; empty when there is none.

    Field 22 of https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html; a dead process that nobody has waited for
    ("Z") is none.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def _is_dead(holder: str) -> bool:
    """Whether a holder was a process of this machine that has ended; of other machines only time tells."""
    machine, pid, born, _ = (*holder.split(":"), "", "", "", "")[:4]
    return bool(machine) and machine == _machine() and pid.isdecimal() and _born(int(pid)) != born
