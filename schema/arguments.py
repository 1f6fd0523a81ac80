"""Arguments that several operations take, described once."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from graph_models.catalogue import ApplicantKind
from hub.errors import InvalidInputError
from schema import enums  # noqa: F401  the enums' descriptions

SEARCH_LIMIT = 100
"""Longest text to search for, in characters."""
ANSWER_LIMIT = 50
"""Most answers of one route."""

ItemCode: TypeAlias = Annotated[str, strawberry.argument(description="Code of the service item.")]
ProofTypeCode: TypeAlias = Annotated[str, strawberry.argument(description="Code of the proof type.")]
UnitCode: TypeAlias = Annotated[str, strawberry.argument(description="Code of the unit.")]
Region: TypeAlias = Annotated[
    str, strawberry.argument(description="GB/T 2260 code of the case's region, for example 330203.")
]
Kind: TypeAlias = Annotated[ApplicantKind, strawberry.argument(description="Who applies.")]
Search: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description=f"Part of a code or name, in either language; at most {SEARCH_LIMIT} characters."),
]
FieldName: TypeAlias = Annotated[str | None, strawberry.argument(description="Only of this line of work (领域).")]


@strawberry.input(description="An answer to a routing question: in which region is the record kept?")
class AnswerInput:
    """An answer to a routing question."""

    proof_type_code: str = strawberry.field(description="The proof type that was asked about.")
    region: str = strawberry.field(description="GB/T 2260 code of the region where the record is kept.")


Answers: TypeAlias = Annotated[
    list[AnswerInput] | None,
    strawberry.argument(description=f"Answers to the questions of the route, at most {ANSWER_LIMIT}."),
]


def checked_search(search: str | None) -> str:
    """Return the text to search for. Raises InvalidInputError where it is too long."""
    if search is not None and len(search) > SEARCH_LIMIT:
        raise InvalidInputError(
            f"search has more than {SEARCH_LIMIT} characters",
            message_zh=f"search 超过 {SEARCH_LIMIT} 个字符",
            mend="Search for a shorter part of the code or name.",
            field="search",
        )
    return search or ""
