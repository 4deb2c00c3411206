"""What one level asks of another, with a limit for the answer: returns, extensions, disputes, demands (督办), appeals.

Pure: kinds, limits, and who has to answer. Words and rows are not here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from workflow.calendar import WorkCalendar
from workflow.queues import STREET_DESK, Org, QueueKind, parse_queue

RETURN_WITHIN = 8 * 60
"""Working minutes after a record came to a queue in which it may still be returned or disputed."""
APPEAL_WITHIN = timedelta(days=15)
"""After a refusal the reporter may appeal that long, once."""


class Petition(StrEnum):
    """What is asked."""

    RETURN = "return"
    EXTENSION = "extension"
    DISPUTE = "dispute"
    DEMAND = "demand"
    APPEAL = "appeal"


class Outcome(StrEnum):
    """How it stands."""

    OPEN = "open"
    GRANTED = "granted"
    DECLINED = "declined"
    ANSWERED = "answered"
    VOID = "void"


MINUTES = {
    Petition.RETURN: 2 * 60,
    Petition.EXTENSION: 4 * 60,
    Petition.DISPUTE: 8 * 60,
    Petition.DEMAND: 4 * 60,
    Petition.APPEAL: 2 * 8 * 60,
}
"""Working minutes that whoever is asked has, by their own calendar."""


def due_at(kind: Petition, now: datetime, calendar: WorkCalendar) -> datetime:
    """Until when the answer must be there."""
    return calendar.add_minutes(now, MINUTES[kind])


def decider(kind: Petition, queue: str, org: Org) -> str:
    """The queue that has to answer, for a record in `queue`: the handler answers a demand, the desk above the rest.

    A dispute is ruled by the level above whoever sent the record there: always the street's, because the desks send.
    """
    if kind is Petition.DEMAND:
        return queue
    if kind is Petition.DISPUTE:
        return STREET_DESK
    return queue if parse_queue(queue).kind is QueueKind.DESK else org.desk_of(queue)


OF_THE_WORK = frozenset(Petition) - {Petition.APPEAL}
"""What is void when the record goes to another queue or ends."""


def may_return(arrived_at: datetime, now: datetime, calendar: WorkCalendar) -> bool:
    """Whether a record that came to a queue then may still be returned or disputed."""
    return now <= calendar.add_minutes(arrived_at, RETURN_WITHIN)
