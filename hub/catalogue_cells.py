"""Reads one row's cells as texts, words, numbers and references, and notes every fault by row and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from graph_models.catalogue import (
    ApplicantKind,
    BasisLevel,
    FactKind,
    IssuingMode,
    Measure,
    ProofFamily,
    UnitKind,
    UnitLevel,
)
from hub.catalogue_columns import normal
from hub.catalogue_files import Row, Table
from hub.catalogue_workbook import FORMULA
from hub.errors import RowProblem

MAX_TEXT = 500
"""Characters of one cell."""

R_co = TypeVar("R_co", covariant=True)
E = TypeVar("E", bound=StrEnum)


class Handling(StrEnum):
    """办理类型: at once, or with a promised limit."""

    INSTANT = "INSTANT"
    PROMISED = "PROMISED"


WORDS: dict[StrEnum, tuple[str, ...]] = {
    UnitKind.ADMINISTRATIVE_ORGAN: ("行政机关",),
    UnitKind.AUTHORISED_ORGANISATION: ("授权组织", "法律法规授权组织"),
    UnitKind.PUBLIC_UTILITY: ("公用企事业单位", "公共服务企业"),
    UnitKind.BY_REFERENCE: ("参照执行单位", "参照执行"),
    UnitLevel.PROVINCIAL: ("省级",),
    UnitLevel.MUNICIPAL: ("市级",),
    UnitLevel.DISTRICT: ("区县级", "县级"),
    UnitLevel.TOWNSHIP: ("乡镇级", "乡级"),
    Measure.FACE_RECOGNITION: ("人脸识别",),
    Measure.APP_LICENCE: ("亮证", "电子亮证"),
    Measure.PLATFORM_LICENCE: ("平台证照", "电子证照"),
    Measure.ELECTRONIC_PROOF: ("电子证明",),
    Measure.NOTIFICATION_COMMITMENT: ("告知承诺",),
    BasisLevel.LAW: ("法律",),
    BasisLevel.ADMINISTRATIVE_REGULATION: ("行政法规",),
    BasisLevel.LOCAL_REGULATION: ("地方性法规",),
    BasisLevel.MINISTRY_RULE: ("部委规章", "部门规章"),
    BasisLevel.GOVERNMENT_RULE: ("政府规章", "地方政府规章"),
    BasisLevel.NORMATIVE_DOCUMENT: ("规范性文件",),
    IssuingMode.SHARED: ("共享",),
    IssuingMode.VERIFIED: ("核实",),
    ProofFamily.PERSON: ("个人",),
    ProofFamily.ENTERPRISE: ("企业",),
    ProofFamily.PROPERTY: ("财产",),
    ProofFamily.OTHER: ("其他",),
    ApplicantKind.NATURAL_PERSON: ("自然人", "个人"),
    ApplicantKind.LEGAL_PERSON: ("法人", "企业"),
    FactKind.TEXT: ("文本",),
    FactKind.DATE: ("日期",),
    FactKind.ID_NUMBER: ("身份证号", "公民身份号码"),
    FactKind.CREDIT_CODE: ("统一社会信用代码",),
    FactKind.AMOUNT: ("金额",),
    Handling.INSTANT: ("即办", "即办件"),
    Handling.PROMISED: ("承诺", "承诺件"),
}
"""The Chinese words for a choice, the first one preferred; the name of the choice itself is always understood."""

_YES, _NO = frozenset({"是", "yes", "true", "1"}), frozenset({"", "否", "no", "false", "0"})
_LIST = re.compile(r"[、,，;；\n]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: a row of a table, or row 0 for one that the base version brought."""

    table: str
    row: int = 0
    heads: Mapping[str, str] = field(default_factory=dict)

    def problem(self, column: str, message: str, message_zh: str) -> RowProblem:
        """Return a fault of this row in the column with that key (its head as the file has it)."""
        return RowProblem(self.table, self.row, self.heads.get(column, column), message, message_zh)


@dataclass(frozen=True, slots=True)
class Placed(Generic[R_co]):
    """A record and where it stands."""

    record: R_co
    place: Place


class Register:
    """Finds a code by code or by name."""

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        self._codes: set[str] = set()
        self._by_name: dict[str, set[str]] = {}
        for code, name in entries:
            self._codes.add(code)
            self._by_name.setdefault(normal(name), set()).add(code)

    def find(self, text: str) -> frozenset[str]:
        """Return the codes that the text can mean: none, one, or several where names are not unique."""
        if text in self._codes:
            return frozenset({text})
        return frozenset(self._by_name.get(normal(text), ()))


class RowReader:
    """Reads one row; after a fault a stand-in value is returned and the row counts as faulty."""

    def __init__(self, table: Table, row: Row) -> None:
        self.place = Place(table.name, row.number, table.heads)
        self.problems: list[RowProblem] = []
        self._cells = row.cells

    def fault(self, column: str, message: str, message_zh: str) -> None:
        """Note a fault of this row; of one cell the first is enough."""
        problem = self.place.problem(column, message, message_zh)
        if all(known.column != problem.column for known in self.problems):
            self.problems.append(problem)

    def optional(self, column: str) -> str | None:
        """Return the cell's text, or None where it is empty."""
        text = self._cells.get(column, "")
        if len(text) > MAX_TEXT or _CONTROL.search(text):
            self.fault(column, f"has control characters or more than {MAX_TEXT} characters", "含控制字符或文字过长")
            return None
        return text if text and text != FORMULA else None

    def text(self, column: str) -> str:
        """Return the cell's text; an empty cell is a fault (R8.2)."""
        text = self.optional(column)
        if text is None:
            self.fault(column, "is empty (of merged cells only the first counts)", "未填写（合并单元格只有首行有效）")
        return text or ""

    def choice(self, column: str, choices: type[E], default: E | None = None) -> E:
        """Return the choice that the cell names, or the default where it is empty and there is one."""
        text = self.optional(column) if default is not None else self.text(column)
        chosen = _choice(text, choices) if text else default
        if text and chosen is None:
            self.fault(column, f"{text!r} is none of {_offer(choices)}", f"「{text}」不是可选值：{_offer(choices)}")
        return chosen or next(iter(choices))

    def choices(self, column: str, choices: type[E]) -> tuple[E, ...]:
        """Return the choices that the cell lists, in the order of their definition; an empty cell lists none."""
        found = set()
        for text in self.texts(column):
            chosen = _choice(text, choices)
            if chosen is None:
                self.fault(column, f"{text!r} is none of {_offer(choices)}", f"「{text}」不是可选值：{_offer(choices)}")
            else:
                found.add(chosen)
        return tuple(choice for choice in choices if choice in found)

    def texts(self, column: str) -> tuple[str, ...]:
        """Return the texts that the cell lists, separated by 、 or a comma or semicolon."""
        return tuple(part.strip() for part in _LIST.split(self.optional(column) or "") if part.strip())

    def number(self, column: str, least: int, most: int) -> int | None:
        """Return the whole number within the bounds, or None where the cell is empty."""
        text = self.optional(column)
        if text is None:
            return None
        if text.isascii() and text.isdigit() and len(text) <= 6 and least <= int(text) <= most:
            return int(text)
        self.fault(column, f"{text!r} is no whole number from {least} to {most}", f"应为 {least} 至 {most} 的整数")
        return None

    def flag(self, column: str, default: bool = False) -> bool:
        """Return whether the cell says yes."""
        text = self.optional(column)
        if text is None:
            return default
        if normal(text) not in _YES | _NO:
            self.fault(column, f"{text!r} is neither yes nor no", "应填「是」或「否」")
        return normal(text) in _YES

    def reference(self, column: str, register: Register, text: str | None) -> str | None:
        """Return the code that a text of the column means; a name that is unknown or not unique is a fault."""
        if not text:
            return None
        codes = register.find(text)
        if not codes:
            self.fault(column, f"{text!r} is not known", f"「{text}」不存在")
        elif len(codes) > 1:
            self.fault(column, f"{text!r} is the name of several: use the code", f"「{text}」有重名，请填代码")
        return next(iter(codes)) if len(codes) == 1 else None


def _choice(text: str, choices: type[E]) -> E | None:
    wanted = normal(text)
    for choice in choices:
        if wanted in (normal(choice.value), *(normal(word) for word in WORDS[choice])):
            return choice
    return None


def _offer(choices: type[E]) -> str:
    return "、".join(WORDS[choice][0] for choice in choices)
