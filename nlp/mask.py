"""Hides what identifies a person in a text: telephone, identity number, plate, bank card, name, room.

Also finds a telephone number. Who may see the unmasked form is decided elsewhere.
"""

from __future__ import annotations

import re

from nlp.text import CHINESE_NUMERAL, plain

_SPOKEN = str.maketrans("零\u3007\u25cb一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "0001234567891123456789")
_D = "[\\d零\u3007\u25cb一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]"
_DIGITS = "零\u3007一二三四五六七八九"
_SEP = r"[\s\-.·_]{0,2}"
_MOBILE = re.compile(
    rf"(?<![\d幺])(?:(?:\+|00)?86{_SEP})?(?P<number>[1一幺壹]{_SEP}[3-9三四五六七八九]{_SEP}{_D}(?:{_SEP}{_D}){{8}})(?!\d)"
)
_LANDLINE = re.compile(r"(?<!\d)(?:[(（]?(?P<area>0\d{2,3})[)）]?[\s-]{0,2})?(?P<local>[2-8]\d{2,3}[\s-]?\d{4})(?!\d)")
_IDENTITY = re.compile(
    r"(?<!\d)(\d[\s-]?){5}\d[\s-]?(?:(?:19|20)(?:[\s-]?\d){9}|(?:\d[\s-]?){6}(?:\d[\s-]?){2}\d)[\s-]?[\dXx]?(?![\dA-Za-z])"
)
_CARD = re.compile(r"(?<!\d)\d{4}(?:[\s-]?\d{4}){2,3}[\s-]?\d{1,7}(?!\d)")
_PLATE = re.compile(
    r"([京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Za-z])([\s·.\-]?)([A-Za-z0-9]{5,6}|[A-Za-z0-9]{4}[学警挂港澳])(?![A-Za-z0-9])"
)
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
_NOT_GIVEN = frozenset("先生女士阿姨叔叔大爷大妈奶奶爷爷师傅老师医生主任书记经理警官伯伯大姐大哥小姐同志工")
_TITLE = re.compile(
    rf"(?P<family>{_COMPOUND}|[{_SURNAMES}])(?P<given>[一-龥]{{1,2}}?)(?P<title>先生|女士|阿姨|叔叔|大爷|大妈|奶奶|爷爷|师傅|老师|医生|主任|书记|经理|警官|大姐|大哥|小姐|同志)"
)
_SIGNED = re.compile(rf"(?P<name>{_NAME})(?=[\s，,：:]{{0,3}}(?:电话|手机|身份证|[1一幺][3-9三四五六七八九]))")
_ORDINARY = frozenset(
    [
        "高温",
        "高兴",
        "高空",
        "安全",
        "安装",
        "安排",
        "常常",
        "平时",
        "应该",
        "关于",
        "方便",
        "曾经",
        "任何",
        "左右",
        "金色",
        "江湾",
        "白天",
        "马上",
        "包括",
        "石头",
        "路边",
        "路口",
        "万一",
        "于是",
        "祝您",
        "温暖",
        "房东",
        "房子",
        "房屋",
        "车主",
        "金额",
        "党员",
        "黄色",
        "毛病",
        "华为",
        "方面",
        "时间",
        "常年",
        "关系",
        "马路",
        "江边",
        "高层",
        "安静",
        "段时",
        "解决",
        "管理",
        "简单",
        "游客",
        "计划",
        "路过",
    ]
)
"""Words that begin like a surname and a given name."""

_CN = f"[{CHINESE_NUMERAL}]"
_ROOM = re.compile(
    rf"(?P<head>(?:\d{{1,3}}|{_CN}{{1,4}}|[A-Za-z])\s*[A-Za-z]?\s*(?:号楼|栋|幢|座|#楼|#)[\s，,]?"
    rf"(?:(?:第?(?:\d{{1,2}}|{_CN}{{1,3}}|[A-Za-z东西])\s*(?:单元|门洞|门)|(?P<dash>\d{{1,2}}\s*[-/]))[\s，,]?)?(?:(?:\d{{1,2}}|{_CN}{{1,3}})\s*[楼层])?[\s，,\-]*)"
    rf"(?P<room>\d{{3,4}}|[{_DIGITS}]{{3,4}})(?P<tail>\s*(?:室|号房|号|房|户)?)(?![\d块元米年人个栋幢])"
)
_ROOM_UNIT = re.compile(
    rf"(?P<head>(?:\d{{1,2}}|{_CN}{{1,3}})\s*单元[\s，,]?)(?P<room>\d{{3,4}}|[{_DIGITS}]{{3,4}})(?P<tail>\s*(?:室|号房|号|房|户)?)(?!\d)"
)
_ROOM_DASH = re.compile(
    r"(?<![\d-])(?P<head>\d{1,3}[A-Za-z]?\s*-\s*(?:\d{1,2}\s*-\s*)?)(?P<room>\d{3,4})(?P<tail>\s*(?:室|号)?)(?![\d-])"
)
_ROOM_WORD = re.compile(r"(?<!\d)(?P<head>)(?P<room>\d{3,4})(?P<tail>\s*(?:室|号房|房间))")
_ROOMS = (_ROOM, _ROOM_UNIT, _ROOM_DASH, _ROOM_WORD)


def mask(text: str) -> str:
    """The text with every personal detail it recognises hidden; masking a masked text changes nothing."""
    shown = plain(text)
    shown = _IDENTITY.sub(lambda m: _identity(m.group()), shown)
    shown = _MOBILE.sub(lambda m: mask_phone(m["number"]), shown)
    shown = _CARD.sub(lambda m: _card(m.group()), shown)
    shown = _LANDLINE.sub(_landline, shown)
    shown = _PLATE.sub(lambda m: f"{m[1]}{m[2]}***{m[3][-2:]}", shown)
    for pattern in _ROOMS:
        shown = pattern.sub(lambda m: f"{m['head']}***{m['tail']}", shown)
    shown = _INTRODUCED.sub(_introduced, shown)
    shown = _TITLE.sub(_titled, shown)
    return _SIGNED.sub(_signed, shown)


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
        return re.sub(r"\D", "", mobile["number"].translate(_SPOKEN))
    if (landline := _LANDLINE.search(read)) and _is_landline(read, landline):
        local = re.sub(r"\D", "", landline["local"])
        return f"{landline['area']}-{local}" if landline["area"] else local
    return None


def without_room(text: str) -> str:
    """The text with room numbers cut out, unit and building kept: "3栋2单元401室" gives "3栋2单元"."""
    shown = plain(text)
    for pattern in _ROOMS:
        shown = pattern.sub(lambda m: re.sub(r"[\s，,\-/]+$", "", m["head"]), shown)
    return shown


def _identity(written: str) -> str:
    digits = re.sub(r"[\s-]", "", written)
    return f"{digits[:3]}{'*' * 11}{digits[-4:]}" if len(digits) in (15, 18) else written


def _card(written: str) -> str:
    digits = re.sub(r"\D", "", written)
    return f"{digits[:4]} **** **** {digits[-4:]}" if 13 <= len(digits) <= 19 else written


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


def _titled(found: re.Match[str]) -> str:
    if found["family"] + found["given"][0] in _ORDINARY:
        return found.group()
    return f"{found['family']}{'*' * len(found['given'])}{found['title']}"


def _signed(found: re.Match[str]) -> str:
    given = found["given"]
    if found["family"] + given[0] in _ORDINARY or set(given) & set("先生女士阿姨叔师傅老电话手机的是我打"):
        return found.group()
    return f"{found['family']}{'*' * len(given)}"
