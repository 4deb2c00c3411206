"""The shipped catalogue, and how a wrong one is refused."""

import copy
import tomllib
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest

from workflow.taxonomy import TaxonomyError, parse_taxonomy

SHIPPED: dict[str, Any] = tomllib.loads(files("workflow").joinpath("data/taxonomy.toml").read_text("utf-8"))
TAXONOMY = parse_taxonomy(SHIPPED)


def test_the_shipped_catalogue_has_8_categories_22_subcategories_and_56_items() -> None:
    assert (len(TAXONOMY.categories), len(TAXONOMY.subcategories), len(TAXONOMY.items)) == (8, 22, 56)


def test_every_item_is_found_with_its_parents() -> None:
    for item in TAXONOMY.items:
        assert TAXONOMY.get_item(item.id) is TAXONOMY.find_item(item.id) is item
        assert item in TAXONOMY.subcategory_of(item.id).items
        assert TAXONOMY.subcategory_of(item.id) in TAXONOMY.category_of(item.id).subcategories
        assert item.queue == "grid" or TAXONOMY.get_department(item.queue).name


def test_what_is_not_there() -> None:
    assert TAXONOMY.find_item("x") is None
    assert TAXONOMY.find_department("x") is None
    for get in (TAXONOMY.get_item, TAXONOMY.get_department, TAXONOMY.category_of, TAXONOMY.subcategory_of):
        with pytest.raises(KeyError):
            get("x")


def test_questions_that_residents_ask_can_be_answered() -> None:
    asked = [item for item in TAXONOMY.items if item.id.startswith(("affairs.", "care.", "dispute."))]
    assert asked
    assert all(item.answer and item.contact for item in asked)
    assert all(len(text) < 80 for item in asked for text in (item.answer, item.contact, *item.documents))


def first_item(data: dict[str, Any]) -> dict[str, Any]:
    return data["categories"][0]["subcategories"][0]["items"][0]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda d: first_item(d).update(queue="nobody"), "safety.fire.exit.*nobody"),
        (lambda d: first_item(d).update(id="safety.fire.ebike"), "item safety.fire.ebike.*twice"),
        (lambda d: d["departments"].append({"id": "gas", "name": "x"}), "department gas.*twice"),
        (lambda d: d["departments"].append({"id": "grid", "name": "x"}), "department grid.*reserved"),
        (lambda d: d["categories"].append({**d["categories"][0], "subcategories": []}), "category safety.*twice"),
        (lambda d: d["categories"][0]["subcategories"][1].update(id="safety.fire"), "subcategory safety.fire.*twice"),
        (lambda d: first_item(d).update(respond_minutes=0), "safety.fire.exit: respond_minutes"),
        (lambda d: first_item(d).update(resolve_hours="24"), "safety.fire.exit: resolve_hours"),
        (lambda d: first_item(d).update(urgent="no"), "safety.fire.exit: urgent"),
        (lambda d: first_item(d).update(colour="red"), "safety.fire.exit: colour"),
        (lambda d: first_item(d).update(id="a:b"), "a:b: id"),
        (lambda d: first_item(d).pop("id"), "safety.fire: items.0.id"),
        (lambda d: first_item(d).update(name=" "), "safety.fire.exit: name"),
        (lambda d: d.pop("departments"), "departments"),
        (lambda d: d.update(categories=[]), "no item"),
        (lambda d: d.update(categories=7), "categories"),
    ],
)
def test_a_wrong_catalogue_is_refused_in_one_line_that_names_the_entry(
    spoil: Callable[[dict[str, Any]], object], words: str
) -> None:
    data = copy.deepcopy(SHIPPED)
    spoil(data)
    with pytest.raises(TaxonomyError, match=words) as caught:
        parse_taxonomy(data)
    assert "\n" not in str(caught.value)


def test_names_may_repeat_under_two_parents() -> None:
    data = copy.deepcopy(SHIPPED)
    for category in data["categories"]:
        category["name"] = "其他"
    assert len(parse_taxonomy(data).categories) == 8


def test_a_catalogue_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        TAXONOMY.items[0].name = "x"
