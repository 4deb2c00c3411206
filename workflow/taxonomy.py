"""The catalogue of matters (事项目录) as frozen values, checked when it is read. Reading the file is not here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from workflow.clock import StageLimit

GRID = "grid"
"""The queue of an item that the grid of its place handles; a department must not take this id."""

Id = Annotated[str, StringConstraints(pattern=r"^[^\s:]+$", max_length=80)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class TaxonomyError(ValueError):
    """The taxonomy cannot be used; the message is one line and names the entry."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id
    name: Name


class Department(_Entry):
    """A department that holds a queue and answers for its items."""

    phone: Line = ""
    address: Line = ""
    hours: Line = ""
    documents: tuple[Line, ...] = ()


class Stage(BaseModel):
    """A step on the way that has a limit of its own, counted from the receipt: on site, safe, restored.

    Exactly one of minutes, hours and workdays; how they are counted says clock.py.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    minutes: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 0
    hours: Annotated[int, Field(strict=True, ge=0, le=2_000)] = 0
    workdays: Annotated[int, Field(strict=True, ge=0, le=400)] = 0

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if sum(map(bool, (self.minutes, self.hours, self.workdays))) != 1:
            raise ValueError("a stage has exactly one of minutes, hours and workdays")
        return self

    @property
    def limit(self) -> StageLimit:
        """The limit as the clock takes it."""
        return StageLimit(self.minutes + 60 * self.hours, self.workdays)


class Item(_Entry):
    """One matter: who handles it by default, within which limits, and what a question about it is answered from.

    `queue` is "grid" or a department id. `respond_minutes` and `resolve_hours` are counted as clock.py says. With
    `stages` the last one is the resolution and `resolve_hours` is not used. `helpers` are departments to whistle for.
    """

    queue: Id
    urgent: Annotated[bool, Field(strict=True)] = False
    respond_minutes: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    resolve_hours: Annotated[int, Field(strict=True, ge=1, le=20_000)]
    stages: Annotated[tuple[Stage, ...], Field(max_length=8)] = ()
    helpers: tuple[Id, ...] = ()
    contact: Line = ""
    documents: tuple[Line, ...] = ()
    answer: Line = ""


class Subcategory(_Entry):
    """A group of items (小类)."""

    items: tuple[Item, ...]


class Category(_Entry):
    """A group of subcategories (大类)."""

    subcategories: tuple[Subcategory, ...]


class Taxonomy(BaseModel):
    """The whole catalogue. Made by parse_taxonomy, which refuses repeated ids and queues that nobody holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    departments: tuple[Department, ...]
    categories: tuple[Category, ...]

    @cached_property
    def subcategories(self) -> tuple[Subcategory, ...]:
        """Every subcategory, in the order of the file."""
        return tuple(sub for category in self.categories for sub in category.subcategories)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Every item, in the order of the file."""
        return tuple(item for sub in self.subcategories for item in sub.items)

    def find_item(self, item_id: str) -> Item | None:
        """The item with this id, or None."""
        return self._items.get(item_id)

    def get_item(self, item_id: str) -> Item:
        """The item with this id; KeyError when there is none."""
        return self._items[item_id]

    def find_department(self, department_id: str) -> Department | None:
        """The department with this id, or None."""
        return self._departments.get(department_id)

    def get_department(self, department_id: str) -> Department:
        """The department with this id; KeyError when there is none."""
        return self._departments[department_id]

    def category_of(self, item_id: str) -> Category:
        """The category that the item stands in; KeyError when there is no such item."""
        return self._parents[item_id][0]

    def subcategory_of(self, item_id: str) -> Subcategory:
        """The subcategory that the item stands in; KeyError when there is no such item."""
        return self._parents[item_id][1]

    @cached_property
    def _items(self) -> dict[str, Item]:
        return {item.id: item for item in self.items}

    @cached_property
    def _departments(self) -> dict[str, Department]:
        return {department.id: department for department in self.departments}

    @cached_property
    def _parents(self) -> dict[str, tuple[Category, Subcategory]]:
        return {item.id: (cat, sub) for cat in self.categories for sub in cat.subcategories for item in sub.items}


def parse_taxonomy(data: dict[str, Any]) -> Taxonomy:
    """The catalogue that this parsed TOML describes; TaxonomyError at the first thing that is wrong with it."""
    try:
        taxonomy = Taxonomy.model_validate(data)
    except ValidationError as error:
        raise TaxonomyError(_explain(error, data)) from None
    for problem in _problems(taxonomy):
        raise TaxonomyError(problem)
    return taxonomy


def _problems(taxonomy: Taxonomy) -> Iterator[str]:
    yield from _repeated("department", taxonomy.departments)
    yield from _repeated("category", taxonomy.categories)
    yield from _repeated("subcategory", taxonomy.subcategories)
    yield from _repeated("item", taxonomy.items)
    if taxonomy.find_department(GRID):
        yield f"department {GRID}: this id is reserved for the grid of the place"
    for item in taxonomy.items:
        if item.queue != GRID and not taxonomy.find_department(item.queue):
            yield f"item {item.id}: queue {item.queue} is neither {GRID} nor a department"
        for helper in item.helpers:
            if not taxonomy.find_department(helper):
                yield f"item {item.id}: helpers: {helper} is no department"
    if not taxonomy.items:
        yield "categories: there is no item"


def _repeated(kind: str, entries: Iterable[_Entry]) -> Iterator[str]:
    seen: set[str] = set()
    for entry in entries:
        if entry.id in seen:
            yield f"{kind} {entry.id}: this id is used twice"
        seen.add(entry.id)


def _explain(error: ValidationError, data: object) -> str:
    """The first problem in one line: the nearest entry that has an id, the key, and what is wrong with it."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    owner, key = _locate(data, first["loc"])
    return " ".join(": ".join(part for part in (owner, key, first["msg"]) if part).split())


def _locate(data: object, path: tuple[int | str, ...]) -> tuple[str, str]:
    """The id of the innermost entry on this path, empty when none has one, and the rest of the path from there."""
    node, owner, start = data, "", 0
    for depth, key in enumerate(path, 1):
        node = _step(node, key)
        if isinstance(node, dict) and isinstance(node.get("id"), str):
            owner, start = node["id"], depth
    return owner, ".".join(str(part) for part in path[start:])


def _step(node: object, key: int | str) -> object:
    if isinstance(node, dict):
        return node.get(key)
    if isinstance(node, list | tuple) and isinstance(key, int) and key < len(node):
        return node[key]
    return None
