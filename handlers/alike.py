"""Whether an open record is the matter of a draft or of another record, why, and who is asked: resident or desk.

The pair decision is `nlp.duplicates`; what the buttons then do is in `joining.py` (residents) and `merging.py` (desks).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from handlers import cards, triage
from handlers import draft as drafts
from handlers.draft import Draft
from handlers.turn import Turn
from nlp.address import Place, PlaceBook
from nlp.duplicates import AGAINST, WITHIN, Decision, Matter, Verdict, compare, may_be_same, spot_of, without
from nlp.reader import Findings
from nlp.supplements import goes_on
from storage import attachments, events, requests, supporters, timers
from storage.jsontext import read, written
from storage.requests import Counted, Near, Request, Told
from storage.timers import Timer
from workflow.states import MERGEABLE

PUBLIC = frozenset({"facility", "environment", "safety"})
"""Categories whose matters anybody may see; a quarrel or a hardship of others is shown to no neighbour."""
STEP = "offer"
"""The open question of a report while an open record is shown."""
_LOOK_AGAIN = timedelta(minutes=2)
"""After a filing with photos: by then they have been fetched and looked at."""
FOLLOWS_WITHIN = timedelta(minutes=30)
"""How long after a filing words that go on, without a place and without a clear kind, may belong to it."""
_SHORT = 24


# -------------------------------------------------------------------- matters


@lru_cache(maxsize=4_000)
def _matter(places: PlaceBook, item: str, grid: str, at: datetime, words: str, place: str, text: str) -> Matter:
    """A record's matter without its photos. Open records are read again with every new one."""
    return Matter(
        item=item, grid=grid, at=at, words=_without_places(places, words), **_place_fields(places, place, text)
    )


@lru_cache(maxsize=4_000)
def _place_fields(places: PlaceBook, place: str, place_text: str) -> dict[str, Any]:
    """The unit stands only in the coarse words of a record's place."""
    known = triage.restored(read(place))
    return {
        "estate": known.estate,
        "building": known.building,
        "unit": known.unit or _unit(places, place_text),
        "road": known.road,
        "number": known.number,
        "landmark": known.landmark,
    }


@lru_cache(maxsize=4_000)
def _spot(places: PlaceBook, place: str, place_text: str) -> str:
    nowhen = datetime.min.replace(tzinfo=UTC)
    return spot_of(Matter(item="", grid="", words="", at=nowhen, **_place_fields(places, place, place_text)))


def spot(turn: Turn, request: Request | Counted) -> str:
    """Where in its grid a record is, as one comparable word (`nlp.duplicates.spot_of`)."""
    return _spot(turn.city.places, _stored(request.place), request.place_text)


def _stored(place: dict[str, Any] | str) -> str:
    return place if isinstance(place, str) else written(place)


@lru_cache(maxsize=2_000)
def _without_places(places: PlaceBook, words: str) -> str:
    """A record says what its draft has said."""
    _, spans = places.locate(words)
    return without(words, spans)


@lru_cache(maxsize=5_000)
def _unit(places: PlaceBook, place_text: str) -> str:
    return places.find(place_text).unit


def matter_of(turn: Turn, request: Request | Told, photos: Sequence[int] = ()) -> Matter:
    """A record as the pair decision sees it: what its reporter said, not what others added."""
    place, where = _stored(request.place), request.place_text
    made = _matter(turn.city.places, request.item, request.grid, request.received_at, request.text, place, where)
    return replace(made, photos=tuple(photos)) if photos else made


async def _matter_of_draft(turn: Turn, draft: Draft, item: str, place: Place) -> Matter:
    places = turn.city.places
    return Matter(
        item=item,
        grid=place.grid or "",
        at=turn.now,
        words=_without_places(places, draft.text),
        photos=tuple(await attachments.likenesses_of(turn.tx, draft.media)),
        **_place_fields(places, written(triage.whole(place)), place.text),
    )


async def _near(turn: Turn, matter: Matter, before: Near | None = None) -> Near:
    """The open records that the matter may be."""
    kind = "" if matter.photos else kind_of(matter.item)  # a photo may tell what the words do not
    since = matter.at - WITHIN
    question = requests.alike_in_grid(matter.grid, since, estate=matter.estate, building=matter.building, kind=kind)
    return await requests.near(turn.tx, question, before)


async def _nearest(
    turn: Turn,
    matter: Matter,
    near: Sequence[Told],
    wanted: frozenset[Verdict],
    left_out: Callable[[], Awaitable[Collection[int]]],
    own: int = 0,
) -> tuple[Told, Decision] | None:
    """The open record that is most surely the matter; of several alike the oldest.

    `left_out` is asked for the records that are not meant once something fits; `own` is the record of the matter itself.
    """
    shown = await attachments.likenesses(turn.tx, "request", [r.id for r in near]) if matter.photos else {}
    near = [r for r in near if r.id != own and (_is_kindred(r.item, matter.item) or r.id in shown)]
    there = [(r, matter_of(turn, r, shown.get(r.id, ()))) for r in near]
    found = [(r, compare(matter, other)) for r, other in there if may_be_same(matter, other)]
    fitting = [(r, d) for r, d in found if d.verdict in wanted]
    skipped = await left_out() if fitting else ()
    meant = [(r, d) for r, d in fitting if r.id not in skipped]
    return max(meant, key=lambda pair: (pair[1].verdict is Verdict.SAME, -pair[0].id), default=None)


def _is_kindred(one: str, other: str) -> bool:
    """Whether the words and the place are worth reading: the same subcategory."""
    return kind_of(one) == kind_of(other)


def kind_of(item: str) -> str:
    """Category and subcategory."""
    return ".".join(item.split(".")[:2])


def why(turn: Turn, request: Request, decision: Decision) -> str:
    """The reasons that spoke for it, as people say them."""
    said = []
    for reason in decision.reasons:
        key = f"joining.why_{reason.code}"
        if reason.code not in AGAINST and turn.city.texts.has(key):
            share = f"{round(reason.figure * 100)} %"
            said.append(turn.text(key, item=cards.kind_name(turn, request), share=share))
    return "、".join(said)


# -------------------------------------------------------------------- the resident is asked


async def near_draft(turn: Turn, draft: Draft, findings: Findings) -> tuple[Matter, Near] | None:
    """The draft's matter and what is open near it. None where nobody is asked: one was refused, or others may not see it."""
    if draft.apart or findings.intent != "request" or findings.urgent:
        return None
    item = draft.item or (findings.item if triage.level_of(turn.city, findings) == "sure" else "")
    place = drafts.place_of(draft, findings)
    if not item or not place.grid or turn.city.taxonomy.category_of(item).id not in PUBLIC:
        return None
    matter = await _matter_of_draft(turn, draft, item, place)
    return matter, await _near(turn, matter)


async def find_same(turn: Turn, matter: Matter, near: Near) -> tuple[Request, Decision] | None:
    """The open record that surely is this matter of a draft, and why."""
    refused = partial(_refused_before, turn, matter)
    found = await _nearest(turn, matter, near.records, frozenset({Verdict.SAME}), refused)
    return None if found is None else (await requests.get(turn.tx, found[0].id), found[1])


async def followed(turn: Turn, draft: Draft, findings: Findings) -> Request | None:
    """The record that its reporter has just filed and may be going on about: "三楼也不亮" a minute after. Else None."""
    place = drafts.place_of(draft, findings)
    if len(draft.words) > 1 or draft.apart or draft.parts or draft.shown or draft.geo or findings.intent != "request":
        return None
    if place.grid or place.candidates or place.outside or not goes_on(draft.text):
        return None
    latest = next(iter(await requests.of_reporter(turn.tx, turn.me.id, limit=1)), None)
    if latest is None or latest.state not in MERGEABLE or turn.now - latest.received_at > FOLLOWS_WITHIN:
        return None
    return None if draft.item or triage.level_of(turn.city, findings) == "sure" else latest


async def offer_to_add(turn: Turn, draft: Draft, request: Request) -> None:
    """Asks whether it belongs to what was just filed."""
    args = {"draft": draft.id, "id": request.id}
    yes = turn.button("joining.button_add", "joining.join", args)
    no = turn.button("joining.button_new", "joining.apart", args)
    kind = cards.kind_name(turn, request)
    await turn.say("joining.offer_to_add", number=request.number, item=kind, place=request.place_text, rows=[[yes, no]])


async def offer(turn: Turn, draft: Draft, request: Request, decision: Decision) -> None:
    """Shows the open record: its number, its first words, how it stands, since when and why it looks the same."""
    args = {"draft": draft.id, "id": request.id}
    count = await others(turn, request)
    own = request.reporter_id == turn.me.id
    yes = turn.button("joining.button_add" if own else "joining.button_join", "joining.join", args)
    no = turn.button("joining.button_apart", "joining.apart", args)
    await turn.say(
        "joining.offer_own" if own else "joining.offer",
        number=request.number,
        item=cards.kind_name(turn, request),
        place=request.place_text,
        words=_short(request.summary),
        state=turn.text(f"state.{request.state.value}"),
        at=request.received_at,
        why=why(turn, request, decision),
        others=turn.text("joining.others", count=count) if count else "",
        rows=[[yes, no]],
    )


async def _refused_before(turn: Turn, matter: Matter) -> set[int]:
    """What this person has told apart from records of their own that are like this one."""
    mine = await requests.of_reporter(turn.tx, turn.me.id, limit=20)
    alike = [r.id for r in mine if r.item == matter.item and r.grid == matter.grid]
    return await supporters.told_apart(turn.tx, alike) if alike else set()


def _short(summary: str) -> str:
    """The first clause of what was said: what it is, not whose trouble."""
    first = summary.split("，")[0]
    return first if len(first) <= _SHORT else f"{first[: _SHORT - 1]}…"


async def others(turn: Turn, request: Request) -> int:
    """How many people besides the reporter have this matter."""
    return len(await supporters.followers(turn.tx, request))


# -------------------------------------------------------------------- the desk is told


async def look(
    turn: Turn, request: Request, *, with_files: bool, apart: Collection[int], near: Near | None
) -> tuple[Told, Decision] | None:
    """While it is filed: the open record that may be the same matter, in the ledger; its photos are looked at later.

    `apart` are records that the reporter told apart from it; `near` is what was open near its draft.
    """
    if with_files and any(f.kind == "photo" for f in await attachments.of(turn.tx, "request", request.id)):
        await timers.put(turn.tx, turn.now + _LOOK_AGAIN, "joining.look", "request", request.id, {})
    if not _is_comparable(request):
        return None
    shown = await attachments.likenesses(turn.tx, "request", [request.id]) if with_files else {}
    matter = matter_of(turn, request, shown.get(request.id, ()))
    records = (await _near(turn, matter, near)).records
    found = await _nearest(turn, matter, records, _HINTED, partial(_these, apart), own=request.id)
    if found is not None:
        await _note(turn, request, *found)
    return found


_HINTED = frozenset({Verdict.SAME, Verdict.MAYBE})


def _is_comparable(request: Request) -> bool:
    return bool(request.grid and request.item) and request.intent == "request" and request.state in MERGEABLE


async def _these(ids: Collection[int]) -> Collection[int]:
    return ids


async def _note(turn: Turn, request: Request, other: Told, decision: Decision) -> None:
    data = {
        "other": other.id,
        "number": other.number,
        "verdict": decision.verdict.value,
        "reasons": [[r.code, r.figure] for r in decision.reasons],
    }
    await events.add(turn.tx, "request", request.id, "request.likened", turn.now, data=data)


async def _is_known(turn: Turn, request: Request, other: Told) -> bool:
    """Whether the desk was shown this very pair before."""
    for one, two in ((request.id, other.id), (other.id, request.id)):
        last = await events.find_latest(turn.tx, "request", one, "request.likened")
        if last is not None and last.data.get("other") == two:
            return True
    return False


async def tell_desk(turn: Turn, request: Request, other: Told, decision: Decision) -> None:
    """What may be the same matter is shown to the desk."""
    pair = {"id": request.id, "to": other.id}
    typed = turn.text("joining.typed_merge", number=request.number, parent=other.number)
    apart = turn.text("joining.typed_differ", number=request.number, parent=other.number)
    merge = turn.button("joining.button_merge", "merging.merge", pair, typed=typed, parent=other.number)
    differ = turn.button("joining.button_differ", "merging.differ", pair, typed=apart)
    await turn.tell_queue(
        turn.city.org.desk_of(request.queue),
        f"joining.hint_{decision.verdict.value}",
        number=request.number,
        parent=other.number,
        item=cards.kind_name(turn, request),
        place=request.place_text,
        words=_short(request.summary),
        parent_words=_short(other.summary),
        why=why(turn, request, decision),
        rows=[[merge, differ]],
        slot=f"hint:{request.id}",
    )


async def _look_again(turn: Turn, timer: Timer) -> None:
    await look_again(turn, await requests.get(turn.tx, timer.subject_id))


async def look_again(turn: Turn, request: Request) -> None:
    """Once more after the filing: now its photos have been looked at, or what was filed at the same moment is there."""
    if not _is_comparable(request):
        return
    shown = await attachments.likenesses(turn.tx, "request", [request.id])
    matter = matter_of(turn, request, shown.get(request.id, ()))
    apart = partial(supporters.told_apart, turn.tx, [request.id])
    found = await _nearest(turn, matter, (await _near(turn, matter)).records, _HINTED, apart, own=request.id)
    if found is None or await _is_known(turn, request, found[0]):
        return
    await _note(turn, request, *found)
    await cards.refresh(turn, request)
    await tell_desk(turn, request, *found)


TIMERS = {"joining.look": _look_again}
