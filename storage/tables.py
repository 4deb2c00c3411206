"""Every table, so that whoever imports this has the whole schema."""

from __future__ import annotations

from storage.activities import activities, activity_people
from storage.adoptions import adoptions, wish_waits
from storage.appeals import appeals
from storage.articles import articles
from storage.attachments import attachments
from storage.codes import one_time_codes
from storage.counters import counters, free_numbers, settings
from storage.dialogues import dialogues, keyboards, menus
from storage.duties import duties, duty_holds, duty_services
from storage.echoes import echoes
from storage.events import events, ledgers, remarks
from storage.imports import imported_rows, imports
from storage.labels import labels
from storage.leases import leases, pauses
from storage.loans import damages, loans, thing_waits
from storage.members import members
from storage.notices import notices
from storage.office import office_links, office_sessions, office_templates, office_views
from storage.outbox import outbox, posts
from storage.pace import held, paces
from storage.partners import origins, partner_calls, partners
from storage.passive import passive_answers
from storage.people import chats, identities, people, rooms
from storage.petitions import petitions
from storage.pictures import pictures
from storage.platforms import platform_tokens, scene_codes, uploads
from storage.point_appeals import point_appeals, point_hidden
from storage.points import point_books, point_moves
from storage.receipts import receipts
from storage.requests import ratings, requests
from storage.resources import bookings, resources, slots
from storage.rewards import reward_orders, rewards
from storage.roles import invitations, login_links, roles
from storage.schema import metadata
from storage.search import search_texts
from storage.seasons import seasons
from storage.snaps import snaps
from storage.stations import stations, things
from storage.supporters import distinctions, supporter_ratings, supporters
from storage.surveys import ballots, surveys
from storage.tickets import tickets
from storage.timers import timers
from storage.toasts import web_toasts
from storage.update_codes import update_codes
from storage.waits import waits
from storage.webchat import web_files, web_posts, web_sessions
from storage.whistles import assessments, parts, whistles
from storage.windows import agreements, windows
from storage.wishes import wishes

ALL = (
    activities,
    activity_people,
    adoptions,
    agreements,
    appeals,
    articles,
    assessments,
    attachments,
    ballots,
    bookings,
    chats,
    counters,
    damages,
    dialogues,
    distinctions,
    duties,
    duty_holds,
    duty_services,
    echoes,
    events,
    free_numbers,
    held,
    identities,
    imported_rows,
    imports,
    invitations,
    keyboards,
    labels,
    leases,
    ledgers,
    loans,
    login_links,
    members,
    menus,
    notices,
    office_links,
    office_sessions,
    office_templates,
    office_views,
    one_time_codes,
    origins,
    outbox,
    paces,
    partner_calls,
    partners,
    parts,
    passive_answers,
    pauses,
    people,
    petitions,
    pictures,
    platform_tokens,
    point_appeals,
    point_books,
    point_hidden,
    point_moves,
    posts,
    ratings,
    receipts,
    remarks,
    requests,
    resources,
    reward_orders,
    rewards,
    roles,
    rooms,
    scene_codes,
    search_texts,
    seasons,
    settings,
    slots,
    snaps,
    stations,
    supporter_ratings,
    supporters,
    surveys,
    thing_waits,
    things,
    tickets,
    timers,
    update_codes,
    uploads,
    waits,
    web_files,
    web_posts,
    web_sessions,
    web_toasts,
    whistles,
    windows,
    wish_waits,
    wishes,
)

__all__ = ["ALL", "metadata"]
