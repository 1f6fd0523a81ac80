"""What a data source is asked and what it may answer: a record, "there is no such record", or nothing that can be used.

The three never mix: only a source that speaks the protocol and says so gives a negative; whatever else goes wrong is
"down", and the requirement then goes to the issuing unit. The real connector is in ``hub.http_connector``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class SourceQuery:
    """One question to a data source (数据源), with the case that is its purpose (R17.4)."""

    proof_type_code: str
    subject: Mapping[str, str]
    """Keys by which the record is found, for example an identity number. Personal: never logged."""
    case_number: str
    purpose: str
    """Code of the item that the case handles."""
    request_id: str
    """Identifies this question in both sides' logs; says nothing about a person."""


@dataclass(frozen=True, slots=True)
class SourceFact:
    """One fact of a record: key and text, as the source states them."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class RecordFound:
    """The register has the record; ``as_of`` (UTC) is when what it states was so."""

    facts: tuple[SourceFact, ...]
    as_of: datetime
    register: str


@dataclass(frozen=True, slots=True)
class NoSuchRecord:
    """A negative (查无记录): this register, searched by these keys, has no such record as of this time (UTC)."""

    register: str
    keys: tuple[str, ...]
    as_of: datetime


class DownReason(StrEnum):
    """Why a source gave nothing that can be used."""

    TIMEOUT = "TIMEOUT"
    CONNECTION = "CONNECTION"
    SERVER_ERROR = "SERVER_ERROR"
    BREAKER_OPEN = "BREAKER_OPEN"
    MALFORMED = "MALFORMED"
    TOO_LARGE = "TOO_LARGE"
    UNAUTHORISED = "UNAUTHORISED"


@dataclass(frozen=True, slots=True)
class SourceDown:
    """The source gave nothing that can be used; ``detail`` is for operators and holds no personal data."""

    reason: DownReason
    detail: str


SourceOutcome: TypeAlias = RecordFound | NoSuchRecord | SourceDown


class DataSource(Protocol):
    """A register that can be asked for records."""

    @property
    def code(self) -> str:
        """Code by which the catalogue names the source."""
        ...

    async def fetch(self, query: SourceQuery) -> SourceOutcome:
        """Ask for one record; answer within the source's time limit, and raise for no failure of the source."""
        ...

    async def close(self) -> None:
        """Give back connections; the source is not asked afterwards."""
        ...


class SourceDirectory:
    """The data sources that this hub can ask, by code."""

    def __init__(self, sources: Iterable[DataSource]) -> None:
        """Take the sources.

        Raises:
            ValueError: two of them have the same code.
        """
        self._sources: dict[str, DataSource] = {}
        for source in sources:
            if source.code in self._sources:
                raise ValueError(f"two data sources have the code {source.code}")
            self._sources[source.code] = source

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the codes of all sources, sorted."""
        return tuple(sorted(self._sources))

    def find(self, code: str) -> DataSource | None:
        """Return the source of that code, or None when the hub has none."""
        return self._sources.get(code)

    async def close(self) -> None:
        """Close every source."""
        for source in self._sources.values():
            await source.close()
