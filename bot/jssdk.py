"""What a page inside WeChat or WeCom configures the platform's script with: a signature over this very address.

Where the ticket comes from is the channels'. Both platforms sign alike: developer.work.weixin.qq.com/document/path/96909 and
developers.weixin.qq.com/doc/service/guide/h5/jssdk.html.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import NamedTuple


class Signed(NamedTuple):
    """A signature, and what it was made of besides the ticket and the address."""

    timestamp: int
    nonce: str
    signature: str


def sign(ticket: str, url: str, now: datetime) -> Signed:
    """Signs a page for the script. `url` is the address as the browser shows it; what stands behind # does not count."""
    stamp, nonce = int(now.timestamp()), secrets.token_hex(8)
    page = url.partition("#")[0]
    told = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={stamp}&url={page}"
    return Signed(stamp, nonce, hashlib.sha1(told.encode(), usedforsecurity=False).hexdigest())
