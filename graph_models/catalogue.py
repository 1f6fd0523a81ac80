"""Records of the catalogue: who issues what, who needs what, by which measure and on which legal basis."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class UnitKind(StrEnum):
    """What a unit is (Art. 3, 21); who is none of these cannot be a party."""

    ADMINISTRATIVE_ORGAN = "ADMINISTRATIVE_ORGAN"
    AUTHORISED_ORGANISATION = "AUTHORISED_ORGANISATION"
    PUBLIC_UTILITY = "PUBLIC_UTILITY"
    BY_REFERENCE = "BY_REFERENCE"


class UnitLevel(StrEnum):
    """At which level a unit works."""

    PROVINCIAL = "PROVINCIAL"
    MUNICIPAL = "MUNICIPAL"
    DISTRICT = "DISTRICT"
    TOWNSHIP = "TOWNSHIP"


class Measure(StrEnum):
    """How a requirement is met without paper (无证件办事措施, Art. 9), in the order in which routing tries them."""

    FACE_RECOGNITION = "FACE_RECOGNITION"
    APP_LICENCE = "APP_LICENCE"
    PLATFORM_LICENCE = "PLATFORM_LICENCE"
    ELECTRONIC_PROOF = "ELECTRONIC_PROOF"
    NOTIFICATION_COMMITMENT = "NOTIFICATION_COMMITMENT"


class BasisLevel(StrEnum):
    """Rank of the act that founds a requirement (Art. 7)."""

    LAW = "LAW"
    ADMINISTRATIVE_REGULATION = "ADMINISTRATIVE_REGULATION"
    LOCAL_REGULATION = "LOCAL_REGULATION"
    MINISTRY_RULE = "MINISTRY_RULE"
    """部委规章: tracked and flagged."""
    GOVERNMENT_RULE = "GOVERNMENT_RULE"
    """The city's own rules: cannot found a proof."""
    NORMATIVE_DOCUMENT = "NORMATIVE_DOCUMENT"
    """Documents below rules: cannot found a proof."""


FOUNDING_LEVELS = frozenset({BasisLevel.LAW, BasisLevel.ADMINISTRATIVE_REGULATION, BasisLevel.LOCAL_REGULATION})
"""Acts that found a proof."""
FLAGGED_LEVELS = frozenset({BasisLevel.MINISTRY_RULE})
"""Acts that are accepted but tracked."""


class IssuingMode(StrEnum):
    """Whether the data can be extracted now or somebody must look."""

    SHARED = "SHARED"
    VERIFIED = "VERIFIED"


class ProofFamily(StrEnum):
    """Which template a proof type uses."""

    PERSON = "PERSON"
    ENTERPRISE = "ENTERPRISE"
    PROPERTY = "PROPERTY"
    OTHER = "OTHER"


class ApplicantKind(StrEnum):
    """Who asks."""

    NATURAL_PERSON = "NATURAL_PERSON"
    LEGAL_PERSON = "LEGAL_PERSON"


class FactKind(StrEnum):
    """What a fact's text must look like."""

    TEXT = "TEXT"
    DATE = "DATE"
    ID_NUMBER = "ID_NUMBER"
    CREDIT_CODE = "CREDIT_CODE"
    AMOUNT = "AMOUNT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit (单位): an organ, an authorised body, a public utility, or a party by reference."""

    code: str
    name: str
    name_en: str
    kind: UnitKind
    level: UnitLevel
    region: str
    """GB/T 2260 code of what it is responsible for."""
    field: str
    """Line of work (领域), for example 公安 or 民政."""
    superior: str | None = None
    """Code of the line department above it, for example the municipal bureau of a district bureau."""
    supervising_authority: str | None = None
    """For a unit by reference: the unit that supervises it (Art. 21)."""
    guiding_authority: str | None = None
    """For a public utility: the authority of its industry (Art. 7)."""
    two_people: bool = False
    """Whether two people suffice for drafting, reviewing and sealing (R17.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactField:
    """One fact that a proof of a type states."""

    key: str
    label: str
    label_en: str
    kind: FactKind = FactKind.TEXT
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofType:
    """A proof type (证件（证明）类型)."""

    code: str
    name: str
    name_en: str
    family: ProofFamily
    facts: tuple[FactField, ...]
    subject_keys: tuple[str, ...]
    """Which keys identify whom or what it is about: id_number, credit_code, property_number …"""
    validity_days: int | None
    """Days for which it can be relied on; None for no end."""
    negative_allowed: bool = False
    """Whether "there is no such record" is issued as a sealed proof."""
    question: str | None = None
    """Asked where several issuers could hold the fact (结婚登记地在哪里？); None: the case's region decides."""
    question_en: str | None = None
    excepted_by_law: str | None = None
    """The law that says an electronic copy does not have the force of paper; then it is not offered (R13.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuingRelationship:
    """A unit issues a proof type for a jurisdiction, from shared data or by looking."""

    unit_code: str
    proof_type_code: str
    region: str
    mode: IssuingMode
    source: str | None = None
    """Code of the data source; set exactly where the mode is shared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBasis:
    """The act and article that found a requirement."""

    act: str
    article: str
    level: BasisLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceItem:
    """A service item (事项)."""

    code: str
    name: str
    field: str
    unit_code: str
    """The line department that compiled it; it and the units below it in its line handle it."""
    instant: bool
    """即办: done while the applicant waits."""
    promised_days: int | None = None
    """承诺时限 in working days; None exactly where it is instant."""
    applicant_kinds: tuple[ApplicantKind, ...] = (ApplicantKind.NATURAL_PERSON,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """An item needs a proof type, on a legal basis, met by one of the measures."""

    id: str
    """Item code and running number, stable within a version: ``NB0001-02``."""
    item_code: str
    proof_type_code: str
    group: int
    """Requirements of one item with the same group are alternatives; the groups are all needed."""
    basis: LegalBasis
    measures: tuple[Measure, ...]
    applicant_kinds: tuple[ApplicantKind, ...] = ()
    """Only for these applicants; empty: for all."""
    out_of_scope: str | None = None
    """Why the regulation does not apply (R2.2); the applicant may then be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueContent:
    """Everything that one version says."""

    units: tuple[Unit, ...] = field(default=())
    proof_types: tuple[ProofType, ...] = field(default=())
    relationships: tuple[IssuingRelationship, ...] = field(default=())
    items: tuple[ServiceItem, ...] = field(default=())
    requirements: tuple[Requirement, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueVersion:
    """A numbered version: a draft until it is published, unchanged ever after."""

    number: int
    title: str
    digest: str
    """SHA-256 of the content, lower-case hexadecimal."""
    imported_at: datetime
    published_at: datetime | None = None
    sample: bool = False
    """Whether it says of itself that it is a sample."""
