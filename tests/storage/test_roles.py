"""Roles are granted once and end; a code works once, for one person, until it expires, and is kept as a digest only."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from storage import roles
from storage.tx import Store
from workflow.rights import Grant, Role

HOUR = timedelta(hours=1)


async def test_a_role_is_held_once_and_ends(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        assert await roles.grant(tx, 1, Role.GRID_WORKER, "g1", None, now)
        assert not await roles.grant(tx, 1, Role.GRID_WORKER, "g1", None, now)
        assert await roles.grant(tx, 1, Role.GRID_WORKER, "g2", None, now)
        assert await roles.grant(tx, 2, Role.GRID_WORKER, "g1", None, now)
        assert await roles.holders(tx, [Grant(Role.GRID_WORKER, "g1"), Grant(Role.GRID_WORKER, "g2")]) == [1, 2]
        assert await roles.end(tx, 1, now, scope="g1") == 1
        assert await roles.grants_of(tx, 1) == [Grant(Role.GRID_WORKER, "g2")]
        assert await roles.end(tx, 1, now) == 1
        assert await roles.grants_of(tx, 1) == []
        assert await roles.anybody_holds(tx, Role.GRID_WORKER)
        assert await roles.end(tx, 2, now, role=Role.GRID_WORKER) == 1
        assert not await roles.anybody_holds(tx, Role.GRID_WORKER)
        assert await roles.grant(tx, 1, Role.GRID_WORKER, "g1", None, now)


async def test_a_code_works_once_whoever_is_first(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        code = await roles.invite(tx, Role.GRID_WORKER, "g1", 5, now, now + HOUR)
        found = await roles.find_invitation(tx, f" {code.lower().replace('-', ' ')} ")
        assert found is not None
        assert (found.role, found.scope, found.created_by, found.used_by) == (Role.GRID_WORKER, "g1", 5, None)

    async def use(person: int) -> bool:
        async with store.write() as tx:
            return await roles.use_invitation(tx, found.id, person, now)

    assert (await asyncio.gather(*(use(person) for person in range(1, 11)))).count(True) == 1


async def test_an_expired_code_does_nothing(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        found = await roles.find_invitation(tx, await roles.invite(tx, Role.GRID_WORKER, "g1", None, now, now + HOUR))
        assert found is not None
        assert not await roles.use_invitation(tx, found.id, 1, now + HOUR)
        assert await roles.use_invitation(tx, found.id, 1, now + HOUR - timedelta(microseconds=1))


async def test_withdrawn_codes_stop_working(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        code = await roles.invite(tx, Role.GRID_WORKER, "g1", None, now, now + HOUR)
        assert await roles.withdraw_invitations(tx, Role.GRID_WORKER, now) == 1
        found = await roles.find_invitation(tx, code)
        assert found is not None
        assert not await roles.use_invitation(tx, found.id, 1, now)


async def test_only_a_digest_of_a_code_is_kept(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        code = await roles.invite(tx, Role.GRID_WORKER, "g1", None, now, now + HOUR)
        token = await roles.add_login_link(tx, "u1", now + HOUR)
        kept = [*await tx.all(select(roles.invitations)), *await tx.all(select(roles.login_links))]
        plain = roles.normalise_code(code)
        assert not any(plain in str(row) or code in str(row) or token in str(row) for row in kept)


async def test_a_wrong_code_is_nothing(store: Store) -> None:
    async with store.read() as tx:
        assert await roles.find_invitation(tx, "AAAA-AAAA") is None
        assert await roles.find_invitation(tx, "") is None


async def test_a_sign_in_link_works_until_it_expires(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        token = await roles.add_login_link(tx, "u1", now + HOUR)
        assert await roles.find_login(tx, token, now) == "u1"
        assert await roles.find_login(tx, token, now + HOUR) is None
        assert await roles.find_login(tx, token + "x", now) is None


@given(st.text(max_size=30))
def test_a_typed_code_is_letters_and_digits(typed: str) -> None:
    plain = roles.normalise_code(typed)
    assert plain == roles.normalise_code(plain)
    assert plain == "" or (plain.isascii() and plain.isalnum() and plain == plain.upper())
