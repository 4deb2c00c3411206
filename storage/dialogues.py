"""Dialogues: where each person is in each conversation; and the keyboards and menus shown to them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, Select, String, Table, and_, select
from sqlalchemy import delete as sql_delete

from storage.late import OF
from storage.lists import among
from storage.people import chats
from storage.plans import ME, form, form_of
from storage.schema import Moment, metadata, tenant_column
from storage.tx import Tx

dialogues = Table(
    "dialogues",
    metadata,
    tenant_column(),
    Column("chat_id", BigInteger, primary_key=True),
    Column("person_id", BigInteger, primary_key=True),
    Column("flow", String(32), nullable=False),
    Column("step", String(32), nullable=False),
    Column("data_sealed", LargeBinary, nullable=False),
    Column("updated_at", Moment, nullable=False),
    info={OF: "chat_id"},
)

keyboards = Table(
    "keyboards",
    metadata,
    tenant_column(),
    Column("code", String(16), primary_key=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("person_id", BigInteger),  # only this person may press; empty: whoever has the right
    Column("presses", JSON, nullable=False),  # [[action, args, label], …]
    Column("expires_at", Moment, nullable=False),
    Index(None, "tenant", "expires_at"),
    info={OF: "chat_id"},
)

menus = Table(
    "menus",
    metadata,
    tenant_column(),
    Column("chat_id", BigInteger, primary_key=True),
    Column("code", String(16), nullable=False),
    Column("expires_at", Moment, nullable=False),
    info={OF: "chat_id"},
)


class Dialogue(NamedTuple):
    """A stored value: which conversation, which question is open, and what is known so far."""

    flow: str
    step: str
    data: dict[str, Any]
    updated_at: datetime


class Press(NamedTuple):
    """What a button means."""

    action: str
    args: dict[str, Any]
    label: str
    person_id: int | None
    chat_id: int
    expires_at: datetime


class _Keyboard(NamedTuple):
    """What the buttons of one message mean, and for whom."""

    presses: list[Any]
    person_id: int | None
    chat_id: int
    expires_at: datetime


@form_of("chat_id")
def _of(chat_id: Any, person_id: Any) -> Select[Any]:
    return select(dialogues).where(
        dialogues.c.tenant == ME, dialogues.c.chat_id == chat_id, dialogues.c.person_id == person_id
    )


async def find(tx: Tx, chat_id: int, person_id: int) -> Dialogue | None:
    """Where this person is in this chat; None when nothing is open."""
    row = await tx.one(_of(chat_id=chat_id, person_id=person_id))
    return None if row is None else _dialogue(tx, row)


def _dialogue(tx: Tx, row: Any) -> Dialogue:
    return Dialogue(row.flow, row.step, tx.sealer.open_json(row.data_sealed), row.updated_at)


def _here(chat_id: Any, person_id: Any, joined: Sequence[Any], shown: Sequence[Any]) -> Select[Any]:
    """The dialogue of a chat, and what else is joined, where there are any."""
    theirs = and_(
        dialogues.c.tenant == chats.c.tenant, dialogues.c.chat_id == chats.c.id, dialogues.c.person_id == person_id
    )
    asked = (dialogues.c.flow, dialogues.c.step, dialogues.c.data_sealed, dialogues.c.updated_at)
    found = chats.outerjoin(dialogues, theirs)
    for table, there in joined:
        found = found.outerjoin(table, there & (table.c.tenant == chats.c.tenant))
    return select(*asked, *shown).select_from(found).where(chats.c.tenant == ME, chats.c.id == chat_id)


@form_of("chat_id")
def _here_pressed(chat_id: Any, person_id: Any, code: Any) -> Select[Any]:
    shown = [keyboards.c[name] for name in _Keyboard._fields]
    return _here(chat_id, person_id, [(keyboards, keyboards.c.code == code)], shown)


@form_of("chat_id")
def _here_typed(chat_id: Any, person_id: Any) -> Select[Any]:
    joined = [(menus, menus.c.chat_id == chats.c.id), (keyboards, keyboards.c.code == menus.c.code)]
    return _here(chat_id, person_id, joined, [menus.c.code, menus.c.expires_at, keyboards.c.presses])


async def find_here(tx: Tx, chat_id: int, person_id: int, token: str) -> Dialogue | None:
    """`find`, in one look with what is asked next: what the token means, or without one the menu shown last."""
    code = token.rpartition(".")[0]
    open_one = tx.ahead(dialogues, chat_id, person_id)
    if open_one is not None and _knows_shown(tx, chat_id, code):
        return _dialogue(tx, open_one[0]) if open_one else None
    if code:
        row = await tx.one(_here_pressed(chat_id=chat_id, person_id=person_id, code=code))
        found = [] if row is None or row.presses is None else [_Keyboard._make(row[-len(_Keyboard._fields) :])]
        tx.learn(_keyboard(code=code), found)
    else:
        row = await tx.one(_here_typed(chat_id=chat_id, person_id=person_id))
        tx.learn(_menu(chat_id=chat_id), [] if row is None or row.presses is None else [_shown(row)])
    return None if row is None or row.flow is None else _dialogue(tx, row)


@form
def _open_in(chat_ids: Any) -> Select[Any]:
    return select(dialogues).where(dialogues.c.tenant == ME, among(dialogues.c.chat_id, chat_ids))


@form
def _menus_in(chat_ids: Any) -> Select[Any]:
    return select(menus).where(menus.c.tenant == ME, among(menus.c.chat_id, chat_ids))


@form
def _keyboards_of(codes: Any) -> Select[Any]:
    return select(keyboards).where(keyboards.c.tenant == ME, among(keyboards.c.code, codes))


async def read_ahead(tx: Tx, asked: Sequence[tuple[int, int, str]]) -> None:
    """What `find_here` will be asked with these (private chat, person, token). The people are held."""
    if not asked:
        return
    open_ones: dict[tuple[Any, ...], list[Any]] = {(chat_id, person_id): [] for chat_id, person_id, _ in asked}
    for row in await tx.all(_open_in(chat_ids=[chat_id for chat_id, _, _ in asked])):
        if (row.chat_id, row.person_id) in open_ones:
            open_ones[row.chat_id, row.person_id] = [row]
    code_of = {chat_id: token.rpartition(".")[0] for chat_id, _, token in asked}
    codes = set(code_of.values()) - {""}
    shown: dict[tuple[Any, ...], list[Any]] = {(chat_id,): [] for chat_id, code in code_of.items() if not code}
    if shown:
        for row in await tx.all(_menus_in(chat_ids=[chat_id for (chat_id,) in shown])):
            shown[row.chat_id,] = [row]
            codes.add(row.code)
    presses: dict[tuple[Any, ...], list[Any]] = {(code,): [] for code in codes}
    if codes:
        for row in await tx.all(_keyboards_of(codes=sorted(codes))):
            presses[row.code,] = [row]
    tx.read_ahead(dialogues, ("chat_id", "person_id"), open_ones)
    tx.read_ahead(menus, ("chat_id",), shown)
    tx.read_ahead(keyboards, ("code",), presses)


def _knows_shown(tx: Tx, chat_id: int, code: str) -> bool:
    """Whether what a token means, or without one the menu shown last, was read ahead: nobody has to ask for it then."""
    if code:
        found = tx.ahead(keyboards, code)
        if found is not None:
            tx.learn(_keyboard(code=code), [_Keyboard(r.presses, r.person_id, r.chat_id, r.expires_at) for r in found])
        return found is not None
    menu = tx.ahead(menus, chat_id)
    found = tx.ahead(keyboards, menu[0].code) if menu else menu
    if menu is not None and found is not None:
        shown = [(menu[0].code, [p[2] for p in row.presses], menu[0].expires_at) for row in found]
        tx.learn(_menu(chat_id=chat_id), shown)
    return found is not None


_ONE = ("tenant", "chat_id", "person_id")
_CHANGES = ("flow", "step", "data_sealed", "updated_at")


async def save(tx: Tx, chat_id: int, person_id: int, flow: str, step: str, data: dict[str, Any], now: datetime) -> None:
    """Opens a question, or replaces the open one."""
    tx.put_later(dialogues, _row(tx, chat_id, person_id, flow, step, data, now), on=_ONE, change=_CHANGES)


async def save_unless_busy(
    tx: Tx, chat_id: int, person_id: int, flow: str, step: str, data: dict[str, Any], now: datetime
) -> None:
    """The same, unless a question of another conversation is open."""
    row = _row(tx, chat_id, person_id, flow, step, data, now)
    tx.put_alike_later(dialogues, row, on=_ONE, change=_CHANGES, alike="flow")


def _row(
    tx: Tx, chat_id: int, person_id: int, flow: str, step: str, data: dict[str, Any], now: datetime
) -> dict[str, Any]:
    return {
        "tenant": tx.tenant,
        "chat_id": chat_id,
        "person_id": person_id,
        "flow": flow,
        "step": step,
        "data_sealed": tx.sealer.seal_json(data),
        "updated_at": now,
    }


async def close(tx: Tx, chat_id: int, person_id: int) -> None:
    """Nothing is open any more."""
    tx.delete_later(dialogues, {"tenant": tx.tenant, "chat_id": chat_id, "person_id": person_id})


async def close_all(tx: Tx, person_id: int) -> None:
    """Closes every dialogue of a person."""
    await tx.run(sql_delete(dialogues).where(dialogues.c.tenant == tx.tenant, dialogues.c.person_id == person_id))


async def add_keyboard(
    tx: Tx,
    *,
    chat_id: int,
    person_id: int | None,
    presses: Sequence[tuple[str, dict[str, Any], str]],
    expires_at: datetime,
) -> str:
    """Stores what a row of buttons means; the tokens are `code.0`, `code.1`, … (under 20 bytes)."""
    code = secrets.token_urlsafe(9)
    row = {
        "tenant": tx.tenant,
        "code": code,
        "chat_id": chat_id,
        "person_id": person_id,
        "presses": [list(p) for p in presses],
        "expires_at": expires_at,
    }
    tx.later(keyboards, row)
    return code


@form
def _keyboard(code: Any) -> Select[Any]:
    shown = [keyboards.c[name] for name in _Keyboard._fields]
    return select(*shown).where(keyboards.c.tenant == ME, keyboards.c.code == code)


async def find_press(tx: Tx, token: str) -> Press | None:
    """The meaning of a token; None when it was never ours or is long gone."""
    code, _, index = token.rpartition(".")
    if not code or not index.isdecimal():
        return None
    found = await tx.recall(_keyboard(code=code), lambda rows: [_Keyboard._make(row) for row in rows])
    if not found or int(index) >= len(found[0].presses):
        return None
    action, args, label = found[0].presses[int(index)]
    return Press(action, args, label, found[0].person_id, found[0].chat_id, found[0].expires_at)


async def set_menu(tx: Tx, chat_id: int, code: str, expires_at: datetime) -> None:
    """The keyboard that a number typed in this chat now refers to."""
    row = {"tenant": tx.tenant, "chat_id": chat_id, "code": code, "expires_at": expires_at}
    tx.put_later(menus, row, on=("tenant", "chat_id"), change=("code", "expires_at"))


@form_of("chat_id")
def _menu(chat_id: Any) -> Select[Any]:
    return (
        select(menus.c.code, menus.c.expires_at, keyboards.c.presses)
        .join(keyboards, (keyboards.c.tenant == menus.c.tenant) & (keyboards.c.code == menus.c.code))
        .where(menus.c.tenant == ME, keyboards.c.tenant == ME, menus.c.chat_id == chat_id)
    )


async def find_menu(tx: Tx, chat_id: int) -> tuple[str, list[str], datetime] | None:
    """(code, labels in order, expiry) of the menu last shown in a chat."""
    found = await tx.recall(_menu(chat_id=chat_id), lambda rows: [_shown(row) for row in rows])
    return found[0] if found else None


def _shown(row: Any) -> tuple[str, list[str], datetime]:
    return row.code, [p[2] for p in row.presses], row.expires_at


async def drop_menu(tx: Tx, chat_id: int, code: str) -> None:
    """Numbers typed in this chat mean nothing any more if this keyboard is the one they would refer to."""
    await tx.run(sql_delete(menus).where(menus.c.tenant == tx.tenant, menus.c.chat_id == chat_id, menus.c.code == code))


async def forget_expired(tx: Tx, now: datetime) -> int:
    """Drops keyboards long past their time."""
    return await tx.run(sql_delete(keyboards).where(keyboards.c.tenant == tx.tenant, keyboards.c.expires_at < now))
