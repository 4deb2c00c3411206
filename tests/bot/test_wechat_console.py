"""The operator's side of WeChat: what the doctor says of each thing that is wrong, the menu, the place codes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot import doctor_wechat, wechat
from bot.callbacks import Crypt, write_xml
from bot.config import Config, ConfigError, load_config
from bot.posters import write_posters
from tests.fakes.wechat import AES_KEY, APP_ID, ORIGINAL_ID, TOKEN
from tests.journeys.wechat_program import town

FORM = "a" * 43


def changed(config: Config, **values: object) -> Config:
    return config.model_copy(update={"wechat": config.wechat.model_copy(update=values)})


async def test_each_thing_that_is_wrong_has_its_own_sentence(tmp_path: Path) -> None:
    async with town(tmp_path, wechat='verify_file = "MP_verify_abc123.txt"') as running:
        config, world = running.program.config, running.wechat.world

        async def said(config: Config, level: str = "fail") -> str:
            found = await doctor_wechat.examine(config, running.clock.now())
            return "\n".join(one.text for one in found if one.level == level)

        assert await said(config) == ""
        fine = await said(config, "ok")
        assert "the AppID and AppSecret are right" in fine
        assert "/hooks/wechat answers" in fine
        assert "MP_verify_abc123.txt is there" in fine
        warned = await said(config, "warn")
        assert "linli wechat menu" in warned
        assert "neither template_rate nor agreed_rate" in warned

        told = [
            await said(changed(config, app_id="wxffffffffffffffff")),
            await said(changed(config, app_secret="0" * 32)),
            await said(changed(config, token="another")),
            await said(changed(config, base_url="http://127.0.0.1:9")),
            await said(changed(config, verify_file="MP_verify_other.txt")),
            await said(config.model_copy(update={"web": config.web.model_copy(update={"base_url": ""})})),
        ]
        expected = [
            "the AppID is not known",
            "the AppSecret is wrong",
            "another Token",
            "127.0.0.1:9 cannot be reached",
            "MP_verify_other.txt answers 404",
            "base_url is empty",
        ]
        for words, text in zip(expected, told, strict=True):
            assert words in text
        assert all("基本配置" in text for text in told[:2]), "where in the console"
        assert len(set(told)) == len(told)

        world.allowed_ip = False
        assert "127.0.0.1 is not on the list; add it in 设置与开发" in await said(config)
        world.allowed_ip = True
        world.denied = {"/cgi-bin/customservice/getkflist"}
        assert "客服消息" in await said(config)
        form = config.wechat.template_rate.model_copy(update={"id": FORM, "fields": {"item": "thing1"}})
        asking = changed(config, template_rate=form)
        world.denied = {"/cgi-bin/template/get_all_private_template"}
        assert "template messages are not allowed" in await said(asking)
        world.denied = set()
        assert "there is no such form" in await said(asking)
        world.templates[FORM] = "{{thing1.DATA}}{{time2.DATA}}"
        assert "the form in 广告与服务 → 模板消息 has thing1, time2" in await said(asking)
        world.templates[FORM] = "{{thing1.DATA}}"
        assert "template_rate fits" in await said(asking, "ok")
        world.agreements[FORM] = "{{thing1.DATA}}"
        agreeing = changed(config, agreed_rate=form)
        assert "agreed_rate fits" in await said(agreeing, "ok")
        world.denied = {"/cgi-bin/ticket/getticket"}
        assert "JS接口安全域名" in await said(agreeing)


REFUSED = {
    "token": "the Token in 设置与开发",
    "aes_key": "the EncodingAESKey in 设置与开发",
    "app_id": "another account",
    "original_id": "another account",
    "plain": "choose 安全模式",
    "clock": "set this machine's clock",
}


@pytest.mark.parametrize("wrong", sorted(REFUSED))
async def test_what_a_refused_message_shows_is_told(tmp_path: Path, wrong: str) -> None:
    """Only a message that comes shows whether the key in the console is ours."""
    async with town(tmp_path) as running:
        wechat, aunt = running.wechat, running.wechat.person("李阿姨")
        config, store = running.program.config, running.program.store

        async def told() -> str:
            found = await doctor_wechat.examine(config, running.clock.now(), store)
            return "\n".join(
                f"{one.level} {one.text}"
                for one in found
                if " message" in one.text and "service messages" not in one.text
            )

        assert not await told(), "nothing has come yet"
        sent = wechat.message(aunt, "text", Content="你好")
        now = running.clock.now() - timedelta(hours=wrong == "clock")
        stamp = str(int(now.timestamp()))
        ours = Crypt(
            "another" if wrong == "token" else TOKEN,
            "x" * 43 if wrong == "aes_key" else AES_KEY,
            "wxffffffffffffffff" if wrong == "app_id" else APP_ID,
        )
        if wrong == "original_id":
            sent["ToUserName"] = "gh_another"
        sealed = ours.encrypt(write_xml(sent))
        query = {"msg_signature": ours.sign(stamp, "1", sealed), "timestamp": stamp, "nonce": "1"}
        body = write_xml({"ToUserName": ORIGINAL_ID, "Encrypt": sealed} if wrong != "plain" else sent)
        answer = await running.browser().post("/hooks/wechat", params=query, content=body)
        assert 400 <= answer.status_code < 500
        assert REFUSED[wrong] in await told()
        assert "fail" in await told()
        assert await wechat.text(aunt, "在吗")
        assert (await told()).startswith("ok wechat: messages arrive"), "what is mended is well again at once"


async def test_the_menu_and_the_codes(tmp_path: Path) -> None:
    async with town(tmp_path) as running:
        program, platform = running.program, running.wechat
        assert program.wechat is not None
        client, city = program.wechat.client, program.city
        assert await wechat.make_menu(client, city, program.config) == 8
        menu = platform.world.menu
        assert menu is not None
        aunt = platform.person("李阿姨")
        for top in menu["button"]:
            for button in top["sub_button"]:
                if button["type"] == "click":
                    assert await platform.click(aunt, button["key"]), button
                else:
                    page = await running.opens(aunt, button["url"].removeprefix(running.base))
                    assert page.status_code == 200, button
        codes = list(city.place_codes)[:60]
        urls = await wechat.make_codes(client, program.store, codes[:10])
        again = await wechat.make_codes(client, program.store, codes)
        assert {code: again[code] for code in codes[:10]} == urls, "made once each"
        assert sorted(platform.world.codes.values()) == sorted(f"b_{code}" for code in codes)
        pdf = tmp_path / "posters.pdf"
        words = city.place_codes[codes[0]]
        count = await asyncio.to_thread(write_posters, city, "", pdf, only=words, addresses=again)
        assert count >= 1
        assert pdf.read_bytes().startswith(b"%PDF")
        path = tmp_path / "config.toml"
        async with wechat.opened(load_config(path)) as (other, store):
            assert await wechat.make_codes(other, store, codes) == again


async def test_without_an_account_a_command_says_so(tmp_path: Path) -> None:
    async with town(tmp_path) as running:
        config = changed(running.program.config, app_id="")
        with pytest.raises(ConfigError, match="app_id is empty"):
            async with wechat.opened(config):
                pass
        assert "not used" in (await doctor_wechat.examine(config))[0].text
