"""A whole season's wishes and offers matched as one, compared with one after the other: python -m benchmarks.assignment."""

from __future__ import annotations

import argparse
import random
import time
from datetime import UTC, datetime, timedelta

from workflow.matching import Match, Need, Offer, assign, assign_greedily
from workflow.wish_rules import THEMES

NOW = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)
SKILLS = ("electric", "plumbing", "hair", "teaching", "english", "chess", "digital", "driving", "cooking", "cleaning")


def season(seed: int, wishes: int, offers: int) -> tuple[list[Need], list[Offer]]:
    """Needs and offers in six communities of eight grids; offers are scarce."""
    dice = random.Random(seed)

    def place() -> tuple[str, str]:
        community = dice.randrange(6)
        return f"c{community}", f"c{community}-{dice.randrange(8)}"

    needs = []
    for number in range(wishes):
        community, grid = place()
        skills = frozenset(dice.sample(SKILLS, dice.choice([0, 1, 1, 2])))
        since = NOW - timedelta(days=dice.randrange(60))
        needs.append(Need(number, dice.choice(THEMES), skills, community, grid, since))
    found = []
    for number in range(offers):
        community, grid = place() if dice.random() < 0.8 else ("", "")
        skills = frozenset(dice.sample(SKILLS, dice.choice([1, 2, 3])))
        left = dice.choice([1, 1, 2, 3, 5])
        found.append(Offer(number, number, dice.choice(THEMES), skills, community, grid, left, done=dice.randrange(5)))
    return needs, found


def told(name: str, found: list[Match], seconds: float, needs: list[Need]) -> str:
    """One line about one way."""
    met = {m.need for m in found}
    waited = [(NOW - n.since).days for n in needs if n.id not in met]
    mean = sum(waited) / len(waited) if waited else 0.0
    score = sum(m.score for m in found)
    return f"{name}: {len(found)} met, fit {score:.0f}, unmet have waited {mean:.1f} days on average, {seconds:.2f} s"


def main() -> None:
    """Prints a line for each way, and the difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wishes", type=int, default=600)
    parser.add_argument("--offers", type=int, default=180)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    needs, offers = season(asked.seed, asked.wishes, asked.offers)
    lines = []
    for name, way in (("one after the other", assign_greedily), ("solved as one", assign)):
        began = time.monotonic()
        found = way(needs, offers, NOW)
        lines.append(told(name, found, time.monotonic() - began, needs))
    print(f"{asked.wishes} wishes, {asked.offers} offers", *lines, sep="\n")


if __name__ == "__main__":
    main()
