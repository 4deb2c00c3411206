"""Articles of the public account: a desk asks in chat, the platform has a draft or a publication, and the desk hears of it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.articles import Articles, draw_cover
from handlers.messages import Capabilities
from storage import articles, people
from storage.articles import ArticleState
from tests.handlers.wish_steps import last, published, told
from tests.journeys.wechat_program import Town as Service
from tests.journeys.wechat_program import town as service_town
from tests.town import Town, _linjiang

BASE = "https://linli.example.cn"


@pytest.fixture
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    async with service_town(tmp_path_factory.mktemp("service")) as one:
        yield one


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """A town whose street has an account; what it brings there goes over HTTP to the local platform."""
    city = _linjiang()
    async with Town.open(tmp_path, city=replace(city, manners=replace(city.manners, web_base=BASE))) as one:
        one.city = replace(one.city, channels={**one.city.channels, "wechat": Capabilities()})
        yield one


def bringing(town: Town, service: Service) -> Articles:
    channel = service.program.wechat
    assert channel is not None
    return Articles(town.store, town.city, service.program.clock, channel.client)


async def test_the_wall_becomes_a_draft_without_anything_personal(town: Town, service: Service) -> None:
    await published(town)
    await town.says("路人", "公众号推文")
    assert "不归您" in told(town, "路人")
    await town.says("刘书记", "公众号推文")
    assert "等您来圆的心愿" in last(town, "刘书记")
    await town.presses("刘书记", "存到草稿箱")
    await town.presses("刘书记", "直接发布")
    assert "刚刚已经送了" in told(town, "刘书记")
    bring = bringing(town, service)
    assert await bring.bring() == 1
    assert await bring.bring() == 0
    await town.passes(minutes=5)
    await town.deliver()
    assert "草稿箱里了" in last(town, "刘书记")
    (draft,) = service.wechat.api.shelf.drafts.values()
    assert draft["author"] == "临江街道"
    assert draft["content_source_url"] == f"{BASE}/wall"
    assert "轮椅" in draft["content"]
    seen = str({name: value for name, value in draft.items() if name != "thumb_media_id"})  # drawn by chance
    assert not [s for s in ("401", "2单元", "3幢", "李阿姨") if s in seen]
    cover = Image.open(io.BytesIO(service.wechat.api.shelf.covers[draft["thumb_media_id"]]))
    assert cover.size == (900, 383)


async def test_published_once_whatever_is_asked_again(town: Town, service: Service) -> None:
    await published(town)
    await town.says("刘书记", "公众号推文")
    await town.presses("刘书记", "直接发布")
    bring = bringing(town, service)
    for _ in range(4):
        await bring.bring()
    await town.passes(minutes=5)
    await town.deliver()
    assert len(service.wechat.api.shelf.published) == 1
    assert service.wechat.api.shelf.drafts == {}
    assert "交给公众号发布了" in last(town, "刘书记")


async def test_what_the_platform_refuses_is_said_in_words(town: Town, service: Service) -> None:
    await published(town)
    shelf = service.wechat.api.shelf
    shelf.blocked.add(town.city.texts.text("article.title", town.now, name="临江街道"))
    await town.says("刘书记", "公众号推文")
    await town.presses("刘书记", "直接发布")
    bring = bringing(town, service)
    await bring.bring()
    await bring.bring()
    await town.passes(minutes=5)
    await town.deliver()
    assert "没通过平台的发布检查" in last(town, "刘书记")
    await town.passes(minutes=11)
    service.wechat.world.denied.add("/cgi-bin/draft/add")
    await town.says("刘书记", "公众号推文")
    await town.presses("刘书记", "存到草稿箱")
    await bring.bring()
    await town.passes(minutes=5)
    await town.deliver()
    assert "没有开通发布的权限" in last(town, "刘书记")


async def test_what_a_crash_left_half_done_is_not_asked_again(town: Town, service: Service) -> None:
    await published(town)
    await town.says("刘书记", "公众号推文")
    await town.presses("刘书记", "直接发布")
    async with town.store.write() as tx:
        desk = await people.find_by_identity(tx, "test", "", "刘书记")
        assert desk is not None
        article = await articles.last_by(tx, desk.id)
        assert article is not None
        assert await articles.step(tx, article, ArticleState.WRITING, town.now)
        assert not await articles.step(tx, article, ArticleState.WRITING, town.now)
    assert await bringing(town, service).bring() == 0
    assert service.wechat.api.shelf.drafts == {}


async def test_without_an_account_or_wishes_there_is_nothing_to_write(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await published(town)
        await town.says("刘书记", "公众号推文")
        assert "还没有接公众号" in told(town, "刘书记")


def test_a_long_title_fits_on_the_cover() -> None:
    assert Image.open(io.BytesIO(draw_cover("临江街道", "一" * 32))).size == (900, 383)
