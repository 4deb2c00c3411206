"""The command line: `linli`. Errors are one readable line on stderr; a traceback only with --debug. Exit codes 0, 1, 2."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from bot import evaluation
from bot.catalogue import CatalogueError, build_city, load_taxonomy, reader_items
from bot.config import Config, ConfigError, check_url, load_config
from bot.texts.render import TextError
from handlers import triage as deciding
from handlers.city import City
from handlers.messages import MAX_TEXT
from nlp.labels import correction, read_labels, shipped_labels

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="邻里 Linli")
audit = typer.Typer(no_args_is_help=True, help="Checks the ledger, and the books against it.")
app.add_typer(audit, name="audit")
letters = typer.Typer(no_args_is_help=True, help="Messages that could not be sent: see them, send them again.")
app.add_typer(letters, name="outbox")
wechat = typer.Typer(no_args_is_help=True, help="The WeChat account: its menu and its place codes.")
app.add_typer(wechat, name="wechat")
keyring = typer.Typer(no_args_is_help=True, help="Replaces the key that names, phones and words are sealed with.")
app.add_typer(keyring, name="keys")
company = typer.Typer(no_args_is_help=True, help="WeCom: staff by the company's address book, groups of a queue.")
app.add_typer(company, name="wecom")
partner = typer.Typer(no_args_is_help=True, help="Other systems that bring records and hear what becomes of them.")
app.add_typer(partner, name="partner")
_state = {"debug": False}

_load = importlib.import_module
"""For what only one command needs: the others start sooner and in less memory without it."""
ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="the configuration file; see config.example.toml")
]
KNOWN = (ConfigError, CatalogueError, TextError, OSError, ValueError)
OF_THE_STORAGE = {
    "storage.seal": "SealBroken",
    "storage.migrate": "SchemaNewer",
    "storage.database": "Unavailable",
}
"""What else can go wrong by a setting or a file, for the commands that load these modules."""


def _of_the_storage() -> tuple[type[Exception], ...]:
    return tuple(getattr(sys.modules[module], name) for module, name in OF_THE_STORAGE.items() if module in sys.modules)


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="show tracebacks and detailed logs")] = False,
) -> None:
    _state["debug"] = debug


def _guarded(work: Callable[[], Any]) -> Any:
    """Runs a command; what can go wrong by a setting or a file becomes one line and exit code 1."""
    try:
        return work()
    except Exception as error:
        if _state["debug"] or not isinstance(error, KNOWN + _of_the_storage()):
            raise
        _load("bot.telling").fault(str(error).splitlines() or [type(error).__name__])
        raise typer.Exit(1) from None


def _await(work: Coroutine[Any, Any, Any]) -> Any:
    _set_up_logs()
    return _load("asyncio").run(work)


def _set_up_logs() -> None:
    """For whatever opens a database or a port; what only reads texts and files writes none."""
    _load("bot.logs").set_up(debug=_state["debug"])


@app.command()
def run(
    config: ConfigFile = None,
    port: Annotated[int | None, typer.Option(help="listen on this port instead of [web] port")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="the example street with a few neighbours, in var/demo")] = False,
) -> None:
    """Everything in one process: web, channels, timers, delivery."""
    _guarded(lambda: _run(_chosen(config, port, demo=demo), demo=demo, intake=True, delivery=True))


@app.command()
def serve(config: ConfigFile = None, port: Annotated[int | None, typer.Option()] = None) -> None:
    """Web and channel intake only; a `linli worker` beside it sends and fires timers."""
    _guarded(lambda: _run(_chosen(config, port), intake=True, delivery=False))


@app.command()
def worker(config: ConfigFile = None) -> None:
    """Timers and delivery only; a `linli serve` beside it receives."""
    _guarded(lambda: _run(_chosen(config, None), intake=False, delivery=True))


def _run(config: Config, **what: bool) -> None:
    _set_up_logs()
    _load("bot.serve").run_to_the_end(config, **what)


def _chosen(path: Path | None, port: int | None, *, demo: bool = False) -> Config:
    config = _load("bot.doctor").demo_config() if demo and path is None else load_config(path)
    if port is None:
        return config
    if not 0 <= port <= 65535:
        raise ConfigError(f"--port must be 0 to 65535, not {port}")
    return config.model_copy(update={"web": config.web.model_copy(update={"port": port})})


def _city(config: Config, lexicon: Path | None = None) -> City:
    return build_city(
        street_file=config.street.file,
        taxonomy_file=config.taxonomy.file,
        channels={},
        lexicon=lexicon or config.taxonomy.lexicon,
    )


@app.command()
def triage(
    config: ConfigFile = None,
    lexicon: Annotated[Path | None, typer.Option(help="a learned lexicon, or more keywords")] = None,
) -> None:
    """Reads JSON lines {"id", "text"} on stdin and writes one JSON line each: kind, place, queue and why."""
    _guarded(lambda: _triage_lines(_city(load_config(config), lexicon), sys.stdin, sys.stdout))


def _triage_lines(city: City, lines: TextIO, out: TextIO) -> None:
    for line in lines:
        if line.strip():
            print(json.dumps(_triage_line(city, line), ensure_ascii=False), file=out, flush=True)


def _triage_line(city: City, line: str) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except ValueError as error:
        return {"id": None, "error": f"not JSON: {error}"}
    if not isinstance(data, dict):
        return {"id": None, "error": "not a JSON object"}
    record_id, text = data.get("id"), data.get("text")
    if not isinstance(text, str):
        return {"id": record_id, "error": "no text"}
    if len(text) > MAX_TEXT:
        return {"id": record_id, "error": f"text over {MAX_TEXT} characters"}
    started = time.perf_counter()
    findings = city.reader.read(text)
    return deciding.as_line(city, record_id, findings, (time.perf_counter() - started) * 1000)


@app.command()
def learn(
    out: Annotated[Path, typer.Option(help="the lexicon to write")],
    labels: Annotated[list[Path] | None, typer.Option(help='JSON lines {"text", "item"}; may be given again')] = None,
    taxonomy: Annotated[
        Path | None, typer.Option(help="the catalogue; by default the configured or shipped one")
    ] = None,
    config: ConfigFile = None,
    from_database: Annotated[bool, typer.Option("--from-database", help="also the corrections kept there")] = False,
    examples: Annotated[bool, typer.Option(help="also the example messages of the package")] = True,
    what: Annotated[str, typer.Option(help="item, intent or urgency")] = "item",
    force: Annotated[bool, typer.Option("--force", help="write it even when it is worse than the one in use")] = False,
) -> None:
    """Learns keyword weights from labelled messages. The file is readable; hand-written entries keep counting."""
    if what not in ("item", "intent", "urgency"):
        raise typer.BadParameter("must be item, intent or urgency", param_hint="--what")
    if not labels and not from_database and not examples:
        raise typer.BadParameter("nothing to learn from: give --labels FILE or --from-database")
    _guarded(
        lambda: _learn(out, labels or [], taxonomy, config, what, kept=from_database, examples=examples, force=force)
    )


def _learn(
    out: Path,
    files: list[Path],
    taxonomy: Path | None,
    config: Path | None,
    what: str,
    *,
    kept: bool,
    examples: bool,
    force: bool,
) -> None:
    teach = _load("bot.teach")
    settings = load_config(config) if config or kept else None
    catalogue = taxonomy or (settings.taxonomy.file if settings else None)
    subject = teach.subject(what, reader_items(load_taxonomy(catalogue)))
    given = read_labels(files)
    if kept and settings:
        given += [correction(text, item) for text, item in _await(_load("bot.corrections").kept_corrections(settings))]
    with _load("bot.telling").doing() as tell:
        for line in teach.teach(
            subject,
            given,
            shipped_labels() if examples else [],
            out,
            current=settings.taxonomy.lexicon if settings else None,
            force=force,
            source=", ".join([path.name for path in files] + ["corrections"] * kept + ["examples"] * examples),
            tell=tell,
        ):
            typer.echo(line)


@app.command()
def evaluate(
    labels: Annotated[
        list[Path], typer.Option(help='JSON lines {"text", "item", "intent", "urgent", "grid", "queue"}')
    ],
    config: ConfigFile = None,
    lexicon: Annotated[Path | None, typer.Option(help="a learned lexicon, or more keywords")] = None,
) -> None:
    """Measures the triage on labelled messages: what is right, how sure it was, what is confused, how long it took."""

    def measure() -> None:
        given = read_labels(labels)
        if not given:
            raise ValueError(f"{labels[0]}: no labelled messages")
        for line in evaluation.report(evaluation.read_all(_city(load_config(config), lexicon), given)):
            typer.echo(line)

    _guarded(measure)


@app.command(name="doctor")
def examine(config: ConfigFile = None) -> None:
    """Checks configuration, database, tokens, clock and dictionary: one plain line a finding; exit 0 when all is well."""
    findings = _await(_load("bot.doctor").examine(config))
    for finding in findings:
        _load("bot.telling").finding(finding.level, finding.text)
    raise typer.Exit(1 if any(f.level == "fail" for f in findings) else 0)


@app.command()
def qr(
    config: ConfigFile = None,
    out: Annotated[Path, typer.Option(help="the PDF to write")] = Path("posters.pdf"),
    only: Annotated[str, typer.Option(help="only places whose name contains this")] = "",
    telegram: Annotated[str, typer.Option(help="the bot's username, for a second code")] = "",
    base_url: Annotated[str, typer.Option(help="the address people open, instead of [web] base_url")] = "",
) -> None:
    """Writes a PDF of posters: one place code for every building and landmark of the street file."""

    def write() -> None:
        settings = load_config(config)
        address = base_url or settings.web.base_url
        if not address:
            raise ConfigError("posters need the address people open: set [web] base_url or give --base-url")
        count = _load("bot.posters").write_posters(_city(settings), address, out, telegram_username=telegram, only=only)
        if not count:
            raise ConfigError(f"no place matches {only!r}")
        typer.echo(f"{out}: {count} posters")

    _guarded(write)


@app.command()
def backup(
    config: ConfigFile = None, out: Annotated[Path, typer.Option(help="the file to write")] = Path("linli-backup.db")
) -> None:
    """Copies the database while it runs, and checks the copy. The key file is not in it: keep that elsewhere."""

    with _load("bot.telling").bars() as tell:
        _guarded(lambda: _await(_load("bot.copies").back_up(load_config(config), out, tell)))
    typer.echo(f"{out}: checked")


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="a file made by `linli backup`")],
    config: ConfigFile = None,
    force: Annotated[bool, typer.Option("--force", help="overwrite the records that are there")] = False,
) -> None:
    """Puts a backup in the place of the database, of either kind. Stop the program first."""

    with _load("bot.telling").bars() as tell:
        to_do = _guarded(lambda: _await(_load("bot.copies").restore(load_config(config), source, tell, force=force)))
    typer.echo("restored")
    if to_do:
        typer.echo(f"before the start: {to_do}", err=True)


@app.command(name="migrate-storage")
def migrate_storage(
    to: Annotated[str, typer.Option("--to", help="the address of an empty database")],
    source: Annotated[str, typer.Option("--from", help="the address of the database that is filled")] = "",
    config: ConfigFile = None,
) -> None:
    """Copies all records into another database and compares the two. Stop the program first; the source stays as it is."""

    def given() -> str:
        return check_url(source) if source else load_config(config).storage.url

    with _load("bot.telling").bars() as tell:
        moved = _guarded(lambda: _await(_load("bot.copies").move(given(), to, tell)))
    for table in moved:
        typer.echo(f"{table.table}\t{table.rows}\t{table.checksum[:16]}")
    typer.echo(
        f"{sum(table.rows for table in moved)} rows, the same on both sides; now set [storage] url, and keep the key"
    )


@audit.command(name="verify")
def audit_verify(
    config: ConfigFile = None,
    head: Annotated[str, typer.Option(help="NUMBER:HASH that an earlier audit said and you kept elsewhere")] = "",
) -> None:
    """Reads every event and compares hashes, links and the head: one plain line a finding; exit 0 when all is well."""
    sound = _guarded(lambda: _await(_load("bot.audit").verify(load_config(config), head, typer.echo)))
    raise typer.Exit(0 if sound else 1)


@audit.command(name="rebuild")
def audit_rebuild(
    config: ConfigFile = None,
    check: Annotated[bool, typer.Option("--check", help="only compare: states, ratings, counters, figures")] = False,
) -> None:
    """Makes the counters anew from the events; with --check changes nothing, and exits 1 when anything differs."""
    work = _load("bot.audit")
    if not check:
        _guarded(lambda: _await(work.rebuild(load_config(config), typer.echo)))
    elif not _guarded(lambda: _await(work.check(load_config(config), typer.echo))):
        raise typer.Exit(1)


@letters.command(name="list")
def list_letters(
    config: ConfigFile = None,
    chat: Annotated[int | None, typer.Option(help="only those of this chat")] = None,
) -> None:
    """One line a dead letter: id, chat, kind of chat, age, tries, reason. Neither words nor names."""
    _guarded(lambda: _await(_load("bot.letters").show(load_config(config), chat, typer.echo)))


@letters.command(name="retry")
def retry_letters(
    config: ConfigFile = None,
    chat: Annotated[int | None, typer.Option(help="those of this chat")] = None,
    letter: Annotated[int | None, typer.Option("--id", help="this one")] = None,
    everything: Annotated[bool, typer.Option("--all", help="all of them")] = False,
) -> None:
    """Sends dead letters again; the program may be running."""
    work = _load("bot.letters").retry
    _guarded(lambda: _await(work(load_config(config), chat, letter, typer.echo, everything=everything)))


@partner.command(name="add")
def add_partner(
    name: str,
    config: ConfigFile = None,
    url: Annotated[str, typer.Option(help="where it hears of changes; empty: nowhere")] = "",
) -> None:
    """A new partner: its key and its secret are shown once."""
    _guarded(lambda: _await(_load("bot.partnering").add(load_config(config), name, url, typer.echo)))


@partner.command(name="list")
def list_partners(config: ConfigFile = None) -> None:
    """Every partner, and how far it has been told."""
    _guarded(lambda: _await(_load("bot.partnering").listed(load_config(config), typer.echo)))


@partner.command(name="end")
def end_partner(name: str, config: ConfigFile = None) -> None:
    """The partner's key stops working."""
    _guarded(lambda: _await(_load("bot.partnering").end(load_config(config), name, typer.echo)))


@keyring.command(name="add")
def add_key(config: ConfigFile = None) -> None:
    """First step: a new key that every process learns at its next start. It seals nothing yet."""
    _guarded(lambda: _load("bot.keys").add(load_config(config), typer.echo))


@keyring.command(name="rotate")
def rotate_keys(config: ConfigFile = None) -> None:
    """Second step: the new key seals, and all that is stored is sealed with it, in batches, while the program runs."""
    with _load("bot.telling").bars() as tell:
        _guarded(lambda: _await(_load("bot.keys").rotate(load_config(config), typer.echo, tell)))


@keyring.command(name="drop")
def drop_keys(config: ConfigFile = None) -> None:
    """Last step, after every process was restarted: checks that nothing needs the old keys, and takes them away."""
    with _load("bot.telling").bars() as tell:
        _guarded(lambda: _await(_load("bot.keys").drop(load_config(config), typer.echo, tell)))


@wechat.command(name="menu")
def wechat_menu(config: ConfigFile = None) -> None:
    """Puts the menu under the chat; people see it within five minutes."""
    work = _load("bot.wechat")

    async def put(settings: Config) -> int:
        async with work.opened(settings) as (client, _):
            return int(await work.make_menu(client, _city(settings), settings))

    typer.echo(f"{_asked(put, load_config, config)} buttons")


@wechat.command(name="codes")
def wechat_codes(
    config: ConfigFile = None,
    out: Annotated[Path, typer.Option(help="the PDF to write")] = Path("wechat-posters.pdf"),
    only: Annotated[str, typer.Option(help="only places whose name contains this")] = "",
) -> None:
    """Makes a permanent WeChat code for every building and landmark, once each, and writes a PDF of posters."""
    work = _load("bot.wechat")

    async def make(settings: Config) -> int:
        city = _city(settings)
        wanted = [code for code, words in city.place_codes.items() if only in words]
        async with work.opened(settings) as (client, store):
            with _load("bot.telling").bars() as tell:
                urls = await work.make_codes(client, store, wanted, lambda n: tell("codes", n, len(wanted)))
        return int(_load("bot.posters").write_posters(city, "", out, only=only, addresses=urls))

    count = _asked(make, load_config, config)
    typer.echo(f"{out}: {count} posters" if count else f"no place matches {only!r}")


def _asked(
    work: Callable[[Config], Coroutine[Any, Any, int]], load: Callable[[Path | None], Config], path: Path | None
) -> int:
    """Runs a command that asks WeChat; what it refuses is one line."""
    refused = _load("bot.channels.wechat.refusals").WeChatError

    def run_() -> int:
        try:
            return int(_await(work(load(path))))
        except refused as error:
            raise ConfigError(f"WeChat refused: {error}; linli doctor says what to mend") from None

    return int(_guarded(run_))


@company.command(name="staff")
def wecom_staff(
    config: ConfigFile = None,
    invite: Annotated[bool, typer.Option("--invite", help="send a one-time code to whoever has no role yet")] = False,
    end: Annotated[bool, typer.Option("--end", help="end the roles of those who are not listed any more")] = False,
) -> None:
    """Compares the departments in [wecom] departments with the roles; changes nothing without --invite or --end."""
    work = _load("bot.wecom_desk").staff
    _guarded(lambda: _await(work(load_config(config), typer.echo, invite=invite, end=end)))


@company.command(name="menu")
def wecom_menu(config: ConfigFile = None) -> None:
    """Puts the menu under the chat with the application."""
    _guarded(lambda: _await(_load("bot.wecom_desk").menu(load_config(config), typer.echo)))


@company.command(name="group")
def wecom_group(
    queue: Annotated[str, typer.Argument(help="the queue, such as grid:yinxing-01")], config: ConfigFile = None
) -> None:
    """Makes a WeCom group of everybody who works in a queue, or brings it up to date."""
    _guarded(lambda: _await(_load("bot.wecom_desk").group(load_config(config), queue, typer.echo)))


@app.command()
def codes(config: ConfigFile = None) -> None:
    """Lists every place code and the words it stands for."""
    city: City = _guarded(lambda: _city(load_config(config)))
    for code, words in _load("bot.telling").one_by_one(list(city.place_codes.items())):
        typer.echo(f"{code}\t{words}")


def main() -> None:
    """The entry point."""
    app()
