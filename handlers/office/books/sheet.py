"""An Excel file as rows of text. Formulas are refused, never computed; nothing is followed that lies outside the file.

What the columns mean is not here.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from handlers.office.books.book import Book, Fault, Line

MOST_BYTES = 4 * 1024 * 1024
"""Of the file."""
MOST_UNPACKED = 64 * 1024 * 1024
"""Of what is packed in it: a small file can unfold to very much."""
MOST_PARTS = 2_000
MOST_COLUMNS = 40
_LAST_ROW = 1_048_576
_BROKEN = (
    zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, TypeError, IndexError, AttributeError,
    OSError, EOFError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What openpyxl raises for files that are none, or that were made to break it."""


class Unreadable(ValueError):
    """No rows can be had of this file; `code` says why."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code, self.values = code, values


def read(data: bytes, book: Book, heads: Mapping[str, str]) -> tuple[list[Line], list[Fault]]:
    """The rows of the first sheet under its heads (`heads`: column -> head), empty ones left out, and faults of cells.

    Raises `Unreadable`.
    """
    _check(data)
    try:
        return _lines(_rows(data), book, heads)
    except _BROKEN as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("unreadable") from error


def _check(data: bytes) -> None:
    if len(data) > MOST_BYTES:
        raise Unreadable("too_big", most=MOST_BYTES // 1024 // 1024)
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise Unreadable("not_excel") from None
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise Unreadable("too_big", most=MOST_BYTES // 1024 // 1024)
    if "[Content_Types].xml" not in {part.filename for part in parts}:
        raise Unreadable("not_excel")


def _rows(data: bytes) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """(row, cells) of the first sheet, rows without any value left out."""
    workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    try:
        sheets = workbook.worksheets
        if not sheets:
            raise Unreadable("no_sheet")
        sheets[0].reset_dimensions()
        rows = sheets[0].iter_rows(max_row=_LAST_ROW, max_col=MOST_COLUMNS)
        for number, cells in enumerate(rows, 1):
            if any(cell.value is not None and str(cell.value).strip() for cell in cells):
                yield number, cells
    finally:
        workbook.close()


def _lines(
    rows: Iterator[tuple[int, tuple[Any, ...]]], book: Book, heads: Mapping[str, str]
) -> tuple[list[Line], list[Fault]]:
    first = next(rows, None)
    if first is None:
        raise Unreadable("empty")
    places = _places(first[1], book, heads)
    letters = {name: get_column_letter(place + 1) for name, place in places.items()}
    lines: list[Line] = []
    faults: list[Fault] = []
    for number, cells in rows:
        named = {name: cells[place] for name, place in places.items() if place < len(cells)}
        texts = {name: _text(cell.value) for name, cell in named.items()}
        if not any(texts.values()):
            continue
        if len(lines) >= book.most:
            raise Unreadable("too_many", most=book.most)
        line = Line(number, {column.name: texts.get(column.name, "") for column in book.columns}, letters)
        lines.append(line)
        faults += _faults(line, named, book)
    if not lines:
        raise Unreadable("empty")
    return lines, faults


def _places(cells: tuple[Any, ...], book: Book, heads: Mapping[str, str]) -> dict[str, int]:
    """Where each column is, by its head. Columns that nobody asks for are passed over."""
    found: dict[str, int] = {}
    for place, cell in enumerate(cells):
        head = _text(cell.value).replace("*", "").strip()
        name = next((name for name, wanted in heads.items() if wanted == head), None)
        if name is not None and name in found:
            raise Unreadable("head_twice", head=head)
        if name is not None:
            found[name] = place
    missing = [heads[column.name] for column in book.columns if column.needed and column.name not in found]
    if missing:
        raise Unreadable("heads", heads="、".join(missing))
    return found


def _faults(line: Line, cells: Mapping[str, Any], book: Book) -> list[Fault]:
    """What can be said of cells without knowing what they mean: at most one fault each."""
    found = []
    for column in book.columns:
        cell = cells.get(column.name)
        kind = getattr(cell, "data_type", "n")
        text = line.cells[column.name]
        where = f"{line.letters.get(column.name, '')}{line.row}"
        if kind == "f":
            found.append(Fault(line.row, where, "formula"))
        elif kind == "e":
            found.append(Fault(line.row, where, "error"))
        elif column.needed and not text:
            found.append(Fault(line.row, where, "missing"))
        elif len(text) > column.longest:
            found.append(Fault(line.row, where, "too_long", {"most": column.longest, "count": len(text)}))
    return found


def _text(value: Any) -> str:
    """What a person sees in the cell: whole numbers without a point, moments as 2026-03-05 10:20:00."""
    match value:
        case None:
            return ""
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S") if value.time() != time(0) else value.strftime("%Y-%m-%d")
        case date():
            return value.isoformat()
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case _:
            text = "".join(c if c.isprintable() or c == "\n" else " " for c in str(value))
            return text.strip()
