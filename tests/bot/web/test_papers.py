"""A paper opens with its link and with nothing else."""

from __future__ import annotations

from tests.bot.web.conftest import Browser


async def test_a_ticket_opens_its_paper(anna: Browser) -> None:
    found = await anna.get(f"/papers/{'t' * 32}.pdf")
    assert found.status_code == 200
    assert found.headers["content-type"] == "application/pdf"
    assert found.headers["cache-control"] == "no-store"
    assert (await anna.get(f"/papers/{'x' * 32}.pdf")).status_code == 404
    assert (await anna.get("/papers/short.pdf")).status_code in (400, 404, 422)
