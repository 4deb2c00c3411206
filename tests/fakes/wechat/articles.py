"""Articles by the platform's rules: a cover that stays, drafts, publishing."""

from __future__ import annotations

import re
import secrets
from typing import Any

from tests.fakes.wechat.rules import ApiError

_LIMITS = {"title": 32, "author": 16, "digest": 128, "content": 19_999}
_ALLOWED = {*_LIMITS, "article_type", "content_source_url", "thumb_media_id"} | {
    "need_open_comment",
    "only_fans_can_comment",
    "pic_crop_235_1",
    "pic_crop_1_1",
}


class Shelf:
    """The covers, drafts and publications of one account."""

    def __init__(self) -> None:
        self.covers: dict[str, bytes] = {}
        self.drafts: dict[str, dict[str, Any]] = {}
        self.published: list[dict[str, Any]] = []
        self.blocked: set[str] = set()
        """Titles that do not pass the check before publishing."""

    def keep(self, kind: str, content: bytes, mime: str) -> dict[str, Any]:
        if kind not in ("image", "thumb", "voice", "video"):
            raise ApiError(40004, "invalid media type", violation=True)
        if mime not in ("image/png", "image/jpeg") or not content or len(content) > 10 * 1024 * 1024:
            raise ApiError(40005, "invalid file type", violation=True)
        made = secrets.token_urlsafe(32)
        self.covers[made] = content
        return {"media_id": made, "url": "https://mmbiz.qpic.cn/cover"}

    def add(self, body: dict[str, Any]) -> dict[str, Any]:
        (article,) = body.get("articles") or [None]
        if not isinstance(article, dict) or set(article) - _ALLOWED:
            raise ApiError(47001, "data format error", violation=True)
        for name, most in _LIMITS.items():
            if len(str(article.get(name, ""))) > most:
                raise ApiError(45003, f"{name} out of limit", violation=True)
        if not article.get("title") or not article.get("content"):
            raise ApiError(44003, "empty news data", violation=True)
        if article.get("thumb_media_id") not in self.covers:
            raise ApiError(40007, "invalid media_id")
        if re.search(r"<script|<img", article["content"]):
            raise ApiError(45166, "invalid content", violation=True)
        made = secrets.token_urlsafe(32)
        self.drafts[made] = article
        return {"media_id": made, "item": []}

    def publish(self, body: dict[str, Any]) -> dict[str, Any]:
        draft = self.drafts.get(str(body.get("media_id", "")))
        if draft is None:
            raise ApiError(40007, "invalid media_id")
        if draft["title"] in self.blocked:
            raise ApiError(53503, "draft has not passed the check")
        self.published.append(draft)
        del self.drafts[str(body["media_id"])]
        return {"errcode": 0, "errmsg": "ok", "publish_id": str(len(self.published)), "msg_data_id": "1"}
