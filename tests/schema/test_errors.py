"""Each refusal of the hub is a type of the answer; what has no type is never swallowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from graphql import GraphQLObjectType

from hub import errors as hub_errors
from hub.errors import HubError
from schema.errors import PROBLEMS, found_or_problem, problem_of, read_or_problem
from schema.schema import core_schema

UNTYPED = (hub_errors.UnauthenticatedError, HubError)
ONLY_OF_MUTATIONS = {
    hub_errors.ConflictError,
    hub_errors.IdempotencyConflictError,
    hub_errors.WrongStateError,
    hub_errors.SamePersonError,
    hub_errors.NotIssuableError,
    hub_errors.SealNotGrantedError,
    hub_errors.SealSuspendedError,
    hub_errors.SealExpiringError,
    hub_errors.EscalatedError,
    hub_errors.AddressRefusedError,
    hub_errors.EventsGoneError,
}


def refusal(kind: type[HubError]) -> HubError:
    return kind("it is wrong", message_zh="有误", mend="put it right", field="a.b")


def raising(error: HubError) -> Callable[[], str]:
    def find() -> str:
        raise error

    return find


async def reading(error: HubError) -> str:
    raise error


@pytest.mark.parametrize("kind", PROBLEMS, ids=lambda kind: kind.__name__)
def test_a_refusal_keeps_its_code_its_sentences_and_how_to_mend_it(kind: type[HubError]) -> None:
    shown = problem_of(refusal(kind))
    assert type(shown).__name__ == kind.__name__.removesuffix("Error")
    assert (shown.code, shown.message, shown.message_zh, shown.mend, shown.field) == (
        kind.code,
        "it is wrong",
        "有误",
        "put it right",
        "a.b",
    )


@pytest.mark.parametrize("kind", PROBLEMS, ids=lambda kind: kind.__name__)
def test_the_type_of_a_refusal_is_in_the_schema_and_is_a_problem(kind: type[HubError]) -> None:
    shape = core_schema().type_map[PROBLEMS[kind].__name__]
    assert isinstance(shape, GraphQLObjectType)
    assert [interface.name for interface in shape.interfaces] == ["Problem"]
    assert set(shape.fields) == {"code", "message", "messageZh", "mend", "field"}


@pytest.mark.parametrize("kind", UNTYPED, ids=lambda kind: kind.__name__)
def test_what_has_no_type_goes_on_as_the_error_it_is(kind: type[HubError]) -> None:
    error = refusal(kind)
    with pytest.raises(kind) as raised:
        problem_of(error)
    assert raised.value is error


@pytest.mark.parametrize("kind", sorted(PROBLEMS.keys() - ONLY_OF_MUTATIONS, key=lambda kind: kind.__name__))
async def test_a_query_answers_with_its_problem_whether_it_waits_or_not(kind: type[HubError]) -> None:
    error = refusal(kind)
    assert found_or_problem(raising(error)) == await read_or_problem(reading(error)) == problem_of(error)


@pytest.mark.parametrize("kind", sorted(ONLY_OF_MUTATIONS, key=lambda kind: kind.__name__))
async def test_a_query_never_hides_what_only_a_mutation_can_meet(kind: type[HubError]) -> None:
    with pytest.raises(kind):
        found_or_problem(raising(refusal(kind)))
    with pytest.raises(kind):
        await read_or_problem(reading(refusal(kind)))


async def test_what_is_found_is_given_as_it_is() -> None:
    async def read() -> str:
        return "read"

    assert (found_or_problem(lambda: "found"), await read_or_problem(read())) == ("found", "read")
