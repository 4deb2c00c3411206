"""The file of a learned lexicon: read as it was written, whatever stands in it, and refused where it says nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nlp import learned_file
from nlp.classify import LEARNED_INTENTS
from nlp.learned_file import is_learned, lines_of, read_model
from nlp.lexicon import LexiconError
from nlp.model import WORD, Model

HEAD = [
    "# linli learned lexicon 1",
    "# source: a test",
    "# lead: 4.5000",
    "# trust: 0.5000",
    "# power: 1.0000",
    "target\tlamp\t-1.250",
    "target\t一个很长的类别名字\t0.500",
    "target\tcare.family.elderly\t-0.125",
]


def written(folder: Path, *lines: str, head: list[str] = HEAD, end: str = "\n") -> Path:
    path = folder / "learned.tsv"
    path.write_bytes((end.join([*head, *lines]) + end).encode())
    return path


def test_terms_rarity_and_weights_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, "word\t路灯\t5.25\tlamp=+12.50 care.family.elderly=-0.75", "chars\t= \t10.00\tlamp=-1.00")
    model = read_model(path)
    assert is_learned(path)
    assert model.targets == ("lamp", "一个很长的类别名字", "care.family.elderly")
    assert model.bias.tolist() == [-1.25, 0.5, -0.125]
    assert model.terms == (f"{WORD}路灯", "= ")
    assert model.rarity.tolist() == [5.25, 10.0]
    assert model.weights.tolist() == [[12.5, 0.0, -0.75], [-1.0, 0.0, 0.0]]
    assert (model.lead, model.trust, model.power, model.source) == (4.5, 0.5, 1.0, "a test")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("1", 1.0),
        ("-2.5", -2.5),
        ("+.25", 0.25),
        ("0.125", 0.125),
        ("1e-3", 0.001),
        ("-123456.50", -123456.5),
        ("+9999.99", 9999.99),
        ("-0.00", 0.0),
        ("00.50", 0.5),
    ],
)
def test_a_number_may_be_written_by_hand(said: str, meant: float, tmp_path: Path) -> None:
    model = read_model(written(tmp_path, f"chars\t灯\t{said}\tcare.family.elderly={said}"))
    assert model.rarity.item(0) == model.weights.item(0, 2) == np.float32(meant)


@pytest.mark.parametrize(
    "line",
    [
        "chars\t灯\t1.00\tlamp=+x.00",
        "chars\t灯\t1.00\tlamp=+1.0/",
        "chars\t灯\t1.00\tlamp=:.00",
        "chars\t灯\t\tlamp=+1.00",
        "chars\t灯\t1.00\tlamp=",
        "chars\t灯\t1.00\tlamp",
        "chars\t灯\t1.00\tlamp=+1.00=+2.00",
        "chars\t灯\t1.00",
        "chars\t灯\t1.00\tlamp=+1.00\tlamp=+1.00",
        "chars\t灯\t1.00\t lamp=+1.00",
        "chars\t灯\t1.00\t一个很长的类别名=+1.00",
        "chars\t灯\t1.00\txcare.family.elderly=+1.00",
        "chars\t灯\t1.00\t=+1.00",
        "letters\t灯\t1.00\tlamp=+1.00",
        "chars\t坏\t1.00\tlamp=+1.00",
        "target\tlate\t1.0",
        "灯",
    ],
)
def test_a_faulty_line_is_named(line: str, tmp_path: Path) -> None:
    good = [f"chars\t{char}\t1.00\tlamp=+1.00" for char in "坏了没人"]
    with pytest.raises(LexiconError, match=r"near line 13: not a learned lexicon .*learn it anew"):
        read_model(written(tmp_path, *good, line, "chars\t管\t1.00\tlamp=+1.00"))


def test_a_repeated_target_and_a_missing_head_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="comes twice"):
        read_model(written(tmp_path, "target\tlamp\t1.0"))
    with pytest.raises(LexiconError, match="power"):
        read_model(written(tmp_path, head=[line for line in HEAD if "power" not in line]))
    with pytest.raises(LexiconError, match="cannot read"):
        read_model(tmp_path / "none.tsv")


def test_remarks_empty_lines_and_other_line_ends_are_no_fault(tmp_path: Path) -> None:
    terms = ["word\t路灯\t5.25\tlamp=+12.50", "chars\t#\t1.00\t", "chars\t坏\t1.00\tlamp=-1.00"]
    told = list(lines_of(read_model(written(tmp_path, *terms))))
    mixed = written(tmp_path, "# seen by hand", terms[0], "", "# again", *terms[1:], "", end="\r\n")
    assert list(lines_of(read_model(mixed))) == told
    mixed.write_bytes("\n".join([*HEAD, *terms]).encode())
    assert list(lines_of(read_model(mixed))) == told


def test_a_file_without_terms_knows_nothing(tmp_path: Path) -> None:
    model = read_model(written(tmp_path))
    assert (model.terms, model.weights.shape, model.rarity.shape) == ((), (0, 3), (0,))


TERM = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), min_size=1, max_size=3)
WEIGHT = st.integers(-99_999, 99_999).map(lambda hundredths: hundredths / 100)


@given(
    terms=st.dictionaries(TERM.filter(str.strip), st.tuples(WEIGHT, WEIGHT, WEIGHT), max_size=12),
    block=st.integers(1, 40),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_again(terms: dict[str, tuple[float, ...]], block: int, tmp_path: Path) -> None:
    targets = ("lamp", "一个很长的类别名字", "care.family.elderly")
    weights = np.array([*terms.values()], dtype=np.float32).reshape(len(terms), 3)
    bias, rarity = np.array([0.5, -1.25, 0.0], np.float32), np.abs(weights).sum(axis=1).round(2)
    lines = list(lines_of(Model(targets, bias, tuple(terms), rarity, weights)))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(learned_file, "_BLOCK", block)
        assert list(lines_of(read_model(written(tmp_path, head=lines)))) == lines


def test_the_shipped_file_is_as_it_would_be_written() -> None:
    assert list(lines_of(read_model(LEARNED_INTENTS))) == LEARNED_INTENTS.read_text(encoding="utf-8").splitlines()
