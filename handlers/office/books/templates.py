"""The file that is filled in and brought: heads on its first sheet; what goes where, and what may be chosen, on the second."""

from __future__ import annotations

from datetime import datetime

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from handlers.city import City
from handlers.office.books import staff
from handlers.office.books.book import Book
from handlers.office.export import safe
from workflow.rights import SCOPES, Role

_FILLED_IN = 200
"""Rows that are prepared, so that a phone number stays a phone number and a date what was typed."""

_EXAMPLES = {
    "phone": "13900001234",
    "buildings": "1-12,15",
    "numbers": "1-119",
    "number": "2024-000123",
    "hours": "8:00-20:00",
    "stock": "10",
    "received": "2024-03-05 10:20",
    "responded": "2024-03-05 11:00",
    "resolved": "2024-03-06 16:30",
}


def make(city: City, book: Book, now: datetime) -> Workbook:
    """An empty file to fill in: the heads on the first sheet; what goes where, with an example, on the second."""

    here = _here(city)

    def text(key: str) -> str:
        return city.texts.text(f"books.{key}", now, **here)

    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    rows, notes = (workbook.create_sheet(text(key)) for key in (f"kind_{book.name}", "sheet_notes"))
    rows.append([text(f"head_{column.name}") for column in book.columns])
    rows.freeze_panes = "A2"
    notes.append([text("notes_head"), text("notes_needed"), text("notes_what"), text("notes_example")])
    for place, column in enumerate(book.columns, 1):
        letter = get_column_letter(place)
        rows.column_dimensions[letter].width = column.width
        rows.cell(1, place).font = Font(bold=True)
        for row in range(2, _FILLED_IN + 2):
            rows.cell(row, place).number_format = "@"
        needed = text("notes_yes") if column.needed else ""
        what = text(f"note_{book.name}_{column.name}")
        example = _EXAMPLES.get(column.name) or text(f"example_{book.name}_{column.name}")
        notes.append([text(f"head_{column.name}"), needed, what, example])
    for line in _choices(city, book, now):
        notes.append([safe(cell) for cell in line])
    for letter, width in zip("ABCD", (18, 8, 60, 30), strict=True):
        notes.column_dimensions[letter].width = width
    for row in notes.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    return workbook


def _here(city: City) -> dict[str, str]:
    """Names of this street, for the examples; where it has none yet, nothing."""
    grid, estate = next(city.street.grids(), None), next(city.street.estates(), None)
    items = city.taxonomy.items
    return {
        "name": grid.name if grid else "",
        "estate": estate.name if estate else "",
        "kind": items[0].name if items else "",
    }


def _choices(city: City, book: Book, now: datetime) -> list[list[str]]:
    """What may stand in columns that take one of several words."""
    names = {column.name for column in book.columns}
    found: list[list[str]] = []
    if "role" in names:
        for role in Role:
            of = city.texts.text(f"books.scope_{SCOPES[role].value}", now)
            found.append(
                [city.texts.text("books.head_role", now), "", city.texts.text(f"staff.role_{role.value}", now), of]
            )
    if names & {"scope", "grid"}:
        head = city.texts.text("books.head_scope" if "scope" in names else "books.head_grid", now)
        every = staff.scope_names(city) if "scope" in names else [g.name for g in city.street.grids()]
        found += [[head, "", name, ""] for name in every]
    if "item" in names:
        head = city.texts.text("books.head_item", now)
        found += [[head, "", item.name, ""] for item in city.taxonomy.items]
    return [["", "", "", ""], [city.texts.text("books.notes_choices", now), "", "", ""], *found] if found else []
