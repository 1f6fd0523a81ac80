"""A document is parsed, measured and validated once; only good ones are kept, and no more than the limit."""

from __future__ import annotations

import pytest

from schema.documents import Documents, InvalidDocumentError
from schema.errors import RequestRefusedError
from schema.limits import GraphQLLimits
from schema.schema import core_schema


def documents(**limits: int) -> Documents:
    return Documents(core_schema(), GraphQLLimits(**limits))


def refused(prepare: Documents, text: str) -> InvalidDocumentError:
    with pytest.raises(InvalidDocumentError) as found:
        prepare.prepare(text)
    return found.value


def test_the_same_text_is_prepared_once() -> None:
    prepare = documents()
    assert prepare.prepare("{ __typename }") is prepare.prepare("{ __typename }")
    assert prepare.prepare("{ __typename }") is not prepare.prepare("{  __typename }")


def test_no_more_documents_are_kept_than_the_limit_says() -> None:
    prepare = documents(documents=2)
    first = prepare.prepare("{ a: __typename }")
    for name in "bc":
        prepare.prepare(f"{{ {name}: __typename }}")
    assert prepare.prepare("{ a: __typename }") is not first


def test_what_is_wrong_is_not_kept_and_refused_again() -> None:
    prepare = documents()
    for _ in range(2):
        assert refused(prepare, "{ noSuchField }").code == "GRAPHQL_VALIDATION_FAILED"
        assert refused(prepare, "{").code == "GRAPHQL_PARSE_FAILED"


def test_of_many_faults_a_few_are_listed() -> None:
    faults = refused(documents(), "{" + " ".join(f"noSuchField{number}" for number in range(200)) + "}").errors
    assert 1 < len(faults) <= 21


def test_an_operation_is_the_only_one_or_the_one_with_the_name() -> None:
    only = documents().prepare("query A { __typename }")
    assert only.operation(None) is only.operation("A")
    several = documents().prepare("query A { __typename } query B { __typename }")
    assert several.operation("B") is not several.operation("A")


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("query A { __typename } query B { __typename }", None, "operationName"),
        ("query A { __typename }", "B", "'B'"),
    ],
)
def test_an_operation_that_cannot_be_told_is_said(text: str, name: str | None, said: str) -> None:
    prepared = documents().prepare(text)
    with pytest.raises(InvalidDocumentError) as found:
        prepared.operation(name)
    assert found.value.code == "NO_OPERATION"
    assert said in found.value.errors[0].message


@pytest.mark.parametrize("nested", ["{a" * 9000 + "}" * 9000, "{ unit(code: " + "[" * 9000 + "]" * 9000 + ") { a } }"])
def test_what_is_nested_beyond_the_stack_is_refused_whatever_the_other_limits_are(nested: str) -> None:
    fault = refused(documents(document_characters=10**6, tokens=10**6), nested)
    assert fault.code == "GRAPHQL_PARSE_FAILED"
    assert "nested too deeply" in fault.errors[0].message


def test_a_text_beyond_its_length_is_not_even_parsed() -> None:
    with pytest.raises(RequestRefusedError) as found:
        documents(document_characters=10).prepare("{" + "#" * 10 + "\n")
    assert found.value.code == "DOCUMENT_TOO_LONG"
