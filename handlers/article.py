"""公众号推文: a desk has the open wishes written up as an article of the street's public account, as a draft or published.

What is written stands on the wall already; bringing it to the platform is not done here.
"""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape
from typing import Any

from handlers import wish_shown
from handlers.activity import my_desk
from handlers.turn import Turn
from storage import articles, seasons, wishes
from storage.articles import Article, ArticleState
from storage.wishes import Filter

CHANNEL = "wechat"
_SHOWN = 20
_APART = timedelta(minutes=10)
"""The same person asks for another one no sooner: a second press is not a second article."""
_KNOWN = frozenset({48001, 40164, 53503, 53504, 53505})
"""Answers of the platform that are explained."""


async def offer(turn: Turn, _: re.Match[str]) -> None:
    """What the article would be, and the choice."""
    await my_desk(turn, "publish_wish")
    if CHANNEL not in turn.city.channels:
        await turn.toast("article.no_account")
        return
    title, lines = await _lines(turn)
    if not lines:
        await turn.toast("article.nothing")
        return
    row = [
        turn.button("article.button_draft", "article.ask", {"release": False}),
        turn.button("article.button_publish", "article.ask", {"release": True}),
    ]
    await turn.say("article.offer", rows=[row], title=title, count=len(lines), lines="\n".join(lines[:5]))


async def _lines(turn: Turn) -> tuple[str, list[str]]:
    """The title, and a line for each open wish at the top of the wall."""
    season = await seasons.find_current(turn.tx)
    found = await wishes.wall(turn.tx, Filter(only_open=True), limit=_SHOWN)
    lines = [
        turn.text("article.line", number=w.number, place=wish_shown.coarse_place(turn, w), words=w.text) for w in found
    ]
    name = season.title if season else turn.city.street.name
    return turn.text("article.title", name=name), lines


async def ask(turn: Turn, args: dict[str, Any]) -> None:
    """Keeps the article to be brought to the platform."""
    await my_desk(turn, "publish_wish")
    title, lines = await _lines(turn)
    before = await articles.last_by(turn.tx, turn.me.id)
    if before is not None and turn.now - before.made_at < _APART:
        await turn.toast("article.just_asked")
        return
    if not lines:
        await turn.toast("article.nothing")
        return
    base = turn.city.manners.web_base
    await articles.ask(
        turn.tx,
        title=title,
        digest=turn.text("article.digest", count=len(lines)),
        content=_html(turn, lines),
        source=f"{base}/wall" if base else "",
        release=bool(args["release"]),
        by=turn.me.id,
        now=turn.now,
    )
    await turn.toast("article.asked")


def _html(turn: Turn, lines: list[str]) -> str:
    paragraphs = [turn.text("article.opening", street=turn.city.street.name), *lines, turn.text("article.closing")]
    return "".join(f"<p>{escape(line)}</p>" for line in paragraphs)


async def ended(turn: Turn, article: Article, state: ArticleState, why: int) -> None:
    """Whoever asked for it hears what came of it."""
    key = f"article.{state.value}"
    if state is ArticleState.FAILED:
        key = f"article.failed_{why}" if why in _KNOWN else "article.failed"
    await turn.tell(article.person_id, key, title=article.title)


PRESSES = {"article.ask": ask}
COMMANDS = [(re.compile(r"(?:发)?公众号(?:推文|文章)|写推文|发推文"), offer)]
