"""The usage book of the seals: (GrantDay)-[:USED]->(SealUse)-[:SEALED]->(Proof), a day's page for each grant.

A use is counted when an issuing is intended and uncounted when that is closed as void; its entry is written with the
proof. So a page counts its entries and what is under way, and a daily limit holds however many are under way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from graph_models import statements
from graph_models.casework import ProofState
from graph_models.proof_records import NO_END
from graph_models.rows import found_or_made, from_document, joined, milliseconds, moment, records, to_document, written
from graph_models.seals import LivingProofs, UsageEntry
from graph_models.store import Row, Transaction, Value

_FIRST: tuple[int, str] = (-(1 << 62), "")


async def count_use(tx: Transaction, grant_id: str, day: str, more: int = 1) -> int:
    """Count a use of the grant on an ISO day, or with ``more=-1`` one less; return how many there are then.

    The count is held until the transaction ends: two at once are counted one after the other.
    """
    row: dict[str, Value] = {"key": joined(grant_id, day), "more": more}
    rows = await found_or_made(tx, statements.COUNT_USE, statements.COUNT_FIRST_USE, row)
    return cast("int", rows[0]["used"])


async def add_use(tx: Transaction, entry: UsageEntry, day: str) -> None:
    """Write the entry of a committed proof on the grant's page of the day on which it was counted.

    Raises:
        RecordNotFoundError: the proof is not there, or nothing was counted on that day.
        DuplicateKeyError: the proof has its entry already.
    """
    row: dict[str, Value] = {
        "key": joined(entry.grant_id, day),
        "proof_number": entry.proof_number,
        "key_label": entry.key_label,
        "at": milliseconds(entry.at),
        "record": to_document(entry),
    }
    written(await tx.run(statements.CREATE_USE, row), 1, f"proof {entry.proof_number}, or use of {entry.grant_id}")


async def find_use(tx: Transaction, proof_number: str) -> UsageEntry | None:
    """Return the entry of a proof, if there is one."""
    rows = await tx.run(statements.READ_USE, {"proof_number": proof_number})
    return from_document(UsageEntry, rows[0]["record"]) if rows else None


async def uses_of_day(
    tx: Transaction, grant_ids: Sequence[str], day: str, after: tuple[int, str] | None, limit: int
) -> tuple[UsageEntry, ...]:
    """Return a page of the entries of these grants on an ISO day, in the order of time.

    ``after`` is the (UTC milliseconds, proof number) of the last entry seen, or None for the first page.
    """
    if not grant_ids:
        return ()
    at, number = after or _FIRST
    page: dict[str, Value] = {"keys": _pages(grant_ids, day), "at": at, "number": number, "limit": limit}
    return records(UsageEntry, await tx.run(statements.USES_OF_DAY, page))


async def used_on_day(tx: Transaction, grant_ids: Sequence[str], day: str) -> int:
    """Return how often these grants were used on an ISO day, what is under way included."""
    if not grant_ids:
        return 0
    return cast("int", (await tx.run(statements.USED_ON_DAY, {"keys": _pages(grant_ids, day)}))[0]["used"])


async def living_proofs(tx: Transaction, now: datetime) -> tuple[LivingProofs, ...]:
    """Return how many proofs can be relied on now, by the key that sealed them. It reads the whole usage book."""
    given: dict[str, Value] = {"state": ProofState.VALID.value, "now": milliseconds(now), "no_end": NO_END}
    return tuple(_living(row) for row in await tx.run(statements.LIVING_PROOFS, given))


def _living(row: Row) -> LivingProofs:
    last = cast("int", row["last_until"])
    return LivingProofs(
        key_label=cast("str", row["key_label"]),
        count=cast("int", row["proofs"]),
        last_until=moment(last) if last else None,
        endless=cast("int", row["endless"]),
    )


def _pages(grant_ids: Sequence[str], day: str) -> list[Value]:
    return [joined(grant_id, day) for grant_id in dict.fromkeys(grant_ids)]
