"""Turns the rows of the catalogue proper (目录) into items and requirements: a row is one proof an item needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from graph_models.catalogue import ApplicantKind, BasisLevel, LegalBasis, Measure, Requirement, ServiceItem
from hub.catalogue_cells import Handling, Placed, Register, RowReader

MOST_PROMISED_DAYS = 365
MOST_GROUPS = 99
_OF_ITEM = ("name", "field", "unit_code", "instant", "promised_days", "applicant_kinds")
_COLUMN_OF = {"name": "item_name", "unit_code": "unit", "instant": "handling"}


@dataclass(frozen=True, slots=True)
class Found:
    """What the rows say."""

    items: tuple[Placed[ServiceItem], ...]
    requirements: tuple[Placed[Requirement], ...]
    issuers: dict[str, tuple[str, ...]]


def requirements_of(rows: Iterable[RowReader], units: Register, types: Register) -> Found:
    """Return the items and requirements of the good rows; faults stay with each row's reader."""
    items: dict[str, Placed[ServiceItem]] = {}
    by_item: dict[str, list[Placed[Requirement]]] = {}
    issuers: dict[str, tuple[str, ...]] = {}
    for row in rows:
        item = _item(row, units)
        known = items.get(item.code)
        if known is not None:
            _same_item(row, item, known)
        needs = by_item.setdefault(item.code, [])
        requirement = _requirement(row, item.code, len(needs) + 1, types)
        named = _issuers(row, units, out_of_scope=requirement.out_of_scope is not None)
        if row.problems:
            continue
        items.setdefault(item.code, Placed(item, row.place))
        needs.append(Placed(requirement, row.place))
        issuers[requirement.id] = named
    requirements = tuple(need for needs in by_item.values() for need in _grouped(needs))
    return Found(tuple(items.values()), requirements, issuers)


def _item(row: RowReader, units: Register) -> ServiceItem:
    handling = row.choice("handling", Handling)
    days = row.number("promised_days", 1, MOST_PROMISED_DAYS)
    if handling is Handling.PROMISED and row.optional("promised_days") is None:
        row.fault("promised_days", "is empty, but the item has a promised limit", "承诺件必须填写承诺时限")
    if handling is Handling.INSTANT and days is not None:
        row.fault("promised_days", "is filled, but the item is done at once", "即办件不填承诺时限")
    return ServiceItem(
        code=row.text("item_code"),
        name=row.text("item_name"),
        field=row.text("field"),
        unit_code=row.reference("unit", units, row.text("unit")) or "",
        instant=handling is Handling.INSTANT,
        promised_days=days,
        applicant_kinds=row.choices("applicant_kinds", ApplicantKind) or (ApplicantKind.NATURAL_PERSON,),
    )


def _same_item(row: RowReader, item: ServiceItem, known: Placed[ServiceItem]) -> None:
    for name in _OF_ITEM:
        if getattr(item, name) != getattr(known.record, name):
            row.fault(
                _COLUMN_OF.get(name, name),
                f"differs from row {known.place.row}, which is of the same item",
                f"与第 {known.place.row} 行同一事项的内容不一致",
            )


def _requirement(row: RowReader, item_code: str, number: int, types: Register) -> Requirement:
    measures = row.choices("measures", Measure)
    if not measures:
        row.text("measures")
    return Requirement(
        id=f"{item_code}-{number:02d}",
        item_code=item_code,
        proof_type_code=row.reference("proof_type", types, row.text("proof_type")) or "",
        group=row.number("group", 1, MOST_GROUPS) or 0,
        basis=LegalBasis(
            act=row.text("act"), article=row.optional("article") or "", level=row.choice("basis_level", BasisLevel)
        ),
        measures=measures,
        applicant_kinds=row.choices("only_for", ApplicantKind),
        out_of_scope=row.optional("out_of_scope"),
    )


def _issuers(row: RowReader, units: Register, *, out_of_scope: bool) -> tuple[str, ...]:
    """Return the units named as issuing; one that is out of scope is outside the city and need not be known (R2.2)."""
    row.text("issuer")
    if out_of_scope:
        return ()
    codes = (row.reference("issuer", units, text) for text in row.texts("issuer"))
    return tuple(code for code in codes if code is not None)


def _grouped(needs: list[Placed[Requirement]]) -> list[Placed[Requirement]]:
    """Give each requirement without a group one of its own: it has no alternative."""
    free = max((need.record.group for need in needs), default=0)
    grouped = []
    for need in needs:
        if need.record.group == 0:
            free += 1
            need = Placed(replace(need.record, group=free), need.place)  # noqa: PLW2901  the same need, numbered
        grouped.append(need)
    return grouped
