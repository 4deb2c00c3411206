"""Journeys on WeChat: the whole program, over real HTTP both ways, the clock turned by hand."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

from storage import events, people, requests
from storage.requests import Request
from tests.fakes.wechat import APP_ID
from tests.fakes.wechat.world import Person
from tests.journeys.wechat_program import IN_TIME, Town, Worker, town

QUEUE, GRID = "grid:yinxing-01", "yinxing-01"
LAMP = "银杏苑三栋二单元楼道灯坏了，13900001234"
RATE = "{{character_string1.DATA}}\n{{thing2.DATA}}\n{{phrase3.DATA}}\n{{time4.DATA}}"
FIELDS = 'fields = {number = "character_string1", item = "thing2", state = "phrase3", at = "time4"}'


async def record(running: Town, number: int = 1001) -> Request:
    async with running.program.store.read() as tx:
        found = await requests.find_by_number(tx, number)
    assert found is not None
    return found


async def reported(running: Town, aunt: Person) -> Worker:
    """The lamp is reported, and claimed by the worker who is given back."""
    wang = await running.worker("王师傅", QUEUE, GRID)
    await running.wechat.text(aunt, LAMP)
    said = await running.wechat.text(aunt, running.wechat.choice(aunt, "对，就这样"))
    assert "已登记，单号 1001" in said
    await wang.press("接单", "1001")
    await running.wechat.wait_for(aunt, "接了")
    return wang


async def test_from_one_sentence_to_the_stars(tmp_path: Path) -> None:
    """报事、两人抢单、三天后办结、窗口关了、请人打电话、居民下次来先问评价、没好就重办、好了给五颗星。"""
    async with town(tmp_path) as running:
        wechat = running.wechat
        assert await wechat.pusher.check_address() == "ok"
        aunt = wechat.person("李阿姨", follows=False)
        assert "邻里" in await wechat.follow(aunt)
        wang, liu = [await running.worker(name, QUEUE, GRID) for name in ("王师傅", "小刘")]
        assert "1. " in await wechat.text(aunt, LAMP)
        assert "已登记，单号 1001" in await wechat.text(aunt, wechat.choice(aunt, "对，就这样"))
        assert "13900001234" not in (await wang.find("接单", "1001"))["text"]
        await asyncio.gather(wang.press("接单", "1001"), liu.press("接单", "1001"))
        told = await wechat.wait_for(aunt, "接了")
        assert told.way == "custom"
        taken = await record(running)
        winner = wang if "王师傅" in told.text else liu
        async with running.program.store.read() as tx:
            claims = [e for e in await events.history(tx, "request", taken.id) if e.name == "request.claimed"]
        assert len(claims) == 1

        await running.turn(hours=73)
        await winner.says("办结 1001 灯泡换好了")
        await running.turn(hours=2, minutes=5)
        await running.turn(hours=24)
        seen = len(wechat.seen(aunt))
        assert not any("真的好了吗" in one.text for one in wechat.seen(aunt)), "the window is shut"
        await winner.find("打个电话", "1001")
        await running.turn(hours=1)
        first = await wechat.text(aunt, "你好")
        assert "灯泡换好了" in first, "the news that were missed"
        assert "1. 好了" in first, "asked at the first contact"
        assert len(wechat.seen(aunt)) == seen + 1
        assert "那不算完" in await wechat.text(aunt, wechat.choice(aunt, "没好"))
        await winner.find("返工", "1001")

        await winner.press("接单", "1001", "返工")
        await wechat.text(aunt, "灯还是一闪一闪的")
        await winner.says("办结 1001 换了灯座")
        await running.turn(hours=2, minutes=5)
        await wechat.wait_for(aunt, "换了灯座")
        await wechat.wait_for(aunt, "真的好了吗")
        assert "5★" in await wechat.text(aunt, wechat.choice(aunt, "好了"))
        await wechat.text(aunt, wechat.choice(aunt, "5★"))
        await winner.find("已销号")
        assert (await record(running)).state.value == "closed"


async def test_after_days_the_notice_that_was_agreed_to_then_a_template_then_a_call(tmp_path: Path) -> None:
    rate, agreed = "t" * 43, "a" * 43
    keys = f'template_rate = {{id = "{rate}", {FIELDS}}}\nagreed_rate = {{id = "{agreed}", {FIELDS}}}\n'
    async with town(tmp_path, wechat=keys) as running:
        wechat = running.wechat
        wechat.world.templates[rate] = wechat.world.agreements[agreed] = RATE
        aunt, stranger = wechat.person("李阿姨"), wechat.person("过路人")
        wang = await reported(running, aunt)
        await wechat.agree(aunt, agreed)
        await running.turn(hours=73)
        await wang.says("办结 1001 灯泡换好了")
        await running.turn(hours=2, minutes=5)
        notice = wechat.seen(aunt)[-1]
        assert (notice.way, notice.fields["character_string1"], notice.fields["phrase3"]) == (
            "agreed",
            "1001",
            "已办结",
        )
        assert notice.link.startswith(running.base)

        path = notice.link.removeprefix(running.base)
        foreign = await running.opens(stranger, path)
        assert "r=1001" not in str(foreign.url), "forwarded: nothing of the record"
        browser = running.browser()
        page = await running.opens(aunt, path, browser)
        assert page.status_code == 200
        assert str(page.url).endswith("/?r=1001")
        await wechat.settle()

        await running.turn(hours=24)
        second = wechat.seen(aunt)[-1]
        assert second.way == "template", "the agreement was good once"
        assert second.link != notice.link
        aunt.blocks_notices = True
        await wechat.settle()
        await running.turn(hours=48)
        await wechat.settle()
        assert wechat.seen(aunt)[-1] == second, "the platform could not deliver the last one"

        shown = await browser.post("/api/chat/scan?wait=true", json={"scene": "r_1001", "client_id": "scan-1"})
        question = shown.json()["posts"][-1]
        assert "好了" in str(question["keys"])
        token = question["keys"][0][0]["token"]
        press = {"post": question["id"], "token": token, "client_id": "press-1"}
        stars = (await browser.post("/api/chat/presses?wait=true", json=press)).json()["posts"][-1]
        press = {"post": stars["id"], "token": stars["keys"][0][-1]["token"], "client_id": "press-2"}
        await browser.post("/api/chat/presses?wait=true", json=press)
        assert (await record(running)).state.value == "closed"
        said = await wechat.text(aunt, "1")
        assert "您评过了" in said
        assert "灯泡换好了" not in said, "the rating has overtaken the news of that result"


async def test_news_that_an_answer_elsewhere_has_overtaken_are_not_told_later_ones_are(tmp_path: Path) -> None:
    async with town(tmp_path) as running:
        wechat = running.wechat
        aunt = wechat.person("李阿姨")
        wang = await reported(running, aunt)
        await running.turn(hours=73)
        await wang.says("办结 1001 灯泡换好了")
        await running.turn(hours=2, minutes=5)
        browser = running.browser()
        await running.opens(aunt, "/wechat/in?to=/", browser)
        shown = await browser.post("/api/chat/scan?wait=true", json={"scene": "r_1001", "client_id": "scan-1"})
        question = shown.json()["posts"][-1]
        token = next(key["token"] for row in question["keys"] for key in row if key["label"] == "没好")
        press = {"post": question["id"], "token": token, "client_id": "press-1"}
        await browser.post("/api/chat/presses?wait=true", json=press)
        await running.turn(minutes=1)
        await wang.press("接单", "1001", "返工")
        await wang.says("进度 1001 去买灯座了")
        await running.turn(minutes=1)
        said = await wechat.text(aunt, "我的诉求")
        assert "去买灯座了" in said
        assert "灯泡换好了" not in said


async def test_repeats_get_the_same_answer_and_change_nothing(tmp_path: Path) -> None:
    async with town(tmp_path) as running:
        wechat = running.wechat
        aunt = wechat.person("李阿姨")
        async with wechat.losing(2):
            said = await wechat.text(aunt, LAMP)
        assert "1. " in said
        confirm = wechat.message(aunt, "text", Content=wechat.choice(aunt, "对，就这样"))
        answers = await asyncio.gather(*[wechat.again(aunt, confirm) for _ in range(5)])
        assert "已登记，单号 1001" in answers[0]
        assert set(answers) == {answers[0]}, "repeats before the first has ended"
        await running.turn(minutes=1)
        assert await wechat.again(aunt, confirm) == answers[0], "and long after"
        late = wechat.message(aunt, "text", Content="我的诉求")
        first = await wechat.text(aunt, "谢谢")
        assert first
        assert "1001" in await wechat.again(aunt, late), "out of order"
        follow = wechat._head(aunt, "event") | {"Event": "subscribe", "EventKey": ""}
        welcome = await wechat.again(aunt, follow)
        assert "邻里" in welcome
        assert await wechat.again(aunt, follow) == welcome
        async with running.program.store.read() as tx:
            assert await requests.find_by_number(tx, 1002) is None
        assert not [one for one in wechat.seen(aunt) if one.way == "custom"], "nothing went out twice"


async def test_a_slow_program_answers_later_by_a_service_message(tmp_path: Path) -> None:
    async with town(tmp_path) as running:
        wechat = running.wechat
        aunt = wechat.person("李阿姨")
        hold = asyncio.Event()
        handled = running.program.inbox.handled

        async def slow(receipt: int) -> None:
            await hold.wait()
            await handled(receipt)

        assert running.program.answers.within < running.wechat.pusher.patience, "no time to wait so long here"
        running.program.answers._handled, running.program.answers.within = slow, 1.0
        assert await wechat.text(aunt, "你好") == ""
        running.clock.turn(seconds=2 * IN_TIME)
        await wechat.wait_for(aunt, "您好")
        assert [one.way for one in wechat.seen(aunt)] == ["custom"]
        assert len(wechat.pusher.answers) == 1, "answered with nothing in time, so not asked again"


async def test_places_voices_menus_and_codes(tmp_path: Path) -> None:
    async with town(tmp_path) as running:
        wechat = running.wechat
        aunt = wechat.person("李阿姨", follows=False)
        code = next(iter(running.program.city.place_codes))
        words = running.program.city.place_codes[code]
        assert words[:3] in await wechat.follow(aunt, f"b_{code}")
        assert words[:3] in await wechat.scan(aunt, f"b_{code}")
        assert "还没有报过" in await wechat.click(aunt, "我的诉求")
        assert await wechat.view(aunt, running.base) == ""
        assert "什么事" in await wechat.place(aunt, 30.1, 120.1)
        heard = await wechat.voice(aunt, b"#!AMR\nsound", "银杏苑三栋二单元楼道灯坏了")
        assert "灯" in heard
        assert "1. " in heard
        await wechat.unfollow(aunt)
        async with running.program.store.read() as tx:
            chat = await people.find_chat(tx, "wechat", APP_ID, aunt.openid)
        assert chat is not None
        assert not chat.reachable


async def test_tokens_that_end_and_counts_that_differ(tmp_path: Path) -> None:
    async with town(tmp_path) as running:
        wechat = running.wechat
        aunt = wechat.person("李阿姨")
        wang = await reported(running, aunt)
        wechat.world.stable[-1].until = running.clock.now()
        await wang.says("进度 1001 去买灯泡了")
        await wechat.wait_for(aunt, "去买灯泡了")
        assert [call.code for call in wechat.calls if "custom" in call.path][-2:] == [42001, 0]
        wechat.failing["/cgi-bin/message/custom/send"] = [40001]
        await wang.says("进度 1001 灯泡买好了")
        await wechat.wait_for(aunt, "灯泡买好了")
        wechat.failing["/cgi-bin/message/custom/send"] = [45047]
        await wang.says("进度 1001 明天来装")
        await running.turn(seconds=1)
        assert not any("明天来装" in one.text for one in wechat.seen(aunt))
        assert "明天来装" in await wechat.text(aunt, "好的")
        before = len([call for call in wechat.calls if "custom" in call.path])
        for step in range(8):
            await wang.says(f"进度 1001 第{step}步")
        await running.turn(seconds=1)
        customs = [call for call in wechat.calls if "custom" in call.path][before:]
        assert [call.code for call in customs] == [0] * 5, "what the window holds, and no call beyond"
        assert len({token.value for token in wechat.world.stable}) <= 3


async def test_wechat_and_the_web_are_one_resident_after_linking(tmp_path: Path) -> None:
    async with town(tmp_path) as running:
        wechat = running.wechat
        aunt = wechat.person("李阿姨")
        await reported(running, aunt)
        browser = running.browser()
        await browser.post("/api/session")

        async def says(text: str) -> str:
            body = {"text": text, "client_id": secrets.token_hex(8)}
            answer = await browser.post("/api/chat/messages?wait=true", json=body)
            return str(answer.json()["posts"][-1])

        assert "还没有报过" in await says("我的诉求")
        said = await wechat.text(aunt, "关联")
        code = said.partition("关联码：")[2][:9]
        asked = await browser.post(
            "/api/chat/messages?wait=true", json={"text": f"关联 {code}", "client_id": secrets.token_hex(8)}
        )
        question = asked.json()["posts"][-1]
        press = {"post": question["id"], "token": question["keys"][0][0]["token"], "client_id": secrets.token_hex(8)}
        await browser.post("/api/chat/presses?wait=true", json=press)
        assert "1001" in await says("我的诉求")
        await wechat.wait_for(aunt, "刚刚和这里关联")
        signed_in = await running.opens(aunt, "/wechat/in?to=/")
        assert signed_in.status_code == 200
        async with running.program.store.read() as tx:
            person = await people.find_by_identity(tx, "wechat", APP_ID, aunt.openid)
            assert person is not None
            known = await people.identities_of(tx, person.id)
        assert sorted(channel for channel, _, _ in known) == ["web", "wechat"], "our pages open as the same user"


async def test_the_way_through_the_silent_sign_in_is_good_once_and_for_one_browser(tmp_path: Path) -> None:
    async with town(tmp_path) as running:
        wechat = running.wechat
        aunt = wechat.person("李阿姨")
        mine, other = running.browser(), running.browser()
        there = await mine.get("/wechat/in?to=/wall")
        back = wechat.authorize(aunt, there.headers["location"])
        assert (await other.get(back)).status_code == 403, "another browser brings it"
        assert (await mine.get(back)).status_code == 403, "and it was good once"
        there = await mine.get("/wechat/in?to=//evil.example/")
        good = await mine.get(wechat.authorize(aunt, there.headers["location"]))
        assert good.headers["location"] == "/"
        assert (await mine.get("/api/me")).status_code == 200
        there = await mine.get("/wechat/in")
        back = wechat.authorize(aunt, there.headers["location"])
        running.clock.turn(minutes=6)
        assert (await mine.get(back)).status_code == 403, "the platform's code is too old"
        assert (await mine.get("/wechat/back?code=x&state=y")).status_code == 403
        assert (await mine.get("/wechat/go/unknown-token-1234")).status_code == 303, "to their own records"
