"""The errors of the Bot API as Telegram words them. No rule about when they occur lives here."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refusal in the Bot API's own shape. With `violation`, a correct bot would never have made the call."""

    def __init__(
        self, code: int, description: str, parameters: dict[str, Any] | None = None, *, violation: bool = False
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters
        self.violation = violation

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad(text: str) -> ApiError:
    """400 for something that can happen to a correct bot."""
    return ApiError(400, f"Bad Request: {text}")


def wrong(text: str) -> ApiError:
    """400 for a mistake of the bot; it is kept in the list of violations."""
    return ApiError(400, f"Bad Request: {text}", violation=True)


def forbidden(text: str) -> ApiError:
    return ApiError(403, f"Forbidden: {text}")


def conflict(text: str) -> ApiError:
    return ApiError(409, f"Conflict: {text}")


def too_many(retry_after: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})


def migrated(new_chat: int) -> ApiError:
    return ApiError(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        {"migrate_to_chat_id": new_chat},
    )
