"""What an issuing decides before a page is made: number, time, endorsement, last day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.casework import IntentState, ProofKind
from hub.clock import CITY_TIME, SystemIds
from hub.issuing import SEAL_OF_KIND, IssueOrder, Letterhead, end_of_day, intend, last_day
from seals.endorsement import Fact, facts_digest
from seals.kinds import SealKind
from seals.page_content import PageContent, content_from_json
from tests.hub import small_catalogue as small
from tests.hub.casework import CASE, NEED
from tests.hub.office import HOLDER, NOW

ORDER = IssueOrder(
    key="C1/01",
    kind=ProofKind.SHARED,
    case=CASE,
    need=NEED,
    item=small.item(),
    proof_type=replace(small.proof_type("T1"), validity_days=30),
    extraction_unit=small.unit("U0"),
    producing_unit=small.unit("U1"),
    facts=(Fact("name", "姓名", "Name", "王小明"),),
    negative=False,
    remarks=None,
    data_source="registry",
    drafted_by=None,
    request_id=None,
)
LETTERHEAD = Letterhead("https://proofs.example", {kind: f"{HOLDER}{kind}" for kind in SealKind})
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def content_of(order: IssueOrder, now: datetime = NOW) -> PageContent:
    return content_from_json(intend(order, LETTERHEAD, SystemIds(), now).order_json)


@pytest.mark.requirement("R14.2")
def test_the_endorsement_is_written_from_the_hubs_own_records() -> None:
    endorsement = content_of(ORDER).endorsement
    assert (endorsement.extraction_unit_code, endorsement.extraction_unit_name) == ("U0", "单位U0")
    assert (endorsement.producing_unit_code, endorsement.producing_unit_name) == ("U1", "单位U1")
    assert (endorsement.extracted_at, endorsement.data_source, endorsement.drafted_by) == (NOW, "registry", None)
    assert (endorsement.item_code, endorsement.case_number, endorsement.catalogue_version) == ("I1", "C1", 7)
    assert endorsement.facts_sha256 == facts_digest(ORDER.facts)


@pytest.mark.requirement("R14.1")
@pytest.mark.parametrize("kind", ProofKind)
def test_each_kind_of_proof_takes_its_seal_and_names_that_seals_holder(kind: ProofKind) -> None:
    content = content_of(replace(ORDER, kind=kind))
    assert content.endorsement.seal_kind is SEAL_OF_KIND[kind]
    assert content.seal_holder == f"{HOLDER}{SEAL_OF_KIND[kind]}"
    assert len(set(SEAL_OF_KIND.values())) == len(ProofKind)


def test_an_intent_holds_all_that_is_needed_to_make_the_same_page_again() -> None:
    intent = intend(ORDER, LETTERHEAD, SystemIds(), NOW)
    content = content_from_json(intent.order_json)
    assert (intent.state, intent.key, intent.intended_at, intent.need_id) == (
        IntentState.INTENDED,
        "C1/01",
        NOW,
        NEED.id,
    )
    assert content.endorsement.proof_number == intent.proof_number
    assert content.check_url == f"https://proofs.example/check/{intent.check_code}"
    assert (content.facts, content.valid_until) == (ORDER.facts, "2026-04-01")


@pytest.mark.requirement("I4")
def test_numbers_and_codes_are_new_each_time_and_hold_nothing_of_the_person() -> None:
    intents = [intend(ORDER, LETTERHEAD, SystemIds(), NOW) for _ in range(50)]
    assert len({intent.proof_number for intent in intents}) == len({intent.check_code for intent in intents}) == 50
    assert not any(CASE.applicant.identifier in f"{each.proof_number}{each.check_code}" for each in intents)


@given(MOMENTS, st.integers(0, 4000))
def test_a_proof_is_good_for_its_days_and_through_the_whole_last_one(moment: datetime, days: int) -> None:
    last = last_day(moment, days)
    assert last is not None
    end = end_of_day(last)
    assert end >= moment.astimezone(CITY_TIME).replace(microsecond=0) + timedelta(days=days)
    assert date.fromisoformat(last) - moment.astimezone(CITY_TIME).date() == timedelta(days=days)
    assert end.astimezone(CITY_TIME).timetz().replace(tzinfo=None) == time(23, 59, 59)


@given(MOMENTS)
def test_a_type_without_an_end_has_no_last_day(moment: datetime) -> None:
    assert last_day(moment, None) is None
    assert content_of(replace(ORDER, proof_type=small.proof_type("T1"))).valid_until is None


def test_an_evening_in_utc_is_the_next_day_in_the_city() -> None:
    assert last_day(datetime(2026, 3, 1, 16, 0, tzinfo=UTC), 0) == "2026-03-02"
    assert end_of_day("2026-03-02") == datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC)
