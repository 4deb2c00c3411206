"""并案 and 拆: a desk says that two open records are one matter, or that they are two after all.

A merged record follows its parent: its clocks stand still, its people are told every step of the parent. The ledger
keeps where it stood, so that it can come back.
"""

from __future__ import annotations

import re
from typing import Any

from handlers import cards, clocks, crowd, names, records, standing
from handlers.turn import Turn
from storage import events, requests, supporters, timers, waits
from storage.requests import Lost, Request
from workflow import clock
from workflow.states import MERGEABLE, OPEN, Forbidden, State

# -------------------------------------------------------------------- merging


async def _press(turn: Turn, args: dict[str, Any]) -> None:
    child, parent = await requests.get(turn.tx, args["id"]), await requests.get(turn.tx, args["to"])
    await merge(turn, child, parent)


async def merge(turn: Turn, child: Request, parent: Request) -> None:
    """The child follows the parent from now on, when the acting person decides for both and both are open."""
    for request_id in sorted((child.id, parent.id)):  # else two desks could merge each into the other
        await requests.lock(turn.tx, request_id)
    child, parent = await requests.get(turn.tx, child.id), await requests.get(turn.tx, parent.id)
    if not await _may(turn, child, parent) or not await _fits(turn, child, parent):
        return
    child = await clocks.settle(turn, child)
    try:
        moved = await requests.move(
            turn.tx,
            child,
            "request.merged",
            turn.now,
            actor_id=turn.me.id,
            data={"parent": parent.id, "number": parent.number, "queue": child.queue},
            parent_id=parent.id,
            claimer_id=None,
            claimed_at=None,
        )
    except (Forbidden, Lost):
        await standing.tell(turn, child)
        return
    await timers.drop(turn.tx, "request", moved.id)
    await cards.refresh(turn, moved)
    await cards.refresh(turn, parent)
    await _tell_merged(turn, child, moved, parent)
    await crowd.watch(turn, parent)


async def _may(turn: Turn, one: Request, other: Request) -> bool:
    """Whether the acting person decides in both queues; they are told when not."""
    return await standing.allowed(turn, "merge", one) and await standing.allowed(turn, "merge", other)


async def _fits(turn: Turn, child: Request, parent: Request) -> bool:
    """Whether this pair can be merged now; says why not. A danger never hides under something that can wait."""
    if child.id == parent.id:
        await turn.toast("joining.merge_itself", number=child.number)
    elif child.state not in MERGEABLE:
        await standing.tell(turn, child)
    elif parent.state not in OPEN:
        state = turn.text(f"state.{parent.state.value}")
        await turn.toast("joining.merge_not_open", alert=True, number=parent.number, state=state)
    elif child.urgent and not parent.urgent:
        await turn.toast("joining.merge_urgent", alert=True, number=child.number, parent=parent.number)
    else:
        return True
    return False


async def _tell_merged(turn: Turn, before: Request, child: Request, parent: Request) -> None:
    """Reporter and supporters of the child, whoever had it, whoever has the parent, and the desk itself."""
    state = turn.text(f"state.{parent.state.value}")
    await records.tell_reporter(
        turn, child, "joining.merged_told", parent=parent.number, state=state, due=parent.resolve_due_at
    )
    if before.claimer_id is not None and before.claimer_id != turn.me.id:
        worker = await names.worker(turn, turn.me.id)
        await turn.tell(
            before.claimer_id,
            "joining.merged_claimer",
            worker=worker,
            parent=parent.number,
            **standing.named(turn, child),
        )
    await records.tell_handler(
        turn,
        parent,
        "joining.merged_handler",
        child=child.number,
        words=child.text[:200],
        count=len(await supporters.followers(turn.tx, parent)),
    )
    split = turn.button(
        "joining.button_split",
        "merging.split",
        {"id": child.id},
        typed=turn.text("joining.typed_split", number=child.number),
    )
    await turn.say("joining.merged", number=child.number, parent=parent.number, rows=[[split]], slot=f"hint:{child.id}")


# -------------------------------------------------------------------- two after all


async def _differ(turn: Turn, args: dict[str, Any]) -> None:
    one, other = await requests.get(turn.tx, args["id"]), await requests.get(turn.tx, args["to"])
    await differ(turn, one, other)


async def differ(turn: Turn, one: Request, other: Request) -> None:
    """The desk says that the two are not one matter: nobody is asked again."""
    if not await standing.allowed(turn, "merge", one):
        return
    await supporters.tell_apart(turn.tx, one.id, other.id, turn.me.id, turn.now)
    data = {"other": other.id, "number": other.number}
    await events.add(turn.tx, "request", one.id, "request.told_apart", turn.now, actor_id=turn.me.id, data=data)
    await turn.say("joining.differ", number=one.number, parent=other.number, slot=f"hint:{one.id}")


async def _split_press(turn: Turn, args: dict[str, Any]) -> None:
    await split(turn, await requests.get(turn.tx, args["id"]))


async def split(turn: Turn, child: Request) -> None:
    """Back to the queue it had, with as much of its clocks left as when it was merged; the pair counts as told apart."""
    if not await standing.allowed(turn, "merge", child):
        return
    if child.state is not State.MERGED:
        await standing.tell(turn, child)
        return
    parent = await requests.get(turn.tx, child.parent_id or 0)
    moved = await bring_back(turn, child)
    if moved is None:
        await standing.tell(turn, child)
        return
    await supporters.tell_apart(turn.tx, child.id, parent.id, turn.me.id, turn.now)
    await cards.refresh(turn, parent)
    await records.tell_reporter(
        turn,
        moved,
        "joining.unmerged_told",
        parent=parent.number,
        queue=turn.city.org.name_of(moved.queue),
        due=moved.resolve_due_at,
    )
    queue = turn.city.org.name_of(moved.queue)
    await turn.say("joining.unmerged", number=moved.number, queue=queue, slot=f"hint:{moved.id}")


async def bring_back(turn: Turn, child: Request) -> Request | None:
    """The record in its queue again, its clocks armed; None when somebody was faster."""
    merged = await events.find_latest(turn.tx, "request", child.id, "request.merged")
    started_at = clock.resume(child.started_at, merged.at if merged else turn.now, turn.now)
    await waits.shift(turn.tx, child.id, started_at - child.started_at)
    due = await clocks.due_again(turn, child, start_at=started_at)
    try:
        moved = await requests.move(
            turn.tx,
            child,
            "request.unmerged",
            turn.now,
            actor_id=turn.me.id,
            data={"parent": child.parent_id, "queue": child.queue},
            parent_id=None,
            started_at=started_at,
            respond_due_at=due.respond_due_at,
            resolve_due_at=due.resolve_due_at,
        )
    except (Forbidden, Lost):
        return None
    await clocks.arm(turn, moved)
    await cards.refresh(turn, moved)
    return moved


# -------------------------------------------------------------------- typed


async def _typed_pair(turn: Turn, match: re.Match[str]) -> None:
    """并 1042 到 1001, 不并 1042 1001."""
    child, parent = await standing.find(turn, match["number"]), await standing.find(turn, match["parent"])
    if child is not None and parent is not None:
        await (differ if match["verb"].startswith("不") else merge)(turn, child, parent)


async def _typed_split(turn: Turn, match: re.Match[str]) -> None:
    """拆 1042."""
    child = await standing.find(turn, match["number"])
    if child is not None:
        await split(turn, child)


PRESSES = {"merging.merge": _press, "merging.differ": _differ, "merging.split": _split_press}
COMMANDS = [
    (
        re.compile(
            r"(?P<verb>不并|并案|合并|并)\s*#?(?P<number>\d{4,9})\s*(?:[到进入和与,，、]|\s)\s*#?(?P<parent>\d{4,9})"
        ),
        _typed_pair,
    ),
    (re.compile(r"(?:拆开|拆案|拆)\s*#?(?P<number>\d{4,9})"), _typed_split),
]
