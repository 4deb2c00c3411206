"""Exclamations: "烦死了", "热得要命". They say how somebody feels, not that anybody dies. Real deaths are left alone."""

from __future__ import annotations

import re

_FEELINGS = (
    "麻烦|烦|(?<![煤燃然空暖电沼蒸油])气|急|累|饿|渴|笑|吓|愁|忙|恨|羡慕|无聊|高兴|开心|郁闷|尴尬|丢人|心疼|难过|难受|爱|乐|"
    "热|冻|冷|痒|疼|痛|晒|挤|闷|丑"
)
"""Say nothing of the matter: the whole exclamation is left out."""
_MATTERS = "吵|闹|臭|脏|堵|呛|熏"
"""Say what is wrong, with 死 as without: only what follows is left out."""
_SENSES = "黑|暗|贵|慢|难吃|难闻|恶心|远|重|滑|湿|潮|难看|难用"
"""Say what is wrong; 死 is left out."""
_WHOM = "我们|我|人|个人|宝宝|老娘|老子|俺|咱们|咱|你们"
_EXCLAMATION = re.compile(
    rf"(?:(?P<feeling>{_FEELINGS})|(?P<matter>{_MATTERS})|(?P<sense>{_SENSES}))"
    rf"(?:(?P<dead>死)(?![亡者因在于掉机角])(?:{_WHOM})?[了啦咯喽]?|[得的](?:要死|要命|半死)了?|个半死|透了)"
)
_KILLING = frozenset("饿渴冻热闷呛熏")
"""What people do die of."""
_SOMEBODY = re.compile(
    r"(?:老人|老太|老头|老爷|大爷|大妈|大娘|奶奶|爷爷|公公|婆|伯|孩子|小孩|娃|宝宝|婴儿|人|[他她]|爸|妈|父亲|母亲|邻居|老伴)[^，。！？；,.!?;\s]{0,4}$"
)
"""Whoever may have died, shortly before."""
_NEAR = 8


def without_exclamations(text: str) -> str:
    """The text of the same length with _ in the place of exclamations; what names the matter in them stays."""
    return _EXCLAMATION.sub(_left, text) if "死" in text or "要命" in text or "透了" in text else text


def _left(found: re.Match[str]) -> str:
    said, text = found.group(), found.string
    if said[0] in _KILLING and _SOMEBODY.search(text[max(0, found.start() - _NEAR) : found.start()]):
        return said
    kept = found["sense"] or found["matter"] or ""
    if found["matter"] and found["dead"]:
        kept += found["dead"]
    return kept + "_" * (len(said) - len(kept))
