"""A row of the catalogue is one proof that an item needs: items, groups, issuers, and rows that contradict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.catalogue import ApplicantKind
from hub.catalogue_cells import Register, RowReader
from hub.catalogue_columns import COLUMNS, TableKind
from hub.catalogue_files import Row, Table
from hub.catalogue_requirements import Found, requirements_of
from tests.hub.catalogue_tables import small_catalogue

UNITS = Register([("JY", "宁波市教育局"), ("GA", "宁波市公安局"), ("GA-HS", "宁波市公安局海曙分局")])
TYPES = Register([("WFZ", "无犯罪记录证明"), ("HJ", "户口登记证明")])
HEADS = {column.key: column.head for column in COLUMNS[TableKind.REQUIREMENTS]}
TABLE = Table(TableKind.REQUIREMENTS, "目录", HEADS, ())
NEED = small_catalogue()[TableKind.REQUIREMENTS][0]


def found_in(*rows: dict[str, str]) -> tuple[Found, list[tuple[int, str]]]:
    """Return what the rows say, and the row and column of each fault."""
    readers = [RowReader(TABLE, Row(number, {**NEED, **row})) for number, row in enumerate(rows, start=2)]
    found = requirements_of(readers, UNITS, TYPES)
    return found, [(problem.row, problem.column) for row in readers for problem in row.problems]


def test_rows_of_one_item_are_its_requirements_in_their_order() -> None:
    found, faults = found_in({}, {"item_code": "NB2"}, {"proof_type": "HJ"})
    assert faults == []
    assert [placed.record.code for placed in found.items] == ["NB0001", "NB2"]
    assert [(placed.record.id, placed.place.row) for placed in found.requirements] == [
        ("NB0001-01", 2),
        ("NB0001-02", 4),
        ("NB2-01", 3),
    ]


@pytest.mark.parametrize(("column", "value", "head"), [
    ("item_name", "别的事项", "事项名称"),
    ("unit", "GA", "单位名称"),
    ("field", "公安", "领域"),
    ("promised_days", "5", "承诺时限(工作日)"),
    ("applicant_kinds", "法人", "申请人类型"),
])  # fmt: skip
def test_a_row_that_says_otherwise_of_its_item_is_faulty_and_does_not_count(column: str, value: str, head: str) -> None:
    found, faults = found_in({}, {"proof_type": "HJ", column: value})
    assert faults == [(3, head)]
    assert [placed.record.id for placed in found.requirements] == ["NB0001-01"]


def test_a_row_that_is_instant_where_the_item_has_a_limit_says_otherwise_twice() -> None:
    _, faults = found_in({}, {"proof_type": "HJ", "handling": "即办", "promised_days": ""})
    assert faults == [(3, "办理类型"), (3, "承诺时限(工作日)")]


def test_a_faulty_row_takes_no_number() -> None:
    found, _ = found_in({"measures": "传真"}, {"proof_type": "HJ"})
    assert [(placed.record.id, placed.place.row) for placed in found.requirements] == [("NB0001-01", 3)]


@given(st.lists(st.integers(0, 99), min_size=1, max_size=12))
def test_who_has_no_group_gets_one_of_their_own_and_given_groups_stay(groups: list[int]) -> None:
    found, faults = found_in(*({"group": str(group) if group else ""} for group in groups))
    assert faults == []
    numbers = [placed.record.group for placed in found.requirements]
    assert [number for group, number in zip(groups, numbers, strict=True) if group] == [g for g in groups if g]
    alone = [number for group, number in zip(groups, numbers, strict=True) if not group]
    assert len(set(alone)) == len(alone)
    assert not set(alone) & set(groups)


def test_several_issuers_are_named_in_one_cell_by_name_or_code() -> None:
    found, faults = found_in({"issuer": "宁波市公安局、GA-HS"})
    assert (faults, found.issuers) == ([], {"NB0001-01": ("GA", "GA-HS")})


@pytest.mark.requirement("R2.2")
def test_an_issuer_outside_the_city_needs_its_reason_and_is_not_looked_up_then() -> None:
    outside = {"issuer": "上海市公安局"}
    assert found_in(outside)[1] == [(2, "出具单位")]
    found, faults = found_in({**outside, "out_of_scope": "由本市以外单位出具"})
    assert (faults, found.issuers) == ([], {"NB0001-01": ()})
    assert found_in({"issuer": "", "out_of_scope": "由本市以外单位出具"})[1] == [(2, "出具单位")]


def test_an_item_without_applicants_is_for_natural_persons() -> None:
    found, _ = found_in({"applicant_kinds": ""}, {"item_code": "NB2", "applicant_kinds": "法人、自然人"})
    assert [placed.record.applicant_kinds for placed in found.items] == [
        (ApplicantKind.NATURAL_PERSON,),
        (ApplicantKind.NATURAL_PERSON, ApplicantKind.LEGAL_PERSON),
    ]


@pytest.mark.requirement("R7.1")
@pytest.mark.parametrize(("column", "head"), [("act", "法律依据"), ("basis_level", "效力级别")])
def test_without_a_legal_basis_there_is_no_requirement(column: str, head: str) -> None:
    found, faults = found_in({column: ""})
    assert (faults, found.requirements) == ([(2, head)], ())
