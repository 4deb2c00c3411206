"""Messages as cards and texts: everything fits the platform, nothing a resident wrote becomes a link."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wecom import cards
from handlers.messages import Outgoing
from tests.bot.channels.wecom.conftest import WORDS, keyed
from tests.fakes.wecom import rules

CARD = """🔧 1042 楼道灯、门禁　【督办】
📍 银杏苑 3 幢 2 单元　李阿姨 139****1234
“楼道灯坏了好几天，我妈晚上不敢下楼”　📷 1
10:42 受理 · 11:42 前接单 · 24 日 10:42 前办结"""

words = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=600)
labels = st.lists(st.text(alphabet="接单退回详情 0123", min_size=1, max_size=40), min_size=1, max_size=26)


def test_a_claim_card() -> None:
    (card,) = cards.cards(keyed(CARD, "接单", "退回", "详情"), ["t1"])
    body = rules.check_card(card.body)
    assert body["main_title"] == {"title": "🔧 1042 楼道灯、门禁　【督办】"}
    assert body["quote_area"]["quote_text"] == "“楼道灯坏了好几天，我妈晚上不敢下楼”　📷 1"
    assert body["sub_title_text"].startswith("📍 银杏苑 3 幢 2 单元")
    assert [button["text"] for button in body["button_list"]] == ["接单", "退回", "详情"]
    assert not cards.apart_text(keyed(CARD, "接单")), "the card says it all"


def test_more_than_six_buttons_are_several_cards() -> None:
    out = keyed("接哪儿的单子？", *[f"第{n}网格" for n in range(9)])
    made = cards.cards(out, ["t1", "t2"])
    assert [len(card.body["button_list"]) for card in made] == [6, 3]
    assert cards.count_cards(out) == 2
    assert cards.count_cards(keyed("x", *"abcdefghijklmnopqrstuvwxyz")) == cards.MOST_CARDS


def test_labels_that_no_button_holds_stand_in_the_text_with_their_number() -> None:
    (card,) = cards.cards(keyed("是哪里的电梯？", "金色家园 5 幢（您上次说的）", "别的地方"), ["t"])
    assert card.body["sub_title_text"] == "1 金色家园 5 幢（您上次说的）"
    assert [button["text"][:2] for button in card.body["button_list"]] == ["1 ", "别的"]


def test_a_settled_card_asks_nothing() -> None:
    body = cards.settled_card(Outgoing(text="📁 1042 楼道灯　已销号\n📍 银杏苑"), WORDS)
    assert rules.check_card(body, update=True)["replace_text"] == "已处理"


@given(words, labels)
def test_every_card_is_one_the_platform_takes(text: str, some: list[str]) -> None:
    out = keyed(text, *some)
    tasks = cards.name_tasks(cards.count_cards(out))
    for card in cards.cards(out, tasks):
        rules.check_card(card.body)
        rules.check_card(cards.renewed(card), update=True)
    rules.check_card(cards.settled_card(out, WORDS), update=True)
    assert len(",".join(tasks)) <= 64, "the reference of a message has room for no more"


@given(words, st.integers(min_value=8, max_value=200))
def test_texts_are_cut_by_bytes_and_nothing_is_lost(text: str, limit: int) -> None:
    parts = cards.split_bytes(text, limit)
    assert all(0 < len(part.encode()) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_what_a_resident_wrote_is_no_link_and_no_mention() -> None:
    evil = '<a href="https://e.cn">领奖</a> [领奖](https://e.cn) <@all>'
    assert "<" not in evil.translate(cards.TEXTS)
    assert not set("<>[]") & set(evil.translate(cards.MARKDOWN))


def test_cards_are_named_anew_or_by_what_they_are_sent_for() -> None:
    assert cards.name_tasks(2, "out:1") == cards.name_tasks(2, "out:1")
    assert len({*cards.name_tasks(4, "out:1"), *cards.name_tasks(4, "out:2"), *cards.name_tasks(4)}) == 12
    for name in [*cards.name_tasks(4, "out:1"), *cards.name_tasks(4)]:
        assert rules.TASK.fullmatch(name)
    assert len(",".join(cards.name_tasks(cards.MOST_CARDS))) <= 64, "a reference holds them all"
