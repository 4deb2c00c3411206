"""Telegram by webhook: the update comes to the web side's route, is stored, and only then acknowledged."""

from __future__ import annotations

from pathlib import Path

import httpx

from bot.backend import ProgramBackend
from bot.config import load_config
from bot.program import Program
from bot.web.app import create_app
from tests.fakes.telegram import TelegramServer
from tests.journeys.conftest import TurnedClock, config_for

SECRET = "a-long-secret_1"


async def test_a_report_by_webhook(tmp_path: Path) -> None:
    async with TelegramServer() as server:
        config_for(tmp_path, server, mode="webhook", secret=SECRET)
        path = tmp_path / "config.toml"
        path.write_text(path.read_text(encoding="utf-8") + '[web]\nbase_url = "https://linli.test"\n', encoding="utf-8")
        program = await Program.build(load_config(path), clock=TurnedClock())
        app = create_app(ProgramBackend(program), program.web)
        server.queue.transport = httpx.ASGITransport(app=app)
        await program.start()
        try:
            aunt = server.person("李阿姨", started=True)
            server.text(aunt, "银杏苑3幢2单元楼道灯不亮了")
            await server.wait_for(aunt, "对，就这样")
            server.press(aunt, "对，就这样")
            await server.wait_for(aunt, "已登记，单号 1001")
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app=app), base_url="https://linli.test"
            ) as client:
                forged = await client.post("/hooks/telegram", json={"update_id": 1})
                wrong = {"X-Telegram-Bot-Api-Secret-Token": "wrong"}
                guessed = await client.post("/hooks/telegram", json={"update_id": 1}, headers=wrong)
            assert (forged.status_code, guessed.status_code) == (401, 401)
            server.assert_clean()
        finally:
            await program.stop()
