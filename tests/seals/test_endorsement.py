from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seals.endorsement import (
    ENDORSEMENT_LIMIT,
    EndorsedPart,
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
    assert list(orjson.loads(data)) == sorted(asdict(shared_content.endorsement).keys() - {"parts"})
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


parts = st.builds(
    EndorsedPart,
    unit_code=words,
    unit_name=words,
    fields=st.lists(words, max_size=3).map(tuple),
    labels=st.lists(words, max_size=3).map(tuple),
    negative=st.booleans(),
    drafted_by=words,
    confirmed_at=st.integers(0, 2**42).map(lambda milliseconds: EPOCH + timedelta(milliseconds=milliseconds)),
)


@pytest.mark.requirement("R14.2")
@given(endorsements, st.lists(parts, min_size=1, max_size=3).map(tuple))
def test_parts_are_read_back_as_they_were(endorsement: Endorsement, several: tuple[EndorsedPart, ...]) -> None:
    joint = replace(endorsement, parts=several)
    record = orjson.loads(joint.to_json())
    assert Endorsement.from_json(joint.to_json()) == joint
    assert list(record) == sorted(record)
    assert [list(part) for part in record["parts"]] == [sorted(part) for part in record["parts"]]


def test_without_parts_the_form_is_the_same_as_before_there_were_any(shared_content) -> None:
    data = orjson.loads(shared_content.endorsement.to_json())
    assert "parts" not in data
    with pytest.raises(MalformedEndorsementError):
        Endorsement.from_json(orjson.dumps({**data, "parts": []}, option=orjson.OPT_SORT_KEYS))


@pytest.mark.parametrize(
    "change",
    [
        {"fields": "ab"},
        {"fields": [1]},
        {"labels": [1]},
        {"negative": 1},
        {"unit_code": None},
        {"more": 1},
        {"confirmed_at": "soon"},
    ],
)
def test_a_part_of_another_form_is_malformed(shared_content, change) -> None:
    part = EndorsedPart(
        unit_code="U1",
        unit_name="一",
        fields=("a",),
        labels=("甲",),
        negative=False,
        drafted_by="s",
        confirmed_at=EPOCH,
    )
    data = orjson.loads(replace(shared_content.endorsement, parts=(part,)).to_json())
    data["parts"][0] |= change
    with pytest.raises(MalformedEndorsementError):
        Endorsement.from_json(orjson.dumps(data, option=orjson.OPT_SORT_KEYS))
