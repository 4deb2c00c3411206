"""Recognises a message that is nothing but a command of the menu, a wish to speak with a person or not at all, a prelude."""

from __future__ import annotations

import re

from nlp.lexicon import DATA, LexiconError

MENU = frozenset({"help", "my_requests", "wishes", "wall", "export", "erase", "cancel"})
"""The commands a text can be."""
LONGEST = 30
"""Characters of the longest text that can be a command."""
_TRIM = re.compile(r"[\s，。！？、；：,.!?;:~…/\"'“”‘’()（）\[\]【】]+")
_POLITE = re.compile(
    r"^(?:请|麻烦|帮我|我要|我想|给我|看看|看一下|查看|打开)*(?P<core>.*?)(?:一下|吧|啊|呢|了啦|谢谢)*$"
)
_PERSON = re.compile(
    "转人工|人工客服|人工服务|找人工|真人|活人|找个人跟我说|找个人来说|给我回电话|"
    "回个电话|回我电话|打电话给我|给我打电话|打我电话|打个电话给我|联系我|来个人说|跟人说|"
    "不想跟机器|不跟机器人|不和机器人|人工在吗|要人工|接人工|换个人|叫个人|"
    "派人联系|电话联系我|回电|致电我"
)


_ADDRESS = "(?:喂+|哈喽|你好|您好|在吗|在不在|请问|师傅|同志|领导|小邻|邻里|网格员|社区的?|麻烦|不好意思|打扰了?|那个|嗯+|哎+|诶)*"
_WITH_WHOM = "(?:[跟给向找](?:你们?|您|社区|街道))?"
_SOMETHING = "(?:[一个件点几些]{0,2}(?:事情?|小事|问题|情况))"
_SAY = "请?(?:反映|反应|说|讲|报告?|投诉|举报|咨询|问问?|请教|报修|求助|上报|汇报)(?:一下|下)?"
_PRELUDE = re.compile(
    rf"{_ADDRESS}(?:"
    rf"(?:我们?|俺)?(?:想要?|要|来|得|需要|打算)?{_WITH_WHOM}{_SAY}{_SOMETHING}?"
    rf"|(?:我们?|俺|这里|这边)?(?:有|碰到了?|遇到了?){_SOMETHING}(?:想|要)?{_WITH_WHOM}(?:{_SAY})?"
    "|帮帮我们?|帮帮忙|帮个忙|有没有人管|有人管|谁来管管?|喂+"
    ")(?:可以|行|好|吧|啊|呀|呢|哦|吗|么|谢谢)*"
)


_SILENCE = re.compile(
    "(?:请|麻烦)?(?:"
    "退订|取消订阅|td|stop|unsubscribe"
    "|(?:请?别|不要|不用|不想|不许)再?(?:给我|跟我)?(?:发|推送|推|打扰|烦)(?:消息|信息|短信|通知|我)?"
    "|(?:不想|不要|不用)再?收到?(?:你们?的?)?(?:消息|信息|短信|通知)"
    ")(?:了|啦|吧|好吗|行吗)*"
)


def wants_silence(text: str) -> bool:
    """Whether somebody asks, and says no more, not to be written to."""
    return len(text) <= LONGEST and _SILENCE.fullmatch(_TRIM.sub("", text).lower()) is not None


def is_prelude(text: str) -> bool:
    """Whether somebody says that they have something to say, and not yet what: "我想反映个事", "有人管吗"."""
    return len(text) <= LONGEST and _PRELUDE.fullmatch(_TRIM.sub("", text).lower()) is not None


def read_commands() -> dict[str, str]:
    """The command of each writing. LexiconError for a command that does not exist."""
    commands = {}
    for line in (DATA / "commands.tsv").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            writing, _, command = line.partition("\t")
            if command not in MENU:
                raise LexiconError(f'commands.tsv: "{writing}" has the unknown command "{command}"')
            commands[writing] = command
    return commands


class Commands:
    """The writings of every command, read once."""

    def __init__(self) -> None:
        self._commands = read_commands()

    def find_menu(self, text: str) -> str | None:
        """The command when the whole text is one, politeness aside; None for anything that says more."""
        if len(text) > LONGEST:
            return None
        bare = _TRIM.sub("", text).lower()
        polite = _POLITE.match(bare)
        return self._commands.get(bare) or (self._commands.get(polite["core"]) if polite else None)

    def wants_person(self, text: str) -> bool:
        """Whether the text asks for a human or for a call back."""
        if _PERSON.search(text):
            return True
        return len(text) <= LONGEST and _TRIM.sub("", text) in ("人工", "客服", "人呢", "有人吗", "有人在吗")
