"""What only the embedded engine can be asked: its folder, its lock, its durability."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph_models import statements, statements_journal
from graph_models.case_records import add_case, list_cases, load_case, load_needs, save_case
from graph_models.errors import StoreError, StoreLockedError, StoreUnavailableError
from graph_models.journal_records import load_audit, unpublished_events, verify_chain
from graph_models.ladybug_store import LadybugStore, _unguarded
from graph_models.store import Transaction
from tests.contract import embedded_writer
from tests.contract.records import case, need

SMALL = 192 << 20
STATEMENTS = {name: text for name, text in (vars(statements) | vars(statements_journal)).items() if name.isupper()}


async def _opened(folder: Path) -> LadybugStore:
    store = await LadybugStore.open(folder, buffer_bytes=SMALL)
    await store.migrate()
    return store


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has opened its first cases in ``tmp_path / "graph"`` and goes on."""
    command = [sys.executable, "-m", embedded_writer.__name__, str(tmp_path / "graph")]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


@pytest.mark.requirement("I1")
async def test_a_store_opened_again_holds_everything(tmp_path: Path) -> None:
    first = await _opened(tmp_path)
    await first.write(lambda tx: add_case(tx, case()))
    await first.close()
    second = await _opened(tmp_path)
    assert await second.read(lambda tx: load_case(tx, "C1")) == case()
    await second.close()


async def test_a_store_that_another_process_holds_is_said_to_be_locked(
    tmp_path: Path, writer: subprocess.Popen[str]
) -> None:
    assert writer.poll() is None
    with pytest.raises(StoreLockedError, match="another process holds the graph store"):
        await LadybugStore.open(tmp_path / "graph", buffer_bytes=SMALL)


@pytest.mark.requirement("I1")
async def test_a_writer_that_is_killed_loses_nothing_it_acknowledged(
    tmp_path: Path, writer: subprocess.Popen[str]
) -> None:
    assert writer.stdout is not None
    threading.Timer(1.0, writer.kill).start()
    acknowledged = ["C0", *(line.strip() for line in writer.stdout if line.endswith("\n"))]
    assert len(acknowledged) > 10
    store = await _opened(tmp_path / "graph")
    for number in acknowledged:
        assert await store.read(lambda tx, number=number: load_needs(tx, number)) == (need(number),)
    cases = await store.read(lambda tx: list_cases(tx, "NB-GA", None, None, 100_000))
    entries = await store.read(lambda tx: load_audit(tx, "busy", 0, 100_000))
    events = await store.read(lambda tx: unpublished_events(tx, 100_000))
    assert verify_chain(entries) is None
    assert len(acknowledged) <= len(cases) == len(entries) == len(events) <= len(acknowledged) + 1
    await store.close()


async def test_a_folder_that_cannot_be_made_is_an_error_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be opened"):
        await LadybugStore.open(tmp_path / "file" / "graph")


async def test_a_file_that_is_no_store_is_an_error_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "graph.lbug").write_bytes(b"not a graph" * 1000)
    with pytest.raises(StoreError, match="cannot be opened"):
        await LadybugStore.open(tmp_path, buffer_bytes=SMALL)


async def test_a_closed_store_is_not_available_and_may_be_closed_again(tmp_path: Path) -> None:
    store = await _opened(tmp_path)
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        await store.ping()


async def test_closing_waits_for_works_that_run(tmp_path: Path) -> None:
    store = await _opened(tmp_path)
    writes = [asyncio.ensure_future(store.write(lambda tx, n=n: add_case(tx, case(f"C{n}")))) for n in range(20)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*writes)
    again = await _opened(tmp_path)
    assert len(await again.read(lambda tx: list_cases(tx, "NB-GA", None, None, 99))) == 20
    await again.close()


async def test_a_work_that_waits_for_something_else_is_refused_and_undone(ladybug_store: LadybugStore) -> None:
    async def work(tx: Transaction) -> None:
        await add_case(tx, case())
        await asyncio.sleep(0)

    with pytest.raises(StoreError, match="may await its transaction's statements and nothing else"):
        await ladybug_store.write(work)
    assert await ladybug_store.read(lambda tx: list_cases(tx, "NB-GA", None, None, 9)) == ()


async def test_a_caller_that_gives_up_leaves_a_whole_work_or_none(ladybug_store: LadybugStore) -> None:
    async def work(tx: Transaction) -> None:
        await add_case(tx, case("C1"))
        await add_case(tx, case("C2"))

    for _ in range(3):
        task = asyncio.ensure_future(ladybug_store.write(work))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await ladybug_store.write(lambda tx: add_case(tx, case("C3")))
    assert len(await ladybug_store.read(lambda tx: list_cases(tx, "NB-GA", None, None, 9))) in (1, 3)


async def test_a_guard_is_left_out_where_only_one_writes(ladybug_store: LadybugStore) -> None:
    async def work(tx: Transaction) -> None:
        await add_case(tx, case())
        await save_case(tx, case())

    await ladybug_store.write(work)
    held = "MATCH (c:CaseFile) RETURN c.version AS version, c.guard AS guard"
    assert await ladybug_store.read(lambda tx: tx.run(held)) == [{"version": 2, "guard": None}]


@pytest.mark.parametrize("name", [name for name, text in STATEMENTS.items() if ".guard" in text])
def test_no_statement_keeps_a_guard_in_the_embedded_engine(name: str) -> None:
    assert "guard" not in _unguarded(STATEMENTS[name])


async def test_a_statement_that_was_prepared_for_small_numbers_takes_large_ones(tmp_path: Path) -> None:
    edges = [sign * (2**bits + more) for bits in (0, 7, 8, 15, 16, 31, 32, 62) for more in (-1, 0) for sign in (1, -1)]
    store = await _opened(tmp_path / "graph")
    await store.write(lambda tx: tx.run("CREATE NODE TABLE Number(id INT64 PRIMARY KEY, value INT64, said STRING)"))

    async def written(tx: Transaction) -> list[dict[str, object]]:
        for place, value in enumerate([*edges, *reversed(edges)]):
            said = None if value % 2 else str(value)
            words = "CREATE (:Number {id: $id, value: $value, said: $said})"
            await tx.run(words, {"id": place, "value": value, "said": said})
        return await tx.run("MATCH (n:Number) RETURN n.value AS value, n.said AS said ORDER BY n.id")

    rows = await store.write(written)
    assert [row["value"] for row in rows] == [*edges, *reversed(edges)]
    assert [row["said"] for row in rows] == [None if value % 2 else str(value) for value in [*edges, *reversed(edges)]]
    await store.close()


async def test_a_number_that_the_engine_does_not_take_is_an_error_of_the_store(tmp_path: Path) -> None:
    store = await _opened(tmp_path / "graph")
    for number in (2**63, 2**64, -(2**64)):
        with pytest.raises(StoreError):
            await store.write(lambda tx, number=number: tx.run("CREATE (:NoTable {id: $id})", {"id": number}))
    await store.close()
