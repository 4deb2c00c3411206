"""Queue texts and the organisation behind them."""

import pytest

from tests.workflow.organisation import ORG
from workflow.queues import Org, Queue, QueueKind, desk_queue, parse_queue


@pytest.mark.parametrize(
    ("text", "queue"),
    [
        ("grid:yinxing-01", Queue(QueueKind.GRID, "yinxing-01")),
        ("dept:gas", Queue(QueueKind.DEPT, "gas")),
        ("desk:yinxing", Queue(QueueKind.DESK, "yinxing")),
        ("desk", Queue(QueueKind.DESK)),
    ],
)
def test_a_queue_and_its_text_are_the_same(text: str, queue: Queue) -> None:
    assert parse_queue(text) == queue
    assert str(queue) == text


@pytest.mark.parametrize("text", ["", "grid", "grid:", "dept:", "desk:", "street", "GRID:a", ":a", "club:a"])
def test_what_names_no_queue_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a queue"):
        parse_queue(text)


@pytest.mark.parametrize(
    ("queue", "name", "desk", "community"),
    [
        ("grid:yinxing-01", "银杏社区第一网格", "desk:yinxing", "yinxing"),
        ("grid:dukou-01", "dukou-01", "desk:dukou", "dukou"),
        ("dept:gas", "燃气", "desk", None),
        ("desk:dukou", "渡口社区", "desk", "dukou"),
        ("desk", "临江街道", "desk", None),
    ],
)
def test_names_and_the_level_above(queue: str, name: str, desk: str, community: str | None) -> None:
    assert ORG.name_of(queue) == name
    assert ORG.desk_of(queue) == desk
    assert ORG.community_of(queue) == community


def test_every_queue_is_listed_once_and_known() -> None:
    queues = ORG.queues()
    assert len(set(queues)) == len(queues) == 1 + 2 + 3 + 2
    assert all(ORG.has_queue(queue) for queue in queues)


@pytest.mark.parametrize("queue", ["grid:gas", "dept:yinxing-01", "desk:mars"])
def test_a_queue_of_nobody_is_a_key_error(queue: str) -> None:
    assert not ORG.has_queue(queue)
    with pytest.raises(KeyError):
        ORG.name_of(queue)
    with pytest.raises(KeyError):
        ORG.desk_of(queue)


def test_an_organisation_with_loose_ends_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown community"):
        Org("s", {}, {"g": "c"}, {})
    with pytest.raises(ValueError, match="no community"):
        Org("s", {}, {}, {}, grid_names={"g": "G"})


def test_no_community_means_the_street_desk() -> None:
    assert desk_queue(None) == desk_queue("") == "desk"
