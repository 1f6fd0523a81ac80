"""The published catalogue (无证件（证明）办事目录) as an immutable snapshot in memory, with its indexes.

A version never changes, so a snapshot is built once and read by everybody without waiting; a new publication replaces
it as a whole. Whatever is asked for by code and is not there is ``None`` or an empty tuple, never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from graph_models.catalogue import (
    CatalogueContent,
    CatalogueVersion,
    IssuingRelationship,
    ProofType,
    Requirement,
    ServiceItem,
    Unit,
)

T = TypeVar("T")
Searchable = tuple[tuple[str, T], ...]


@dataclass(frozen=True, slots=True)
class _Indexes:
    units: Mapping[str, Unit]
    items: Mapping[str, ServiceItem]
    proof_types: Mapping[str, ProofType]
    requirements: Mapping[str, Requirement]
    requirements_of: Mapping[str, tuple[Requirement, ...]]
    requiring: Mapping[str, tuple[Requirement, ...]]
    issuers_of: Mapping[str, tuple[IssuingRelationship, ...]]
    issued_by: Mapping[str, tuple[IssuingRelationship, ...]]
    line_below: Mapping[str, tuple[Unit, ...]]
    unit_names: Searchable[Unit]
    item_names: Searchable[ServiceItem]
    proof_type_names: Searchable[ProofType]


@dataclass(frozen=True, slots=True, eq=False)
class CatalogueSnapshot:
    """One version of the catalogue, ready to be asked. Order is by code everywhere, whatever order the rows had."""

    version: CatalogueVersion
    content: CatalogueContent = field(repr=False)
    _indexes: _Indexes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_indexes", _index(self.content))

    @property
    def units(self) -> tuple[Unit, ...]:
        """All units by code."""
        return tuple(self._indexes.units.values())

    @property
    def items(self) -> tuple[ServiceItem, ...]:
        """All service items by code."""
        return tuple(self._indexes.items.values())

    @property
    def proof_types(self) -> tuple[ProofType, ...]:
        """All proof types by code."""
        return tuple(self._indexes.proof_types.values())

    def unit(self, code: str) -> Unit | None:
        """Return the unit with the code."""
        return self._indexes.units.get(code)

    def item(self, code: str) -> ServiceItem | None:
        """Return the service item with the code."""
        return self._indexes.items.get(code)

    def proof_type(self, code: str) -> ProofType | None:
        """Return the proof type with the code."""
        return self._indexes.proof_types.get(code)

    def requirement(self, identifier: str) -> Requirement | None:
        """Return the requirement with the identifier."""
        return self._indexes.requirements.get(identifier)

    def requirements_of(self, item_code: str) -> tuple[Requirement, ...]:
        """Return what an item needs, by identifier."""
        return self._indexes.requirements_of.get(item_code, ())

    def issuers_of(self, proof_type_code: str) -> tuple[IssuingRelationship, ...]:
        """Return who issues a proof type and for which region, by unit and region."""
        return self._indexes.issuers_of.get(proof_type_code, ())

    def issued_by(self, unit_code: str) -> tuple[IssuingRelationship, ...]:
        """Return what a unit issues, by proof type and region."""
        return self._indexes.issued_by.get(unit_code, ())

    def handles(self, unit_code: str, item_code: str) -> bool:
        """Tell whether the unit is the item's line department or stands below it in its line."""
        item = self.item(item_code)
        return item is not None and item.unit_code in _line_above(self._indexes.units, unit_code)

    def handlers_of(self, item_code: str) -> tuple[Unit, ...]:
        """Return the item's line department and all units below it in its line."""
        item = self.item(item_code)
        return self._indexes.line_below.get(item.unit_code, ()) if item else ()

    def items_requiring(self, proof_type_code: str) -> tuple[ServiceItem, ...]:
        """Return the items that need a proof type, alone or as an alternative."""
        codes = {found.item_code for found in self._indexes.requiring.get(proof_type_code, ())}
        return tuple(item for code in sorted(codes) if (item := self.item(code)) is not None)

    def search_units(self, fragment: str) -> tuple[Unit, ...]:
        """Return units whose code or name, in either language, contains the fragment; an empty one finds all."""
        return _search(self._indexes.unit_names, fragment)

    def search_items(self, fragment: str) -> tuple[ServiceItem, ...]:
        """Return items whose code or name contains the fragment; an empty one finds all."""
        return _search(self._indexes.item_names, fragment)

    def search_proof_types(self, fragment: str) -> tuple[ProofType, ...]:
        """Return proof types whose code or name, in either language, contains the fragment; an empty one finds all."""
        return _search(self._indexes.proof_type_names, fragment)


def _index(content: CatalogueContent) -> _Indexes:
    units = {unit.code: unit for unit in sorted(content.units, key=lambda unit: unit.code)}
    items = {item.code: item for item in sorted(content.items, key=lambda item: item.code)}
    proof_types = {kind.code: kind for kind in sorted(content.proof_types, key=lambda kind: kind.code)}
    requirements = {each.id: each for each in sorted(content.requirements, key=lambda each: each.id)}
    relationships = sorted(
        content.relationships, key=lambda each: (each.unit_code, each.proof_type_code, each.region, each.mode)
    )
    return _Indexes(
        units=units,
        items=items,
        proof_types=proof_types,
        requirements=requirements,
        requirements_of=_grouped(requirements.values(), lambda each: each.item_code),
        requiring=_grouped(requirements.values(), lambda each: each.proof_type_code),
        issuers_of=_grouped(relationships, lambda each: each.proof_type_code),
        issued_by=_grouped(relationships, lambda each: each.unit_code),
        line_below=_lines_below(units),
        unit_names=tuple((_searched(unit.code, unit.name, unit.name_en), unit) for unit in units.values()),
        item_names=tuple((_searched(item.code, item.name), item) for item in items.values()),
        proof_type_names=tuple((_searched(kind.code, kind.name, kind.name_en), kind) for kind in proof_types.values()),
    )


def _grouped(records: Iterable[T], key: Callable[[T], str]) -> dict[str, tuple[T, ...]]:
    groups: dict[str, list[T]] = {}
    for record in records:
        groups.setdefault(key(record), []).append(record)
    return {code: tuple(found) for code, found in groups.items()}


def _line_above(units: Mapping[str, Unit], code: str) -> tuple[str, ...]:
    """Return the unit and those above it in its line; a circle ends where it closes."""
    line: list[str] = []
    unit = units.get(code)
    while unit is not None and unit.code not in line:
        line.append(unit.code)
        unit = units.get(unit.superior) if unit.superior else None
    return tuple(line)


def _lines_below(units: Mapping[str, Unit]) -> dict[str, tuple[Unit, ...]]:
    pairs = [(above, unit) for unit in units.values() for above in _line_above(units, unit.code)]
    return {code: tuple(unit for _, unit in found) for code, found in _grouped(pairs, lambda pair: pair[0]).items()}


def _searched(*texts: str) -> str:
    return "\n".join(texts).casefold()


def _search(names: Searchable[T], fragment: str) -> tuple[T, ...]:
    wanted = " ".join(fragment.split()).casefold()
    return tuple(record for text, record in names if wanted in text)
