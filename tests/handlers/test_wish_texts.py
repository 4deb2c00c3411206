"""Everything a wish can say exists: each state, each reason with its kind words, each side of the relay."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from handlers import adopt, wall, wish, wish_talk
from handlers.wish_desk import REASONS
from handlers.wish_words import is_public
from workflow.wish import WishState

TEXTS = Path(__file__).parents[2] / "bot" / "texts" / "zh_cn"
HANDLERS = Path(__file__).parents[2] / "handlers"


def _texts(name: str) -> dict[str, str]:
    return {f"{name}.{k}": v for k, v in tomllib.loads((TEXTS / f"{name}.toml").read_text(encoding="utf-8")).items()}


ALL = {**_texts("wish"), **_texts("adopt"), **_texts("wall")}


@pytest.mark.parametrize("state", list(WishState))
def test_every_state_has_words(state: WishState) -> None:
    assert f"wish.state_{state.value}" in ALL


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_a_label_and_kind_words(reason: str) -> None:
    assert len(ALL[f"wish.reason_{reason}"]) <= 10
    assert ALL[f"wish.kindly_{reason}"]


def test_every_key_the_code_names_exists() -> None:
    code = "".join(p.read_text(encoding="utf-8") for p in [*HANDLERS.glob("wish*.py"), HANDLERS / "adopt.py"])
    code += (HANDLERS / "wall.py").read_text(encoding="utf-8")
    spoken = re.findall(r'(?:\.text|\.say|\.toast|\.button|answer)\(\s*(?:turn,\s*)?"((?:wish|adopt|wall)\.\w+)"', code)
    spoken += re.findall(r'\.tell(?:_queue)?\(\s*[\w. ]+,\s*"((?:wish|adopt|wall)\.\w+)"', code)
    assert len(set(spoken)) > 80
    assert [key for key in spoken if key not in ALL] == []


def test_every_button_has_a_handler() -> None:
    code = "".join(p.read_text(encoding="utf-8") for p in [*HANDLERS.glob("wish*.py"), HANDLERS / "adopt.py"])
    code += (HANDLERS / "wall.py").read_text(encoding="utf-8")
    pressed = re.findall(r'button\([^)]*?"(?:wish|adopt|wall)\.button_\w+",\s*"((?:wish|adopt|wall)\.\w+)"', code)
    known = {*wish.PRESSES, *wish_talk.PRESSES, *adopt.PRESSES, *wall.PRESSES}
    assert len(set(pressed)) > 10
    assert [action for action in pressed if action not in known] == []


def test_commands_never_catch_a_sentence() -> None:
    commands = [pattern for module in (wish, adopt, wall) for pattern, _ in module.COMMANDS]
    for said in (
        "我的心愿是有辆自行车",
        "心愿墙上那个轮椅还在吗",
        "放弃治疗了",
        "捎话给社区，楼道灯坏了",
        "我认领了一个心愿怎么办",
        "上墙刷漆 3 号楼",
        "心愿 轮椅",
        "认领",
        "婉拒了三次",
    ):
        assert not any(pattern.fullmatch(said) for pattern in commands), said


@pytest.mark.parametrize("text", ["想要一辆轮椅，旧的也行", "想请人陪我下象棋"])
def test_plain_wishes_are_public(text: str) -> None:
    assert is_public(text)
