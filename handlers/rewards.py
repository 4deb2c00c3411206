"""积分兑换: what points can be exchanged for, taking it, and the desk that lists it and hands it out."""

from __future__ import annotations

import re
from typing import Any

from handlers import names
from handlers import points as accounts
from handlers.turn import NotForYou, Turn
from handlers.wish_words import for_wall, is_public
from storage import people, rewards
from storage.rewards import Order, OrderState, Refused, Reward
from workflow.queues import desk_queue

_PAGE = 8
_MOST = 10_000


async def listed(turn: Turn, _: dict[str, Any]) -> None:
    """What there is, and what I have."""
    if turn.here.is_group:
        await turn.toast("staff.private_only")
        return
    found = await rewards.listed(turn.tx, _PAGE)
    if not found:
        await turn.say("reward.empty")
        return
    has = await accounts.current(turn, turn.me.id)
    rows = [[turn.button("reward.button_take", "reward.ask", {"id": r.id}, title=r.title)] for r in found]
    lines = [turn.text("reward.line", number=r.number, title=r.title, cost=r.cost, left=r.left) for r in found]
    await turn.say("reward.list", rows=rows, points=has, lines="\n".join(lines))


async def ask(turn: Turn, args: dict[str, Any]) -> None:
    """Once more before points are spent."""
    reward = await rewards.get(turn.tx, args["id"])
    row = [
        turn.button("reward.button_yes", "reward.take", {"id": reward.id}),
        turn.button("reward.button_no", "reward.leave"),
    ]
    await turn.say("reward.sure", rows=[row], cost=reward.cost, title=reward.title)


async def leave(turn: Turn, _: dict[str, Any]) -> None:
    """Not now."""
    await turn.toast("reward.left_alone")


async def take(turn: Turn, args: dict[str, Any]) -> None:
    """Spends the points. The books are held by this transaction, so nobody spends a point twice."""
    reward = await rewards.get(turn.tx, args["id"])
    has = await accounts.current(turn, turn.me.id)
    try:
        order = await rewards.exchange(turn.tx, reward, turn.me.id, has, turn.now)
    except Refused as refused:
        await _refused(turn, reward, refused.why, has)
        return
    left = await accounts.current(turn, turn.me.id)
    desk = turn.city.org.name_of(reward.queue)
    await turn.say("reward.taken", title=reward.title, desk=desk, number=reward.number, points=left)
    await _draw(turn, reward, order)


async def _refused(turn: Turn, reward: Reward, why: str, has: int) -> None:
    if why == "short":
        await turn.toast("reward.short", lack=reward.cost - has)
    elif why == "limit":
        await turn.toast("reward.limit", title=reward.title, most=reward.per_person)
    else:
        await turn.toast("reward.gone", title=reward.title)


async def mine(turn: Turn, _: re.Match[str]) -> None:
    """What I have exchanged."""
    lines = []
    for order in await rewards.orders_of(turn.tx, turn.me.id):
        reward = await rewards.get(turn.tx, order.reward_id)
        state = turn.text(f"reward.state_{order.state.value}")
        lines.append(turn.text("reward.mine_line", number=reward.number, title=reward.title, state=state))
    if not lines:
        await listed(turn, {})
        return
    await turn.say("reward.mine", lines="\n".join(lines))


# -------------------------------------------------------------------- the desk


async def _my_desk(turn: Turn) -> str:
    """The queue whose desk the acting person serves. Raises `NotForYou`."""
    queues = [desk_queue(""), *(desk_queue(c) for c in turn.city.org.communities)]
    for queue in queues:
        if await turn.may("manage_rewards", queue):
            return queue
    raise NotForYou("manage_rewards")


async def add(turn: Turn, match: re.Match[str]) -> None:
    """上架 洗衣液 50分 20份 每人1份."""
    queue = await _my_desk(turn)
    title = for_wall(match["title"].strip())
    cost, stock = int(match["cost"]), int(match["stock"])
    if not is_public(title) or not title or not 0 < cost <= _MOST or not 0 < stock <= _MOST:
        await turn.toast("reward.add_how")
        return
    each = int(match["each"]) if match["each"] else None
    made = await rewards.add(
        turn.tx, title=title[:60], cost=cost, stock=stock, per_person=each, queue=queue, by=turn.me.id, now=turn.now
    )
    await turn.toast("reward.added", number=made.number, title=made.title, cost=cost, stock=stock)


async def add_how(turn: Turn, _: re.Match[str]) -> None:
    """How to write it."""
    await _my_desk(turn)
    await turn.toast("reward.add_how")


async def close(turn: Turn, match: re.Match[str]) -> None:
    """下架 1012."""
    reward = await rewards.find_by_number(turn.tx, int(match["number"]))
    if reward is None:
        await turn.toast("reward.unknown", number=match["number"])
        return
    await turn.check_may("manage_rewards", reward.queue)
    done = await rewards.close(turn.tx, reward, turn.me.id, turn.now)
    key = "reward.closed" if done else "reward.closed_before"
    await turn.toast(key, number=reward.number, title=reward.title)


async def _draw(turn: Turn, reward: Reward, order: Order) -> None:
    """The card in the desk's room, changed in place."""
    person = await people.get_person(turn.tx, order.person_id)
    rows = []
    if order.state is OrderState.WAITING:
        rows = [
            [
                turn.button("reward.button_given", "reward.settle", {"id": order.id, "given": True}),
                turn.button("reward.button_cancel", "reward.settle", {"id": order.id, "given": False}),
            ]
        ]
    await turn.tell_queue(
        reward.queue,
        "reward.order_card",
        rows=rows,
        slot=f"reward:{order.id}",
        number=reward.number,
        title=reward.title,
        who=names.masked(person) or turn.text("points.neighbour"),
        points=order.points,
        state=turn.text(f"reward.state_{order.state.value}"),
    )


async def settle(turn: Turn, args: dict[str, Any]) -> None:
    """Handed over, or it cannot be: then the points are back."""
    order = await rewards.get_order(turn.tx, args["id"])
    reward = await rewards.get(turn.tx, order.reward_id)
    await turn.check_may("manage_rewards", reward.queue)
    if not await rewards.settle(turn.tx, order, given=args["given"], by=turn.me.id, now=turn.now):
        await turn.toast("reward.settled_before")
        return
    await _draw(turn, reward, await rewards.get_order(turn.tx, order.id))
    key = "reward.given_told" if args["given"] else "reward.cancelled_told"
    await turn.tell(order.person_id, key, title=reward.title, points=order.points)
    await turn.toast("reward.done")


async def _typed_list(turn: Turn, _: re.Match[str]) -> None:
    await listed(turn, {})


async def _typed_take(turn: Turn, match: re.Match[str]) -> None:
    reward = await rewards.find_by_number(turn.tx, int(match["number"]))
    if reward is None:
        await turn.toast("reward.unknown", number=match["number"])
        return
    await ask(turn, {"id": reward.id})


PRESSES = {
    "reward.list": listed,
    "reward.ask": ask,
    "reward.take": take,
    "reward.leave": leave,
    "reward.settle": settle,
}
COMMANDS = [
    (re.compile(r"积分兑换|兑换|积分商城|积分超市"), _typed_list),
    (re.compile(r"我的兑换"), mine),
    (re.compile(r"兑换\s*#?(?P<number>\d{4,9})"), _typed_take),
    (
        re.compile(
            r"上架\s*(?P<title>\S{1,60}?)[\s,，]+(?P<cost>\d{1,5})\s*分[\s,，]*(?P<stock>\d{1,5})\s*[份个件]"
            r"(?:[\s,，]*每人\s*(?P<each>\d{1,3})\s*[份个件])?"
        ),
        add,
    ),
    (re.compile(r"上架(?:奖品|\s.{0,60})?"), add_how),
    (re.compile(r"下架\s*#?(?P<number>\d{4,9})"), close),
]
