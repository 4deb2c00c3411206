"""我也遇到: joining an open record instead of filing a second one, and leaving it again. `joining.mmd` draws it.

What is offered and why is in `alike.py`; what a desk merges is in `merging.py`.
"""

from __future__ import annotations

from typing import Any

from handlers import cards, crowd, records, report, report_presses
from handlers import draft as drafts
from handlers.draft import Draft
from handlers.turn import Turn
from nlp.mask import mask
from storage import attachments, events, requests, supporters
from storage.requests import Request
from workflow.states import OPEN


async def _join(turn: Turn, args: dict[str, Any]) -> None:
    draft = await report_presses.open_draft(turn, args)
    if draft is not None:
        await join(turn, draft, args["id"])


async def join(turn: Turn, draft: Draft, request_id: int) -> None:
    """The draft's words and photos go to the open record; one that was finished meanwhile is filed as usual."""
    await requests.lock(turn.tx, request_id)  # nobody finishes it, and nobody else is counted, until this is saved
    request = await requests.get(turn.tx, request_id)
    if request.state not in OPEN:
        draft.apart.append(request.id)
        state = turn.text(f"state.{request.state.value}")
        await turn.say("joining.too_late", number=request.number, state=state)
        await report.go_on(turn, draft)
        return
    await turn.done()
    if request.reporter_id == turn.me.id:
        turn.attached = list(draft.media)
        await records.supplement(turn, request, text=draft.text)
    else:
        await _support(turn, draft, request)
    await report.next_part(turn, draft, request)


async def _support(turn: Turn, draft: Draft, request: Request) -> None:
    said = drafts.with_point(draft)
    is_new = await supporters.join(turn.tx, request.id, turn.me.id, said, mask(said), turn.now)
    await attachments.attach(turn.tx, draft.media, "request", request.id)
    data = {"characters": len(draft.text), "files": len(draft.media)}
    name = "request.joined" if is_new else "request.supplemented"
    await events.add(turn.tx, "request", request.id, name, turn.now, actor_id=turn.me.id, data=data)
    await cards.refresh(turn, request)
    others = len(await supporters.followers(turn.tx, request))
    await records.tell_handler(
        turn,
        request,
        "joining.joined_told",
        count=others,
        words=mask(draft.text)[:200] or turn.text("result.see_photo"),
        media=draft.media,
    )
    row = [turn.button("joining.button_look", "records.show", {"id": request.id}, **records.named(turn, request))]
    key = "joining.joined" if is_new else "joining.joined_before"
    await turn.say(key, due=request.resolve_due_at, rows=[row], **records.named(turn, request))
    if is_new:
        await crowd.watch(turn, request)


async def _apart(turn: Turn, args: dict[str, Any]) -> None:
    draft = await report_presses.open_draft(turn, args)
    if draft is not None:
        await apart(turn, draft, args["id"])


async def apart(turn: Turn, draft: Draft, request_id: int) -> None:
    """Another matter: it is filed as usual, and the pair is not offered again."""
    draft.apart.append(request_id)
    await report.go_on(turn, draft)


async def answered(turn: Turn, draft: Draft, *, wanted: bool) -> None:
    """Yes or no, typed, to the record that is shown."""
    await (join if wanted else apart)(turn, draft, draft.shown)


async def _leave(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    if not await supporters.leave(turn.tx, request.id, turn.me.id):
        await turn.toast("joining.left_before", number=request.number)
        return
    await events.add(turn.tx, "request", request.id, "request.left", turn.now, actor_id=turn.me.id)
    if request.state in OPEN:
        await cards.refresh(turn, request)
    await turn.say("joining.left", **records.named(turn, request))


PRESSES = {"joining.join": _join, "joining.apart": _apart, "joining.leave": _leave}
