"""The program's clock: real time as it is, fast time from a kept epoch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import Clock


def test_real_time_is_real() -> None:
    before = datetime.now(UTC)
    assert before <= Clock().now() <= datetime.now(UTC)


def test_fast_time_goes_on_from_its_epoch_after_a_restart() -> None:
    epoch = datetime.now(UTC) - timedelta(hours=1)
    first, second = Clock(24, epoch).now(), Clock(24, epoch).now()
    assert timedelta(hours=24) <= first - epoch <= second - epoch <= 24 * (datetime.now(UTC) - epoch)


def test_a_span_of_real_seconds_is_longer_on_a_fast_clock() -> None:
    assert Clock(60).span(2) == timedelta(minutes=2)


@pytest.mark.parametrize("speed", [0, -1])
def test_time_neither_stops_nor_runs_backwards(speed: float) -> None:
    with pytest.raises(ValueError):
        Clock(speed)
