"""Reads what people say of a wish in plain words: brought, on the way, given up, arrived, "what can I adopt".

Only the words: whose wish it is and how it stands is asked in `handlers.wish_talk`.
"""

from __future__ import annotations

import re

WALL, MINE, STATUS = "wall", "mine", "status"
BROUGHT, NEWS, DROP, CONTACT = "brought", "news", "drop", "contact"
ARRIVED, MISSING, NEEDLESS = "arrived", "missing", "needless"

LONGEST = 60
"""Characters of words that can be about one's wish; what is longer tells its own story."""
_TRIM = re.compile(r"^[\s，,。.！!？?、；;：:~…]+|[\s，,。.！!？?、；;：:~…啊哈哦呀啦嘛呢]+$")
_WISH = "(?:微?心愿|愿望)"
_WHOM = "(?:她|他|老人家?|人家|对方|奶奶|爷爷|阿姨|许愿的?人?)"
_WHOLE = (
    (
        WALL,
        re.compile(
            f"(?:还?有)?(?:没有)?(?:什么|哪些|啥)?{_WISH}(?:可以|能|要|等着?)?(?:认领|帮忙)(?:的|吗)?"
            f"|还?有(?:什么|哪些|啥){_WISH}(?:吗|可以领)?"
            f"|我?(?:想|要|来|也)*认领(?:一?个|一下)?{_WISH}?"
            "|我?(?:想|要|也|能)*(?:帮帮?忙|做点?好事|帮帮?邻居|帮助?(?:别人|老人|邻居)|献爱心)"
            "|(?:家里|我|我家)*有.{1,10}(?:想|可以|要|能)(?:送人|送出去|捐|捐出去|送给需要的人)"
        ),
    ),
    (MINE, re.compile(f"我的?认领[了的]?(?:什么|哪些)?{_WISH}?")),
    (
        STATUS,
        re.compile(
            f"(?:我的?)?{_WISH}(?:怎么样|咋样|到哪|办得|实现|有进展|进展|进度)+(?:了|吗|一步|如何|怎么样)*"
            f"|(?:我的?{_WISH})?(?:有没有人?|有人|谁|没人)(?:来|肯|给我)?认领(?:了|的|我|吗|我的|{_WISH})*"
        ),
    ),
    (
        DROP,
        re.compile(
            "(?:.{1,15}[，,\\s]?)?(?:不认领|放弃认领|认领不了|不送|送不了|去不了|来不了|做不了|办不了|帮不了|帮不上|没法(?:送|去|帮))了?"
        ),
    ),
    (
        CONTACT,
        re.compile(
            f"(?:怎么|咋|如何)(?:联系|找到?){_WHOM}?|{_WHOM}?的?(?:电话|手机号?|地址|联系方式)(?:是|多少|在哪|什么|给我)*"
            f"|(?:给{_WHOM})?送(?:到|去)哪[里儿]?|(?:什么时候|几点|啥时候)送"
        ),
    ),
    (
        ARRIVED,
        re.compile(
            f"(?:我|东西|{_WHOM}|都|已经|刚|今天)*(?:收到|拿到|送来|送到我?家|用上)(?:东西)?[了啦]?"
            "(?:[，,]?(?:谢谢|多谢|太好了).{0,10})?"
        ),
    ),
    (MISSING, re.compile("(?:我|东西|还|一直|根本|都|也|到现在)*(?:没|没有)(?:收到|拿到|送来|送到|人送|人来|人联系我?|见到)(?:东西|人)?")),
    (NEEDLESS, re.compile("(?:我|东西|这个)*(?:不要|不用|不需要|用不着|不想要)了(?:[，,\\s].{1,12})?")),
)  # fmt: skip
"""The whole text says this and nothing else."""
_AHEAD = re.compile(
    "明天|后天|周[一二三四五六日末]|星期|下周|下午|上午|晚上|过.{1,2}天|准备|打算|在路上|马上|正在|要去|去买|下单|快递|寄|约[好了]"
)
_BROUGHT = re.compile(
    "(?:送|搬|拿|交|带|陪|教|修|装|办|做|理|打扫|洗|剪)[^，。]{0,6}(?:到|去|来|给|过去|好|完|会)了?(?:[^，。]{0,6}(?:家|手里|老人|她|他))?|完成了?$"
)
_BOUGHT = re.compile("买好|买到|备好|准备好|找到|联系上|联系好|凑齐")
_ASKS = re.compile(r"[?？]|[吗呢]$|怎么|什么|谁|哪|多少|几")
_NOT = re.compile("没|不|别")


def read_giving(text: str) -> str:
    """What a text says of a wish; empty when it says nothing of the kind."""
    said = _TRIM.sub("", text)
    if not said or len(said) > LONGEST:
        return ""
    for act, form in _WHOLE:
        if form.fullmatch(said):
            return act
    if _ASKS.search(text) or _NOT.search(said):
        return ""
    if _AHEAD.search(said) or _BOUGHT.search(said):
        return NEWS
    return BROUGHT if _BROUGHT.search(said) else ""
