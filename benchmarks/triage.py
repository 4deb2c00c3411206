"""How well and how fast the triage works, beside plainer ways to do it.

    python -m benchmarks.triage [--street STREET] [--labels LABELS] [--real FILE] [--learn LABELS]

By default on the second street of the tests, whose messages were written by other hands than the examples and the
lexicon. `--real` counts how often a file of messages fires as urgent; `--learn` cross-validates a file of labels.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import sys
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import jieba
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from bot import evaluation
from bot.catalogue import build_city
from bot.evaluation import mean_f1
from bot.teach import labelled
from handlers.city import City
from nlp.labels import Label, read_labels
from nlp.learning import fresh_shares
from nlp.reader import Reader
from nlp.street import parse_street

TESTS = Path(__file__).parent.parent / "tests" / "nlp"
ALARM_WORDS = re.compile(
    "着火|起火|火灾|燃气泄漏|煤气泄漏|漏气|触电|漏电|爆炸|坍塌|倒塌|塌陷|受伤|流血|救命|自杀|跳楼|打人|被困|溺水|昏迷|晕倒"
)
"""The plain word list that the urgency is held against."""
ALMOST, LENGTH = 50, 60
"""Characters of the texts whose speed is measured, at least; longer ones are cut at the second figure."""
WARMING, MOST_TIMED = 50, 1_000
"""Texts that are read before the clock runs, and readings that are timed."""
READINGS = 6
"""Readings of each text where two streets are compared."""

NAMING = "金银桂兰竹梅松柏杏桃李柳杨槐枫榆荷菊莲云霞星月天海山川江河湖溪泉石玉珠翠碧青丹紫红朱白龙凤鹤燕鹏福禄寿喜康宁安泰和顺祥瑞嘉德仁义礼智信忠"
ENDINGS = ("苑", "园", "花园", "小区", "新村", "家园", "公寓", "里", "府", "城")
MEGABYTE = 1_000_000


def city_of(street: Path, lexicon: Path | None = None) -> City:
    """The street with the shipped catalogue."""
    return build_city(street_file=street, taxonomy_file=None, channels={}, lexicon=lexicon)


def baselines(labels: Sequence[Label], trained_on: Sequence[Label]) -> None:
    """A linear SVM on character n-grams of a small labelled set, and a word list for danger."""
    rows = [label for label in trained_on if label.item]
    machine = make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True), LinearSVC())
    machine.fit([row.text for row in rows], [row.item for row in rows])
    asked = [label for label in labels if label.item]
    said = machine.predict([label.text for label in asked])
    right = sum(a == b.item for a, b in zip(said, asked, strict=True)) / len(asked)
    category = sum(str(a).split(".")[0] == str(b.item).split(".")[0] for a, b in zip(said, asked, strict=True))
    fired = [bool(ALARM_WORDS.search(label.text)) for label in labels]
    both = sum(f and bool(label.urgent) for f, label in zip(fired, labels, strict=True))
    print(f"\nSVM on {len(rows)} messages: item {right:.3f}, category {category / len(asked):.3f}")
    recall = both / max(1, sum(bool(label.urgent) for label in labels))
    print(f"alarm words: urgent recall {recall:.3f}, precision {both / max(1, sum(fired)):.3f}")


def speed(city: City, kind: str, texts: Sequence[str]) -> None:
    """Time of a triage against `jieba.cut` of the same text, one after the other, so that a busy machine slows both."""
    texts = [text[:LENGTH] for text in texts if len(text) >= ALMOST][:MOST_TIMED]
    jieba.lcut("开始")
    for text in texts[:WARMING]:
        city.reader.read(text)
    cut, read = [], []
    for text in texts * max(1, MOST_TIMED // max(1, len(texts))):
        cut.append(_seconds(jieba.lcut, text))
        read.append(_seconds(city.reader.read, text))
    if len(read) < 2:
        print(f"\n{kind}: none of {ALMOST} characters or more")
        return
    ratio = median(mine / theirs for mine, theirs in zip(read, cut, strict=True))
    print(
        f"\n{len(texts)} {kind} of {ALMOST} to {LENGTH} characters: a triage takes {median(read) * 1e6:.0f} us, "
        f"jieba.cut {median(cut) * 1e6:.0f} us, {ratio:.2f} times as long in the median; "
        f"p99 {quantiles(read, n=100)[98] * 1e3:.2f} ms"
    )


def many_names(city: City, street: Path, texts: Mapping[str, Sequence[str]]) -> None:
    """What a megabyte of further names costs: names as estates have them, and of any characters the texts have.

    Processor time, the least of a few readings of each text, the two streets in turn and each first as often.
    """
    fit = {kind: [t[:LENGTH] for t in given if len(t) >= ALMOST][:MOST_TIMED] for kind, given in texts.items()}
    letters = "".join(sorted(set("".join(chain.from_iterable(fit.values())))))
    for named, characters in (("estates are called by", NAMING), ("people write", letters)):
        big = Reader(list(city.reader.items.values()), parse_street(_with_names(street, characters)))
        print(f"a megabyte of names of the characters that {named}:", end="")
        for kind, some in fit.items():
            few, many = zip(*(_least(city.reader.read, big.read, text) for text in some), strict=True)
            print(
                f" {kind} {median(many) / median(few) - 1:+.1%} (all together {sum(many) / sum(few) - 1:+.1%})", end=""
            )
        print()


def _least(one: Callable[[str], Any], other: Callable[[str], Any], text: str) -> tuple[float, float]:
    """The least processor time of each for a text."""
    first, second = [], []
    for turn in range(READINGS):
        for work, times in ((one, first), (other, second))[:: 1 if turn % 2 else -1]:
            started = time.thread_time()
            work(text)
            times.append(time.thread_time() - started)
    return min(first), min(second)


def _with_names(street: Path, characters: str) -> dict[str, Any]:
    """A street file with a megabyte of further estates in a grid of their own."""
    chance = random.Random(5)
    letters = [character for character in characters if "一" <= character <= "龥"]
    names: set[str] = set()
    size = 0
    while size < MEGABYTE:
        name = "".join(chance.choices(letters, k=chance.choice((2, 3)))) + chance.choice(ENDINGS)
        size += 0 if name in names else len(name.encode())
        names.add(name)
    raw = tomllib.loads(street.read_text(encoding="utf-8"))
    community = raw["communities"][0]
    community["estates"] += [{"id": f"more-{i}", "name": name} for i, name in enumerate(sorted(names))]
    areas = [{"estate": f"more-{i}"} for i in range(len(names))]
    community["grids"].append({"id": "more", "name": "更多网格", "areas": areas, "places": []})
    return raw


def _seconds(work: Callable[[str], Any], text: str) -> float:
    started = time.perf_counter()
    work(text)
    return time.perf_counter() - started


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fires(city: City, texts: Sequence[str]) -> None:
    """How often real messages are taken for an emergency."""
    found = [text for text in texts if city.reader.read(text).urgent]
    plain = sum(bool(ALARM_WORDS.search(text)) for text in texts)
    print(
        f"\nurgent in {len(texts)} messages: {len(found)} ({len(found) / len(texts):.2%}); alarm words {plain / len(texts):.2%}"
    )


def cross_validated(labels: Sequence[Label]) -> None:
    """`linli learn` on labels of any taxonomy: grouped five-fold."""
    rows = [row for label in labels if label.item for row in labelled(label, label.item)]
    titles = {label.title for label in labels}
    shares = fresh_shares(rows, sorted({row.target for row in rows}))
    told = [(max(share, key=lambda target: share[target]), row.target) for share, row in zip(shares, rows, strict=True)]
    print(f"\nlearned from {len(rows)} texts and titles, five-fold by group: ", end="")
    for name, short in (("texts", False), ("titles", True)):
        pairs = [pair for pair, row in zip(told, rows, strict=True) if (row.text in titles) == short]
        print(f"mean F1 of {len(pairs)} {name} {mean_f1(pairs):.3f}  ", end="")
    print()


def main() -> None:
    """Reads the arguments and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--street", type=Path, default=TESTS / "other-street.toml")
    parser.add_argument("--labels", type=Path, default=TESTS / "messages-other.jsonl")
    parser.add_argument("--lexicon", type=Path)
    parser.add_argument("--real", type=Path, help='JSON lines with a "text"')
    parser.add_argument("--learn", type=Path, help='JSON lines {"text", "title", "item", "group"}')
    given = parser.parse_args()
    started = time.perf_counter()
    city = city_of(given.street, given.lexicon)
    city.reader.read("你好")
    print(f"start to first triage {time.perf_counter() - started:.2f} s, memory {_megabytes():.0f} MB\n")
    labels = read_labels([given.labels])
    for line in evaluation.report(evaluation.read_all(city, labels)):
        print(line)
    more = read_labels([TESTS / "messages-dev.jsonl"])
    baselines(labels, more)
    texts = {"written messages": [label.text for label in (*labels, *more)]}
    if given.real:
        lines = given.real.read_text(encoding="utf-8").splitlines()
        texts["real messages"] = [json.loads(line)["text"] for line in lines if line]
    for kind, some in texts.items():
        speed(city, kind, some)
    many_names(city, given.street, texts)
    if given.real:
        fires(city, texts["real messages"])
    if given.learn:
        cross_validated(read_labels([given.learn]))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
