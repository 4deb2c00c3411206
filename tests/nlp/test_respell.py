"""Words that somebody hit by their sound are read as the words they mean; what people do write stays as it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.reader import Reader
from nlp.respell import MOST, Respeller
from nlp.segment import sentence
from tests.nlp.conftest import HERE

WORDS = ["电梯", "井盖", "垃圾桶", "噪音", "漏电", "补贴", "煤气", "二楼"]


@pytest.fixture(scope="module")
def respeller() -> Respeller:
    return Respeller(WORDS)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("电剃又停了", "电梯又停了"),
        ("井该让人偷了", "井盖让人偷了"),
        ("垃极桶满了，造音还大", "垃圾桶满了，噪音还大"),
        ("小广搞没人铲", "小广告没人铲"),
        ("电梯坏了", "电梯坏了"),
        ("没气了，烧不了饭", "没气了，烧不了饭"),  # as people say it, though it sounds like 煤气
        ("也不贴个通知", "也不贴个通知"),  # 补贴 has a sound that stands anywhere
        ("住2楼", "住2楼"),
        ("水电梯级价", "水电梯级价"),
        ("", ""),
    ],
)
def test_the_word_that_is_meant(respeller: Respeller, said: str, meant: str) -> None:
    assert respeller.mend(sentence(said)) == meant


def test_a_long_text_stays_as_it_is(respeller: Respeller) -> None:
    assert respeller.mend(sentence("电剃坏了" + "，真急人" * 10)).startswith("电剃")
    assert len("电剃坏了" + "，真急人" * 10) > MOST


@given(st.text("电剃梯井该盖垃极圾桶造噪音漏店坏了 ，。2xX🙂", max_size=60))
def test_the_length_stays_and_what_was_put_right_is_right(respeller: Respeller, text: str) -> None:
    said = sentence(text)
    mended = respeller.mend(said)
    assert len(mended) == len(said.text)
    for start, word in respeller.slips(said):
        assert sum(a != b for a, b in zip(word, said.text[start:], strict=False)) == 1


@pytest.mark.parametrize(
    ("said", "item", "urgent"),
    [
        ("电剃又停了", "facility.building.elevator", False),
        ("亭水了", "facility.supply.water", False),
        ("社宝卡丢了去哪补", "affairs.security.social", False),
        ("业为会换届不公开", "facility.property.committee", False),
        ("造音太大了", "environment.pollution.noise", False),
        ("天燃气泄露了", "safety.utility.gas", True),
        ("煤汽味好重啊", "safety.utility.gas", True),
    ],
)
def test_it_is_read_as_it_was_meant(reader: Reader, said: str, item: str, urgent: bool) -> None:
    found = reader.read(said)
    assert (found.item, found.urgent) == (item, urgent)
    assert found.shown == said, "people are shown what they wrote"


def test_hardly_anything_that_people_wrote_rightly_is_changed(reader: Reader) -> None:
    """Of the 400 messages of another street only slips are put right."""
    texts = [
        json.loads(line)["text"] for line in (HERE / "messages-other.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    changed = {t for t in texts if reader._words_meant(sentence(t)).text != sentence(t).text}
    assert changed == {
        "从窗户甩根线下来给车冲电，铁路宿舍2栋，天天如此",
        "青禾家园15栋充电庄十个口坏了七个，剩三个抢破头",
    }
