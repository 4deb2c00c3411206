"""The app against its own OpenAPI document: whatever is sent, no answer is a 5xx or of an undocumented shape."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.bot.web.conftest import COOKIE, OWN
from tests.bot.web.live import LiveServer
from tests.bot.web.program import QUEUE

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]


ENDING = "DELETE /api/session"


class Target:
    """The server under test and a session of a grid worker on it."""

    url = ""
    secret = ""


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    with LiveServer(tmp_path_factory.mktemp("fuzz")) as live:
        Target.url = live.url
        user, Target.secret = begin_session()
        live.program.staff[user] = "王师傅"
        live.program.add_wishes(5)
        schema = schemathesis.openapi.from_url(f"{live.url}/openapi.json", timeout=120)
        yield schema.exclude(path_regex="/stream$")


def begin_session() -> tuple[str, str]:
    """A new visitor and the secret of their session."""
    with httpx.Client(base_url=Target.url, headers=OWN, trust_env=False, timeout=120) as client:
        return client.post("/api/session").json()["user"], client.cookies[COOKIE]


def operations(document: schemathesis.BaseSchema) -> Iterator[APIOperation]:
    for result in document.get_all_operations():
        yield result.ok()


def test_no_input_breaks_the_api(document: schemathesis.BaseSchema) -> None:
    tried = []
    for operation in operations(document):
        fuzz(operation)
        tried.append(operation.label)
    assert len(tried) >= 15
    assert ENDING in tried
    me = httpx.get(f"{Target.url}/api/me", cookies={COOKIE: Target.secret}, trust_env=False, timeout=120)
    assert me.status_code == 200, "the session ended on the way: what came after it was tried as nobody"


def fuzz(operation: APIOperation) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def attempt(case: schemathesis.Case) -> None:
        if "queue" in case.path_parameters:
            case.path_parameters["queue"] = QUEUE
        secret = begin_session()[1] if operation.label == ENDING else Target.secret
        case.call_and_validate(checks=CHECKS, cookies={COOKIE: secret}, headers={"X-Linli": "1"}, timeout=120)

    attempt()
