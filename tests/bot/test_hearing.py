"""Voice becomes text by a program or a service; whatever goes wrong, the voice is handled and kept."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.channels.wechat.channel import ANSWERS_FOR
from bot.config import HearingSection
from bot.hearing import CommandEngine, HttpEngine, NotHeard, engine_of
from storage import attachments, requests
from tests.fakes.wechat.server import _Quiet
from tests.journeys.wechat_program import town
from tests.serving import KEEP_ALIVE, begun

SOUND = b"#!AMR\nthe sound"


def program(folder: Path, body: str) -> list[str]:
    """A program of one line of Python that is given the file as its first argument."""
    path = folder / "hear.py"
    path.write_text(f"import sys, time\nfrom pathlib import Path\nfile = Path(sys.argv[1])\n{body}\n", encoding="utf-8")
    return [sys.executable, str(path), "{file}"]


async def test_a_program_prints_the_text(tmp_path: Path) -> None:
    line = "sys.stdout.buffer.write((file.suffix + str(len(file.read_bytes())) + ' 灯坏了\\n').encode())"
    engine = CommandEngine(program(tmp_path, line), 60)
    assert await engine.hear(SOUND, "audio/amr") == f".amr{len(SOUND)} 灯坏了"
    assert (await engine.hear(SOUND, "audio/ogg")).startswith(".ogg")


@pytest.mark.parametrize(
    ("line", "seconds", "why"), [("sys.exit(3)", 60, "ended with 3"), ("time.sleep(600)", 1, "took more than")]
)
async def test_a_program_that_fails_or_hangs(tmp_path: Path, line: str, seconds: float, why: str) -> None:
    with pytest.raises(NotHeard, match=why):
        await CommandEngine(program(tmp_path, line), seconds).hear(SOUND, "audio/amr")


async def test_a_program_that_is_not_there() -> None:
    with pytest.raises(NotHeard, match="cannot be run"):
        await CommandEngine(["/no/such/program", "{file}"], 1).hear(SOUND, "audio/amr")


@pytest.fixture
async def service() -> AsyncIterator[str]:
    async def hear(request: Request) -> Response:
        kind, sound = request.headers["content-type"], await request.body()
        if sound == SOUND:
            return JSONResponse({"text": f" {kind} 灯坏了 "})
        return JSONResponse({"words": 1}) if sound == b"odd" else Response("no", 500)

    listening = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[Route("/hear", hear, methods=["POST"])])
    server = _Quiet(uvicorn.Config(app, log_config=None, lifespan="off", timeout_keep_alive=KEEP_ALIVE))
    running = await begun(server, listening)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/hear"
    server.should_exit = True
    await running


async def test_a_service_answers_the_text(service: str) -> None:
    engine = HttpEngine(service, 60)
    assert await engine.hear(SOUND, "audio/amr") == "audio/amr 灯坏了"
    for sound in (b"odd", b"other"):
        with pytest.raises(NotHeard):
            await engine.hear(sound, "audio/amr")
    with pytest.raises(NotHeard, match="did not answer"):
        await HttpEngine("http://127.0.0.1:9/hear", 1).hear(SOUND, "audio/amr")


def test_what_is_configured() -> None:
    assert engine_of(HearingSection()) is None
    assert isinstance(engine_of(HearingSection(command=("hear", "{file}"))), CommandEngine)
    assert isinstance(engine_of(HearingSection(url="http://127.0.0.1:1/")), HttpEngine)


async def test_a_voice_is_heard_understood_and_kept(tmp_path: Path) -> None:
    line = "sys.stdout.buffer.write('银杏苑三栋二单元楼道灯坏了'.encode() if b'clear' in file.read_bytes() else b'')"
    command = ", ".join(f'"{part}"' for part in program(tmp_path, line))
    async with town(tmp_path, more=f"[hearing]\ncommand = [{command}]") as running:
        wechat = running.wechat
        usual = running.program.city.channels["wechat"].model_copy(update={"answers_for": ANSWERS_FOR})
        running.program.city.channels["wechat"] = usual  # type: ignore[index]
        aunt = wechat.person("李阿姨")
        assert await wechat.voice(aunt, b"#!AMR\nclear") == "", "nothing waits for the engine"
        running.clock.turn(seconds=10)
        await wechat.wait_for(aunt, "楼道灯")
        assert "已登记" in await wechat.text(aunt, wechat.choice(aunt, "对，就这样"))
        async with running.program.store.read() as tx:
            found = await requests.find_by_number(tx, 1001)
            assert found is not None
            files = await attachments.of(tx, "request", found.id)
        assert [file.kind for file in files] == ["voice"]
        before = len(wechat.seen(aunt))
        await wechat.voice(aunt, b"#!AMR\nmumbling")
        running.clock.turn(seconds=10)
        await wechat.wait_for(aunt, "语音我存下了", after=before)
