"""Whether a wish is for a thing or for somebody's time and hands, by the words in it alone.

Needed where the words are known to be a wish; whether a text is one, the reader says.
"""

from __future__ import annotations

import re
from functools import cache

from nlp.cues import Cues
from nlp.lexicon import DATA, read_classes, read_entries
from nlp.text import plain

THING, COMPANY = "wish.wish.goods", "wish.wish.service"
_WANTING = frozenset(
    ["想要个", "想要一", "想要", "想有个", "想有一", "缺个", "缺一", "给娃", "没钱买", "不用的", "破得"]
)
"""Entries of the lexicon that want something without naming it: a person can be wanted so, too."""
_PERSON = r"人|伴|老师|师傅|志愿者|义工|学生|小伙|姑娘|朋友|医生|护士|谁"
_MEASURED = re.compile(
    r"(?:要|有|缺|求|盼|弄|买|借|来)(?:一|几|两)?[个台件双副把辆张床套本只条部盏口袋箱盒瓶块幅根顶支对架盆束壶]"
    rf"(?!(?:[^，。,.！!？?；;\s]{{0,12}})(?:{_PERSON}|心愿|愿望|梦想|念想|机会|活动))[^\W\d_]"
)
"""One of something that is counted as things are, and is no person and no wish."""
_SOMEBODY = re.compile(
    rf"(?:请|找|想有|需要|盼|求|有没有|有)[^，。,.！!？?；;]{{0,8}}?(?:{_PERSON})"
    r"|谁(?:会|能|愿意|得空|有空)|[陪教带领帮](?:我|他|她|老|孩|娃|忙)"
)
"""Somebody is looked for, or asked to do something."""
_ABLE = re.compile(rf"会[^，。,.！!？?；;\s]{{1,8}}的(?:{_PERSON})")
"""Somebody who can do something: what they do it with is not what is wanted."""
_ANSWERS = {
    THING: re.compile(r"(?:是|要|想要)?(?:一样|个|一个)?(?:东西|实物|物品|物件)(?:心愿)?"),
    COMPANY: re.compile(
        r"(?:是|要|想要?)?(?:请人|找人|有人)?(?:来)?(?:帮忙|陪伴|陪陪|陪|服务|帮个忙)?(?:的)?人?(?:心愿)?"
    ),
}
"""What is said when asked which of the two it is."""


def find_wish_kind(text: str) -> str | None:
    """THING when something is named or offered second-hand, COMPANY when somebody is asked for; None when unclear."""
    said = plain(text).lower()
    hits = _cues().match(said)
    company = sum(h.weight for h in hits if h.entry.target == COMPANY)
    thing = sum(h.weight for h in hits if h.entry.target == THING and h.entry.word not in _WANTING)
    company += 2.0 * bool(_SOMEBODY.search(said)) + 2.0 * bool(_ABLE.search(said))
    thing += 2.0 * bool(_MEASURED.search(said))
    if company == thing:
        return None
    return COMPANY if company > thing else THING


def find_kind_answer(text: str) -> str | None:
    """THING or COMPANY when the text names one of the two and nothing else."""
    said = re.sub(r"[\s，。！!,.～~]", "", plain(text))
    return next((kind for kind, pattern in _ANSWERS.items() if said and pattern.fullmatch(said)), None)


@cache
def _cues() -> Cues:
    """The hand-written words for wishes, read once."""
    return Cues(read_entries(DATA / "lexicon" / "wish.tsv"), read_classes())
