"""The registers as a web application: one address for each data source, each with its own credential.

POST /sources/{code}/records   {"proof_type", "subject": {key: text}, "case", "purpose"}
GET  /health
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from scripts.registry_server.credentials import Credential
from scripts.registry_server.database import Registers
from scripts.registry_server.definitions import Definitions, RecordType
from scripts.registry_server.fact_values import FactMaker
from scripts.registry_server.holdings import holds
from scripts.sample_data import Choices

QUESTION_BYTES = 65_536
_CITY_TIME = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class RegistryService:
    """Answers questions about the population."""

    registers: Registers
    definitions: Definitions
    credentials: Mapping[str, Credential]
    choices: Choices
    now: Callable[[], datetime]

    def record(self, kind: RecordType, keys: dict[str, str]) -> dict[str, Any]:
        """Return the record, or that there is none, as the protocol says it."""
        now = self.now()
        today = now.astimezone(_CITY_TIME).date()
        said = {"register": kind.register, "as_of": now.astimezone(UTC).isoformat(timespec="milliseconds")}
        subject = self.registers.subject({key: keys[key] for key in kind.subject_keys})
        if subject is None or not holds(kind, subject, self.choices, today):
            return {"status": "no_such_record", **said, "keys": list(kind.subject_keys)}
        return {"status": "found", **said, "facts": FactMaker(kind, subject, self.choices, today).facts()}

    async def answer(self, request: Request) -> JSONResponse:
        """Answer one question; what is wrong with it is said without repeating any of it."""
        source = request.path_params["code"]
        credential = self.credentials.get(source)
        if credential is None or not credential.is_shown(request.headers):
            return _refusal(401, "this source does not know the caller")
        question = await _question(request)
        if question is None:
            return _refusal(400, "the question is not of the protocol")
        proof_type, keys = question
        kind = self.definitions.get((source, proof_type))
        if kind is None:
            return _refusal(404, "this source has no such proof type")
        if not all(keys.get(key) for key in kind.subject_keys):
            return _refusal(400, f"the subject must have {', '.join(kind.subject_keys)}")
        return JSONResponse(self.record(kind, keys))


def registry_app(service: RegistryService) -> Starlette:
    """Return the application."""

    async def health(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "sources": sorted({source for source, _ in service.definitions})})

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/sources/{code}/records", service.answer, methods=["POST"]),
        ]
    )


async def _question(request: Request) -> tuple[str, dict[str, str]] | None:
    """Return proof type and subject, or None when the body is too long or of another form."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > QUESTION_BYTES:
            return None
    try:
        question = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(question, dict):
        return None
    subject = question.get("subject")
    texts = [question.get("proof_type"), question.get("case"), question.get("purpose")]
    if not isinstance(subject, dict) or not all(isinstance(text, str) and text for text in (*texts, *subject.values())):
        return None
    return str(texts[0]), subject


def _refusal(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status_code=status)
