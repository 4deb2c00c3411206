"""Looks at everything that can be wrong before it is: one finding a line, each saying what to do next."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot import doctor_wechat, keys, wecom_doctor
from bot.catalogue import CatalogueError, build_city, holidays_known_until
from bot.config import Config, ConfigError, load_config
from bot.demo.fill import STORY
from bot.extras import media_store
from bot.findings import Finding
from bot.program import sealing_keys
from bot.texts.render import TextError
from handlers.city import City
from storage import migrate
from storage.database import Database, Unavailable
from storage.ids import Ids
from storage.seal import Sealer
from storage.tx import Store

DEMO_FOLDER = Path("var/demo")
OLDEST_POSTGRESQL = 14
"""The oldest version that is looked after here."""
_WRONG_PASSWORD = ("28P01", "28000")
_NO_DATABASE = "3D000"
"""invalid_password, invalid_authorization_specification; invalid_catalog_name."""
_SOON = timedelta(days=60)
_CLOCK_OFF = timedelta(minutes=2)


def demo_config() -> Config:
    """The demonstration's configuration: the example street, everything kept in var/demo."""
    base = DEMO_FOLDER.resolve()
    base.mkdir(parents=True, exist_ok=True)
    config = load_config(None)
    return config.model_copy(
        update={
            "street": config.street.model_copy(update={"file": STORY.parent / "street.toml"}),
            "storage": config.storage.model_copy(
                update={"url": f"sqlite:///{base / 'linli.db'}", "media": base / "media"}
            ),
        }
    )


async def examine(path: Path | None) -> list[Finding]:
    """Every finding, in the order a person would mend them."""
    try:
        config = load_config(path)
    except ConfigError as error:
        return [Finding("fail", line) for line in str(error).splitlines()]
    findings = [Finding("ok", f"configuration: {path or 'defaults'}")]
    city, found = _data_files(config)
    findings += found
    if city is not None:
        findings += await _database(config, city)
        findings += _holidays(config)
    findings += await _bucket(config)
    findings += await _telegram(config)
    findings += await _platforms(config, city)
    findings += _web(config)
    return findings


def _data_files(config: Config) -> tuple[City | None, list[Finding]]:
    started = time.perf_counter()
    try:
        city = build_city(
            street_file=config.street.file,
            taxonomy_file=config.taxonomy.file,
            channels={},
            lexicon=config.taxonomy.lexicon,
            calendar_file=config.clocks.calendar,
            points_file=config.points.file,
        )
    except (CatalogueError, TextError, ValueError, OSError) as error:
        return None, [Finding("fail", str(error))]
    grids = sum(1 for _ in city.street.grids())
    seconds = time.perf_counter() - started
    return city, [
        Finding("ok", f"street: {city.street.name}, {len(city.street.communities)} communities, {grids} grids"),
        Finding("ok", f"catalogue: {len(city.taxonomy.items)} items; dictionary read in {seconds:.1f} s"),
    ]


async def _database(config: Config, city: City) -> list[Finding]:
    if not config.storage.url.startswith("sqlite:"):
        return await _postgresql(config, city)
    file = config.storage.beside
    if not await asyncio.to_thread(file.exists):
        return [Finding("ok", f"database: {file} will be made at the first start")]
    findings = []
    database = Database(config.storage.url, city.street.id)
    try:
        version = await migrate.current(database)
        findings.append(Finding("ok", f"database: {file}, schema {version}"))
        await _check_keys(config, database, version)
    except ConfigError as error:
        findings.append(Finding("fail", str(error)))
    except migrate.SchemaNewer as error:
        findings.append(Finding("fail", f"database: {error}"))
    except (SQLAlchemyError, ValueError, OSError) as error:
        findings.append(Finding("fail", f"database: {file}: {error}; check the file and [privacy] keys"))
    finally:
        await database.close()
    return findings


async def _check_keys(config: Config, database: Database, version: str) -> None:
    """Raises ConfigError, or ValueError for a key that is none. An older schema is looked at when it is up to date."""
    store = Store(database, Ids(), Sealer(sealing_keys(config)))
    if version == migrate.head():
        await keys.check(config, store)


async def _postgresql(config: Config, city: City) -> list[Finding]:
    database = Database(config.storage.url, city.street.id)
    try:
        findings = await _server(database)
        version = await migrate.current(database)
        schema = f"schema {version}" if version else "the schema will be made at the first start"
        findings.append(Finding("ok", f"database: {database.shown}, {schema}"))
        await _check_keys(config, database, version)
    except migrate.SchemaNewer as error:
        findings = [Finding("fail", f"database: {error}")]
    except Unavailable as error:
        findings = [Finding("fail", f"database: {_why_shut(error, database)}")]
    except ConfigError as error:
        findings.append(Finding("fail", str(error)))
    except (SQLAlchemyError, ValueError) as error:
        findings = [Finding("fail", f"database: {database.shown}: {error}; check it and [privacy] keys")]
    finally:
        await database.close()
    return findings


async def _server(database: Database) -> list[Finding]:
    """Version and durability of a PostgreSQL server."""
    findings = []
    async with database.read() as connection:
        number = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
        unsafe = [
            name
            for name in ("fsync", "synchronous_commit", "full_page_writes")
            if (await connection.execute(text(f"SHOW {name}"))).scalar_one() == "off"
        ]
    if number // 10_000 < OLDEST_POSTGRESQL:
        findings.append(
            Finding(
                "fail",
                f"database: PostgreSQL {number // 10_000} is too old; install {OLDEST_POSTGRESQL} or newer and move the "
                "data with pg_upgrade",
            )
        )
    if unsafe:
        off = ", ".join(unsafe)
        findings.append(
            Finding("warn", f"database: {off} is off: what was acknowledged can be lost in a crash; switch it on")
        )
    return findings


def _why_shut(error: Unavailable, database: Database) -> str:
    """What is wrong with the way to PostgreSQL, and what to do."""
    where, url = database.shown, database.url
    if error.code in _WRONG_PASSWORD:
        return f"{where}: the password of {url.username} is wrong; correct [storage] url, or ALTER ROLE … PASSWORD"
    if error.code == _NO_DATABASE:
        return f"{where}: there is no database {url.database}; make it: createdb -O {url.username} {url.database}"
    if error.code:
        return f"{error}; ask whoever runs the server"
    return f"{error}: cannot be reached; is the server running, and are host and port in [storage] url right?"


async def _bucket(config: Config) -> list[Finding]:
    if not config.storage.bucket:
        return []
    try:
        await asyncio.to_thread(lambda: media_store(config).check())
    except (ConfigError, OSError) as error:
        return [Finding("fail", f"{error}; check [storage] bucket, s3_endpoint and the key")]
    return [Finding("ok", f"files: {config.storage.bucket}")]


def _holidays(config: Config) -> list[Finding]:
    until = holidays_known_until(config.street.file.parent)
    if until - datetime.now(UTC).date() < _SOON:
        year = until.year + 1
        return [
            Finding(
                "warn",
                f"holidays are known until {until}: when the State Council has published {year}, write "
                f"{config.street.file.parent / f'holidays-{year}.toml'} with holidays = [...] and makeup_days = [...]; "
                "until then departments' clocks count the days off that the law fixes, and no make-up days",
            )
        ]
    return [Finding("ok", f"holidays are known until {until}")]


async def _telegram(config: Config) -> list[Finding]:
    section = config.telegram
    if not section.token:
        return [Finding("ok", "telegram: not used ([telegram] token is empty)")]
    account, _, secret = section.token.partition(":")
    if not account.isdigit() or not secret:
        return [Finding("fail", "telegram: the token must look like 123456:letters; ask @BotFather for it")]
    try:
        async with httpx.AsyncClient(timeout=10, trust_env=True) as client:
            answer = await client.get(f"{section.base_url.rstrip('/')}/bot{section.token}/getMe")
    except httpx.HTTPError as error:
        return [
            Finding(
                "fail", f"telegram: {section.base_url} cannot be reached ({type(error).__name__}); check the network"
            )
        ]
    findings = []
    if answer.status_code in (401, 404):
        return [Finding("fail", "telegram: the token is not known to Telegram; copy it again from @BotFather")]
    if answer.status_code != 200:
        return [Finding("fail", f"telegram: answered {answer.status_code}; try again later")]
    me = answer.json().get("result", {})
    findings.append(Finding("ok", f"telegram: @{me.get('username', '')}"))
    sent = answer.headers.get("date")
    if sent:
        theirs = datetime.strptime(sent, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        if abs(datetime.now(UTC) - theirs) > _CLOCK_OFF:
            findings.append(Finding("warn", f"clock: this machine's clock differs from Telegram's ({theirs}); set it"))
    if section.mode == "webhook" and not (config.web.base_url.startswith("https://") and section.secret):
        findings.append(
            Finding("fail", "telegram: a webhook needs [web] base_url with https:// and a [telegram] secret")
        )
    return findings


async def _platforms(config: Config, city: City | None) -> list[Finding]:
    """WeChat and WeCom: what they say, and what the running program has noted of their calls."""
    database = Database(config.storage.url, city.street.id) if city is not None else None
    try:
        store = await _opened(config, database)
        wechat = await doctor_wechat.examine(config, store=store)
        return [*wechat, *[Finding(*found) for found in await wecom_doctor.examine(config, city, store)]]
    finally:
        if database is not None:
            await database.close()


async def _opened(config: Config, database: Database | None) -> Store | None:
    """What the program keeps, when it has been started before and can be read; why not is said elsewhere."""
    if database is None or (database.is_sqlite and not await asyncio.to_thread(config.storage.beside.exists)):
        return None
    try:
        if await migrate.current(database) == migrate.head():
            return Store(database, Ids(), Sealer(sealing_keys(config)))
    except (SQLAlchemyError, ValueError, OSError, Unavailable, migrate.SchemaNewer):
        pass
    return None


def _web(config: Config) -> list[Finding]:
    if not config.web.base_url:
        return [Finding("warn", "web: [web] base_url is empty; posters and links need the address people open")]
    return [Finding("ok", f"web: {config.web.base_url}")]
