"""Files that leave the web desk: lists as Excel or CSV, one record as a PDF. Written to disk, never whole in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle
from reportlab.platypus.flowables import Flowable

from bot.posters import INK, SOFT, chinese_face
from handlers.office import export, record
from handlers.office.turning import OfficeTurn
from storage.listing import Filters


async def write_list(turn: OfficeTurn, wanted: Filters, columns: Sequence[str], kind: str, out: Path) -> int:
    """Writes every record of a list; how many."""
    heads = export.titles(turn.city, columns, turn.now)
    if kind == "csv":
        return await _write_csv(turn, wanted, columns, heads, out)
    title = turn.text("export.sheet")
    book = await asyncio.to_thread(export.Book, out, title, heads, [export.WIDTHS.get(c, 10) for c in columns])
    count = 0
    async for rows in export.batches(turn, wanted):
        cells = [export.values(turn.city, row, columns, turn.now) for row in rows]
        await asyncio.to_thread(book.add, cells)
        count += len(rows)
    await asyncio.to_thread(book.save)
    return count


async def _write_csv(turn: OfficeTurn, wanted: Filters, columns: Sequence[str], heads: Sequence[str], out: Path) -> int:
    count = 0
    with out.open("w", encoding="utf-8", newline="") as file:
        file.write(export.BOM + export.csv_lines([heads]))
        async for rows in export.batches(turn, wanted):
            cells = [export.values(turn.city, row, columns, turn.now) for row in rows]
            await asyncio.to_thread(file.write, export.csv_lines(cells))
            count += len(rows)
    return count


def write_record(
    page: record.Page, texts: Sequence[tuple[str, str]], title: str, foot: str, heads: tuple[str, str], out: Path
) -> None:
    """One record on A4: its facts, its words, everything that happened. `heads` stand over words and way."""
    if "Linli" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(chinese_face())
    plain = ParagraphStyle("plain", fontName="Linli", fontSize=10, leading=15, textColor=INK, wordWrap="CJK")
    small = ParagraphStyle("small", parent=plain, fontSize=8.5, leading=12, textColor=SOFT)
    head = ParagraphStyle("head", parent=plain, fontSize=12, leading=20, spaceBefore=8)
    name = ParagraphStyle("name", parent=plain, fontSize=15, leading=24, alignment=1)

    def text(words: str, style: ParagraphStyle = plain) -> Paragraph:
        return Paragraph(words.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br/>"), style)

    def table(rows: Sequence[Sequence[Flowable]], widths: Sequence[float]) -> Table:
        lines = [("LINEBELOW", (0, 0), (-1, -1), 0.4, SOFT), ("VALIGN", (0, 0), (-1, -1), "TOP")]
        return Table(list(rows), colWidths=[w * mm for w in widths], style=TableStyle(lines), repeatRows=0)

    facts = table([[text(key, small), text(value)] for key, value in texts], (26, 144))
    way = [[text(f"{line.at:%m-%d %H:%M}", small), text(line.who, small), text(_told(line))] for line in page.lines]
    story: list[Any] = [
        text(title, name), Spacer(1, 4 * mm), facts, text(heads[0], head), text(page.words), text(heads[1], head),
        table(way, (26, 34, 110)), Spacer(1, 6 * mm), text(foot, small),
    ]  # fmt: skip
    document = SimpleDocTemplate(
        str(out),
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=title,
    )
    document.build(story)


def _told(line: Any) -> str:
    return f"{line.text}\n“{line.words}”" if line.words else str(line.text)
