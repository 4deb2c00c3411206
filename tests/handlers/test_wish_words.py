"""What may stand on the wall and what may be passed on, against hostile writing."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handlers.wish_words import MAX_WALL, for_relay, for_wall, is_public

PHONES = [
    "13900006691",
    "139 0000 6691",
    "139-0000-6691",
    "139.0000.6691",
    "139，0000，6691",
    "１３９００００６６９１",
    "一三九零零零零六六九一",
    "幺三九 零零零零 六六九一",
    "139一0000一6691",
    "①③⑨⓪⓪⓪⓪⑥⑥⑨①",
    "1️⃣3️⃣9️⃣0️⃣0️⃣0️⃣0️⃣6️⃣6️⃣9️⃣1️⃣",
    "+86 139 0000 6691",
    "1 3 9-0000。6691",
    "一三九 o o o o 六六九一",
    "139/0000/6691",
    "139_0000_6691",
    "139\n0000\n6691",
]


@pytest.mark.parametrize("phone", PHONES)
def test_no_spelling_of_a_phone_reaches_the_wall(phone: str) -> None:
    shown = for_wall(f"想要一辆轮椅，打 {phone} 找我，旧的也行")
    assert "6691" not in shown
    assert "六六九一" not in shown
    assert shown.startswith("想要一辆轮椅")
    assert shown.endswith("旧的也行")
    assert is_public(shown)


@pytest.mark.parametrize("phone", PHONES)
def test_no_spelling_of_a_phone_is_relayed_and_the_writer_is_told(phone: str) -> None:
    shown, hidden = for_relay(f"您打我电话 {phone} 吧")
    assert hidden
    assert "6691" not in shown
    assert "六六九一" not in shown
    assert "您打我电话" in shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("剪个头，东苑13-502，我中风出不了门", "剪个头，东苑，我中风出不了门"),
        ("银杏苑三栋二单元四零一，想要台灯", "银杏苑，想要台灯"),
        ("2单元101，哪个小伙子来拧一下", "哪个小伙子来拧一下"),
        ("住银杏苑10号，想听戏", "住银杏苑，想听戏"),
        ("健民路20号门口，想要个凳子", "健民路门口，想要个凳子"),
        ("3栋的小胖喜欢拼图", "小胖喜欢拼图"),
        ("我家401室，灯不亮想换", "我家，灯不亮想换"),
        ("12楼1203，想要个花盆", "想要个花盆"),
        ("江湾西苑4-2-103，缺一张洗澡凳", "江湾西苑，缺一张洗澡凳"),
    ],
)
def test_homes_are_taken_out_down_to_the_estate(said: str, shown: str) -> None:
    assert for_wall(said) == shown
    assert is_public(shown)


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        ("我叫李桂英，想要个收音机", "桂英"),
        ("码头里吴奶奶想要一双棉鞋", "吴"),
        ("张建国 13900006691，想学下棋", "张"),
        ("微信 abc_12345 加我", "abc_12345"),
        ("加我wx：lucky888", "lucky888"),
        ("QQ 123456789", "123456789"),
        ("写信到 a.b@example.com", "example"),
        ("看 https://example.com/me", "example"),
        ("身份证320102195001011234", "1950"),
        ("车牌沪A12345，缺个坐垫", "12345"),
        ("座机021-55556666", "6666"),
    ],
)
def test_names_and_accounts_are_taken_out(said: str, gone: str) -> None:
    shown = for_wall(said)
    assert gone not in shown
    assert is_public(shown)


@pytest.mark.parametrize(
    "said",
    [
        "老伴腿不行了想要个能推出去晒太阳的轮椅，旧的也行",
        "一双38码防滑棉鞋",
        "老两口七十多，窗户三年没擦过",
        "我和奶奶一起住，想要一套《西游记》连环画",
        "后天我六十八，一个人过，有人来一块儿吃碗面不",
        "2026-11-20 过生日，想吃蛋糕",
        "有会的叔叔阿姨吗🙏我小学五年级",
        "下午三点二十五分到四点有空",
        "谁会修老式缝纫机？踩不动了",
    ],
)
def test_innocent_words_stay_as_they_are(said: str) -> None:
    assert for_wall(said) == said
    assert for_relay(said) == (said, False)


def test_amounts_are_not_taken_for_rooms_or_phones() -> None:
    assert for_wall("想要个1000-2000元的轮椅") == "想要个1000~2000元的轮椅"
    assert for_wall("100-200块的就行") == "100~200块的就行"


def test_a_relayed_word_may_say_where_to_bring_it() -> None:
    assert for_relay("送到银杏苑3栋2单元401就行") == ("送到银杏苑3栋2单元401就行", False)


def test_nothing_but_a_phone_is_not_public() -> None:
    assert not is_public("13900006691")
    assert not is_public("银杏苑3栋2单元401")
    assert not is_public("")


_pieces = st.sampled_from(
    [
        "想要",
        "轮椅",
        "401",
        "3栋",
        "2单元",
        "1390000",
        "6691",
        "六六九一",
        "，",
        " ",
        "-",
        "号",
        "室",
        "李",
        "奶奶",
        "微信",
        "*",
        "o",
    ]
)


@given(st.lists(_pieces, max_size=14).map("".join) | st.text(max_size=80))
@example("微信13900006691")
@example("***-401")
@example("401 ***-402室")
def test_the_wall_is_safe_and_stable_for_any_text(said: str) -> None:
    shown = for_wall(said)
    assert len(shown) <= MAX_WALL
    assert for_wall(shown) == shown
    assert not re.search(r"\d{7}", shown)
    assert not re.search(r"\d{3,4}室", shown)
