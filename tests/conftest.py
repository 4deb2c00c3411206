"""For every test: logs go plainly to stderr as it is at that moment, so that no test writes to another's closed stream.

Property tests are judged by what they find, never by how fast this machine happens to be. They try the same examples each
time, so that nobody's work is refused for what another's has left to be found; LINLI_TEST_CHANCE=1 tries new ones.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

settings.register_profile(
    "linli",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("LINLI_TEST_CHANCE") != "1",
)
settings.load_profile("linli")

for name in [name for name in os.environ if name.startswith("LINLI_") and not name.startswith("LINLI_TEST_")]:
    del os.environ[name]  # settings go before the file: nobody's database is what a test restores into
for name in ("NO_PROXY", "no_proxy"):  # servers of the tests are on this machine, whatever proxy it uses
    os.environ[name] = "127.0.0.1,localhost,::1"


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    yield
    structlog.reset_defaults()
