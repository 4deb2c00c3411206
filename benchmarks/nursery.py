"""Processes of the program that start at once: each is forked from one that has imported everything and does nothing else.

They are processes like any other: killed with -9, stopped with SIGTERM, with connections and a log of their own.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from bot import cli, files, posters, program, serve, teach
from bot.catalogue import SHIPPED_STREET, build_city

_LOADED = (files, posters, program, serve, teach)
"""What the commands load when they need it."""


class Grown:
    """One started process."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._nursery = nursery

    def send_signal(self, number: int) -> None:
        """To this process alone."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def ended(self) -> bool:
        """Whether it has ended; its return code is known then, negative for a signal."""
        if self.returncode is None:
            self.returncode = (await self._nursery.ask({"ended": self.pid}))["code"]
        return self.returncode is not None

    async def wait(self) -> int:
        """Returns when it has ended."""
        while not await self.ended():  # noqa: ASYNC110 - only the one it comes from is told
            await asyncio.sleep(0.01)
        return self.returncode or 0


class Nursery:
    """Opened when the first process is asked for. Closing it kills what is left of its processes."""

    def __init__(self) -> None:
        self._mother: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def start(self, arguments: Sequence[str], env: Mapping[str, str], log: Path) -> Grown:
        """`linli` with these arguments and this environment beside the present one; what it prints is added to the log."""
        told = await self.ask({"arguments": list(arguments), "env": dict(env), "log": str(log)})
        return Grown(self, int(told["pid"]))

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """One line there, one line back. Raises RuntimeError when nobody is there any more."""
        # whoever waits no longer would leave the answer to the next who asks
        return await asyncio.shield(asyncio.create_task(self._asked(question)))

    async def _asked(self, question: dict[str, Any]) -> dict[str, Any]:
        async with self._turn:
            mother = await self._opened()
            assert mother.stdin is not None and mother.stdout is not None  # noqa: PT018
            mother.stdin.write(json.dumps(question).encode() + b"\n")
            line = await mother.stdout.readline()
        if not line:
            raise RuntimeError("the nursery is closed")
        told: dict[str, Any] = json.loads(line)
        return told

    async def _opened(self) -> asyncio.subprocess.Process:
        if self._mother is None:
            pipe = asyncio.subprocess.PIPE
            self._mother = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "benchmarks.nursery", stdin=pipe, stdout=pipe
            )
        return self._mother

    async def close(self) -> None:
        if self._mother is not None and self._mother.stdin is not None:
            self._mother.stdin.close()
            await self._mother.wait()
            self._mother = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()


def main() -> None:
    """The process that all others are forked from. It never runs a loop or a thread of its own."""
    build_city(street_file=SHIPPED_STREET, taxonomy_file=None, channels={})  # what is read once is kept
    alive: set[int] = set()
    codes: dict[int, int] = {}
    for line in sys.stdin.buffer:
        question = json.loads(line)
        if "ended" in question:
            answer: dict[str, Any] = {"code": _code(question["ended"], alive, codes)}
        else:
            pid = os.fork()
            if pid == 0:
                _become(question)
            alive.add(pid)
            answer = {"pid": pid}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in alive:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _code(pid: int, alive: set[int], codes: dict[int, int]) -> int | None:
    """What a process ended with, as often as it is asked; None while it runs."""
    if pid in codes:
        return codes[pid]
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        return None
    alive.discard(pid)
    codes[pid] = os.waitstatus_to_exitcode(status)
    return codes[pid]


def _become(question: dict[str, Any]) -> None:
    """From here on this is `linli` with its arguments, and nothing but that. Does not return."""
    log = os.open(question["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.update(question["env"])
    code = 1
    try:
        cli.app(question["arguments"], prog_name="linli")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:  # whatever it is, it must not go back into the loop of the one we come from
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
