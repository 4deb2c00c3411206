"""The reader: intents, danger, menu words, matters, summaries, and that no text breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.lexicon import LexiconError
from nlp.reader import Findings, Item, Reader
from nlp.street import Street
from nlp.text import plain


@pytest.mark.parametrize(
    ("text", "intent", "item"),
    [
        ("银杏苑三栋二单元楼道灯坏了好几天，我妈晚上不敢下楼", "request", "facility.building.corridor"),
        ("老伴腿不行了想要个能推出去晒太阳的轮椅 旧的也行", "wish", "wish.wish.goods"),
        ("谁愿意周末陪我爸下下棋聊聊天", "wish", "wish.wish.service"),
        ("办居住证要带什么材料", "consult", "affairs.cert.household"),
        ("表扬一下网格员，热心又耐心", "praise", "opinion.supervise.praise"),
        ("提个建议，社区能不能多组织几场读书会", "suggest", "opinion.suggest.community"),
        ("上次报的路灯有结果了吗", "progress", None),
        ("你好", "smalltalk", None),
    ],
)
def test_intent_and_item(reader: Reader, text: str, intent: str, item: str | None) -> None:
    found = reader.read(text)
    assert (found.intent, found.item) == (intent, item)


@pytest.mark.parametrize("text", ["电梯又停了", "电梯怎么又停了", "电梯老停", "5幢电梯又停了，老人下不来"])
def test_a_lift_that_stands_still_is_no_power_cut(reader: Reader, text: str) -> None:
    found = reader.read(text)
    assert (found.item, found.confidence >= 0.6) == ("facility.building.elevator", True)


@pytest.mark.parametrize("text", ["又停电了", "整栋楼停电了电梯也停了"])
def test_a_power_cut_stays_one(reader: Reader, text: str) -> None:
    assert reader.read(text).item == "facility.supply.power"


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("一楼好大煤气味 金色家园7栋", "gas"),
        ("楼上着火了冒黑烟", "fire"),
        ("电线断了掉地上冒火花", "electric"),
        ("我被困在电梯里出不来", "trapped"),
        ("有人要跳楼快来", "suicide"),
        ("孩子掉河里了", "drowning"),
        ("我妈走丢了找不到人", "missing"),
        ("隔壁有人拿刀砍人", "violence"),
    ],
)
def test_urgent(reader: Reader, text: str, danger: str) -> None:
    found = reader.read(text)
    assert found.urgent
    assert found.danger == danger


@pytest.mark.parametrize(
    "text", ["去年这里着过火，后来修好了", "万一煤气泄漏怎么预防", "物业气死我了", "厨房装修吵死了", "消防演练几点开始"]
)
def test_not_urgent(reader: Reader, text: str) -> None:
    found = reader.read(text)
    assert not found.urgent
    assert found.danger is None


def test_progress_keeps_a_topic(reader: Reader) -> None:
    assert reader.read("上次报的路灯有结果了吗").topic == "facility.road.streetlight"


def test_evidence_and_alternatives(reader: Reader) -> None:
    found = reader.read("楼上漏水，墙都发霉了")
    assert 0 < found.confidence <= 1
    assert 2 <= len(found.alternatives) <= 3
    assert found.alternatives[0] == (found.item, found.confidence)
    assert [w for _, w in found.evidence] == sorted((w for _, w in found.evidence), reverse=True)


@pytest.mark.parametrize(
    ("text", "menu"),
    [
        ("我的诉求", "my_requests"),
        ("帮助", "help"),
        ("菜单。", "help"),
        ("心愿墙", "wall"),
        ("许个心愿", "wishes"),
        ("导出我的资料", "export"),
        ("删除我的资料", "erase"),
        ("算了", "cancel"),
        ("算了吧楼上又漏水了", None),
        ("楼道灯坏了", None),
    ],
)
def test_menu(reader: Reader, text: str, menu: str | None) -> None:
    assert reader.read(text).menu == menu


def test_wants_person(reader: Reader) -> None:
    assert reader.read("转人工").wants_person
    assert reader.read("能不能给我回个电话").wants_person
    assert not reader.read("电梯坏了").wants_person


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("楼道的灯泡坏了，谢谢", "request"),
        ("自行车棚顶棚破了，能修吗", "request"),
        ("我家门口的树倒了，能来处理吗", "request"),
        ("门口红绿灯不亮，没人管吗", "request"),
        ("在吗，想问问我们楼道灯坏了归你们管吗", "request"),
        ("请问楼道灯坏了找谁", "consult"),
        ("老年食堂开到几点啊，谢谢", "consult"),
        ("医保卡丢了怎么补，谢谢", "consult"),
        ("师傅修得真好，谢谢", "praise"),
        ("水管修好了，谢谢", "praise"),
        ("在吗 谢谢", "smalltalk"),
        ("您好，在吗", "smalltalk"),
    ],
)
def test_manners_change_nothing_of_what_is_wanted(reader: Reader, text: str, intent: str) -> None:
    assert reader.read(text).intent == intent


def test_summary(reader: Reader) -> None:
    found = reader.read("你好，我是银杏苑3栋2单元401的，楼道灯坏了好几天，电话13900001234")
    assert found.summary == "楼道灯坏了好几天"
    long = reader.read("路灯不亮" + "，天黑了看不清路" * 20)
    assert len(long.summary) <= 40
    assert long.summary.startswith("路灯不亮")


def test_two_matters(reader: Reader) -> None:
    found = reader.read("楼道灯坏了一个星期没人修。还有楼下垃圾桶满了没人收，臭得很。")
    assert len(found.matters) == 2
    assert "垃圾" in found.matters[1]
    assert reader.read("楼道灯坏了，晚上黑得很").matters == ()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("楼道灯坏了，还有门口垃圾桶满了没人倒", ("楼道灯坏了", "门口垃圾桶满了没人倒")),
        ("楼道灯坏了另外垃圾桶满了没人倒", ("楼道灯坏了", "垃圾桶满了没人倒")),
        ("楼道灯坏了 垃圾桶满了没人倒", ("楼道灯坏了", "垃圾桶满了没人倒")),
        ("1、路灯不亮 2、下水道堵了", ("路灯不亮", "下水道堵了")),
        ("两件事：一是电梯老坏，二是广场舞吵到十点多", ("两件事：一是电梯老坏", "广场舞吵到十点多")),
        ("楼道灯坏了，垃圾桶满了没人倒，是不是没人管", ("楼道灯坏了", "垃圾桶满了没人倒，是不是没人管")),
        ("路灯不亮，还有人遛狗不牵绳", ("路灯不亮", "还有人遛狗不牵绳")),
        ("银杏苑3幢楼道灯坏了，楼下垃圾桶也满了", ("银杏苑3幢楼道灯坏了", "楼下垃圾桶也满了")),
        ("麻烦你们看下，我家停水了，对门还在装修吵死了", ("麻烦你们看下，我家停水了", "对门还在装修吵死了")),
    ],
)
def test_matters_are_told_apart_however_they_are_joined(reader: Reader, text: str, parts: tuple[str, ...]) -> None:
    assert reader.read(text).matters == parts


@pytest.mark.parametrize(
    "text",
    [
        "不是垃圾桶满了，是楼道灯坏了",
        "以为楼道灯坏了，原来是电闸跳了没有电",
        "楼道灯坏了还有没有人管啊，都一个星期了",
        "楼道灯坏了，楼道黑，老人下楼怕摔",
        "垃圾桶满了没人倒，苍蝇老鼠到处是，臭死了",
        "电梯坏了，12楼的老人下不来",
    ],
)
def test_one_matter_with_all_that_follows_from_it_stays_one(reader: Reader, text: str) -> None:
    assert reader.read(text).matters == ()


@given(st.text(alphabet="楼道灯坏了垃圾桶满还有另外停水，。 12、", max_size=60))
def test_the_parts_are_the_text(reader: Reader, text: str) -> None:
    parts = reader.read(text).matters
    assert len(parts) != 1
    rest = plain(text)
    for part in parts:
        assert part in rest
        rest = rest.split(part, 1)[1]


@pytest.mark.parametrize(
    "text", ["", " ", "😀😀", "。。。", "\x00\x07", "啊" * 10_000, "13900001234", "[图片]", "\u202e灯坏了"]
)
def test_odd_texts(reader: Reader, text: str) -> None:
    assert isinstance(reader.read(text), Findings)


@given(st.text(max_size=200))
@settings(deadline=None, max_examples=200)
def test_any_text(reader: Reader, text: str) -> None:
    found = reader.read(text)
    assert found == reader.read(text)
    assert len(found.summary) <= 40
    assert 0 <= found.confidence <= 1
    assert (found.danger is not None) == found.urgent


def test_any_taxonomy_by_its_names(street: Street, tmp_path: Path) -> None:
    items = [
        Item("a.b.bees", "养蜂与蜂蜜", "a.b", "蜂", "a", "农事"),
        Item("a.b.tea", "茶叶", "a.b", "茶", "a", "农事"),
    ]
    assert Reader(items, street).read("我家茶叶生虫了").item == "a.b.tea"
    extra = tmp_path / "extra.tsv"
    extra.write_text("嗡嗡\ta.b.bees\t5\t嗡嗡叫\n", encoding="utf-8")
    assert Reader(items, street, extra).read("院子里嗡嗡的").item == "a.b.bees"
    extra.write_text("嗡嗡 a.b.bees\n", encoding="utf-8")
    with pytest.raises(LexiconError, match="line 1"):
        Reader(items, street, extra)


def test_a_danger_told_at_the_end_of_a_long_story_is_heard(reader: Reader) -> None:
    story = (
        "我在这个小区住了二十多年了，平时大家和和气气，楼长人也好，过年过节还给我们送饺子，孩子们在外地上班，家里就我和老伴，"
        "今天本来是想说说楼下晾衣服的事，"
    )
    assert not reader.read(f"{story}绳子不够用，能不能多拉两根").urgent
    findings = reader.read(f"{story}可是刚才对门的老周倒在楼道里了，怎么喊都没反应，嘴唇都紫了")
    assert findings.urgent
    assert findings.intent == "request"


def test_half_a_thought_is_read_with_less_certainty(reader: Reader) -> None:
    assert reader.read("三百度的").confidence < 0.7
    assert reader.read("路灯坏了").confidence > 0.7


@pytest.mark.parametrize("place", ["", "银杏苑3幢 ", "翠湖苑，"])
def test_the_name_of_a_kind_alone_is_that_kind(reader: Reader, place: str) -> None:
    """As people know it from posters and hotline menus: "电梯故障" was taken for a fire hydrant."""
    for item in reader.items.values():
        found = reader.read(f"{place}{item.name}！")
        assert (found.item, found.confidence) == (item.id, 1.0), item.name
        meant = {"affairs": "consult", "wish": "wish"}.get(item.id.split(".")[0], "request")
        if not item.id.startswith("opinion."):
            assert found.intent == meant, item.name
