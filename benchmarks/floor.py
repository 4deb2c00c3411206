"""What the machine can do at this very moment: a bare durable insert, alone and in groups, and a bare loop of Python.

    python -m benchmarks.floor

The machine is shared: figures of the program mean something beside these, taken in the same run.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path
from typing import NamedTuple


class Floor(NamedTuple):
    """Records a second, and milliseconds of processor for a million turns of a loop (about 25 on a quiet machine)."""

    alone: float
    grouped: float
    loop_ms: float

    def __str__(self) -> str:
        return (
            f"floor: bare durable inserts {self.alone:.0f}/s one commit each, {self.grouped:.0f}/s fifty a commit; "
            f"a million turns of a loop take {self.loop_ms:.0f} ms"
        )


def floor(folder: Path, seconds: float = 1.0) -> Floor:
    """Measured in this folder, on its disk."""
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, words TEXT)")
    alone, grouped = (_rate(connection, size, seconds) for size in (1, 50))
    connection.close()
    began = time.process_time()
    for _ in range(1_000_000):
        pass
    return Floor(alone, grouped, (time.process_time() - began) * 1000)


def _rate(connection: sqlite3.Connection, size: int, seconds: float) -> float:
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(size):
            connection.execute("INSERT INTO t (words) VALUES (?)", ("x" * 400,))
        connection.execute("COMMIT")
        count += size
    return count / (time.perf_counter() - began)


def main() -> None:
    """The command."""
    with tempfile.TemporaryDirectory(prefix="linli-floor-") as folder:
        print(floor(Path(folder)))


if __name__ == "__main__":
    main()
