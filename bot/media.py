"""Files people send, kept on disk under the hash of their bytes. Who may see one is decided elsewhere.

The type is read from the bytes, never believed. Pictures are drawn anew, so that no position or camera data survives.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageOps, UnidentifiedImageError

from handlers.messages import MediaKind

LONGEST_SIDE = 2560
"""Pixels. Larger pictures are scaled down."""
MOST_PIXELS = 64_000_000
"""A picture that claims more is refused before one pixel is decoded."""
SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/webm": ".weba",
    "audio/amr": ".amr",
    "application/pdf": ".pdf",
}
MIMES = {suffix: mime for mime, suffix in SUFFIXES.items()}
_PICTURES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}
_VIDEO_CODECS = (b"V_VP8", b"V_VP9", b"V_AV1", b"V_MPEG")
_LARGEST_PNG = 4 * 1024 * 1024


class MediaRefused(ValueError):
    """The file cannot be kept. `reason` is one of "empty", "too_large", "wrong_type", "broken"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StoredFile(NamedTuple):
    """A kept file: the hash (sha256, hex) of the kept bytes, their type and their length in bytes."""

    ref: str
    mime: str
    size: int

    @property
    def kind(self) -> MediaKind:
        """How a chat shows it."""
        family = self.mime.partition("/")[0]
        return "photo" if family == "image" else "voice" if family == "audio" else "file"


class MediaStore:
    """A folder of files named by their hash. Safe to share between processes: a file is written whole or not at all."""

    def __init__(self, folder: Path, max_bytes: int = 20 * 1024 * 1024) -> None:
        self._folder = folder
        self.max_bytes = max_bytes

    def save(self, data: bytes, mime: str = "") -> StoredFile:
        """Keeps the bytes, on disk when it returns. Raises `MediaRefused`. `mime` only tells audio from video where

        one container carries both. Slow for pictures (decoding): call it in a thread.
        """
        if not data:
            raise MediaRefused("empty")
        if len(data) > self.max_bytes:
            raise MediaRefused("too_large")
        found = sniff(data)
        if not found or mime.startswith("video/"):
            raise MediaRefused("wrong_type")
        if found in _PICTURES:
            data, found = _redraw(data, _PICTURES[found])
        ref = hashlib.sha256(data).hexdigest()
        self._write(self._place(ref, SUFFIXES[found]), data)
        return StoredFile(ref, found, len(data))

    def find(self, ref: str) -> StoredFile | None:
        """What is kept under `ref`, if anything."""
        path = self._find_path(ref)
        return StoredFile(ref, MIMES[path.suffix], path.stat().st_size) if path else None

    def path(self, ref: str) -> Path:
        """Where the file lies. Raises FileNotFoundError."""
        path = self._find_path(ref)
        if path is None:
            raise FileNotFoundError(ref)
        return path

    def read(self, ref: str) -> bytes:
        """The bytes. Raises FileNotFoundError."""
        return self.path(ref).read_bytes()

    def delete(self, ref: str) -> None:
        """Removes the file; a file that is not there is no error."""
        path = self._find_path(ref)
        if path:
            path.unlink(missing_ok=True)

    def check(self) -> None:
        """Raises OSError when nothing can be kept."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def _place(self, ref: str, suffix: str) -> Path:
        return self._folder / ref[:2] / (ref + suffix)

    def _find_path(self, ref: str) -> Path | None:
        if not is_ref(ref):
            return None
        return next((path for s in MIMES if (path := self._place(ref, s)).is_file()), None)

    def _write(self, path: Path, data: bytes) -> None:
        if path.is_file():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def is_ref(ref: str) -> bool:
    """Whether this can be the name of a file: a sha256 in hex."""
    return len(ref) == 64 and set(ref) <= set("0123456789abcdef")


def sniff(data: bytes) -> str:
    """The media type the bytes show, or "" when it is none that is kept. A container that holds video is none."""
    head = data[:64]
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith((b"#!AMR\n", b"#!AMR-WB\n")):
        return "audio/amr"
    return _sniff_container(data)


def _sniff_container(data: bytes) -> str:
    if data.startswith(b"OggS"):
        return "" if b"\x80theora" in data[:4096] else "audio/ogg"
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        return "" if b"webm" not in data[:64] or any(codec in data[:4096] for codec in _VIDEO_CODECS) else "audio/webm"
    if data[4:8] == b"ftyp":
        return "" if _holds_video(data) else "audio/mp4"
    if data.startswith(b"ID3") or (len(data) > 3 and data[0] == 0xFF and data[1] & 0xE6 in (0xE2,)):
        return "audio/mpeg"
    return ""


def _holds_video(data: bytes) -> bool:
    at = data.find(b"hdlr")
    while at >= 0:
        if data[at + 12 : at + 16] == b"vide":
            return True
        at = data.find(b"hdlr", at + 4)
    return False


def _redraw(data: bytes, kind: str) -> tuple[bytes, str]:
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise MediaRefused("too_large")
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(image)
            clear = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
            picture = upright.convert("RGBA" if clear else "RGB")
    except MediaRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise MediaRefused("too_large") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError) as error:
        raise MediaRefused("broken") from error
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return _encode(picture, lossless=clear or kind in ("PNG", "GIF"))


def _encode(picture: Image.Image, *, lossless: bool) -> tuple[bytes, str]:
    clean = Image.new(picture.mode, picture.size)
    clean.paste(picture)
    out = io.BytesIO()
    if lossless:
        clean.save(out, "PNG")
        if picture.mode == "RGBA" or out.tell() <= _LARGEST_PNG:
            return out.getvalue(), "image/png"
        out = io.BytesIO()
    clean.convert("RGB").save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue(), "image/jpeg"
