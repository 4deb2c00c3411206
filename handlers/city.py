"""The city as data: streets, kinds, calendars, texts and channels of one deployment. Read-only, built once in the wiring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from handlers.messages import Capabilities, Outgoing
from nlp.address import Place, PlaceBook
from nlp.reader import Findings, Reader
from nlp.street import Street
from workflow.calendar import WorkCalendar
from workflow.clock import quiet_shift
from workflow.indicators import Weights
from workflow.points import Rulebook
from workflow.queues import Org
from workflow.rating import Schedule
from workflow.taxonomy import Taxonomy

if TYPE_CHECKING:  # `linli triage` needs a city and no database: without it 20 MB less
    from storage.people import Chat
    from storage.tx import Tx

REMEMBERED = 1_000
"""Texts whose reading is kept: the words of a report are read again at each of its steps."""


class Texts(Protocol):
    """Every sentence a person reads. Raises KeyError for an unknown key or a missing value."""

    def text(self, key: str, now: datetime, /, **values: Any) -> str:
        """The sentence, with moments and spans written the way people say them."""
        ...

    def has(self, key: str) -> bool:
        """Whether the sentence exists."""
        ...


class Shelf(Protocol):
    """Where the chats of a channel of our own lie: in the same database as what is said in them."""

    async def lay(self, tx: Tx, chat: Chat, out: Outgoing, now: datetime) -> bool:
        """Says it with the commit of this transaction, after all that was said there before. False: it has to wait in
        the outbox."""
        ...


@dataclass(frozen=True)
class Manners:
    """How the deployment behaves where the rules leave it a choice."""

    tz: ZoneInfo = ZoneInfo("Asia/Shanghai")
    quiet_from: time = time(21, 0)
    quiet_until: time = time(8, 0)
    sure: float = 0.7  # at or above: one summary, one confirmation
    unsure: float = 0.3  # below: the desk gets it as it is
    urge_every: timedelta = timedelta(days=1)
    brief_at: time = time(8, 30)
    draft_nudge: timedelta = timedelta(minutes=30)
    draft_life: timedelta = timedelta(hours=24)
    adopt_limit: int = 3
    adopt_limit_unit: int = 20
    invitation_life: timedelta = timedelta(days=7)
    follow_up: Schedule = Schedule()
    weights: Weights = field(default_factory=Weights)  # of the three rates on the board
    web_base: str = ""
    office_base: str = ""  # where the web desk is opened: as web_base, or this machine when that is not set
    per_person: int = 0  # messages a minute from one person that are answered at once; 0: any number
    per_person_presses: int = 0
    per_group: int = 0  # messages a minute in one group that are meant for the program
    emergency: Mapping[str, str] = field(default_factory=dict)  # danger -> number to call, where it differs
    broadcast: tuple[str, str, str] = ("", "", "")  # channel, account and chat that hears of new wishes

    def by_day(self, at: datetime) -> datetime:
        """The moment, or the end of the quiet hours it falls into."""
        return quiet_shift(at, self.tz.key, False, (self.quiet_from, self.quiet_until))


@dataclass(frozen=True)
class City:
    """What handlers know about the place they work in."""

    street: Street
    places: PlaceBook
    taxonomy: Taxonomy
    org: Org
    reader: Reader
    texts: Texts
    channels: Mapping[str, Capabilities]
    grid_calendar: WorkCalendar
    department_calendar: WorkCalendar
    manners: Manners
    place_codes: Mapping[str, str] = field(default_factory=dict)  # code at the door -> place as text
    desk_calendar: WorkCalendar | None = None  # without one: that of the grids
    own_calendars: Mapping[str, WorkCalendar] = field(default_factory=dict)  # queue -> its own
    holidays_until: date = date.max  # the last day whose holidays are known
    points: Rulebook = field(default_factory=Rulebook)  # what deeds are worth
    shelves: Mapping[str, Shelf] = field(default_factory=dict)  # by channel, where there is one

    def calendar_of(self, queue: str) -> WorkCalendar:
        """The queue's own calendar, else that of its kind: grids and desks work every day, departments on workdays.

        (workflow.md, Clocks.)
        """
        if queue in self.own_calendars:
            return self.own_calendars[queue]
        if queue.startswith("dept:"):
            return self.department_calendar
        if queue.startswith("desk") and self.desk_calendar is not None:
            return self.desk_calendar
        return self.grid_calendar

    def read(self, text: str, *, home: str | None = None) -> Findings:
        """What the machine reads in a text. `home` is where its author lives, in words."""
        return _read(self.reader, text, home or None)

    def community_of(self, place: Place) -> str:
        """The one community a place lies in, even when its grid is open; empty when it is not known."""
        if place.community:
            return place.community
        grids = [place.grid] if place.grid else [candidate.grid for candidate in place.candidates]
        found = {self.street.community_of(grid).id for grid in grids}
        return found.pop() if len(found) == 1 else ""

    def item_name(self, item: str) -> str:
        """The kind as people call it; empty for none."""
        found = self.taxonomy.find_item(item) if item else None
        return found.name if found else ""


@lru_cache(maxsize=REMEMBERED)
def _read(reader: Reader, text: str, home: str | None) -> Findings:
    return reader.read(text, home=home)
