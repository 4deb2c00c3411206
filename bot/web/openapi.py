"""The OpenAPI document as it is served: every operation says that problems are problem+json."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from bot.web.problems import Problem

_METHODS = {"get", "put", "post", "delete", "patch"}


def describe(app: FastAPI) -> dict[str, Any]:
    """The document of the app's public routes."""
    document = get_openapi(title=app.title, version=app.version, routes=app.routes, description=app.description)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}), Problem=problem)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in document["paths"].values():
        for method, operation in operations.items():
            if method in _METHODS:
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = {"description": "RFC 9457 problem", "content": content}
    return document
