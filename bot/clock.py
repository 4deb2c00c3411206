"""The program's one clock. `speed` compresses time for demonstrations and tests; 1 is real time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time, or time that runs `speed` times as fast since `epoch`. The epoch is kept with the data.

    So a restart goes on where time stood, instead of starting over.
    """

    def __init__(self, speed: float = 1.0, epoch: datetime | None = None) -> None:
        if speed <= 0:
            raise ValueError("the clock cannot stand still or run backwards")
        self.speed = speed
        self._epoch = epoch or datetime.now(UTC)

    def now(self) -> datetime:
        """Aware UTC."""
        real = datetime.now(UTC)
        if self.speed == 1.0:
            return real
        return self._epoch + (real - self._epoch) * self.speed

    def span(self, seconds: float) -> timedelta:
        """A span of real seconds as this clock measures it."""
        return timedelta(seconds=seconds * self.speed)


class Backsteps:
    """Notices when a clock goes back; the monotonic one, which never does, says what it should show."""

    LEAST = 2.0
    """Real seconds; less is the ordinary correction of a clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen = (clock.now(), time.monotonic())

    def found(self) -> bool:
        """Whether it went back since the last question."""
        at, turned = self._seen
        self._seen = now, here = self._clock.now(), time.monotonic()
        return now < at + self._clock.span(here - turned - self.LEAST)
