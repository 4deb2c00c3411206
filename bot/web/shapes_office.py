"""What the HTTP API of the web desk takes and gives. Records go by their numbers; ids of the database stay inside."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.web.shapes import Body, Code, Queue
from handlers.office.acts import ACTS, AT_ONCE, BULK
from storage.listing import BUCKETS

Number = Annotated[int, Field(ge=1, lt=1 << 53, examples=[1042])]
Ident = Annotated[str, Field(pattern=r"^[0-9]{1,18}$", examples=["379226341015552000"])]
Item = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,80}$", examples=["facility.light.corridor"])]
Bucket = Literal[BUCKETS]  # type: ignore[valid-type]
ActName = Literal[tuple(ACTS)]  # type: ignore[valid-type]
BulkAct = Literal[tuple(sorted(BULK))]  # type: ignore[valid-type]
Cursor = Annotated[str, Field(pattern=r"^[0-9.]{1,40}$")]


class Out(BaseModel):
    """Made of a value of the handlers that has the same names."""

    model_config = ConfigDict(from_attributes=True)


class RowOut(Out):
    """One record in a list."""

    number: int
    kind: str
    item: str
    place: str
    grid: str
    words: str
    state: str
    state_name: str
    queue: str
    queue_name: str
    worker: str
    received_at: datetime
    respond_due_at: datetime
    resolve_due_at: datetime
    urgent: bool
    overdue: bool
    supervised: bool
    reopened: int


class ListOut(Out):
    """A page of a list. `after` goes into the next call; empty at the end. `note` says what was looked for."""

    rows: list[RowOut]
    after: str
    note: str = ""


class CountsOut(Out):
    """What waits."""

    open: int
    desk: int
    overdue: int
    today: int
    supervised: int
    mine: int


class LineOut(Out):
    """One thing that happened to a record."""

    at: datetime
    name: str
    who: str
    text: str
    words: str


class RecordFile(Out):
    """A file of a record; fetched from /api/desk/files/{ref}, once `ref` is not empty."""

    ref: str
    kind: str
    of: str


class GuessOut(Out):
    """What the machine would choose."""

    value: str
    name: str
    percent: int


class AlikeOut(Out):
    """An open record that may be the same matter."""

    row: RowOut
    why: str
    same: bool


class Choice(Out):
    """One entry of a list to choose from."""

    id: str
    name: str


class RecordOut(Out):
    """Everything on the page of one record."""

    row: RowOut
    words: str
    who: str
    confidence: int
    evidence: list[str]
    lines: list[LineOut]
    files: list[RecordFile]
    company: list[str]
    parent: int | None
    children: list[RowOut]
    acts: list[str]
    echo: list[str] = Field(description="what was asked and done, in words for the wall of answers; may be empty")
    kinds: list[GuessOut]
    grids: list[GuessOut]
    colleagues: list[Choice]
    alike: list[AlikeOut]


class SideOut(Out):
    """One of two records that stand beside each other."""

    row: RowOut
    words: str
    files: list[RecordFile]
    company: str


class PairOut(Out):
    """Two records side by side, and what speaks for their being one matter."""

    sides: list[SideOut]
    why: str
    verdict: str


class NewOrder(Body):
    """What is to be done. Which fields an act needs is said by the answer when one is missing."""

    act: ActName
    words: str = Field("", max_length=2000)
    item: Item | Literal[""] = ""
    grid: Code | Literal[""] = ""
    queue: Queue | Literal[""] = ""
    person: Ident | None = None
    other: Number | None = None
    days: int | None = Field(None, ge=1, le=90)
    kind: Literal["", "alone", "enforcement", "emergency", "resident", "part", "weather", "outside", "other"] = ""
    done: str = Field("", max_length=2000, description="what was done, for the wall of answers")
    helpers: list[Queue] = Field([], max_length=7)


class NewBulk(Body):
    """One order about several records: each is done for itself."""

    numbers: list[Number] = Field(min_length=1, max_length=AT_ONCE)
    act: BulkAct
    words: str = Field("", max_length=2000)
    item: Item | Literal[""] = ""
    grid: Code | Literal[""] = ""
    queue: Queue | Literal[""] = ""
    other: Number | None = None


class OutcomeOut(Out):
    """How it went: done, conflict, invalid, forbidden or unknown; and what to tell the person."""

    number: int
    code: str
    text: str
    shown: dict[str, Any] = {}


class TemplateOut(Out):
    """An answer that is written once. `shared` ones belong to a desk."""

    id: str
    kind: str
    title: str
    words: str
    shared: bool
    own: bool


class NewTemplate(Body):
    """A new answer."""

    kind: Literal["note", "resolve", "refuse", "return"]
    title: str = Field(min_length=1, max_length=20)
    words: str = Field(min_length=1, max_length=1000)
    desk: Queue | Literal[""] = Field("", description="the desk that shares it; empty: only for me")


class ViewOut(Out):
    """A list that somebody has given a name; `filters` is the query of the list's address."""

    id: str
    name: str
    filters: dict[str, str]


class NewView(Body):
    """A list to keep."""

    name: str = Field(min_length=1, max_length=20)
    filters: dict[Annotated[str, Field(pattern=r"^[a-z_]{1,20}$")], Annotated[str, Field(max_length=200)]] = Field(
        max_length=12
    )


class QueueOut(Out):
    """A queue and what kind it is: grid, dept or desk."""

    id: str
    name: str
    kind: str


class GroupOut(Out):
    """A category of the catalogue with its kinds."""

    name: str
    items: list[Choice]


class SeatOut(Out):
    """Who I am at the web desk, what I may do there, and what there is to choose from."""

    name: str
    roles: list[str]
    may: list[str]
    desks: list[Choice]
    queues: list[QueueOut]
    communities: list[Choice]
    grids: list[Choice]
    items: list[GroupOut]
