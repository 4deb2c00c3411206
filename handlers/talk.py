"""Small talk: thanks, greetings and nonsense get a short human answer."""

from __future__ import annotations

import re
from typing import Any

from handlers import answers, missed
from handlers import draft as drafts
from handlers.turn import Turn
from nlp.commands import is_prelude, wants_silence
from nlp.reader import Findings

_GREETINGS = (
    "你好",
    "您好",
    "在吗",
    "在不",
    "有人",
    "早上好",
    "晚上好",
    "下午好",
    "中午好",
    "早安",
    "hello",
    "hi",
    "嗨",
    "吃了",
)
_BYES = ("再见", "拜拜", "没事了", "不用了", "好的", "好吧", "知道了", "收到", "明白", "嗯", "ok", "行", "晚安")
_STICKER = re.compile(r"\[[^\[\]\s]{1,8}\]")
"""How WeChat writes its small faces: [微笑]."""
_SHORT = 3
"""Characters up to which a text is too little for a person at the desk."""


async def reply(turn: Turn, findings: Findings) -> None:
    """A word back, and where the person can go on from here."""
    text = (turn.incoming.text if turn.incoming else "").strip()
    plain = text.lower()
    args: dict[str, Any] = {"draft": turn.tx.ids.new(), "desk": True}
    if findings.wants_person:
        await turn.say("talk.person", rows=[[turn.button("consult.button_call", "consult.call", args)]])
    elif wants_silence(text):
        await turn.say("talk.silence")
    elif is_prelude(text):
        await turn.say("talk.listening")
    elif answers.is_thanks(text):
        await turn.say("talk.thanks")
    elif any(word in plain for word in _GREETINGS):
        await turn.say("talk.hello")
    elif any(plain.startswith(word) for word in _BYES):
        await turn.say("talk.bye")
    elif not any(c.isalnum() for c in _STICKER.sub("", text)):
        await turn.say("talk.wordless")
    elif len(text) <= _SHORT and await missed.will_ask(turn):
        return  # a number of the question before: that question comes anew, and says enough
    else:
        args["words"] = drafts.sealed(turn, text[:2000])
        rows = [[turn.button("talk.button_desk", "consult.call", args)]] if len(text) > _SHORT else []
        await turn.say("talk.nonsense", rows=rows)
