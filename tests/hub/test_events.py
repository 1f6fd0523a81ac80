"""Events from a change of state."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.events import PAYLOADS, EventType, event, events_for
from tests.hub.office import NAME, NOW, PERSON, Office

UNITS = st.lists(st.sampled_from(["GA", "GA-HS", "MZ", "RS"]), max_size=6)


def test_an_event_says_what_happened_to_what_for_which_unit() -> None:
    made = event("GA", EventType.PROOF_ISSUED, "P1", NOW, type="HJ", case="C1", need="N1", negative=False)
    assert (made.unit_code, made.type, made.subject, made.at) == ("GA", "proof.issued", "P1", NOW)
    assert made.payload_json == '{"case":"C1","need":"N1","negative":false,"type":"HJ"}'


@given(UNITS)
def test_what_concerns_several_units_goes_out_once_for_each_in_one_order(units: list[str]) -> None:
    made = events_for(units, EventType.REQUEST_RECEIVED, "R1", NOW, case="C1", type="HJ")
    assert [each.unit_code for each in made] == sorted(set(units))
    assert len({(each.type, each.subject, each.payload_json) for each in made}) <= 1


def test_the_names_on_the_bus_are_of_one_form_and_each_is_there_once() -> None:
    names = [kind.value for kind in EventType]
    assert len(set(names)) == len(names)
    assert all(len(name.split(".")) == 2 and name.islower() for name in names)


def test_of_every_type_it_is_said_which_fields_its_payload_has() -> None:
    assert PAYLOADS.keys() == set(EventType)
    for fields in PAYLOADS.values():
        assert len({field.name for field in fields}) == len(fields)


@pytest.mark.parametrize("payload", [{}, {"case": "C1"}, {"case": "C1", "type": "HJ", "name": "王小明"}])
def test_an_event_with_other_fields_than_its_type_says_is_not_written(payload: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="has the fields"):
        event("GA", EventType.REQUEST_RECEIVED, "R1", NOW, **payload)


@pytest.mark.requirement("I4")
async def test_the_events_of_a_whole_case_reach_its_units_and_hold_no_personal_data(office: Office) -> None:
    case = await office.open("WHOLE")
    await office.answered(case.requests[0])
    events = await office.events()
    assert {each.unit_code for each in events} == {"MZ-HS", "GA-HS", "GA", "RS"}
    assert not any(secret in each.payload_json for each in events for secret in (PERSON, NAME))
    assert {each.unit_code for each in events if each.type == "request.sealed"} == {"MZ-HS", "GA-HS"}
