"""What the optional extras bring, built from the settings that ask for it: a bucket for files, an exporter for traces."""

from __future__ import annotations

import importlib

from bot.config import Config, ConfigError
from bot.media import MediaStore
from bot.traces import Traces


def open_traces(config: Config, tenant: str) -> Traces:
    """Raises ConfigError when they are asked for and the extra is not installed."""
    section = config.traces
    if not section.endpoint:
        return Traces()
    try:
        exporting = importlib.import_module("bot.exporting")  # an extra: most trace nothing
    except ImportError:
        raise ConfigError("[traces] endpoint needs the extra otel: pip install 'linli[otel]'") from None
    return Traces(exporting.provider(section.endpoint, tenant), section.share)


def media_store(config: Config) -> MediaStore:
    """The folder, or the bucket where one is set. Raises ConfigError when the extra for it is not installed."""
    storage = config.storage
    if not storage.bucket:
        return MediaStore(storage.media)
    try:
        bucket = importlib.import_module("bot.bucket")  # an extra: most have no bucket
    except ImportError:
        raise ConfigError("[storage] bucket needs the extra s3: pip install 'linli[s3]'") from None
    store: MediaStore = bucket.BucketStore(
        storage.media,
        storage.bucket,
        endpoint=storage.s3_endpoint,
        region=storage.s3_region,
        key=storage.s3_key,
        secret=storage.s3_secret,
    )
    return store
