"""Fills Neo4j with many requests in few statements, by the product's own record functions.

These run against a `Notebook` in place of a transaction: it notes what they write and answers as a store would in which
the case is new. What was noted is then written statement by statement, each for all its rows at a time. So what is in
the store is what the product would have written, and a statement that is not known here stops the loading. (Not for the
embedded engine: where a statement begins by merging a node that several rows share, ladybug 0.22 drops rows.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from graph_models import statements, statements_bundles, statements_journal
from graph_models.case_records import add_case
from graph_models.journal_records import begin_audit
from graph_models.request_records import add_request
from graph_models.rows import milliseconds
from graph_models.store import GraphStore, Row, Transaction, Value
from scripts.bench_exchange_records import Crowd, Made

CASES = 500
"""So many cases are written in one transaction."""


class UnknownStatementError(Exception):
    """The product writes something that this loading does not know; the text is the statement."""


@dataclass(slots=True)
class Notebook:
    """Takes what is written of new cases."""

    passed: int
    """Limits up to this time (UTC milliseconds) have been noticed and are in the store no more."""
    rows: defaultdict[str, list[Mapping[str, Value]]] = field(default_factory=lambda: defaultdict(list))
    _documents: dict[Value, Value] = field(default_factory=dict)
    _bundles: dict[Value, Row] = field(default_factory=dict)

    async def run(self, statement: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        """Note the statement, or answer it. Raises UnknownStatementError."""
        row = dict(parameters or {})
        answer = _ANSWERS.get(statement)
        if answer is None:
            raise UnknownStatementError(statement)
        return answer(self, statement, row)

    async def run_each(self, statement: str, rows: Sequence[Mapping[str, Value]]) -> list[Row]:
        """Do as `run` for each row."""
        return [answer for row in rows for answer in await self.run(statement, row)]

    def note(self, statement: str, row: Row) -> list[Row]:
        """Note a row; the answer is one row that says nothing."""
        self.rows[statement].append(row)
        return [{}]

    def case(self, statement: str, row: Row) -> list[Row]:
        """Note a case, of which the record will be asked."""
        self._documents[row["number"]] = row["record"]
        return self.note(statement, row)

    def document(self, statement: str, row: Row) -> list[Row]:
        """Answer with the record of a case that was noted."""
        return [{"record": self._documents[row["number"]]}]

    def bundle(self, statement: str, row: Row) -> list[Row]:
        """Note a bundle the first time; answer how it stands."""
        if row["key"] not in self._bundles:
            self.note(statement, row)
            self._bundles[row["key"]] = {"id": row["id"], "due_at": row["never"]}
        return [self._bundles[row["key"]]]

    def due(self, statement: str, row: Row) -> list[Row]:
        """Note when a bundle is due."""
        self._bundles[row["key"]] |= {"due_at": row["due_at"]}
        return self.note(statement, row)

    def limit(self, statement: str, row: Row) -> list[Row]:
        """Note a limit that has not passed."""
        return self.note(statement, row) if cast("int", row["at"]) > self.passed else []


Answer = Callable[[Notebook, str, Row], list[Row]]
_ANSWERS: dict[str, Answer] = {
    statements.CREATE_CASE: Notebook.case,
    statements.READ_CASE: Notebook.document,
    statements.CREATE_REQUEST: Notebook.note,
    statements.PUT_REQUEST_TO_ANSWER: Notebook.note,
    statements.PUT_REQUEST_ANSWERED: Notebook.note,
    statements.PUT_LIMIT: Notebook.limit,
    statements_bundles.HOLD_BUNDLE: Notebook.bundle,
    statements_bundles.PUT_IN_BUNDLE: Notebook.note,
    statements_bundles.NAME_BUNDLE: Notebook.due,
    statements_bundles.SET_DUE: Notebook.due,
    statements_journal.BEGIN_STREAM: Notebook.note,
}


async def fill(store: GraphStore, crowd: Crowd, first: int, last: int) -> None:
    """Write the cases numbered from the first up to, without, the last.

    Raises:
        UnknownStatementError: the product writes more than is known here.
    """
    for begin in range(first, last, CASES):
        made = [crowd.case(number) for number in range(begin, min(begin + CASES, last))]
        await put(store, made, milliseconds(crowd.now))


async def put(store: GraphStore, made: Sequence[Made], passed: int) -> None:
    """Write cases in one transaction."""
    notebook = Notebook(passed)
    for each in made:
        await add_case(notebook, each.case)
        for request in each.requests:
            await add_request(notebook, request)
        await begin_audit(notebook, (each.audit,))

    async def work(tx: Transaction) -> None:
        for statement, rows in notebook.rows.items():
            await tx.run_each(statement, rows)

    await store.write(work)
