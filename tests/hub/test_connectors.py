"""The directory of data sources."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from hub.connectors import NoSuchRecord, SourceDirectory, SourceOutcome, SourceQuery


@dataclass
class _EmptyRegister:
    """A register without any record."""

    code: str
    closed: list[str] = field(default_factory=list)

    async def fetch(self, query: SourceQuery) -> SourceOutcome:
        return NoSuchRecord(self.code, tuple(query.subject), datetime(2026, 3, 2, tzinfo=UTC))

    async def close(self) -> None:
        self.closed.append(self.code)


async def test_a_source_is_found_by_its_code_and_answers() -> None:
    directory = SourceDirectory([_EmptyRegister("tax"), _EmptyRegister("population")])
    source = directory.find("population")
    assert source is not None
    outcome = await source.fetch(SourceQuery("GA-HJ", {"id_number": "1"}, "C1", "item", "q1"))
    assert outcome == NoSuchRecord("population", ("id_number",), datetime(2026, 3, 2, tzinfo=UTC))
    assert directory.codes == ("population", "tax")


def test_an_unknown_source_is_none() -> None:
    assert SourceDirectory([]).find("population") is None


def test_two_sources_of_one_code_are_refused() -> None:
    with pytest.raises(ValueError, match="population"):
        SourceDirectory([_EmptyRegister("population"), _EmptyRegister("population")])


async def test_closing_the_directory_closes_every_source() -> None:
    sources = [_EmptyRegister("tax"), _EmptyRegister("population")]
    await SourceDirectory(sources).close()
    assert [source.closed for source in sources] == [["tax"], ["population"]]
