"""Fresh words in a private chat: what are they about, and which conversation takes them."""

from __future__ import annotations

from handlers import account, answers, consult, danger, meant, records, report, standing, talk, wall, wish
from handlers import draft as drafts
from handlers.turn import Turn
from nlp.supplements import read_numbered, read_supplement

_CALL_FOR_HELP = 15
"""Characters of a text that only asks for a person."""


async def fresh(turn: Turn) -> None:
    """Words that answer no open question. Danger comes before everything else."""
    incoming = turn.incoming
    text = incoming.text.strip() if incoming else ""
    findings = turn.city.read(text, home=(turn.me.home_place or {}).get("text"))
    if findings.urgent:
        await danger.file(turn, drafts.begun(turn, text), findings)
    elif findings.menu is not None:
        await _menu(turn, findings.menu)
    elif incoming is not None and (incoming.media or incoming.geo) and not text:
        await report.start_wordless(turn)
    elif (
        await meant.supplements(turn, read_supplement(text))
        or (not findings.place.text and await meant.wanted(turn, answers.about_record(text)))
        or await meant.unsolved(turn, findings)
        or await meant.for_worker(turn, findings)
    ):
        return
    elif findings.intent == "wish":
        await wish.start(turn, findings)
    elif findings.intent == "progress" or (findings.intent == "consult" and await meant.is_about_open(turn, findings)):
        await meant.progress(turn, findings)
    elif findings.intent == "smalltalk" and not turn.attached:
        await talk.reply(turn, findings)
    elif findings.intent == "consult" and not findings.matters:
        await consult.answer(turn, findings)
    elif findings.wants_person and len(text) <= _CALL_FOR_HELP:
        await talk.reply(turn, findings)
    elif findings.intent != "request" or not await meant.supplements(turn, read_numbered(text)):
        await report.start(turn, findings)


async def _menu(turn: Turn, command: str) -> None:
    if command == "my_requests":
        await records.mine(turn)
    elif command == "wishes":
        await wish.start(turn, turn.city.read(""))
    elif command == "wall":
        await wall.show(turn)
    elif command == "export":
        await account.export(turn)
    elif command == "erase":
        await account.erase(turn)
    elif command == "cancel":
        await turn.done()
        if not await meant.wanted(turn, "withdraw"):
            await turn.say("talk.nothing_open")
    else:
        await welcome(turn)


async def welcome(turn: Turn) -> None:
    """Who we are and what one can say, in three lines; to those who take records, what they can say of them."""
    await turn.say(
        "talk.welcome_at_work" if await standing.may_work(turn) else "talk.welcome", street=turn.city.street.name
    )
