"""Open311 GeoReport v2: services and public records for everybody, new records from partners with a key. XML and JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import Response

from bot.web.georeport import answer, define, refuse
from bot.web.site import Site, TheSite
from handlers.office import partners as records
from handlers.office.partners import Shown
from storage import partners
from storage.tx import Tx

router = APIRouter(prefix="/open311/v2", tags=["open311"])
_BOTH = {"content": {"text/xml": {}, "application/json": {}}}
_SAID: dict[int | str, dict[str, Any]] = {200: _BOTH, 400: _BOTH, 403: _BOTH, 404: _BOTH}
Form_ = Annotated[str, Path(alias="form", pattern=r"^(xml|json)$", description="xml or json")]
Text = Annotated[str | None, Query(max_length=400)]
MOST = 1_000
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)


@router.get("/discovery.{form}", responses=_SAID)
async def discover(site: TheSite, form: Form_) -> Response:
    """Where this server is and what it speaks."""
    base = site.office.city.manners.office_base
    row = {
        "changeset": "2026-11-21T00:00:00Z",
        "contact": site.backend.street_name,
        "key_service": "linli partner add NAME",
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": f"{base}/open311/v2",
        "type": "production",
        "formats": "text/xml, application/json",
    }
    return answer(form, "discovery", "endpoint", [row])


@router.get("/services.{form}", responses=_SAID)
async def list_services(site: TheSite, form: Form_) -> Response:
    """Everything that can be reported."""
    rows = [
        {
            "service_code": item.id,
            "service_name": item.name,
            "description": item.name,
            "metadata": False,
            "type": "realtime",
            "keywords": "",
            "group": group,
        }
        for group, item in records.services(site.office.city)
    ]
    return answer(form, "services", "service", rows)


@router.get("/services/{code}.{form}", responses=_SAID)
async def define_service(site: TheSite, code: Annotated[str, Path(max_length=80)], form: Form_) -> Response:
    """No kind here has questions of its own; an unknown kind is a 404."""
    if site.office.city.taxonomy.find_item(code) is None:
        return refuse(form, 404, "service_code was not found")
    return define(form, code)


@router.get("/requests.{form}", responses=_SAID)
async def list_requests(
    site: TheSite,
    form: Form_,
    service_request_id: Text = None,
    service_code: Text = None,
    start_date: Text = None,
    end_date: Text = None,
    status: Text = None,
    page_size: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> Response:
    """Public records of the last ninety days, or of at most ninety days between two moments, newest first."""
    try:
        since, until = _moment(start_date), _moment(end_date)
        numbers = [int(n) for n in (service_request_id or "").split(",") if n.strip()]
    except ValueError:
        return refuse(form, 400, "dates are ISO 8601 with a zone, ids are numbers")
    wanted, codes = _listed(status), _listed(service_code)
    if not wanted <= {"open", "closed"} or any(not 0 < n < 1 << 53 for n in numbers):
        return refuse(form, 400, "status is open or closed, ids are numbers")
    since = until - timedelta(days=90) if until and not since else since
    is_open = "open" in wanted if len(wanted) == 1 else None
    found: list[Shown] = []
    async with site.office.store.read() as tx:
        for number in numbers[:100] or [None]:
            found += await records.shown(
                site.office.city,
                tx,
                site.office.now(),
                number=number,
                items=codes,
                is_open=is_open,
                since=since,
                until=until,
                limit=page_size,
            )
    return answer(form, "service_requests", "request", [_row(one) for one in found[:page_size]])


@router.get("/requests/{number}.{form}", responses=_SAID)
async def show_request(site: TheSite, number: Annotated[int, Path(ge=1, lt=1 << 53)], form: Form_) -> Response:
    """One public record."""
    async with site.office.store.read() as tx:
        found = await records.shown(site.office.city, tx, site.office.now(), number=number, limit=1)
    if not found:
        return refuse(form, 404, "service_request_id was not found")
    return answer(form, "service_requests", "request", [_row(found[0])])


LONGEST = 4_000
Field_ = Annotated[str, Form(max_length=LONGEST)]


@router.post("/requests.{form}", responses={**_SAID, 201: _BOTH})
async def new_request(
    site: TheSite,
    form: Form_,
    service_code: Field_ = "",
    description: Field_ = "",
    address_string: Field_ = "",
    phone: Field_ = "",
    api_key: Field_ = "",
) -> Response:
    """Files what a partner reports. `api_key` is the key that `linli partner add` has shown."""
    said = Said(service_code, description, address_string, phone, api_key)
    return await file_request(site, form, said)


class Said(NamedTuple):
    """What a partner reports, and its key."""

    service_code: str = ""
    description: str = ""
    address_string: str = ""
    phone: str = ""
    api_key: str = ""


async def file_request(site: Site, form: str, said: Said) -> Response:
    """Files it."""
    office = site.office
    if said.service_code and office.city.taxonomy.find_item(said.service_code) is None:
        return refuse(form, 404, "service_code was not found")
    if not said.service_code or not said.description.strip():
        return refuse(form, 400, "service_code and description are required")

    async def work(tx: Tx) -> int | None:
        partner = await partners.find_by_key(tx, said.api_key) if said.api_key else None
        if partner is None:
            return None
        turn = await records.open_turn(office.city, tx, partner, office.now())
        filed = await records.bring(
            turn, words=said.description, place=said.address_string, item=said.service_code, phone=said.phone
        )
        await partners.own(tx, filed.id, partner.id, str(filed.number))
        return filed.number

    number = await office.run_together(work)
    if number is None:
        return refuse(form, 403, "api_key is missing or unknown")
    row = {"service_request_id": str(number), "service_notice": "", "account_id": ""}
    return answer(form, "service_requests", "request", [row], 201)


def _listed(text: str | None) -> set[str]:
    """Several values with commas between them."""
    return {part.strip() for part in (text or "").split(",") if part.strip()}


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or not datetime(2000, 1, 1, tzinfo=UTC) < at < _LATEST:
        raise ValueError(text)
    return at


def _row(one: Shown) -> dict[str, Any]:
    points = one.grid.polygon if one.grid is not None else ()
    count = len(points) or 1
    return {
        "service_request_id": str(one.number),
        "status": "open" if one.is_open else "closed",
        "status_notes": one.state,
        "service_name": one.item.name,
        "service_code": one.item.id,
        "description": one.words,
        "agency_responsible": "",
        "service_notice": "",
        "requested_datetime": _said(one.received_at),
        "updated_datetime": _said(one.changed_at),
        "expected_datetime": _said(one.due_at),
        "address": one.place,
        "address_id": one.grid.id if one.grid is not None else "",
        "zipcode": "",
        "lat": round(sum(p[1] for p in points) / count, 4) if points else "",
        "long": round(sum(p[0] for p in points) / count, 4) if points else "",
        "media_url": "",
    }


def _said(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
