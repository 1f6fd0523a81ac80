"""The plan of a case: how and when each requirement is met, and one clock for the whole. Pure.

It works before a case is opened, from a route, and after, from its needs and requests. Alternatives that were not
chosen are listed and do not count for the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from graph_models.casework import Need, NeedState, RequestState, VerificationRequest
from graph_models.catalogue import IssuingMode, Measure
from graph_models.snapshot import CatalogueSnapshot
from hub.clock import CITY_TIME
from hub.deadlines import Deadlines
from hub.routing import ItemRoute, RequirementRoute, RouteOutcome

NOW_WITHIN = timedelta(seconds=5)
"""What is expected within this time is "now" to the citizen at the window."""
SHARED_WITHIN = timedelta(seconds=2)
"""How long shared data takes as a rule."""
_ASKED = frozenset({RouteOutcome.SHARED, RouteOutcome.VERIFICATION})
_OF_APPLICANT = frozenset({RouteOutcome.COMMITMENT, RouteOutcome.OUT_OF_SCOPE})
_UNTIMED = _OF_APPLICANT | {RouteOutcome.QUESTION, RouteOutcome.NO_ISSUER}
_MEASURES = {
    Measure.FACE_RECOGNITION: RouteOutcome.IDENTITY,
    Measure.APP_LICENCE: RouteOutcome.IDENTITY,
    Measure.PLATFORM_LICENCE: RouteOutcome.LICENCE,
    Measure.NOTIFICATION_COMMITMENT: RouteOutcome.COMMITMENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """How one requirement stands and when it is expected."""

    requirement_id: str
    proof_type_code: str
    group: int
    outcome: RouteOutcome
    state: NeedState | None
    """Where the need of the opened case stands; None before it is opened."""
    chosen: bool
    """False for an alternative of the group that is not needed."""
    text: str
    """The state in words: English, and Chinese beside it."""
    text_zh: str
    expected_at: datetime | None
    """Aware; the present where it is there already; None where nobody can tell or the applicant brings it."""
    issuing_unit: str | None
    proof_number: str | None
    """The proof that meets it."""
    reused: bool
    """Whether an earlier line's proof meets it too."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All lines, and when the case can be finished."""

    lines: tuple[PlanLine, ...]
    ready_at: datetime | None
    """The latest expected time (aware); None while a question is open, or nobody can tell."""
    clock: str
    """``now``, ``by 15:40`` or ``by 2026-10-09 17:30`` in city time: what the window tells the citizen."""
    clock_zh: str


def plan_of_route(route: ItemRoute, now: datetime, due: Deadlines) -> Plan:
    """Return the plan before a case is opened: its requests come at ``now`` (aware), due as ``due`` says."""
    first: dict[str, str] = {}
    lines: list[PlanLine] = []
    for found, chosen in _in_order(route):
        asked = chosen and found.outcome in _ASKED
        earlier = first.setdefault(found.requirement.proof_type_code, found.requirement.id) if asked else None
        text, text_zh = found.reason() if chosen else _NOT_NEEDED
        lines.append(
            PlanLine(
                requirement_id=found.requirement.id,
                proof_type_code=found.requirement.proof_type_code,
                group=found.requirement.group,
                outcome=found.outcome,
                state=None,
                chosen=chosen,
                text=text,
                text_zh=text_zh,
                expected_at=_expected(found.outcome, now, due) if chosen else None,
                issuing_unit=found.relationship.unit_code if found.relationship else None,
                proof_number=None,
                reused=earlier not in (None, found.requirement.id),
            )
        )
    return _plan(lines, now)


def plan_of_needs(
    snapshot: CatalogueSnapshot, needs: Iterable[Need], requests: Iterable[VerificationRequest], now: datetime
) -> Plan:
    """Return how an opened case stands at ``now`` (aware)."""
    by_id = {request.id: request for request in requests}
    seen: set[str] = set()
    lines: list[PlanLine] = []
    for need in sorted(needs, key=lambda need: need.id):
        text, text_zh = _words(snapshot, need, by_id, now)
        lines.append(
            PlanLine(
                requirement_id=need.requirement_id,
                proof_type_code=need.proof_type_code,
                group=need.group,
                outcome=_outcome_of(need),
                state=need.state,
                chosen=need.state is not NeedState.NOT_NEEDED,
                text=text,
                text_zh=text_zh,
                expected_at=_expected_of(need, by_id, now),
                issuing_unit=need.issuing_unit,
                proof_number=need.proof_number,
                reused=need.proof_number in seen,
            )
        )
        seen.update([need.proof_number] if need.proof_number else [])
    return _plan(lines, now)


def spoken_time(moment: datetime | None, now: datetime) -> tuple[str, str]:
    """Return what a window says of a time, in English and Chinese: now, by 15:40, by 2026-10-09 17:30 (city time)."""
    if moment is None:
        return "not known yet", "暂不能确定"
    if moment <= now + NOW_WITHIN:
        return "now", "当场"
    local = moment.astimezone(CITY_TIME)
    same_day = local.date() == now.astimezone(CITY_TIME).date()
    spoken = local.strftime("%H:%M" if same_day else "%Y-%m-%d %H:%M")
    return f"by {spoken}", f"{spoken} 前"


def _plan(lines: Sequence[PlanLine], now: datetime) -> Plan:
    needed = [line for line in lines if line.chosen]
    open_ended = any(line.expected_at is None and _is_waited_for(line) for line in needed)
    times = [line.expected_at for line in needed if line.expected_at is not None]
    ready = None if open_ended else max([now, *times])
    return Plan(tuple(lines), ready, *spoken_time(ready, now))


def _is_waited_for(line: PlanLine) -> bool:
    """What the applicant brings, or what was withdrawn, holds nothing up."""
    if line.state is None:
        return line.outcome not in _OF_APPLICANT
    return line.state not in (NeedState.ASK_APPLICANT, NeedState.WITHDRAWN)


def _in_order(route: ItemRoute) -> list[tuple[RequirementRoute, bool]]:
    lines = [(found, found is group.chosen) for group in route.groups for found in (group.chosen, *group.others)]
    return sorted(lines, key=lambda line: line[0].requirement.id)


def _expected(outcome: RouteOutcome, now: datetime, due: Deadlines) -> datetime | None:
    if outcome in _UNTIMED:
        return None
    if outcome is RouteOutcome.VERIFICATION:
        return None if due.urgent else due.due_at
    return now + SHARED_WITHIN if outcome is RouteOutcome.SHARED else now


def _outcome_of(need: Need) -> RouteOutcome:
    if need.state is NeedState.ANSWER_NEEDED:
        return RouteOutcome.QUESTION
    if need.measure is None:
        return RouteOutcome.OWN_RECORD if need.issuing_unit is not None else RouteOutcome.OUT_OF_SCOPE
    if need.measure is not Measure.ELECTRONIC_PROOF:
        return _MEASURES[need.measure]
    asked = need.request_id is not None or need.mode is IssuingMode.VERIFIED
    return RouteOutcome.VERIFICATION if asked else RouteOutcome.SHARED


def _expected_of(need: Need, requests: Mapping[str, VerificationRequest], now: datetime) -> datetime | None:
    if need.state in (NeedState.MET, NeedState.NEGATIVE):
        return now
    if need.state is NeedState.PENDING:
        return max(now, need.expected_at or now)
    if need.state is not NeedState.REQUESTED:
        return None
    request = requests.get(need.request_id or "")
    if request is None:
        return need.expected_at
    if request.state is RequestState.SEALED:
        return now
    return None if _is_overdue(request, now) else request.due_at


def _is_overdue(request: VerificationRequest, now: datetime) -> bool:
    """Past its due time nobody can say when it comes; one that was due at receipt is so from the start."""
    return request.due_at <= now


_NOT_NEEDED = ("not needed: an alternative is chosen", "不需要：已选择同组其他证明")
_STATE_WORDS = {
    NeedState.PENDING: ("being extracted from shared data", "正在提取共享信息"),
    NeedState.MET: ("met", "已满足"),
    NeedState.NEGATIVE: ("there is no such record", "查无此记录"),
    NeedState.NOT_NEEDED: _NOT_NEEDED,
    NeedState.WITHDRAWN: ("withdrawn", "已撤回"),
}
_REQUEST_WORDS = {
    RequestState.RECEIVED: ("the issuing unit has received the request", "出具单位已收到协助核实请求"),
    RequestState.CLAIMED: ("the issuing unit is looking into it", "出具单位正在核查"),
    RequestState.DRAFTED: ("the answer is being reviewed", "答复正在审核"),
    RequestState.REVIEWED: ("the answer waits for its seal", "答复待盖章"),
    RequestState.SEALED: ("sealed, the proof is being made", "已盖章，正在生成证明"),
    RequestState.DELIVERED: ("delivered", "已送达"),
    RequestState.WITHDRAWN: ("withdrawn", "已撤回"),
}


def _words(
    snapshot: CatalogueSnapshot, need: Need, requests: Mapping[str, VerificationRequest], now: datetime
) -> tuple[str, str]:
    request = requests.get(need.request_id or "")
    if need.state is NeedState.REQUESTED and request is not None:
        unit = snapshot.unit(request.issuing_unit)
        words, words_zh = _REQUEST_WORDS[request.state]
        if request.state is not RequestState.SEALED and _is_overdue(request, now):
            words, words_zh = f"{words}; the due time has passed", f"{words_zh}，已到办理时限"
        return (f"{words} ({unit.name_en})", f"{words_zh}（{unit.name}）") if unit else (words, words_zh)
    return _STATE_WORDS.get(need.state, (need.reason, need.reason_zh))
