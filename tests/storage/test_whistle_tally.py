"""How departments come when they are whistled for: the sums of a period against each whistle counted one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from random import Random

from storage import whistles
from storage.tx import Store, Tx
from storage.whistles import Stars, Tally, Whistle
from workflow.whistle import Kind, Proof

QUEUES = ("dept:urban", "dept:water", "dept:housing", "dept:fire")
HOUR = timedelta(hours=1)


async def _blown(tx: Tx, now: datetime, chance: Random) -> Whistle:
    called = chance.sample(QUEUES, chance.randint(1, 3))
    return await whistles.add(
        tx,
        tx.ids.new(),
        kind=Kind.ALONE,
        proof=Proof.NONE,
        caller="desk",
        former="grid:g1",
        words="一起来",
        blown_by=1,
        now=now,
        due=dict.fromkeys(called, now + 2 * HOUR),
        lead=called[0],
    )


async def _lived(tx: Tx, whistle: Whistle, chance: Random) -> dict[tuple[str, bool], int]:
    """Departments come in time, to the second, late or not at all; it ends one way or another; who gave how many stars."""
    for part in await whistles.parts_of(tx, whistle.id):
        came = chance.choice([None, HOUR, 2 * HOUR, 3 * HOUR])
        if came in (None, 3 * HOUR) and chance.random() < 0.7:  # else the program was away when the time came
            await whistles.mark_late(tx, part.id)
        if came is not None:
            await whistles.arrive(tx, part.id, 7, whistle.blown_at + came)
    outcome = chance.choice(["", "resolved", "resolved", "called_off"])
    if outcome:
        await whistles.end(tx, whistle.id, outcome, whistle.blown_at + 9 * HOUR)
    given = {}
    if outcome == "resolved":
        for part in await whistles.parts_of(tx, whistle.id):
            for of_caller in (False, True):
                if chance.random() < 0.6:
                    stars = given[part.queue, of_caller] = chance.randint(1, 5)
                    for again in (stars, 6 - stars):  # only the first counts
                        await whistles.assess(
                            tx,
                            whistle.id,
                            part.queue,
                            of_caller=of_caller,
                            person_id=9,
                            stars=again,
                            words="",
                            now=whistle.blown_at,
                        )
    return given


async def test_the_sums_are_those_of_each_whistle(store: Store, now: datetime) -> None:
    chance = Random(20261123)
    since, until = now - 30 * HOUR, now
    stars: defaultdict[tuple[str, bool], list[int]] = defaultdict(list)
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    ends: Counter[str] = Counter()
    async with store.write() as tx:
        for n in range(40):
            at = now - n * HOUR  # the first is blown when the period is over, the thirtieth as it begins
            whistle = await _blown(tx, at, chance)
            given = await _lived(tx, whistle, chance)
            if not since <= at < until:
                continue
            found = await whistles.get(tx, whistle.id)
            ends[found.outcome] += 1
            for key, count in given.items():
                stars[key].append(count)
            for part in await whistles.parts_of(tx, whistle.id):
                in_time = part.arrived_at is not None and part.arrived_at <= part.due_at
                late = part.late or (part.arrived_at is not None and part.arrived_at > part.due_at)
                seen[part.queue].update(parts=1, led=part.lead, in_time=in_time, late=late)
        assert await whistles.outcomes(tx, since, until) == ends
        told = await whistles.tally(tx, since, until)

    def of(queue: str, of_caller: bool) -> Stars:
        return Stars(sum(stars[queue, of_caller]), len(stars[queue, of_caller]))

    by_hand = [
        Tally(q, n["parts"], n["led"], n["in_time"], n["late"], of(q, False), of(q, True)) for q, n in seen.items()
    ]
    assert told == sorted(by_hand, key=lambda one: (-one.parts, one.queue))
    assert sum(ends.values()) == 30
    assert all(n["in_time"] and n["late"] and n["led"] for n in seen.values())


async def test_a_period_without_whistles_has_no_departments(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        assert await whistles.tally(tx, now, now + HOUR) == []
        assert await whistles.outcomes(tx, now, now + HOUR) == {}
