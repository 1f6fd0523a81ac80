"""The columns of a catalogue's tables: the heads by which a table is recognised, in Chinese and in English.

Departments keep the catalogue (无证件（证明）办事目录) as spreadsheets. A table is known by its heads alone: their
order is free, and so are the names of sheets and files. ``docs/catalogue.md`` shows the same for people.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class TableKind(StrEnum):
    """Which of the five tables it is."""

    UNITS = "UNITS"
    """单位"""
    PROOF_TYPES = "PROOF_TYPES"
    """证明类型"""
    FACTS = "FACTS"
    """证明要素: the facts that each proof type states."""
    RELATIONSHIPS = "RELATIONSHIPS"
    """出具关系"""
    REQUIREMENTS = "REQUIREMENTS"
    """目录: items with what they need."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key, its heads (the first two are the ones we write), and whether each row must fill it."""

    key: str
    head: str
    head_en: str
    required: bool = True
    also: tuple[str, ...] = ()


def _optional(key: str, head: str, head_en: str, *also: str) -> Column:
    return Column(key, head, head_en, required=False, also=also)


COLUMNS: dict[TableKind, tuple[Column, ...]] = {
    TableKind.UNITS: (
        Column("code", "单位代码", "unit code"),
        Column("name", "单位名称", "unit name"),
        _optional("name_en", "单位英文名称", "unit name (English)"),
        Column("kind", "单位性质", "unit kind"),
        Column("level", "单位层级", "unit level"),
        Column("region", "行政区划代码", "region", also=("行政区划",)),
        Column("field", "领域", "field"),
        _optional("superior", "上级主管单位", "superior unit"),
        _optional("supervising_authority", "监督管理单位", "supervising authority"),
        _optional("guiding_authority", "行业主管部门", "guiding authority"),
        _optional("two_people", "允许两人办理", "two people"),
    ),
    TableKind.PROOF_TYPES: (
        Column("code", "证明代码", "proof type code"),
        Column("name", "证明名称", "proof type", also=("proof type name",)),
        _optional("name_en", "证明英文名称", "proof type (English)"),
        Column("family", "证明类别", "proof family"),
        Column("subject_keys", "查询主键", "subject keys"),
        _optional("validity_days", "有效期(天)", "validity (days)", "有效期"),
        _optional("negative_allowed", "可出具无记录证明", "negative allowed"),
        _optional("question", "询问事项", "question"),
        _optional("question_en", "询问事项(英文)", "question (English)"),
        _optional("excepted_by_law", "例外法律", "excepted by law"),
    ),
    TableKind.FACTS: (
        Column("proof_type", "证明名称", "proof type", also=("证明代码", "proof type code")),
        Column("key", "要素代码", "fact key"),
        Column("label", "要素名称", "fact label"),
        _optional("label_en", "要素英文名称", "fact label (English)"),
        Column("kind", "要素类型", "fact kind"),
        _optional("required", "必填", "fact required"),
    ),
    TableKind.RELATIONSHIPS: (
        Column("unit", "出具单位", "issuing unit"),
        Column("proof_type", "证明名称", "proof type", also=("证明代码",)),
        Column("region", "适用区划代码", "jurisdiction", also=("适用区划",)),
        Column("mode", "出具方式", "issuing mode"),
        _optional("source", "数据源代码", "data source", "数据源"),
    ),
    TableKind.REQUIREMENTS: (
        Column("unit", "单位名称", "unit", also=("unit name", "主管单位")),
        Column("item_code", "事项编码", "item code"),
        Column("item_name", "事项名称", "item name"),
        Column("field", "领域", "field"),
        Column("handling", "办理类型", "handling"),
        _optional("promised_days", "承诺时限(工作日)", "promised days", "承诺时限"),
        Column("proof_type", "证明名称", "proof type"),
        Column("issuer", "出具单位", "issuing unit"),
        Column("measures", "无证件办事措施", "measures"),
        Column("act", "法律依据", "legal basis"),
        _optional("article", "条款", "article"),
        Column("basis_level", "效力级别", "basis level"),
        _optional("group", "组", "group", "分组"),
        _optional("applicant_kinds", "申请人类型", "applicant kinds"),
        _optional("only_for", "仅适用申请人", "only for applicants"),
        _optional("out_of_scope", "不适用原因", "out of scope"),
    ),
}
"""Which columns each table has."""

IGNORED_HEADS = frozenset({"序号", "备注", "no.", "no", "remarks", "note", "notes"})
"""Columns that people keep for themselves. Any other unknown head is a fault: a mistyped one would lose its column."""

_LEAST_KNOWN_HEADS = 3


def normal(text: str) -> str:
    """Return a head or a word in the form in which they are compared: half-width, lower case, no spaces, no star."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).strip("*")


def _known_heads(kind: TableKind) -> dict[str, Column]:
    return {normal(head): column for column in COLUMNS[kind] for head in (column.head, column.head_en, *column.also)}


_HEADS = {kind: _known_heads(kind) for kind in TableKind}


def column_of(kind: TableKind, head: str) -> Column | None:
    """Return the column of this kind of table that the head names, or None."""
    return _HEADS[kind].get(normal(head))


def recognise(heads: tuple[str, ...]) -> TableKind | None:
    """Return which table these heads are of: the kind that knows most of them, or None if it cannot be told."""
    words = {normal(head) for head in heads}
    counts = sorted(((len(words & _HEADS[kind].keys()), kind) for kind in TableKind), reverse=True)
    (most, kind), (second, _) = counts[0], counts[1]
    return kind if most >= _LEAST_KNOWN_HEADS and most > second else None


def is_ignored(head: str) -> bool:
    """Tell whether a column with this head (or none) is left alone."""
    return not head.strip() or normal(head) in IGNORED_HEADS
