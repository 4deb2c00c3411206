"""The published Bot API table: decodes the parameters of a call and finds unknown, missing and mistyped ones.

Lengths and everything else the table does not say live in limits.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

TABLE_FILE = Path(__file__).with_name("bot-api-10.3.json")
SIMPLE = {"Integer", "Float", "String", "Boolean", "True"}


class Upload(NamedTuple):
    """One file part of a multipart request."""

    name: str
    mime: str
    content: bytes


class Decoded(NamedTuple):
    """The parameters with their real types, the uploaded files by part name, and what is wrong with them."""

    params: dict[str, Any]
    files: dict[str, Upload]
    problems: list[str]


@lru_cache(maxsize=1)
def table() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(TABLE_FILE.read_text(encoding="utf-8"))
    return loaded


def find_method(name: str) -> str | None:
    """The method as the table writes it; Telegram ignores case in method names."""
    return {each.lower(): each for each in table()["methods"]}.get(name.lower())


def decode(method: str, raw: Mapping[str, Any], files: dict[str, Upload], *, as_text: bool) -> Decoded:
    """Reads the parameters of `method`. `as_text` says that values came by form, query or multipart, not as JSON."""
    fields = table()["methods"][method]
    params: dict[str, Any] = {}
    problems = [f"{method}: unknown parameter {name!r}" for name in (*raw, *files) if _unknown(name, fields, raw)]
    for name, field in fields.items():
        where = f"{method}.{name}"
        if name in files and "InputFile" in field["type"]:
            params[name] = f"attach://{name}"
        elif name in raw:
            params[name], found = _value(raw[name], field["type"], where, as_text=as_text)
            problems += found
        elif field["required"]:
            problems.append(f"{where}: missing")
    problems += _attachments(params, files, method)
    return Decoded(params, files, problems)


def _unknown(name: str, fields: Mapping[str, Any], raw: Mapping[str, Any]) -> bool:
    return name not in fields and f"attach://{name}" not in json.dumps(list(raw.values()))


def _attachments(params: dict[str, Any], files: Mapping[str, Upload], method: str) -> list[str]:
    named = set(re.findall(r"attach://([^\"\\]+)", json.dumps(params)))
    return [f"{method}: attach://{name} names no part of the request" for name in sorted(named - files.keys())]


def _value(value: Any, kind: str, where: str, *, as_text: bool) -> tuple[Any, list[str]]:
    if isinstance(value, str) and (as_text or not _takes_text(kind)):
        value = _from_text(value, kind)
    return value, check(value, kind, where)


def _takes_text(kind: str) -> bool:
    return any(option in ("String", "InputFile") for option in _options(kind))


def _from_text(text: str, kind: str) -> Any:
    options = _options(kind)
    if "Integer" in options and re.fullmatch(r"-?\d+", text):
        return int(text)
    if _takes_text(kind):
        return text
    if text.lower() in ("true", "false") and ("Boolean" in options or "True" in options):
        return text.lower() == "true"
    try:
        return json.loads(text)
    except ValueError:
        return text


def _options(kind: str) -> list[str]:
    if kind.startswith("Array of "):
        return [kind]
    return re.split(r" or |, | and ", kind)


def check(value: Any, kind: str, where: str) -> list[str]:
    """What is wrong with a JSON value that should be of `kind`; empty when nothing is."""
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            return [f"{where}: should be a list, is {value!r}"]
        inner = kind.removeprefix("Array of ")
        return [problem for at, each in enumerate(value) for problem in check(each, inner, f"{where}[{at}]")]
    tried = [_check_one(value, option, where) for option in _options(kind)]
    return min(tried, key=len)


def _check_one(value: Any, kind: str, where: str) -> list[str]:
    if kind in SIMPLE:
        return [] if _is_simple(value, kind) else [f"{where}: should be {kind}, is {value!r}"]
    if kind == "InputFile":
        return [f"{where}: should be an uploaded file, is {value!r}"]
    if not isinstance(value, dict):
        return [f"{where}: should be {kind}, is {value!r}"]
    fields = table()["types"].get(kind, {})
    if not fields:
        return min((_check_object(value, each, where) for each in _subtypes(kind)), key=len, default=[])
    return _check_object(value, kind, where)


def _is_simple(value: Any, kind: str) -> bool:
    if kind == "True":
        return value is True
    if kind == "Boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    return isinstance(value, {"Integer": (int,), "Float": (int, float), "String": (str,)}[kind])


def _subtypes(kind: str) -> list[str]:
    types = table()["types"]
    return [name for name, fields in types.items() if fields and name != kind and name.startswith(kind)]


def _check_object(value: dict[str, Any], kind: str, where: str) -> list[str]:
    fields = table()["types"][kind]
    problems = [f"{where}: {kind} has no field {name!r}" for name in value if name not in fields]
    for name, field in fields.items():
        if name in value:
            problems += check(value[name], field["type"], f"{where}.{name}")
        elif field["required"]:
            problems.append(f"{where}.{name}: missing in {kind}")
    return problems
