"""Turns the rows of a catalogue's tables into records, each with the place where it stands.

The tables of a file are laid over a base version: a table that is given replaces the whole table of the base, one that
is not given stays as the base has it. So a file with the requirements alone is a complete import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from graph_models.catalogue import (
    CatalogueContent,
    FactField,
    FactKind,
    IssuingMode,
    IssuingRelationship,
    ProofFamily,
    ProofType,
    Requirement,
    ServiceItem,
    Unit,
    UnitKind,
    UnitLevel,
)
from hub.catalogue_cells import Place, Placed, Register, RowReader
from hub.catalogue_columns import TableKind
from hub.catalogue_files import Tables
from hub.catalogue_requirements import requirements_of
from hub.errors import RowProblem

T = TypeVar("T")

_BASE = Place("base version 原版本")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The records of a version that is not checked yet."""

    units: tuple[Placed[Unit], ...]
    proof_types: tuple[Placed[ProofType], ...]
    facts: tuple[Placed[tuple[str, FactField]], ...]
    """Code of the proof type, and one fact that it states."""
    relationships: tuple[Placed[IssuingRelationship], ...]
    items: tuple[Placed[ServiceItem], ...]
    requirements: tuple[Placed[Requirement], ...]
    issuers: Mapping[str, tuple[str, ...]]
    """Requirement → the units that its row names as issuing; none for the base's requirements."""

    def content(self) -> CatalogueContent:
        """Return the records without their places."""
        return CatalogueContent(
            units=_bare(self.units),
            proof_types=_bare(self.proof_types),
            relationships=_bare(self.relationships),
            items=_bare(self.items),
            requirements=_bare(self.requirements),
        )


def draft_of(tables: Tables, base: CatalogueContent) -> tuple[Draft, list[RowProblem]]:
    """Return the records of the tables laid over the base, and every fault of a single row."""
    rows = _Rows(tables)
    units = rows.register(TableKind.UNITS, "code", "name", ((unit.code, unit.name) for unit in base.units))
    types = rows.register(TableKind.PROOF_TYPES, "code", "name", ((kind.code, kind.name) for kind in base.proof_types))
    facts = rows.read(TableKind.FACTS, lambda row: _fact(row, types), _facts_of(base))
    proof_types = rows.read(TableKind.PROOF_TYPES, _proof_type, base.proof_types)
    required = [Placed(reader, reader.place) for reader in rows.readers(TableKind.REQUIREMENTS)]
    found = requirements_of([placed.record for placed in required], units, types)
    draft = Draft(
        units=rows.read(TableKind.UNITS, lambda row: _unit(row, units), base.units),
        proof_types=_with_facts(proof_types, facts),
        facts=facts,
        relationships=rows.read(
            TableKind.RELATIONSHIPS, lambda row: _relationship(row, units, types), base.relationships
        ),
        items=found.items if required else _of_base(base.items),
        requirements=found.requirements if required else _of_base(base.requirements),
        issuers=found.issuers,
    )
    return draft, rows.problems + [problem for placed in required for problem in placed.record.problems]


class _Rows:
    """Reads each table with the function for its rows; keeps the faults."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables.tables
        self.problems: list[RowProblem] = []

    def readers(self, kind: TableKind) -> list[RowReader]:
        table = self._tables.get(kind)
        return [RowReader(table, row) for row in table.rows] if table else []

    def read(self, kind: TableKind, make: Callable[[RowReader], T], base: Iterable[T]) -> tuple[Placed[T], ...]:
        """Return the good rows' records, or the base's where the table is not given."""
        if kind not in self._tables:
            return _of_base(base)
        made = []
        for reader in self.readers(kind):
            record = make(reader)
            if reader.problems:
                self.problems += reader.problems
            else:
                made.append(Placed(record, reader.place))
        return tuple(made)

    def register(self, kind: TableKind, code: str, name: str, base: Iterable[tuple[str, str]]) -> Register:
        """Return who can be referred to; a faulty row too, so that one fault is not told many times."""
        table = self._tables.get(kind)
        rows = ((row.cells.get(code, ""), row.cells.get(name, "")) for row in table.rows) if table else base
        return Register((a_code, a_name) for a_code, a_name in rows if a_code)


def _unit(row: RowReader, units: Register) -> Unit:
    name = row.text("name")
    return Unit(
        code=row.text("code"),
        name=name,
        name_en=row.optional("name_en") or name,
        kind=row.choice("kind", UnitKind),
        level=row.choice("level", UnitLevel),
        region=row.text("region"),
        field=row.text("field"),
        superior=row.reference("superior", units, row.optional("superior")),
        supervising_authority=row.reference("supervising_authority", units, row.optional("supervising_authority")),
        guiding_authority=row.reference("guiding_authority", units, row.optional("guiding_authority")),
        two_people=row.flag("two_people"),
    )


def _proof_type(row: RowReader) -> ProofType:
    name = row.text("name")
    return ProofType(
        code=row.text("code"),
        name=name,
        name_en=row.optional("name_en") or name,
        family=row.choice("family", ProofFamily),
        facts=(),
        subject_keys=row.texts("subject_keys"),
        validity_days=row.number("validity_days", 1, 36_500),
        negative_allowed=row.flag("negative_allowed"),
        question=row.optional("question"),
        question_en=row.optional("question_en"),
        excepted_by_law=row.optional("excepted_by_law"),
    )


def _fact(row: RowReader, types: Register) -> tuple[str, FactField]:
    label = row.text("label")
    code = row.reference("proof_type", types, row.text("proof_type")) or ""
    return code, FactField(
        key=row.text("key"),
        label=label,
        label_en=row.optional("label_en") or label,
        kind=row.choice("kind", FactKind),
        required=row.flag("required", default=True),
    )


def _relationship(row: RowReader, units: Register, types: Register) -> IssuingRelationship:
    return IssuingRelationship(
        unit_code=row.reference("unit", units, row.text("unit")) or "",
        proof_type_code=row.reference("proof_type", types, row.text("proof_type")) or "",
        region=row.text("region"),
        mode=row.choice("mode", IssuingMode),
        source=row.optional("source"),
    )


def _facts_of(base: CatalogueContent) -> Iterable[tuple[str, FactField]]:
    return ((kind.code, fact) for kind in base.proof_types for fact in kind.facts)


def _with_facts(
    types: Iterable[Placed[ProofType]], facts: Iterable[Placed[tuple[str, FactField]]]
) -> tuple[Placed[ProofType], ...]:
    by_type: dict[str, list[FactField]] = {}
    for placed in facts:
        code, fact = placed.record
        by_type.setdefault(code, []).append(fact)
    return tuple(
        Placed(replace(kind.record, facts=tuple(by_type.get(kind.record.code, ()))), kind.place) for kind in types
    )


def _of_base(records: Iterable[T]) -> tuple[Placed[T], ...]:
    return tuple(Placed(record, _BASE) for record in records)


def _bare(placed: Iterable[Placed[T]]) -> tuple[T, ...]:
    return tuple(each.record for each in placed)
