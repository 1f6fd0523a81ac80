"""Whatever a catalogue says, its tables written as XLSX or CSV read back the same, record for record."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from graph_models.catalogue import CatalogueContent
from hub.catalogue_columns import TableKind
from hub.catalogue_files import read_tables
from hub.catalogue_rows import draft_of
from tests.hub.catalogue_tables import Catalogue, csv_of, lines_of, small_catalogue, workbook_of
from tests.hub.catalogue_writing import rows_of, whole_catalogues

EMPTY = CatalogueContent()


def read_back(data: bytes, base: CatalogueContent = EMPTY) -> CatalogueContent:
    draft, problems = draft_of(read_tables(data, "目录.csv"), base)
    assert problems == []
    return draft.content()


def read_one_by_one(catalogue: Catalogue, encoding: str, *, english: bool) -> CatalogueContent:
    """Lay one CSV after another over what was there: the order in which departments send them."""
    content = EMPTY
    for kind, rows in catalogue.items():
        content = read_back(csv_of(lines_of(kind, rows, english=english), encoding), content)
    return content


@pytest.mark.requirement("R8.2")
@settings(max_examples=25)
@given(whole_catalogues())
def test_a_workbook_reads_back_record_for_record(content: CatalogueContent) -> None:
    assert read_back(workbook_of(rows_of(content))) == content


@pytest.mark.requirement("R8.2")
@pytest.mark.parametrize(("encoding", "english"), [("utf-8", False), ("utf-8-sig", True), ("gb18030", False)])
@settings(max_examples=25)
@given(content=whole_catalogues())
def test_csv_files_read_back_record_for_record(encoding: str, english: bool, content: CatalogueContent) -> None:
    assert read_one_by_one(rows_of(content), encoding, english=english) == content


@settings(max_examples=25)
@given(whole_catalogues())
def test_each_record_knows_the_row_in_which_it_stands(content: CatalogueContent) -> None:
    draft, _ = draft_of(read_tables(workbook_of(rows_of(content)), "a.xlsx"), EMPTY)
    assert [placed.place.row for placed in draft.units] == list(range(2, 2 + len(content.units)))
    assert {placed.place.table for placed in draft.requirements} == {TableKind.REQUIREMENTS.value}
    rows = {placed.record.id: placed.place.row for placed in draft.requirements}
    assert rows == {need.id: number for number, need in enumerate(content.requirements, start=2)}


def test_what_the_base_brought_stands_at_row_0() -> None:
    base = read_back(workbook_of(small_catalogue()))
    only = csv_of(lines_of(TableKind.UNITS, small_catalogue()[TableKind.UNITS]))
    draft, _ = draft_of(read_tables(only, "单位.csv"), base)
    assert {placed.place.row for placed in draft.requirements} == {0}
    assert {placed.place.row for placed in draft.units} == {2, 3, 4}
    assert draft.content() == base
    assert draft.issuers == {}


def test_a_faulty_row_can_still_be_referred_to_so_that_one_fault_is_told_once() -> None:
    catalogue = small_catalogue()
    catalogue[TableKind.UNITS][1]["kind"] = "公司"
    draft, problems = draft_of(read_tables(workbook_of(catalogue), "a.xlsx"), EMPTY)
    assert [(problem.table, problem.row) for problem in problems] == [("UNITS", 3)]
    assert [placed.record.code for placed in draft.units] == ["JY", "GA-HS"]
    assert [placed.record.unit_code for placed in draft.relationships] == ["GA-HS", "GA"]


def test_the_name_is_its_own_english_name_where_none_is_given() -> None:
    content = read_back(workbook_of(small_catalogue()))
    assert content.units[0].name_en == content.units[0].name == "宁波市教育局"
    assert content.proof_types[0].facts[0].label_en == "姓名"
    assert content.proof_types[0].facts[0].required
