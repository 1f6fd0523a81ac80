"""Each document and record of the client agrees with the SDL; and the check that says so sees each kind of fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse

from hub.client import inputs, operations, records
from hub.client.operations import Operation
from hub.client.records import OneOf, Record
from hub.client.words import CaseState, NeedState
from schema.limits import GraphQLLimits, measured
from tests.hub.client.agreement import disagreements

SDL = Path(__file__).parents[3] / "schema" / "schema.graphql"
ALL = {name: each for name, each in vars(operations).items() if isinstance(each, Operation)}
SMALL = build_schema(
    """
    type Query { thing(code: String!): ThingResult! }
    type Mutation { makeThing(input: ThingInput!): ThingPayload! }
    union ThingResult = Thing | Gone
    interface Problem { code: String! message: String! messageZh: String! mend: String! field: String }
    type Gone implements Problem { code: String! message: String! messageZh: String! mend: String! field: String }
    type Thing { name: String! size: Int state: State! parts: [Thing!]! }
    enum State { OPEN CLOSED WITHDRAWN }
    type ThingPayload { thing: Thing errors: [Problem!]! }
    input ThingInput { name: String! size: Int key: String! = "" }
    """
)


class Part(Record):
    name: str


class Thing(Record):
    name: str
    size: int | None
    state: OneOf[CaseState]
    parts: tuple[Part, ...]


class ThingInput(inputs.Given):
    name: str
    size: int | None = None


PROBLEM = "... on Problem { code message messageZh mend field }"
SELECTED = "name size state parts { name }"
ASKED = Operation("thing", f'{{ thing(code: "a") {{ __typename ... on Thing {{ {SELECTED} }} {PROBLEM} }} }}', Thing)
MADE = Operation(
    "makeThing",
    "mutation M($input: ThingInput!) { makeThing(input: $input) {"
    f"thing {{ {SELECTED} }} errors {{ {PROBLEM} }} }} }}",
    Thing,
    "thing",
    ThingInput,
)


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SDL.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ALL)
def test_a_document_and_its_records_agree_with_the_sdl(schema: GraphQLSchema, name: str) -> None:
    assert disagreements(schema, ALL[name]) == []


@pytest.mark.parametrize("name", ALL)
def test_a_document_is_within_the_limits_of_the_hub(schema: GraphQLSchema, name: str) -> None:
    facts = measured(schema, parse(ALL[name].text), GraphQLLimits())
    (operation,) = facts.values()
    assert operation.cost({"first": 100}) <= GraphQLLimits().cost


def test_every_document_is_looked_at() -> None:
    assert {each.field for each in ALL.values()} >= {"openCase", "inbox", "draftAnswer", "sealAnswer", "planCase"}
    assert len(ALL) == 18


def retyped(**types: Any) -> type[Record]:
    """Return the record Thing with other types for some of its fields."""
    return type("Thing", (Thing,), {"__annotations__": types, "__module__": __name__})


@pytest.mark.parametrize("operation", [ASKED, MADE], ids=["query", "mutation"])
def test_what_agrees_has_no_faults(operation: Operation[Any]) -> None:
    assert disagreements(SMALL, operation) == []


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (retyped(name=str | None), "name: String! is read as one that may be null"),
        (retyped(size=int), "size: Int is read as one that may not be null"),
        (retyped(size=str | None), "size: Int is read as <class 'str'>"),
        (retyped(state=OneOf[NeedState]), "the words of State are read as"),
        (retyped(state=str), "the words of State are read as"),
        (retyped(parts=Part), "parts: a list is read as"),
        (retyped(parts=tuple[Thing, ...]), "parts[].size is read and not selected"),
        (retyped(colour=str), "colour is read and not selected"),
    ],
)
def test_a_record_that_reads_otherwise_is_told(record: type[Record], fault: str) -> None:
    assert [each for each in disagreements(SMALL, replace(ASKED, record=record)) if fault in each]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (ASKED.text.replace("size", "weight"), "Cannot query field 'weight'"),
        (ASKED.text.replace("size ", ""), "Thing.size is read and not selected"),
        (ASKED.text.replace("name size", "name size title: name"), "Thing.title is selected and not read"),
        (ASKED.text.replace("mend", ""), "Gone.mend is read and not selected"),
    ],
)
def test_a_document_that_selects_otherwise_is_told(text: str, fault: str) -> None:
    assert [each for each in disagreements(SMALL, replace(ASKED, text=text)) if fault in each]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (type("G", (inputs.Given,), {"__annotations__": {"size": int}}), "ThingInput.name is not sent"),
        (type("G", (ThingInput,), {"__annotations__": {"colour": str}}), "ThingInput has no colour"),
        (type("G", (ThingInput,), {"__annotations__": {"name": str | None}}), "ThingInput.name may not be null"),
        (type("G", (ThingInput,), {"__annotations__": {"name": int}}), "name: String is read as"),
    ],
)
def test_an_input_that_says_otherwise_is_told(given: type[inputs.Given], fault: str) -> None:
    assert [each for each in disagreements(SMALL, replace(MADE, given=given)) if fault in each]


def test_records_show_no_personal_data_in_their_representation() -> None:
    subject = records.RequestSubject(
        kind="NATURAL_PERSON", name="章示例", keys=(records.KeyValue(key="id_number", value="330211198603318599"),)
    )
    applicant = inputs.Applicant(kind="NATURAL_PERSON", name="章示例", identifier="330211198603318599")
    assert not [word for word in ("章示例", "330211198603318599") if word in f"{subject!r} {applicant!r}"]
