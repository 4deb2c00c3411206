"""Ids: in order, never twice in a process, and of two processes never the same."""

from __future__ import annotations

from pathlib import Path

from bot.catalogue import SHIPPED_STREET
from bot.config import load_config
from bot.program import Program
from storage.ids import Ids
from storage.seal import new_key
from tests.storage.conftest import Fresh


def test_ids_of_two_processes_never_meet() -> None:
    one, other = Ids(7), Ids(7)
    other.settle(8)
    made = [one.new() for _ in range(20_000)]
    assert made == sorted(set(made))
    assert not {*made} & {other.new() for _ in range(20_000)}


async def test_each_start_on_one_server_has_a_number_of_its_own(fresh: Fresh, tmp_path: Path) -> None:
    path, url = tmp_path / "config.toml", fresh("postgresql")
    path.write_text(
        f'[street]\nfile = "{SHIPPED_STREET}"\n[storage]\nurl = "{url}"\n[privacy]\nkeys = ["{new_key()}"]\n',
        encoding="utf-8",
    )
    nodes = []
    for _ in range(3):
        program = await Program.build(load_config(path))
        nodes.append(program.store.ids.new() >> 12 & 1023)
        await program.store.database.close()
    assert nodes == [nodes[0], nodes[0] + 1, nodes[0] + 2]
