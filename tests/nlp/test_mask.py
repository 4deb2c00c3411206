"""Masking: what identifies a person disappears, what a worker needs stays."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.mask import _ROOMS, find_phone, mask, mask_name, mask_phone, without_room


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
        ("李阿姨摔了", "李**摔了"),
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


@given(st.text(alphabet="3栋2单元四零一室401-—号楼层住在隔壁 x", max_size=24))
def test_without_room_looks_where_rooms_may_be_only(text: str) -> None:
    cut = text
    for pattern in _ROOMS:
        cut = pattern.sub(lambda m: re.sub(r"[\s，,的\-—–/]+$", "", m["head"]), cut)
    assert without_room(text) == cut


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


@pytest.mark.parametrize(
    "text",
    [
        "139.0000.1234", "139，0000，1234", "139(0000)1234", "139_0000_1234", "1 3 9 0 0 0 0 1 2 3 4", "139·0000·1234",
        "139—0000—1234", "+86-139-0000-1234", "8613900001234", "幺三九 零零零零 幺二三四", "一三九0000一二三四",
        "周一13900001234", "１３９ ００００ １２３４", "139\u200b0000\u200b1234",
    ],
)  # fmt: skip
def test_hostile_phones(text: str) -> None:
    shown = mask(f"找我 {text} 谢谢")
    assert "139****1234" in shown
    assert "0000" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "11010119900307451X", "110101 19900307 451x", "110101-19900307-451X", "１１０１０１１９９００３０７４５１Ｘ",
        "1 1 0 1 0 1 1 9 9 0 0 3 0 7 4 5 1 8", "一一零一零一一九九零零三零七四五一八",
    ],
)  # fmt: skip
def test_hostile_identity_numbers(text: str) -> None:
    assert "110***********451" in mask(f"身份证{text}，补办")


@pytest.mark.parametrize(
    "text", ["沪AD12345", "沪 A D12345", "沪A·D12345", "沪A-D1 2345", "沪ad12345", "沪ＡＤ１２３４５"]
)
def test_hostile_plates(text: str) -> None:
    shown = mask(f"{text}堵了门")
    assert shown.endswith("***45堵了门")
    assert "123" not in shown


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("张师傅修好了", "张**修好了"),
        ("王主任您好", "王**您好"),
        ("楼上刘伯摔了", "楼上刘**摔了"),
        ("欧阳老师家", "欧阳**家"),
        ("找李桂英阿姨", "找李**阿姨"),
        ("401室漏水", "***室漏水"),
        ("四零一漏水", "***漏水"),
        ("四零一室漏水", "***室漏水"),
        ("12—2—401漏水", "12—2—***漏水"),
        ("十二杠二杠四零一", "十二杠二杠***"),
        ("12号302室", "12号***室"),
        ("C-1203漏水", "C-***漏水"),
        ("楼上601天天漏水", "楼上***天天漏水"),
    ],
)
def test_names_and_rooms(text: str, masked: str) -> None:
    assert mask(text) == masked


OCCUPATIONS = (
    *("环卫", "保安", "门卫", "快递", "外卖", "物业", "物管", "网格", "电工", "水电", "维修", "施工"),
    *("五金", "制冷", "班主任", "居委会主任", "支部书记", "石匠", "园丁", "包工头", "纪委", "武警", "景区", "历史"),
    *("体育", "游泳", "高级", "儿童", "旅游大巴", "收费", "宿管", "五号楼", "上周", "谢谢", "麻烦"),
)
TITLES = ("师傅", "老师", "经理", "阿姨", "大爷", "医生", "同志", "大姐", "队长")


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("occupation", OCCUPATIONS)
def test_an_occupation_is_no_name_and_hides_none(occupation: str, title: str) -> None:
    assert mask(f"{occupation}{title}来过了") == f"{occupation}{title}来过了"
    for family in ("王", "欧阳", "方", "安"):
        assert mask(f"{occupation}{family}{title}来过了") == f"{occupation}{family}**来过了"
    assert mask(f"找{occupation}张建国{title}") == f"找{occupation}张**{title}"


@pytest.mark.parametrize(
    "occupation",
    ["环卫师傅", "保安师傅", "快递师傅", "物业经理", "网格员老师", "管道师傅", "感谢师傅", "谢谢阿姨", "多少钱师傅"],
)
def test_occupations_with_their_title_stay(occupation: str) -> None:
    assert mask(occupation) == occupation


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("感谢谢师傅", "感谢谢**"),
        ("谢谢谢师傅", "谢谢谢**"),
        ("上周周师傅来的", "上周周**来的"),
        ("主任任老师", "主任任**"),
        ("找方师傅修管道", "找方**修管道"),
        ("给钱师傅打电话", "给钱**打电话"),
        ("请安医生看看", "请安**看看"),
        ("王师傅和李经理、张建国老师", "王**和李**、张**老师"),
        ("保安王师傅门卫刘大爷", "保安王**门卫刘**"),
        ("康师傅牛肉面是康师傅送的", "康**牛肉面是康**送的"),
    ],
)
def test_a_name_before_a_title_is_found_wherever_it_stands(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "打12345没人接", "打110和119", "一共1200元", "50-100块", "单号1042", "健民路1-119号", "2026-11-21", "二零二六年",
        "二零零八年建的", "三零一医院", "1、3、5、7、9、11、13、15栋都没水", "100多人", "200平米", "10-20分钟", "20路公交",
        "一二三四五六七", "一百零二号", "保安师傅来了", "施工师傅", "门卫大爷", "党支部书记", "社区主任", "项目经理", "老师傅",
        "对方师傅", "房东阿姨", "大哥大姐", "祝老师好", "1.8涨到2.6", "3天了", "充电桩220伏",
    ],
)  # fmt: skip
def test_no_false_alarm(text: str) -> None:
    assert mask(text) == text


DIGITS = "零一二三四五六七八九"
SEPARATORS = st.sampled_from(["", " ", "-", "—", ".", "·", "_", "  "])


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), SEPARATORS, st.data())
@settings(deadline=None)
def test_no_mobile_survives_however_it_is_written(phone: str, between: str, data: st.DataObject) -> None:
    written = between.join(data.draw(st.sampled_from([c, DIGITS[int(c)], chr(0xFF10 + int(c))])) for c in phone)
    assert f"{phone[:3]}****{phone[-4:]}" in mask(f"电话：{written}。")


@given(st.dates(min_value=date(1930, 1, 1), max_value=date(2020, 12, 31)), st.integers(0, 999), SEPARATORS)
@settings(deadline=None)
def test_no_identity_number_survives(born: date, serial: int, between: str) -> None:
    written = between.join(("310101", f"{born:%Y%m%d}", f"{serial:03d}X"))
    shown = mask(f"身份证 {written} 。")
    assert written not in shown
    assert f"{born:%Y%m%d}" not in shown


@given(st.integers(1, 30), st.integers(1, 4), st.integers(1, 30), st.integers(1, 9), st.sampled_from(
    ["{}栋{}单元{}室", "{}-{}-{}", "{}号楼{}单元{}", "{}幢{}门{}", "{}#{}单元{}"]
))  # fmt: skip
@settings(deadline=None)
def test_no_room_survives(building: int, unit: int, floor: int, door: int, way: str) -> None:
    room = f"{floor}{door:02d}"
    shown = mask(f"银杏苑{way.format(building, unit, room)}漏水")
    assert room not in shown.replace(str(building), "", 1)
    assert "***" in shown


@given(st.text(alphabet="139零一二三四幺0 -—.室栋单元号楼沪AX张李师傅阿姨，电话", max_size=60))
@settings(deadline=None, max_examples=300)
def test_masking_hostile_mixtures_twice_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)
