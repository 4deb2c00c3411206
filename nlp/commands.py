"""Recognises a message that is nothing but a command of the menu, and the wish to speak with a person."""

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
