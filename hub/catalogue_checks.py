"""What must hold for a catalogue to be written: a table of named checks over records that know their row.

``ROW_CHECKS`` and ``WHOLE_CHECKS`` refuse, ``FLAGS`` only mark. Each looks at the whole and yields one finding
for each row and column at fault, so that a department mends all of it in one go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from graph_models.catalogue import (
    FLAGGED_LEVELS,
    FOUNDING_LEVELS,
    CatalogueContent,
    IssuingMode,
    Unit,
    UnitKind,
    UnitLevel,
)
from graph_models.regions import DISTRICTS, NINGBO, covers, is_region_code
from hub.catalogue_cells import Placed
from hub.catalogue_files import Tables
from hub.catalogue_rows import Draft, draft_of
from hub.errors import CatalogueRejectedError, RowProblem

T = TypeVar("T")
Findings = Iterator[RowProblem]
Check = Callable[[Draft], Findings]

_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{1,39}")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class CheckedContent:
    """A content with which nothing is wrong, and what the authority should look at all the same."""

    content: CatalogueContent
    flagged: tuple[RowProblem, ...]
    """Requirements on ministry rules (部委规章), and those whose article is still to be confirmed."""


def build_content(tables: Tables, base: CatalogueContent) -> CheckedContent:
    """Lay the tables over the base version, check the whole, and return it.

    Raises:
        CatalogueRejectedError: something is wrong; it lists every fault, by table, row and column.
    """
    draft, problems = draft_of(tables, base)
    # What refers to a row that could not be read would look unknown: the whole is judged when each row is good.
    checks = ROW_CHECKS if problems else ROW_CHECKS + WHOLE_CHECKS
    problems += [problem for check in checks for problem in check(draft)]
    if problems:
        raise CatalogueRejectedError(tuple(problems))
    return CheckedContent(draft.content(), tuple(flag for check in FLAGS for flag in check(draft)))


def codes_have_their_form(draft: Draft) -> Findings:
    """Codes are ASCII letters, digits, hyphens and underscores."""
    coded = [(unit.record.code, unit.place, "code") for unit in draft.units]
    coded += [(kind.record.code, kind.place, "code") for kind in draft.proof_types]
    coded += [(item.record.code, item.place, "item_code") for item in draft.items]
    for code, place, column in coded:
        if not _CODE.fullmatch(code):
            yield place.problem(column, f"{code!r} is not a code: 2 to 40 letters, digits, - and _", "代码格式不正确")


def nothing_is_there_twice(draft: Draft) -> Findings:
    """A code, a name of a unit or type, a relationship and a requirement exist once."""
    yield from _twice(draft.units, lambda unit: unit.code, "code")
    yield from _twice(draft.units, lambda unit: unit.name, "name")
    yield from _twice(draft.proof_types, lambda kind: kind.code, "code")
    yield from _twice(draft.proof_types, lambda kind: kind.name, "name")
    yield from _twice(draft.facts, lambda fact: (fact[0], fact[1].key), "key")
    yield from _twice(draft.relationships, lambda each: (each.unit_code, each.proof_type_code, each.region), "unit")
    yield from _twice(
        draft.requirements, lambda need: (need.item_code, need.proof_type_code, need.applicant_kinds), "proof_type"
    )


def regions_are_known(draft: Draft) -> Findings:
    """Regions are GB/T 2260 codes, or longer ones of townships; below the city only its ten districts exist."""
    for unit in draft.units:
        if not _is_known_region(unit.record.region):
            yield unit.place.problem("region", f"{unit.record.region!r} is no known region", "行政区划代码不存在")
        elif not _level_fits(unit.record):
            yield unit.place.problem("level", "does not fit the region's code", "单位层级与行政区划代码不符")
    regions = {unit.record.code: unit.record.region for unit in draft.units}
    for each in draft.relationships:
        region = each.record.region
        if not _is_known_region(region):
            yield each.place.problem("region", f"{region!r} is no known region", "行政区划代码不存在")
        elif not covers(regions.get(each.record.unit_code, region), region):
            yield each.place.problem("region", "is not within the region of the unit", "适用区划超出单位的行政区划")


def units_have_their_authorities(draft: Draft) -> Findings:
    """A unit by reference has a supervising authority (Art. 21), a public utility a guiding one (Art. 7)."""
    for unit in draft.units:
        kind = unit.record.kind
        if kind is UnitKind.BY_REFERENCE and unit.record.supervising_authority is None:
            yield unit.place.problem(
                "supervising_authority", "is empty for a unit by reference", "参照执行单位须填监督管理单位"
            )
        if kind is UnitKind.PUBLIC_UTILITY and unit.record.guiding_authority is None:
            yield unit.place.problem(
                "guiding_authority", "is empty for a public utility", "公用企事业单位须填行业主管部门"
            )


def units_referred_to_exist(draft: Draft) -> Findings:
    """Whoever is named as superior, authority, issuer or handler is a unit of this version."""
    known = {unit.record.code for unit in draft.units}
    named = [
        (getattr(unit.record, column), unit.place, column)
        for unit in draft.units
        for column in ("superior", "supervising_authority", "guiding_authority")
    ]
    named += [(each.record.unit_code, each.place, "unit") for each in draft.relationships]
    named += [(item.record.unit_code, item.place, "unit") for item in draft.items]
    for code, place, column in named:
        if code is not None and code not in known:
            yield place.problem(column, f"unit {code!r} is not in this version", f"单位「{code}」不在本版本中")


def proof_types_referred_to_exist(draft: Draft) -> Findings:
    """Whatever proof type is stated, issued or needed is in this version."""
    known = {kind.record.code for kind in draft.proof_types}
    named = [(fact.record[0], fact.place) for fact in draft.facts]
    named += [(each.record.proof_type_code, each.place) for each in draft.relationships]
    named += [(need.record.proof_type_code, need.place) for need in draft.requirements]
    for code, place in named:
        if code not in known:
            yield place.problem(
                "proof_type", f"proof type {code!r} is not in this version", f"证明「{code}」不在本版本中"
            )


def superiors_make_no_circle(draft: Draft) -> Findings:
    """Going up from a unit ends."""
    superiors = _superiors(draft)
    for unit in draft.units:
        if unit.record.code in _line(superiors, superiors.get(unit.record.code)):
            yield unit.place.problem("superior", "is below the unit itself", "上级主管单位构成循环")


def proof_types_can_be_made(draft: Draft) -> Findings:
    """A type states facts, is found by keys, and asks its question in both languages or not at all."""
    for kind in draft.proof_types:
        if not kind.record.facts:
            yield kind.place.problem("name", "states no fact (table of facts)", "没有证明要素")
        if not kind.record.subject_keys or not all(map(_KEY.fullmatch, kind.record.subject_keys)):
            yield kind.place.problem("subject_keys", "are no keys such as id_number", "查询主键格式不正确")
        if (kind.record.question is None) != (kind.record.question_en is None):
            yield kind.place.problem("question", "is there in one language only", "询问事项须中英文齐全")
    for fact in draft.facts:
        if not _KEY.fullmatch(fact.record[1].key):
            yield fact.place.problem("key", "is not a key: lower-case letters, digits and _", "要素代码格式不正确")


def sources_are_where_data_is_shared(draft: Draft) -> Findings:
    """A relationship names its data source exactly where the data is shared."""
    for each in draft.relationships:
        if (each.record.mode is IssuingMode.SHARED) != (each.record.source is not None):
            yield each.place.problem("source", "is for shared data, and only for it", "仅「共享」方式须填数据源代码")
        elif each.record.source is not None and not _CODE.fullmatch(each.record.source):
            yield each.place.problem("source", f"{each.record.source!r} is not a code", "代码格式不正确")


def bases_found_a_proof(draft: Draft) -> Findings:
    """Only laws, administrative and local regulations found a proof; ministry rules are tracked (R7.1)."""
    for need in draft.requirements:
        if need.record.basis.level not in FOUNDING_LEVELS | FLAGGED_LEVELS:
            yield need.place.problem(
                "basis_level",
                "cannot found a proof (Art. 7): it must be cancelled",
                "不得作为设定证明的依据（第七条），应予取消",
            )


def items_have_a_limit(draft: Draft) -> Findings:
    """An item is done at once or has a promised limit, and a requirement is for applicants that its item has."""
    for item in draft.items:
        if item.record.instant != (item.record.promised_days is None):
            yield item.place.problem("promised_days", "is for items that are not instant", "仅承诺件须填承诺时限")
    kinds = {item.record.code: set(item.record.applicant_kinds) for item in draft.items}
    for need in draft.requirements:
        if not set(need.record.applicant_kinds) <= kinds.get(need.record.item_code, set()):
            yield need.place.problem(
                "only_for", "names applicants that the item does not have", "超出该事项的申请人类型"
            )


def groups_are_alternatives(draft: Draft) -> Findings:
    """Of one group either all are within the scope or none: otherwise the alternative would be no choice."""
    groups: dict[tuple[str, int], bool] = {}
    for need in draft.requirements:
        key, outside = (need.record.item_code, need.record.group), need.record.out_of_scope is not None
        if groups.setdefault(key, outside) != outside:
            yield need.place.problem(
                "group", "mixes proofs within and outside the scope", "同组不得混合适用与不适用的证明"
            )


def issuers_issue(draft: Draft) -> Findings:
    """What is within the scope is issued by the unit named, or by a unit below it in its line (R8.2)."""
    issuing = _issuing(draft)
    for need in draft.requirements:
        if need.record.out_of_scope is not None:
            continue
        able = issuing.get(need.record.proof_type_code, set())
        named = draft.issuers.get(need.record.id)
        if not able:
            yield need.place.problem("issuer", "no unit issues this proof type", "没有单位出具该证明")
        elif named and not set(named) <= able:
            yield need.place.problem("issuer", "the unit does not issue this proof type", "该单位不出具该证明")


def ministry_rules(draft: Draft) -> Findings:
    """Requirements that stand on a ministry rule: published, and tracked (R7.1)."""
    for need in draft.requirements:
        if need.record.basis.level in FLAGGED_LEVELS:
            yield need.place.problem(
                "basis_level", "stands on a ministry rule: tracked", "依据为部委规章，予以标记跟踪"
            )


def articles_to_be_confirmed(draft: Draft) -> Findings:
    """Requirements whose act is named without the article."""
    for need in draft.requirements:
        if not need.record.basis.article:
            yield need.place.problem("article", "is empty: the article is to be confirmed", "条款待确认")


ROW_CHECKS: tuple[Check, ...] = (
    codes_have_their_form,
    nothing_is_there_twice,
    regions_are_known,
    units_have_their_authorities,
    sources_are_where_data_is_shared,
    bases_found_a_proof,
    items_have_a_limit,
    groups_are_alternatives,
)
"""A finding of any of these refuses the import; they hold or fail whatever other rows say."""

WHOLE_CHECKS: tuple[Check, ...] = (
    units_referred_to_exist,
    proof_types_referred_to_exist,
    superiors_make_no_circle,
    proof_types_can_be_made,
    issuers_issue,
)
"""A finding of any of these refuses the import; they follow references from row to row."""

FLAGS: tuple[Check, ...] = (ministry_rules, articles_to_be_confirmed)
"""A finding of these is shown and does not refuse."""


def _twice(placed: Iterable[Placed[T]], key: Callable[[T], object], column: str) -> Findings:
    rows: dict[object, int] = {}
    for each in placed:
        first = rows.setdefault(key(each.record), each.place.row)
        if first != each.place.row:
            yield each.place.problem(column, f"is there already in row {first}", f"与第 {first} 行重复")


def _is_known_region(code: str) -> bool:
    if not is_region_code(code):
        return False
    within_city = code.startswith(NINGBO[:4]) and code != NINGBO
    return not within_city or code[:6] in DISTRICTS


def _level_fits(unit: Unit) -> bool:
    """Tell whether an organ's level is that of its region; others may work beyond the region of their seat."""
    if unit.kind is not UnitKind.ADMINISTRATIVE_ORGAN:
        return True
    if len(unit.region) > 6:
        return unit.level is UnitLevel.TOWNSHIP
    if unit.region.endswith("0000"):
        return unit.level is UnitLevel.PROVINCIAL
    return unit.level is (UnitLevel.MUNICIPAL if unit.region.endswith("00") else UnitLevel.DISTRICT)


def _superiors(draft: Draft) -> dict[str, str]:
    return {unit.record.code: unit.record.superior for unit in draft.units if unit.record.superior is not None}


def _line(superiors: dict[str, str], code: str | None) -> set[str]:
    """Return the unit and all above it; a circle ends where it closes."""
    line: set[str] = set()
    while code is not None and code not in line:
        line.add(code)
        code = superiors.get(code)
    return line


def _issuing(draft: Draft) -> dict[str, set[str]]:
    """Return for each proof type the units that issue it and all units above them."""
    superiors = _superiors(draft)
    issuing: dict[str, set[str]] = {}
    for each in draft.relationships:
        issuing.setdefault(each.record.proof_type_code, set()).update(_line(superiors, each.record.unit_code))
    return issuing
