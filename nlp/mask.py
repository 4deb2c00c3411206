"""Hides what identifies a person in a text: telephone, identity number, plate, bank card, name, room.

Also finds a telephone number. Who may see the unmasked form is decided elsewhere.
"""

from __future__ import annotations

import re
from pathlib import Path

from nlp.text import CHINESE_NUMERAL, plain

_SPOKEN = str.maketrans("零\u3007\u25cb一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "0001234567891123456789")
_D = "[\\d零\u3007\u25cb一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]"
_DIGITS = "零\u3007一二三四五六七八九"
_SEP = r"[\s\-—–.·•_/]{0,2}"
_NUMERIC = re.compile(rf"{_D}(?:{_SEP}{_D}){{2}}")
_LONG = re.compile(rf"{_D}(?:[\W_]{{0,3}}{_D}){{6}}")
_SPOKEN_RUN = re.compile(rf"{_D}(?:{_SEP}{_D}){{6,20}}")
_SPOKEN_MOBILE = re.compile(rf"1{_SEP}[3-9](?:{_SEP}\d){{9}}(?!\d)")
_MOBILE = re.compile(
    rf"(?<!\d)(?:(?:\+|00)?86{_SEP})?"
    rf"(?P<number>1{_SEP}[3-9](?:{_SEP}\d){{9}}|1[3-9]\d[\W_]{{1,3}}\d{{4}}[\W_]{{1,3}}\d{{4}})(?!\d)"
)
_LANDLINE = re.compile(
    r"(?<!\d)(?:[(（]?(?P<area>0\d{2,3})[)）]?[\s\-—]{0,2})?(?P<local>[2-8]\d{2,3}[\s-]?\d{4})(?!\d)"
)
_IDENTITY = re.compile(rf"(?<!\d)[1-9](?:{_SEP}\d){{16}}{_SEP}[\dXx×](?![\dA-Za-z])|(?<!\d)[1-9]\d{{14}}(?!\d)")
_CARD = re.compile(r"(?<!\d)\d{4}(?:[\s-]?\d{4}){2,3}[\s-]?\d{1,7}(?!\d)")
_PLATE = re.compile(
    r"(?P<area>[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]\s?[A-Za-z])(?P<gap>[\s·•.\-]{0,2})"
    r"(?=[A-Za-z]{0,2}[\s·-]?\d)(?P<rest>[A-Za-z0-9](?:[\s·-]?[A-Za-z0-9]){4,5}|[A-Za-z0-9]{4}[学警挂港澳])(?![A-Za-z0-9])"
)
_PLATE_SIGN = re.compile(r"[A-Za-z]")
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛奚范彭郎鲁韦马苗凤方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗"
    "毕郝邬安常于傅皮卞齐康伍余卜顾孟平黄穆萧尹姚邵汪祁毛狄米戴宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻贾路娄江童颜郭梅盛林钟徐邱骆高夏蔡田樊胡凌霍"
    "虞万柯管卢莫房解应宗丁邓洪包左石崔吉龚程邢裴陆荣翁甄段焦侯宁甘厉武符刘景詹龙叶黎白蒲邰赖卓屠乔闻党谭温柴瞿阎聂晁冷辛简饶曾沙关巩丰游岳肖涂闫"
)
_COMPOUND = "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|司徒|令狐|夏侯"
_NAME = rf"(?P<family>{_COMPOUND}|[{_SURNAMES}])(?P<given>[一-龥]{{1,2}})"
_NAME_END = r"(?=[，。,.、；;：:！!？?\s（）()\d*]|$|的|住|在|电话|手机|身份证|家|联系|反映|和|跟|今年|是)"
_INTRODUCED = re.compile(
    rf"(?P<cue>(?:我|他|她|本人|户主|业主|老人|孩子|儿子|女儿|老公|老婆|老伴|爱人|妈妈|爸爸|联系人|当事人|名字|大名|姓名)?"
    rf"(?:名叫|叫做|叫|姓名是?[：:\s]*|名字是|联系人[是：:\s]*|户主[是：:\s]*)|(?:我是|本人|户主|联系人|当事人|申请人|业主)[：:\s]*){_NAME}{_NAME_END}"
)
_INTRODUCING = re.compile(r"叫|姓名|名字|联系人|户主|我是|本人|当事人|申请人|业主")
_TITLES = (
    "先生|女士|阿姨|叔叔|大叔|大爷|大妈|大婶|大伯|伯伯|奶奶|爷爷|婆婆|阿婆|阿公|师傅|师母|老师|医生|护士|主任|书记|经理|队长|所长|院长|校长|站长|警官|律师|"
    "老板娘?|大姐|大哥|小姐|同志|会计"
)
_SHORT_TITLES = "[叔姨婶嫂伯婆姐哥](?![姐哥婆叔伯妹弟])"
_NOT_GIVEN = frozenset("先生女士阿姨叔叔大爷大妈奶奶爷爷师傅老师医生主任书记经理警官伯伯大姐大哥小姐同志工")
_TITLED = re.compile(
    rf"(?P<family>{_COMPOUND}|[{_SURNAMES}])(?:(?P<given>[一-龥]{{1,2}}?)(?P<title>{_TITLES})|(?P<bare>{_TITLES}|{_SHORT_TITLES}))"
)
_TITLE_SIGN = re.compile(rf"{_TITLES}|[叔姨婶嫂伯婆姐哥]")
_SIGNED = re.compile(rf"(?P<name>{_NAME})(?=[\s，,：:]{{0,3}}(?:电话|手机|身份证|[1一幺][3-9三四五六七八九]))")
_SIGNING = re.compile(r"电话|手机|身份证|[1一幺][3-9三四五六七八九]")
_WISHING = frozenset("祝时")
_CALLED = frozenset("的了是给叫找请让和跟与向对在有")


def _no_names(kind: str) -> frozenset[str]:
    lines = (Path(__file__).parent / "data" / "no_names.tsv").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if line.startswith(f"{kind}\t") for word in line.split("\t")[1].split())


_ORDINARY = _no_names("first")
"""Words that begin like a surname and a given name."""
_BEFORE_TITLE = _no_names("last")
"""Words whose last character is a surname: what follows is no name."""

_CN = f"[{CHINESE_NUMERAL}]"
_NOT_ROOM = r"(?![\d块元米年月日人个栋幢路多度只次分斤平万千点辆盏号]|号线|天(?!天))"
_ROOM_DIGITS = rf"(?P<room>\d{{3,4}}|[{_DIGITS}]{{3,4}})(?P<tail>\s*(?:室|号房|号(?!线)|房|户)?)"
_ROOM = re.compile(
    rf"(?P<head>(?:\d{{1,3}}|{_CN}{{1,4}}|[A-Za-z])\s*[A-Za-z]?\s*(?:号楼|号院|栋|幢|棟|座|洞|冻|懂|#楼|#|号)[\s，,的]?"
    rf"(?:(?:第?(?:\d{{1,2}}|{_CN}{{1,3}}|[A-Za-z东西])\s*(?:单元|门洞|梯|门)|(?P<dash>\d{{1,2}}\s*[-—/]))[\s，,的]?)?"
    rf"(?:(?:\d{{1,2}}|{_CN}{{1,3}})\s*[楼层])?[\s，,\-—]*){_ROOM_DIGITS}{_NOT_ROOM}"
)
_ROOM_UNIT = re.compile(rf"(?P<head>(?:\d{{1,2}}|{_CN}{{1,3}})\s*(?:单元|门洞)[\s，,的]?){_ROOM_DIGITS}{_NOT_ROOM}")
_HYPHEN = r"\s*[-—–杠/]\s*"
_ROOM_DASH = re.compile(
    rf"(?<![\d\-—–])(?P<head>(?:\d{{1,3}}[A-Za-z]?|[A-Za-z]|{_CN}{{1,3}}(?=\s*杠)){_HYPHEN}(?P<middle>(?:\d{{1,2}}|{_CN}{{1,2}}){_HYPHEN})?)"
    rf"(?P<room>\d{{3,4}}|[{_DIGITS}]{{3,4}})(?(middle)|(?!\s*[号弄]))(?P<tail>\s*(?:室|号)?)(?![\-—–]){_NOT_ROOM}"
)
_ROOM_WORD = re.compile(
    rf"(?<!\d)(?P<head>)(?P<room>\d{{3,4}}|(?<![{_DIGITS}])[{_DIGITS}]{{3,4}})(?P<tail>\s*(?:室|号房|房间))"
)
_ROOM_NEXT = re.compile(rf"(?P<head>(?:楼上|楼下|对门|隔壁|我家|我住|家住|住在)的?\s?){_ROOM_DIGITS}{_NOT_ROOM}")
_ROOM_SPOKEN = re.compile(
    rf"(?<![{_DIGITS}百千万点第年月十两\d])(?P<head>)(?P<room>[一二三四五六七八九]零[一二三四五六七八九]|[一二三](?<!二零)[一二三四五六七八九]零[一二三四五六七八九])"
    rf"(?P<tail>)(?![{_DIGITS}百千万点\d医路]){_NOT_ROOM}"
)
_ROOMS = (_ROOM, _ROOM_UNIT, _ROOM_DASH, _ROOM_WORD, _ROOM_NEXT, _ROOM_SPOKEN)
_ROOM_SIGN = re.compile(rf"\d{{3}}|[{_DIGITS}]{{3}}")


def mask(text: str) -> str:
    """The text with every personal detail it recognises hidden; masking a masked text changes nothing."""
    shown = plain(text)
    if _NUMERIC.search(shown):
        if _LONG.search(shown):
            shown = _SPOKEN_RUN.sub(_spoken, _mask_persons(shown))
            shown = _mask_accounts(shown)
        shown = _mask_rooms(shown)
    if _PLATE_SIGN.search(shown):
        shown = _PLATE.sub(_plate, shown)
    if _INTRODUCING.search(shown):
        shown = _INTRODUCED.sub(_introduced, shown)
    if _TITLE_SIGN.search(shown):
        shown = _mask_titled(shown)
    return _SIGNED.sub(_signed, shown) if _SIGNING.search(shown) else shown


def _mask_persons(text: str) -> str:
    return _MOBILE.sub(_mobile, _IDENTITY.sub(_identity, text))


def _mask_accounts(text: str) -> str:
    return _LANDLINE.sub(_landline, _CARD.sub(_card, text))


def _mask_rooms(text: str) -> str:
    if _ROOM_SIGN.search(text):
        for pattern in _ROOMS:
            text = pattern.sub(_room, text)
    return text


def _room(found: re.Match[str]) -> str:
    return f"{found['head']}***{found['tail']}"


def _mobile(found: re.Match[str]) -> str:
    return mask_phone(found["number"])


def _plate(found: re.Match[str]) -> str:
    return f"{found['area']}{found['gap']}***{found['rest'][-2:]}"


def _spoken(found: re.Match[str]) -> str:
    """A number said in Chinese numerals, hidden as the same in figures would be."""
    figures = found.group().translate(_SPOKEN)
    if figures == found.group():
        return figures
    hidden = _SPOKEN_MOBILE.sub(lambda m: mask_phone(m.group()), _mask_persons(figures))
    hidden = _mask_accounts(hidden)
    return hidden if hidden != figures else found.group()


def mask_phone(phone: str) -> str:
    """139****1234 for a mobile number however written, "****1234" for any other number of five digits or more."""
    digits = re.sub(r"\D", "", plain(phone).translate(_SPOKEN))
    if len(digits) > 11 and digits.startswith("86"):
        digits = digits[2:]
    if len(digits) == 11 and digits[0] == "1":
        return f"{digits[:3]}****{digits[-4:]}"
    return f"****{digits[-4:]}" if len(digits) > 4 else "****"


def mask_name(name: str) -> str:
    """李** for "李桂英"; a surname with a title ("李阿姨") stays; an empty name stays empty."""
    name = plain(name).strip()
    if len(name) < 2 or name.endswith("*"):
        return name
    if re.fullmatch(
        rf"(?:{_COMPOUND}|[{_SURNAMES}老小])(?:先生|女士|阿姨|叔叔|大爷|大妈|奶奶|爷爷|师傅|老师|医生|主任|书记|经理|警官|大姐|大哥|小姐|同志)",
        name,
    ):
        return name
    family = 2 if re.match(_COMPOUND, name) and len(name) > 2 else 1
    return name[:family] + "*" * min(len(name) - family, 3)


def find_phone(text: str) -> str | None:
    """The first mobile number (11 digits, without +86) or landline ("021-55556666") of the text, if any."""
    read = plain(text)
    if mobile := _MOBILE.search(read):
        return re.sub(r"\D", "", mobile["number"])
    for run in _SPOKEN_RUN.finditer(read):
        if spoken := _SPOKEN_MOBILE.search(run.group().translate(_SPOKEN)):
            return re.sub(r"\D", "", spoken.group())
    if (landline := _LANDLINE.search(read)) and _is_landline(read, landline):
        local = re.sub(r"\D", "", landline["local"])
        return f"{landline['area']}-{local}" if landline["area"] else local
    return None


def without_room(text: str) -> str:
    """The text with room numbers cut out, unit and building kept: "3栋2单元401室" gives "3栋2单元"."""
    shown = plain(text)
    if _ROOM_SIGN.search(shown):
        for pattern in _ROOMS:
            shown = pattern.sub(lambda m: re.sub(r"[\s，,的\-—–/]+$", "", m["head"]), shown)
    return shown


def _identity(found: re.Match[str]) -> str:
    """Hidden when the eight figures of a birthday stand where they must; else it may still be a card."""
    digits = re.sub(r"[^\dXx×]", "", found.group())
    if len(digits) == 18 and not re.fullmatch(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", digits[6:14]):
        return found.group()
    return f"{digits[:3]}{'*' * 11}{digits[-4:]}"


def _card(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found.group())
    return f"{digits[:4]} **** **** {digits[-4:]}" if 13 <= len(digits) <= 19 else found.group()


def _is_landline(text: str, found: re.Match[str]) -> bool:
    """A number without an area code counts only beside a word for telephone."""
    near = text[max(0, found.start() - 8) : found.start()]
    return bool(found["area"]) or bool(re.search(r"电话|座机|固话|打|拨|联系|tel", near, re.IGNORECASE))


def _landline(found: re.Match[str]) -> str:
    if not _is_landline(found.string, found):
        return found.group()
    local = re.sub(r"\D", "", found["local"])
    area = f"{found['area']}-" if found["area"] else ""
    return f"{area}{'*' * (len(local) - 4)}{local[-4:]}"


def _introduced(found: re.Match[str]) -> str:
    given, family = found["given"], found["family"]
    if given in _NOT_GIVEN or family + given[0] in _ORDINARY or any(c in _NOT_GIVEN for c in given[-1:]):
        return found.group()
    return f"{found['cue']}{family}{'*' * len(given)}"


def _mask_titled(text: str) -> str:
    """李桂英阿姨 becomes 李**阿姨, 李阿姨 becomes 李**: of a person who is not here only the surname is shown.

    What turns out to be no name hides none that follows: in "保安王师傅" 王 is one, and 安 is not.
    """
    shown, told, at = [], 0, 0
    while found := _TITLED.search(text, at):
        known = _ordinary_word(text, found, at)
        if known:
            at = known
            continue
        hidden = "**" if found["bare"] else f"{'*' * len(found['given'])}{found['title']}"
        shown += [text[told : found.start()], found["family"], hidden]
        told = at = found.end()
    return "".join([*shown, text[told:]])


def _ordinary_word(text: str, found: re.Match[str], read: int) -> int:
    """Where the word ends that looks like a name before a title and is none; 0 for a name.

    What stands before `read` belongs to another word.
    """
    start, given = found.start(), found["given"] or ""
    if start > read and text[start - 1 : start + 1] in _BEFORE_TITLE:
        return start + 1
    if given and found["family"] + given[0] in _ORDINARY:
        return start + 2
    if found["family"] in _WISHING or given[-1:] in _CALLED:
        return start + 1
    return 0


def _signed(found: re.Match[str]) -> str:
    given = found["given"]
    if (
        given[0] in "一二三四五六日末天"
        or found["family"] + given[0] in _ORDINARY
        or set(given) & set("先生女士阿姨叔师傅老电话手机的是我打")
    ):
        return found.group()
    return f"{found['family']}{'*' * len(given)}"
