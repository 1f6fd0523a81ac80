"""The production engine: Neo4j 5.26 by the official asynchronous driver.

Works run in the driver's managed transactions: where Neo4j says that one lost against another (a deadlock) or that
the connection broke, the driver rolls back, waits and calls the work again. The driver must see its own errors for
that, so inside a work only those are converted that a work can mean; all others are when they leave the store.

All works of a process share the driver's manager of bookmarks: each waits, on whichever member answers, for what the
others of the process have written or seen.

A network that swallows what is sent tells neither end. So each try of a work has a time after which the server ends
it, and frees what a swallowed connection has locked; and who hears nothing for longer gives the connection up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TypeVar, cast

from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction, AsyncSession, Bookmarks, unit_of_work
from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConfigurationError,
    ConnectionAcquisitionTimeoutError,
    ConstraintError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    TransientError,
)

from graph_models import statements
from graph_models.bookmarks import of_call
from graph_models.errors import (
    BehindError,
    DuplicateKeyError,
    InvalidBookmarkError,
    StoreError,
    StoreUnavailableError,
)
from graph_models.migrations import SCHEMA_NODE, SCHEMA_VERSION, carry_over, neo4j_statements, pending
from graph_models.statements_neo4j import OWN_WORDS
from graph_models.store import Row, Transaction, Value, Work, over_rows

T = TypeVar("T")
Managed = Callable[[AsyncManagedTransaction], Awaitable[T]]

_UNREACHABLE = (ServiceUnavailable, SessionExpired, TransientError, AuthError, ConnectionAcquisitionTimeoutError)
_GRACE_SECONDS = 5.0
"""So much later than a try has ended a server has said so, unless nothing of it arrives."""
_INDEX_SECONDS = 300
"""How long a start waits for indexes that are being filled."""
_NO_BOOKMARK = ("Neo.ClientError.Transaction.InvalidBookmark", "Neo.ClientError.Transaction.InvalidBookmarkMixture")
_ENDED = tuple(
    f"Neo.ClientError.Transaction.{name}"
    for name in ("TransactionTimedOut", "TransactionTimedOutClientConfiguration", "LockClientStopped", "Terminated")
)
"""What Neo4j says of a try that it ended, because it took longer than it may or the server goes down."""
_CLOSED = "the handler is closed"
"""What uvloop says to a driver that writes to a connection that was reset; the driver does not expect it."""
_WAITING = 8
"""So many callers' bookmarks are waited for at a time; each takes a connection away from the works."""


class Neo4jStore:
    """A graph store in a Neo4j database."""

    def __init__(self, driver: AsyncDriver, database: str, try_seconds: float = 30.0) -> None:
        self._driver = driver
        self._database = database
        self._try_seconds = try_seconds
        self._bookmarks = AsyncGraphDatabase.bookmark_manager()
        self._waiting = asyncio.Semaphore(_WAITING)

    @classmethod
    async def open(
        cls,
        uri: str,
        *,
        user: str = "neo4j",
        password: str | None = None,
        database: str = "neo4j",
        connections: int = 50,
        retry_seconds: float = 15.0,
        try_seconds: float = 30.0,
    ) -> Neo4jStore:
        """Connect; ``migrate`` it before the first work. No password: the server asks for none.

        ``connections`` bounds the pool; ``retry_seconds`` for how long a work that lost is tried again,
        ``try_seconds`` bounds each try, its waiting for locks too.

        Raises:
            StoreUnavailableError: the server cannot be reached, or does not let this user in.
            StoreError: the address is none.
        """
        try:
            driver = AsyncGraphDatabase.driver(
                uri,
                auth=(user, password) if password is not None else None,
                max_connection_pool_size=connections,
                max_transaction_retry_time=retry_seconds,
                connection_acquisition_timeout=retry_seconds,
                notifications_min_severity="OFF",
                user_agent="proofhub",
            )
        except (ConfigurationError, ValueError) as error:
            raise StoreError(f"no address of a graph database: {uri}") from error
        store = cls(driver, database, try_seconds)
        try:
            await store.ping()
        except BaseException:
            await driver.close()
            raise
        return store

    async def read(self, work: Work[T]) -> T:
        """Run a work that only reads. Raises StoreUnavailableError, StoreError."""
        async with self._session() as session:
            return await self._done(session.execute_read, work, self._try_seconds)

    async def write(self, work: Work[T]) -> T:
        """Run a work and commit it; tried again where it lost. Raises StoreUnavailableError, StoreError."""
        call = of_call()
        before = call.held if call is not None else frozenset()
        async with self._session() as session:
            result = await self._done(session.execute_write, work, self._try_seconds)
            if call is not None:  # this work began with what the manager holds, so with all that the call wrote before
                call.replace(before, (await session.last_bookmarks()).raw_values)
        return result

    async def reach(self, bookmarks: Collection[str], seconds: float) -> str:
        """See MemberStore. What is never reached keeps nobody waiting but whoever asked for it."""
        try:
            async with asyncio.timeout(seconds), self._waiting:
                return await self._reached(Bookmarks.from_raw_values(bookmarks))
        except TimeoutError:
            raise BehindError(f"no member has what the bookmark stands for within {seconds} s") from None

    async def _reached(self, bookmarks: Bookmarks) -> str:
        async with self._session(bookmarks) as session:
            await _converted(session.execute_read(_managed(_one_statement("RETURN 1 AS one"))))
            (reached,) = (await session.last_bookmarks()).raw_values
        return reached

    async def migrate(self) -> None:
        """Bring constraints and indexes to this version's; each process may do so. Raises SchemaTooNewError."""
        missing = pending(await self.read(_schema_version))
        for migration in missing:
            for statement in neo4j_statements(migration):
                await self._alter(statement)
        if missing:
            await self._alter(f"CALL db.awaitIndexes({_INDEX_SECONDS})")
            await carry_over(self.write, missing)
            await self.write(_schema_written)

    async def ping(self) -> None:
        """Return if the database answers. Raises StoreUnavailableError."""
        await self.read(_one_statement("RETURN 1 AS one"))

    async def close(self) -> None:
        """Close the pool of connections."""
        await self._driver.close()

    async def _alter(self, statement: str) -> None:
        """Run a statement that changes the schema, which takes the longer the more there is."""
        async with self._session() as session:
            await self._done(session.execute_write, _one_statement(statement), 2.0 * _INDEX_SECONDS)

    async def _done(self, execute: Callable[[Managed[T]], Awaitable[T]], work: Work[T], seconds: float) -> T:
        """Let the driver run a work, each try for so long, until nothing is heard for longer."""
        now, silence = asyncio.get_running_loop().time, seconds + _GRACE_SECONDS
        try:
            async with asyncio.timeout(silence) as patience:

                def heard() -> None:
                    if not patience.expired():
                        patience.reschedule(now() + silence)

                limit = unit_of_work(timeout=seconds)
                return await _converted(execute(limit(_managed(work, heard))))
        except TimeoutError as error:
            raise StoreUnavailableError(f"the graph database has said nothing for {silence} s") from error

    def _session(self, bookmarks: Bookmarks | None = None) -> AsyncSession:
        try:
            return self._driver.session(database=self._database, bookmarks=bookmarks, bookmark_manager=self._bookmarks)
        except DriverError as error:
            raise StoreUnavailableError("the graph store is closed") from error


class Neo4jTransaction:
    """One try of one work."""

    def __init__(self, transaction: AsyncManagedTransaction, heard: Callable[[], None]) -> None:
        self._transaction = transaction
        self._heard = heard

    async def run(self, statement: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        """Run a statement and return its rows.

        Raises:
            DuplicateKeyError: a record with the key exists.
        """
        try:
            result = await self._transaction.run(OWN_WORDS.get(statement, statement), dict(parameters or {}))
            names = result.keys()
            rows = [dict(zip(names, record.values(), strict=True)) async for record in result]
        except ConstraintError as error:
            raise DuplicateKeyError(error.message or "a record with this key exists") from error
        self._heard()
        return rows

    async def run_each(self, statement: str, rows: Sequence[Mapping[str, Value]]) -> list[Row]:
        """Run a statement for each row of parameters, all of them in one call of the server."""
        return await self.run(over_rows(statement), {"rows": rows}) if rows else []


def _managed(work: Work[T], heard: Callable[[], None] = lambda: None) -> Managed[T]:
    async def run(transaction: AsyncManagedTransaction) -> T:
        return await work(Neo4jTransaction(transaction, heard))

    return run


async def _converted(outcome: Awaitable[T]) -> T:
    """Await what the driver does, and turn the errors it gave up on into ours."""
    try:
        return await outcome
    except IncompleteCommit as error:
        raise StoreUnavailableError("the connection broke at the commit: whether it was done is not known") from error
    except _UNREACHABLE as error:
        raise StoreUnavailableError(f"the graph database is not available: {error}") from error
    except ClientError as error:
        if error.code in _NO_BOOKMARK:
            raise InvalidBookmarkError("this is no bookmark of the graph database") from error
        if error.code in _ENDED:
            raise StoreUnavailableError("the graph database was too busy to do it in time") from error
        raise StoreError(f"the graph database failed: {error}") from error
    except (Neo4jError, DriverError) as error:
        raise StoreError(f"the graph database failed: {error}") from error
    except RuntimeError as error:
        if _CLOSED not in str(error):
            raise
        raise StoreUnavailableError("the connection broke") from error


def _one_statement(statement: str) -> Work[None]:
    async def work(tx: Transaction) -> None:
        await tx.run(statement)

    return work


async def _schema_version(tx: Transaction) -> int:
    rows = await tx.run(statements.READ_SCHEMA_VERSION, {"name": SCHEMA_NODE})
    return cast("int", rows[0]["version"]) if rows else 0


async def _schema_written(tx: Transaction) -> None:
    await tx.run(statements.WRITE_SCHEMA_VERSION, {"name": SCHEMA_NODE, "version": SCHEMA_VERSION})
