"""Each value of an enum is described, and nothing that is not a value."""

from __future__ import annotations

from enum import StrEnum

import pytest
from graphql import GraphQLEnumType

from graph_models.casework import CaseState, NeedState, ProofKind, ProofState, RequestState
from graph_models.catalogue import ApplicantKind, BasisLevel, IssuingMode, Measure, UnitKind, UnitLevel
from schema.enums import described
from schema.schema import core_schema


class Colour(StrEnum):
    RED = "RED"
    BLUE = "BLUE"


@pytest.mark.parametrize("values", [{}, {"RED": "red"}, {"RED": "red", "BLUE": "blue", "GREEN": "green"}])
def test_a_missing_or_a_foreign_description_stops_the_start(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="Colour: describe exactly RED, BLUE"):
        described(Colour, "A colour.", **values)


@pytest.mark.parametrize(
    "enum",
    [
        ApplicantKind,
        BasisLevel,
        CaseState,
        IssuingMode,
        Measure,
        NeedState,
        ProofKind,
        ProofState,
        RequestState,
        UnitKind,
        UnitLevel,
    ],
    ids=lambda enum: enum.__name__,
)
def test_the_schema_has_the_values_of_the_records(enum: type[StrEnum]) -> None:
    shape = core_schema().type_map[enum.__name__]
    assert isinstance(shape, GraphQLEnumType)
    assert list(shape.values) == list(enum.__members__)
    assert all(value.description for value in shape.values.values())
