"""The embedded engine: a ladybug database in a folder of its own, for one process, with no service beside it.

ladybug's library is synchronous and has one writer at a time. So there is one writer's thread and a few readers',
each with its own connection, and a whole work runs on one of them: a work awaits nothing but its statements, each of
which is done when it returns, so the work's coroutine runs to its end in one step. A transaction thus costs one hop
between threads, not one for each statement, and writes are strictly one after another because their thread is.

The engine's own checkpoints run beside readers and take from under them what they read (LadybugDB issue 713; 0.22 still
dies of it). So they are switched off: the writer's thread makes them between two transactions, while nobody reads.
"""

from __future__ import annotations

import asyncio
import contextvars
import re
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TypeAlias, TypeVar, cast

import ladybug
import structlog

from graph_models import statements, statements_bundles
from graph_models.errors import (
    DuplicateKeyError,
    GraphModelsError,
    StoreError,
    StoreLockedError,
    StoreUnavailableError,
)
from graph_models.gate import Gate
from graph_models.migrations import MIGRATIONS, SCHEMA_NODE, SCHEMA_VERSION, carry_over, ladybug_statements, pending
from graph_models.store import Row, Transaction, Value, Work, over_rows

T = TypeVar("T")
Shape: TypeAlias = tuple[str, ...]
Prepared: TypeAlias = dict[tuple[str, Shape], ladybug.PreparedStatement]

FILE_NAME = "graph.lbug"
LOG_NAME = f"{FILE_NAME}.wal"
MEBIBYTE = 1 << 20
CHECKPOINT_BYTES = 4 * MEBIBYTE
"""At this size the log is put into the tables.

Until then a statement looks through every change of a property since the last time, so that counters and heads, which
each step of a request changes, get slower by and by; putting it in takes about as long however little it is. At 4 MiB
both together cost least: at the engine's own 16 a seventh fewer requests were delivered, at 1 a twelfth fewer.
"""
MOST_BITS = 64
"""Of a number that the engine takes."""
FEW = 3
"""To unwind so many rows takes longer than a statement for each."""
_ONE_BY_ONE = frozenset({statements_bundles.READ_BUNDLE})
"""Unwound, these begin with all records of a kind that there are."""
_BEGIN, _BEGIN_READING, _COMMIT, _ROLLBACK, _CHECKPOINT = (
    "BEGIN TRANSACTION",
    "BEGIN TRANSACTION READ ONLY",
    "COMMIT",
    "ROLLBACK",
    "CHECKPOINT",
)
LOG = structlog.get_logger("proofhub.store")
_GUARD = re.compile(r" SET \w+\.guard = (1|\$version)(?= )")


class LadybugStore:
    """A graph store in a folder."""

    def __init__(self, database: ladybug.Database, log: Path, readers: int, checkpoint_bytes: int) -> None:
        self._database = database
        self._connections: list[ladybug.Connection] = []
        self._adding = threading.Lock()
        self._own = threading.local()
        self._gate = Gate()
        self._log = log
        self._checkpoint_bytes = self._checkpoint_at = checkpoint_bytes
        self._writer = ThreadPoolExecutor(1, "graph-writer")
        self._readers = ThreadPoolExecutor(readers, "graph-reader")
        self._closed = False

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        readers: int = 2,
        buffer_bytes: int = 512 * MEBIBYTE,
        checkpoint_bytes: int = CHECKPOINT_BYTES,
    ) -> LadybugStore:
        """Open the store in the folder, made if it is not there; ``migrate`` it before the first work.

        ``readers`` is how many works can read at the same time, ``buffer_bytes`` how much memory caches its pages,
        ``checkpoint_bytes`` at which size of its log that is put into the tables.

        Raises:
            StoreLockedError: another process holds it.
            StoreError: the folder cannot be used.
        """
        database = await asyncio.to_thread(_open, folder, buffer_bytes)
        return cls(database, folder / LOG_NAME, readers, checkpoint_bytes)

    async def read(self, work: Work[T]) -> T:
        """Run a work that only reads, on one consistent state."""
        return await self._hop(self._readers, self._read, work)

    async def write(self, work: Work[T]) -> T:
        """Run a work and commit it; when this returns the changes are durable.

        A caller that is cancelled while it waits does not undo the work: it is committed or not as a whole.
        """
        return await self._hop(self._writer, self._write, work)

    async def migrate(self) -> None:
        """Bring the schema to this version's, in one transaction. Raises SchemaTooNewError."""
        await self.write(_migrate)

    async def ping(self) -> None:
        """Return if the engine answers. Raises StoreUnavailableError when it is closed."""
        await self.read(_ping)

    async def close(self) -> None:
        """Let running works end, then close the connections and after them the database."""
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        for connection in self._connections:
            connection.close()
        self._database.close()

    async def _hop(self, threads: ThreadPoolExecutor, transact: Callable[[Work[T]], T], work: Work[T]) -> T:
        if self._closed:
            raise StoreUnavailableError("the graph store is closed")
        run = contextvars.copy_context().run
        return await asyncio.get_running_loop().run_in_executor(threads, lambda: run(transact, work))

    def _read(self, work: Work[T]) -> T:
        with self._gate.shared():
            return self._transact(_BEGIN_READING, work)

    def _write(self, work: Work[T]) -> T:
        result = self._transact(_BEGIN, work)
        try:
            self._keep_log_short()
        except Exception:  # what was committed is so, and durable without a checkpoint
            self._checkpoint_at += self._checkpoint_bytes
            LOG.exception("store.checkpoint_failed")
        return result

    def _keep_log_short(self) -> None:
        """Put the log into the tables once it is long; after a failure not before it has grown by as much again."""
        if self._log.exists() and self._log.stat().st_size >= self._checkpoint_at:
            with self._gate.alone():
                LadybugTransaction(*self._connection()).execute(_CHECKPOINT, {})
            self._checkpoint_at = self._checkpoint_bytes

    def _transact(self, begin: str, work: Work[T]) -> T:
        """Run the whole transaction on this thread."""
        transaction = LadybugTransaction(*self._connection())
        transaction.execute(begin, {})
        try:
            result = _to_the_end(work, transaction)
            transaction.execute(_COMMIT, {})
        except BaseException:
            transaction.roll_back()
            raise
        return result

    def _connection(self) -> tuple[ladybug.Connection, Prepared]:
        """Return this thread's connection, opened when the thread first needs it, and what was prepared on it."""
        found: tuple[ladybug.Connection, Prepared] | None = getattr(self._own, "connection", None)
        if found is None:
            found = ladybug.Connection(self._database, num_threads=1), {}
            self._own.connection = found
            with self._adding:
                self._connections.append(found[0])
        return found


class LadybugTransaction:
    """One transaction on one connection.

    The library keeps statements prepared too, but searches each for what it does not have before it takes the kept one.
    """

    def __init__(self, connection: ladybug.Connection, prepared: Prepared) -> None:
        self._connection = connection
        self._prepared = prepared
        self._failed = False

    async def run(self, statement: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        """Run a statement and return its rows. Raises DuplicateKeyError, StoreError."""
        if self._failed:
            raise StoreError("the transaction ended when a statement failed")
        return self.execute(_unguarded(statement), dict(parameters or {}))

    async def run_each(self, statement: str, rows: Sequence[Mapping[str, Value]]) -> list[Row]:
        """Run a statement for each row of parameters: one by one where they are few, unwound where they are more."""
        if len(rows) > FEW and statement not in _ONE_BY_ONE:
            return await self.run(over_rows(statement), {"rows": rows})
        return [answer for row in rows for answer in await self.run(statement, row)]

    def execute(self, statement: str, parameters: dict[str, Value]) -> list[Row]:
        """Run a statement on this thread; the library's error becomes ours and ends the transaction."""
        try:
            result = cast(
                "ladybug.QueryResult", self._connection.execute(self._ready(statement, parameters), parameters)
            )
            try:
                names = result.get_column_names()
                return [dict(zip(names, cast("list[Value]", row), strict=True)) for row in result.get_all()]
            finally:
                result.close()
        except RuntimeError as error:
            self._failed = True
            raise _statement_error(error) from error

    def _ready(self, statement: str, parameters: dict[str, Value]) -> str | ladybug.PreparedStatement:
        """Return a statement prepared for parameters of such a shape; as it is where they hold lists or too much."""
        shape = _shape(parameters)
        if shape is None or statement == _CHECKPOINT:
            return statement
        ready = self._prepared.get((statement, shape))
        if ready is None:
            ready = ladybug.PreparedStatement(self._connection, statement, parameters)
            if ready.is_success():
                self._prepared[statement, shape] = ready
        return ready

    def roll_back(self) -> None:
        """Undo everything. After most failed statements the engine has done so by itself and finds nothing to undo."""
        try:
            self.execute(_ROLLBACK, {})
        except StoreError as error:
            if "No active transaction" not in str(error):
                raise


def _open(folder: Path, buffer_bytes: int) -> ladybug.Database:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return ladybug.Database(
            folder / FILE_NAME,
            buffer_pool_size=buffer_bytes,
            max_num_threads=2,
            auto_checkpoint=False,
            throw_on_wal_replay_failure=True,
        )
    except (RuntimeError, OSError) as error:
        raise _opening_error(folder, error) from error


def _shape(parameters: Mapping[str, Value]) -> Shape | None:
    """Say by what types the engine prepares a statement: a number's is the narrowest that holds the first one."""
    shape = []
    for value in parameters.values():
        if isinstance(value, bool) or value is None or isinstance(value, (str, float)):
            shape.append(type(value).__name__)
        elif isinstance(value, int) and value.bit_length() < MOST_BITS:
            shape.append(_width(value))
        else:
            return None
    return (*parameters, *shape)


def _width(value: int) -> str:
    bits = (value if value >= 0 else ~value).bit_length()
    size = next(size for size in (7, 8, 15, 16, 31, 32, MOST_BITS) if bits <= size)
    return f"{'-' if value < 0 else ''}{size}"


@cache
def _unguarded(statement: str) -> str:
    """Return a statement without its guards: here whoever writes is alone, so nothing has to be held."""
    return _GUARD.sub("", statement)


def _to_the_end(work: Work[T], transaction: LadybugTransaction) -> T:
    """Run the work's coroutine in one step: it has nothing to wait for."""
    steps = work(transaction).__await__()
    try:
        next(steps)
    except StopIteration as end:
        return cast("T", end.value)
    cast("Generator[object, None, T]", steps).close()
    raise StoreError("a work may await its transaction's statements and nothing else")


async def _migrate(tx: Transaction) -> None:
    """Make the table that tells how far the store is, then what it lacks, then say so."""
    await tx.run(ladybug_statements(MIGRATIONS[0])[0])
    rows = await tx.run(statements.READ_SCHEMA_VERSION, {"name": SCHEMA_NODE})
    missing = pending(cast("int", rows[0]["version"]) if rows else 0)
    for migration in missing:
        for statement in ladybug_statements(migration):
            await tx.run(statement)
    await carry_over(lambda work: work(tx), missing)
    if missing:
        await tx.run(statements.WRITE_SCHEMA_VERSION, {"name": SCHEMA_NODE, "version": SCHEMA_VERSION})


async def _ping(tx: Transaction) -> None:
    await tx.run("RETURN 1 AS one")


def _opening_error(folder: Path, error: Exception) -> StoreError:
    if "Could not set lock" in str(error):
        return StoreLockedError(f"another process holds the graph store in {folder}: stop it, or speak to its API")
    return StoreError(f"the graph store in {folder} cannot be opened: {error}")


def _statement_error(error: RuntimeError) -> GraphModelsError:
    if "duplicated primary key" in str(error):
        return DuplicateKeyError(str(error))
    return StoreError(f"the graph store failed: {error}")
