"""Every table, so that whoever imports this has the whole schema."""

from __future__ import annotations

from storage.attachments import attachments
from storage.counters import counters, settings
from storage.dialogues import dialogues, keyboards, menus
from storage.events import events, ledgers, remarks
from storage.labels import labels
from storage.outbox import outbox, posts
from storage.people import chats, identities, people, rooms
from storage.receipts import receipts
from storage.requests import ratings, requests
from storage.roles import invitations, login_links, roles
from storage.schema import metadata
from storage.supporters import distinctions, supporter_ratings, supporters
from storage.timers import timers
from storage.webchat import web_files, web_posts, web_sessions
from storage.wishes import wishes

ALL = (
    attachments,
    chats,
    counters,
    dialogues,
    distinctions,
    events,
    identities,
    invitations,
    keyboards,
    labels,
    ledgers,
    login_links,
    menus,
    outbox,
    people,
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
    timers,
    web_files,
    web_posts,
    web_sessions,
    wishes,
)

__all__ = ["ALL", "metadata"]
