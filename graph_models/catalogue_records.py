"""Catalogue versions as graphs: (Unit)-[:HANDLES]->(ServiceItem)-[:REQUIRES]->(ProofType)<-[:ISSUES]-(Unit).

Each version has nodes of its own (key ``number/code``), so a published one never changes under whoever reads it. A
unit's line department is over BELONGS_TO. Requirements and issuing relationships are relationships with properties.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from graph_models import statements
from graph_models.catalogue import (
    CatalogueContent,
    CatalogueVersion,
    IssuingRelationship,
    ProofType,
    Requirement,
    ServiceItem,
    Unit,
)
from graph_models.errors import DuplicateKeyError, RecordNotFoundError, StaleVersionError
from graph_models.rows import from_document, milliseconds, records, to_document
from graph_models.store import Transaction, Value

_BATCH = 1000
"""Rows of one statement."""


async def save_draft(tx: Transaction, version: CatalogueVersion, content: CatalogueContent) -> None:
    """Write a draft with all that it says; an unpublished draft of that number is replaced.

    Raises:
        StaleVersionError: the number is published already.
        RecordNotFoundError: a row names a unit, an item or a proof type that the content does not hold.
        DuplicateKeyError: two units, items, proof types or requirements have the same code.
    """
    _check_names(content)
    found = await _guard(tx, version.number)
    if found:
        raise StaleVersionError(f"version {version.number} of the catalogue is published")
    for statement in (statements.DELETE_ITEMS, statements.DELETE_PROOF_TYPES, statements.DELETE_UNITS):
        await tx.run(statement, {"number": version.number})
    for statement, rows in _rows(version.number, content):
        for start in range(0, len(rows), _BATCH):
            await tx.run(statement, {"rows": rows[start : start + _BATCH]})
    await _write(tx, replace(version, published_at=None))


async def load_content(tx: Transaction, number: int) -> CatalogueContent:
    """Return everything that a version says, in the order in which it was saved; empty where there is no such one."""
    of = {"number": number}
    return CatalogueContent(
        units=records(Unit, await tx.run(statements.READ_UNITS, of)),
        proof_types=records(ProofType, await tx.run(statements.READ_PROOF_TYPES, of)),
        relationships=records(IssuingRelationship, await tx.run(statements.READ_ISSUERS, of)),
        items=records(ServiceItem, await tx.run(statements.READ_ITEMS, of)),
        requirements=records(Requirement, await tx.run(statements.READ_REQUIREMENTS, of)),
    )


async def load_version(tx: Transaction, number: int) -> CatalogueVersion | None:
    """Return the version with the number, if there is one."""
    rows = await tx.run(statements.READ_VERSION, {"number": number})
    return from_document(CatalogueVersion, rows[0]["record"]) if rows else None


async def list_versions(tx: Transaction) -> tuple[CatalogueVersion, ...]:
    """Return all versions by number, drafts included."""
    return records(CatalogueVersion, await tx.run(statements.READ_VERSIONS))


async def published_number(tx: Transaction) -> int | None:
    """Return the highest number that is published, or None before the first."""
    rows = await tx.run(statements.PUBLISHED_NUMBER)
    return cast("int | None", rows[0]["number"]) if rows else None


async def mark_published(tx: Transaction, number: int, at: datetime) -> CatalogueVersion:
    """Publish a draft at the time (aware) and return it as published.

    Raises:
        RecordNotFoundError: there is no version of that number.
        StaleVersionError: it is published already.
    """
    version = await load_version(tx, number)
    if version is None:
        raise RecordNotFoundError(f"there is no version {number} of the catalogue")
    if await _guard(tx, number):
        raise StaleVersionError(f"version {number} of the catalogue is published already")
    version = await load_version(tx, number) or version
    published = replace(version, published_at=at)
    await _write(tx, published)
    return published


async def _guard(tx: Transaction, number: int) -> bool:
    """Hold the version's node until the transaction ends; tell whether it is published."""
    rows = await tx.run(statements.GUARD_VERSION, {"number": number})
    return rows[0]["published"] != 0


async def _write(tx: Transaction, version: CatalogueVersion) -> None:
    row: dict[str, Value] = {
        "number": version.number,
        "published": milliseconds(version.published_at) if version.published_at else 0,
        "record": to_document(version),
    }
    await tx.run(statements.WRITE_VERSION, row)


def _check_names(content: CatalogueContent) -> None:
    """Every code that a row names must be there: the graph would silently lack the relationship."""
    units = {unit.code for unit in content.units}
    types = {kind.code for kind in content.proof_types}
    items = {item.code for item in content.items}
    identifiers = {requirement.id for requirement in content.requirements}
    for code, known, what in _names(content, units, types, items):
        if code not in known:
            raise RecordNotFoundError(f"{what} {code} is named but not in the catalogue's content")
    if len(identifiers) != len(content.requirements):
        raise DuplicateKeyError("two requirements have the same identifier")


def _names(
    content: CatalogueContent, units: set[str], types: set[str], items: set[str]
) -> Iterator[tuple[str, set[str], str]]:
    for unit in content.units:
        if unit.superior is not None:
            yield unit.superior, units, "unit"
    for item in content.items:
        yield item.unit_code, units, "unit"
    for relationship in content.relationships:
        yield relationship.unit_code, units, "unit"
        yield relationship.proof_type_code, types, "proof type"
    for requirement in content.requirements:
        yield requirement.item_code, items, "item"
        yield requirement.proof_type_code, types, "proof type"


def _rows(number: int, content: CatalogueContent) -> Iterator[tuple[str, Sequence[Value]]]:
    """Yield each statement with its rows, in the order in which they must run."""
    yield statements.CREATE_UNITS, [_unit(number, at, unit) for at, unit in enumerate(content.units)]
    yield statements.CREATE_PROOF_TYPES, [_proof_type(number, at, kind) for at, kind in enumerate(content.proof_types)]
    yield statements.CREATE_ITEMS, [_item(number, at, item) for at, item in enumerate(content.items)]
    superiors = [unit for unit in content.units if unit.superior is not None]
    yield statements.LINK_SUPERIORS, [_superior(number, unit) for unit in superiors]
    yield statements.LINK_ISSUERS, [_issuer(number, at, one) for at, one in enumerate(content.relationships)]
    yield statements.LINK_REQUIREMENTS, [_requirement(number, at, one) for at, one in enumerate(content.requirements)]


def _key(number: int, code: str | None) -> str:
    return f"{number}:{code}"


def _unit(number: int, position: int, unit: Unit) -> dict[str, Value]:
    return {
        "key": _key(number, unit.code),
        "catalogue": number,
        "position": position,
        "code": unit.code,
        "name": unit.name,
        "name_en": unit.name_en,
        "kind": unit.kind.value,
        "level": unit.level.value,
        "region": unit.region,
        "field": unit.field,
        "record": to_document(unit),
    }


def _proof_type(number: int, position: int, kind: ProofType) -> dict[str, Value]:
    return {
        "key": _key(number, kind.code),
        "catalogue": number,
        "position": position,
        "code": kind.code,
        "name": kind.name,
        "name_en": kind.name_en,
        "family": kind.family.value,
        "record": to_document(kind),
    }


def _item(number: int, position: int, item: ServiceItem) -> dict[str, Value]:
    return {
        "unit": _key(number, item.unit_code),
        "key": _key(number, item.code),
        "catalogue": number,
        "position": position,
        "code": item.code,
        "name": item.name,
        "field": item.field,
        "instant": item.instant,
        "promised_days": item.promised_days or 0,
        "record": to_document(item),
    }


def _superior(number: int, unit: Unit) -> dict[str, Value]:
    return {"unit": _key(number, unit.code), "superior": _key(number, unit.superior)}


def _issuer(number: int, position: int, one: IssuingRelationship) -> dict[str, Value]:
    return {
        "unit": _key(number, one.unit_code),
        "proof_type": _key(number, one.proof_type_code),
        "position": position,
        "region": one.region,
        "mode": one.mode.value,
        "record": to_document(one),
    }


def _requirement(number: int, position: int, one: Requirement) -> dict[str, Value]:
    return {
        "item": _key(number, one.item_code),
        "proof_type": _key(number, one.proof_type_code),
        "position": position,
        "requirement": one.id,
        "alternatives": one.group,
        "act": one.basis.act,
        "article": one.basis.article,
        "level": one.basis.level.value,
        "measures": [measure.value for measure in one.measures],
        "record": to_document(one),
    }
