"""What goes out: pictures up and down, the ladder's rungs, and what each refusal of the platform means."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from bot.channels.base import OutFile
from bot.channels.cutting import cut, size
from bot.channels.wechat import media
from bot.channels.wechat.channel import WeChatChannel
from bot.channels.wechat.notices import Template, fill
from bot.channels.wechat.send import answer
from handlers.messages import About, Address, Outgoing, Receipt, Refusal, Refused
from storage import windows
from storage.windows import Who
from tests.fakes.wechat import APP_ID, Person
from tests.fakes.wechat.rules import check_form
from tests.journeys.wechat_program import Town, town

ABOUT = About(
    purpose="rate",
    request_id=1,
    resolution=1,
    number=1001,
    item="楼道灯、门禁、对讲",
    place="银杏苑 3 幢",
    state="已办结",
)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as one:
        yield one


def picture(folder: Path, name: str, side: int, kind: str = "JPEG") -> Path:
    path = folder / name
    Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(path, kind, quality=95)
    return path


async def opened(running: Town, aunt: Person) -> None:
    running.wechat.world.opens_message(aunt)
    who, now = Who("wechat", APP_ID, aunt.openid), running.clock.now()
    until = now + timedelta(hours=48)
    await running.program.store.run(lambda tx: windows.open_window(tx, who, "message", now, until, 5))


async def test_pictures_up_and_down(running: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    platform, channel = running.wechat, running.program.wechat
    assert channel is not None
    aunt = platform.person("李阿姨")
    address = Address(channel="wechat", account=APP_ID, user=aunt.openid, chat=aunt.openid)
    small = OutFile("photo", picture(tmp_path, "a.jpg", 40), "image/jpeg", "")
    await opened(running, aunt)
    assert isinstance(await channel.send(address, Outgoing(text="换好了"), files=[small]), Receipt)
    assert isinstance(await channel.send(address, Outgoing(text="再发一次"), files=[small]), Receipt)
    uploads = [call for call in platform.calls if call.path == "/cgi-bin/media/upload"]
    assert len(uploads) == 1, "a handle is good for three days"
    assert [one.text for one in platform.seen(aunt)] == ["换好了", "", "再发一次", ""]
    handle = platform.seen(aunt)[1].media
    assert (await channel.fetch(handle))[0] == small.path.read_bytes() if small.path else False

    platform.world.files.pop(handle)
    await opened(running, aunt)
    assert isinstance(await channel.send(address, Outgoing(text="又一次"), files=[small]), Receipt)
    assert platform.seen(aunt)[-1].media in platform.world.files, "sent up again"
    with pytest.raises(FileNotFoundError):
        await channel.fetch(handle)

    monkeypatch.setitem(media.MOST_BYTES, "image", 60_000)
    large = OutFile("photo", picture(tmp_path, "b.png", 300, "PNG"), "image/png", "")
    await opened(running, aunt)
    await channel.send(address, Outgoing(text="大的"), files=[large])
    sent = platform.world.files[platform.seen(aunt)[-1].media]
    assert len(sent.content) <= 60_000
    assert Image.open(io.BytesIO(sent.content)).format == "JPEG"

    other = OutFile("voice", tmp_path / "v.ogg", "audio/ogg", "")
    before = len(platform.seen(aunt))
    await opened(running, aunt)
    assert isinstance(await channel.send(address, Outgoing(text="听听"), files=[other]), Receipt)
    assert len(platform.seen(aunt)) == before + 1, "what WeChat cannot play stays behind, the words do not"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (-1, Refusal.TEMPORARY),
        (40001, Refusal.TEMPORARY),
        (40003, Refusal.GONE),
        (43004, Refusal.BLOCKED),
        (45009, Refusal.RATE),
        (45015, Refusal.WINDOW),
        (45047, Refusal.WINDOW),
        (48001, Refusal.WINDOW),
        (45002, Refusal.REJECTED),
    ],
)
async def test_refusals(running: Town, code: int, reason: Refusal) -> None:
    platform, channel = running.wechat, running.program.wechat
    assert isinstance(channel, WeChatChannel)
    aunt = platform.person("李阿姨")
    address = Address(channel="wechat", account=APP_ID, user=aunt.openid, chat=aunt.openid)
    await opened(running, aunt)
    platform.failing["/cgi-bin/message/custom/send"] = [code, code]
    result = await channel.send(address, Outgoing(text="好"))
    assert isinstance(result, Refused)
    assert result.reason is reason
    assert (result.retry_for > 0) == (reason is Refusal.RATE)
    platform.failing.clear()
    again = await channel.send(address, Outgoing(text="好"))
    assert isinstance(again, Refused if code in (45015, 45047) else Receipt), "the platform's count is the right one"
    assert len([call for call in platform.calls if "stable_token" in call.path]) <= 3


def test_every_value_fits_its_field() -> None:
    fields = {"number": "character_string1", "item": "thing2", "place": "thing3", "state": "phrase4", "at": "time5"}
    content = "".join(f"{{{{{name}.DATA}}}}" for name in fields.values())
    now = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
    for item in ("灯", "很长" * 30, "换行\n和\t制表", "灯🏮泡", "a" * 40):
        about = ABOUT.model_copy(update={"item": item, "place": item})
        filled = fill(Template("t", fields), about, now)
        assert check_form(content, filled)["character_string1"] == "1001"


def test_one_answer_takes_what_fits_in_order() -> None:
    fields = {"FromUserName": "o1", "ToUserName": "gh_1"}
    said = [Outgoing(text="一" * 300), Outgoing(text="二" * 300), Outgoing(text="三" * 300)]
    first = answer(fields, said, 1)
    assert first.taken == 2
    assert "三" not in first.content
    assert answer(fields, [Outgoing(text="看照片", media=("1",)), said[0]], 1).content == ""
    long = answer(fields, [Outgoing(text="一句话。" * 300)], 1)
    assert (long.taken, bool(long.rest)) == (1, True)
    assert long.rest is not None
    assert long.content.count("一句话。") + long.rest.text.count("一句话。") == 300
    assert answer(fields, [], 1) == ("", 0, None)


def test_cutting_keeps_every_character() -> None:
    for text in ("灯坏了。" * 700, "a" * 5000, "行\n" * 3000, "🏮" * 1500, "词 " * 3000):
        parts = cut(text, 2048)
        assert all(size(part) <= 2048 for part in parts)
        assert "".join("".join(parts).split()) == "".join(text.split())
