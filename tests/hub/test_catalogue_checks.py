"""Each thing that a catalogue must not have is refused at its row and column, and what is tracked is flagged."""

from __future__ import annotations

import pytest

from graph_models.catalogue import ApplicantKind, CatalogueContent, Measure, UnitKind, UnitLevel
from hub.catalogue_checks import build_content
from hub.catalogue_columns import TableKind
from hub.catalogue_files import read_tables
from tests.hub.catalogue_tables import built, csv_of, lines_of, places_of, problems_of, small_catalogue

U, T, F, R, N = TableKind


def test_the_small_catalogue_is_good() -> None:
    checked = built(small_catalogue())
    assert not checked.flagged
    assert [len(part) for part in (checked.content.units, checked.content.items)] == [3, 1]
    first, second = checked.content.requirements
    assert (first.id, first.group, second.id, second.group) == ("NB0001-01", 1, "NB0001-02", 2)
    assert first.measures == (Measure.ELECTRONIC_PROOF,)


@pytest.mark.requirement("R8.2")
@pytest.mark.parametrize(
    ("key", "head"),
    [
        ("unit", "单位名称"),
        ("item_code", "事项编码"),
        ("item_name", "事项名称"),
        ("field", "领域"),
        ("handling", "办理类型"),
        ("proof_type", "证明名称"),
        ("issuer", "出具单位"),
        ("measures", "无证件办事措施"),
        ("act", "法律依据"),
        ("basis_level", "效力级别"),
    ],
)
def test_a_row_that_lacks_an_element_is_refused_by_row_and_column(key: str, head: str) -> None:
    catalogue = small_catalogue()
    catalogue[N][1][key] = ""
    assert ("REQUIREMENTS", 3, head) in places_of(catalogue)


@pytest.mark.requirement("R7.1")
@pytest.mark.parametrize("level", ["政府规章", "规范性文件", "NORMATIVE_DOCUMENT"])
def test_the_citys_own_rules_and_documents_found_no_proof(level: str) -> None:
    catalogue = small_catalogue()
    catalogue[N][0]["basis_level"] = level
    assert places_of(catalogue) == [("REQUIREMENTS", 2, "效力级别")]


@pytest.mark.requirement("R7.1")
def test_a_ministry_rule_is_published_and_flagged() -> None:
    catalogue = small_catalogue()
    catalogue[N][0]["basis_level"] = "部委规章"
    assert [(flag.row, flag.column) for flag in built(catalogue).flagged] == [(2, "效力级别")]


def test_an_act_without_its_article_is_flagged() -> None:
    catalogue = small_catalogue()
    catalogue[N][1]["article"] = ""
    assert [(flag.row, flag.column) for flag in built(catalogue).flagged] == [(3, "条款")]


@pytest.mark.requirement("R2.1")
@pytest.mark.parametrize(
    ("key", "value", "head"),
    [
        ("kind", "", "单位性质"),
        ("kind", "有限责任公司", "单位性质"),
        ("level", "", "单位层级"),
        ("level", "国家级", "单位层级"),
        ("region", "", "行政区划代码"),
        ("region", "310000X", "行政区划代码"),
    ],
)
def test_who_has_no_kind_level_or_region_of_the_regulation_cannot_be_a_party(key: str, value: str, head: str) -> None:
    catalogue = small_catalogue()
    catalogue[U][0][key] = value
    assert ("UNITS", 2, head) in places_of(catalogue)


@pytest.mark.requirement("R2.1")
@pytest.mark.parametrize(
    ("word", "kind"), [("行政机关", "ADMINISTRATIVE_ORGAN"), ("授权组织", "AUTHORISED_ORGANISATION")]
)
def test_a_unit_has_the_kind_level_and_region_that_its_row_says(word: str, kind: str) -> None:
    catalogue = small_catalogue()
    catalogue[U][0]["kind"] = word
    unit = built(catalogue).content.units[0]
    assert (unit.kind, unit.level, unit.region) == (kind, "MUNICIPAL", "330200")


@pytest.mark.requirement("R2.1", "R7.2")
def test_a_public_utility_is_a_party_with_its_guiding_authority() -> None:
    catalogue = small_catalogue()
    catalogue[U][0] |= {"kind": "公用企事业单位", "guiding_authority": "宁波市公安局"}
    unit = built(catalogue).content.units[0]
    assert (unit.kind, unit.guiding_authority) == (UnitKind.PUBLIC_UTILITY, "GA")


@pytest.mark.requirement("R21.1")
def test_a_unit_by_reference_joins_with_its_supervising_authority_under_the_same_rules() -> None:
    catalogue = small_catalogue()
    bank = {
        "code": "YH",
        "name": "示例银行",
        "kind": "参照执行单位",
        "level": "省级",
        "region": "330000",
        "field": "金融",
    }
    catalogue[U].append({**bank, "supervising_authority": "宁波市公安局"})
    catalogue[R].append({"unit": "YH", "proof_type": "WFZ", "region": "330200", "mode": "核实"})
    unit = built(catalogue).content.units[-1]
    assert (unit.kind, unit.level, unit.supervising_authority) == (UnitKind.BY_REFERENCE, UnitLevel.PROVINCIAL, "GA")
    for wrong in ("", "不存在的局"):
        catalogue[U][-1]["supervising_authority"] = wrong
        assert places_of(catalogue) == [("UNITS", 5, "监督管理单位")]


FAULTS = [
    (U, 0, "code", "a b", "单位代码"),
    (U, 0, "kind", "公司", "单位性质"),
    (U, 0, "region", "330299", "行政区划代码"),
    (U, 0, "region", "3302", "行政区划代码"),
    (U, 0, "level", "区县级", "单位层级"),
    (U, 0, "kind", "参照执行单位", "监督管理单位"),
    (U, 0, "kind", "公用企事业单位", "行业主管部门"),
    (U, 2, "superior", "不存在的局", "上级主管单位"),
    (U, 0, "two_people", "也许", "允许两人办理"),
    (T, 0, "family", "PLANT", "证明类别"),
    (T, 0, "subject_keys", "身份证", "查询主键"),
    (T, 0, "validity_days", "0", "有效期(天)"),
    (T, 0, "question", "在哪里？", "询问事项"),
    (F, 0, "key", "Name", "要素代码"),
    (F, 0, "kind", "图片", "要素类型"),
    (R, 0, "mode", "共享", "数据源代码"),
    (R, 1, "source", "", "数据源代码"),
    (R, 0, "region", "330205", "适用区划代码"),
    (R, 0, "unit", "海曙派出所", "出具单位"),
    (N, 0, "measures", "电子证明、传真", "无证件办事措施"),
    (N, 0, "promised_days", "366", "承诺时限(工作日)"),
    (N, 0, "promised_days", "两周", "承诺时限(工作日)"),
    (N, 0, "promised_days", "", "承诺时限(工作日)"),
    (N, 0, "handling", "即办", "承诺时限(工作日)"),
    (N, 0, "proof_type", "好人证明", "证明名称"),
    (N, 0, "issuer", "宁波市教育局", "出具单位"),
    (N, 0, "issuer", "宁波市火星局", "出具单位"),
    (N, 0, "group", "0", "组"),
    (N, 0, "only_for", "法人", "仅适用申请人"),
    (N, 1, "item_name", "另一事项", "事项名称"),
    (N, 1, "proof_type", "无犯罪记录证明", "证明名称"),
    (N, 0, "act", "法" * 501, "法律依据"),
]


@pytest.mark.parametrize(("kind", "row", "key", "value", "head"), FAULTS)
def test_each_fault_is_told_at_its_row_and_column(kind: TableKind, row: int, key: str, value: str, head: str) -> None:
    catalogue = small_catalogue()
    catalogue[kind][row][key] = value
    found = problems_of(catalogue)
    assert (kind.value, row + 2, head) in [(problem.table, problem.row, problem.column) for problem in found]
    assert all(problem.message and problem.message_zh for problem in found)


def test_every_fault_is_told_at_once() -> None:
    catalogue = small_catalogue()
    catalogue[U][0]["region"] = "999"
    catalogue[T][0]["family"] = "?"
    catalogue[N][0]["basis_level"] = "规范性文件"
    catalogue[N][1]["measures"] = ""
    assert {table for table, _, _ in places_of(catalogue)} == {"UNITS", "PROOF_TYPES", "REQUIREMENTS"}
    assert len(places_of(catalogue)) == 4


@pytest.mark.parametrize(("kind", "head"), [(U, "单位代码"), (T, "证明代码"), (F, "要素代码"), (R, "出具单位")])
def test_what_is_there_twice_is_refused_in_its_second_row(kind: TableKind, head: str) -> None:
    catalogue = small_catalogue()
    rows = catalogue[kind]
    rows.append(dict(rows[0]))
    assert (kind.value, len(rows) + 1, head) in places_of(catalogue)


def test_superiors_that_make_a_circle_are_refused() -> None:
    catalogue = small_catalogue()
    catalogue[U][1]["superior"] = "GA-HS"
    assert places_of(catalogue) == [("UNITS", 3, "上级主管单位"), ("UNITS", 4, "上级主管单位")]


def test_a_name_that_two_units_have_must_be_given_by_code() -> None:
    catalogue = small_catalogue()
    catalogue[U][0]["name"] = "宁波市公安局"
    found = {(problem.row, problem.column) for problem in problems_of(catalogue) if "several" in problem.message}
    assert {(2, "出具单位"), (3, "出具单位")} <= found


def test_a_proof_type_without_facts_and_one_that_nobody_issues_are_refused() -> None:
    catalogue = small_catalogue()
    catalogue[F].pop(0)
    catalogue[R].pop(0)
    assert places_of(catalogue) == [("PROOF_TYPES", 2, "证明名称"), ("REQUIREMENTS", 2, "出具单位")]


@pytest.mark.requirement("R2.2")
def test_what_is_out_of_scope_may_name_an_issuer_outside_the_city() -> None:
    catalogue = small_catalogue()
    catalogue[N][0] |= {"issuer": "上海市公安局", "out_of_scope": "由本市以外单位出具"}
    assert built(catalogue).content.requirements[0].out_of_scope == "由本市以外单位出具"


def test_alternatives_share_a_group_and_do_not_mix_within_and_outside_the_scope() -> None:
    catalogue = small_catalogue()
    for row in catalogue[N]:
        row["group"] = "7"
    assert [need.group for need in built(catalogue).content.requirements] == [7, 7]
    catalogue[N][1]["out_of_scope"] = "由本市以外单位出具"
    assert places_of(catalogue) == [("REQUIREMENTS", 3, "组")]


def test_a_requirement_without_group_never_joins_one_that_has_a_number() -> None:
    catalogue = small_catalogue()
    catalogue[N][1]["group"] = "1"
    assert [need.group for need in built(catalogue).content.requirements] == [2, 1]


def test_applicant_kinds_are_of_the_item_or_of_one_requirement() -> None:
    catalogue = small_catalogue()
    for row in catalogue[N]:
        row["applicant_kinds"] = "法人、个人"
    catalogue[N][0]["only_for"] = "企业"
    content = built(catalogue).content
    assert content.items[0].applicant_kinds == (ApplicantKind.NATURAL_PERSON, ApplicantKind.LEGAL_PERSON)
    assert content.requirements[0].applicant_kinds == (ApplicantKind.LEGAL_PERSON,)


def test_a_file_with_the_requirements_alone_is_laid_over_the_base() -> None:
    base = built(small_catalogue()).content
    rows = small_catalogue()[N][:1]
    tables = read_tables(csv_of(lines_of(N, rows)), "目录.csv")
    content = build_content(tables, base).content
    assert (content.units, content.proof_types, content.relationships) == (
        base.units,
        base.proof_types,
        base.relationships,
    )
    assert len(content.requirements) == 1


def test_new_proof_types_keep_the_facts_of_the_base() -> None:
    base = built(small_catalogue()).content
    tables = read_tables(csv_of(lines_of(T, small_catalogue()[T])), "类型.csv")
    assert build_content(tables, base).content == base


def test_a_unit_that_goes_while_the_base_still_needs_it_is_told_at_row_0_of_the_base() -> None:
    base = built(small_catalogue()).content
    catalogue = {U: [row for row in small_catalogue()[U] if row["code"] != "GA-HS"]}
    assert [(problem.table, problem.row) for problem in problems_of(catalogue, base)] == [("base version 原版本", 0)]


def test_requirements_without_any_base_name_units_that_are_not_known() -> None:
    assert problems_of({N: small_catalogue()[N]}, CatalogueContent())
