"""Files people send, kept in an S3-compatible bucket under the hash of their bytes; the folder is a copy of what was used here.

Needs the extra `s3`. Which files are kept and how is bot/media.py's, the same for both.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config as Options
from botocore.exceptions import BotoCoreError, ClientError

from bot.media import MIMES, SUFFIXES, MediaStore, is_ref


class BucketStore(MediaStore):
    """A bucket, shared by every process and machine. What cannot be reached raises OSError and may be tried again."""

    def __init__(
        self,
        folder: Path,
        address: str,
        *,
        endpoint: str = "",
        region: str = "",
        key: str = "",
        secret: str = "",
        max_bytes: int = 20 * 1024 * 1024,
    ) -> None:
        """`address` is s3://bucket or s3://bucket/prefix. Without key and secret the machine's own identity is used."""
        super().__init__(folder, max_bytes)
        parts = urlsplit(address)
        self._bucket = parts.netloc
        self._prefix = f"{parts.path.strip('/')}/" if parts.path.strip("/") else ""
        self._client = boto3.client(
            "s3",
            endpoint_url=endpoint or None,
            region_name=region or None,
            aws_access_key_id=key or None,
            aws_secret_access_key=secret or None,
            config=Options(
                connect_timeout=5,
                read_timeout=30,
                retries={"max_attempts": 3, "mode": "standard"},
                # servers other than Amazon's often know no trailing checksums; ours is the name of the file
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def check(self) -> None:
        """Raises OSError when the bucket cannot be used, with the reason."""
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except (BotoCoreError, ClientError) as error:
            raise OSError(f"bucket {self._bucket}: {_reason(error)}") from None

    def delete(self, ref: str) -> None:
        """Removes the file from the bucket and from here; copies on other machines are never shown again, and fade."""
        for key in self._keys(ref) if is_ref(ref) else []:
            self._call("delete_object", Key=key)
        super().delete(ref)

    def _write(self, path: Path, data: bytes) -> None:
        """Kept when the bucket has it; then also here."""
        if not path.is_file():
            self._call("put_object", Key=self._key(path.name), Body=data, ContentType=MIMES[path.suffix])
        super()._write(path, data)

    def _find_path(self, ref: str) -> Path | None:
        found = super()._find_path(ref)
        if found is not None or not is_ref(ref):
            return found
        for key in self._keys(ref):
            path = self._place(ref, Path(key).suffix)
            data: bytes = self._call("get_object", Key=key)["Body"].read()
            if path.suffix in MIMES and hashlib.sha256(data).hexdigest() == ref:
                super()._write(path, data)
                return path
        return None

    def _keys(self, ref: str) -> list[str]:
        listed = self._call("list_objects_v2", Prefix=self._key(ref), MaxKeys=len(SUFFIXES))
        return [one["Key"] for one in listed.get("Contents", [])]

    def _key(self, name: str) -> str:
        return f"{self._prefix}{name[:2]}/{name}"

    def _call(self, what: str, **given: object) -> Any:
        try:
            return getattr(self._client, what)(Bucket=self._bucket, **given)
        except (BotoCoreError, ClientError) as error:
            raise ConnectionError(f"bucket {self._bucket}: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """The bucket's own word, without addresses and keys."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "refused"))
    return type(error).__name__
