"""Turns a route into a case's needs and the requests that go out at once. Pure but for identifiers.

Where the alternative that a group took turns out negative, or an answer changes what is open, the group takes the next
alternative that is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from graph_models.casework import Case, Need, NeedState, RequestState, VerificationRequest
from graph_models.catalogue import IssuingMode, ServiceItem
from graph_models.snapshot import CatalogueSnapshot
from hub.clock import Ids
from hub.deadlines import Deadlines, due_times
from hub.errors import InvalidInputError, OutsideCatalogueError
from hub.facts import subject_of
from hub.published import proof_type_of
from hub.routing import ItemRoute, RequirementRoute, RouteOutcome, RoutingInput, route_requirement
from hub.working_days import WorkingCalendar

EXTRACTION_LEASE = timedelta(seconds=15)
"""How long one process may try an extraction before another takes it over."""
EXTRACTION_EXPECTED = timedelta(seconds=2)
"""What the plan says of shared data: in the citizen's eyes, now."""

STATE_OF_OUTCOME = {
    RouteOutcome.IDENTITY: NeedState.MET,
    RouteOutcome.LICENCE: NeedState.MET,
    RouteOutcome.OWN_RECORD: NeedState.MET,
    RouteOutcome.SHARED: NeedState.PENDING,
    RouteOutcome.VERIFICATION: NeedState.REQUESTED,
    RouteOutcome.COMMITMENT: NeedState.ASK_APPLICANT,
    RouteOutcome.QUESTION: NeedState.ANSWER_NEEDED,
    RouteOutcome.OUT_OF_SCOPE: NeedState.ASK_APPLICANT,
    RouteOutcome.NO_ISSUER: NeedState.ASK_APPLICANT,
}
"""Where a need stands after routing."""
_STANDING = frozenset(
    {NeedState.MET, NeedState.PENDING, NeedState.REQUESTED, NeedState.ANSWER_NEEDED, NeedState.ASK_APPLICANT}
)
_SPARE = frozenset({NeedState.NOT_NEEDED, NeedState.ANSWER_NEEDED})
_BY_ISSUER = frozenset({RouteOutcome.SHARED, RouteOutcome.VERIFICATION, RouteOutcome.QUESTION})
_ORDER = tuple(RouteOutcome)


@dataclass(frozen=True, slots=True)
class Started:
    """What a case starts with, or what of it changes when it takes another way."""

    needs: tuple[Need, ...]
    requests: tuple[VerificationRequest, ...]


@dataclass(frozen=True, slots=True)
class NeedMaker:
    """Makes needs and requests of one case, all at one time."""

    snapshot: CatalogueSnapshot
    calendar: WorkingCalendar
    ids: Ids
    now: datetime

    def start(self, case: Case, route: ItemRoute) -> Started:
        """Return the needs of all requirements; where two ask for one proof type, one request serves both."""
        needs: list[Need] = []
        requests: dict[str, VerificationRequest] = {}
        for number, (found, chosen) in enumerate(_lines(route), start=1):
            need = self.need(f"{case.number}/{number:02d}", case, found, chosen=chosen)
            if need.state is NeedState.REQUESTED:
                request = requests.setdefault(need.proof_type_code, self.request(case, need))
                need = replace(need, request_id=request.id, expected_at=request.due_at)
            elif need.state is NeedState.PENDING and _already(needs, need):
                need = replace(need, next_attempt_at=None)
            needs.append(need)
        return Started(tuple(needs), tuple(requests.values()))

    def retake(self, case: Case, needs: Sequence[Need], groups: Iterable[int]) -> Started:
        """Return what changes when each of the groups takes the best of its alternatives that are still open.

        A group with none left is not in what is returned. Shared data begins with the next look for what waits.
        """
        changed: dict[str, Need] = {}
        requests: list[VerificationRequest] = []
        for group in sorted(groups):
            spare = [need for need in needs if need.group == group and need.state in _SPARE]
            best = self._best(case, needs, spare)
            for need in spare if best else ():
                route = self._route(case, need)
                chosen = best == need.id
                fresh = replace(self.need(need.id, case, route, chosen=chosen), version=need.version)
                if chosen:
                    fresh = self._begun(case, fresh, (*changed.values(), *needs), requests)
                if chosen or fresh.state is not need.state:
                    changed[need.id] = fresh
        return Started(tuple(changed.values()), tuple(requests))

    def _best(self, case: Case, needs: Sequence[Need], spare: Sequence[Need]) -> str | None:
        """Return which need of a group comes next; not one whose answer is known to be negative already."""
        negative = {need.proof_type_code for need in needs if need.state is NeedState.NEGATIVE}
        routes = {need.id: self._route(case, need) for need in spare if need.proof_type_code not in negative}
        ranks = [
            (_ORDER.index(route.outcome), need_id) for need_id, route in routes.items() if self._is_open(case, route)
        ]
        return min(ranks)[1] if ranks else None

    def _route(self, case: Case, need: Need) -> RequirementRoute:
        requirement = self.snapshot.requirement(need.requirement_id)
        if requirement is None:
            raise OutsideCatalogueError(
                f"version {case.catalogue_version} of the catalogue has no requirement {need.requirement_id}",
                message_zh="目录中没有该项要求",
                mend="Open the case again.",
            )
        return route_requirement(self.snapshot, requirement, routing_input(case))

    def _is_open(self, case: Case, route: RequirementRoute) -> bool:
        """Tell whether the way leads anywhere, and the case says the keys by which a record is found."""
        if route.outcome in _BY_ISSUER:
            try:
                proof_type = proof_type_of(self.snapshot, route.requirement.proof_type_code)
                subject_of(proof_type, case.applicant, dict(case.subject))
            except InvalidInputError:
                return False
        return route.outcome is not RouteOutcome.NO_ISSUER

    def _begun(self, case: Case, need: Need, others: Iterable[Need], requests: list[VerificationRequest]) -> Need:
        """Join what the case has or asks for the same proof type already, or begin."""
        if need.state not in (NeedState.PENDING, NeedState.REQUESTED):
            return need
        twins = [other for other in others if other.proof_type_code == need.proof_type_code and other.id != need.id]
        for state in (NeedState.MET, NeedState.REQUESTED, NeedState.PENDING):
            for twin in twins:
                if twin.state is state:
                    return _joined(need, twin)
        if need.state is NeedState.PENDING:
            return replace(need, attempts=0, next_attempt_at=self.now)
        request = self.request(case, need)
        requests.append(request)
        return replace(need, request_id=request.id, expected_at=request.due_at)

    def need(self, need_id: str, case: Case, found: RequirementRoute, *, chosen: bool) -> Need:
        """Return the need of one requirement as its route says."""
        state = STATE_OF_OUTCOME[found.outcome] if chosen else NeedState.NOT_NEEDED
        pending = state is NeedState.PENDING
        relationship = found.relationship
        reason, reason_zh = found.reason()
        return Need(
            id=need_id,
            case_number=case.number,
            requirement_id=found.requirement.id,
            proof_type_code=found.requirement.proof_type_code,
            group=found.requirement.group,
            state=state,
            measure=found.measure,
            mode=relationship.mode if relationship else None,
            issuing_unit=relationship.unit_code if relationship else None,
            source=relationship.source if relationship and relationship.mode is IssuingMode.SHARED else None,
            reason=reason,
            reason_zh=reason_zh,
            expected_at=self.now + EXTRACTION_EXPECTED if pending else None,
            attempts=1 if pending else 0,
            next_attempt_at=self.now + EXTRACTION_LEASE if pending else None,
            proof_number=None,
            request_id=None,
            version=1,
        )

    def request(self, case: Case, need: Need) -> VerificationRequest:
        """Return the verification request of a need, with its target and its hard limit (R14.5, R14.6)."""
        item = self.snapshot.item(case.item_code)
        due = self._due(item, case)
        return VerificationRequest(
            id=self.ids.identifier("R"),
            case_number=case.number,
            need_id=need.id,
            proof_type_code=need.proof_type_code,
            item_code=case.item_code,
            asking_unit=case.unit_code,
            issuing_unit=need.issuing_unit or "",
            region=case.region,
            state=RequestState.RECEIVED,
            received_at=self.now,
            target_at=due.target_at,
            hard_limit_at=due.hard_limit_at,
            due_at=due.due_at,
            urgent=due.urgent,
            provisional=due.provisional,
            drafter=None,
            reviewer=None,
            seal_keeper=None,
            draft=None,
            remarks=None,
            steps=(),
            passed_by=(),
            version=1,
            bundle_seed=self.ids.identifier("B"),
        )

    def _due(self, item: ServiceItem | None, case: Case) -> Deadlines:
        return due_times(
            instant=item is None or item.instant,
            promised_days=item.promised_days if item else None,
            opened_at=case.opened_at,
            received_at=self.now,
            calendar=self.calendar,
        )


def routing_input(case: Case) -> RoutingInput:
    """Return what the routes of an opened case depend on."""
    return RoutingInput(
        item_code=case.item_code,
        region=case.region,
        applicant_kind=case.applicant.kind,
        handling_unit=case.unit_code,
        answers={answer.proof_type_code: answer.region for answer in case.answers},
        identity=frozenset({case.identity.method}),
        licences=frozenset(licence.proof_type_code for licence in case.licences),
    )


def groups_without_way(needs: Iterable[Need]) -> frozenset[int]:
    """Return the groups whose chosen alternative turned out negative, and of which nothing else is met or under way."""
    needs = tuple(needs)
    standing = {need.group for need in needs if need.state in _STANDING}
    return frozenset({need.group for need in needs if need.state is NeedState.NEGATIVE} - standing)


def _joined(need: Need, twin: Need) -> Need:
    return replace(
        need,
        state=twin.state,
        expected_at=twin.expected_at,
        next_attempt_at=None,
        proof_number=twin.proof_number,
        request_id=twin.request_id,
    )


def _lines(route: ItemRoute) -> tuple[tuple[RequirementRoute, bool], ...]:
    """Return each requirement's route and whether it was chosen, in the order of the requirements."""
    lines = [(found, found is group.chosen) for group in route.groups for found in (group.chosen, *group.others)]
    return tuple(sorted(lines, key=lambda line: line[0].requirement.id))


def _already(needs: list[Need], need: Need) -> bool:
    return any(other.proof_type_code == need.proof_type_code and other.state is NeedState.PENDING for other in needs)
