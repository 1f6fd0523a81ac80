"""Figures of a whole case: both units have their part, whoever had the request in between."""

from __future__ import annotations

from datetime import date

from graph_models.statistics import Counts
from hub.clock import today_in_city
from hub.deadline_watch import DeadlineWatch
from hub.statistics import Statistics, total
from tests.hub.office import OPERATOR, Office, call, drafter
from tests.hub.test_rerouting import SUPERVISOR


async def figures(office: Office) -> dict[str, Counts]:
    """Count, and return each unit's figures of today."""
    statistics, today = Statistics(office.store, office.clock), today_in_city(office.clock)
    await statistics.look()
    units = (OPERATOR.unit_code, "GA-HS", "GA")
    return {unit: total(await statistics.of_unit(SUPERVISOR, unit, today, today)) for unit in units}


async def test_a_case_with_shared_data_is_the_askers_and_the_proof_its_producers(office: Office) -> None:
    case = await office.open("SHARED")
    (proof,) = case.proofs
    found = await figures(office)
    assert found[OPERATOR.unit_code].cases_opened == 1
    assert (found.get(proof.producing_unit) or Counts()).proofs_shared == (proof.producing_unit in found)


async def test_a_request_that_is_passed_on_is_received_by_both_and_answered_by_the_last(office: Office) -> None:
    request = (await office.open("VERIFIED")).requests[0]
    passed = await office.requests.reroute(drafter("GA-HS"), call(request), "GA", "不归我管")
    await office.answered(passed)
    assert await figures(office) == {
        OPERATOR.unit_code: Counts(cases_opened=1),
        "GA-HS": Counts(requests_received=1),
        "GA": Counts(requests_received=1, requests_in_time=1, proofs_verified=1),
    }


async def test_what_is_answered_after_its_time_is_late_and_overdue_of_the_unit_that_had_it(office: Office) -> None:
    request = (await office.open("NOW")).requests[0]
    office.clock.at = request.target_at
    cases = office.cases
    await DeadlineWatch(office.store, cases.snapshots, cases.calendar, office.clock).look()
    office.clock.advance(seconds=1)
    await office.answered(request)
    counts = (await figures(office))[request.issuing_unit]
    assert counts == Counts(requests_received=1, requests_late=1, requests_overdue=1, proofs_verified=1)
    assert total(()) == Counts()
    assert today_in_city(office.clock) == date(2026, 3, 2)
