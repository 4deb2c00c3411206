"""Figurative deaths say how somebody feels; real ones are emergencies. Sentences of our own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.exclamations import without_exclamations
from nlp.reader import Reader

ALONE = (
    *("烦死了", "烦死人了", "麻烦死了", "气死我了", "气死个人", "气个半死", "气得要死", "累死了", "累得要命", "热死了"),
    *("热死人了", "冻死我了", "冻死了冻死了", "笑死", "笑死我了", "急死人", "急死了", "饿死了", "饿死我了", "渴死了"),
    *(
        "吓死了",
        "吓死宝宝了",
        "痒死了",
        "烦透了",
        "无聊死了",
        "羡慕死了",
        "真的烦死了",
        "哎呀烦死了",
        "快气死了",
        "我快累死了",
    ),
)
NAMING = (
    ("楼上天天吵死了，半夜还拖椅子", "environment.pollution.noise"),
    ("广场舞吵死人了，能不能管管", "environment.pollution.noise"),
    ("垃圾桶臭死了，没人来收", "environment.waste.household"),
    ("油烟呛死了，楼下烧烤店", "environment.pollution.fumes"),
    ("下水道堵死了，污水都冒出来了", "environment.pollution.sewage"),
    ("路口堵死了，车都乱停", "facility.road.parking"),
    ("电梯里热死了，空调坏了好几天", "facility.building.elevator"),
    ("电梯坏了三天，爬楼累死了", "facility.building.elevator"),
    ("蚊子多得痒死了，草丛没人打药", "environment.appearance.greening"),
    ("物业天天催费，烦死了", "facility.property.fee"),
    ("路灯不亮，走夜路吓死我了", "facility.road.streetlight"),
    ("孩子放学没人接，急死我了", "care.family.child"),
    ("停水一天了，渴死了", "facility.supply.water"),
    ("小区的树快死了，老人都心疼", "environment.appearance.greening"),
)
REAL = (
    ("有人要寻死", "suicide"),
    ("他说不想活了", "suicide"),
    ("我儿子说要去死，刚出门了", "suicide"),
    ("老人死在家里没人知道", "injury"),
    ("楼上老太太好几天没出门，怕是死在家里了", "injury"),
    ("我妈晕倒了快死了", "injury"),
    ("有个人冻死在桥下", "injury"),
    ("狗把人咬死了", "injury"),
    ("煤气中毒快死了", "gas"),
    ("隔壁男的要打死他老婆", "violence"),
    ("他拿着刀说要砍死我", "violence"),
    ("孩子掉水里快淹死了", "drowning"),
)
NONE_NOW = (
    *(
        "去年有人要寻死，幸好被拉住了",
        "三年前他说过要砍死我，能告他吗",
        "万一煤气中毒快死了怎么办",
        "听说前年有老人死在家里，希望社区多走访",
    ),
    *("花草快死了没人浇水", "打死我也不去", "老鼠死在车库里，老人闻不得这个味", "这狗早晚咬死人", "恨不得砍死这些蚊子"),
    *("气死我了没人管", "烦死了你们管不管", "想死你们了"),
)


@pytest.mark.parametrize("text", ALONE)
def test_an_exclamation_alone_is_about_nothing(reader: Reader, text: str) -> None:
    found = reader.read(text)
    assert (found.item, found.intent, found.urgent) == (None, "smalltalk", False)
    assert found.topic != "care.family.elderly"
    assert all(item != "care.family.elderly" or share < 0.1 for item, share in found.alternatives)


@pytest.mark.parametrize(("text", "item"), NAMING)
def test_a_complaint_is_about_what_it_names(reader: Reader, text: str, item: str) -> None:
    found = reader.read(text)
    assert (found.item, found.urgent) == (item, False)
    assert found.confidence > 0.6


@pytest.mark.parametrize(("text", "danger"), REAL)
def test_a_real_death_is_an_emergency(reader: Reader, text: str, danger: str) -> None:
    found = reader.read(text)
    assert (found.urgent, found.danger, found.intent) == (True, danger, "request")


@pytest.mark.parametrize("text", NONE_NOW)
def test_nobody_dies_now(reader: Reader, text: str) -> None:
    assert not reader.read(text).urgent


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("烦死了，路灯坏了", "___，路灯坏了"),
        ("楼下吵死人了", "楼下吵死__"),
        ("菜难吃死了", "菜难吃__"),
        ("热得要命，电也停了", "____，电也停了"),
        ("煤气死活打不着", "煤气死活打不着"),
        ("老人快饿死了", "老人快饿死了"),
        ("他快冻死了", "他快冻死了"),
        ("我妈都饿死了三天了", "我妈都饿死了三天了"),
        ("冻死在路边", "冻死在路边"),
        ("死了算了", "死了算了"),
    ],
)
def test_what_is_left_of_a_text(text: str, left: str) -> None:
    assert without_exclamations(text) == left


@given(st.text(alphabet="烦气热吵死了得要命我人老，煤个半透", max_size=30))
def test_nothing_moves_and_nothing_is_added(text: str) -> None:
    left = without_exclamations(text)
    assert len(left) == len(text)
    assert all(mine in ("_", theirs) for mine, theirs in zip(left, text, strict=True))
    assert without_exclamations(left) == left
