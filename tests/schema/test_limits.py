"""What one operation may ask is bounded, counted with its fragments and variables."""

from __future__ import annotations

import pytest
from graphql import get_introspection_query, parse

from schema.errors import RequestRefusedError
from schema.limits import GraphQLLimits, OperationFacts, measured
from schema.schema import core_schema

LIMITS = GraphQLLimits()


def facts_of(query: str, limits: GraphQLLimits = LIMITS) -> OperationFacts:
    (facts,) = measured(core_schema(), parse(query), limits).values()
    return facts


def items(arguments: str, within: str = "name") -> str:
    return f"{{ serviceItems{arguments} {{ ... on ServiceItemConnection {{ nodes {{ {within} }} }} }} }}"


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("{ __typename }", 0),
        (items(""), 20),
        (items("(first: 50)"), 50),
        (items("(first: 5000000000000)"), 100),
        (items("(first: 10)", "requirements { id }"), 10 * (1 + 5)),
        (items("(first: 10)", "handlers(first: 100) { nodes { code } }"), 10 * (1 + 100)),
        ('{ proof(number: "P") { ... on Proof { document } } }', 50),
        ("{ __schema { types { fields { name } } } }", 0),
    ],
)
def test_pages_and_lists_are_counted(query: str, cost: int) -> None:
    assert facts_of(query).cost({}) == cost


@pytest.mark.parametrize(("given", "cost"), [({"n": 7}, 7), ({}, 100), ({"n": "x"}, 100), ({"n": -5}, 0)])
def test_a_page_whose_size_is_a_variable_counts_what_it_says(given: dict[str, object], cost: int) -> None:
    query = "query Q($n: Int!) " + items("(first: $n)")
    assert facts_of(query).cost(given) == cost


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ unit(code: 1)" + "{ superior" * 12 + "{ code }" + "}" * 13, "DEPTH_LIMIT"),
        ("{ ...A } fragment A on Query { ...B ...B } fragment B on Query { " + "a " * 300 + "}", "FIELD_LIMIT"),
        ("{" + "".join(f"x{n}: a " for n in range(31)) + "}", "ALIAS_LIMIT"),
    ],
)
def test_depth_fields_and_aliases_are_bounded_also_through_fragments(query: str, code: str) -> None:
    with pytest.raises(RequestRefusedError) as refused:
        facts_of(query)
    assert refused.value.code == code


def test_fragments_in_a_circle_end() -> None:
    facts = facts_of("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A cases { __typename } }")
    assert facts.root_fields == {"cases"}


def test_fragments_that_multiply_end_early() -> None:
    bombs = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40))
    with pytest.raises(RequestRefusedError):
        facts_of("{ ...F0 } " + bombs + " fragment F40 on Query { __typename }")


def test_the_usual_introspection_is_within_the_limits() -> None:
    facts = facts_of(get_introspection_query())
    assert (facts.root_fields, facts.cost({})) == ({"__schema"}, 0)
