"""`linli learn` and `linli evaluate`: what they write, what they refuse, what they tell."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import teach
from bot.catalogue import SHIPPED_STREET
from bot.cli import app
from bot.teach import parted
from nlp.labels import correction
from nlp.learning import Labelled

TAXONOMY = """
[[departments]]
id = "any"
name = "综合"
[[categories]]
id = "things"
name = "东西"
[[categories.subcategories]]
id = "things.all"
name = "东西"
items = [
  { id = "things.all.lamp", name = "灯具", queue = "any", respond_minutes = 60, resolve_hours = 72 },
  { id = "things.all.dog", name = "犬只", queue = "any", respond_minutes = 60, resolve_hours = 72 },
]
"""
WHERE = ["门口", "桥头", "楼下", "巷子里", "广场", "学校旁", "河边", "车库", "后院", "路口", "菜场", "站台"]
LAMP = ["{}的灯不亮", "{}路灯坏了好几天", "{}黑得看不见，灯该换了", "{}那盏灯一直闪"]
DOG = ["{}的狗没拴绳", "{}有条野狗追人", "{}遛狗的不牵绳子", "{}大狗一直叫"]


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output


@pytest.fixture
def taxonomy(tmp_path: Path) -> Path:
    path = tmp_path / "taxonomy.toml"
    path.write_text(TAXONOMY, encoding="utf-8")
    return path


def labelled(path: Path, *, right: bool = True) -> Path:
    pairs = [
        (shape.format(where), item)
        for where in WHERE
        for shapes, item in ((LAMP, "lamp"), (DOG, "dog"))
        for shape in shapes
    ]
    other = {"lamp": "dog", "dog": "lamp"}
    lines = [{"text": text, "item": f"things.all.{item if right else other[item]}"} for text, item in pairs]
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    return path


def as_row(line: str) -> dict[str, str]:
    data = json.loads(line)
    return {"text": data["text"], "target": data["item"]}


def config(tmp_path: Path, taxonomy: Path, lexicon: Path | None = None) -> Path:
    path = tmp_path / "config.toml"
    more = f'lexicon = "{lexicon}"' if lexicon else ""
    path.write_text(f'[street]\nfile = "{SHIPPED_STREET}"\n[taxonomy]\nfile = "{taxonomy}"\n{more}\n', encoding="utf-8")
    return path


def test_a_lexicon_for_another_taxonomy_is_learned_and_used(tmp_path: Path, taxonomy: Path) -> None:
    out = tmp_path / "lexicon.tsv"
    labels = labelled(tmp_path / "labels.jsonl")
    code, told = run("learn", "--taxonomy", str(taxonomy), "--labels", str(labels), "--out", str(out))
    assert code == 0, told
    assert "96 labelled messages" in told
    assert out.read_text(encoding="utf-8").startswith("# linli learned lexicon 1\n")
    checked = tmp_path / "checked.jsonl"
    rows = [
        {"text": "祠堂前的路灯坏了", "item": "things.all.lamp"},
        {"text": "祠堂前野狗追孩子", "item": "things.all.dog"},
    ]
    checked.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    settings = config(tmp_path, taxonomy)
    code, told = run("evaluate", "--config", str(settings), "--labels", str(checked), "--lexicon", str(out))
    assert code == 0, told
    assert "item                        1.000" in told


def test_a_worse_lexicon_is_refused_and_nothing_written(tmp_path: Path, taxonomy: Path) -> None:
    good = tmp_path / "good.tsv"
    labels = labelled(tmp_path / "labels.jsonl")
    assert run("learn", "--taxonomy", str(taxonomy), "--labels", str(labels), "--out", str(good))[0] == 0
    held, rest = parted([Labelled(**line) for line in map(as_row, labels.read_text(encoding="utf-8").splitlines())])
    assert len(held) >= 10
    other = {"things.all.lamp": "things.all.dog", "things.all.dog": "things.all.lamp"}
    mixed = tmp_path / "mixed.jsonl"
    rows = [{"text": r.text, "item": r.target} for r in held] + [
        {"text": r.text, "item": other[r.target]} for r in rest
    ]
    mixed.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    out = tmp_path / "bad.tsv"
    settings = config(tmp_path, taxonomy, good)
    words = ["learn", "--config", str(settings), "--labels", str(mixed), "--out", str(out)]
    code, told = run(*words)
    assert code == 1, told
    assert "not written" in told
    assert not out.exists()
    assert run(*words, "--force")[0] == 0
    assert out.exists()


def test_the_same_file_comes_out_again(tmp_path: Path, taxonomy: Path) -> None:
    labels = labelled(tmp_path / "labels.jsonl")
    texts = []
    for name in ("one.tsv", "two.tsv"):
        assert run("learn", "--taxonomy", str(taxonomy), "--labels", str(labels), "--out", str(tmp_path / name))[0] == 0
        texts.append((tmp_path / name).read_text(encoding="utf-8"))
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "no label names a kind of this taxonomy"),
        ('{"text": "灯", "item": "unknown.item.id"}', "no label names a kind of this taxonomy"),
        ('{"text": "灯", "item": "things.all.lamp"}', "at least two kinds"),
        ("not json", "line 1: not JSON"),
    ],
)
def test_what_cannot_be_learned_from_is_said(tmp_path: Path, taxonomy: Path, content: str, fault: str) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text(content, encoding="utf-8")
    out = tmp_path / "out.tsv"
    code, told = run("learn", "--taxonomy", str(taxonomy), "--labels", str(labels), "--out", str(out))
    assert code == 1
    assert fault in told.replace("\n", " ")
    assert not out.exists()


def test_corrections_of_desks_are_learned_from(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[street]\nfile = "{SHIPPED_STREET}"\n', encoding="utf-8")
    code, told = run(
        "learn", "--from-database", "--no-examples", "--config", str(path), "--out", str(tmp_path / "x.tsv")
    )
    assert code == 1
    assert "no database yet" in told.replace("\n", " ")


def test_a_title_is_learned_as_a_message_of_its_own() -> None:
    label = replace(correction("路灯一到晚上就灭，请派人来看", "facility.road.streetlight"), title="路灯不亮")
    texts, titles = teach.labelled(label, "facility.road.streetlight")
    assert (texts.text, titles.text) == (label.text, label.title)
    assert texts.group == titles.group
    assert len(teach.labelled(replace(label, title=label.text), "facility.road.streetlight")) == 1
