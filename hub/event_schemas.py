"""The published JSON Schema (2020-12) of each type's payload, made of ``hub.events.PAYLOADS``.

``dataschema`` on the envelope names the schema of ``data``. Within a version, fields may come and none goes: a reader
passes over what it does not know, so further fields are allowed.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import orjson

from hub.cloud_events import type_name
from hub.events import PAYLOADS, EventType, FieldKind, PayloadField

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_KINDS: Final[dict[FieldKind, dict[str, object]]] = {
    FieldKind.CODE: {"type": "string", "minLength": 1},
    FieldKind.FLAG: {"type": "boolean"},
    FieldKind.TIME: {"type": "string", "format": "date-time"},
}


@cache
def schema_files() -> dict[str, bytes]:
    """Return the schema of each type by its file's name, ``proofhub.request.received.v1.json``."""
    return {f"{type_name(kind)}.json": _printed(kind) for kind in EventType}


def _printed(kind: EventType) -> bytes:
    fields, name = PAYLOADS[kind], type_name(kind)
    schema = {
        "$schema": DIALECT,
        "$id": f"{name}.json",
        "title": name,
        "type": "object",
        "properties": {field.name: _property(field) for field in fields},
        "required": [field.name for field in fields if not field.optional],
    }
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _property(field: PayloadField) -> dict[str, object]:
    known = _KINDS[field.kind]
    kind = [known["type"], "null"] if field.nullable else known["type"]
    return {"description": field.what, **known, "type": kind}
