"""The desk, the cockpit, the imports, Open311 and the partners' routes against their OpenAPI document: never a 5xx."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bot.web.routes_books import KINDS
from bot.web.seats import COOKIE
from tests.browser.office import DeskServer
from tests.office.test_imports import FIRST_GRID, OLD, PLACES, RECORDS, RESIDENTS, STAFF, book
from workflow.rights import Role

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
OURS = r"^/(api/desk|api/partners|api/echoes|open311)"
NUMBERS = (1001, 1002)
EXCEL = KINDS["xlsx"]
BOOKS = [
    book(RESIDENTS, ("李桂英", "13912341234", "银杏苑3幢")),
    book(STAFF, ("王建国", "网格员", FIRST_GRID)),
    book(PLACES, (FIRST_GRID, "桂花苑", "", "1-6", "", "", "", "")),
    book(RECORDS, *OLD),
]
schemathesis.openapi.media_type(EXCEL, st.one_of(st.binary(max_size=200), st.sampled_from(BOOKS)))


class Target:
    """The session of the street on the server under test."""

    secret = ""


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    with DeskServer(tmp_path_factory.mktemp("fuzz")) as server:
        for number in NUMBERS:
            server.files(f"银杏苑{number - 1000}幢楼道灯坏了", f"居民{number}")
        with httpx.Client(base_url=server.url, trust_env=False, timeout=120) as client:
            client.post(server.door("街道老周", Role.STREET, "linjiang"))
            Target.secret = client.cookies[COOKIE]
        schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json", timeout=120)
        yield (
            schema.include(path_regex=OURS)
            .exclude(path_regex="/stream$")
            .exclude(path="/api/desk/session", method="DELETE")
        )


def operations(document: schemathesis.BaseSchema) -> Iterator[APIOperation]:
    for result in document.get_all_operations():
        yield result.ok()


def test_no_input_breaks_the_desk(document: schemathesis.BaseSchema) -> None:
    tried = []
    for operation in operations(document):
        fuzz(operation)
        tried.append(operation.label)
    assert len(tried) >= 35
    assert any("imports" in label for label in tried)


def fuzz(operation: APIOperation) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def attempt(case: schemathesis.Case) -> None:
        if "number" in case.path_parameters and str(case.path_parameters["number"]).isdigit():
            case.path_parameters["number"] = NUMBERS[int(case.path_parameters["number"]) % 2]
        case.call_and_validate(checks=CHECKS, cookies={COOKIE: Target.secret}, headers={"X-Linli": "1"}, timeout=120)

    attempt()
