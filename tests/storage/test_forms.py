"""Every statement that the program keeps ready is held to the tenant, whether or not a test ever sends it."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from sqlalchemy.dialects import postgresql, sqlite

import bot
import handlers
import storage
from storage.plans import Form
from tests.storage import rules


def forms() -> dict[str, Form]:
    """Module and name of each, wherever it is kept in the program."""
    found = {}
    for package in (storage, handlers, bot):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" in module.name or module.name.endswith("__main__"):
                continue
            kept = vars(importlib.import_module(module.name))
            found |= {f"{module.name}.{name}": one for name, one in kept.items() if isinstance(one, Form)}
    return found


FORMS = forms()


@pytest.mark.parametrize("name", FORMS)
def test_a_form_breaks_no_rule(name: str) -> None:
    for dialect in (postgresql.dialect(), sqlite.dialect()):
        statement = FORMS[name].statement
        assert rules.broken(statement, str(statement.compile(dialect=dialect))) == []


def test_all_are_found() -> None:
    assert len(FORMS) > 40
    assert {name.partition(".")[0] for name in FORMS} >= {"storage"}
