"""The catalogue authority at work, at a time that stands still."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from graph_models.store import GraphStore
from hub.actors import Actor, Post
from hub.catalogue import CatalogueService, SnapshotHolder

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
JUSTICE = Actor("P-1", "SF", frozenset({Post.CATALOGUE_AUTHORITY}))


class StillClock:
    """It is always the same time."""

    def now(self) -> datetime:
        return NOW


class CountedIds:
    """Identifiers one after another, different in each process that takes part in a test."""

    _numbers = count(1)

    def identifier(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers):016d}"

    def check_code(self) -> str:
        return f"{next(self._numbers):022d}"


def service_on(store: GraphStore) -> tuple[CatalogueService, SnapshotHolder]:
    """Return the service of one hub process on the store, and what that process holds."""
    holder = SnapshotHolder(store)
    return CatalogueService(store, StillClock(), holder), holder
