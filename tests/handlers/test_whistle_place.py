"""Where somebody checks in: positions of Chinese platforms are brought onto the map that everybody else uses."""

from __future__ import annotations

from handlers.messages import Geo
from handlers.whistle_chat import point_of


def test_a_position_of_a_chinese_platform_is_moved_and_another_is_not() -> None:
    theirs = point_of(Geo(lat=30.2767, lon=120.1595, system="gcj02"))
    browsers = point_of(Geo(lat=30.2767, lon=120.1595))
    assert browsers == (30.2767, 120.1595)
    assert 300 < ((theirs.lat - browsers.lat) ** 2 + (theirs.lon - browsers.lon) ** 2) ** 0.5 * 111_000 < 800
