"""The production engine: Neo4j 5.26 by the official asynchronous driver.

Works run in the driver's managed transactions: where Neo4j says that one lost against another (a deadlock) or that
the connection broke, the driver rolls back, waits and calls the work again. The driver must see its own errors for
that, so inside a work only those are converted that a work can mean; all others are when they leave the store.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar, cast

from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction, AsyncSession
from neo4j.exceptions import (
    AuthError,
    ConfigurationError,
    ConstraintError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    TransientError,
)

from graph_models import statements
from graph_models.errors import DuplicateKeyError, StoreError, StoreUnavailableError
from graph_models.migrations import SCHEMA_NODE, SCHEMA_VERSION, neo4j_statements, pending
from graph_models.store import Row, Transaction, Value, Work, over_rows

T = TypeVar("T")
Managed = Callable[[AsyncManagedTransaction], Awaitable[T]]

_UNREACHABLE = (ServiceUnavailable, SessionExpired, TransientError, AuthError)
_INDEX_SECONDS = 300
"""How long a start waits for indexes that are being filled."""


class Neo4jStore:
    """A graph store in a Neo4j database."""

    def __init__(self, driver: AsyncDriver, database: str) -> None:
        self._driver = driver
        self._database = database

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
    ) -> Neo4jStore:
        """Connect; ``migrate`` it before the first work. No password: the server asks for none.

        ``connections`` bounds the pool; ``retry_seconds`` for how long a work that lost is tried again.

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
        store = cls(driver, database)
        try:
            await store.ping()
        except BaseException:
            await driver.close()
            raise
        return store

    async def read(self, work: Work[T]) -> T:
        """Run a work that only reads. Raises StoreUnavailableError, StoreError."""
        async with self._session() as session:
            return await _converted(session.execute_read(_managed(work)))

    async def write(self, work: Work[T]) -> T:
        """Run a work and commit it; tried again where it lost. Raises StoreUnavailableError, StoreError."""
        async with self._session() as session:
            return await _converted(session.execute_write(_managed(work)))

    async def migrate(self) -> None:
        """Bring constraints and indexes to this version's; each process may do so. Raises SchemaTooNewError."""
        missing = pending(await self.read(_schema_version))
        for migration in missing:
            for statement in neo4j_statements(migration):
                await self.write(_one_statement(statement))
        if missing:
            await self.write(_one_statement(f"CALL db.awaitIndexes({_INDEX_SECONDS})"))
            await self.write(_schema_written)

    async def ping(self) -> None:
        """Return if the database answers. Raises StoreUnavailableError."""
        await self.read(_one_statement("RETURN 1 AS one"))

    async def close(self) -> None:
        """Close the pool of connections."""
        await self._driver.close()

    def _session(self) -> AsyncSession:
        return self._driver.session(database=self._database)


class Neo4jTransaction:
    """One try of one work."""

    def __init__(self, transaction: AsyncManagedTransaction) -> None:
        self._transaction = transaction

    async def run(self, statement: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        """Run a statement and return its rows.

        Raises:
            DuplicateKeyError: a record with the key exists.
        """
        try:
            result = await self._transaction.run(statement, dict(parameters or {}))
            names = result.keys()
            return [dict(zip(names, record.values(), strict=True)) async for record in result]
        except ConstraintError as error:
            raise DuplicateKeyError(error.message or "a record with this key exists") from error

    async def run_each(self, statement: str, rows: Sequence[Mapping[str, Value]]) -> list[Row]:
        """Run a statement for each row of parameters, all of them in one call of the server."""
        return await self.run(over_rows(statement), {"rows": rows}) if rows else []


def _managed(work: Work[T]) -> Managed[T]:
    async def run(transaction: AsyncManagedTransaction) -> T:
        return await work(Neo4jTransaction(transaction))

    return run


async def _converted(outcome: Awaitable[T]) -> T:
    """Await what the driver does, and turn the errors it gave up on into ours."""
    try:
        return await outcome
    except IncompleteCommit as error:
        raise StoreUnavailableError("the connection broke at the commit: whether it was done is not known") from error
    except _UNREACHABLE as error:
        raise StoreUnavailableError(f"the graph database is not available: {error}") from error
    except (Neo4jError, DriverError) as error:
        raise StoreError(f"the graph database failed: {error}") from error


def _one_statement(statement: str) -> Work[None]:
    async def work(tx: Transaction) -> None:
        await tx.run(statement)

    return work


async def _schema_version(tx: Transaction) -> int:
    rows = await tx.run(statements.READ_SCHEMA_VERSION, {"name": SCHEMA_NODE})
    return cast("int", rows[0]["version"]) if rows else 0


async def _schema_written(tx: Transaction) -> None:
    await tx.run(statements.WRITE_SCHEMA_VERSION, {"name": SCHEMA_NODE, "version": SCHEMA_VERSION})
