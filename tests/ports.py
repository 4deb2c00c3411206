"""Ports for programs that choose none by themselves: nobody else gets one between its choice and its use.

The processes of one run that share the tests among them choose from different ports.

The system gives its ephemeral ports to whoever connects anywhere, at any moment, also while a server is down to be started
again on the same port. So these lie below them; a process of the tests never gives one twice.
"""

from __future__ import annotations

import os
import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
FIRST = 10_240
_given: set[int] = set()
_chance = random.Random(os.urandom(8))
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 16


def free_port() -> int:
    """A port of loopback at which nobody listens, and to which the system binds nobody by itself."""
    for _ in range(1000):
        port = _chance.randrange(FIRST // 16, _ephemeral() // 16) * 16 + _WORKER
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise RuntimeError(f"no port is free between {FIRST} and {_ephemeral()}")


def _ephemeral() -> int:
    """Where the ports begin that the system gives; where it gives nearly all of them, there is no better place."""
    try:
        first = int(_RANGE.read_text(encoding="ascii").split()[0])
    except OSError:
        first = 32_768
    return first if first > FIRST + 1000 else 60_000


def _is_free(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False
