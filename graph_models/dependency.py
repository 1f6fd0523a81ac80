"""Who depends on whom: what cannot be finished when a unit stops issuing. Pure, on a published snapshot.

Identity evidence, platform licences and commitments need no issuing unit, so a requirement that names one of them goes
on without. Of a group of alternatives one is enough; all groups are needed. What a unit issues for a region can still
be had where another unit's region covers it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from graph_models.catalogue import ApplicantKind, IssuingRelationship, Measure, Requirement, ServiceItem
from graph_models.regions import covers
from graph_models.snapshot import CatalogueSnapshot

Lost = dict[str, frozenset[str]]
"""Proof type → regions for which nobody else issues it."""


@dataclass(frozen=True, slots=True)
class BlockedItem:
    """An item that cannot be finished for some regions."""

    item_code: str
    proof_types: tuple[str, ...]
    """What is missing and has no alternative left."""
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StopEffect:
    """What follows when a unit stops issuing."""

    unit_code: str
    lost: tuple[tuple[str, str], ...]
    """Pairs of proof type and region that nobody else covers."""
    blocked: tuple[BlockedItem, ...]
    weakened: tuple[str, ...]
    """Items that lose a way to a proof and still have another."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """A line department's items need proofs of another unit."""

    unit_code: str
    """Line department of the items."""
    on_unit: str
    """Who issues."""
    items: int
    requirements: int
    """The weight: how many requirements the issuing unit could meet."""


@dataclass(frozen=True, slots=True)
class CriticalProofType:
    """How much hangs on one proof type."""

    proof_type_code: str
    items: int
    """Items that need it, alone or as an alternative."""
    indispensable_for: int
    """Items that could not be finished without it."""
    issuers: int


def stop_effect(snapshot: CatalogueSnapshot, unit_code: str) -> StopEffect:
    """Return what cannot be finished when the unit stops issuing; a unit that issues nothing stops nothing."""
    lost = _lost(snapshot, unit_code)
    items = {item.code: item for code in lost for item in snapshot.items_requiring(code)}
    blocked: list[BlockedItem] = []
    weakened: list[str] = []
    for code in sorted(items):
        missing = _missing(snapshot, items[code], lost)
        if missing:
            proof_types = tuple(sorted({kind for kind, _ in missing}))
            blocked.append(BlockedItem(code, proof_types, tuple(sorted({region for _, region in missing}))))
        else:
            weakened.append(code)
    pairs = tuple(sorted((code, region) for code, regions in lost.items() for region in regions))
    return StopEffect(unit_code, pairs, tuple(blocked), tuple(weakened))


def dependencies(snapshot: CatalogueSnapshot) -> tuple[Dependency, ...]:
    """Return which line department depends on which issuing unit, the heaviest first; none depends on itself."""
    weights: Counter[tuple[str, str]] = Counter()
    items: dict[tuple[str, str], set[str]] = {}
    issuers = {kind.code: _units(snapshot.issuers_of(kind.code)) for kind in snapshot.proof_types}
    for item in snapshot.items:
        for requirement in snapshot.requirements_of(item.code):
            if requirement.out_of_scope is None and Measure.ELECTRONIC_PROOF in requirement.measures:
                pairs = [(item.unit_code, unit) for unit in issuers.get(requirement.proof_type_code, ())]
                weights.update(pair for pair in pairs if pair[0] != pair[1])
                for pair in pairs:
                    items.setdefault(pair, set()).add(item.code)
    found = [Dependency(*pair, len(items[pair]), weight) for pair, weight in weights.items()]
    return tuple(sorted(found, key=lambda each: (-each.requirements, each.unit_code, each.on_unit)))


def critical_proof_types(snapshot: CatalogueSnapshot) -> tuple[CriticalProofType, ...]:
    """Return all proof types, those first without which the most items could not be finished."""
    found = []
    for kind in snapshot.proof_types:
        items = snapshot.items_requiring(kind.code)
        nowhere: Lost = {kind.code: frozenset({""})}
        indispensable = sum(bool(_missing(snapshot, item, nowhere)) for item in items)
        found.append(
            CriticalProofType(kind.code, len(items), indispensable, len(_units(snapshot.issuers_of(kind.code))))
        )
    return tuple(sorted(found, key=lambda each: (-each.indispensable_for, -each.items, each.proof_type_code)))


def _units(issuers: Iterable[IssuingRelationship]) -> frozenset[str]:
    return frozenset(issuer.unit_code for issuer in issuers)


def _lost(snapshot: CatalogueSnapshot, unit_code: str) -> Lost:
    lost: dict[str, set[str]] = {}
    for own in snapshot.issued_by(unit_code):
        others = [each for each in snapshot.issuers_of(own.proof_type_code) if each.unit_code != unit_code]
        if not any(covers(other.region, own.region) for other in others):
            lost.setdefault(own.proof_type_code, set()).add(own.region)
    return {code: frozenset(regions) for code, regions in lost.items()}


def _missing(snapshot: CatalogueSnapshot, item: ServiceItem, lost: Lost) -> set[tuple[str, str]]:
    """Return the proof types, each with its region, without which a group of the item cannot be met."""
    requirements = snapshot.requirements_of(item.code)
    missing: set[tuple[str, str]] = set()
    for kind in item.applicant_kinds:
        groups: dict[int, list[Requirement]] = {}
        for requirement in requirements:
            if _is_for(requirement, kind):
                groups.setdefault(requirement.group, []).append(requirement)
        for alternatives in groups.values():
            missing |= _missing_of_group(alternatives, lost)
    return missing


def _missing_of_group(alternatives: Iterable[Requirement], lost: Lost) -> set[tuple[str, str]]:
    """A group cannot be met where each alternative is lost; a loss of a wide region is one of the narrow ones in it."""
    wanted = [_regions(requirement, lost) for requirement in alternatives]
    regions = frozenset().union(*wanted)
    blocked = {region for region in regions if all(any(_within(region, wide) for wide in each) for each in wanted)}
    return {(requirement.proof_type_code, region) for requirement in alternatives for region in blocked}


def _regions(requirement: Requirement, lost: Lost) -> frozenset[str]:
    needs_issuer = requirement.out_of_scope is None and set(requirement.measures) == {Measure.ELECTRONIC_PROOF}
    return lost.get(requirement.proof_type_code, frozenset()) if needs_issuer else frozenset()


def _within(region: str, wide: str) -> bool:
    return region == wide or (bool(wide) and covers(wide, region))


def _is_for(requirement: Requirement, kind: ApplicantKind) -> bool:
    return not requirement.applicant_kinds or kind in requirement.applicant_kinds
