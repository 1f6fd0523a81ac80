"""The archive's work as nodes: (WorkQueue)-[:TO_RAISE]->(RaisingTask), (ArchiveShelf)-[:STANDS_UNTIL]->(Proof).

A proof that is to be raised to a higher PAdES level has a task until it is. A raised one stands on the shelf of the day
on which it has to be renewed at the latest. All proofs under one time-stamp certificate share that day, so each day has
many shelves: neither engine is asked for a million at a time, and writers seldom wait for one another.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import cast
from zlib import crc32

from graph_models import statements
from graph_models.archive import RaisingBacklog, RaisingTask
from graph_models.casework import Proof
from graph_models.rows import held, milliseconds, moment, records, to_document, written
from graph_models.store import Transaction, Value

QUEUES = 16
SHELVES = 256
"""So many shelves for each day."""
_DAY = 86_400_000


async def add_task(tx: Transaction, task: RaisingTask) -> None:
    """Have a proof raised.

    Raises:
        DuplicateKeyError: it is to be raised already.
    """
    queue = f"raising-{crc32(task.proof_number.encode()) % QUEUES:02}"
    await tx.run(statements.CREATE_TASK, _task_row(task) | {"queue": queue})


async def load_task(tx: Transaction, proof_number: str) -> RaisingTask | None:
    """Return the task of a proof, if it is to be raised."""
    found = records(RaisingTask, await tx.run(statements.READ_TASK, {"proof_number": proof_number}))
    return found[0] if found else None


async def due_tasks(tx: Transaction, now: datetime, limit: int) -> tuple[RaisingTask, ...]:
    """Return tasks that may be taken at the time (aware), those due first before the others."""
    return records(RaisingTask, await tx.run(statements.DUE_TASKS, {"now": milliseconds(now), "limit": limit}))


async def save_task(tx: Transaction, task: RaisingTask) -> RaisingTask:
    """Write a changed task whose version is still the stored one; return it with the next version.

    Raises:
        StaleVersionError: somebody else took it in between, or it is done.
    """
    saved = replace(task, version=task.version + 1)
    row = _task_row(saved) | {"version": task.version, "next": saved.version}
    held(await tx.run(statements.SAVE_TASK, row), f"raising of {task.proof_number}")
    return saved


async def drop_task(tx: Transaction, task: RaisingTask) -> None:
    """Take a task away that is done; raises StaleVersionError as `save_task` does."""
    await save_task(tx, task)
    await tx.run(statements.DROP_TASK, {"proof_number": task.proof_number})


async def raising_backlog(tx: Transaction) -> RaisingBacklog:
    """Return how many proofs wait to be raised, and since when the first one does."""
    (row,) = await tx.run(statements.BACKLOG)
    waiting, since = cast("int", row["waiting"] or 0), cast("int | None", row["since"])
    return RaisingBacklog(waiting, moment(since) if waiting and since is not None else None)


async def put_on_shelf(tx: Transaction, proof_number: str, stands_until: datetime) -> None:
    """Stand a stored proof on the shelf of its day, and on no other. Raises RecordNotFoundError."""
    await tx.run(statements.TAKE_FROM_SHELF, {"number": proof_number})
    day = _day(stands_until)
    row: dict[str, Value] = {
        "number": proof_number,
        "key": f"{day:08}/{crc32(proof_number.encode()) % SHELVES:02x}",
        "day": day,
    }
    written(await tx.run(statements.PUT_ON_SHELF, row), 1, f"proof {proof_number}")


async def due_shelves(tx: Transaction, before: datetime, after: str) -> tuple[str, ...]:
    """Return the keys of shelves with proofs that stand until a day up to the given one, from behind a key on."""
    rows = await tx.run(statements.DUE_SHELVES, {"day": _day(before), "after": after})
    return tuple(str(row["key"]) for row in rows)


async def proofs_on_shelf(tx: Transaction, shelf: str, after: str, limit: int) -> tuple[Proof, ...]:
    """Return proofs of a shelf by number, from behind a number on."""
    page: dict[str, Value] = {"key": shelf, "after": after, "limit": limit}
    return records(Proof, await tx.run(statements.PROOFS_ON_SHELF, page))


async def count_on_shelves(tx: Transaction, before: datetime) -> int:
    """Return how many proofs stand until a day up to the given one."""
    (row,) = await tx.run(statements.COUNT_ON_SHELVES, {"day": _day(before)})
    return cast("int", row["proofs"])


async def proofs_after(tx: Transaction, number: str, limit: int) -> tuple[Proof, ...]:
    """Return proofs by number from behind a number on; the embedded engine looks at all of them for it."""
    return records(Proof, await tx.run(statements.PROOFS_AFTER, {"after": number, "limit": limit}))


def _task_row(task: RaisingTask) -> dict[str, Value]:
    return {
        "proof_number": task.proof_number,
        "since": milliseconds(task.since),
        "due_at": milliseconds(task.due_at),
        "counts": task.counts,
        "version": task.version,
        "record": to_document(task),
    }


def _day(at: datetime) -> int:
    """Return the day of a time: whole days since 1970, UTC."""
    return milliseconds(at) // _DAY
