"""Bringing bytes into the media store: what a photo shows is kept beside it, a voice has nothing to show."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image, ImageDraw

from bot.channels.base import Channel
from bot.files import GONE, Files
from bot.media import MediaStore
from handlers import refused_files
from nlp.duplicates import NEAR_BITS
from storage import attachments
from storage.attachments import Attachment
from storage.tx import Tx
from tests.handlers.resident_steps import LAMP, WHO
from tests.town import Town


class Platform:
    """Gives out the bytes that were put there; what is not there is gone."""

    name, account = "test", ""

    def __init__(self, kept: dict[str, bytes]) -> None:
        self._kept = kept

    async def fetch(self, ref: str) -> tuple[bytes, str]:
        if ref not in self._kept:
            raise FileNotFoundError(ref)
        return self._kept[ref], ""


def photo(quality: int, size: tuple[int, int]) -> bytes:
    image = Image.new("RGB", (400, 300), (90, 120, 90))
    draw = ImageDraw.Draw(image)
    draw.ellipse((40, 30, 180, 260), fill=(240, 240, 200))
    draw.rectangle((220, 60, 390, 150), fill=(20, 30, 60))
    out = io.BytesIO()
    image.resize(size).save(out, "JPEG", quality=quality)
    return out.getvalue()


async def test_the_same_photo_from_two_people_is_seen_to_be_near(tmp_path: Path) -> None:
    kept = {
        "a": photo(90, (400, 300)),
        "b": photo(50, (200, 150)),
        "c": b"OggS\x00\x02" + bytes(22) + b"OpusHead" + bytes(60),
    }
    async with Town.open(tmp_path) as town:
        ids = [await noted(town, ref) for ref in ("a", "b", "c", "lost")]
        channels: dict[Any, Channel] = {("test", ""): cast(Channel, Platform(kept))}
        files = Files(town.store, MediaStore(tmp_path / "media"), channels)
        assert await files.fetch_waiting() == 4
        async with town.store.read() as tx:
            first, second = await attachments.likenesses_of(tx, ids)
            assert (first ^ second).bit_count() <= NEAR_BITS
            lost = await attachments.find(tx, ids[3])
            assert lost is not None
            assert lost.stored == GONE


class FullDisk(MediaStore):
    """Has no room until `full` is over."""

    full = True

    def _write(self, path: Path, data: bytes) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        super()._write(path, data)


async def test_a_file_there_is_no_room_for_is_fetched_later_and_nobody_is_told_it_is_lost(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        noted_as = await noted(town, "a")
        channels: dict[Any, Channel] = {("test", ""): cast(Channel, Platform({"a": photo(90, (400, 300))}))}
        told: list[str] = []

        async def tell(_tx: Tx, _file: Attachment, reason: str) -> None:
            told.append(reason)

        media = FullDisk(tmp_path / "media")
        files = Files(town.store, media, channels, tell)
        assert await files.fetch_waiting() == 1
        media.full = False
        assert await files.fetch_waiting() == 1
        assert told == []
        async with town.store.read() as tx:
            kept = await attachments.find(tx, noted_as)
        assert kept is not None
        assert media.find(kept.stored)


async def noted(town: Town, ref: str) -> int:
    async with town.store.write() as tx:
        return await attachments.add(
            tx,
            person_id=1,
            chat_id=2,
            channel="test",
            account="",
            ref=ref,
            kind="photo",
            mime="",
            size=1,
            duration=0,
            now=town.now,
        )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"MZ\x90\x00", "只收照片"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "打不开"),
        (None, "没取到"),
        (b"x" * 2_001, "太大"),
    ],
)
async def test_who_sent_a_file_that_is_not_kept_hears_why_once(tmp_path: Path, data: bytes | None, said: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.says(WHO, media=1)
        async with town.store.read() as tx:
            (sent,) = await attachments.unfetched(tx, 5)
        kept = {} if data is None else {sent.ref: data}
        channels: dict[Any, Channel] = {("test", ""): cast(Channel, Platform(kept))}

        async def tell(tx: Tx, file: Attachment, reason: str) -> None:
            await refused_files.tell(town.city, tx, file, reason, town.now)

        files = Files(town.store, MediaStore(tmp_path / "media", max_bytes=2_000), channels, tell)
        for _ in range(2):
            assert await files.fetch(sent) == GONE
        await town.deliver()
        assert sum(said in text for text, _ in town.screen(WHO)) == 1
