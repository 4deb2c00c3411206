"""Articles of the public account: a cover is kept, a draft is made, a draft is published. Raises as `Client` does.

https://developers.weixin.qq.com/doc/service/api/draftbox/draftmanage/api_draft_add
https://developers.weixin.qq.com/doc/service/api/public/api_freepublish_submit
"""

from __future__ import annotations

from bot.channels.wechat.client import Client

AUTHOR_MOST, TITLE_MOST, DIGEST_MOST, CONTENT_MOST = 16, 32, 120, 20_000
"""Characters the platform takes."""


async def keep_cover(client: Client, picture: bytes) -> str:
    """A picture that stays with the account; its id. The platform wants one on every article."""
    told = await client.upload("/cgi-bin/material/add_material", "image", "cover.png", picture, "image/png")
    return str(told.get("media_id", ""))


async def post(client: Client, *, title: str, author: str, digest: str, content: str, source: str, cover: str) -> str:
    """Makes a draft; its id. Pictures from elsewhere and scripts would be taken out of the content by the platform."""
    if len(content) >= CONTENT_MOST:
        raise ValueError("an article of so many characters is refused")
    article = {
        "article_type": "news",
        "title": title[:TITLE_MOST],
        "author": author[:AUTHOR_MOST],
        "digest": digest[:DIGEST_MOST],
        "content": content,
        "content_source_url": source,
        "thumb_media_id": cover,
        "need_open_comment": 0,
        "only_fans_can_comment": 0,
    }
    told = await client.post("/cgi-bin/draft/add", {"articles": [article]})
    return str(told.get("media_id", ""))


async def publish(client: Client, draft: str) -> str:
    """Asks for a draft to be published; the id of the platform's task. Whether it passes, the platform says later."""
    told = await client.post("/cgi-bin/freepublish/submit", {"media_id": draft})
    return str(told.get("publish_id", ""))
