"""Idempotent mutations: the same key and content give the same answer, other content is a conflict (I2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from graph_models.journal import Receipt
from graph_models.journal_records import add_receipt, find_receipt
from graph_models.store import Transaction
from hub.actors import Actor
from hub.errors import IdempotencyConflictError, InvalidInputError

KEY_LIMIT = 128
"""Longest key of a mutation, in characters."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """One mutation as it was asked: by which unit, under which key, with which content."""

    unit_code: str
    operation: str
    key: str
    content_digest: str


def keyed(actor: Actor, operation: str, key: str, *content: str | int | bool | None) -> Keyed:
    """Return the mutation's identity. Who asks belongs to its content: a colleague's claim is not one's own repeated.

    Raises:
        InvalidInputError: the key is empty or too long.
    """
    if not 1 <= len(key) <= KEY_LIMIT:
        raise InvalidInputError(
            f"the key must have 1 to {KEY_LIMIT} characters",
            message_zh="幂等键长度无效",
            mend="Send a key of your own for each mutation, and the same key when you repeat it.",
            field="key",
        )
    said = repr((actor.subject, *content))
    return Keyed(actor.unit_code, operation, key, hashlib.sha256(said.encode()).hexdigest())


async def done_before(tx: Transaction, mutation: Keyed) -> str | None:
    """Return the identifier that the mutation made or changed when it was done before, or None.

    Raises:
        IdempotencyConflictError: the key was used with other content.
    """
    receipt = await find_receipt(tx, mutation.unit_code, mutation.operation, mutation.key)
    if receipt is None:
        return None
    if receipt.content_digest != mutation.content_digest:
        raise IdempotencyConflictError(
            "the key was used before with other content",
            message_zh="该幂等键已用于不同内容的请求",
            mend="Use a new key for a new mutation.",
            field="key",
        )
    return receipt.result


async def note_done(tx: Transaction, mutation: Keyed, result: str, at: datetime) -> None:
    """Write down that the mutation was done, in its own transaction."""
    await add_receipt(
        tx,
        Receipt(
            unit_code=mutation.unit_code,
            operation=mutation.operation,
            key=mutation.key,
            content_digest=mutation.content_digest,
            result=result,
            at=at,
        ),
    )
