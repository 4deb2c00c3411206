"""The work of `linli learn`: gathers labelled messages, fits a lexicon, compares it with the one in use, writes it.

scikit-learn is slow to load, so only that command imports this module.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nlp.classify import INTENTS, LEARNED_INTENTS, LEARNED_ITEMS, IntentCues, ItemCues
from nlp.labels import Label
from nlp.learned_file import is_learned, lines_of, read_model
from nlp.learning import Hand, Labelled, TooFewLabels, learn
from nlp.lexicon import read_classes
from nlp.model import WORD, Model, Stack
from nlp.segment import sentence
from nlp.taxonomy import Item
from nlp.urgency import CALM, LEARNED_URGENCY, AlarmCues

HELD_BACK = 5
"""One message in so many is kept from the comparison's fitting."""
ENOUGH_TO_COMPARE = 10
"""Held-back messages from which a comparison says something."""
MOST_SHOWN = 12
Tell = Callable[[str], None]


class Worse(ValueError):
    """The new lexicon is right less often than the one in use; nothing was written."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is learned: its targets, what the hand-written entries say, the shipped lexicon, and a label's target."""

    targets: tuple[str, ...]
    hand: Hand
    shipped: Path
    target_of: Callable[[Label], str | None]


def subject(name: str, items: Sequence[Item]) -> Subject:
    """`item`, `intent` or `urgency` for a taxonomy."""
    classes = read_classes()
    item_cues = ItemCues(items, classes)

    def of_items(text: str) -> Mapping[str, float]:
        return item_cues.find(sentence(text))[0]

    if name == "item":
        return Subject(tuple(item.id for item in items), of_items, LEARNED_ITEMS, lambda label: label.item)
    if name == "intent":
        intent_cues = IntentCues(classes)

        def of_intents(text: str) -> Mapping[str, float]:
            said = sentence(text)
            ranked = sorted(item_cues.find(said)[0].items(), key=lambda pair: (-pair[1], pair[0]))
            return intent_cues.score(said, ranked, placed=False)

        return Subject(INTENTS, of_intents, LEARNED_INTENTS, lambda label: label.intent)
    alarm_cues = AlarmCues(classes)
    return Subject(
        ("urgent", CALM),
        lambda text: {"urgent": alarm_cues.find(sentence(text))[0]},
        LEARNED_URGENCY,
        lambda label: None if label.urgent is None else "urgent" if label.urgent else CALM,
    )


def teach(
    what: Subject,
    given: Sequence[Label],
    examples: Sequence[Label],
    out: Path,
    *,
    current: Path | None = None,
    force: bool = False,
    source: str = "",
    tell: Tell = lambda _: None,
) -> list[str]:
    """Learns from `given` and `examples`, writes `out`, and returns what to tell the operator.

    One in five of the given messages is first held back: when the lexicon learned from the others is right less often
    on them than the one in use, nothing is written (Worse) unless forced. TooFewLabels when there is too little.
    """
    rows, unknown = _rows(what, given)
    more, _ = _rows(what, examples)
    if not rows and not more:
        raise TooFewLabels("no label names a kind of this taxonomy: check the file and --taxonomy")
    used = read_model(current) if current and is_learned(current) else read_model(what.shipped)
    report = [f"{len(rows)} labelled messages, {len(more)} examples of the package"]
    if unknown:
        report.append(f"left out: {unknown} messages whose label the taxonomy does not have")
    held, rest = parted(rows)
    if len(held) >= ENOUGH_TO_COMPARE:
        tell("comparing with the lexicon in use")
        trial = learn([*rest, *more], what.targets, what.hand, tell=tell)
        now, new = _right(used, what, held), _right(trial, what, held)
        report.append(f"of {len(held)} held-back messages right: {now} with the lexicon in use, {new} with the new one")
        if new < now and not force:
            raise Worse(
                f"not written: {report[-1]}; more or cleaner labels are needed (--force writes it all the same)"
            )
    model = learn([*rows, *more], what.targets, what.hand, source=source, tell=tell)
    before = read_model(out) if out.exists() and is_learned(out) else used
    report += _changes(before, model)
    missing = [target for target in what.targets if target not in model.targets]
    if missing:
        report.append(f"without a label, by hand-written entries only: {', '.join(missing[:MOST_SHOWN])}")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("".join(f"{line}\n" for line in lines_of(model)), encoding="utf-8")
    report.append(f"{out}: {len(model.rows)} terms for {len(model.targets)} targets")
    return report


def _rows(what: Subject, labels: Iterable[Label]) -> tuple[list[Labelled], int]:
    """(messages whose label is a target, their titles as well; how many others had a label)."""
    rows, unknown = [], 0
    for label in labels:
        target = what.target_of(label)
        if target in what.targets:
            rows += labelled(label, target)
        elif target is not None:
            unknown += 1
    return rows, unknown


def labelled(label: Label, target: str) -> list[Labelled]:
    """A message, and its title as a message of its own: people write both ways. They stay in one group."""
    group = label.group or label.text.strip()
    texts = dict.fromkeys(text for text in (label.text, label.title) if text.strip())
    return [Labelled(text, target, group) for text in texts]


def parted(rows: Sequence[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
    """(held back, the rest), always the same way; messages of one group stay together."""
    held: list[Labelled] = []
    rest: list[Labelled] = []
    for row in rows:
        mark = hashlib.sha256((row.group or row.text).encode()).digest()[0]
        (held if mark % HELD_BACK == 0 else rest).append(row)
    return held, rest


def _right(model: Model, what: Subject, rows: Sequence[Labelled]) -> int:
    """How many messages a model and the hand-written entries get right together."""
    stack, place = Stack([model]), {target: at for at, target in enumerate(what.targets)}
    columns = [place.get(target) for target in model.targets]
    right = 0
    for row in rows:
        powers = np.full(len(what.targets), -model.lead)
        for column, score in zip(columns, stack.read(sentence(row.text)).scores(0).tolist(), strict=True):
            if column is not None:
                powers[column] = model.lead * score
        alone = all(column is None for column in columns)
        for target, score in what.hand(row.text).items():
            if target in place:
                powers[place[target]] += score if alone else model.weigh(score)
        right += what.targets[int(powers.argmax())] == row.target
    return right


def _changes(before: Model, after: Model) -> list[str]:
    """What is new, by target: the strongest terms that the lexicon before did not have or weighed differently."""
    if not set(before.targets) & set(after.targets):
        return [f"all new: {len(after.rows)} terms"]
    added, gone = after.rows.keys() - before.rows.keys(), before.rows.keys() - after.rows.keys()
    report = [f"terms added {len(added)}, dropped {len(gone)}, kept {len(after.rows) - len(added)}"]
    strongest = []
    for at, target in enumerate(after.targets):
        new = sorted(added, key=lambda term: (-after.weights.item(after.rows[term], at), term))[:3]
        words = [term.removeprefix(WORD) for term in new if after.weights.item(after.rows[term], at) > 0]
        if words:
            strongest.append(f"  {target}: {'、'.join(words)}")
    return report + strongest[:MOST_SHOWN]
