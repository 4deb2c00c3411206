"""Further acts at the web desk: whistle, time, supervision, disputes, and the wall of answers. Their rules are their handlers'."""

from __future__ import annotations

from datetime import timedelta

from handlers import dispute, extension, supervision, waiting, whistle
from handlers.office import echo
from handlers.office.order import Order
from handlers.office.turning import OfficeTurn
from handlers.turn import Denied
from storage import petitions
from storage.petitions import Asked
from storage.requests import Request
from workflow.petitions import Outcome, Petition
from workflow.queues import QueueKind, parse_queue
from workflow.whistle import Kind

LONGEST_DAYS = 90


async def blow(turn: OfficeTurn, request: Request, order: Order) -> None:
    """`queue` is the lead, `helpers` the others, `kind` why."""
    queues = [parse_queue(q) for q in (order.queue, *order.helpers) if turn.city.org.has_queue(q)]
    departments = [q.id for q in queues if q.kind is QueueKind.DEPT]
    if not departments or len(departments) != 1 + len(order.helpers):
        raise Denied("whistle.no_department")
    kind = Kind(order.kind) if order.kind in [*Kind] else Kind.ALONE
    await whistle.blow(turn, request, kind=kind, lead=departments[0], helpers=departments[1:], words=order.words)
    await turn.toast("office.whistled", number=request.number)


async def ask_extension(turn: OfficeTurn, request: Request, order: Order) -> None:
    """The handler asks for more days."""
    asked = await extension.ask(turn, request, days=_days(order), words=order.words)
    queue = turn.city.org.name_of(asked.queue)
    await turn.toast("extension.asked", number=request.number, queue=queue, due=asked.due_at)


async def grant(turn: OfficeTurn, request: Request, _order: Order) -> None:
    """The desk gives them."""
    moved = await extension.grant(turn, await _open(turn, request, Petition.EXTENSION))
    await turn.toast("office.extended", number=moved.number, due=moved.resolve_due_at)


async def decline(turn: OfficeTurn, request: Request, order: Order) -> None:
    """The desk does not."""
    await extension.decline(turn, await _open(turn, request, Petition.EXTENSION), order.words)
    await turn.toast("office.not_extended", number=request.number)


async def pause(turn: OfficeTurn, request: Request, order: Order) -> None:
    """The clock stands still for a reason that the resident reads."""
    reason = order.kind if order.kind in waiting.REASONS else "other"
    moved = await waiting.pause(turn, request, reason=reason, days=_days(order), words=order.words)
    await turn.toast("office.paused", number=moved.number, until=moved.waits_until)


async def park(turn: OfficeTurn, request: Request, order: Order) -> None:
    """挂账 until a review."""
    review_at = turn.now + timedelta(days=_days(order))
    moved = await waiting.park(turn, request, review_at=review_at, words=order.words)
    await turn.toast("office.paused", number=moved.number, until=moved.waits_until)


async def resume(turn: OfficeTurn, request: Request, _order: Order) -> None:
    """The clock runs again."""
    moved = await waiting.resume(turn, request)
    await turn.toast("office.resumed", number=moved.number, due=moved.resolve_due_at)


async def supervise(turn: OfficeTurn, request: Request, order: Order) -> None:
    """督办 with a reply demanded."""
    asked = await supervision.demand(turn, request, order.words)
    await turn.toast("supervision.done", due=asked.due_at, number=request.number)


async def contest(turn: OfficeTurn, request: Request, order: Order) -> None:
    """The queue says again that it is not its matter."""
    await dispute.dispute(turn, request, order.words)
    await turn.toast("office.disputed", number=request.number)


async def rule(turn: OfficeTurn, request: Request, order: Order) -> None:
    """The level above says whose it is."""
    asked = await _open(turn, request, Petition.DISPUTE)
    await dispute.rule(turn, asked, queue=order.queue, words=order.words)
    await turn.toast("office.ruled", number=request.number, queue=turn.city.org.name_of(order.queue))


async def publish(turn: OfficeTurn, request: Request, order: Order) -> None:
    """Onto the wall of answers: `words` is what was asked, `done` what was done."""
    await echo.publish(turn, request, order.words, order.done)


async def unpublish(turn: OfficeTurn, request: Request, _order: Order) -> None:
    """Off the wall."""
    await echo.take_down(turn, request)


def _days(order: Order) -> int:
    if not order.days or not 0 < order.days <= LONGEST_DAYS:
        raise Denied("office.days_missing", most=LONGEST_DAYS)
    return order.days


async def _open(turn: OfficeTurn, request: Request, what: Petition) -> Asked:
    """What is asked about the record and not answered yet."""
    for asked in await petitions.of(turn.tx, request.id, what):
        if asked.outcome is Outcome.OPEN:
            return asked
    raise Denied("petitions.answered")


async def waits_for(turn: OfficeTurn, request: Request) -> frozenset[Petition]:
    """What is asked about the record and not answered yet, by kind."""
    kinds = (Petition.EXTENSION, Petition.DISPUTE)
    open_ = [k for k in kinds for asked in await petitions.of(turn.tx, request.id, k) if asked.outcome is Outcome.OPEN]
    return frozenset(open_)
