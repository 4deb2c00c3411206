"""Erasing a person: their words, places, files, chats and identities, in every table that holds them.

The ledger has none of these but remarks, which are no part of its chain; counts, states and events stay as they are.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, select, update

from storage import search
from storage.adoptions import adoptions
from storage.attachments import ERASED, attachments
from storage.dialogues import dialogues, keyboards, menus
from storage.duties import duty_services
from storage.events import remarks
from storage.labels import labels
from storage.loans import damages, thing_waits
from storage.members import members
from storage.notices import notices
from storage.outbox import WAITING, outbox
from storage.pace import held
from storage.people import chats, identities
from storage.petitions import petitions
from storage.point_appeals import point_appeals
from storage.requests import ratings, requests
from storage.resources import resources
from storage.supporters import supporter_ratings, supporters
from storage.surveys import ballots
from storage.tx import Tx
from storage.waits import waits
from storage.webchat import private_chats, web_files, web_posts
from storage.whistles import assessments, parts, whistles
from storage.windows import Who, forget
from storage.wishes import wishes
from workflow.states import OPEN

NOWHERE = 0
"""The `chat_id` of whatever somebody said, sent or took on who is forgotten."""


async def erase_person(tx: Tx, person_id: int, words: str) -> None:
    """Replaces what the person said by `words`, drops their files, and cuts every tie to an account of a platform.

    An open record keeps its kind and coarse place, so that the work can still be done. Bytes of files are removed by
    whoever keeps them: their rows are marked (`storage.attachments.erased`).
    """
    await _records(tx, person_id, words)
    await _wishes(tx, person_id, words)
    files = (attachments.c.tenant == tx.tenant) & (attachments.c.person_id == person_id)
    await tx.run(update(attachments).where(files).values(chat_id=NOWHERE))
    await tx.run(
        update(attachments)
        .where(files, attachments.c.stored != "!")
        .values(ref="", stored=ERASED + attachments.c.stored, likeness=None)
    )
    await _service(tx, person_id)
    await _chats(tx, person_id)


async def _service(tx: Tx, person_id: int) -> None:
    """Registrations, what was told of service, of points, of damaged things: the words go, hours, points and loans stay."""
    for table, blank in (
        (members, {"unit": "", "branch": "", "words": "", "state": "left"}),
        (duty_services, {"words": ""}),
        (point_appeals, {"words": "", "answer": ""}),
        (damages, {"words": ""}),
    ):
        await tx.run(update(table).where(table.c.tenant == tx.tenant, table.c.person_id == person_id).values(**blank))
    await tx.run(delete(thing_waits).where(thing_waits.c.tenant == tx.tenant, thing_waits.c.person_id == person_id))


async def _records(tx: Tx, person_id: int, words: str) -> None:
    own = (requests.c.tenant == tx.tenant) & (requests.c.reporter_id == person_id)
    ids = [r.id for r in await tx.all(select(requests.c.id).where(own))]
    bare = tx.sealer.seal_json([words, ""])
    await tx.run(update(requests).where(own).values(text=words, summary=words, original_sealed=bare, chat_id=NOWHERE))
    ended = own & requests.c.state.not_in([s.value for s in OPEN])
    await tx.run(update(requests).where(ended).values(place={}, place_text="", house=""))
    if ids:
        await search.forget(tx, ids)
        await tx.run(
            update(labels).where(labels.c.tenant == tx.tenant, labels.c.request_id.in_(ids)).values(text=words)
        )
        of_records = (remarks.c.subject == "request") & remarks.c.subject_id.in_(ids)
        await tx.run(delete(remarks).where(remarks.c.tenant == tx.tenant, of_records))
        await _around_records(tx, ids)
    for table in (ratings, supporter_ratings, ballots):
        await tx.run(update(table).where(table.c.tenant == tx.tenant, table.c.person_id == person_id).values(words=""))
    await tx.run(delete(supporters).where(supporters.c.tenant == tx.tenant, supporters.c.person_id == person_id))


async def _around_records(tx: Tx, ids: list[int]) -> None:
    """What others wrote about these records while they worked on them: reasons, demands, answers, results."""
    whistled = select(whistles.c.id).where(whistles.c.tenant == tx.tenant, whistles.c.request_id.in_(ids))
    for table, of_records, blank in (
        (waits, waits.c.request_id.in_(ids), {"words": ""}),
        (petitions, petitions.c.request_id.in_(ids), {"words": "", "answer": ""}),
        (parts, parts.c.whistle_id.in_(whistled), {"result": ""}),
        (assessments, assessments.c.whistle_id.in_(whistled), {"words": ""}),
        (whistles, whistles.c.request_id.in_(ids), {"words": ""}),
    ):
        await tx.run(update(table).where(table.c.tenant == tx.tenant, of_records).values(**blank))


async def _wishes(tx: Tx, person_id: int, words: str) -> None:
    bare = tx.sealer.seal_json({"text": words, "place": ""})
    await tx.run(
        update(wishes)
        .where(wishes.c.tenant == tx.tenant, wishes.c.wisher_id == person_id)
        .values(text=words, original_sealed=bare, chat_id=NOWHERE)
    )
    for table, who, blank in (
        (wishes, wishes.c.adopter_id, {"adopter_chat_id": NOWHERE}),
        (adoptions, adoptions.c.person_id, {"chat_id": NOWHERE}),
        (resources, resources.c.owner_id, {"chat_id": NOWHERE, "text": words, "owner_label": ""}),
    ):
        await tx.run(update(table).where(table.c.tenant == tx.tenant, who == person_id).values(**blank))


async def _chats(tx: Tx, person_id: int) -> None:
    """Open questions, buttons, messages and the accounts themselves. The chat stays, as nobody's."""
    own = [
        r.id
        for r in await tx.all(select(chats.c.id).where(chats.c.tenant == tx.tenant, chats.c.person_id == person_id))
    ]
    users = await tx.all(
        select(identities.c.channel, identities.c.account, identities.c.user_key).where(
            identities.c.tenant == tx.tenant, identities.c.person_id == person_id
        )
    )
    said = outbox.c.chat_id.in_(own)
    for user in users:
        there = (chats.c.tenant == tx.tenant, chats.c.channel == user.channel, chats.c.account == user.account)
        said |= (outbox.c.user_key == user.user_key) & outbox.c.chat_id.in_(select(chats.c.id).where(*there))
        await forget(tx, Who(user.channel, user.account, user.user_key))
    web = private_chats([u.user_key for u in users if u.channel == "web"])
    for table, of_person in (
        (dialogues, dialogues.c.person_id == person_id),
        (held, held.c.person_id == person_id),
        (keyboards, (keyboards.c.person_id == person_id) | keyboards.c.chat_id.in_(own)),
        (menus, menus.c.chat_id.in_(own)),
        (notices, notices.c.chat_id.in_(own)),
        (web_posts, web_posts.c.chat.in_(web)),
        (web_files, web_files.c.chat.in_(web)),
        (identities, identities.c.person_id == person_id),
    ):
        where: ColumnElement[bool] = (table.c.tenant == tx.tenant) & of_person
        await tx.run(delete(table).where(where))
    done = (outbox.c.tenant == tx.tenant, outbox.c.state != WAITING)
    await tx.run(update(outbox).where(*done, said).values(body_sealed=b"", user_key=""))
    await tx.run(update(chats).where(chats.c.tenant == tx.tenant, chats.c.id.in_(own)).values(person_id=None, title=""))
