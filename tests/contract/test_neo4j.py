"""What only Neo4j can be asked: its constraints and indexes, its plans, and what happens when it is not there."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graph_models import statements, statements_journal
from graph_models.case_records import add_case, list_cases, load_needs
from graph_models.errors import StoreError, StoreUnavailableError
from graph_models.journal_records import (
    append_audit,
    append_events,
    load_audit,
    mark_events_published,
    unpublished_events,
    verify_chain,
    waiting_runs,
)
from graph_models.migrations import MIGRATIONS
from graph_models.neo4j_store import Neo4jStore
from graph_models.store import Transaction, Work, over_rows
from tests.contract import embedded_writer
from tests.contract.records import audit, case, event, need

TOUCH = "MATCH (c:CaseFile {number: $number}) SET c.guard = coalesce(c.guard, 0) + 1"
needs_neo4j = pytest.mark.services("neo4j")
STATEMENTS = {
    name: text
    for name, text in (vars(statements) | vars(statements_journal)).items()
    if name.isupper() and not name.startswith("_") and isinstance(text, str)
}
FOR_EACH = (
    "CREATE_NEED",
    "APPEND_AUDIT",
    "CREATE_AUDIT",
    "COUNT_EVENTS",
    "COUNT_FIRST_EVENTS",
    "CREATE_EVENT",
    "HOLD_HEAD",
    "MAKE_HEAD",
    "HOLD_MARK",
    "MAKE_MARK",
    "WRITE_MARK",
    "PUT_LIMIT",
    "SAVE_REQUEST",
    "TAKE_LIMIT_AWAY",
)
STATEMENTS |= {f"{name} of rows": over_rows(STATEMENTS[name]) for name in FOR_EACH}
WHOLE_LABEL = {"READ_VERSIONS", "PUBLISHED_NUMBER", "DUE_NEEDS", "OPEN_INTENTS", "WAITING_RUNS", "LIST_SEALS"}
"""These read all nodes of a small label: versions, the queues, one counter for each unit, a city's seals."""


@needs_neo4j
async def test_each_key_has_a_uniqueness_constraint(neo4j_store: Neo4jStore) -> None:
    rows = await neo4j_store.read(
        lambda tx: tx.run(
            "SHOW CONSTRAINTS YIELD type, labelsOrTypes, properties RETURN type, labelsOrTypes, properties"
        )
    )
    found = {(row["labelsOrTypes"][0], row["properties"][0]) for row in rows if row["type"] == "UNIQUENESS"}  # type: ignore[index,call-overload]
    assert found >= {(kind.label, kind.key) for migration in MIGRATIONS for kind in migration.nodes}


@needs_neo4j
@pytest.mark.parametrize("name", sorted(STATEMENTS.keys() - WHOLE_LABEL))
async def test_a_statement_begins_with_an_index(neo4j_store: Neo4jStore, name: str) -> None:
    words = {word.strip("(){},:.;") for word in STATEMENTS[name].split()}
    names = {word[1:] for word in words if word.startswith("$")}
    values: dict[str, object] = {
        "rows": [],
        "numbers": [],
        "ids": [],
        "keys": [],
        "states": [],
        "limit": 9,
        "number": 1,
    }
    parameters = {one: values.get(one, 1) for one in names}
    async with neo4j_store._driver.session() as session:
        result = await session.run("EXPLAIN " + STATEMENTS[name], parameters)
        plan = str((await result.consume()).plan)
    assert "AllNodesScan" not in plan
    assert "NodeByLabelScan" not in plan


@needs_neo4j
async def test_two_works_that_wait_for_each_other_are_tried_again_and_both_done(neo4j_store: Neo4jStore) -> None:
    held = {"C1": asyncio.Event(), "C2": asyncio.Event()}
    tries: list[str] = []
    for number in held:
        await neo4j_store.write(lambda tx, number=number: add_case(tx, case(number)))

    def crossing(first: str, second: str) -> Work[None]:
        async def work(tx: Transaction) -> None:
            tries.append(first)
            await tx.run(TOUCH, {"number": first})
            held[first].set()
            await held[second].wait()
            await tx.run(TOUCH, {"number": second})

        return work

    async with asyncio.timeout(60):
        await asyncio.gather(*(neo4j_store.write(crossing(*pair)) for pair in (("C1", "C2"), ("C2", "C1"))))
    assert len(tries) == 3
    rows = await neo4j_store.read(
        lambda tx: tx.run("MATCH (c:CaseFile) RETURN c.guard AS touched, c.number AS number ORDER BY number")
    )
    assert rows == [{"number": number, "touched": 2} for number in held]


@needs_neo4j
async def test_who_appends_events_and_who_marks_them_do_not_wait_for_each_other(neo4j_store: Neo4jStore) -> None:
    await neo4j_store.write(lambda tx: append_events(tx, [event("E1"), event("E2")]))
    appended, marked = asyncio.Event(), asyncio.Event()

    async def work(tx: Transaction) -> None:
        await append_events(tx, [event("E3")])
        appended.set()
        await marked.wait()

    async with asyncio.timeout(20):
        appending = asyncio.create_task(neo4j_store.write(work))
        await appended.wait()
        await neo4j_store.write(lambda tx: mark_events_published(tx, ["NB-GA.1"]))
        marked.set()
        await appending
    assert await neo4j_store.read(waiting_runs) == {"NB-GA": range(2, 4)}


@needs_neo4j
async def test_a_look_at_what_waits_costs_the_same_however_much_it_is(neo4j_store: Neo4jStore) -> None:
    costs = []
    for count in (5, 3000):
        await neo4j_store.write(lambda tx, count=count: append_events(tx, [event("E")] * count))
        async with neo4j_store._driver.session() as session:
            result = await session.run("PROFILE " + statements_journal.WAITING_RUNS)
            costs.append(_hits((await result.consume()).profile))
        assert len(await neo4j_store.read(lambda tx: unpublished_events(tx, 5))) == 5
    assert costs[0] == costs[1]


def _hits(plan: dict[str, Any]) -> int:
    return int(plan.get("dbHits", 0)) + sum(_hits(child) for child in plan.get("children", ()))


@needs_neo4j
async def test_a_mistake_of_ours_is_not_tried_again(neo4j_store: Neo4jStore) -> None:
    tries: list[int] = []

    async def work(tx: Transaction) -> None:
        tries.append(1)
        await tx.run("RETURN no_such_name")

    with pytest.raises(StoreError):
        await neo4j_store.write(work)
    assert tries == [1]


def _written_until_killed(uri: str) -> list[str]:
    """Return what another process says it has written before it is killed in the middle of the next work."""
    command = [sys.executable, "-m", embedded_writer.__name__, uri]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as writer:
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline().strip() for _ in range(20)]
        writer.kill()
        return acknowledged + [line.strip() for line in writer.stdout if line.endswith("\n")]


@needs_neo4j
@pytest.mark.requirement("I1")
async def test_a_writer_that_is_killed_loses_nothing_it_acknowledged(neo4j_store: Neo4jStore, neo4j_uri: str) -> None:
    acknowledged = await asyncio.to_thread(_written_until_killed, neo4j_uri)
    await neo4j_store.write(lambda tx: append_audit(tx, audit("busy")))  # waits for what the dead one still holds
    for number in acknowledged:
        assert await neo4j_store.read(lambda tx, number=number: load_needs(tx, number)) == (need(number),)
    cases = await neo4j_store.read(lambda tx: list_cases(tx, "NB-GA", None, None, 100_000))
    entries = await neo4j_store.read(lambda tx: load_audit(tx, "busy", 0, 100_000))
    events = await neo4j_store.read(lambda tx: unpublished_events(tx, 100_000))
    assert verify_chain(entries) is None
    assert len(acknowledged) <= len(cases) == len(entries) - 1 == len(events) <= len(acknowledged) + 1


async def test_a_server_that_is_not_there_is_not_available() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(StoreUnavailableError, match="not available"):
            await Neo4jStore.open(f"bolt://127.0.0.1:{port}", retry_seconds=0.2)


async def test_an_address_that_is_none_is_an_error_of_the_store() -> None:
    with pytest.raises(StoreError, match="no address"):
        await Neo4jStore.open("nonsense://127.0.0.1")
