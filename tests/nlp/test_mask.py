"""Masking: what identifies a person disappears, what a worker needs stays."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.mask import find_phone, mask, mask_name, mask_phone, without_room


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13900001234", "电话139****1234"),
        ("电话 139 0000 1234", "电话 139****1234"),
        ("１３９-００００-１２３４", "139****1234"),
        ("+86 13900001234", "139****1234"),
        ("一三九零零零零一二三四", "139****1234"),
        ("座机021-55556666", "座机021-****6666"),
        ("身份证110101199003074518办好", "身份证110***********4518办好"),
        ("卡号6222020200112230088", "卡号6222 **** **** 0088"),
        ("沪A12345挡路", "沪A***45挡路"),
        ("3栋2单元401漏水", "3栋2单元***漏水"),
        ("三栋二单元四零一室", "三栋二单元***室"),
        ("12-2-401", "12-2-***"),
        ("我叫张建国，楼道灯坏", "我叫张**，楼道灯坏"),
        ("我是王小明。", "我是王**。"),
        ("李阿姨摔了", "李阿姨摔了"),
        ("找李桂英阿姨", "找李**阿姨"),
    ],
)
def test_mask(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "楼道灯坏了三天",
        "我是业主",
        "健民路120号",
        "我是高兴的",
        "充了3000块钱不退",
        "2026年11月21日",
        "一共1200元",
        "我叫师傅来修",
    ],
)
def test_mask_leaves_ordinary_text(text: str) -> None:
    assert mask(text) == text


def test_mask_phone_and_name() -> None:
    assert mask_phone("139 0000 1234") == "139****1234"
    assert mask_phone("55556666") == "****6666"
    assert mask_phone("") == "****"
    assert mask_name("李桂英") == "李**"
    assert mask_name("欧阳修") == "欧阳*"
    assert mask_name("李阿姨") == "李阿姨"
    assert mask_name("") == ""


def test_find_phone() -> None:
    assert find_phone("打我 139-0000-1234 谢谢") == "13900001234"
    assert find_phone("座机 (021)5555 6666") == "021-55556666"
    assert find_phone("12-2-401 没水") is None


def test_without_room() -> None:
    assert without_room("3栋2单元401室漏水") == "3栋2单元漏水"
    assert without_room("银杏苑12-2-401") == "银杏苑12-2"


@given(st.text(max_size=80))
@settings(deadline=None, max_examples=200)
def test_masking_twice_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", "电话", "我的手机号是", "打"]))
@settings(deadline=None)
def test_no_mobile_survives(phone: str, before: str) -> None:
    assert phone not in mask(f"{before}{phone}，楼道灯坏了")
    assert find_phone(f"{before}{phone}，楼道灯坏了") == phone
