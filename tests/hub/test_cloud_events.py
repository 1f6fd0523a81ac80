"""The envelope: CloudEvents 1.0, and whatever is none is refused with the reason."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.casework import OutboxEvent
from hub.cloud_events import LONGEST_MESSAGE, CloudEvents, UnreadableEventError, read_envelope

EVENT = OutboxEvent(
    id="NB-GA.3",
    unit_code="NB-GA",
    sequence=3,
    type="request.received",
    subject="R1",
    at=datetime(2026, 3, 2, 8, 15, 30, 123000, tzinfo=UTC),
    payload_json='{"case":"宁波","type":"HJ"}',
    published=True,
)
ENVELOPES = CloudEvents("https://hub.test/")
WHOLE: dict[str, Any] = orjson.loads(ENVELOPES.envelope(EVENT))


def test_an_envelope_says_what_cloud_events_asks_for_and_holds_the_payload_byte_for_byte() -> None:
    text = ENVELOPES.envelope(EVENT)
    assert f'"data":{EVENT.payload_json}'.encode() in text
    assert orjson.loads(text) == {
        "specversion": "1.0",
        "id": "NB-GA.3",
        "source": "https://hub.test/units/NB-GA",
        "type": "proofhub.request.received.v1",
        "subject": "R1",
        "time": "2026-03-02T08:15:30.123000+00:00",
        "datacontenttype": "application/json",
        "dataschema": "https://hub.test/events/schemas/proofhub.request.received.v1.json",
        "unit": "NB-GA",
        "unitsequence": 3,
        "data": {"case": "宁波", "type": "HJ"},
    }


def test_the_source_may_be_named_by_the_settings_and_is_a_uri() -> None:
    made = orjson.loads(CloudEvents("https://hub.test", "urn:city:hub").envelope(replace(EVENT, unit_code="宁 波")))
    assert made["source"] == "urn:city:hub/units/%E5%AE%81%20%E6%B3%A2"
    assert made["dataschema"].startswith("https://hub.test/events/schemas/")


def test_an_event_of_a_type_that_only_a_newer_version_knows_leaves_all_the_same() -> None:
    text = ENVELOPES.envelope(replace(EVENT, type="request.sung"))
    assert orjson.loads(text)["type"] == "proofhub.request.sung.v1"
    with pytest.raises(UnreadableEventError, match="type is unknown"):
        read_envelope(text)


def test_the_longest_code_of_a_unit_is_read() -> None:
    longest = replace(EVENT, unit_code="U" * 100, id=f"{'U' * 100}.3")
    assert read_envelope(ENVELOPES.envelope(longest)) == longest


def test_names_of_attributes_are_of_the_form_that_cloud_events_allows() -> None:
    assert all(name.isascii() and name.isalnum() and name.islower() and len(name) <= 20 for name in WHOLE)


def test_an_envelope_is_read_back_as_it_was_written() -> None:
    assert read_envelope(ENVELOPES.envelope(EVENT)) == EVENT


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"specversion": "2.0"}, "no CloudEvents 1.0"),
        ({"type": "proofhub.request.received.v2"}, "unknown version"),
        ({"type": "proofhub.request.eaten.v1"}, "type is unknown"),
        ({"type": 5}, "type is unknown"),
        ({"unit": None}, "unit, place and subject"),
        ({"unitsequence": "3"}, "unit, place and subject"),
        ({"unitsequence": True}, "unit, place and subject"),
        ({"subject": {}}, "unit, place and subject"),
        ({"unitsequence": 4}, "id is not"),
        ({"unit": "U" * 101, "id": f"{'U' * 101}.3"}, "101 characters"),
        ({"unitsequence": -3, "id": "NB-GA.-3"}, "id is not"),
        ({"unitsequence": 2**31, "id": f"NB-GA.{2**31}"}, "id is not"),
        ({"data": [1]}, "no data"),
        ({"time": "yesterday"}, "time is none"),
        ({"time": "2026-03-02T08:15:30"}, "no zone"),
    ],
)
def test_what_is_no_event_of_ours_is_refused_with_the_reason(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnreadableEventError, match=reason):
        read_envelope(orjson.dumps(WHOLE | change))


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"[]", b"null", b"[" * 100_000, b'"proofhub"'])
def test_what_is_no_json_object_is_refused(text: bytes) -> None:
    with pytest.raises(UnreadableEventError):
        read_envelope(text)


def test_a_message_of_50_megabytes_is_refused_unread() -> None:
    with pytest.raises(UnreadableEventError, match="52428800 bytes"):
        read_envelope(b" " * (50 << 20))
    padded = ENVELOPES.envelope(replace(EVENT, payload_json="{" + " " * LONGEST_MESSAGE + "}"))
    with pytest.raises(UnreadableEventError, match="more than"):
        read_envelope(padded)


@given(
    st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | st.text(), lambda c: st.dictionaries(st.text(), c))
)
def test_whatever_stands_in_an_envelope_is_read_or_refused(value: object) -> None:
    for name in WHOLE:
        try:
            message = orjson.dumps(WHOLE | {name: value})
        except orjson.JSONEncodeError:  # a lone surrogate
            return
        with contextlib.suppress(UnreadableEventError):
            assert read_envelope(message).unit_code
