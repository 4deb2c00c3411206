"""Error answers of the platform (developer.work.weixin.qq.com/document/path/90313), and which of them a good program never gets."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An errcode. `violation`: a correct program would not have made this call."""

    def __init__(self, code: int, message: str, *, violation: bool = False) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.violation = violation

    def as_json(self) -> dict[str, Any]:
        return {"errcode": self.code, "errmsg": self.message}


def wrong(message: str, code: int = 40058) -> ApiError:
    """A call that no correct program makes."""
    return ApiError(code, message, violation=True)
