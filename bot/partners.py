"""Other systems: calls that are signed either way, and telling each what has become of its records, until it has heard.

Signature: hex HMAC-SHA256 by the partner's secret over `<time>.<nonce>.<body>`; the time in whole seconds since 1970.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta

import httpx
import structlog

from bot.clock import Clock
from storage import partners, requests
from storage.partners import Partner, Told
from storage.tx import Store, Tx

log = structlog.get_logger()

FRESH_FOR = timedelta(minutes=5)
"""How far the time of a call may be from ours; within it a nonce is good once."""
TOLD_AT_ONCE = 50
_FIRST, _LONGEST = timedelta(seconds=5), timedelta(hours=1)
_SKIP = 500
"""Events of others' records after which a partner's place in the ledger is moved on."""


def sign(secret: str, at: int, nonce: str, body: bytes) -> str:
    """The signature of a call."""
    return hmac.new(secret.encode(), f"{at}.{nonce}.".encode() + body, hashlib.sha256).hexdigest()


def headers(partner: Partner, body: bytes, at: datetime) -> dict[str, str]:
    """What goes with a call to a partner."""
    moment, nonce = int(at.timestamp()), secrets.token_hex(16)
    return {
        "Content-Type": "application/json",
        "X-Linli-Time": str(moment),
        "X-Linli-Nonce": nonce,
        "X-Linli-Signature": sign(partner.secret, moment, nonce, body),
    }


async def check(tx: Tx, key: str, at: int, nonce: str, signature: str, body: bytes, now: datetime) -> Partner | None:
    """The partner behind a call: known, signed by its secret, fresh, and for the first time; None for every other."""
    partner = await partners.find_by_key(tx, key)
    if partner is None or not hmac.compare_digest(sign(partner.secret, at, nonce, body), signature):
        return None
    if abs(now.timestamp() - at) > FRESH_FOR.total_seconds():
        return None
    return partner if await partners.first_use(tx, partner.id, nonce, now, now - 2 * FRESH_FOR) else None


class Teller:
    """Tells partners. `tell` is called every few seconds by one process at a time."""

    def __init__(self, store: Store, clock: Clock, client: httpx.AsyncClient | None = None) -> None:
        self._store = store
        self._clock = clock
        self._client = client

    async def tell(self) -> int:
        """Tells everybody who may be told now; how many moves were heard."""
        async with self._store.read() as tx:
            due = await partners.due(tx, self._clock.now())
        if not due:
            return 0
        if self._client is not None:
            return sum([await self._tell_one(self._client, partner) for partner in due])
        async with httpx.AsyncClient(timeout=10) as client:
            return sum([await self._tell_one(client, partner) for partner in due])

    async def _tell_one(self, client: httpx.AsyncClient, partner: Partner) -> int:
        async with self._store.read() as tx:
            news, head = await partners.news(tx, partner, TOLD_AT_ONCE)
            bodies = [await _body(tx, one) for one in news]
        heard = 0
        for one, body in zip(news, bodies, strict=True):
            if not await self._post(client, partner, body):
                await self._later(partner)
                return heard
            await self._up_to(partner, one.seq)
            heard += 1
        if not news and head - partner.seq > _SKIP:
            await self._up_to(partner, head)
        return heard

    async def _up_to(self, partner: Partner, seq: int) -> None:
        await self._store.run(lambda tx: partners.told(tx, partner.id, seq, self._clock.now()))

    async def _later(self, partner: Partner) -> None:
        again = self._clock.now() + min(_FIRST * 2**partner.tries, _LONGEST)
        await self._store.run(lambda tx: partners.not_told(tx, partner.id, min(partner.tries + 1, 20), again))

    async def _post(self, client: httpx.AsyncClient, partner: Partner, body: bytes) -> bool:
        try:
            answer = await client.post(partner.url, content=body, headers=headers(partner, body, datetime.now(UTC)))
        except httpx.HTTPError as error:
            log.warning("partner.unreached", partner=partner.id, error=type(error).__name__)
            return False
        if not answer.is_success:
            log.warning("partner.refused", partner=partner.id, status=answer.status_code)
        return answer.is_success


async def _body(tx: Tx, one: Told) -> bytes:
    request = await requests.get(tx, one.request_id)
    values = {
        "id": str(one.event_id),
        "event": one.name,
        "at": one.at.isoformat(),
        "state": one.target,
        "number": request.number,
        "external_id": one.external_id,
    }
    return json.dumps(values, ensure_ascii=False).encode()
