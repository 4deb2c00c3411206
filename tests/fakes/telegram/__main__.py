"""Runs the server alone: `python -m tests.fakes.telegram --port N --token T`, controlled under /control."""

from __future__ import annotations

import argparse
import asyncio

from tests.fakes.telegram.control import routes
from tests.fakes.telegram.server import TOKEN, TelegramServer


async def run(port: int, token: str) -> None:
    server = TelegramServer(token, port=port)
    await server.open(routes(server))
    print(f"ready {server.base_url}", flush=True)  # noqa: T201 - the starter reads the address
    try:
        await asyncio.Event().wait()
    finally:
        await server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    given = parser.parse_args()
    asyncio.run(run(given.port, given.token))


if __name__ == "__main__":
    main()
