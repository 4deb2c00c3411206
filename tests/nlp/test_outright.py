"""A danger said outright in a few words is an emergency whatever was learned; what only sounds like one is none."""

from __future__ import annotations

import pytest

from nlp.reader import Reader

OUTRIGHT = {
    "suicide": (
        *("我想死", "想死", "不想活了", "死了算了", "我死了算了", "不如死了算了，没人管我", "真想死了算了", "我要自杀"),
        *("我想自杀", "准备跳楼", "割腕了", "我想结束生命", "活着没意思，想一了百了", "没有活下去的勇气", "她说要跳河"),
        *("再不修我就跳楼给你们看", "房贷还不上，活不下去了", "被骗了钱，他说不想活了", "写遗书"),
    ),
    "drowning": ("有人落水", "小孩落水了", "有个老人落水了"),
    "injury": (
        *("中毒了", "心脏病犯了", "羊水破了", "被车撞了", "流了好多血", "孩子误吃了药", "老人吃错药了"),
        *("老人误服农药", "我爸突发心梗"),
    ),
    "violence": ("我被打了", "有人入室抢劫", "小偷在我家", "有人要强奸", "有人持枪"),
    "trapped": ("被锁在电梯里", "我被关在电梯里了", "困在电梯里"),
    "fire": ("爆炸了", "煤气罐爆炸"),
    "other": ("救救我",),
}
NONE = (
    *("想死你了", "热得想死", "加班加得想死", "作业多得想死", "吵得我想跳楼", "气得都想跳楼了", "跳江的心都有了"),
    *(
        "楼下商店跳楼价大甩卖太吵",
        "公园的跳楼机几点开",
        "预防自杀的讲座几点",
        "热死了算了，空调坏了",
        "等死算了，电梯还没修",
    ),
    *("落水管堵了", "电脑中毒了怎么办", "手机中毒了", "护栏被车撞歪了", "门口的路灯被车撞倒了", "救救我们小区的树吧"),
    *("你们是不是吃错药了", "充电枪坏了", "孩子的水枪掉楼下了", "群里都爆炸了，天天吵架", "预防煤气中毒的宣传单在哪领"),
    *("上周我被打了，派出所已经处理了", "去年有人落水，现在护栏还没装", "电梯里以前关过人，现在修好了"),
)


@pytest.mark.parametrize(("text", "danger"), [(text, danger) for danger, texts in OUTRIGHT.items() for text in texts])
def test_a_danger_said_outright_is_an_emergency(reader: Reader, text: str, danger: str) -> None:
    found = reader.read(text)
    assert (found.urgent, found.danger, found.intent) == (True, danger, "request")


@pytest.mark.parametrize("text", NONE)
def test_what_only_sounds_like_danger_is_none(reader: Reader, text: str) -> None:
    assert not reader.read(text).urgent
