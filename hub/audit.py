"""Makes audit entries from what an actor does. Details hold codes and numbers, never personal data (I3, I4)."""

from __future__ import annotations

from datetime import datetime

import orjson

from graph_models.journal import AuditDraft
from hub.actors import Actor

CATALOGUE_STREAM = "catalogue"
"""Stream of what happens to the catalogue; a case's stream is its number."""
SEALS_STREAM = "seals"
"""Stream of refused uses of a kind of seal that there is none of; a seal's own stream is ``seal_stream``."""


def seal_stream(seal_id: str) -> str:
    """Return the stream of what happens to a seal, its grants included."""
    return f"seal/{seal_id}"


def entry(
    stream: str, actor: Actor, operation: str, target: str, at: datetime, **detail: str | int | bool | None
) -> AuditDraft:
    """Return an entry: the actor, by the posts held, did the operation on the target at the time (aware, UTC)."""
    return AuditDraft(
        stream=stream,
        at=at,
        actor=actor.subject,
        unit_code=actor.unit_code,
        operation=operation,
        target=target,
        detail_json=orjson.dumps({**detail, "posts": sorted(actor.posts)}, option=orjson.OPT_SORT_KEYS).decode(),
    )
