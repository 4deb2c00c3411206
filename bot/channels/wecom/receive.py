"""WeCom callbacks taken in: checked, decrypted, stored, and only then acknowledged. What they mean is in shapes.py.

The platform waits five seconds and asks three times: the answer is empty and comes after the commit of the receipt.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bot.callbacks import CallbackError, Crypt, Fault, Query
from bot.channels.base import BadUpdate, RawUpdate
from bot.channels.wecom.shapes import app_update

log = logging.getLogger(__name__)

_STATUS = {Fault.BODY: 400, Fault.TIME: 403, Fault.SIGNATURE: 403, Fault.CIPHER: 403, Fault.RECEIVER: 403}


class Answer(NamedTuple):
    """What the platform is told: an HTTP status and a plain body. `fault` is for the operator."""

    status: int
    body: str = ""
    fault: str = ""


class Callbacks:
    """Opens the callbacks of one application."""

    def __init__(self, crypt: Crypt, corp_id: str, agent_id: int) -> None:
        self._crypt = crypt
        self._corp_id = corp_id
        self._agent_id = str(agent_id)

    def echo(self, query: Mapping[str, str]) -> Answer:
        """The address check of the console: the decrypted word, and nothing around it (path/90968)."""
        try:
            word = self._crypt.open(_query(query), query.get("echostr", ""), datetime.now(UTC))
            return Answer(200, word.decode("ascii"))
        except (CallbackError, UnicodeDecodeError) as error:
            return _refused(error)

    def read(self, query: Mapping[str, str], body: bytes) -> RawUpdate | Answer:
        """The update in a callback, or what to answer to one that is refused. Never raises for what was sent."""
        try:
            envelope, fields = self._crypt.open_xml(_query(query), body, datetime.now(UTC))
            self._check(envelope, fields)
            return app_update(fields)
        except (CallbackError, BadUpdate) as error:
            return _refused(error)

    def _check(self, envelope: dict[str, Any], fields: dict[str, Any]) -> None:
        for name, found in (("ToUserName", envelope), ("ToUserName", fields)):
            if found.get(name) != self._corp_id:
                raise CallbackError(Fault.RECEIVER, "another company")
        agent = fields.get("AgentID", envelope.get("AgentID", self._agent_id))
        if agent != self._agent_id:
            raise CallbackError(Fault.RECEIVER, "another application")


def _query(query: Mapping[str, str]) -> Query:
    return Query(query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", ""))


def _refused(error: Exception) -> Answer:
    log.warning("wecom: a callback was refused (%s)", error)
    fault = error.fault if isinstance(error, CallbackError) else Fault.BODY
    return Answer(_STATUS[fault], fault=fault.value)
