"""Runs the program: web server, start, what the console shows, and a clean stop on SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import signal
import socket
from typing import IO

import structlog
import typer
import uvicorn
import uvloop

from bot import metrics
from bot.backend import ProgramBackend
from bot.config import Config, ConfigError
from bot.demo.fill import Demo
from bot.office import Office
from bot.program import Program
from bot.sender import PATIENCE
from bot.web.app import create_app
from bot.web.wire import Protocol

log = structlog.get_logger()

COLLECT_AFTER = (20_000, 20, 20)
"""New objects after which the young are looked at for rings, and so on up. An update makes some thousand objects and
leaves none in a ring: Python's own 700 cost a tenth of the processor time."""


class AlreadyRunning(ConfigError):
    """Another process does the same work on this database."""


def run_to_the_end(config: Config, **what: bool) -> None:
    """`run_program` on an event loop that makes least of every wait."""
    uvloop.run(run_program(config, **what))


async def run_program(config: Config, *, demo: bool = False, intake: bool, delivery: bool) -> None:
    """Runs until a signal. Raises ConfigError, CatalogueError, OSError (port taken) before anything has started."""
    locks = _locks(config, intake=intake, delivery=delivery)
    listening = _listen(config) if intake else None
    program = await Program.build(config, intake=intake, delivery=delivery)
    await program.start()
    backend = ProgramBackend(program)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    office = Office(program)
    server, serving = _serve(config, program, backend, office, listening)
    warming = asyncio.create_task(office.warm(), name="warm") if serving is not None else None
    shown = metrics.listen(config.web.worker_metrics_port) if config.web.worker_metrics_port and not intake else None
    _settle_memory()
    try:
        if demo:
            await _fill_and_show(program, backend, _address(config, listening))
        elif listening is not None:
            _show(program, "start.address", street=program.city.street.name, address=_address(config, listening))
        if program.start_code:
            _show(program, "start.code", code=program.start_code)
        await stopping.wait()
    finally:
        office.close()
        if warming is not None:
            await warming
        await program.web.stop()
        if server is not None and serving is not None:
            server.should_exit = True
            await serving
        await program.stop()
        if shown is not None:
            shown[0].shutdown()
        for lock in locks:
            lock.close()


def _settle_memory() -> None:
    """What is loaded now stays to the end: dictionaries, routes, texts. The collector need not walk it again."""
    gc.collect()
    gc.freeze()
    gc.collect()  # it compares what is new with what it found here: with nothing, so that the old are looked at in time
    gc.set_threshold(*COLLECT_AFTER)


def _locks(config: Config, *, intake: bool, delivery: bool) -> list[IO[str]]:
    """Beside one SQLite file one process receives and one sends: a second one is refused. On PostgreSQL leases do this."""
    if not config.storage.url.startswith("sqlite:"):
        return []
    base = config.storage.beside
    base.parent.mkdir(parents=True, exist_ok=True)
    held: list[IO[str]] = []
    for wanted, name in ((intake, "serve"), (delivery, "worker")):
        if not wanted:
            continue
        lock = open(f"{base}.{name}.lock", "w", encoding="ascii")  # noqa: SIM115 - held until the process ends
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(
                f"another linli {name} already works on {base}; stop it first. Several side by side need PostgreSQL"
            ) from None
        lock.write(str(os.getpid()))
        lock.flush()
        held.append(lock)
    return held


def _listen(config: Config) -> socket.socket:
    try:
        return socket.create_server((config.web.host, config.web.port), reuse_port=False)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {config.web.host}:{config.web.port}: {error.strerror}; choose another [web] port"
        ) from None


def _serve(
    config: Config, program: Program, backend: ProgramBackend, office: Office, listening: socket.socket | None
) -> tuple[uvicorn.Server | None, asyncio.Task[None] | None]:
    if listening is None:
        return None, None
    site = create_app(
        backend,
        program.web,
        secure=config.web.base_url.startswith("https://"),
        metrics_token=config.web.metrics_token,
        office=office,
        proxies=os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1"),  # uvicorn would ask about them before the shortcut
    )
    settings = uvicorn.Config(
        site,
        http=Protocol,
        log_config=None,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        access_log=False,  # lines below a warning are not written: they need not be made up for each request either
        timeout_graceful_shutdown=PATIENCE,
    )
    server = uvicorn.Server(settings)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    return server, asyncio.create_task(server.serve(sockets=[listening]), name="web")


def _address(config: Config, listening: socket.socket | None) -> str:
    if config.web.base_url:
        return config.web.base_url.rstrip("/")
    port = listening.getsockname()[1] if listening is not None else config.web.port
    host = "127.0.0.1" if config.web.host in ("0.0.0.0", "") else config.web.host  # noqa: S104
    return f"http://{host}:{port}"


def _show(program: Program, key: str, **values: str) -> None:
    typer.echo(program.city.texts.text(key, program.clock.now(), **values))


async def _fill_and_show(program: Program, backend: ProgramBackend, base: str) -> None:
    demo = Demo(program, backend)
    await demo.fill()
    text, now = program.city.texts.text, program.clock.now()
    lines = [
        ("demo.resident_new", "", "/"),
        ("demo.resident", "李阿姨", "/"),
        ("demo.grid", "王师傅", "/room/grid:yinxing-01"),
        ("demo.grid", "小刘", "/room/grid:yinxing-01"),
        ("demo.desk", "刘书记", "/room/desk:yinxing"),
        ("demo.department", "城管小孙", "/room/dept:urban"),
        ("demo.street", "街道老周", "/room/desk"),
        ("demo.member", "赵老师", "/"),
        ("demo.wall", "", "/wall"),
    ]
    doors = [("demo.office", "刘书记", "desk"), ("demo.cockpit", "街道老周", "cockpit")]
    typer.echo(text("demo.ready", now, street=program.city.street.name))
    for key, name, path in lines:
        link = await demo.link(name, path) if name else path
        typer.echo(f"  {text(key, now, name=name)}  {base}{link}")
    for key, name, goal in doors:
        typer.echo(f"  {text(key, now, name=name)}  {base}{await demo.door(name, goal)}")
    typer.echo(text("demo.hint", now))
