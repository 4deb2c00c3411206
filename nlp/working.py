"""Reads what somebody at work says of their records in plain words: taken, done, under way, given back, "what have I got".

Only the words: whether the speaker holds a record, and which, is asked in `handlers.at_work`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

TAKE, RESULT, NOTE, RELEASE, RETURN = "take", "result", "note", "release", "return"
TRANSFER, CONTACT, DETAIL, EXTEND, PAUSE = "transfer", "contact", "detail", "extend", "pause"
MINE, WAITING = "mine", "waiting"

LONGEST = 80
"""Characters of words without a number that can be about one's own work; what is longer tells its own story."""
_MARK = r"[\s，,。.！!、；;：:~…]"
_TRIM = re.compile(rf"^{_MARK}+|(?:{_MARK}|[啊哈哦呀啦嘛])+$")
_NUMBER = r"[#＃№]?\s*(?P<number>\d{4,9})(?!\d)\s*(?:号|这一?单|那一?单|单)?"
_NUMBER_FIRST = re.compile(rf"(?:单号|工单)?{_MARK}*{_NUMBER}{_MARK}*(?P<words>\S.*)", re.DOTALL)
_TAKE_NUMBER = re.compile(rf"(?:我来接?|我接|接单?|我去){_MARK}*{_NUMBER}(?:吧|了)?")

_TAKEN = re.compile(
    "(?:这一?[单个件])?(?:我来[接办]?|我接|我去|我来处理|接单|接了|算我的|归我)(?:这一?[单个件]|了|吧)*"
)
_VERBS = {
    "接单": TAKE,
    "办结": RESULT,
    "填结果": RESULT,
    "办完": RESULT,
    "完成": RESULT,
    "进度": NOTE,
    "进展": NOTE,
    "说进展": NOTE,
    "放回": RELEASE,
    "退回": RETURN,
    "退单": RETURN,
    "转给": TRANSFER,
    "转单": TRANSFER,
    "联系方式": CONTACT,
    "详情": DETAIL,
    "延期": EXTEND,
    "暂停": PAUSE,
}
_VERB = re.compile(rf"(?P<verb>{'|'.join(_VERBS)})(?:{_MARK}+(?P<words>\S.*))?", re.DOTALL)
_I = "(?:我|手[里上头]|今天|现在|还|都|一共|总共|这边)*"
_PIECE = "(?:单子?|件|活|任务|工单)"
_LATE = "(?:是|要|快要?|就要|将要)?(?:超时|到期|过期|逾期)了?"
_ASKED = (
    (
        WAITING,
        re.compile(
            f"(?:给我|看看|看一下|还|现在|今天)*有?(?:没有)?(?:哪些|几|多少|什么)?{_PIECE}?(?:还|是)?(?:没人?|未|待|等人?)(?:派|接|分派|接单)(?:的|了)?{_PIECE}?(?:有(?:哪些|几个|多少)|吗)?"
        ),
    ),
    (
        MINE,
        re.compile(
            f"{_I}(?:有|剩)(?:没有|几|多少|哪些|什么|啥)?(?:新|没办的?|未办的?)*{_PIECE}(?:没办|要办|等着|吗)*"
            f"|{_I}有?(?:几|多少|哪些|什么){_PIECE}?(?:没办|未办|没完|要办)完?"
            f"|{_I}有?(?:哪些|哪几[单个件]|几[单个件]|单子?)?{_LATE}的?(?:单子?|有哪些|吗)?"
            f"|(?:我的|今天的|手[里上头]的){_PIECE}|(?:我的|今天的)?待办"
        ),
    ),
    (
        EXTEND,
        re.compile(
            "(?:能不能|可不可以|可以|能|想|要|申请|得)*(?:延期|延长|宽限|延)"
            r"(?:几天|一下|[\d一两二三四五六七]{1,2}天|吗|行吗|可以吗)*"
            "|(?:我|这单|这个|今天|怕是?|恐怕)*(?:来不及|办不完|弄不完|赶不上)了?"
        ),
    ),
    (
        RELEASE,
        re.compile(
            "(?:我|要|想|得|今天|明天|这几天|这两天|现在|这单|这会儿|下午|上午)*"
            "(?:请假|休假|休息|轮休|调休|换班|不上班|不在班|去不了|来不了|顾不上|没空|办不了|做不了)了?"
            "|(?:我|不小心|刚才|这单|是)*(?:接错|抢错|领错)(?:单子?|人家的单子?)?了"
        ),
    ),
    (
        RETURN,
        re.compile(
            "(?:这[个单件]*子?)*(?:不归我们?|不是我们?)(?:的|管|这边|网格|的活|的事|负责|范围)*"
            "(?:退回|退了)?(?:，?(?:是|归).{1,15})?"
        ),
    ),
    (
        CONTACT,
        re.compile(
            "(?:居民|报事人|人家|对方|他|她)?的?(?:电话|号码|手机号?|联系方式)(?:是?多少|给我|发我|有吗)*"
            "|(?:怎么|咋)联系(?:居民|他|她|人家|对方)?"
        ),
    ),
)
"""What is asked or wanted without a word of how the work goes: the whole text says nothing else."""
_TO_WHOM = re.compile(r"转给\s*(?P<words>[一-鿿]{1,6})")

_DO = "更换|维修|检修|抢修|清理|清扫|清运|修复|修补|调解|安装|加固|疏通|整改|回收|处理|解决|完成|恢复|换|修|弄|办|搞|装|清|扫|补|接|盖|拆|拉|搬"
_DONE = re.compile(
    rf"(?:{_DO})(?:好|完|妥|毕|干净|掉|走|上|通|到位|成|定)*了|(?:已经?|都|全部?)(?:{_DO})|(?:{_DO})(?:完毕|完成|到位|好|妥当|干净)"
    "|搞定|(?:通|亮|好|妥|来水|来电|不漏|没事|可以用)了$"
)
_NOT_YET = re.compile(
    "还没|没[修换办弄找]|未|等|快要|准备|打算|明天|后天|明早|今晚|下周|过.{1,2}天|要.{0,4}天|正在|在(?:修|办|弄|换|处理|路上|现场|赶|清)"
    "|马上|这就|约[了好在]|才能|能[修办换弄处]|再|需要|不了|不通|没人|不在|不到人|联系不上"
)
_UNDER_WAY = re.compile("配件|联系|看过|到了?现场|上报|报给|报了|去看|路上|下午|上午|晚上|安排|派人|师傅|打电话")
_UNREACHED = re.compile("联系不[上到]|打不通|没人接|不在家|找不到(?:地方|地址|路|人|门)")
_ASKS = re.compile(r"[?？]|[吗呢]$|怎么|什么|啥|谁|哪|多少|几时|几点|为何")


class Work(NamedTuple):
    """What is said of a record: the act, empty when the words leave it open; its number where said; words of the matter."""

    act: str
    number: int | None
    words: str


def read_work(text: str) -> Work | None:
    """What a text says of a record at hand; None for a text that says nothing of the kind, and for a number alone."""
    said = _TRIM.sub("", text)
    taken = _TAKE_NUMBER.fullmatch(said)
    if taken is not None:
        return Work(TAKE, int(taken["number"]), "")
    numbered = _NUMBER_FIRST.fullmatch(said)
    if numbered is not None:
        words = _TRIM.sub("", numbered["words"])
        act, rest = _read(words)
        if not act and _ASKS.search(rest):
            act, rest = DETAIL, ""
        return Work(act, int(numbered["number"]), rest)
    act, rest = _read(said) if said and len(said) <= LONGEST else ("", "")
    return Work(act, None, rest) if act else None


def _read(said: str) -> tuple[str, str]:
    """The act, empty when it is left open, and what is said of the matter itself."""
    if _TAKEN.fullmatch(said):
        return TAKE, ""
    verb = _VERB.fullmatch(said)
    if verb is not None:
        return _VERBS[verb["verb"]], verb["words"] or ""
    for act, form in _ASKED:
        if form.fullmatch(said):
            return act, ""
    whom = _TO_WHOM.fullmatch(said)
    if whom is not None:
        return TRANSFER, whom["words"]
    if _ASKS.search(said):
        return (PAUSE, "") if _UNREACHED.search(said) else ("", said)
    if _NOT_YET.search(said):
        return NOTE, said
    if _DONE.search(said):
        return RESULT, said
    return (NOTE if _UNDER_WAY.search(said) else ""), said
