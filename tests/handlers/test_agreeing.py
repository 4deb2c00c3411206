"""Asking a resident to agree to be told later: only where the channel has a page for it, and only while it is wanted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from handlers import turn
from storage import windows
from storage.windows import Who
from tests.handlers.resident_steps import LAMP, WHO, filed
from tests.town import WITHOUT_BUTTONS, Town

PAGE = "https://linli.test/agree"
FORGETS = WITHOUT_BUTTONS.model_copy(update={"agree_link": PAGE, "agree_forms": ("a", "b")})


@asynccontextmanager
async def forgetful(folder: Path) -> AsyncIterator[Town]:
    """A town on a channel that lets us write only for some days."""
    async with Town.open(folder, buttons=False) as town:
        town.city = replace(town.city, channels={"test": FORGETS})
        yield town


async def test_the_page_is_named_when_a_matter_is_filed(tmp_path: Path) -> None:
    async with forgetful(tmp_path) as town:
        await town.says(WHO, LAMP)
        assert PAGE not in "".join(text for text, _ in town.screen(WHO))
        await town.says(WHO, "1")
        assert PAGE in town.last(WHO)
        assert sum(PAGE in text for text, _ in town.screen(WHO)) == 1


async def test_who_has_agreed_to_everything_is_not_asked(tmp_path: Path) -> None:
    async with forgetful(tmp_path) as town:
        who = Who("test", "", WHO)
        for form, asked in (("a", True), ("b", False)):
            await town.store.run(lambda tx, form=form: windows.agree(tx, who, form, town.now))
            before = len(town.screen(WHO))
            await town.says(WHO, f"{LAMP}，{form}单元也是")
            await town.says(WHO, "1")
            said = "".join(text for text, _ in town.screen(WHO)[before:])
            assert (PAGE in said) is asked, form


async def test_where_people_can_always_be_reached_nobody_is_asked(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        assert "允许" not in "".join(text for text, _ in town.screen(WHO))


@pytest.mark.parametrize(("label", "most"), [("接单", 64), ("银杏苑" * 40, 64), ("🏮" * 20, 30), ("a" * 65, 64)])
def test_a_label_is_cut_between_characters(label: str, most: int) -> None:
    cut = turn._fitting(label, most)
    assert len(cut.encode()) <= most
    assert cut == label or (cut.endswith("…") and label.startswith(cut[:-1]))
    assert len(cut.encode()) > most - 8 or cut == label
