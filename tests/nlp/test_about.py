"""Questions about the service itself: what each asks, which typed command it stands for, and what is none of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from re import _parser as sre  # type: ignore[attr-defined]
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import about
from nlp.about import LONGEST, TOPICS, read_about
from nlp.lexicon import LexiconError

SAID = {
    "privacy": ["谁看得到我的电话", "我的信息会不会泄露？", "邻居能看到我的名字吗", "你们会把我的电话给谁", "安全吗"],
    "nameless": ["能不能匿名", "我想匿名举报", "可以不留名字吗", "不想让邻居知道是我报的", "他会知道是我举报的吗"],
    "input": ["语音可以吗", "可以发照片吗", "说方言可以吗", "我不会打字", "能听懂方言吗"],
    "free": ["收费吗", "要钱吗？", "用你们要不要钱", "免费的吗"],
    "hours": ["社区几点上班", "你们几点下班", "今天社区上班吗", "晚上有人吗", "周末能报事吗", "社区上班时间"],
    "danger": ["报警电话", "怎么叫救护车", "火警电话是多少"],
    "robot": ["你是人还是机器人", "你是真人吗"],
    "reach": ["我们网格员是谁", "网格员电话多少", "我要找网格员", "怎么联系社区", "能给我打电话吗"],
    "office": [
        "社区在哪里",
        "居委会地址",
        "派出所电话",
        "物业电话多少",
        "附近有没有理发的",
        "最近的药店在哪",
        "食堂几点开饭",
    ],
    "number": ["我换手机号了", "我要改电话", "13812345678", "我的电话是 13812345678", "我电话换成13812345678了"],
    "moved": ["我搬家了", "我们家不在这住了"],
    "mistake": ["我报错了", "刚才说错了", "点错了", "不是我发的", "打错字了，不好意思"],
    "slow": ["你们太慢了", "办事太拖拉了", "没人管", "怎么没人管啊"],
    "complaint": ["我要投诉你们", "怎么投诉网格员"],
    "how": ["怎么撤回", "怎么评价", "我要撤诉"],
    "survey": ["怎么参加评议", "有没有问卷"],
    "erase": ["我不想用了，删掉我的资料", "怎么删除我的资料", "把我的信息都删了吧"],
    "give": ["我想捐点旧衣服", "我家有个轮椅用不上了，想送人", "轮椅我有一个", "哪里可以捐旧衣服"],
    "test": ["测试", "试一下"],
    "chat": ["今天天气怎么样", "你吃饭了吗", "你叫什么名字", "讲个笑话"],
    "scold": ["你真笨", "你好烦", "滚", "垃圾机器人", "听不懂人话"],
    "festive": ["新年好", "国庆快乐", "祝你生日快乐", "祝大家中秋快乐"],
    "overview": ["今天情况怎么样", "今天有多少单", "还有多少没办", "哪些超时了", "有没有超时的", "谁最忙", "统计"],
    "steps": ["怎么派单", "怎么吹哨", "怎么邀请同事", "怎么接单", "在哪看单子"],
    "reports": ["导出今天的单子", "周报", "月报在哪里", "怎么导出台账", "帮我导出这个月的数据", "打印工单"],
    "leaver": ["小王离职了", "网格员小刘调走了", "网格员换人了", "怎么删除网格员"],
    "lonely": ["我心情不好", "我很孤独", "没人跟我说话", "想找个人聊聊天"],
}
COMMANDS = {
    "社区报到": ["我要报到", "我是党员，想报到", "党员怎么报到？"],
    "活动": ["周末有什么活动", "我想报名参加活动", "我想报名", "最近社区有没有活动啊"],
    "我的积分": ["我有多少积分", "查一下积分"],
    "积分兑换": ["积分怎么用", "积分能换什么？"],
    "积分规则": ["怎么挣积分", "积分怎么来的"],
    "还东西": ["我要还东西", "怎么还轮椅"],
    "哪里能借梯子": ["借个梯子", "有没有梯子借", "想借个梯子用一下"],
    "心愿墙": ["我能帮什么忙"],
    "工作台": ["网页工作台怎么进", "怎么登录后台"],
}
OTHER = [
    "",
    "你好",
    "楼道灯坏了",
    "电梯太慢了，天天等",
    "物业收费不合理",
    "物业乱收费吗",
    "隔壁老王说谁都能看到他的电话被贴在墙上",
    "网格员态度不好",
    "我要投诉物业",
    "我要投诉三栋装修太吵",
    "路灯报错了地址没人来",
    "我的电动车换了电池就充不进电",
    "小区里有人卖血压计骗老人",
    "借了邻居梯子没还起了争执",
    "活动室的灯坏了",
    "报到处门口积水",
    "1001",
    "12345678901",
    "我想要个轮椅",
    "今天停水吗",
    "垃圾没人收",
    "垃圾太多了",
    "隔壁太烦人了",
    "小区有没有人管噪音",
    "公共厕所没水",
    "菜市场占道经营",
    "我难受",
    "垃圾",
    "太烦人了",
    "垃圾没人管",
]


@pytest.mark.parametrize(("topic", "text"), [(topic, text) for topic, texts in SAID.items() for text in texts])
def test_what_is_asked_of_the_service(topic: str, text: str) -> None:
    found = read_about(text)
    assert found is not None
    assert (found.topic, found.command) == (topic, "")
    assert found.phone == ("13812345678" if "138" in text else "")


@pytest.mark.parametrize(
    ("command", "text"), [(command, text) for command, texts in COMMANDS.items() for text in texts]
)
def test_plain_words_for_a_command(command: str, text: str) -> None:
    assert read_about(text) == ("", command, "")


@pytest.mark.parametrize("text", OTHER)
def test_a_matter_is_no_question_about_the_service(text: str) -> None:
    assert read_about(text) is None


def test_every_topic_is_reached() -> None:
    assert set(SAID) == TOPICS


@given(st.text(max_size=2 * LONGEST))
def test_any_text_is_read(text: str) -> None:
    found = read_about(text)
    assert found is None or found.topic in TOPICS or found.command


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("nonsense\t你好", "no topic"),
        ("free\t{没有}吗", "没有"),
        ("free\t(吗", "free"),
        ("=没\t(吗\nfree\t{没}", "free"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(
    line: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "about.tsv").write_text(line, encoding="utf-8")
    monkeypatch.setattr(about, "DATA", tmp_path)
    with pytest.raises(LexiconError, match=told):
        about._forms.__wrapped__()


def test_no_repeated_group_can_be_read_in_two_ways() -> None:
    """刚刚 beside 刚 in a repeated group: thirty of them took a third of a second."""
    for _, form in about._forms():
        for group in repeated(sre.parse(form.pattern)):
            words = set(strings(group))
            twice = [
                word
                for word in words
                if any(word[:at] in words and is_made_of(word[at:], words) for at in range(1, len(word)))
            ]
            assert not twice, form.pattern


def is_made_of(text: str, words: set[str]) -> bool:
    return text in words or any(text.startswith(w) and is_made_of(text[len(w) :], words) for w in words if w)


def repeated(tree: Any) -> Iterator[Any]:
    """What stands under a star or a plus, anywhere in a form."""
    for kind, value in tree:
        if kind is sre.MAX_REPEAT:
            if value[1] is sre.MAXREPEAT:
                yield value[2]
            yield from repeated(value[2])
        elif kind is sre.SUBPATTERN:
            yield from repeated(value[-1])
        elif kind is sre.BRANCH:
            for branch in value[1]:
                yield from repeated(branch)


def strings(tree: Any) -> Iterator[str]:
    """Everything a piece without stars can match."""
    if not tree:
        yield ""
        return
    (kind, value), rest = tree[0], list(strings(tree[1:]))
    if kind is sre.LITERAL:
        heads: Iterable[str] = [chr(value)]
    elif kind is sre.IN:
        heads = [chr(one) for what, one in value if what is sre.LITERAL]
    elif kind is sre.SUBPATTERN:
        heads = strings(value[-1])
    elif kind is sre.BRANCH:
        heads = (text for branch in value[1] for text in strings(branch))
    elif kind is sre.MAX_REPEAT and value[1] == 1:
        heads = ["", *strings(value[2])]
    else:
        raise AssertionError(f"a star within a star: {kind} {value}")
    for head in heads:
        yield from (head + tail for tail in rest)
