"""The media store: what is kept, what is refused, and that pictures lose where they were taken."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.media import LONGEST_SIDE, MediaRefused, MediaStore, sniff

GPS = 0x8825
ORIENTATION = 0x0112


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media", max_bytes=2_000_000)


def picture(kind: str, size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 128).save(out, kind, **options)
    return out.getvalue()


def with_gps() -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010F] = "SpyPhone"
    exif.get_ifd(GPS)[2] = (32.0, 12.0, 5.5)
    return picture("JPEG", exif=exif, comment=b"home")


def test_camera_data_is_gone_and_the_picture_stands_upright(store: MediaStore) -> None:
    data = with_gps()
    assert b"SpyPhone" in data
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(GPS)
    stored = store.save(data, "image/jpeg")
    kept = store.read(stored.ref)
    image = Image.open(io.BytesIO(kept))
    assert b"SpyPhone" not in kept
    assert b"home" not in kept
    assert not image.getexif()
    assert image.size == (40, 60)


@pytest.mark.parametrize(
    ("kind", "mode", "mime"),
    [
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("PNG", "RGB", "image/png"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "I;16", "image/png"),
        ("WEBP", "RGB", "image/jpeg"),
        ("WEBP", "RGBA", "image/png"),
        ("GIF", "P", "image/png"),
    ],
)
def test_pictures_become_jpeg_or_png(store: MediaStore, kind: str, mode: str, mime: str) -> None:
    stored = store.save(picture(kind, mode=mode))
    assert (stored.mime, stored.kind) == (mime, "photo")
    assert sniff(store.read(stored.ref)) == mime
    assert store.find(stored.ref) == stored


def test_a_large_picture_is_scaled_down(store: MediaStore) -> None:
    stored = store.save(picture("JPEG", (5000, 1000)))
    assert Image.open(io.BytesIO(store.read(stored.ref))).size == (LONGEST_SIDE, 512)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.mark.parametrize("side", [9_000, 12_000, 60_000])
def test_a_bomb_is_refused_unopened(store: MediaStore, side: int) -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    with pytest.raises(MediaRefused) as refused:
        store.save(bomb, "image/png")
    assert refused.value.reason == "too_large"


VOICE = {
    "audio/ogg": b"OggS\x00\x02" + bytes(22) + b"OpusHead" + bytes(60),
    "audio/mpeg": b"ID3\x04\x00" + bytes(80),
    "audio/mp4": b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00" + b"hdlr" + bytes(8) + b"soun" + bytes(40),
    "audio/webm": b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm" + bytes(30) + b"A_OPUS",
    "audio/amr": b"#!AMR\n" + bytes(40),
}


@pytest.mark.parametrize("mime", VOICE)
def test_voice_is_kept_as_it_is(store: MediaStore, mime: str) -> None:
    stored = store.save(VOICE[mime], mime)
    assert (stored.mime, stored.kind) == (mime, "voice")
    assert store.read(stored.ref) == VOICE[mime]


def test_pdf_is_kept_as_it_is(store: MediaStore) -> None:
    assert store.save(b"%PDF-1.7\nhello").kind == "file"


@pytest.mark.parametrize(
    ("data", "mime", "reason"),
    [
        (b"", "image/png", "empty"),
        (b"<html><script>alert(1)</script>", "image/jpeg", "wrong_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", "wrong_type"),
        (b"MZ\x90\x00", "audio/ogg", "wrong_type"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00hdlr" + bytes(8) + b"vide", "audio/mp4", "wrong_type"),
        (b"\x1a\x45\xdf\xa3\x42\x82\x84webm" + bytes(9) + b"V_VP8", "audio/webm", "wrong_type"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "image/jpeg", "broken"),
        (b"x" * 2_000_001, "image/png", "too_large"),
    ],
)
def test_what_is_not_kept(store: MediaStore, data: bytes, mime: str, reason: str) -> None:
    with pytest.raises(MediaRefused) as refused:
        store.save(data, mime)
    assert refused.value.reason == reason


def test_the_same_bytes_are_kept_once_and_no_half_file_stays(store: MediaStore, tmp_path: Path) -> None:
    first = store.save(VOICE["audio/amr"])
    assert store.save(VOICE["audio/amr"]) == first
    assert [path.name for path in (tmp_path / "media").rglob("*") if path.is_file()] == [f"{first.ref}.amr"]
    store.delete(first.ref)
    assert store.find(first.ref) is None
    with pytest.raises(FileNotFoundError):
        store.read(first.ref)


@pytest.mark.parametrize("ref", ["", "../../etc/passwd", "a" * 63, "A" * 64, "/" * 64])
def test_a_ref_is_never_a_path(store: MediaStore, ref: str) -> None:
    assert store.find(ref) is None


@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF1234WEBP", b""]), st.binary(max_size=300)
)
def test_broken_bytes_are_refused_and_never_crash(
    tmp_path_factory: pytest.TempPathFactory, head: bytes, tail: bytes
) -> None:
    store = MediaStore(tmp_path_factory.getbasetemp() / "fuzz")
    try:
        stored = store.save(head + tail)
    except MediaRefused:
        return
    assert store.find(stored.ref) == stored


def test_a_cut_picture_is_refused(store: MediaStore) -> None:
    whole = picture("JPEG", (400, 400))
    with pytest.raises(MediaRefused):
        store.save(whole[: len(whole) // 3])
