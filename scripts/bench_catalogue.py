"""Subject: catalogue queries, asked again and never asked before, next to precomputed bytes and plain Strawberry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import httpx

from scripts.bench_harness import PER_SECOND, Figure, median, ratio_of
from scripts.bench_load import LoadResult
from scripts.bench_questions import CURSORS, ITEM, PAGE, body, never_asked
from scripts.bench_run import Run, ServedHub

PRECOMPUTED = "/bench/precomputed"
STRAWBERRY = "/bench/strawberry/"
_CODE = "NB0003"


@dataclass(frozen=True, slots=True)
class _Side:
    name: str
    ask: Callable[[], LoadResult]


def catalogue(run: Run) -> Iterator[Figure]:
    """Ask one item and a page of 50 at 32 connections."""
    with run.hub() as hub:
        yield from _asked_again(run, hub, "one item", body(ITEM, {"code": _CODE}))
        yield from _asked_again(run, hub, "page of 50", body(PAGE, {"after": None}))
        codes, cursors = _places(hub)
        yield from _asked_first(run, hub, "one item", (ITEM, "code", codes))
        yield from _asked_first(run, hub, "page of 50", (PAGE, "after", cursors))


def _asked_again(run: Run, hub: ServedHub, what: str, question: str) -> Iterator[Figure]:
    kept = _answer(hub, question)
    _put(hub, kept)
    expect = kept.decode()[:200]

    def ask(path: str) -> Callable[[], LoadResult]:
        return lambda: hub.ask([question], path, expect, seconds=run.seconds, again=True)

    yield from _compared(
        run,
        _Side(f"{what} asked again (answers kept)", ask("/graphql")),
        _Side(f"{what}, precomputed bytes, same server", ask(PRECOMPUTED)),
    )


def _asked_first(run: Run, hub: ServedHub, what: str, question: tuple[str, str, Sequence[str]]) -> Iterator[Figure]:
    document, name, values = question
    sample = body(document, {name: values[0]})
    if _answer(hub, sample) != _compact(_answer(hub, sample, STRAWBERRY)):
        raise AssertionError(f"{what}: the two sides answer differently")

    def ask(path: str, most: int) -> Callable[[], LoadResult]:
        def again() -> LoadResult:
            bodies = never_asked(document, name, values, run.marks, int(most * run.seconds))
            return hub.ask(bodies, path, '{"data":', seconds=run.seconds)

        return again

    yield from _compared(
        run,
        _Side(f"{what} never asked before", ask("/graphql", 8000)),
        _Side(f"{what}, plain Strawberry, same server", lambda: _spaced(run, hub, document, name, values)),
    )


def _spaced(run: Run, hub: ServedHub, document: str, name: str, values: Sequence[str]) -> LoadResult:
    bodies = never_asked(document, name, values, run.marks, int(2000 * run.seconds))
    return hub.ask(bodies, STRAWBERRY, '{"data":', seconds=run.seconds)


def _compared(run: Run, ours: _Side, peer: _Side) -> Iterator[Figure]:
    for side in (ours, peer):
        side.ask()
    results = [(ours.ask(), peer.ask()) for _ in range(run.plan.rounds)]
    mine, theirs = [a.rate for a, _ in results], [b.rate for _, b in results]
    yield Figure(ours.name, PER_SECOND, median(mine), None, ratio_of(mine, theirs), peer.name)
    yield Figure(peer.name, PER_SECOND, median(theirs))


def _places(hub: ServedHub) -> tuple[list[str], list[str]]:
    """Return the codes of all items, and the cursors after which a whole page of 50 follows."""
    codes: list[str] = []
    cursors: list[str] = []
    after: str | None = None
    more = True
    while more:
        page = json.loads(_answer(hub, body(CURSORS, {"after": after})))["data"]["serviceItems"]
        codes += [edge["node"]["code"] for edge in page["edges"]]
        cursors += [edge["cursor"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return codes, cursors[:-51]


def _answer(hub: ServedHub, question: str, path: str = "/graphql") -> bytes:
    headers = {"Authorization": f"Bearer {hub.token}", "Content-Type": "application/json"}
    address = f"http://127.0.0.1:{hub.port}{path}"
    found = httpx.post(address, content=question.encode(), headers=headers, trust_env=False)
    found.raise_for_status()
    if "errors" in found.json():
        raise AssertionError(found.text[:500])
    return found.content


def _put(hub: ServedHub, data: bytes) -> None:
    headers = {"Authorization": f"Bearer {hub.token}"}
    httpx.put(f"http://127.0.0.1:{hub.port}{PRECOMPUTED}", content=data, headers=headers, trust_env=False)


def _compact(data: bytes) -> bytes:
    """Return JSON as the hub writes it: no blanks, Chinese as it is."""
    return json.dumps(json.loads(data), ensure_ascii=False, separators=(",", ":")).encode()
