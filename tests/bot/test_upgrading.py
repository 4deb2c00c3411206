"""The console while the schema is brought up: a line for each step, and not one for each batch of a long one."""

from __future__ import annotations

from structlog.testing import capture_logs

from bot.upgrading import Console
from storage.migrate import Step


def test_each_step_is_said_and_a_long_one_now_and_then() -> None:
    often, seldom = Console(every=0), Console(every=3600)
    steps = [Step("0012", "Words", 1), Step("0012", "Words", 1, 2000), Step("0014", "Rows", 0)]
    with capture_logs() as lines:
        for step in steps:
            often(step)
    assert [(line["target"], line["rows"], line["steps_left"]) for line in lines] == [
        ("0012", 0, 1),
        ("0012", 2000, 1),
        ("0014", 0, 0),
    ]
    with capture_logs() as lines:
        for step in steps:
            seldom(step)
    assert [line["target"] for line in lines] == ["0012", "0014"]
