"""The program's own source as the tests about it read it: files, strings, calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

_POOL = ThreadPoolExecutor(1)  # a thread of its own: CPython 3.11 counts the parser's depth wrongly after greenlets

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bot", "handlers", "nlp", "storage", "workflow")


def files(*packages: str) -> list[Path]:
    """Every Python file of these packages."""
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def name(path: Path) -> str:
    """The path as it is written in this repository."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """The parsed file."""
    return _POOL.submit(ast.parse, path.read_text(encoding="utf-8")).result()


def strings(node: ast.AST) -> Iterator[ast.Constant]:
    """Every string that is not a docstring."""
    docs = {
        id(inner.value)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant)
    }
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and id(inner) not in docs:
            yield inner


def patterns(node: ast.AST) -> Iterator[str]:
    """Every f-string as a regular expression: what is filled in may be any word."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.JoinedStr):
            parts = [p.value if isinstance(p, ast.Constant) else "[a-z0-9_]+" for p in inner.values]
            yield "".join(str(p).replace(".", r"\.") if not str(p).startswith("[a-z") else str(p) for p in parts)


def calls(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """(name of the function or method, call)."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            if isinstance(inner.func, ast.Attribute):
                yield inner.func.attr, inner
            elif isinstance(inner.func, ast.Name):
                yield inner.func.id, inner


def constants(node: ast.AST) -> list[str]:
    """The strings an argument may be: a constant, or either side of a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [*constants(node.body), *constants(node.orelse)]
    return []
