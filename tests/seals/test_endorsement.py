from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seals.endorsement import (
    ENDORSEMENT_LIMIT,
    Endorsement,
    Fact,
    facts_digest,
    facts_json,
    format_time,
)
from seals.errors import MalformedEndorsementError
from seals.kinds import SealKind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
endorsements = st.builds(
    Endorsement,
    proof_number=words,
    seal_kind=st.sampled_from(SealKind),
    proof_type_code=words,
    proof_type_name=words,
    negative=st.booleans(),
    item_code=words,
    item_name=words,
    case_number=words,
    catalogue_version=st.integers(0, 2**53),
    extraction_unit_code=words,
    extraction_unit_name=words,
    producing_unit_code=words,
    producing_unit_name=words,
    extracted_at=st.integers(0, 2**42).map(lambda milliseconds: EPOCH + timedelta(milliseconds=milliseconds)),
    data_source=st.none() | words,
    drafted_by=st.none() | words,
    facts_sha256=words,
)


@pytest.mark.requirement("R14.2")
@given(endorsements)
def test_the_canonical_form_is_read_back_as_it_was(endorsement: Endorsement) -> None:
    assert Endorsement.from_json(endorsement.to_json()) == endorsement


def test_the_canonical_form_has_sorted_keys_and_no_blanks(shared_content) -> None:
    data = shared_content.endorsement.to_json()
    assert list(orjson.loads(data)) == sorted(asdict(shared_content.endorsement))
    assert b'": ' not in data


def test_a_time_in_another_zone_has_the_same_canonical_form(shared_content) -> None:
    endorsement = shared_content.endorsement
    shanghai = endorsement.extracted_at.astimezone(timezone(timedelta(hours=8)))
    assert replace(endorsement, extracted_at=shanghai).to_json() == endorsement.to_json()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.replace(b"{", b"{ ", 1),
        lambda data: data[:-1],
        lambda data: data.replace(b'"negative":false', b'"negative":false,"extra":1'),
        lambda data: data.replace(b'"negative":false,', b""),
        lambda data: data.replace(b"INFORMATION_SHARING", b"INFORMATION_GUESSING"),
        lambda data: data.replace(b".000Z", b"+00:00"),
        lambda data: b"[]",
        lambda data: b"null",
        lambda data: b"",
        lambda data: b"\xff" + data,
        lambda data: data + b" " * ENDORSEMENT_LIMIT,
    ],
)
def test_any_other_form_is_refused(shared_content, spoil) -> None:
    with pytest.raises(MalformedEndorsementError):
        Endorsement.from_json(spoil(shared_content.endorsement.to_json()))


def test_times_are_written_in_utc_with_milliseconds() -> None:
    moment = datetime(2026, 11, 24, 9, 5, 6, 789999, tzinfo=timezone(timedelta(hours=8)))
    assert format_time(moment) == "2026-11-24T01:05:06.789Z"


def test_the_order_of_facts_counts() -> None:
    first, second = Fact("a", "甲", "A", "1"), Fact("b", "乙", "B", "2")
    assert facts_digest((first, second)) != facts_digest((second, first))
    assert orjson.loads(facts_json((first,))) == [{"key": "a", "label": "甲", "label_en": "A", "value": "1"}]
