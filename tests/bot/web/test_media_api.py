"""Files over HTTP: uploaded by one, seen by those of the chat, refused in plain words."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from bot.media import StoredFile
from tests.bot.web.conftest import Browser, OpenBrowser, user_of
from tests.bot.web.program import QUEUE, Program


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "green").save(out, "JPEG")
    return out.getvalue()


async def upload(client: Browser) -> str:
    answer = await client.post("/api/media", files={"file": ("a.jpg", photo(), "image/jpeg")})
    assert answer.status_code == 201, answer.text
    assert answer.json()["kind"] == "photo"
    return str(answer.json()["ref"])


async def test_my_photo_can_be_sent_and_seen_by_me_only(anna: Browser, browser: OpenBrowser, program: Program) -> None:
    ref = await upload(anna)
    answer = await anna.post("/api/chat/messages", json={"media": [ref], "text": "这里", "client_id": "m1"})
    assert answer.status_code == 202
    (media,) = program.seen[f"{await user_of(anna)}:m1"].media
    assert (media.ref, media.kind, media.mime) == (ref, "photo", "image/jpeg")
    got = await anna.get(f"/media/{ref}")
    assert (got.status_code, got.headers["content-type"]) == (200, "image/jpeg")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"] == "sandbox"
    assert (await (await browser()).get(f"/media/{ref}")).status_code == 404


async def test_somebody_elses_file_cannot_be_sent(anna: Browser, browser: OpenBrowser, program: Program) -> None:
    ref = await upload(anna)
    bob = await browser()
    answer = await bob.post("/api/chat/messages", json={"media": [ref], "client_id": "m1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_file")
    assert program.seen == {}


async def test_a_photo_in_a_room_is_for_its_members_while_they_are(
    anna: Browser, browser: OpenBrowser, program: Program
) -> None:
    program.staff[await user_of(anna)] = "王师傅"
    colleague, outsider = await browser(), await browser()
    program.staff[await user_of(colleague)] = "李姐"
    ref = await upload(anna)
    await anna.post(f"/api/rooms/{QUEUE}/messages", json={"media": [ref], "client_id": "m1"})
    assert (await colleague.get(f"/media/{ref}")).status_code == 200
    assert (await outsider.get(f"/media/{ref}")).status_code == 404
    program.staff.pop(await user_of(colleague))
    assert (await colleague.get(f"/media/{ref}")).status_code == 404


async def test_a_file_of_a_record_by_its_own_id(anna: Browser, program: Program) -> None:
    stored = program.channel.media.save(b"%PDF-1.4 x")
    program.files[(await user_of(anna), "42")] = StoredFile(*stored)
    got = await anna.get("/media/42")
    assert got.content == b"%PDF-1.4 x"
    assert got.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"<html>", 415, "file_wrong_type"),
        (b"", 422, "file_empty"),
        (b"\xff\xd8\xff broken", 422, "file_broken"),
        (b"x" * (20 * 1024 * 1024 + 1), 413, "file_too_large"),
        (b"x" * (21 * 1024 * 1024), 413, "too_large"),
    ],
)
async def test_refusals(anna: Browser, data: bytes, status: int, code: str) -> None:
    answer = await anna.post("/api/media", files={"file": ("a.jpg", data, "image/jpeg")})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
