"""Files in a bucket, against a local S3 server: found by every machine, whole, and removed when they are to be forgotten."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from PIL import Image

from bot import doctor
from bot.bucket import BucketStore
from bot.config import ConfigError, load_config
from bot.extras import media_store

BUCKET = "linli-test"
KEYS = {"key": "test", "secret": "test-secret"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def client(endpoint: str) -> Iterator[Any]:
    made = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y"
    )
    made.create_bucket(Bucket=BUCKET)
    yield made
    for one in made.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        made.delete_object(Bucket=BUCKET, Key=one["Key"])
    made.delete_bucket(Bucket=BUCKET)
    made.close()


def machine(folder: Path, endpoint: str, **more: Any) -> BucketStore:
    return BucketStore(folder, f"s3://{BUCKET}/photos", endpoint=endpoint, region="us-east-1", **KEYS, **more)


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(out, "JPEG")
    return out.getvalue()


def test_another_machine_finds_what_was_kept(tmp_path: Path, endpoint: str, client: Any) -> None:
    one, other = machine(tmp_path / "one", endpoint), machine(tmp_path / "other", endpoint)
    kept = one.save(photo())
    assert other.find(kept.ref) == kept
    assert other.read(kept.ref) == one.read(kept.ref)
    (stored,) = client.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert stored["Key"] == f"photos/{kept.ref[:2]}/{kept.ref}.jpg"
    assert client.head_object(Bucket=BUCKET, Key=stored["Key"])["ContentType"] == "image/jpeg"
    assert one.save(photo()) == kept, "the same bytes are the same file"
    assert other.find("0" * 64) is None
    assert other.find("../../etc/passwd") is None


def test_what_was_changed_in_the_bucket_is_not_taken(tmp_path: Path, endpoint: str, client: Any) -> None:
    kept = machine(tmp_path / "one", endpoint).save(photo())
    key = f"photos/{kept.ref[:2]}/{kept.ref}.jpg"
    client.put_object(Bucket=BUCKET, Key=key, Body=b"something else")
    assert machine(tmp_path / "other", endpoint).find(kept.ref) is None


def test_a_removed_file_is_gone_from_the_bucket(tmp_path: Path, endpoint: str, client: Any) -> None:
    store = machine(tmp_path / "one", endpoint)
    kept = store.save(photo())
    store.delete(kept.ref)
    store.delete(kept.ref)
    assert "Contents" not in client.list_objects_v2(Bucket=BUCKET)
    assert store.find(kept.ref) is None
    assert machine(tmp_path / "other", endpoint).find(kept.ref) is None


def test_a_bucket_that_cannot_be_used_keeps_nothing_and_says_why(tmp_path: Path, endpoint: str, client: Any) -> None:
    lost = BucketStore(tmp_path / "lost", "s3://nowhere", endpoint=endpoint, region="us-east-1", **KEYS)
    with pytest.raises(ConnectionError, match="nowhere: NoSuchBucket") as caught:
        lost.save(photo())
    assert "test-secret" not in str(caught.value)
    with pytest.raises(OSError, match="nowhere: 404"):
        lost.check()
    assert not list((tmp_path / "lost").rglob("*.jpg")), "what the bucket has not is not kept at all"


async def test_it_is_a_setting_that_doctor_checks(tmp_path: Path, endpoint: str, client: Any) -> None:
    path = tmp_path / "config.toml"
    settings = f's3_endpoint = "{endpoint}"\ns3_region = "us-east-1"\ns3_key = "a"\ns3_secret = "b"\n'
    path.write_text(f'[storage]\nbucket = "s3://{BUCKET}"\n{settings}', encoding="utf-8")
    store = media_store(load_config(path))
    kept = await asyncio.to_thread(store.save, photo())
    assert client.head_object(Bucket=BUCKET, Key=f"{kept.ref[:2]}/{kept.ref}.jpg")
    assert [f.text for f in await doctor._bucket(load_config(path))] == [f"files: s3://{BUCKET}"]
    path.write_text(f'[storage]\nbucket = "s3://nowhere"\n{settings}', encoding="utf-8")
    (finding,) = await doctor._bucket(load_config(path))
    assert finding.level == "fail"
    path.write_text('[storage]\nbucket = "https://nowhere"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="s3://bucket"):
        load_config(path)
