"""A table is known by its heads alone, and the documentation names each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.catalogue_columns import COLUMNS, TableKind, column_of, recognise

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "catalogue.md"


@pytest.mark.parametrize("kind", TableKind)
def test_a_table_is_known_by_all_or_just_its_required_heads_in_either_language(kind: TableKind) -> None:
    for columns in (COLUMNS[kind], [column for column in COLUMNS[kind] if column.required]):
        assert recognise(tuple(column.head for column in columns)) is kind
        assert recognise(tuple(column.head_en for column in columns)) is kind


@pytest.mark.parametrize("kind", TableKind)
def test_no_head_of_a_table_means_two_columns(kind: TableKind) -> None:
    for column in COLUMNS[kind]:
        for head in (column.head, column.head_en, *column.also):
            assert column_of(kind, head) == column


def test_heads_that_two_tables_share_do_not_tell_which_it_is() -> None:
    assert recognise(("出具单位", "证明名称")) is None
    assert recognise(("甲", "乙", "丙")) is None
    assert recognise(()) is None


@pytest.mark.parametrize("kind", TableKind)
def test_the_documentation_names_each_column_in_both_languages(kind: TableKind) -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    for column in COLUMNS[kind]:
        assert f"| {column.head} | {column.head_en} | {'required' if column.required else ''} |" in text
