"""The configuration: every key with its default and its meaning. `config.example.toml` says the same to people."""

from __future__ import annotations

import difflib
import re
import tomllib
from datetime import time
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

_POSTGRESQL = re.compile(
    r"postgres(?:ql)?://(?:[^:/@]*(?::[^@]*)?@)?(?:\[[^/?]+\]|[^/:?]*)(?::\d+)?/[^?]+(?:\?(?P<query>.*))?", re.DOTALL
)
"""An address as SQLAlchemy's `make_url` reads it. That takes a tenth of a second to load, for commands without a database."""


class ConfigError(ValueError):
    """The configuration cannot be used. One line a fault, each naming the key and what to write."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StreetSection(_Section):
    """[street]"""

    file: Path = Field(Path("street.toml"), description="the street file: communities, estates, grids")


class TaxonomySection(_Section):
    """[taxonomy]"""

    file: Path | None = Field(None, description="the catalogue file; without it the shipped one is used")
    lexicon: Path | None = Field(None, description="more keywords for the classifier")


def check_url(url: str) -> str:
    """The address of a database as it came. Raises ValueError, which says how to write one."""
    if url.startswith("sqlite:///"):
        return url
    found = _POSTGRESQL.fullmatch(url)
    if not found:
        raise ValueError("write sqlite:///linli.db or postgresql://user:password@host:5432/linli")
    for key, value in parse_qsl(found["query"] or ""):
        if key != "sslmode" and (key, value) != ("pooler", "transaction"):
            raise ValueError("after the ? of a PostgreSQL address stand only pooler=transaction and sslmode=…")
    return url


class StorageSection(_Section):
    """[storage]"""

    url: str = Field(
        "sqlite:///linli.db",
        description="where records are kept: sqlite:///file.db or postgresql://user:word@host/name",
    )
    media: Path = Field(Path("media"), description="the folder for photos and voice messages")
    bucket: str = Field(
        "", description="s3://bucket/prefix: photos and voice messages in S3; the folder is a copy then"
    )
    s3_endpoint: str = Field("", description="the address of an S3-compatible server; empty: Amazon's")
    s3_region: str = Field("", description="the region of the bucket, where the server wants one")
    s3_key: str = Field("", description="the access key; empty: the machine's own identity")
    s3_secret: str = Field("", description="the secret of the access key; better from LINLI_STORAGE__S3_SECRET")

    @field_validator("url")
    @classmethod
    def _known(cls, url: str) -> str:
        return check_url(url)

    @field_validator("bucket")
    @classmethod
    def _is_bucket(cls, address: str) -> str:
        parts = urlsplit(address)
        if address and (parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment):
            raise ValueError("write s3://bucket or s3://bucket/prefix")
        return address

    @property
    def beside(self) -> Path:
        """What locks and key files are named after: the SQLite file, else something beside the media folder."""
        if self.url.startswith("sqlite:///"):
            return Path(self.url.removeprefix("sqlite:///"))
        return self.media.parent / "linli"


class WebSection(_Section):
    """[web]"""

    host: str = Field("127.0.0.1", description="the address to listen on; 0.0.0.0 for all")
    port: int = Field(8000, ge=0, le=65535, description="the port to listen on")
    base_url: str = Field("", description="the address people open, such as https://linli.example.cn")
    metrics_token: str = Field("", description="opens /metrics to other machines; empty: only this machine")
    worker_metrics_port: int = Field(
        0, ge=0, le=65535, description="where `linli worker` shows /metrics on 127.0.0.1; 0: nowhere"
    )


class TelegramSection(_Section):
    """[telegram]"""

    token: str = Field("", description="the token from @BotFather; empty: no Telegram")
    base_url: str = Field("https://api.telegram.org", description="the Bot API server, or a local one")
    mode: Literal["polling", "webhook"] = Field("polling", description="polling or webhook")
    secret: str = Field("", description="the webhook's secret token: letters, digits, _ and -")
    channel: str = Field(
        "",
        pattern=r"^(@[A-Za-z][A-Za-z0-9_]{3,31}|-[0-9]{4,17})?$",
        description="the public channel for new wishes: @name or its number; the bot is its administrator; empty: none",
    )
    per_second: float = Field(30, gt=0, description="messages a second to all chats together")
    chat_interval: float = Field(1.0, ge=0, description="seconds between two messages to one chat")
    group_per_minute: int = Field(20, gt=0, description="messages a minute to one group")


class WecomSection(_Section):
    """[wecom]"""

    corp_id: str = Field("", description="the company's id, ww…; empty: no WeCom")
    agent_id: int = Field(0, ge=0, description="the application's AgentId, a number")
    secret: str = Field("", description="the application's Secret")
    token: str = Field("", description="the Token of the application's message callback")
    aes_key: str = Field("", description="the EncodingAESKey of the application's message callback, 43 characters")
    bot_id: str = Field("", description="the id of the group bot in long-connection mode; empty: no group bot")
    bot_secret: str = Field("", description="the group bot's Secret")
    member_cards: Literal["always", "without_group", "never"] = Field(
        "without_group", description="who gets cards in their own chat: always, without_group or never"
    )
    webhooks: dict[str, str] = Field(
        {}, description="queues and the key of the group webhook that hears of them, such as {'grid:g1' = '…'}"
    )
    departments: dict[str, str] = Field(
        {}, description="WeCom department ids and the queue their members work in, such as {'12' = 'grid:g1'}"
    )
    base_url: str = Field("https://qyapi.weixin.qq.com", description="the interface's address")
    bot_url: str = Field("wss://openws.work.weixin.qq.com", description="the group bot's address")
    sign_in_url: str = Field("https://open.weixin.qq.com", description="the silent sign-in's address")

    @field_validator("aes_key")
    @classmethod
    def _key(cls, key: str) -> str:
        if key and not re.fullmatch("[A-Za-z0-9]{43}", key):
            raise ValueError("must be 43 letters and digits; copy it again from the callback's settings")
        return key


class NoticeForm(_Section):
    """A form approved in WeChat's console: {id = "…", fields = {item = "thing1", state = "phrase2"}}"""

    id: str = ""
    fields: dict[Literal["number", "item", "place", "state", "at"], str] = {}
    lasting: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.id) != bool(self.fields):
            raise ValueError('write {id = "…", fields = {number = "character_string1", item = "thing2"}}, or nothing')
        return self


class WeChatSection(_Section):
    """[wechat]"""

    app_id: str = Field("", pattern=r"^(wx[0-9a-f]{16})?$", description="the account's AppID; empty: no WeChat")
    app_secret: str = Field("", description="the AppSecret, 32 letters and digits")
    token: str = Field("", pattern=r"^([A-Za-z0-9]{3,32})?$", description="the Token of the server configuration")
    aes_key: str = Field("", pattern=r"^([A-Za-z0-9]{43})?$", description="the EncodingAESKey: 43 letters and digits")
    original_id: str = Field("", pattern=r"^(gh_[0-9a-z]+)?$", description="the original id gh_…; empty: not compared")
    base_url: str = Field("https://api.weixin.qq.com", description="WeChat's server, or a local one")
    sign_in_url: str = Field("https://open.weixin.qq.com", description="where people's openid is asked for")
    verify_file: str = Field(
        "", pattern=r"^(MP_verify_[A-Za-z0-9]{1,64}\.txt)?$", description="the file that proves the web domain"
    )
    template_rate: NoticeForm = Field(NoticeForm(), description="the template message that asks for a rating")
    template_news: NoticeForm = Field(NoticeForm(), description="the template message that tells of progress")
    agreed_rate: NoticeForm = Field(NoticeForm(), description="the subscription notice that asks for a rating")
    agreed_news: NoticeForm = Field(NoticeForm(), description="the subscription notice that tells of progress")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = [name for name in ("app_secret", "token", "aes_key") if self.app_id and not getattr(self, name)]
        if missing:
            raise ValueError(f"with an app_id the account also needs {', '.join(missing)}")
        return self


class HearingSection(_Section):
    """[hearing]: what turns voice messages into text; with neither they are kept and passed on as they are"""

    command: tuple[str, ...] = Field(
        (), description="a program and its arguments; {file} is the sound, stdout the text"
    )
    url: str = Field("", description="an HTTP address that takes the sound and answers {text}")
    seconds: float = Field(20, gt=0, description="how long one voice message may take")


class LimitsSection(_Section):
    """[limits]"""

    per_person: int = Field(20, ge=0, description="messages a minute answered at once to one person; 0: no limit")
    per_person_presses: int = Field(60, ge=0, description="presses a minute of one person; 0: no limit")
    per_group: int = Field(120, ge=0, description="messages a minute to the program in one group; 0: no limit")
    backlog: int = Field(1000, gt=0, description="updates that may wait to be handled before /readyz says no")
    backlog_seconds: float = Field(60, gt=0, description="how old the oldest of them may be before /readyz says no")
    disk_free_mb: int = Field(500, ge=0, description="free space in MB below which /readyz says no")


class ClocksSection(_Section):
    """[clocks]"""

    tz: str = Field("Asia/Shanghai", description="the time zone")
    speed: float = Field(1.0, gt=0, description="how fast time runs; above 1 only for demonstrations")
    quiet_from: time = Field(time(21, 0), description="from when residents are not disturbed, such as 21:00:00")
    quiet_until: time = Field(time(8, 0), description="until when residents are not disturbed")
    calendar: Path | None = Field(None, description="the file of working hours; without it 08:30 to 18:00")
    brief_at: time = Field(time(8, 30), description="when groups hear of their day, such as 08:30:00")

    @field_validator("tz")
    @classmethod
    def _zone(cls, tz: str) -> str:
        try:
            ZoneInfo(tz)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("not a time zone; write Asia/Shanghai") from None
        return tz


class PointsSection(_Section):
    """[points]"""

    file: Path | None = Field(None, description="the rules of points; without it the shipped ones are used")


class RatingSection(_Section):
    """[rating]"""

    ask_after_hours: float = Field(2, ge=0, description="hours after the result until the resident is asked")
    remind_after_hours: tuple[float, ...] = Field((24, 72), description="hours after asking until each reminder")
    close_after_days: float = Field(7, gt=0, description="days after the result until it closes unrated")
    weights: tuple[int, int, int] = Field(
        (30, 35, 35), description="what response, resolution and satisfaction count on the board, in percent"
    )

    @field_validator("weights")
    @classmethod
    def _whole(cls, given: tuple[int, int, int]) -> tuple[int, int, int]:
        if min(given) < 0 or sum(given) != 100:
            raise ValueError("three whole numbers that add up to 100, such as [30, 35, 35]")
        return given


class PrivacySection(_Section):
    """[privacy]"""

    keys: tuple[str, ...] = Field((), description="sealing keys, newest first; empty: a key file beside the data")


class TriageSection(_Section):
    """[triage]"""

    sure: float = Field(0.7, ge=0, le=1, description="confidence from which one confirmation is enough")
    unsure: float = Field(0.3, ge=0, le=1, description="confidence below which the desk decides")


class TracesSection(_Section):
    """[traces]: OpenTelemetry"""

    endpoint: str = Field("", description="where traces go by OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces")
    share: float = Field(1.0, ge=0, le=1, description="what part of all updates is traced")


class EmergencySection(_Section):
    """[emergency]: a number of your own to give beside 110, 119 and 120, by kind of danger"""

    gas: str = Field("", description="the gas company's emergency number")
    electric: str = Field("", description="the power company's emergency number")
    trapped: str = Field("", description="the lift rescue number")


class Config(BaseSettings):
    """Everything an operator can set. Environment variables `LINLI_<SECTION>__<KEY>` win over the file."""

    model_config = SettingsConfigDict(
        env_prefix="LINLI_", env_nested_delimiter="__", extra="forbid", nested_model_default_partial_update=True
    )

    street: StreetSection = StreetSection()
    taxonomy: TaxonomySection = TaxonomySection()
    storage: StorageSection = StorageSection()
    web: WebSection = WebSection()
    telegram: TelegramSection = TelegramSection()
    wecom: WecomSection = WecomSection()
    wechat: WeChatSection = WeChatSection()
    hearing: HearingSection = HearingSection()
    limits: LimitsSection = LimitsSection()
    clocks: ClocksSection = ClocksSection()
    rating: RatingSection = RatingSection()
    points: PointsSection = PointsSection()
    privacy: PrivacySection = PrivacySection()
    triage: TriageSection = TriageSection()
    emergency: EmergencySection = EmergencySection()
    traces: TracesSection = TracesSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then the file."""
        return env_settings, init_settings


def load_config(path: Path | None) -> Config:
    """The configuration of a file, with its paths made relative to the file. Raises `ConfigError`."""
    data: dict[str, Any] = {}
    base = Path.cwd()
    if path is not None:
        base = path.resolve().parent
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigError(f"{path}: no such file; copy config.example.toml and change it") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: not valid TOML: {error}") from None
    try:
        config = Config(**data)
    except ValidationError as error:
        name = str(path) if path else "environment"
        raise ConfigError("\n".join(_fault(name, detail) for detail in error.errors())) from None
    return _absolute(config, base)


def _absolute(config: Config, base: Path) -> Config:
    def at(file: Path | None) -> Path | None:
        return None if file is None else base / file

    url = config.storage.url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = f"sqlite:///{base / url.removeprefix('sqlite:///')}"
    return config.model_copy(
        update={
            "street": StreetSection(file=base / config.street.file),
            "taxonomy": TaxonomySection(file=at(config.taxonomy.file), lexicon=at(config.taxonomy.lexicon)),
            "points": PointsSection(file=at(config.points.file)),
            "clocks": config.clocks.model_copy(update={"calendar": at(config.clocks.calendar)}),
            "storage": config.storage.model_copy(update={"url": url, "media": base / config.storage.media}),
        }
    )


def _fault(name: str, detail: Any) -> str:
    place = [str(part) for part in detail["loc"]]
    section = place[0] if place else ""
    key = place[1] if len(place) > 1 else ""
    if detail["type"] == "extra_forbidden":
        return f"{name}: {_unknown(section, key)}"
    field = _field(section, key)
    meaning = f" ({field.description})" if field is not None and field.description else ""
    where = f"[{section}] {key}" if key else f"[{section}]"
    return f"{name}: {where}: {detail['msg'].removeprefix('Value error, ')}{meaning}"


def _unknown(section: str, key: str) -> str:
    if not key:
        near = difflib.get_close_matches(section, list(Config.model_fields), 1)
        hint = f"did you mean [{near[0]}]?" if near else f"the sections are {', '.join(Config.model_fields)}"
        return f"[{section}] is no section; {hint}"
    fields = _fields(section)
    near = difflib.get_close_matches(key, list(fields), 1)
    hint = f"did you mean {near[0]} ({fields[near[0]].description})?" if near else f"known: {', '.join(fields)}"
    return f"[{section}] {key} is no key; {hint}"


def _fields(section: str) -> dict[str, Any]:
    model = Config.model_fields[section].annotation
    return dict(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else {}


def _field(section: str, key: str) -> Any | None:
    return _fields(section).get(key) if section in Config.model_fields else None
