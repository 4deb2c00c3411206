"""Learning from labelled messages: right on what it has not seen, readable, the same every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp.labels import LabelError, read_labels
from nlp.learned_file import is_learned, lines_of, read_model
from nlp.learning import Labelled, TooFewLabels, fresh_shares, learn
from nlp.lexicon import LexiconError
from nlp.model import Stack
from nlp.segment import sentence

LAMPS = ["路灯不亮", "路灯坏了两天", "门口路灯又灭了", "那盏路灯一直闪", "路灯不亮好黑", "桥头路灯坏了"]
DOGS = ["狗没拴绳子", "有狗追人", "野狗咬了孩子", "遛狗不拴绳", "半夜狗叫", "狗在电梯里"]
WATER = ["停水一天了", "水压太小", "自来水发黄", "怎么又停水", "水管没水", "水很小洗不了澡"]
ROWS = [
    *(Labelled(text, "lamp") for text in LAMPS),
    *(Labelled(text, "dog") for text in DOGS),
    *(Labelled(text, "water") for text in WATER),
]
TARGETS = ("dog", "lamp", "water")


def said(text: str, lines: list[str], folder: Path) -> str:
    path = folder / "learned.tsv"
    path.write_text("\n".join(lines), encoding="utf-8")
    model = read_model(path)
    scores = Stack([model]).read(sentence(text)).scores(0)
    return model.targets[int(scores.argmax())]


def test_what_was_learned_holds_for_new_sentences(tmp_path: Path) -> None:
    lines = list(lines_of(learn(ROWS, TARGETS)))
    for text, target in (("巷子里的路灯不亮", "lamp"), ("谁家的狗", "dog"), ("家里没水了", "water")):
        assert said(text, lines, tmp_path) == target


def test_the_same_labels_give_the_same_file() -> None:
    assert list(lines_of(learn(ROWS, TARGETS))) == list(lines_of(learn(ROWS, TARGETS)))


def test_the_file_is_read_back_as_it_was(tmp_path: Path) -> None:
    lines = list(lines_of(learn(ROWS, TARGETS, source="a test")))
    path = tmp_path / "learned.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert is_learned(path)
    again = read_model(path)
    assert again.source == "a test"
    assert list(lines_of(again)) == lines


def test_hand_written_evidence_decides_where_nothing_was_learned() -> None:
    hand = {"井盖不见了": {"dog": 9.0}}
    rows = [*ROWS, *(Labelled(f"犬{sign}", "dog") for sign in "甲乙丙丁")]
    model = learn(rows, TARGETS, lambda text: hand.get(text, {"dog": 6.0} if text.startswith("犬") else {}))
    assert model.trust > 0
    assert model.weigh(4.0) > model.weigh(1.0) > 0 > model.weigh(-1.0)


def test_evidence_is_words_of_the_text() -> None:
    model = learn(ROWS, TARGETS)
    reading = Stack([model]).read(sentence("桥头的路灯不亮了"))
    evidence = reading.evidence(0, "lamp")
    assert evidence[0][0] in "桥头的路灯不亮了"
    assert any("路灯" in word for word, _ in evidence)
    assert all(weight > 0 for _, weight in evidence)
    assert reading.evidence(0, "unknown") == []


def test_shares_come_from_models_that_did_not_see_the_message() -> None:
    shares = fresh_shares(ROWS, TARGETS)
    assert all(sum(share.values()) == pytest.approx(1) for share in shares)
    right = sum(max(share, key=share.__getitem__) == row.target for share, row in zip(shares, ROWS, strict=True))
    assert right >= 14


@pytest.mark.parametrize("rows", [[], ROWS[:6], [Labelled("甲", "lamp"), Labelled("乙", "dog")]])
def test_too_few_labels_are_refused(rows: list[Labelled]) -> None:
    with pytest.raises(TooFewLabels):
        learn(rows, TARGETS)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("not json", "line 2: not JSON"),
        ('{"item": "a"}', 'with a "text"'),
        ('{"text": "x", "item": 3}', '"item" must be words or null'),
        ('{"text": "x", "urgent": "yes"}', '"urgent" must be true or false'),
    ],
)
def test_a_bad_label_names_its_line(line: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"text": "好"}\n' + line, encoding="utf-8")
    with pytest.raises(LabelError, match=fault):
        read_labels([path])


@pytest.mark.parametrize("line", ["word\t灯", "chars\t灯\tx\tlamp=1", "word\t灯\t1.0\tunknown=2"])
def test_a_broken_lexicon_names_its_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "learned.tsv"
    path.write_text("\n".join([*list(lines_of(learn(ROWS, TARGETS)))[:8], line]), encoding="utf-8")
    with pytest.raises(LexiconError, match="learn it anew"):
        read_model(path)
