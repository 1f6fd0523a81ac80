"""The published schemas: printed as they are served, and true of the events that the hub writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator, ValidationError

from graph_models.casework import OutboxEvent
from hub.cloud_events import type_name
from hub.event_schemas import schema_files
from hub.events import PAYLOADS, EventType
from scripts.event_schemas import differing
from tests.hub.office import Office

PROJECT = Path(__file__).resolve().parents[2]


def schema_of(kind: EventType) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(schema_files()[f"{type_name(kind)}.json"])
    return found


def check(event: OutboxEvent) -> None:
    """Validate an event's payload, its formats too, and that no field is unknown to its schema."""
    schema, payload = schema_of(EventType(event.type)), orjson.loads(event.payload_json)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    validator.validate(payload)
    assert payload.keys() <= schema["properties"].keys()


def test_the_printed_schemas_are_those_that_are_served() -> None:
    assert differing(PROJECT / "docs/events") == []


def test_a_schema_that_is_missing_changed_or_of_no_type_is_noticed(tmp_path: Path) -> None:
    for name, content in schema_files().items():
        (tmp_path / name).write_bytes(content)
    assert differing(tmp_path) == []
    (tmp_path / "proofhub.case.opened.v1.json").unlink()
    (tmp_path / "proofhub.case.closed.v1.json").write_text("{}")
    (tmp_path / "proofhub.case.eaten.v1.json").write_text("{}")
    assert differing(tmp_path) == [f"proofhub.case.{name}.v1.json" for name in ("closed", "eaten", "opened")]


@pytest.mark.parametrize("kind", EventType)
def test_each_schema_is_one_and_names_the_fields_of_its_type(kind: EventType) -> None:
    schema = schema_of(kind)
    Draft202012Validator.check_schema(schema)
    assert list(schema["properties"]) == [field.name for field in PAYLOADS[kind]]
    assert schema["$id"] == f"{type_name(kind)}.json"


def test_a_payload_that_lacks_a_field_or_has_another_kind_of_it_is_not_valid() -> None:
    validator = Draft202012Validator(schema_of(EventType.PROOF_ISSUED))
    whole = {"case": "C1", "need": "N1", "type": "HJ", "negative": False}
    validator.validate(whole | {"of_a_later_minor": 1})
    for wrong in ({"case": ""}, {"negative": "no"}, {"type": None}):
        with pytest.raises(ValidationError):
            validator.validate(whole | wrong)
    with pytest.raises(ValidationError):
        validator.validate({"case": "C1"})


async def test_the_events_of_whole_cases_are_as_their_schemas_say(office: Office) -> None:
    case = await office.open("WHOLE")
    await office.answered(case.requests[0])
    events = await office.events()
    assert {"case.opened", "request.received", "request.sealed", "proof.issued"} <= {each.type for each in events}
    for event in events:
        check(event)
