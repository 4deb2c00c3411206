"""A town with its web desk for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.office.desk import DeskTown


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskTown]:
    async with DeskTown.open(tmp_path) as opened:
        yield opened
