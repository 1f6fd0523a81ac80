"""The sample catalogue has the city's real size, is accepted by the import, and is the same for the same seed."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from graph_models.catalogue import CatalogueContent, IssuingMode, UnitKind, UnitLevel
from graph_models.regions import DISTRICTS, covers, specificity
from hub.catalogue_checks import CheckedContent, build_content
from hub.catalogue_columns import TableKind
from hub.catalogue_files import Tables, read_tables
from scripts.sample_catalogue import ITEMS, REQUIREMENTS, SEED, sample_tables, write_all
from scripts.sample_data import Choices, article, table
from scripts.sample_items import all_items, unused_types


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample")
    write_all(out)
    return out


@pytest.fixture(scope="module")
def tables(folder: Path) -> Tables:
    return read_tables((folder / "sample.xlsx").read_bytes(), "sample.xlsx")


@pytest.fixture(scope="module")
def checked(tables: Tables) -> CheckedContent:
    return build_content(tables, CatalogueContent())


def test_the_size_is_the_citys(checked: CheckedContent) -> None:
    content = checked.content
    assert len({item.field for item in content.items}) == 47
    assert (len(content.items), len(content.proof_types), len(content.requirements)) == (1464, 127, 4486)
    shared = {each.proof_type_code for each in content.relationships if each.mode is IssuingMode.SHARED}
    verified = {each.proof_type_code for each in content.relationships if each.mode is IssuingMode.VERIFIED}
    assert (len(shared), len(verified), len(shared & verified)) == (78, 49, 0)


def test_units_of_every_kind_level_and_district_take_part(checked: CheckedContent) -> None:
    units = checked.content.units
    assert {unit.kind for unit in units} == set(UnitKind)
    assert {unit.level for unit in units} == set(UnitLevel)
    assert {unit.region for unit in units if unit.level is UnitLevel.DISTRICT} == set(DISTRICTS)
    assert len({unit.field for unit in units if unit.level is UnitLevel.MUNICIPAL}) == 47


def test_it_says_on_its_face_that_it_is_a_sample(tables: Tables) -> None:
    assert tables.notes == ("示例目录 Sample catalogue",)


def test_the_single_tables_say_the_same_as_the_workbook(folder: Path, checked: CheckedContent) -> None:
    merged: dict[TableKind, object] = {}
    for kind in TableKind:
        merged |= read_tables((folder / f"{kind.value.lower()}.csv").read_bytes(), kind.value).tables
    assert build_content(Tables(merged), CatalogueContent()).content == checked.content  # type: ignore[arg-type]


def test_the_same_seed_gives_the_same_and_another_seed_another(tables: Tables) -> None:
    assert sample_tables() == sample_tables()
    assert sample_tables("another") != sample_tables()
    assert len(sample_tables("another")[TableKind.REQUIREMENTS]) == REQUIREMENTS


def test_enough_is_set_by_hand_and_every_type_is_needed() -> None:
    by_hand = table("items")
    needed = {code for item in by_hand for code in re.findall(r"[A-Z]+-[A-Z]+", item["needs"])}
    assert len(by_hand) >= 150
    assert len(needed) >= 60
    assert not unused_types(all_items(Choices(SEED), ITEMS, REQUIREMENTS))


def test_there_are_alternatives_questions_negatives_and_proofs_out_of_scope(checked: CheckedContent) -> None:
    groups = Counter((need.item_code, need.group) for need in checked.content.requirements)
    assert sum(size > 1 for size in groups.values()) > 100
    assert sum(need.out_of_scope is not None for need in checked.content.requirements) > 20
    questions = [kind for kind in checked.content.proof_types if kind.question]
    issuing = Counter(each.proof_type_code for each in checked.content.relationships)
    assert len(questions) >= 5
    assert all(issuing[kind.code] > 1 for kind in questions)
    assert sum(kind.negative_allowed for kind in checked.content.proof_types) > 30


def test_for_each_region_one_unit_is_the_most_specific_unless_the_type_asks(checked: CheckedContent) -> None:
    regions = ["330200", *DISTRICTS, *{unit.region for unit in checked.content.units if len(unit.region) > 6}]
    questions = {kind.code for kind in checked.content.proof_types if kind.question}
    for kind in checked.content.proof_types:
        issuing = [each for each in checked.content.relationships if each.proof_type_code == kind.code]
        for region in regions[1:] if kind.code in questions else regions:
            able = [specificity(each.region) for each in issuing if covers(each.region, region)]
            assert able.count(max(able)) == 1, (kind.code, region)


@pytest.mark.requirement("R7.1")
def test_every_flag_is_a_ministry_rule_or_an_article_to_be_confirmed(checked: CheckedContent) -> None:
    assert {flag.column for flag in checked.flagged} == {"效力级别", "条款"}
    plausible = [need for need in checked.content.requirements if int(need.item_code[2:]) > len(table("items"))]
    assert not any(need.basis.article for need in plausible)


def test_what_the_registry_server_states_is_what_the_shared_types_state(folder: Path, checked: CheckedContent) -> None:
    stated = {each["proof_type"]: each for each in json.loads((folder / "types.json").read_text("utf-8"))}
    sources = {each.proof_type_code: each.source for each in checked.content.relationships if each.source}
    assert {code: each["source"] for code, each in stated.items()} == sources
    assert all(re.search(r"[\u4e00-\u9fff]", each["register"]) for each in stated.values())
    for kind in checked.content.proof_types:
        if kind.code in stated:
            assert [fact["key"] for fact in stated[kind.code]["facts"]] == [fact.key for fact in kind.facts]
            assert tuple(stated[kind.code]["subject_keys"]) == kind.subject_keys


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("", ""),
        ("7", "第七条"),
        ("10", "第十条"),
        ("14", "第十四条"),
        ("100", "第一百条"),
        ("110", "第一百一十条"),
        ("178", "第一百七十八条"),
        ("1049", "第一千零四十九条"),
        ("1105", "第一千一百零五条"),
    ],
)
def test_articles_are_written_as_statutes_write_them(number: str, text: str) -> None:
    assert article(number) == text
