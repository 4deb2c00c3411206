"""Every table, so that whoever imports this has the whole schema."""

from __future__ import annotations

from storage.attachments import attachments
from storage.counters import counters, settings
from storage.dialogues import dialogues, keyboards, menus
from storage.events import events, ledgers, remarks
from storage.labels import labels
from storage.leases import leases, pauses
from storage.outbox import outbox, posts
from storage.pace import held, paces
from storage.people import chats, identities, people, rooms
from storage.petitions import petitions
from storage.receipts import receipts
from storage.requests import ratings, requests
from storage.roles import invitations, login_links, roles
from storage.schema import metadata
from storage.supporters import distinctions, supporter_ratings, supporters
from storage.surveys import ballots, surveys
from storage.timers import timers
from storage.toasts import web_toasts
from storage.waits import waits
from storage.webchat import web_files, web_posts, web_sessions
from storage.whistles import assessments, parts, whistles
from storage.wishes import wishes

ALL = (
    assessments,
    attachments,
    ballots,
    chats,
    counters,
    dialogues,
    distinctions,
    events,
    held,
    identities,
    invitations,
    keyboards,
    labels,
    leases,
    ledgers,
    login_links,
    menus,
    outbox,
    paces,
    parts,
    pauses,
    people,
    petitions,
    posts,
    ratings,
    receipts,
    remarks,
    requests,
    roles,
    rooms,
    settings,
    supporter_ratings,
    supporters,
    surveys,
    timers,
    waits,
    web_files,
    web_posts,
    web_sessions,
    web_toasts,
    whistles,
    wishes,
)

__all__ = ["ALL", "metadata"]
