"""The card of a whistle: in the room of every department and of the caller, redrawn as each answers, arrives and reports."""

from __future__ import annotations

from handlers import standing
from handlers.messages import Button
from handlers.turn import Rows, Turn
from storage import outbox, people, requests, whistles
from storage.requests import Request
from storage.whistles import Part, Whistle


def slot(whistle: Whistle) -> str:
    """The place of a whistle's card in a chat."""
    return f"whistle:{whistle.id}"


async def draw(turn: Turn, whistle: Whistle) -> None:
    """Draws it in every room it concerns."""
    request = await requests.get(turn.tx, whistle.request_id)
    parts = await whistles.parts_of(turn.tx, whistle.id)
    words = await text(turn, whistle, request, parts)
    for part in parts:
        await _draw_in(turn, whistle, part.queue, words, part_rows(turn, whistle, request, part))
    if whistle.caller not in {p.queue for p in parts}:
        await _draw_in(turn, whistle, whistle.caller, words, caller_rows(turn, whistle, request, parts))


async def _draw_in(turn: Turn, whistle: Whistle, queue: str, words: str, rows: Rows) -> None:
    rooms = await people.rooms_of(turn.tx, [queue]) or await people.rooms_of(turn.tx, [turn.city.org.desk_of(queue)])
    for room in rooms:
        if room.reachable or turn.city.channels[room.channel].keeps:
            await turn.send(room, words, rows=rows, slot=slot(whistle), lane=outbox.REPLY)


async def text(turn: Turn, whistle: Whistle, request: Request, parts: list[Part]) -> str:
    """What everybody may know: the matter masked, who leads, and how far each is."""
    return turn.text(
        f"whistle.card_{whistle.outcome}",
        kind=turn.text(f"whistle.kind_{whistle.kind.value}"),
        words=" ".join(request.text.split())[:160],
        why=whistle.words,
        lines="\n".join(line(turn, part) for part in parts),
        proof=turn.text(f"whistle.proof_{whistle.proof.value}") if whistle.proof else "",
        due=request.resolve_due_at,
        **standing.named(turn, request),
    )


def line(turn: Turn, part: Part) -> str:
    """One department: how far it is, and whether it was late."""
    if part.waived:
        state = turn.text("whistle.state_waived")
    elif part.done_at is not None:
        state = turn.text("whistle.state_done", at=part.done_at, words=part.result[:60])
    elif part.arrived_at is not None:
        state = turn.text("whistle.state_arrived", at=part.arrived_at)
    elif part.answered_at is not None:
        state = turn.text("whistle.state_answered", at=part.answered_at)
    else:
        state = turn.text("whistle.state_called", due=part.due_at)
    return turn.text(
        "whistle.line_lead" if part.lead else "whistle.line",
        unit=turn.city.org.name_of(part.queue),
        state=state,
        late=turn.text("whistle.late_mark") if part.late else "",
    )


def part_rows(turn: Turn, whistle: Whistle, request: Request, part: Part) -> Rows:
    """What a department can do now."""
    if not whistle.is_open or part.is_settled:
        return []
    args, number = {"part": part.id}, request.number
    row: list[Button] = []
    if part.arrived_at is None:
        if part.answered_at is None:
            row.append(_button(turn, "answer", args, number))
        row.append(_button(turn, "check_in", args, number))
    elif part.lead:
        row.append(turn.button("whistle.button_result", "result.give", {"id": request.id}))
        row.append(turn.button("card.button_note", "result.note", {"id": request.id}))
    else:
        row.append(_button(turn, "report", args, number))
    return [row]


def caller_rows(turn: Turn, whistle: Whistle, request: Request, parts: list[Part]) -> Rows:
    """What the desk that blew it can do now."""
    if not whistle.is_open:
        return []
    free = [
        turn.button("whistle.button_waive", "whistle.waive", {"part": p.id}, unit=turn.city.org.name_of(p.queue))
        for p in parts
        if not p.lead and not p.is_settled
    ]
    rows = [free[i : i + 2] for i in range(0, len(free), 2)]
    typed = turn.text("whistle.typed_call_off", number=request.number)
    return [*rows, [turn.button("whistle.button_call_off", "whistle.call_off", {"whistle": whistle.id}, typed=typed)]]


def _button(turn: Turn, name: str, args: dict[str, int], number: int) -> Button:
    typed = turn.text(f"whistle.typed_{name}", number=number)
    return turn.button(f"whistle.button_{name}", f"whistle.{name}", args, typed=typed)


async def ask_to_assess(turn: Turn, whistle: Whistle, request: Request) -> None:
    """Each side is asked about the other, one question a department."""
    caller = turn.city.org.name_of(whistle.caller)
    named = standing.named(turn, request)
    for part in await whistles.parts_of(turn.tx, whistle.id):
        unit = turn.city.org.name_of(part.queue)
        place = f"assess:{whistle.id}:{part.id}"
        rows = _stars(turn, whistle, part, of_caller=False)
        await turn.tell_queue(whistle.caller, "whistle.assess_unit", rows=rows, slot=place, unit=unit, **named)
        rows = _stars(turn, whistle, part, of_caller=True)
        await turn.tell_queue(part.queue, "whistle.assess_caller", rows=rows, slot=place, unit=caller, **named)


def _stars(turn: Turn, whistle: Whistle, part: Part, *, of_caller: bool) -> Rows:
    args = {"whistle": whistle.id, "queue": part.queue, "part": part.id, "of_caller": of_caller}
    return [[turn.button(f"rate.button_{n}", "whistle.assess", {**args, "stars": n}) for n in range(1, 6)]]
