"""The rights matrix and the invitations, as tables written out by hand."""

from itertools import product

import pytest

from tests.workflow.organisation import ORG
from workflow.rights import ACTS, SCOPES, Grant, Role, invitable, is_over_all, may_act, may_invite, may_see

WORK = {"claim", "return", "detail", "note", "release", "transfer", "resolve", "see_contact", "view_room"} | {
    "pause",
    "ask_extension",
    "dispute",
    "answer",
    "check_in",
    "keep_station",
}
BIND = {"bind_group"}
DECIDE = {"reroute", "refuse", "merge", "publish_wish", "extend", "supervise", "park", "whistle", "readmit", "survey"}
DECIDE |= {"rule_points", "manage_rewards", "confirm_member", "run_activity", "open_station"}
OFFICE = {"find_phone", "publish_answer", "export"}
MOST = WORK | BIND | DECIDE | OFFICE
ALL = MOST | {"rule", "import_books", "rule_appeal", "manage_partners"}
WORKER = Grant(Role.GRID_WORKER, "yinxing-01")
CHIEF = Grant(Role.GRID_CHIEF, "yinxing-01")
BUILDING = Grant(Role.BUILDING_CHIEF, "yinxing-01")
GAS = Grant(Role.DEPT_STAFF, "gas")
GAS_HEAD = Grant(Role.DEPT_HEAD, "gas")
DESK = Grant(Role.DESK, "yinxing")
STREET = Grant(Role.STREET, "linjiang")
OTHER_STREET = Grant(Role.STREET, "elsewhere")
ADMIN = Grant(Role.ADMIN, "linjiang")
MEMBER = Grant(Role.MEMBER, "yinxing")
UNIT = Grant(Role.UNIT, "yinxing")
ASSESSOR = Grant(Role.ASSESSOR, "yinxing")

QUEUES = ("grid:yinxing-01", "grid:yinxing-02", "grid:dukou-01", "dept:gas", "dept:party", "desk:yinxing", "desk")
NONE: set[str] = set()
MATRIX = [
    # grant         own grid next grid  far grid  gas   party community street
    (WORKER,       (WORK,       NONE, NONE, NONE, NONE, NONE, NONE)),
    (CHIEF,        (WORK | BIND, NONE, NONE, NONE, NONE, NONE, NONE)),
    (BUILDING,     (NONE,       NONE, NONE, NONE, NONE, NONE, NONE)),
    (GAS,          (NONE,       NONE, NONE, WORK, NONE, NONE, NONE)),
    (GAS_HEAD,     (NONE,       NONE, NONE, WORK | BIND, NONE, NONE, NONE)),
    (DESK,         (MOST,       MOST, NONE, NONE, NONE, MOST, NONE)),
    (STREET,       (ALL,        ALL,  ALL,  ALL,  ALL,  ALL,  ALL)),
    (OTHER_STREET, (NONE,       NONE, NONE, NONE, NONE, NONE, NONE)),
    (ADMIN,        (ALL,        ALL,  ALL,  ALL,  ALL,  ALL,  ALL)),
    (MEMBER,       (NONE,       NONE, NONE, NONE, NONE, NONE, NONE)),
    (UNIT,         (NONE,       NONE, NONE, NONE, NONE, NONE, NONE)),
    (ASSESSOR,     (NONE,       NONE, NONE, NONE, NONE, NONE, NONE)),
]  # fmt: skip


@pytest.mark.parametrize(("grant", "acts"), MATRIX, ids=lambda value: getattr(value, "scope", ""))
def test_the_matrix(grant: Grant, acts: tuple[set[str], ...]) -> None:
    for queue, expected in zip(QUEUES, acts, strict=True):
        assert {act for act in ACTS if may_act([grant], act, queue, ORG)} == expected, queue


def test_rights_add_up_and_nobody_without_a_grant_may_anything() -> None:
    assert may_act([MEMBER, GAS, WORKER], "claim", "grid:yinxing-01", ORG)
    assert may_act([MEMBER, GAS, WORKER], "claim", "dept:gas", ORG)
    assert not any(may_act([], act, queue, ORG) for act, queue in product(ACTS, QUEUES))


def test_a_queue_that_does_not_exist_is_nobodys() -> None:
    assert not may_act([ADMIN], "claim", "grid:mars", ORG)
    assert not may_act([Grant(Role.DEPT_STAFF, "mars")], "claim", "dept:mars", ORG)
    assert not may_act([ADMIN], "claim", "nonsense", ORG)


def test_an_unknown_act_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown act"):
        may_act([ADMIN], "clam", "desk", ORG)


GRIDS = ("yinxing-01", "yinxing-02", "dukou-01")
GRID_ROLES = (Role.GRID_WORKER, Role.GRID_CHIEF, Role.BUILDING_CHIEF)
BELOW_DESK = {*product(GRID_ROLES, GRIDS[:2]), *product((Role.MEMBER, Role.UNIT, Role.ASSESSOR), ("yinxing",))}
BELOW_STREET = {
    *product(GRID_ROLES, GRIDS),
    *product((Role.DESK, Role.MEMBER, Role.UNIT, Role.ASSESSOR), ("yinxing", "dukou")),
    *product((Role.DEPT_STAFF, Role.DEPT_HEAD), ("gas", "party")),
}
INVITED = [
    (WORKER, set()),
    (CHIEF, {(Role.GRID_WORKER, "yinxing-01"), (Role.BUILDING_CHIEF, "yinxing-01")}),
    (BUILDING, set()),
    (GAS, set()),
    (GAS_HEAD, {(Role.DEPT_STAFF, "gas")}),
    (DESK, BELOW_DESK),
    (STREET, BELOW_STREET),
    (OTHER_STREET, set()),
    (ADMIN, BELOW_STREET | {(Role.STREET, "linjiang"), (Role.ADMIN, "linjiang")}),
    (MEMBER, set()),
    (UNIT, set()),
    (ASSESSOR, set()),
]


@pytest.mark.parametrize(("grant", "offers"), INVITED, ids=lambda value: getattr(value, "role", ""))
def test_invitations_come_from_a_level_above(grant: Grant, offers: set[tuple[Role, str]]) -> None:
    scopes = {*GRIDS, "yinxing", "dukou", "gas", "party", "linjiang", "elsewhere", ""}
    assert {(role, scope) for role, scope in product(Role, scopes) if may_invite([grant], role, scope, ORG)} == offers
    found = invitable([grant], ORG)
    assert set(found) == offers
    assert len(found) == len(offers)


def test_every_role_has_a_kind_of_scope() -> None:
    assert set(SCOPES) == set(Role)


def test_a_record_is_seen_by_its_queue_and_by_whoever_serves_its_grid() -> None:
    gone_to_gas = ("dept:gas", "yinxing-01")
    for grant, sees in (
        (WORKER, True),
        (CHIEF, True),
        (GAS, True),
        (DESK, True),
        (STREET, True),
        (ADMIN, True),
        (BUILDING, False),
        (MEMBER, False),
        (UNIT, False),
        (OTHER_STREET, False),
        (Grant(Role.DESK, "dukou"), False),
        (Grant(Role.DEPT_STAFF, "party"), False),
    ):
        assert may_see([grant], *gone_to_gas, ORG) is sees, grant


def test_only_the_street_sees_everything() -> None:
    assert is_over_all([STREET], ORG)
    assert is_over_all([WORKER, ADMIN], ORG)
    assert not is_over_all([OTHER_STREET, DESK, GAS], ORG)
    assert not is_over_all([], ORG)
