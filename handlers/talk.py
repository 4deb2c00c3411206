"""Small talk: thanks, greetings and nonsense get a short human answer."""

from __future__ import annotations

from handlers.turn import Turn
from nlp.reader import Findings

_THANKS = ("谢", "辛苦", "感谢", "多谢", "好人", "点赞", "棒")
_GREETINGS = ("你好", "您好", "在吗", "在不", "有人", "早上好", "晚上好", "下午好", "hello", "hi", "嗨", "吃了")
_BYES = ("再见", "拜拜", "没事了", "不用了", "好的", "知道了", "收到", "嗯", "ok", "行")


async def reply(turn: Turn, findings: Findings) -> None:
    """A word back, and where the person can go on from here."""
    text = (turn.incoming.text if turn.incoming else "").strip().lower()
    if findings.wants_person:
        await turn.say("talk.person", rows=[[turn.button("consult.button_call", "consult.call", {"text": ""})]])
    elif any(word in text for word in _THANKS):
        await turn.say("talk.thanks")
    elif any(word in text for word in _GREETINGS):
        await turn.say("talk.hello", street=turn.city.street.name)
    elif any(text.startswith(word) for word in _BYES):
        await turn.say("talk.bye")
    else:
        rows = [[turn.button("talk.button_desk", "consult.call", {"text": text[:500]})]] if len(text) > 3 else []
        await turn.say("talk.nonsense", rows=rows)
