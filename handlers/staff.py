"""Roles: inviting by a one-time code, redeeming it, seeing one's own roles, ending somebody else's.

Nobody gets a role by claiming it: a code comes from someone a level above and works once (`workflow.rights`).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from handlers import claim, link, names
from handlers.messages import Button
from handlers.turn import Turn
from storage import events, people, requests, roles
from storage.people import Person
from storage.roles import Invitation
from workflow.queues import dept_queue, desk_queue, grid_queue
from workflow.rights import SCOPES, Grant, Role, Scope, invitable, may_act, may_invite

FLOW = "staff"
TRIES, TRIES_FOR = 5, timedelta(hours=1)
"""Wrong codes that one person may send in that time."""
_PAGE = 8
_CALL_ME = re.compile(r"请?叫我|我叫|喊我")
_NAME = re.compile(r"(?:请?叫我|我叫|我是|喊我)?\s*(?P<name>[^\W\d_]{1,12}(?:[ ·][^\W\d_]{1,12})?)[。.!]?")


def scope_name(turn: Turn, grant: Grant) -> str:
    """The grid, community, department or street of a role, as people call it; empty when it does not exist any more."""
    org = turn.city.org
    match SCOPES[grant.role]:
        case Scope.GRID:
            queue = grid_queue(grant.scope)
        case Scope.COMMUNITY:
            queue = desk_queue(grant.scope)
        case Scope.DEPARTMENT:
            queue = dept_queue(grant.scope)
        case Scope.STREET:
            return org.street_name or org.street_id
    return org.name_of(queue) if org.has_queue(queue) else ""


def role_name(turn: Turn, grant: Grant) -> str:
    """ "银杏社区第一网格 网格员"."""
    role = turn.text(f"staff.role_{grant.role.value}")
    return turn.text("staff.role_line", scope=scope_name(turn, grant), role=role)


# -------------------------------------------------------------------- inviting


async def invite(turn: Turn, _match: re.Match[str]) -> None:
    """Shows the roles that the acting person may hand out."""
    if turn.here.is_group:
        await turn.toast("staff.private_only")
        return
    await _choose_role(turn, "staff.invite_ask", "staff.invite_role", "staff.may_not_invite")


async def _choose_role(turn: Turn, key: str, action: str, refusal: str) -> None:
    offered = list(dict.fromkeys(g.role for g in invitable(await turn.grants(), turn.city.org)))
    if not offered:
        await turn.say(refusal)
        return
    buttons = [turn.button(f"staff.role_{role.value}", action, {"role": role.value}) for role in offered]
    await turn.say(key, rows=_pairs(buttons))


def _pairs(buttons: list[Button]) -> list[list[Button]]:
    return [buttons[i : i + 2] for i in range(0, len(buttons), 2)]


async def _invite_role(turn: Turn, args: dict[str, Any]) -> None:
    """Asks for which grid, community or department, unless there is only one."""
    role, start = Role(args["role"]), args.get("from", 0)
    offered = [g for g in invitable(await turn.grants(), turn.city.org) if g.role is role]
    if not offered:
        await turn.say("staff.may_not_invite")
        return
    if len(offered) == 1:
        await _hand_out(turn, offered[0])
        return
    rows = _pairs(
        [
            turn.button(
                "staff.button_scope",
                "staff.invite_scope",
                {"role": role.value, "scope": g.scope},
                scope=scope_name(turn, g),
            )
            for g in offered[start : start + _PAGE]
        ]
    )
    if len(offered) > start + _PAGE:
        rows.append(
            [turn.button("staff.button_next", "staff.invite_role", {"role": role.value, "from": start + _PAGE})]
        )
    await turn.say("staff.invite_where", role=turn.text(f"staff.role_{role.value}"), rows=rows)


async def _invite_scope(turn: Turn, args: dict[str, Any]) -> None:
    await _hand_out(turn, Grant(Role(args["role"]), args["scope"]))


async def _hand_out(turn: Turn, offer: Grant) -> None:
    if not may_invite(await turn.grants(), offer.role, offer.scope, turn.city.org):
        await turn.say("staff.may_not_invite")
        return
    manners = turn.city.manners
    expires_at = turn.now + manners.invitation_life
    code = await roles.invite(turn.tx, offer.role, offer.scope, turn.me.id, turn.now, expires_at)
    await events.add(
        turn.tx,
        "person",
        turn.me.id,
        "role.invited",
        turn.now,
        actor_id=turn.me.id,
        data={"role": offer.role.value, "scope": offer.scope},
    )
    link = f"{manners.web_base.rstrip('/')}/?i={code}" if manners.web_base else ""
    await turn.say("staff.invitation", role=role_name(turn, offer), code=code, until=expires_at, link=link)


# -------------------------------------------------------------------- redeeming


async def scanned(turn: Turn, code: str) -> None:
    """A link or picture that carries a code."""
    await redeem(turn, code)


async def typed_code(turn: Turn, match: re.Match[str]) -> None:
    """A code typed alone. In a group it is not used: others could read it."""
    if turn.here.is_group:
        await turn.toast("staff.code_private")
        return
    code = roles.normalise_code(match[0])
    await (link.redeem(turn, code) if await link.is_code(turn, code) else redeem(turn, match[0]))


async def redeem(turn: Turn, code: str) -> None:
    """Uses a code up and grants its role; every other outcome is a kind sentence and changes nothing."""
    if await _wrong_tries(turn) >= TRIES:
        await turn.say("staff.code_stop")
        return
    found = await roles.find_invitation(turn.tx, code)
    if found is None:
        await events.add(turn.tx, "person", turn.me.id, "role.code_refused", turn.now, actor_id=turn.me.id)
        await turn.say("staff.code_wrong")
        return
    offer = Grant(found.role, found.scope)
    if found.used_by is not None:
        await turn.say("staff.code_mine" if found.used_by == turn.me.id else "staff.code_used")
    elif not await _still_good(turn, found):
        await turn.say("staff.code_expired")
    elif offer in await turn.grants():
        await turn.say("staff.have_it", role=role_name(turn, offer))
    elif await roles.use_invitation(turn.tx, found.id, turn.me.id, turn.now):
        await _grant(turn, found, offer)
    else:
        await turn.say("staff.code_used")


async def _wrong_tries(turn: Turn) -> int:
    since = turn.now - TRIES_FOR
    history = await events.history(turn.tx, "person", turn.me.id)
    return sum(1 for e in history if e.name == "role.code_refused" and e.at > since)


async def _still_good(turn: Turn, found: Invitation) -> bool:
    """Not expired, for a place that exists, and from somebody who could still give it."""
    if found.expires_at <= turn.now or not scope_name(turn, Grant(found.role, found.scope)):
        return False
    if found.created_by is None:
        return True
    giver = await roles.grants_of(turn.tx, found.created_by)
    return may_invite(giver, found.role, found.scope, turn.city.org)


async def _grant(turn: Turn, found: Invitation, offer: Grant) -> None:
    await roles.grant(turn.tx, turn.me.id, offer.role, offer.scope, found.created_by, turn.now)
    await events.add(
        turn.tx,
        "person",
        turn.me.id,
        "role.granted",
        turn.now,
        actor_id=found.created_by,
        data={"role": offer.role.value, "scope": offer.scope, "invitation": found.id},
    )
    name = names.shown(turn.me)
    await turn.ask(FLOW, "name", {})
    rows = [[turn.button("staff.button_keep_name", "staff.keep_name", name=name)]] if name else []
    await turn.say(
        "staff.welcome",
        role=role_name(turn, offer),
        can=turn.text(f"staff.can_{offer.role.value}"),
        ask=turn.text("staff.ask_name_known", name=name) if name else turn.text("staff.ask_name"),
        rows=rows,
    )
    if found.created_by is not None:
        who = name or turn.text("card.worker")
        await turn.tell(found.created_by, "staff.used_told", who=who, role=role_name(turn, offer))


async def _keep_name(turn: Turn, _args: dict[str, Any]) -> None:
    if turn.dialogue is not None and turn.dialogue.flow == FLOW:
        await turn.done()
    await turn.say("staff.name_kept", name=names.shown(turn.me) or turn.text("card.worker"))


async def _step(turn: Turn) -> bool:
    """A name; whatever reads like a matter is not taken for one."""
    text = turn.incoming.text.strip() if turn.incoming and turn.incoming.kind == "text" else ""
    match = _NAME.fullmatch(text)
    findings = turn.city.read(text)
    plainly = findings.intent in ("smalltalk", "praise") or _CALL_ME.match(text)
    if match is None or findings.menu or findings.urgent or findings.place.text or not plainly:
        return False
    await turn.done()
    await people.set_name(turn.tx, turn.me.id, match["name"])
    await turn.say("staff.name_kept", name=match["name"])
    return True


# -------------------------------------------------------------------- my roles


async def mine(turn: Turn, _match: re.Match[str]) -> None:
    """What the acting person is here, and where."""
    grants = await turn.grants()
    if not grants:
        await turn.say("staff.no_role")
        return
    lines = "\n".join(role_name(turn, g) for g in grants)
    await turn.say("staff.mine", name=names.shown(turn.me) or turn.text("card.worker"), lines=lines)


# -------------------------------------------------------------------- ending


async def end(turn: Turn, _match: re.Match[str]) -> None:
    """Shows the roles of which the acting person may end somebody's."""
    if turn.here.is_group:
        await turn.toast("staff.private_only")
        return
    await _choose_role(turn, "staff.end_ask", "staff.end_role", "staff.may_not_end_any")


async def _end_role(turn: Turn, args: dict[str, Any]) -> None:
    """Who holds the role, with where."""
    role, start = Role(args["role"]), args.get("from", 0)
    offered = [g for g in invitable(await turn.grants(), turn.city.org) if g.role is role]
    found: list[tuple[Person, Grant]] = []
    for offer in offered:
        for person_id in await roles.holders(turn.tx, [offer]):
            if person_id != turn.me.id:
                found.append((await people.get_person(turn.tx, person_id), offer))
    if not found:
        await turn.say("staff.end_nobody", role=turn.text(f"staff.role_{role.value}"))
        return
    rows = [[_end_button(turn, person, grant)] for person, grant in found[start : start + _PAGE]]
    if len(found) > start + _PAGE:
        rows.append([turn.button("staff.button_next", "staff.end_role", {"role": role.value, "from": start + _PAGE})])
    await turn.say("staff.end_who", rows=rows)


def _end_button(turn: Turn, person: Person, grant: Grant) -> Button:
    name = names.shown(person) or turn.text("card.worker")
    args = {"person": person.id, "role": grant.role.value, "scope": grant.scope}
    return turn.button("staff.button_person", "staff.end", args, name=name, scope=scope_name(turn, grant))


def end_button(turn: Turn, person_id: int, grant: Grant) -> Button:
    """Begins ending one role of one person; rights are checked at the press."""
    args = {"person": person_id, "role": grant.role.value, "scope": grant.scope}
    return turn.button("staff.button_end", "staff.end", args)


async def _end(turn: Turn, args: dict[str, Any]) -> None:
    grant = Grant(Role(args["role"]), args["scope"])
    if await _may_end(turn, grant, args["person"]):
        yes = turn.button("staff.button_end_yes", "staff.end_yes", args)
        no = turn.button("staff.button_end_no", "staff.end_no")
        name = names.shown(await people.get_person(turn.tx, args["person"])) or turn.text("card.worker")
        await turn.say("staff.end_sure", name=name, role=role_name(turn, grant), rows=[[yes, no]])


async def _may_end(turn: Turn, grant: Grant, person_id: int) -> bool:
    if not may_invite(await turn.grants(), grant.role, grant.scope, turn.city.org):
        await turn.toast("staff.may_not_end", alert=True)
        return False
    if grant not in await turn.grants(person_id):
        await turn.toast("staff.not_any_more")
        return False
    return True


async def _end_no(turn: Turn, _args: dict[str, Any]) -> None:
    await turn.toast("claim.stopped")


async def _end_yes(turn: Turn, args: dict[str, Any]) -> None:
    grant, person_id = Grant(Role(args["role"]), args["scope"]), args["person"]
    if not await _may_end(turn, grant, person_id):
        return
    freed = await take_away(turn, person_id, grant)
    name = names.shown(await people.get_person(turn.tx, person_id)) or turn.text("card.worker")
    await turn.say("staff.ended", name=name, role=role_name(turn, grant), freed=freed or "")


async def take_away(turn: Turn, person_id: int, grant: Grant) -> int:
    """Ends a role, tells the person, and gives what they may not work on any more back to its queue. How many records."""
    await roles.end(turn.tx, person_id, turn.now, role=grant.role, scope=grant.scope)
    await events.add(
        turn.tx,
        "person",
        person_id,
        "role.ended",
        turn.now,
        actor_id=turn.person.id if turn.person else None,
        data={"role": grant.role.value, "scope": grant.scope},
    )
    freed = await _free_records(turn, person_id)
    await requests.drop_contact(turn.tx, person_id)
    await turn.tell(person_id, "staff.ended_told", role=role_name(turn, grant))
    return freed


async def _free_records(turn: Turn, person_id: int) -> int:
    """Records that the person may not work on any more go back to their queues. How many."""
    left = await roles.grants_of(turn.tx, person_id)
    lost = [
        r for r in await requests.held_by(turn.tx, person_id) if not may_act(left, "resolve", r.queue, turn.city.org)
    ]
    return sum([await claim.let_go(turn, r) for r in lost])


PRESSES = {
    "staff.invite_role": _invite_role,
    "staff.invite_scope": _invite_scope,
    "staff.keep_name": _keep_name,
    "staff.end_role": _end_role,
    "staff.end": _end,
    "staff.end_yes": _end_yes,
    "staff.end_no": _end_no,
}
STEPS = {FLOW: _step}
SCENES = {"i": scanned}
COMMANDS = [
    (re.compile(r"邀请|/invite"), invite),
    (re.compile(r"我的身份|/roles"), mine),
    (re.compile(r"取消身份"), end),
    (re.compile(r"[A-Za-z2-9]{4}-[A-Za-z2-9]{4}"), typed_code),
]
