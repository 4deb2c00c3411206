"""Open311 GeoReport v2 as it is written: the same values as XML or as JSON, and its own way to say what is wrong.

https://wiki.open311.org/GeoReport_v2/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from starlette.responses import Response

Values = Mapping[str, object]
_MEDIA = {"xml": "text/xml; charset=utf-8", "json": "application/json"}
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to hold."""


def answer(form: str, root: str, element: str, rows: Sequence[Values], status: int = 200) -> Response:
    """Rows in one of the two forms. Empty values are empty elements, and absent from JSON."""
    if form == "json":
        kept = [{name: value for name, value in row.items() if value not in (None, "")} for row in rows]
        return Response(json.dumps(kept, ensure_ascii=False), status, media_type=_MEDIA["json"])
    tree = ET.Element(root)
    for row in rows:
        one = ET.SubElement(tree, element)
        for name, value in row.items():
            ET.SubElement(one, name).text = _plain(value)
    return Response(ET.tostring(tree, encoding="utf-8", xml_declaration=True), status, media_type=_MEDIA["xml"])


def define(form: str, service_code: str) -> Response:
    """A service without questions of its own: one object, no list, as the standard has it."""
    if form == "json":
        return Response(json.dumps({"service_code": service_code, "attributes": []}), media_type=_MEDIA["json"])
    tree = ET.Element("service_definition")
    ET.SubElement(tree, "service_code").text = service_code
    ET.SubElement(tree, "attributes")
    return Response(ET.tostring(tree, encoding="utf-8", xml_declaration=True), media_type=_MEDIA["xml"])


def refuse(form: str, status: int, description: str) -> Response:
    """An error of the standard."""
    return answer(form, "errors", "error", [{"code": str(status), "description": description}], status)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else _FORBIDDEN.sub("", str(value))
