"""Which queue a record goes to, as a table."""

import pytest

from workflow.routing import route


@pytest.mark.parametrize(
    ("intent", "item_queue", "grid", "community", "confident", "queue", "reason"),
    [
        ("request", "grid", "yinxing-01", "yinxing", True, "grid:yinxing-01", "grid"),
        ("request", "gas", "yinxing-01", "yinxing", True, "dept:gas", "department"),
        ("request", "gas", None, None, True, "dept:gas", "department"),
        ("request", "grid", None, "dukou", True, "desk:dukou", "no_grid"),
        ("request", "grid", None, None, True, "desk", "no_grid"),
        ("request", None, "yinxing-01", "yinxing", True, "desk:yinxing", "unknown_item"),
        ("request", None, None, None, False, "desk", "unknown_item"),
        ("request", "gas", None, "dukou", False, "desk:dukou", "unsure"),
        ("request", "grid", "yinxing-01", None, False, "desk", "unsure"),
        ("consult", "labor", None, None, True, "dept:labor", "department"),
        ("wish", "party", None, "dukou", True, "dept:party", "wish"),
        ("wish", "party", None, None, False, "dept:party", "wish"),
        ("wish", None, None, "dukou", True, "desk:dukou", "unknown_item"),
        ("progress", "gas", "yinxing-01", "yinxing", True, "desk:yinxing", "talk"),
        ("smalltalk", None, None, None, True, "desk", "talk"),
    ],
)
def test_route(
    intent: str,
    item_queue: str | None,
    grid: str | None,
    community: str | None,
    confident: bool,
    queue: str,
    reason: str,
) -> None:
    found = route(intent=intent, item_queue=item_queue, grid=grid, community=community, confident=confident)
    assert found == (queue, reason)
