"""Shares of the work: evened out between processes, stopped before a lease ends, taken over from the dead."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot import shares
from bot.shares import Share, Shares
from storage import leases
from tests.town import Town

KEYS = [str(n) for n in range(6)]


def test_alone_everything_is_held() -> None:
    share = Share("send", KEYS)
    assert share.held() == set(KEYS)
    assert share.has_all()
    assert share.term("3")
    assert not share.term("unknown")


def test_nothing_is_begun_after_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(shares, "_monotonic", lambda: now)
    share = Share("send", KEYS, alone=False)
    assert share.held() == set()
    share.hold({"1", "2"}, 6, now + 8)
    first = share.term("1")
    assert share.held() == {"1", "2"}
    share.hold({"1", "2"}, 6, now + 8)
    assert share.term("1") == first
    now = 108.0
    assert share.held() == set()
    assert share.term("1") == 0
    share.hold({"1"}, 6, now + 8)
    assert share.term("1") not in (0, first), "somebody else may have had it meanwhile"


async def test_a_second_process_gets_half_when_nothing_is_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LASTS", 3600)  # no lease ends between two beats, however long they take
    async with Town.open(tmp_path) as town:
        one, two = Shares(town.store, alone=False), Shares(town.store, alone=False)
        first, second = one.want("send", KEYS), two.want("send", KEYS)
        busy = {"0", "1", "2", "3", "4", "5"}
        first.is_busy = busy.__contains__
        await one._beat()
        assert first.has_all()
        for _ in range(3):
            await two._beat()
            await one._beat()
        assert len(first.held()) == 3
        assert second.held() == set(), "what is under way is not given away"
        busy.clear()
        for _ in range(2):
            await one._beat()
            await two._beat()
        assert len(first.held()) == len(second.held()) == 3
        assert first.held() | second.held() == set(KEYS)


async def test_the_dead_of_this_machine_are_taken_over_at_once(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:  # noqa: ASYNC220
        holder = f"{shares._machine()}:{other.pid}:{shares._born(other.pid)}:x"
        elsewhere = f"another:{other.pid}:1:x"
        async with Town.open(tmp_path) as town:
            async with town.store.write() as tx:
                await leases.take(tx, "send", ["1"], holder, 1)
                await leases.take(tx, "send", ["2"], elsewhere, 1)
            mine = Shares(town.store, alone=False)
            await town.store.run(mine._bury_the_dead)
            async with town.store.read() as tx:
                assert await leases.holders(tx) == {holder, elsewhere}
            other.kill()
            other.wait()
            await town.store.run(mine._bury_the_dead)
            async with town.store.read() as tx:
                assert await leases.holders(tx) == {elsewhere}
    assert not shares._is_dead(f"{shares._machine()}:{os.getpid()}:{shares._born(os.getpid())}:y")
