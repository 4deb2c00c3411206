"""`linli doctor` on WeCom: every wrong value, address and permission has a sentence of its own that says where to mend it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot import notes, wecom_doctor
from bot.config import Config, load_config
from storage.database import Database
from storage.ids import Ids
from storage.schema import metadata
from storage.seal import Sealer, new_key
from storage.tx import Store
from tests.fakes.wecom import AES_KEY, AGENT, BOT, BOT_SECRET, CORP, SECRET, TOKEN, WecomServer


@pytest.fixture
async def server() -> AsyncIterator[WecomServer]:
    async with WecomServer() as one:
        one.member("wang", "王师傅", departments=(1, 12))
        one.world.departments[12] = "第一网格"
        one.world.menu = {"button": [{"type": "click", "name": "怎么用", "key": "怎么用"}]}
        yield one


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    database = Database(f"sqlite:///{tmp_path / 'linli.db'}", "test")
    async with database.write() as connection:
        await connection.run_sync(metadata.create_all)
    yield Store(database, Ids(), Sealer([new_key()]))
    await database.close()


def config(server: WecomServer, **changes: Any) -> Config:
    """A configuration in which all is right but for the changes."""
    plain = load_config(None)
    values: dict[str, Any] = {
        "corp_id": CORP,
        "agent_id": AGENT,
        "secret": SECRET,
        "token": TOKEN,
        "aes_key": AES_KEY,
        "bot_id": BOT,
        "bot_secret": BOT_SECRET,
        "departments": {"12": "grid:yinxing-01"},
        "base_url": server.base_url,
        "bot_url": server.bot.url,
        **changes,
    }
    base = values.pop("web", "http://127.0.0.1:9")
    return plain.model_copy(
        update={
            "wecom": plain.wecom.model_copy(update=values),
            "web": plain.web.model_copy(update={"base_url": base}),
        }
    )


Act = Callable[[WecomServer], Any]
WRONG: list[tuple[dict[str, Any], Act | None, str]] = [
    ({"corp_id": "ww-wrong"}, None, "企业ID"),
    ({"secret": "wrong"}, None, "copy Secret from"),
    ({"secret": ""}, None, "agent_id and secret are missing"),
    ({"agent_id": 5}, None, "another application's"),
    ({}, lambda server: setattr(server.interface, "trusted", False), "企业可信IP"),
    ({}, lambda server: server.interface.forbidden.update({"agent/get": 48002}), "权限"),
    ({}, lambda server: server.interface.forbidden.update({"get_jsapi_ticket": 60011}), "可信域名"),
    ({}, lambda server: server.world.members.clear(), "visible to nobody"),
    ({}, lambda server: server.world.menu.clear(), "linli wecom menu"),
    ({}, lambda server: server.interface.forbidden.update({"menu/get": 60011}), "the menu could not be read"),
    ({}, lambda server: server.interface.forbidden.update({"agent/get": 40056}), "copy AgentId"),
    ({}, lambda server: server.interface.forbidden.update({"agent/get": 42001}), "machine's clock"),
    ({}, lambda server: server.interface.forbidden.update({"agent/get": 45009}), "too often"),
    ({"departments": {"99": "grid:yinxing-01"}}, None, "部门ID"),
    ({"base_url": "http://127.0.0.1:9"}, None, "interface cannot be reached"),
    ({"token": ""}, None, "接收消息 → 设置API接收, and copy"),
    ({"web": "http://linli.example.cn"}, None, "https://"),
    ({}, None, "cannot be reached from here"),
    ({"bot_secret": "wrong"}, None, "使用长连接"),
    ({"bot_url": "ws://127.0.0.1:9"}, None, "check the network and [wecom] bot_url"),
    ({"webhooks": {"desk": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1"}}, None, "behind key="),
]


@pytest.mark.parametrize(("changes", "act", "sentence"), WRONG)
async def test_each_fault_has_its_own_sentence(
    server: WecomServer, store: Store, changes: dict[str, Any], act: Act | None, sentence: str
) -> None:
    if act is not None:
        act(server)
    found = await wecom_doctor.examine(config(server, **changes), None, store)
    told = [text for level, text in found if level != "ok" and sentence in text]
    assert len(told) == 1, found
    secret = changes.get("secret", SECRET)
    assert not [text for _, text in found if secret and len(secret) > 8 and secret in text]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("signature", "the Token differs"),
        ("cipher", "the EncodingAESKey differs"),
        ("receiver", "another company or application"),
        ("time", "clock"),
    ],
)
async def test_what_was_refused_last_is_told(server: WecomServer, store: Store, fault: str, sentence: str) -> None:
    await notes.Notes(store).keep(notes.CALLBACK, fault)
    found = await wecom_doctor.examine(config(server), None, store)
    assert [text for level, text in found if level == "fail" and sentence in text]


async def test_all_is_well(server: WecomServer, store: Store) -> None:
    await notes.Notes(store).keep(notes.CALLBACK, "")
    found = await wecom_doctor.examine(config(server), None, store)
    assert [text for level, text in found if level == "warn"] == [text for _, text in found if "from here" in text]
    assert not [text for level, text in found if level == "fail"]
    assert any("1 members" in text for _, text in found)


async def test_a_connected_bot_is_left_alone(server: WecomServer, store: Store) -> None:
    await notes.Notes(store).keep(notes.BOT, "replaced")
    found = await wecom_doctor.examine(config(server), None, store)
    assert [text for level, text in found if level == "fail" and "another program connects" in text]
    assert not server.bot.connected


async def test_without_wecom_there_is_nothing_to_say(server: WecomServer) -> None:
    assert await wecom_doctor.examine(load_config(None), None, None) == [
        ("ok", "wecom: not used ([wecom] corp_id is empty)")
    ]
