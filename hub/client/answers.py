"""Reads an answer of the hub: the record that was asked for, or the error that is there instead. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from hub.client.errors import ClientError, ProtocolError, error_of
from hub.client.operations import Operation
from hub.client.records import Problem, Record

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came over HTTP."""

    status: int
    body: bytes
    request_id: str | None
    retry_after: float | None = None
    """In how many seconds it is worth the while to ask again, where the hub says so."""


def data_of(answer: Answered) -> dict[str, Any]:
    """Return the data of a GraphQL answer; raise what it says instead, or what the door says before GraphQL."""
    name = answer.request_id
    try:
        content: Any = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        content = None
    match content:
        case {"errors": [{"message": str(message), "extensions": dict(more)}, *_]}:
            raise _refused({"message": message, **more}, name)
        case {"data": dict(data)} if answer.status == 200:
            return data
        case {"code": str(), "message": str()}:
            raise _refused(content, name)
    raise ProtocolError(f"status {answer.status} and what came with it are not a hub's", name)


def retry_after_in(headers: Mapping[str, str]) -> float | None:
    """Return in how many seconds to ask again: said as such, or as a time beside that of the answer."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdecimal():
        return float(said[:9])
    try:
        told = parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):  # no date, or one with a zone and one without
        return None
    return max(told.total_seconds(), 0.0)


def is_about(header: str, answer: Answered) -> bool:
    """Tell whether the hub refuses a call because of one of its headers."""
    try:
        content: Any = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(content, dict) and content.get("field") == header


def event_in(block: bytes) -> tuple[str, bytes]:
    """Return kind and data of one server-sent event; both are empty for a comment."""
    kind, data = "", b""
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        if field == b"event":
            kind = value.strip().decode(errors="replace")
        elif field == b"data":
            data += value.removeprefix(b" ")
    return kind, data


def found_in(operation: Operation[R], data: Mapping[str, Any], name: str | None) -> R:
    """Return the record of the operation's one field; raise the problem that is there instead."""
    try:
        found = data[operation.field]
        if operation.part is None and found["__typename"] != operation.record.__name__:
            raise error_of(Problem.model_validate(found), name)
        if operation.part is not None:
            for problem in found["errors"]:
                raise error_of(Problem.model_validate(problem), name)
            found = found[operation.part]
        return operation.record.model_validate(found)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ProtocolError(f"{operation.field}: {where} is not as the schema says ({first['type']})", name) from None
    except (KeyError, TypeError):
        raise ProtocolError(f"{operation.field} is not in the answer", name) from None


def _refused(said: Mapping[str, Any], name: str | None) -> ClientError:
    """Return the error of a problem that has perhaps no more than a message."""
    known = {"code": "BAD_REQUEST", "messageZh": said.get("message"), "mend": "", **said}
    try:
        return error_of(Problem.model_validate(known), name)
    except ValidationError:
        return ProtocolError("what the hub refuses with is no problem of its schema", name)
