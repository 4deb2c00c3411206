"""Places in the platforms' consoles: the doctors name them out of the texts, and every name there is used."""

from __future__ import annotations

import re

import pytest

from bot.console import places
from tests.project import source

DOCTORS = {"wechat": "bot/doctor_wechat.py", "wecom": "bot/wecom_doctor.py"}


@pytest.mark.parametrize("platform", sorted(DOCTORS))
def test_a_doctor_takes_names_of_the_console_from_the_texts(platform: str) -> None:
    code = (source.ROOT / DOCTORS[platform]).read_text(encoding="utf-8")
    assert not re.findall(r"[\u4e00-\u9fff]+", code)
    used = set(re.findall(r"""AT\[['"](\w+)['"]\]""", code))
    assert used == set(places(platform))
