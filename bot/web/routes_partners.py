"""Routes of other systems such as a 12345 hotline: its orders come in as CSV, how they stand goes out as CSV. Signed calls only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel

from bot import partners as calls
from bot.web.problems import ProblemError
from bot.web.site import TheSite
from handlers.office import export
from handlers.office import partners as records
from handlers.office.partners import Fault
from storage.partners import Partner
from storage.tx import Tx

router = APIRouter(prefix="/api/partners", tags=["partners"])


class Caller(BaseModel):
    """Who calls, and what proves it."""

    key: str
    at: int
    nonce: str
    signature: str


def _caller(
    x_linli_key: Annotated[str, Header(max_length=100, description="The key that `linli partner add` has shown.")],
    x_linli_time: Annotated[int, Header(ge=0, lt=1 << 40, description="Seconds since 1970.")],
    x_linli_nonce: Annotated[str, Header(pattern=r"^[A-Za-z0-9_-]{8,64}$", description="Good once.")],
    x_linli_signature: Annotated[
        str, Header(pattern=r"^[0-9a-f]{64}$", description="Hex HMAC-SHA256 by the secret over time.nonce.body")
    ],
) -> Caller:
    return Caller(key=x_linli_key, at=x_linli_time, nonce=x_linli_nonce, signature=x_linli_signature)


TheCaller = Annotated[Caller, Depends(_caller)]


class TakenIn(BaseModel):
    """Our number of each order, by the caller's; or everything that is wrong, and then nothing was taken in."""

    numbers: dict[str, int] = {}
    faults: list[tuple[int, str]] = []


@router.post(
    "/orders.csv",
    openapi_extra={"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def take_orders(request: Request, site: TheSite, caller: TheCaller) -> TakenIn:
    """Files every order of a file, or none. An order that is here already is not filed again."""
    body = await request.body()

    async def work(tx: Tx) -> TakenIn | None:
        partner = await _known(tx, caller, body)
        if partner is None:
            return None
        try:
            rows, faults = records.read_file(body.decode("utf-8-sig"))
        except UnicodeDecodeError:
            rows, faults = [], [Fault(1, "not_utf8")]
        if faults:
            return TakenIn(faults=[tuple(fault) for fault in faults])
        return TakenIn(numbers=await records.take_in(site.office.city, tx, partner, rows, site.office.now()))

    taken = await site.office.run(work)
    if taken is None:
        raise ProblemError(403)
    return taken


@router.get("/status.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def show_status(site: TheSite, caller: TheCaller) -> Response:
    """How the caller's orders stand."""

    async def work(tx: Tx) -> str | None:
        partner = await _known(tx, caller, b"")
        if partner is None:
            return None
        return export.BOM + export.csv_lines(await records.status(site.office.city, tx, partner, site.office.now()))

    lines = await site.office.run(work)
    if lines is None:
        raise ProblemError(403)
    return Response(lines.encode(), media_type="text/csv; charset=utf-8")


async def _known(tx: Tx, caller: Caller, body: bytes) -> Partner | None:
    return await calls.check(tx, caller.key, caller.at, caller.nonce, caller.signature, body, datetime.now(UTC))
