"""Routes and plans: how each requirement of an item is met, why so and not otherwise, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from graph_models.casework import NeedState
from graph_models.catalogue import ApplicantKind, Measure
from graph_models.snapshot import CatalogueSnapshot
from hub import plans as plan_records
from hub import routing
from hub.errors import InvalidInputError
from hub.identifiers import check_region_code
from hub.published import item_of
from hub.routing import RouteOutcome, RoutingInput, route_item
from schema.arguments import ANSWER_LIMIT, AnswerInput, Answers, ItemCode, Kind, Region
from schema.catalogue import (
    IssuingRelationship,
    ProofType,
    Requirement,
    ServiceItem,
    Snapshot,
    Unit,
    item_shape,
    proof_type_in,
    relationship_shape,
    requirement_shape,
    unit_in,
)
from schema.context import Info, RequestContext
from schema.errors import QueryProblem, found_or_problem
from schema.fields import resolved
from schema.shaping import shaped


@strawberry.type(description="One way that was looked at: taken, or passed over and why.")
class Considered:
    """One way that was looked at."""

    outcome: RouteOutcome = strawberry.field(description="What it would come to.")
    measure: Measure | None = strawberry.field(description="The measure it belongs to; null for own records.")
    taken: bool = strawberry.field(description="Whether it is the one that was taken.")
    reason: str = strawberry.field(description="Why, in English.")
    reason_zh: str = strawberry.field(description="Why, in Chinese.")


@strawberry.type(description="One answer that a routing question may have.")
class RoutingChoice:
    """One answer that a routing question may have."""

    snapshot: Snapshot
    region: str = strawberry.field(description="GB/T 2260 code: what to answer.")
    unit_code: str = strawberry.field(description="Code of the unit that issues for it.")

    @resolved("The unit that issues for it.")
    def unit(self) -> Unit | None:
        """Return the unit that issues for it."""
        return unit_in(self.snapshot, self.unit_code)


@strawberry.type(description="Asked where several units could hold the fact: born where? married where?")
class RoutingQuestion:
    """Asked where several units could hold the fact."""

    text: str = strawberry.field(description="The question in Chinese.")
    text_en: str = strawberry.field(description="The question in English.")
    choices: list[RoutingChoice] = strawberry.field(description="The answers that lead to a unit.")


@strawberry.type(description="How one requirement is met, and why so and not otherwise.")
class RequirementRoute:
    """How one requirement is met."""

    snapshot: Snapshot
    requirement: Requirement = strawberry.field(description="The requirement.")
    outcome: RouteOutcome = strawberry.field(description="How it is met.")
    measure: Measure | None = strawberry.field(description="By which measure; null for own records, or where none is.")
    relationship: IssuingRelationship | None = strawberry.field(description="Who issues it, if a unit does.")
    considered: list[Considered] = strawberry.field(description="All ways in the order in which they were tried.")
    question: RoutingQuestion | None = strawberry.field(description="The question to be answered first.")
    reason: str = strawberry.field(description="Why this way, in English.")
    reason_zh: str = strawberry.field(description="Why this way, in Chinese.")


@strawberry.type(description="One group of alternatives: one of them is enough.")
class GroupRoute:
    """One group of alternatives."""

    group: int = strawberry.field(description="Its number.")
    chosen: RequirementRoute = strawberry.field(description="The one that is chosen.")
    others: list[RequirementRoute] = strawberry.field(description="The others, from the better to the worse.")


@strawberry.type(description="How everything that an item needs is met; every group is needed.")
class ItemRoute:
    """How everything that an item needs is met."""

    catalogue_version: int = strawberry.field(description="The version of the catalogue that says so.")
    item: ServiceItem = strawberry.field(description="The item.")
    groups: list[GroupRoute] = strawberry.field(description="Its groups of alternatives.")


@strawberry.type(description="How one requirement stands and when it is expected.")
class PlanLine:
    """How one requirement stands and when it is expected."""

    snapshot: Snapshot
    requirement_id: strawberry.ID = strawberry.field(description="The requirement's identifier.")
    proof_type_code: str = strawberry.field(description="Code of the proof type.")
    group: int = strawberry.field(description="The group of alternatives.")
    outcome: RouteOutcome = strawberry.field(description="How it is met.")
    state: NeedState | None = strawberry.field(description="Where it stands; null before the case is opened.")
    chosen: bool = strawberry.field(description="False for an alternative that is not needed.")
    text: str = strawberry.field(description="The state in words, English.")
    text_zh: str = strawberry.field(description="The state in words, Chinese.")
    expected_at: datetime | None = strawberry.field(
        description="When it is expected; null where nobody can tell or the applicant brings it."
    )
    issuing_unit: str | None = strawberry.field(description="Code of the unit that issues it, if one does.")
    proof_number: str | None = strawberry.field(description="Number of the proof that meets it.")
    reused: bool = strawberry.field(description="Whether an earlier line's proof meets it too.")

    @resolved("The proof type.")
    def proof_type(self) -> ProofType | None:
        """Return the proof type."""
        return proof_type_in(self.snapshot, self.proof_type_code)


@strawberry.type(description="The plan of a case: each requirement, and one clock for all.")
class Plan:
    """The plan of a case."""

    lines: list[PlanLine] = strawberry.field(description="Each requirement.")
    ready_at: datetime | None = strawberry.field(
        description="When all is expected to be there; null while a question is open or a requirement cannot be met."
    )
    clock: str = strawberry.field(description="What the window tells the citizen: now, by 15:40 (city time).")
    clock_zh: str = strawberry.field(description="The same in Chinese.")


ItemRouteResult: TypeAlias = Annotated[
    ItemRoute | QueryProblem, strawberry.union("ItemRouteResult", description="The route, or why there is none.")
]
PlanResult: TypeAlias = Annotated[
    Plan | QueryProblem, strawberry.union("PlanResult", description="The plan, or why there is none.")
]


@strawberry.type(description="Queries of routes and plans.")
class RouteQueries:
    """Queries of routes and plans."""

    @resolved(
        "How each requirement of an item would be met: the way that is taken, and why the others are not. "
        "It assumes identity evidence as the catalogue asks, no platform licence, and the item's line department as "
        "the handling unit. Anybody with a token."
    )
    def route(
        self, info: Info, item_code: ItemCode, region: Region, applicant_kind: Kind, answers: Answers = None
    ) -> ItemRouteResult:
        """Return the route of an item."""
        return found_or_problem(
            lambda: _route(info.context.catalogue, item_code, region, applicant_kind, known_answers(answers))
        )

    @resolved(
        "What a case would bring and when, before it is opened; for the caller's unit where it handles the "
        "item, else for the line department. Anybody with a token."
    )
    def plan_case(
        self, info: Info, item_code: ItemCode, region: Region, applicant_kind: Kind, answers: Answers = None
    ) -> PlanResult:
        """Return the plan of a case before it is opened."""
        return found_or_problem(
            lambda: _planned(info.context, item_code, region, applicant_kind, known_answers(answers))
        )


def known_answers(answers: list[AnswerInput] | None) -> dict[str, str]:
    """Return answers by proof type. Raises InvalidInputError for too many, or for a malformed region."""
    answers = answers or []
    if len(answers) > ANSWER_LIMIT:
        raise InvalidInputError(
            f"answers has more than {ANSWER_LIMIT} entries",
            message_zh="answers 条目过多",
            mend="Send one answer for each question of the route.",
            field="answers",
        )
    for answer in answers:
        check_region_code(answer.region, field="answers.region")
    return {answer.proof_type_code: answer.region for answer in answers}


def plan_shape(snapshot: CatalogueSnapshot, plan: plan_records.Plan) -> Plan:
    """Return a plan as GraphQL shows it."""
    return shaped(Plan, plan, lines=[shaped(PlanLine, line, snapshot=snapshot) for line in plan.lines])


def question_shape(snapshot: CatalogueSnapshot, question: routing.RoutingQuestion | None) -> RoutingQuestion | None:
    """Return a question as GraphQL shows it."""
    if question is None:
        return None
    choices = [RoutingChoice(snapshot=snapshot, region=region, unit_code=unit) for region, unit in question.choices]
    return shaped(RoutingQuestion, question, choices=choices)


def _route(
    snapshot: CatalogueSnapshot, item_code: str, region: str, kind: ApplicantKind, answers: dict[str, str]
) -> ItemRoute:
    check_region_code(region, field="region")
    item = item_of(snapshot, item_code)
    given = RoutingInput(
        item_code=item.code, region=region, applicant_kind=kind, handling_unit=item.unit_code, answers=answers
    )
    groups = [
        GroupRoute(
            group=found.group,
            chosen=_requirement_route(snapshot, found.chosen),
            others=[_requirement_route(snapshot, other) for other in found.others],
        )
        for found in route_item(snapshot, given).groups
    ]
    return ItemRoute(catalogue_version=snapshot.version.number, item=item_shape(snapshot, item), groups=groups)


def _requirement_route(snapshot: CatalogueSnapshot, found: routing.RequirementRoute) -> RequirementRoute:
    reason, reason_zh = found.reason()
    return RequirementRoute(
        snapshot=snapshot,
        requirement=requirement_shape(snapshot, found.requirement),
        outcome=found.outcome,
        measure=found.measure,
        relationship=relationship_shape(snapshot, found.relationship) if found.relationship else None,
        considered=[shaped(Considered, way) for way in found.considered],
        question=question_shape(snapshot, found.question),
        reason=reason,
        reason_zh=reason_zh,
    )


def _planned(
    context: RequestContext, item_code: str, region: str, kind: ApplicantKind, answers: dict[str, str]
) -> Plan:
    check_region_code(region, field="region")
    snapshot, own = context.catalogue, context.actor.unit_code
    handling_unit = own if snapshot.handles(own, item_code) else None
    return plan_shape(snapshot, context.services.cases.plan(item_code, region, kind, handling_unit, answers))
