"""The Open311 server as clients that others have written see it: georeport and civicbot, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from civicbot.http import HttpError, HttpTransport, RateLimiter
from civicbot.open311 import Open311Client
from civicbot.registry import Endpoint
from georeport import GeoReport

from handlers.office import partners as records
from storage.tx import Tx
from tests.browser.office import DeskServer

LAMP = "银杏苑三栋二单元楼道灯坏了好几天，我电话13912341234"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    with DeskServer(tmp_path_factory.mktemp("judges")) as running:
        for number in range(3):
            running.files(f"银杏苑{number + 1}幢楼道灯坏了", f"居民{number}")
        yield running


@pytest.fixture(scope="module")
def key(server: DeskServer) -> str:
    async def work(tx: Tx) -> tuple[str, str] | None:
        return await records.add(tx, "12345", "", server.program.clock.now())

    made = server.run(server.program.store.run(work))
    assert made is not None
    return made[0]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.mark.parametrize("form", ["json", "xml"])
def test_georeport_reads_services_and_requests(server: DeskServer, form: str) -> None:
    client = GeoReport(f"{server.url}/open311/v2", output_format=form)
    services = client.get_service_list()
    assert len(services) == len(server.program.city.taxonomy.items)
    one = services[0]["service_code"]
    assert client.get_service_definition(one)["service_code"] == one
    found = client.get_service_requests()
    assert {1001, 1002, 1003} <= {int(r["service_request_id"]) for r in found}
    now = datetime.now(UTC)
    days = {"start_date": _w3(now - timedelta(days=1)), "end_date": _w3(now + timedelta(minutes=1))}
    codes = f"{found[0]['service_code']},{one}"
    again = client.get_service_requests(service_code=codes, status="open,closed", **days)
    assert [r["service_request_id"] for r in again] == [r["service_request_id"] for r in found]
    asked = client.get_service_requests(service_request_id="1001,1003")
    assert [int(r["service_request_id"]) for r in asked] == [1001, 1003]
    shown = client.get_service_request("1002")
    assert "1002" in str(shown)
    assert _moment(found[0]["expected_datetime"]) > _moment(found[0]["requested_datetime"])


def _w3(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_civicbot_reads_and_files(server: DeskServer, key: str) -> None:
    endpoint = Endpoint(id="linli", name="Linli", base_url=f"{server.url}/open311/v2", write=True)
    client = Open311Client(endpoint, HttpTransport(rate_limiter=RateLimiter(0)))
    service = server.program.city.taxonomy.items[1].id
    assert service in {one["service_code"] for one in client.list_services()}
    assert client.get_service_definition(service) == {"service_code": service, "attributes": []}
    sent = client.create_request(
        service,
        dry_run=False,
        confirm="SEND",
        api_key=key,
        validate_remote=True,
        description=LAMP,
        address_string="银杏苑2幢",
    )
    number = sent.response[0]["service_request_id"]
    found = client.get_request(number)
    assert found is not None
    assert (found["service_code"], found["status"]) == (service, "open")
    assert "13912341234" not in str(found)
    same = GeoReport(f"{server.url}/open311/v2").get_service_request(number)
    assert same == found
    assert number in {one["service_request_id"] for one in client.list_requests(status="open", service_code=service)}
    assert [one["service_request_id"] for one in client.list_requests(service_request_ids=[number])] == [number]
    with pytest.raises(HttpError) as refused:
        client.create_request(
            service, dry_run=False, confirm="SEND", api_key="unknown", description=LAMP, address_string="银杏苑2幢"
        )
    assert refused.value.status == 403
    with pytest.raises(HttpError) as missing:
        client.get_request(999_999)
    assert missing.value.status == 404
