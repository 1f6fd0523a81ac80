"""What the published catalogue holds: units, service items, proof types, requirements, who issues what.

Every object knows the snapshot it is of, so nothing here waits for the store.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import strawberry

from graph_models import catalogue as records
from graph_models.catalogue import (
    ApplicantKind,
    BasisLevel,
    FactKind,
    IssuingMode,
    Measure,
    ProofFamily,
    UnitKind,
    UnitLevel,
)
from graph_models.snapshot import CatalogueSnapshot
from schema import enums  # noqa: F401  the enums' descriptions
from schema.fields import resolved
from schema.relay import After, Connection, First, connection, page_of, slice_of
from schema.shaping import shaped

Snapshot = strawberry.Private[CatalogueSnapshot]


@strawberry.type(description="A numbered version of the catalogue (无证件（证明）办事目录): unchanged once published.")
class CatalogueVersion:
    """A numbered version of the catalogue."""

    number: int = strawberry.field(description="Its number; a later version has a higher one.")
    title: str = strawberry.field(description="Its title.")
    digest: str = strawberry.field(description="SHA-256 of its content, lower-case hexadecimal.")
    imported_at: datetime = strawberry.field(description="When it was imported.")
    published_at: datetime | None = strawberry.field(description="When it was published; null for a draft.")
    sample: bool = strawberry.field(description="Whether it says of itself that it is a sample.")


@strawberry.type(description="A unit (单位): an organ, an authorised body, a public utility, or a party by reference.")
class Unit:
    """A unit."""

    snapshot: Snapshot
    code: str = strawberry.field(description="Its code in the catalogue.")
    name: str = strawberry.field(description="Its name in Chinese.")
    name_en: str = strawberry.field(description="Its name in English.")
    kind: UnitKind = strawberry.field(description="What it is.")
    level: UnitLevel = strawberry.field(description="At which level it works.")
    region: str = strawberry.field(description="GB/T 2260 code of what it is responsible for, for example 330203.")
    field: str = strawberry.field(description="Its line of work (领域).")
    two_people: bool = strawberry.field(description="Whether two people suffice for drafting, reviewing and sealing.")
    superior_code: strawberry.Private[str | None]

    @resolved("The line department above it, if there is one in the catalogue.")
    def superior(self) -> Unit | None:
        """Return the line department above it."""
        return unit_in(self.snapshot, self.superior_code)

    @resolved("What it issues and for which region, by proof type.")
    def issues(self, first: First = 20, after: After = None) -> IssuerConnection:
        """Return what the unit issues."""
        found = self.snapshot.issued_by(self.code)
        return _issuers(self.snapshot, f"issues:{self.code}", found, first, after)


@strawberry.type(description="One fact that a proof of a type states, and a field of the form that a drafter fills in.")
class FactField:
    """One fact that a proof of a type states."""

    key: str = strawberry.field(description="Its key in drafts.")
    label: str = strawberry.field(description="Its label in Chinese.")
    label_en: str = strawberry.field(description="Its label in English.")
    kind: FactKind = strawberry.field(description="What its text must look like.")
    required: bool = strawberry.field(description="Whether a positive answer must state it.")


@strawberry.type(description="A proof type (证件（证明）类型).")
class ProofType:
    """A proof type."""

    snapshot: Snapshot
    code: str = strawberry.field(description="Its code in the catalogue.")
    name: str = strawberry.field(description="Its name in Chinese.")
    name_en: str = strawberry.field(description="Its name in English.")
    family: ProofFamily = strawberry.field(description="Which template it is set in.")
    subject_keys: list[str] = strawberry.field(
        description="Which keys find a record: id_number, credit_code, property_number and others."
    )
    validity_days: int | None = strawberry.field(description="Days for which it can be relied on; null for no end.")
    negative_allowed: bool = strawberry.field(description="Whether 'no such record' is issued as a sealed proof.")
    question: str | None = strawberry.field(
        description="Asked in Chinese where several units could hold the fact; null where the region decides."
    )
    question_en: str | None = strawberry.field(description="The question in English.")
    excepted_by_law: str | None = strawberry.field(
        description="The law that says an electronic copy has not the force of paper; then none is offered (Art. 13)."
    )
    fact_records: strawberry.Private[tuple[records.FactField, ...]]

    @resolved("The facts that a proof of this type states, in their order on the page.")
    def facts(self) -> list[FactField]:
        """Return the facts that a proof of this type states."""
        return [shaped(FactField, fact) for fact in self.fact_records]

    @resolved("Who issues it and for which region, by unit.")
    def issuers(self, first: First = 20, after: After = None) -> IssuerConnection:
        """Return who issues the proof type."""
        found = self.snapshot.issuers_of(self.code)
        return _issuers(self.snapshot, f"issuers:{self.code}", found, first, after)

    @resolved("The service items that need it, alone or as an alternative, by code.")
    def required_by(self, first: First = 20, after: After = None) -> ServiceItemConnection:
        """Return the items that need the proof type."""
        found = self.snapshot.items_requiring(self.code)
        return items_page(self.snapshot, f"requiredBy:{self.code}", found, first, after)


@strawberry.type(description="A unit issues a proof type for a region, from shared data or by looking.")
class IssuingRelationship:
    """A unit issues a proof type for a region."""

    snapshot: Snapshot
    unit_code: str = strawberry.field(description="Code of the unit.")
    proof_type_code: str = strawberry.field(description="Code of the proof type.")
    region: str = strawberry.field(description="GB/T 2260 code of the region for which it does.")
    mode: IssuingMode = strawberry.field(description="From shared data, or verified by people.")
    source: str | None = strawberry.field(description="Code of the data source, exactly where the mode is SHARED.")

    @resolved("The unit.")
    def unit(self) -> Unit | None:
        """Return the unit."""
        return unit_in(self.snapshot, self.unit_code)

    @resolved("The proof type.")
    def proof_type(self) -> ProofType | None:
        """Return the proof type."""
        return proof_type_in(self.snapshot, self.proof_type_code)


@strawberry.type(description="The act and article that found a requirement (法定依据).")
class LegalBasis:
    """The act and article that found a requirement."""

    act: str = strawberry.field(description="The act's name.")
    article: str = strawberry.field(description="The article.")
    level: BasisLevel = strawberry.field(description="The act's rank.")


@strawberry.type(description="An item needs a proof type, on a legal basis, met by one of the measures.")
class Requirement:
    """An item needs a proof type."""

    snapshot: Snapshot
    id: strawberry.ID = strawberry.field(description="Item code and running number, stable within a version.")
    item_code: str = strawberry.field(description="Code of the item.")
    proof_type_code: str = strawberry.field(description="Code of the proof type.")
    group: int = strawberry.field(
        description="Requirements of one item with the same group are alternatives; the groups are all needed."
    )
    basis: LegalBasis = strawberry.field(description="The legal basis.")
    measures: list[Measure] = strawberry.field(description="The measures that the catalogue names.")
    applicant_kinds: list[ApplicantKind] = strawberry.field(description="Only for these applicants; empty: for all.")
    out_of_scope: str | None = strawberry.field(
        description="Why the regulation does not apply (Art. 2); the applicant may then be asked."
    )

    @resolved("The proof type.")
    def proof_type(self) -> ProofType | None:
        """Return the proof type."""
        return proof_type_in(self.snapshot, self.proof_type_code)


@strawberry.type(description="A service item (事项): a matter that a unit handles.")
class ServiceItem:
    """A service item."""

    snapshot: Snapshot
    code: str = strawberry.field(description="Its code in the catalogue.")
    name: str = strawberry.field(description="Its name in Chinese.")
    field: str = strawberry.field(description="Its line of work (领域).")
    unit_code: str = strawberry.field(description="Code of the line department that compiled it.")
    instant: bool = strawberry.field(description="Whether it is done while the applicant waits (即办).")
    promised_days: int | None = strawberry.field(
        description="Its promised limit (承诺时限) in working days; null exactly where it is instant."
    )
    applicant_kinds: list[ApplicantKind] = strawberry.field(description="For whom it is.")

    @resolved("The line department; it and the units below it in its line handle the item.")
    def unit(self) -> Unit | None:
        """Return the line department."""
        return unit_in(self.snapshot, self.unit_code)

    @resolved("What the item needs, by identifier.")
    def requirements(self) -> list[Requirement]:
        """Return what the item needs."""
        return [requirement_shape(self.snapshot, each) for each in self.snapshot.requirements_of(self.code)]

    @resolved("The units that handle the item, by code.")
    def handlers(self, first: First = 20, after: After = None) -> UnitConnection:
        """Return the units that handle the item."""
        found = self.snapshot.handlers_of(self.code)
        return units_page(self.snapshot, f"handlers:{self.code}", found, first, after)


@strawberry.type(description="A page of issuing relationships.")
class IssuerConnection(Connection[IssuingRelationship]):
    """A page of issuing relationships."""


@strawberry.type(description="A page of service items.")
class ServiceItemConnection(Connection[ServiceItem]):
    """A page of service items."""


@strawberry.type(description="A page of proof types.")
class ProofTypeConnection(Connection[ProofType]):
    """A page of proof types."""


@strawberry.type(description="A page of units.")
class UnitConnection(Connection[Unit]):
    """A page of units."""


def unit_in(snapshot: CatalogueSnapshot, code: str | None) -> Unit | None:
    """Return the unit with the code, if the snapshot has it."""
    record = snapshot.unit(code) if code else None
    return None if record is None else unit_shape(snapshot, record)


def proof_type_in(snapshot: CatalogueSnapshot, code: str) -> ProofType | None:
    """Return the proof type with the code, if the snapshot has it."""
    record = snapshot.proof_type(code)
    return None if record is None else proof_type_shape(snapshot, record)


def item_in(snapshot: CatalogueSnapshot, code: str) -> ServiceItem | None:
    """Return the service item with the code, if the snapshot has it."""
    record = snapshot.item(code)
    return None if record is None else item_shape(snapshot, record)


def unit_shape(snapshot: CatalogueSnapshot, record: records.Unit) -> Unit:
    """Return a unit as GraphQL shows it."""
    return shaped(Unit, record, snapshot=snapshot, superior_code=record.superior)


def proof_type_shape(snapshot: CatalogueSnapshot, record: records.ProofType) -> ProofType:
    """Return a proof type as GraphQL shows it."""
    return shaped(ProofType, record, snapshot=snapshot, fact_records=record.facts)


def item_shape(snapshot: CatalogueSnapshot, record: records.ServiceItem) -> ServiceItem:
    """Return a service item as GraphQL shows it."""
    return shaped(ServiceItem, record, snapshot=snapshot)


def requirement_shape(snapshot: CatalogueSnapshot, record: records.Requirement) -> Requirement:
    """Return a requirement as GraphQL shows it."""
    return shaped(Requirement, record, snapshot=snapshot, basis=shaped(LegalBasis, record.basis))


def relationship_shape(snapshot: CatalogueSnapshot, record: records.IssuingRelationship) -> IssuingRelationship:
    """Return an issuing relationship as GraphQL shows it."""
    return shaped(IssuingRelationship, record, snapshot=snapshot)


def items_page(
    snapshot: CatalogueSnapshot, kind: str, found: Iterable[records.ServiceItem], first: int, after: str | None
) -> ServiceItemConnection:
    """Return a page of service items that are in the order of their codes."""
    page = page_of(kind, (str,), first, after)
    chosen, more = slice_of(tuple(found), page, lambda item: item.code)
    nodes, keys = [item_shape(snapshot, item) for item in chosen], [(item.code,) for item in chosen]
    return connection(ServiceItemConnection, page, nodes, keys, more=more)


def units_page(
    snapshot: CatalogueSnapshot, kind: str, found: Iterable[records.Unit], first: int, after: str | None
) -> UnitConnection:
    """Return a page of units that are in the order of their codes."""
    page = page_of(kind, (str,), first, after)
    chosen, more = slice_of(tuple(found), page, lambda unit: unit.code)
    nodes, keys = [unit_shape(snapshot, unit) for unit in chosen], [(unit.code,) for unit in chosen]
    return connection(UnitConnection, page, nodes, keys, more=more)


def proof_types_page(
    snapshot: CatalogueSnapshot, found: Iterable[records.ProofType], first: int, after: str | None
) -> ProofTypeConnection:
    """Return a page of proof types that are in the order of their codes."""
    page = page_of("proofTypes", (str,), first, after)
    chosen, more = slice_of(tuple(found), page, lambda kind: kind.code)
    nodes, keys = [proof_type_shape(snapshot, kind) for kind in chosen], [(kind.code,) for kind in chosen]
    return connection(ProofTypeConnection, page, nodes, keys, more=more)


def _issuers(
    snapshot: CatalogueSnapshot,
    kind: str,
    found: Iterable[records.IssuingRelationship],
    first: int,
    after: str | None,
) -> IssuerConnection:
    page = page_of(kind, (str,), first, after)
    chosen, more = slice_of(sorted(found, key=_issuer_key), page, _issuer_key)
    nodes, keys = [relationship_shape(snapshot, each) for each in chosen], [(_issuer_key(each),) for each in chosen]
    return connection(IssuerConnection, page, nodes, keys, more=more)


def _issuer_key(record: records.IssuingRelationship) -> str:
    return "\n".join((record.unit_code, record.proof_type_code, record.region, record.mode))
