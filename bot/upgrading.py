"""What the console says while a database with many records is brought to a newer schema; the steps are `storage.migrate`'s."""

from __future__ import annotations

import time

import structlog

from storage.migrate import Step

log = structlog.get_logger()
EVERY = 5.0
"""Seconds between two lines about the same step: a start that takes minutes shows that it is at work."""


class Console:
    """Hears of an upgrade and writes a line for each step, and of a long one where it is."""

    def __init__(self, every: float = EVERY) -> None:
        self._every = every
        self._step, self._said_at = "", 0.0

    def __call__(self, step: Step) -> None:
        """Writes the line, unless the last one about this step is not old enough."""
        now = time.monotonic()
        if step.revision == self._step and now - self._said_at < self._every:
            return
        self._step, self._said_at = step.revision, now
        log.info("storage.upgrading", target=step.revision, name=step.title, rows=step.rows, steps_left=step.left)
