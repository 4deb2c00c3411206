"""What of a wish's words others may read: on the wall no name, phone, account or home; relayed, no phone or account.

Pure text. Who decides about publishing is `wish_desk.py`; a person always looks before anything reaches the wall.
"""

from __future__ import annotations

import re
import unicodedata

from nlp.mask import find_phone, mask, mask_name, without_room
from nlp.text import CHINESE_NUMERAL, plain

MAX_WALL = 200
"""Characters of a wish on the wall."""
MAX_RELAY = 500
"""Characters of one relayed word."""
_ROUNDS = 6
_HIDDEN = "***"
_ANY_PHONE = "13800000000"  # stands for any hidden number, so that the mask knows the name beside it

_CN = f"[{CHINESE_NUMERAL}]"
_NUMBER = rf"(?:\d{{1,4}}|{_CN}{{1,5}})"
_UNITS = r"(?!\s*[元块岁码斤克米年月日天分个次页集])"
_HOUSE = re.compile(
    rf"第?(?:\d{{1,4}}|{_CN}{{1,4}}|[A-Za-z])\s*[A-Za-z]?\s*(?:号楼|#楼|楼栋|栋|幢|#)(?![梁])"
    rf"(?:[\s,，\-]*(?:第?{_NUMBER}|[A-Za-z东西南北])\s*(?:单元|门洞|门))?(?:[\s,，\-]*{_NUMBER}\s*[楼层])?"
    rf"(?:[\s,，\-]*(?:\d{{3,4}}|[零〇一二三四五六七八九]{{3,4}}|\*{{3}})\s*(?:室|号房|房间|号|户)?{_UNITS})?"
)
_HOUSE_DASHED = re.compile(
    rf"(?<![\d.\-])\d{{1,3}}[A-Za-z]?\s*[-/]\s*(?:\d{{1,2}}\s*[-/]\s*)?(?:\d{{3,4}}|\*{{3}})(?:\s*[室号])?(?![\d\-]){_UNITS}"
)
_UNIT = re.compile(
    rf"(?:\d{{1,2}}|{_CN}{{1,3}})\s*单元[\s,，\-]*(?:{_NUMBER}\s*[楼层])?(?:\d{{3,4}}|[零〇一二三四五六七八九]{{3,4}}|\*{{3}})?\s*(?:室|号房|号|户)?"
)
_FLOOR = re.compile(rf"{_NUMBER}\s*[楼层]\s*(?:\d{{3,4}}|\*{{3}})(?!\d){_UNITS}")
_ROOM = re.compile(r"(?:\d{3,4}|[零〇一二三四五六七八九]{3,4}|\*{3})\s*(?:室(?![内外友])|号房|房间)")
_LIVES = re.compile(
    rf"(?<=[住在])\s*(?:\d{{3,4}}|[零〇一二三四五六七八九]{{3,4}})(?!\d){_UNITS}(?=\s*[,，。;；!！的]|\s*$)"
)
_DOOR = re.compile(
    rf"(?<=[路街巷弄道里苑园村府城庭居邨院])\s*{_NUMBER}\s*(?:号|弄)(?:院|门(?!口)|之?\d{{1,3}}|-\d{{1,4}})?(?![线码])"
)
_ALONE = re.compile(r"(?:^|(?<=[,，。;；!！?？]))\s*\*{3}\s*(?=[,，。;；!！?？]|$)")
_LEFT_OF = re.compile(r"(?:^|(?<=[,，。;；!！?？\s]))的(?=[一-龥])")

_ACCOUNT = re.compile(
    r"(?P<word>微信|威信|薇信|[vV]信|徽信|[wW][xX]|[vV][xX]|[wW]ei[xX]in|[qQ]{2}|扣扣|抖音|支付宝)(?P<link>号码?|群)?[\s:：是为叫加]{0,4}(?P<id>[A-Za-z0-9][A-Za-z0-9_\-.]{4,})"
)
_MAIL = re.compile(r"[A-Za-z0-9._%+\-]+\s*@\s*[A-Za-z0-9.\-]+\.[A-Za-z]{2,}")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_NAMED = re.compile(r"[一-龥]\*{1,2}(?!\*)")
_MASKED = re.compile(r"[\dXx\-]*\*{3,}(?:[\s\-]*[\d*Xx]+)*")
_PLATE = re.compile(r"[一-龥][A-Z]·?\*{3}\w{0,2}")
_TITLED = re.compile(r"(?P<family>[一-龥])(?P<title>先生|女士|阿姨|叔叔|大爷|大妈|奶奶|爷爷|师傅|大姐|大哥)")
_NO_FAMILY = frozenset("老小和与跟同给对向从时于常祝成安任由帮教陪")

_DIGIT = "零〇○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_RUN = re.compile(rf"[\d{_DIGIT}](?:[^\w一-龥]{{0,3}}[\d{_DIGIT}oO]){{6,}}")
_DATE = re.compile(r"(?:19|20)\d{2}[\-./]\d{1,2}[\-./]\d{1,2}")
_RANGE = re.compile(r"\d{1,5}\s*[\-~]\s*\d{1,5}")
_MEASURE = re.compile(r"\s*[元块岁码斤克米年月日天分个钱]")
_AMOUNT = re.compile(rf"(?<![\d\-])(\d{{1,5}})\s*-\s*(\d{{1,5}})(?={_MEASURE.pattern})")
_KEEP = "，。！？：；（）、～“”‘’…"
_KEYCAP = dict.fromkeys(map(ord, "\ufe0f\u20e3"))
_GAPS = re.compile(r"[ \t]{2,}")
_LINES = re.compile(r"\s*\n\s*")
_COMMAS = re.compile(r"[,，、;；]\s*(?=[,，、;；。!！?？])|^[,，、;；。:：\s]+|[,，、;；:：\s]+$")


def for_wall(text: str) -> str:
    """The words as the wall may show them, at most MAX_WALL characters; applying it again changes nothing.

    Takes out phones however written, accounts, links, house, unit and room numbers, and names where they can be told.
    """
    shown = _LINES.sub(" ", _folded(text))
    for _ in range(_ROUNDS):
        cleaned = _cut(_once(shown))
        if cleaned == shown:
            return cleaned
        shown = cleaned
    return shown if _once(shown) == shown else ""


def is_public(text: str) -> bool:
    """Whether nothing in the text has to be hidden from the wall any more."""
    if not text or for_wall(text) != text:
        return False
    folded = text.replace(_HIDDEN, "")
    return find_phone(folded) is None and without_room(folded) == plain(folded) and not any(_hidden_runs(folded))


def for_relay(text: str) -> tuple[str, bool]:
    """(the words as the other side may read them, whether a phone or account was hidden in them)."""
    shown = _folded(text).strip()[:MAX_RELAY]
    hidden = _without_contacts(shown)
    if find_phone(hidden) is not None:
        hidden = _MASKED.sub(_HIDDEN, mask(hidden))
    return hidden, hidden != shown


def _folded(text: str) -> str:
    """One spelling of letters and digits, keycaps and circles too; Chinese punctuation stays as written."""
    read = plain(text).translate(_KEYCAP)
    return "".join(c if c in _KEEP else unicodedata.normalize("NFKC", c) for c in read)


def _once(text: str) -> str:
    shown = _UNIT.sub("", _HOUSE.sub("", _AMOUNT.sub(r"\1~\2", text)))
    shown = _NAMED.sub(_HIDDEN, mask(_without_contacts(shown, _ANY_PHONE)))
    for pattern in (_HOUSE_DASHED, _FLOOR, _ROOM, _LIVES, _DOOR):
        shown = pattern.sub("", shown)
    shown = mask(without_room(shown))
    shown = _PLATE.sub(_HIDDEN, shown)
    shown = _NAMED.sub(_HIDDEN, shown)
    shown = _MASKED.sub(_HIDDEN, shown)
    shown = _TITLED.sub(_untitled, shown)
    shown = _ALONE.sub("", _LEFT_OF.sub("", shown))
    return _COMMAS.sub("", _GAPS.sub(" ", shown)).strip()


def _without_contacts(text: str, number: str = _HIDDEN) -> str:
    shown = _LINK.sub("", _MAIL.sub(_HIDDEN, text))
    shown = _ACCOUNT.sub(lambda m: f"{m['word']}{m['link'] or ''}{_HIDDEN}", shown)
    for run in sorted(_hidden_runs(shown), key=len, reverse=True):
        shown = shown.replace(run, number)
    return shown


def _hidden_runs(text: str) -> list[str]:
    """Runs of seven or more digits, spoken ones too, however they are set apart; dates and amounts are none."""
    found = []
    for match in _RUN.finditer(text):
        run = match.group()
        amount = _RANGE.fullmatch(run) and _MEASURE.match(text, match.end())
        if not amount and not _DATE.fullmatch(run):
            found.append(run)
    return found


def _untitled(found: re.Match[str]) -> str:
    """A surname before a title goes; the title stays. What is a surname, the mask knows."""
    family = found["family"]
    known = family not in _NO_FAMILY and mask_name(found.group()) == found.group()
    return found["title"] if known else found.group()


def _cut(text: str) -> str:
    return text if len(text) <= MAX_WALL else f"{text[: MAX_WALL - 1].rstrip()}…"
