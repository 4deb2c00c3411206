"""Outgoing messages as a person sees them on the fake Telegram, and every refusal of the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import NetworkError

from bot.channels.base import OutFile
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.splitting import MAX_UNITS, split_text, units
from handlers.messages import Key, Outgoing, Receipt, Refusal, Refused
from tests.bot.channels.telegram.conftest import private, whole
from tests.fakes.telegram import Group, Person, TelegramServer, picture
from tests.fakes.telegram.server import TOKEN


def keys(*rows: str) -> tuple[tuple[Key, ...], ...]:
    return tuple(tuple(Key(label=each, token=f"t-{each[:4]}") for each in row.split()) for row in rows)


def photo(folder: Path, colour: str = "gray", ref: str = "") -> OutFile:
    path = folder / f"{colour}.jpg"
    path.write_bytes(picture(colour))
    return OutFile("photo", path, "image/jpeg", ref)


async def ref(channel: TelegramChannel, *args: Any, **more: Any) -> str:
    got = await channel.send(*args, **more)
    assert isinstance(got, Receipt), got
    return got.ref


async def test_text_with_buttons(channel: TelegramChannel, server: TelegramServer, li: Person) -> None:
    got = await ref(channel, private(li), Outgoing(text="对吗？", keys=keys("对，就这样 地点不对", "再补充")))
    seen = server.last(li)
    assert (got, seen.text, seen.buttons) == (str(seen.id), "对吗？", [["对，就这样", "地点不对"], ["再补充"]])
    assert server.press(li, "再补充").message == seen.id
    call = server.called("sendMessage")[0].params
    assert call["link_preview_options"] == {"is_disabled": True}
    assert "parse_mode" not in call
    server.assert_clean()


async def test_markup_is_plain_text(channel: TelegramChannel, server: TelegramServer, li: Person) -> None:
    await channel.send(private(li), Outgoing(text="<b>3_4*5</b> & 〈x〉"))
    assert server.last(li).text == "<b>3_4*5</b> & 〈x〉"
    server.assert_clean()


async def test_long_text_is_split_and_the_last_part_has_the_buttons(
    channel: TelegramChannel, server: TelegramServer, li: Person
) -> None:
    line = "这一句正好二十个字用来填满一条很长的消息。"
    got = await ref(channel, private(li), Outgoing(text=line * 450, keys=keys("好")))
    seen = server.seen(li)
    assert "".join(each.text for each in seen) == line * 450
    assert [each.buttons for each in seen] == [[], [], [["好"]]]
    assert all(each.text.endswith("。") for each in seen)
    assert got == str(seen[-1].id)
    server.assert_clean()


@given(st.text(alphabet="字a。！\n 😀x.", min_size=1, max_size=400), st.integers(2, 60))
def test_split_keeps_every_letter_within_the_limit(text: str, limit: int) -> None:
    parts = split_text(text, limit)
    assert all(0 < units(each) <= limit for each in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_split_prefers_lines_then_sentences_then_spaces() -> None:
    assert split_text("一二三\n四五六七", 6) == ["一二三", "四五六七"]
    assert split_text("一二三。四五六七", 6) == ["一二三。", "四五六七"]
    assert split_text("abc defg", 6) == ["abc", "defg"]
    assert split_text("一二三四五六七", 6) == ["一二三四五六", "七"]
    assert split_text("😀" * 4, 6) == ["😀" * 3, "😀"]
    assert split_text(" \n", 6) == []
    assert split_text("x" * MAX_UNITS) == ["x" * MAX_UNITS]


async def test_force_reply_link_and_reply(
    channel: TelegramChannel, server: TelegramServer, group: Group, li: Person
) -> None:
    asked = server.text(li, "/done", group)
    out = Outgoing(text="结果是？", force_reply=True, reply_to=str(asked.id), link="https://example.com/p/1")
    await channel.send(whole(group), out)
    seen = server.last(group)
    assert (seen.text, seen.force_reply, seen.reply_to) == ("结果是？\nhttps://example.com/p/1", True, asked.id)
    server.delete(group, asked)
    assert await ref(channel, whole(group), out)
    assert server.last(group).reply_to is None
    server.assert_clean()


async def test_edits_in_place(channel: TelegramChannel, server: TelegramServer, li: Person) -> None:
    post = await ref(channel, private(li), Outgoing(text="1042 待接单", keys=keys("接单")))
    assert await ref(channel, private(li), Outgoing(text="1042 王师傅接单"), post=post) == post
    assert [(each.text, each.buttons) for each in server.seen(li)] == [("1042 王师傅接单", [])]
    assert await ref(channel, private(li), Outgoing(text="1042 王师傅接单"), post=post) == post
    assert len(server.seen(li)) == 1
    server.assert_clean()


async def test_a_post_that_is_gone_is_sent_anew(channel: TelegramChannel, server: TelegramServer, li: Person) -> None:
    post = await ref(channel, private(li), Outgoing(text="一"))
    server.delete(li, int(post))
    anew = await ref(channel, private(li), Outgoing(text="二"), post=post)
    theirs = server.text(li, "我的")
    third = await ref(channel, private(li), Outgoing(text="三"), post=str(theirs.id))
    assert [each.text for each in server.seen(li)] == ["二", "我的", "三"]
    assert len({post, anew, third}) == 3
    asking = await ref(channel, private(li), Outgoing(text="几楼？", force_reply=True))
    assert await ref(channel, private(li), Outgoing(text="收到"), post=asking) != asking
    assert await ref(channel, private(li), Outgoing(text="长" * 5000), post=anew) != anew
    server.assert_clean()


async def test_one_photo_carries_the_words_and_is_edited_as_caption(
    channel: TelegramChannel, server: TelegramServer, li: Person, tmp_path: Path
) -> None:
    files = [photo(tmp_path)]
    post = await ref(channel, private(li), Outgoing(text="灯坏了", keys=keys("接单")), files=files)
    assert post.endswith(":p")
    seen = server.last(li)
    assert (seen.text, seen.media, seen.buttons) == ("灯坏了", ["photo"], [["接单"]])
    assert await ref(channel, private(li), Outgoing(text="已接单"), post=post) == post
    bare = post.removesuffix(":p")
    assert await ref(channel, private(li), Outgoing(text="办结"), post=bare) == post
    assert [(each.text, each.media) for each in server.seen(li)] == [("办结", ["photo"])]
    server.assert_clean()


async def test_long_words_follow_the_photo(
    channel: TelegramChannel, server: TelegramServer, li: Person, tmp_path: Path
) -> None:
    await channel.send(private(li), Outgoing(text="长" * 1025, keys=keys("好")), files=[photo(tmp_path)])
    assert [(each.media, len(each.text), each.buttons) for each in server.seen(li)] == [
        (["photo"], 0, []),
        ([], 1025, [["好"]]),
    ]
    server.assert_clean()


async def test_albums_then_words(channel: TelegramChannel, server: TelegramServer, li: Person, tmp_path: Path) -> None:
    files = [photo(tmp_path, f"#0000{at:02x}") for at in range(11)]
    got = await ref(channel, private(li), Outgoing(text="照片", keys=keys("好")), files=files)
    assert [each.media for each in server.seen(li)] == [["photo"]] * 11 + [[]]
    assert len(server.called("sendMediaGroup")) == 1
    assert (server.last(li).text, got) == ("照片", str(server.last(li).id))
    server.assert_clean()


async def test_voice_and_document(channel: TelegramChannel, server: TelegramServer, li: Person, tmp_path: Path) -> None:
    path = tmp_path / "v.oga"
    path.write_bytes(b"OggS")
    await channel.send(private(li), Outgoing(text=""), files=[OutFile("voice", path, "audio/ogg", "")])
    await channel.send(private(li), Outgoing(text="附件"), files=[OutFile("file", path, "audio/ogg", "")])
    await channel.send(private(li), Outgoing(text="看"), files=[OutFile("video", path, "video/mp4", "")])
    assert [each.media for each in server.seen(li)] == [["voice"], ["document"], ["video"]]
    server.assert_clean()


async def test_handles_first_then_bytes(
    channel: TelegramChannel, server: TelegramServer, li: Person, tmp_path: Path
) -> None:
    known = server.photo(li, content=picture("red")).content["photo"][-1]["file_id"]
    await channel.send(private(li), Outgoing(text="一"), files=[OutFile("photo", None, "", known)])
    assert server.called("sendPhoto")[-1].params["photo"] == known
    await channel.send(private(li), Outgoing(text="二"), files=[photo(tmp_path, "blue", ref="of-another-bot")])
    both = [photo(tmp_path, "blue", ref="of-another-bot"), photo(tmp_path, "red", ref=known)]
    await channel.send(private(li), Outgoing(text="三"), files=both)
    assert [each.media for each in server.seen(li) if each.mine] == [["photo"]] * 4 + [[]]
    server.assert_clean()


async def test_words_go_out_without_files_nobody_will_take(
    channel: TelegramChannel, server: TelegramServer, li: Person, tmp_path: Path
) -> None:
    gone = OutFile("photo", tmp_path / "missing.jpg", "image/jpeg", "")
    await channel.send(private(li), Outgoing(text="灯坏了"), files=[gone])
    foreign = OutFile("photo", None, "image/jpeg", "of-another-bot")
    await channel.send(private(li), Outgoing(text="还坏着"), files=[foreign])
    assert [(each.text, each.media) for each in server.seen(li)] == [("灯坏了", []), ("还坏着", [])]
    refused = await channel.send(private(li), Outgoing(text=""), files=[foreign])
    assert isinstance(refused, Refused)
    assert refused.reason == Refusal.REJECTED
    server.assert_clean()


async def test_toasts_and_their_failure(channel: TelegramChannel, server: TelegramServer, li: Person) -> None:
    await channel.send(private(li), Outgoing(text="？", keys=keys("接单")))
    press = server.press(li, "接单")
    assert await ref(channel, private(li), Outgoing(text="长" * 300, callback=press.id, alert=True)) == ""
    toast = server.toasts(li)[0]
    assert (len(toast.text), toast.alert) == (200, True)
    assert await ref(channel, private(li), Outgoing(text="晚了", callback=press.id)) == ""
    assert len(server.toasts(li)) == 1
    server.assert_clean()


async def test_topics(channel: TelegramChannel, server: TelegramServer, li: Person, tmp_path: Path) -> None:
    forum = server.group("论坛", [li], forum=True)
    thread = server.topic(forum, "报修")
    await channel.send(whole(forum, thread), Outgoing(text="一"))
    server.close_topic(forum, thread)
    await channel.send(whole(forum, thread), Outgoing(text="二"))
    await channel.send(whole(forum, thread), Outgoing(text="三"), files=[photo(tmp_path)])
    assert [(each.text, each.thread) for each in server.seen(forum) if each.mine] == [
        ("一", thread),
        ("二", None),
        ("三", None),
    ]
    server.assert_clean()


async def refused(channel: TelegramChannel, address: Any, **more: Any) -> Refused:
    got = await channel.send(address, Outgoing(text="x"), **more)
    assert isinstance(got, Refused), got
    return got


async def test_refusals_of_people_and_groups(
    channel: TelegramChannel, server: TelegramServer, li: Person, group: Group
) -> None:
    assert (await refused(channel, private(server.person("生人")))).reason == Refusal.BLOCKED
    server.block(li)
    assert (await refused(channel, private(li))).reason == Refusal.BLOCKED
    li.blocked, li.gone = False, True
    assert (await refused(channel, private(li))).reason == Refusal.GONE
    server.remove_bot(group, li)
    assert (await refused(channel, whole(group))).reason == Refusal.BLOCKED
    assert (await refused(channel, private(Person(999, "无人")))).reason == Refusal.GONE
    server.assert_clean()


async def test_migrated_groups_name_the_new_chat(channel: TelegramChannel, server: TelegramServer, li: Person) -> None:
    old = server.group("小组", [li], kind="group")
    new = server.migrate(old, li)
    got = await refused(channel, whole(old))
    assert (got.reason, got.new_chat) == (Refusal.MIGRATED, str(new.id))


async def test_rate_gives_the_exact_pause(channel: TelegramChannel, server: TelegramServer, li: Person) -> None:
    server.fail("sendMessage", "rate", retry_after=17)
    got = await refused(channel, private(li))
    assert (got.reason, got.retry_for) == (Refusal.RATE, 17.0)


@pytest.mark.parametrize(
    ("status", "text", "reason"),
    [
        (502, "Bad Gateway", Refusal.TEMPORARY),
        (500, "Internal Server Error", Refusal.TEMPORARY),
        (409, "Conflict: x", Refusal.TEMPORARY),
        (413, "Request Entity Too Large", Refusal.REJECTED),
        (400, "Bad Request: BUTTON_DATA_INVALID", Refusal.REJECTED),
        (400, "Bad Request: PEER_ID_INVALID", Refusal.GONE),
        (400, "Bad Request: group chat was deactivated", Refusal.GONE),
        (400, "Bad Request: not enough rights to send text messages to the chat", Refusal.BLOCKED),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN", Refusal.BLOCKED),
        (403, "Forbidden: the group chat was deleted", Refusal.GONE),
        (401, "Unauthorized", Refusal.TEMPORARY),
    ],
)
async def test_every_error_has_a_reason(
    channel: TelegramChannel, server: TelegramServer, li: Person, status: int, text: str, reason: Refusal
) -> None:
    server.fail("sendMessage", status=status, text=text)
    assert (await refused(channel, private(li))).reason == reason


async def test_a_dead_server_is_temporary(li: Person) -> None:
    away = TelegramChannel("123456:abc", "http://127.0.0.1:9")
    got = await refused(away, private(li))
    assert got.reason == Refusal.TEMPORARY
    assert "abc" not in got.detail
    await away.stop()


async def test_refusals_of_an_edit_are_kept(channel: TelegramChannel, server: TelegramServer, li: Person) -> None:
    post = await ref(channel, private(li), Outgoing(text="一"))
    server.fail("editMessageText", "rate", retry_after=3)
    assert (await refused(channel, private(li), post=post)).retry_for == 3.0
    server.fail("editMessageText", status=400, text="Bad Request: BUTTON_DATA_INVALID")
    assert (await refused(channel, private(li), post=post)).reason == Refusal.REJECTED


async def test_an_empty_message_or_a_foreign_reference_is_rejected(channel: TelegramChannel, li: Person) -> None:
    got = await channel.send(private(li), Outgoing(text=" "))
    assert isinstance(got, Refused)
    assert got.reason == Refusal.REJECTED
    assert (await refused(channel, private(li), post="msg-7")).reason == Refusal.REJECTED


async def test_fetch_gives_bytes_and_type(channel: TelegramChannel, server: TelegramServer, li: Person) -> None:
    sent = server.photo(li, content=picture("red")).content["photo"][-1]["file_id"]
    assert await channel.fetch(sent) == (picture("red"), "image/jpeg")
    voice = server.voice(li).content["voice"]["file_id"]
    assert (await channel.fetch(voice))[1] == "audio/ogg"
    big = server.document(li, size=21_000_000).content["document"]["file_id"]
    for missing in (big, "unknown"):
        with pytest.raises(FileNotFoundError):
            await channel.fetch(missing)
    server.fail("getFile")
    with pytest.raises(ConnectionError):
        await channel.fetch(sent)
    server.assert_clean()


async def test_a_failed_fetch_tells_no_token(channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise NetworkError(f"cannot reach https://api.telegram.org/file/bot{TOKEN}/photo")

    monkeypatch.setattr(type(channel._bot), "get_file", refuse)
    with pytest.raises(ConnectionError, match="NetworkError: cannot reach") as failed:
        await channel.fetch("any")
    assert TOKEN.partition(":")[2] not in str(failed.value)
