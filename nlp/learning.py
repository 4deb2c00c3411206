"""Fits a learned lexicon to labelled messages: a linear model over words and characters, and its calibration.

The weights are those of a support-vector machine on term frequencies scaled by how unevenly a term is spread over
the targets (naive-Bayes log ratios; Wang and Manning 2012, "Baselines and Bigrams"). Imports scikit-learn, so only
the commands that learn import this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sparse
from scipy.optimize import minimize
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from nlp.model import UNHEARD, Model, Stack, terms_of
from nlp.segment import sentence

FOLDS = 5
POWERS = (0.5, 1.0)
"""Powers of the hand-written scores that are tried: with the root the tenth word adds less than the first."""
STARTS = ((1.0, 0.3), (0.5, 0.6))
SMOOTHING = 2.0
"""Added to every sum before a ratio is taken, in mean term values."""
POWER = 0.5
"""How strongly the ratios scale the terms."""
COST = 2.0
"""How much an error costs the machine against large weights (C)."""
MOST_TERMS = 20_000
"""Terms kept: more made cross-validated figures no better."""
SLIGHT = 0.1
"""Share of a term's strongest weight below which a weight is not written."""

Matrix = Any
Array = Any
Hand = Callable[[str], Mapping[str, float]]
"""What the hand-written entries say of a text: a score by target."""
Progress = Callable[[str], None]


class TooFewLabels(ValueError):
    """There is nothing to learn from; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message and what it is about. Messages of one `group` say nearly the same."""

    text: str
    target: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """The counted terms of many texts: a row a text, a column a term."""

    counts: Matrix
    names: Array


def learn(
    rows: Sequence[Labelled],
    targets: Sequence[str],
    hand: Hand | None = None,
    *,
    source: str = "",
    most: int = MOST_TERMS,
    tell: Progress = lambda _: None,
) -> Model:
    """A model of the targets that the labels name, calibrated on folds it was not fitted to.

    Refuses (TooFewLabels) when fewer than two targets have two messages each.
    """
    seen = sorted({row.target for row in rows} & set(targets))
    rows = [row for row in rows if row.target in set(seen)]
    if sum(sum(row.target == target for row in rows) >= 2 for target in seen) < 2:
        raise TooFewLabels("at least two kinds with two labelled messages each are needed")
    tell("counting words")
    terms, truth = count(rows), np.array([seen.index(row.target) for row in rows])
    said = _said(rows, seen, hand)
    groups = np.array(_groups(rows))
    fresh = np.zeros((len(rows), len(seen)))
    folds = min(FOLDS, len(set(groups)))
    for number, (inside, outside) in enumerate(GroupKFold(folds).split(truth, truth, groups), 1):
        tell(f"checking, part {number} of {folds}")
        model = _fit(Terms(terms.counts[inside], terms.names), truth[inside], seen, most)
        fresh[outside] = _decide(model, [rows[at] for at in outside])
    lead, trust, power = calibrate(fresh, said, truth)
    tell("fitting all")
    return replace(_fit(terms, truth, seen, most), lead=lead, trust=trust, power=power, source=source)


def fresh_shares(
    rows: Sequence[Labelled], targets: Sequence[str], hand: Hand | None = None, *, most: int = MOST_TERMS
) -> list[dict[str, float]]:
    """For each message the confidence by target of a model that was not fitted to it: grouped cross-validation."""
    groups = np.array(_groups(rows))
    shares: list[dict[str, float]] = [{} for _ in rows]
    for inside, outside in GroupKFold(min(FOLDS, len(set(groups)))).split(groups, groups, groups):
        model = learn([rows[at] for at in inside], targets, hand, most=most)
        scores = _decide(model, [rows[at] for at in outside])
        said = _said([rows[at] for at in outside], model.targets, hand)
        powers = _softmax(model.lead * scores + model.trust * _raised(said, model.power))
        for at, row in zip(outside, powers, strict=True):
            shares[at] = dict(zip(model.targets, row.tolist(), strict=True))
    return shares


def _groups(rows: Sequence[Labelled]) -> list[str]:
    return [row.group or row.text.strip() for row in rows]


def _said(rows: Sequence[Labelled], targets: Sequence[str], hand: Hand | None) -> Array:
    said = np.zeros((len(rows), len(targets)))
    for at, row in enumerate(rows if hand else ()):
        for target, score in hand(row.text).items() if hand else ():
            if target in targets:
                said[at, list(targets).index(target)] = score
    return said


def count(rows: Sequence[Labelled]) -> Terms:
    """The terms that stand in at least two of the texts."""
    counter = CountVectorizer(analyzer=list, min_df=2, dtype=np.float64)
    try:
        counts = counter.fit_transform([terms_of(sentence(row.text)) for row in rows])
    except ValueError:
        raise TooFewLabels("the messages have no words in common") from None
    names = counter.get_feature_names_out()
    kept = [at for at, name in enumerate(names) if _can_be_written(name)]
    return Terms(counts.tocsr()[:, kept], names[kept])


def _fit(terms: Terms, truth: Array, targets: Sequence[str], most: int) -> Model:
    """Fits twice: on all terms to see which matter, then on those."""
    weights, _, _ = _weights(terms, truth, len(targets))
    spread = np.sqrt(np.bincount(terms.counts.indices, minlength=terms.counts.shape[1]))
    matter = np.sort(np.argsort(-np.abs(weights).max(0) * spread, kind="stable")[:most])
    terms = Terms(terms.counts[:, matter], terms.names[matter])
    weights, bias, rarity = _weights(terms, truth, len(targets))
    table = (weights * rarity).T
    table[np.abs(table) < SLIGHT * np.abs(table).max(1, initial=0.0, keepdims=True)] = 0.0
    return Model(tuple(targets), bias, tuple(terms.names.tolist()), rarity, table)


def _weights(terms: Terms, truth: Array, size: int) -> tuple[Array, Array, Array]:
    """(weight by target and term, bias by target, rarity by term)."""
    held = np.bincount(terms.counts.indices, minlength=terms.counts.shape[1])
    rarity = np.log((1 + terms.counts.shape[0]) / (1 + held)) + 1
    counts = terms.counts.copy()
    counts.data = 1 + np.log(counts.data)
    values = normalize(counts @ sparse.diags(rarity)).tocsr()
    weights, bias = np.zeros((size, values.shape[1])), np.full(size, UNHEARD)
    smoothing = SMOOTHING * values.data.mean()
    for target in range(size):
        mine = truth == target
        if not mine.any() or mine.all():
            continue
        yes = smoothing + np.asarray(values[mine].sum(0)).ravel()
        no = smoothing + np.asarray(values[~mine].sum(0)).ravel()
        ratio = np.abs(np.log((yes / yes.sum()) / (no / no.sum()))) ** POWER
        machine = LinearSVC(C=COST, random_state=0).fit(values @ sparse.diags(ratio), mine)
        weights[target], bias[target] = machine.coef_[0] * ratio, machine.intercept_[0]
    return weights, bias, rarity


def _can_be_written(term: str) -> bool:
    """Whether a term can stand in a line of the file."""
    return bool(term.strip()) and not any(sign in term for sign in "\t\n\r")


def _decide(model: Model, rows: Sequence[Labelled]) -> Array:
    stack = Stack([model])
    return np.array([stack.read(sentence(row.text)).scores(0) for row in rows])


def _softmax(powers: Array) -> Array:
    raised = np.exp(powers - powers.max(1, keepdims=True))
    return raised / raised.sum(1, keepdims=True)


def calibrate(fresh: Array, said: Array, truth: Array) -> tuple[float, float, float]:
    """(lead, trust, power) under which the confidences explain the truth best: least log loss."""
    picked = np.arange(len(truth))

    def loss(point: Array, hand: Array) -> float:
        shares = _softmax(np.exp(point[0]) * fresh + max(point[1], 0.0) * hand)[picked, truth]
        return float(-np.log(np.maximum(shares, 1e-9)).mean() + 1e-4 * point[1] ** 2)

    found = []
    for power in POWERS if said.any() else (1.0,):
        for start in STARTS if said.any() else ((1.0, 0.0),):
            best = minimize(loss, start, args=(_raised(said, power),), method="Nelder-Mead")
            found.append((float(best.fun), float(np.exp(best.x[0])), float(max(best.x[1], 0.0)), power))
    return min(found)[1:]


def _raised(said: Array, power: float) -> Array:
    return np.copysign(np.abs(said) ** power, said)
