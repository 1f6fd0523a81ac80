"""Finds for each requirement of an item how it is met without paper, and says why. Pure.

The order is Art. 13's (R13.1), among the measures (无证件办事措施) that the catalogue names: face recognition and app
licence, platform licence, shared data, verification request, commitment. What the handling unit issued itself is met
from its own records before anybody is asked (R3.1). The issuing unit is the one whose region is the most specific that
covers where the record is kept; where that is not known, one question is asked instead of guessing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from graph_models.catalogue import (
    ApplicantKind,
    IssuingMode,
    IssuingRelationship,
    Measure,
    ProofType,
    Requirement,
    ServiceItem,
)
from graph_models.regions import NINGBO, covers, specificity
from graph_models.snapshot import CatalogueSnapshot
from hub.errors import InvalidInputError, NoCompetentUnitError, OutsideCatalogueError


class RouteOutcome(StrEnum):
    """How a requirement is met; of alternatives the one whose outcome stands first is chosen."""

    IDENTITY = "IDENTITY"
    LICENCE = "LICENCE"
    OWN_RECORD = "OWN_RECORD"
    SHARED = "SHARED"
    VERIFICATION = "VERIFICATION"
    QUESTION = "QUESTION"
    """Shared data or a verification request, once one question is answered."""
    COMMITMENT = "COMMITMENT"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    """The regulation does not apply (R2.2), or a law excepts the proof (R13.2): the applicant may be asked."""
    NO_ISSUER = "NO_ISSUER"


_RANK = {outcome: rank for rank, outcome in enumerate(RouteOutcome)}
_BY_ISSUER = frozenset({RouteOutcome.OWN_RECORD, RouteOutcome.SHARED, RouteOutcome.VERIFICATION})
_UNNEEDED, _UNNEEDED_ZH = "an earlier way is open", "已有更优先的措施"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingInput:
    """What a route depends on, beside the catalogue."""

    item_code: str
    region: str
    """The case's region (GB/T 2260)."""
    applicant_kind: ApplicantKind
    handling_unit: str
    answers: Mapping[str, str] = field(default_factory=dict)
    """Proof type → region in which the record is kept."""
    identity: frozenset[Measure] | None = None
    """How the applicant was identified; None while planning: it will be as the catalogue asks."""
    licences: frozenset[str] = frozenset()
    """Proof types of which a platform licence is at hand."""
    commitments: bool = True
    """Whether commitments (告知承诺) may be offered to this applicant."""


@dataclass(frozen=True, slots=True)
class Considered:
    """One way that was looked at: taken, or passed over and why."""

    outcome: RouteOutcome
    measure: Measure | None
    """The measure it belongs to; None for own records and where no measure is left."""
    taken: bool
    reason: str
    reason_zh: str


@dataclass(frozen=True, slots=True)
class RoutingQuestion:
    """Asked where several units could hold the fact."""

    text: str
    text_en: str
    choices: tuple[tuple[str, str], ...]
    """Pairs of region and the unit that issues for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementRoute:
    """How one requirement is met."""

    requirement: Requirement
    outcome: RouteOutcome
    measure: Measure | None
    relationship: IssuingRelationship | None
    """Who issues it, for own records, shared data and verification requests."""
    considered: tuple[Considered, ...]
    """All ways in the order in which they were tried; exactly one is taken."""
    question: RoutingQuestion | None

    def reason(self) -> tuple[str, str]:
        """Return why this way was taken, in English and Chinese."""
        return next((way.reason, way.reason_zh) for way in self.considered if way.taken)


@dataclass(frozen=True, slots=True)
class GroupRoute:
    """One group of alternatives: the chosen one, and the others from the better to the worse."""

    group: int
    chosen: RequirementRoute
    others: tuple[RequirementRoute, ...]


@dataclass(frozen=True, slots=True)
class ItemRoute:
    """How everything that an item needs is met."""

    item: ServiceItem
    groups: tuple[GroupRoute, ...]


@dataclass(frozen=True, slots=True)
class _Location:
    """Where the record is kept: who issues it, or what must be asked, or neither."""

    region: str
    issuer: IssuingRelationship | None = None
    question: RoutingQuestion | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True)
class _Look:
    """What one requirement is judged by."""

    snapshot: CatalogueSnapshot
    requirement: Requirement
    proof_type: ProofType
    given: RoutingInput
    location: _Location


def route_item(snapshot: CatalogueSnapshot, given: RoutingInput) -> ItemRoute:
    """Return the route of everything that the item needs of this kind of applicant.

    Raises:
        OutsideCatalogueError: the version has no such item (R8.3).
        InvalidInputError: the item is not for this kind of applicant.
    """
    item = snapshot.item(given.item_code)
    if item is None:
        raise _outside_catalogue(snapshot, "service item", "事项", given.item_code, "itemCode")
    if given.applicant_kind not in item.applicant_kinds:
        raise InvalidInputError(
            f"item {item.code} is not for applicants of the kind {given.applicant_kind}",
            message_zh=f"事项“{item.name}”不面向该类申请人",
            mend=f"Choose one of: {', '.join(item.applicant_kinds)}.",
            field="applicantKind",
        )
    groups: dict[int, list[RequirementRoute]] = {}
    for requirement in snapshot.requirements_of(item.code):
        if not requirement.applicant_kinds or given.applicant_kind in requirement.applicant_kinds:
            groups.setdefault(requirement.group, []).append(route_requirement(snapshot, requirement, given))
    return ItemRoute(item, tuple(_choose(group, groups[group]) for group in sorted(groups)))


def route_requirement(snapshot: CatalogueSnapshot, requirement: Requirement, given: RoutingInput) -> RequirementRoute:
    """Return how one requirement is met.

    Raises:
        OutsideCatalogueError: the version has no such proof type (R8.3).
    """
    proof_type = snapshot.proof_type(requirement.proof_type_code)
    if proof_type is None:
        raise _outside_catalogue(snapshot, "proof type", "证明类型", requirement.proof_type_code, "proofTypeCode")
    location = _locate(snapshot, proof_type, given)
    look = _Look(snapshot, requirement, proof_type, given, location)
    considered = _first_open(_ways(look))
    taken = next((way for way in considered if way.taken), None)
    if taken is None:
        taken = _nothing_left(look)
        considered = (*considered, taken)
    return RequirementRoute(
        requirement=requirement,
        outcome=taken.outcome,
        measure=taken.measure,
        relationship=location.issuer if taken.outcome in _BY_ISSUER else None,
        considered=considered,
        question=location.question if taken.outcome is RouteOutcome.QUESTION else None,
    )


def require_routable(route: ItemRoute) -> None:
    """Return if every group can be met in some way.

    Raises:
        NoCompetentUnitError: one cannot; it names the proof type and says why.
    """
    for group in route.groups:
        if group.chosen.outcome is RouteOutcome.NO_ISSUER:
            reason, reason_zh = group.chosen.reason()
            code = group.chosen.requirement.proof_type_code
            raise NoCompetentUnitError(
                f"proof type {code}: {reason}",
                message_zh=f"证明类型 {code}：{reason_zh}",
                mend="Check the case's region and identity evidence, or ask the catalogue authority for the issuer.",
                field="region",
            )


def _choose(group: int, routes: list[RequirementRoute]) -> GroupRoute:
    chosen, *others = sorted(routes, key=lambda route: (_RANK[route.outcome], route.requirement.id))
    return GroupRoute(group, chosen, tuple(others))


def _first_open(ways: Iterable[Considered]) -> tuple[Considered, ...]:
    """Take the first way that is open; those after it are not needed."""
    considered: list[Considered] = []
    found = False
    for way in ways:
        unneeded = found and way.taken
        considered.append(replace(way, taken=False, reason=_UNNEEDED, reason_zh=_UNNEEDED_ZH) if unneeded else way)
        found = found or way.taken
    return tuple(considered)


def _locate(snapshot: CatalogueSnapshot, proof_type: ProofType, given: RoutingInput) -> _Location:
    issuers = snapshot.issuers_of(proof_type.code)
    answer = given.answers.get(proof_type.code)
    here = any(covers(issuer.region, given.region) for issuer in issuers)
    if proof_type.question is not None and answer is None:
        if issuers and (len({issuer.region for issuer in issuers}) > 1 or not here):
            return _Location(given.region, question=_question(proof_type, issuers))
        answer = given.region
    region = answer if answer is not None and (proof_type.question is not None or not here) else given.region
    covering = [issuer for issuer in issuers if covers(issuer.region, region)]
    if covering:
        return _Location(region, issuer=min(covering, key=_preference))
    within = [issuer for issuer in issuers if covers(region, issuer.region)]
    if within:
        return _Location(region, question=_question(proof_type, within))
    return _Location(region, outside=region != given.region and not covers(NINGBO, region))


def _preference(issuer: IssuingRelationship) -> tuple[int, bool, str]:
    """Sort the most specific region first, then data that can be had now, then the smallest code."""
    return -specificity(issuer.region), issuer.mode is not IssuingMode.SHARED, issuer.unit_code


def _question(proof_type: ProofType, issuers: Iterable[IssuingRelationship]) -> RoutingQuestion:
    """Return the type's own question, or which district it is where the case's region is too wide to tell."""
    return RoutingQuestion(
        text=proof_type.question or f"“{proof_type.name}”由哪个区（县、市）的单位出具？",
        text_en=proof_type.question_en or f"Which district or county keeps the record: {proof_type.name_en}?",
        choices=tuple(sorted({(issuer.region, issuer.unit_code) for issuer in issuers})),
    )


def _ways(look: _Look) -> Iterator[Considered]:
    """Yield every way in the order of R13.1, ``taken`` meaning that it is open."""
    if look.requirement.out_of_scope is not None:
        reason = look.requirement.out_of_scope
        yield Considered(
            RouteOutcome.OUT_OF_SCOPE,
            None,
            True,
            f"out of scope ({reason}): the applicant may be asked",
            f"不适用本规定（{reason}），可请申请人提供",
        )
        return
    measures = look.requirement.measures
    yield from _identity_ways(look)
    if Measure.PLATFORM_LICENCE in measures:
        yield _licence_way(look)
    issuer = look.location.issuer
    if issuer is not None and issuer.unit_code == look.given.handling_unit:
        yield Considered(
            RouteOutcome.OWN_RECORD,
            None,
            True,
            "the handling unit issued it and looks into its own records",
            "由本单位出具，查询本单位记录即可",
        )
    if Measure.ELECTRONIC_PROOF in measures:
        yield from _proof_ways(look)
    if Measure.NOTIFICATION_COMMITMENT in measures:
        yield _commitment_way(look)


def _identity_ways(look: _Look) -> Iterator[Considered]:
    had = look.given.identity
    for measure in (Measure.FACE_RECOGNITION, Measure.APP_LICENCE):
        if measure not in look.requirement.measures:
            continue
        if measure is Measure.APP_LICENCE and look.proof_type.excepted_by_law is not None:
            yield _excepted(look, RouteOutcome.IDENTITY, measure)
            continue
        met = had is None or measure in had
        said = "met by the identity evidence of the case" if met else f"the case has no identity evidence by {measure}"
        said_zh = "以办件身份核验满足" if met else "本办件没有此种方式的身份核验"
        yield Considered(RouteOutcome.IDENTITY, measure, met, said, said_zh)


def _licence_way(look: _Look) -> Considered:
    outcome, measure = RouteOutcome.LICENCE, Measure.PLATFORM_LICENCE
    if look.proof_type.excepted_by_law is not None:
        return _excepted(look, outcome, measure)
    had = look.proof_type.code in look.given.licences
    said, said_zh = ("a platform licence is", "已取得") if had else ("no platform licence is", "未取得")
    return Considered(outcome, measure, had, f"{said} at hand", f"{said_zh}共享平台电子证照")


def _proof_ways(look: _Look) -> Iterator[Considered]:
    measure, location = Measure.ELECTRONIC_PROOF, look.location
    if look.proof_type.excepted_by_law is not None:
        yield _excepted(look, RouteOutcome.VERIFICATION, measure)
    elif location.question is not None:
        yield Considered(
            RouteOutcome.QUESTION, measure, True, location.question.text_en, f"需先回答：{location.question.text}"
        )
    elif location.issuer is None:
        said = f"no unit of the catalogue issues it for region {location.region}"
        said_zh = f"目录中没有单位为行政区划 {location.region} 出具该证明"
        yield Considered(RouteOutcome.VERIFICATION, measure, False, said, said_zh)
    else:
        yield from _issuer_ways(look, location.issuer)


def _issuer_ways(look: _Look, issuer: IssuingRelationship) -> Iterator[Considered]:
    unit = look.snapshot.unit(issuer.unit_code)
    name, name_zh = (unit.name_en, unit.name) if unit else (issuer.unit_code, issuer.unit_code)
    measure, shared = Measure.ELECTRONIC_PROOF, issuer.mode is IssuingMode.SHARED
    said, said_zh = ("shares this data", "已共享该数据") if shared else ("does not share this data", "未共享该数据")
    yield Considered(RouteOutcome.SHARED, measure, shared, f"{name} {said}", f"{name_zh}{said_zh}")
    yield Considered(
        RouteOutcome.VERIFICATION, measure, True, f"{name} is asked to look and to answer", f"请{name_zh}协助核实"
    )


def _commitment_way(look: _Look) -> Considered:
    outcome, measure = RouteOutcome.COMMITMENT, Measure.NOTIFICATION_COMMITMENT
    if look.given.commitments:
        return Considered(outcome, measure, True, "the applicant may commit in writing", "可由申请人书面告知承诺")
    return Considered(outcome, measure, False, "no commitment is offered to this applicant", "不对该申请人适用告知承诺")


def _nothing_left(look: _Look) -> Considered:
    region = look.location.region
    if look.proof_type.excepted_by_law is not None:
        return replace(_excepted(look, RouteOutcome.OUT_OF_SCOPE, None), taken=True)
    if look.location.outside:
        said = f"issued outside the city, in region {region}: the applicant may be asked"
        return Considered(
            RouteOutcome.OUT_OF_SCOPE, None, True, said, f"由本市以外（{region}）的单位出具，可请申请人提供"
        )
    said = f"none of the measures that the catalogue names is open for region {region}"
    return Considered(RouteOutcome.NO_ISSUER, None, True, said, f"目录中的措施对行政区划 {region} 均不可用")


def _excepted(look: _Look, outcome: RouteOutcome, measure: Measure | None) -> Considered:
    law = look.proof_type.excepted_by_law
    return Considered(
        outcome, measure, False, f"excepted by law from electronic form: {law}", f"依法不适用电子形式：{law}"
    )


def _outside_catalogue(
    snapshot: CatalogueSnapshot, what: str, what_zh: str, code: str, name: str
) -> OutsideCatalogueError:
    number = snapshot.version.number
    return OutsideCatalogueError(
        f"version {number} of the catalogue has no {what} {code!r}",
        message_zh=f"第 {number} 版目录中没有该{what_zh}：{code}",
        mend="Use a code of the published catalogue; outside it there is no item and no proof.",
        field=name,
    )
