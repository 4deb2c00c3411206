"""The demonstration: its story plays to the end as it is written, once, and leaves something to see on every page."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select
from structlog.testing import capture_logs

from bot.backend import ProgramBackend
from bot.catalogue import SHIPPED_STREET
from bot.config import load_config
from bot.demo.fill import Demo
from bot.program import Program
from storage import stations
from storage.requests import requests
from storage.wishes import wishes


async def test_the_story_plays_to_its_end_once(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[street]\nfile = "{SHIPPED_STREET}"\n', encoding="utf-8")
    program = await Program.build(load_config(path))
    await program.start()
    try:
        with capture_logs() as logs:
            await Demo(program, ProgramBackend(program), patience=30).fill()
            await Demo(program, ProgramBackend(program), patience=30).fill()
        assert [one for one in logs if one["event"] == "demo.no_button"] == []
        async with program.store.read() as tx:
            states = {r.state: r[1] for r in await tx.all(select(requests.c.state, func.count()).group_by("state"))}
            wished = await tx.all(select(wishes.c.state))
            found = await stations.listed(tx)
            lent = await stations.by_station(tx, [s.id for s in found])
        assert states == {"claimed": 1, "queued": 3, "resolved": 1}
        assert [row.state for row in wished] == ["published", "published"]
        assert [len(lent[s.id]) for s in found] == [3, 3, 2]
        assert {s.community for s in found} == {"yinxing", "dukou"}
    finally:
        await program.stop()
