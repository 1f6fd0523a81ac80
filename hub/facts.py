"""Facts of a proof: what a source or a drafter says, held against what the proof type states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from graph_models.casework import Applicant
from graph_models.catalogue import ApplicantKind, FactField, FactKind, ProofType
from hub.errors import InvalidInputError
from hub.identifiers import check_credit_code, check_identity_number
from seals.endorsement import Fact
from seals.errors import PageError, SealsError
from seals.glyphs import require_printable

FACT_LIMIT = 2000
"""Longest value of a fact, in characters."""


def facts_of(proof_type: ProofType, values: Iterable[tuple[str, str]], today: date) -> tuple[Fact, ...]:
    """Return the facts in the order of the proof type, each with its labels.

    Args:
        proof_type: says which facts there are.
        values: pairs of key and text.
        today: date in the city, against which dates are judged.

    Raises:
        InvalidInputError: a fact is missing, unknown, given twice, malformed, or has a character that cannot be set.
    """
    given = _once_each(proof_type, values)
    missing = [field.key for field in proof_type.facts if field.required and not given.get(field.key)]
    if missing:
        raise _fault(missing[0], "is missing", "缺少")
    return tuple(_fact(field, given[field.key], today) for field in proof_type.facts if given.get(field.key))


@dataclass(frozen=True, slots=True)
class RequestSubject:
    """Whom or what the issuing unit is to look for: the least that the proof type needs (I4)."""

    kind: ApplicantKind
    name: str
    keys: tuple[tuple[str, str], ...]


def subject_of(proof_type: ProofType, applicant: Applicant, more: Mapping[str, str]) -> dict[str, str]:
    """Return the keys by which a record of the type is found: the applicant's own, or what the case adds.

    Raises:
        InvalidInputError: a key that the type needs is not known; the field says which.
    """
    own = "id_number" if applicant.kind is ApplicantKind.NATURAL_PERSON else "credit_code"
    known = {own: applicant.identifier, "name": applicant.name, **more}
    for key in proof_type.subject_keys:
        if not known.get(key):
            raise InvalidInputError(
                f"{proof_type.code} is found by {key}, which the case does not say",
                message_zh=f"查询“{proof_type.name}”需要提供 {key}",
                mend=f"Add {key} to the case's subject.",
                field=f"subject.{key}",
            )
    return {key: known[key] for key in proof_type.subject_keys}


def request_subject(proof_type: ProofType, applicant: Applicant, more: Mapping[str, str]) -> RequestSubject:
    """Return whom or what a request is about. Raises InvalidInputError as ``subject_of`` does."""
    keys = subject_of(proof_type, applicant, more)
    return RequestSubject(applicant.kind, applicant.name, tuple(sorted(keys.items())))


def check_text(field: str, value: str, limit: int) -> None:
    """Return if a text is short enough and every character of it can be set on the page.

    Raises:
        InvalidInputError: it is longer than the limit (characters), or no carried font has one of its characters.
    """
    try:
        if len(value) > limit:
            raise PageError(f"it is longer than {limit} characters")
        require_printable(value)
    except SealsError as problem:
        raise InvalidInputError(
            f"{field} cannot be printed: {problem}",
            message_zh=f"{field} 无法打印：{problem}",
            mend="Shorten the text, or write it with characters that a carried font has.",
            field=field,
        ) from problem


def _once_each(proof_type: ProofType, values: Iterable[tuple[str, str]]) -> dict[str, str]:
    known = {field.key for field in proof_type.facts}
    given: dict[str, str] = {}
    for key, value in values:
        if key not in known:
            raise _fault(key, f"is not a fact of {proof_type.code}", "不属于该证明类型")
        if key in given:
            raise _fault(key, "is given twice", "重复")
        given[key] = value.strip()
    return given


def _fact(field: FactField, value: str, today: date) -> Fact:
    check_text(f"facts.{field.key}", value, FACT_LIMIT)
    _check_kind(field, value, today)
    return Fact(key=field.key, label=field.label, label_en=field.label_en, value=value)


def _check_kind(field: FactField, value: str, today: date) -> None:
    if field.kind is FactKind.ID_NUMBER:
        check_identity_number(value, today=today, field=f"facts.{field.key}")
    elif field.kind is FactKind.CREDIT_CODE:
        check_credit_code(value, field=f"facts.{field.key}")
    elif field.kind is FactKind.DATE:
        try:
            genuine = date.fromisoformat(value).isoformat() == value
        except ValueError:
            genuine = False
        if not genuine:
            raise _fault(field.key, "is not a date like 2026-03-01", "不是有效日期")


def _fault(key: str, message: str, message_zh: str) -> InvalidInputError:
    return InvalidInputError(
        f"fact {key} {message}",
        message_zh=f"事实项 {key}：{message_zh}",
        mend="Give each fact of the proof type once, in its form.",
        field=f"facts.{key}",
    )


_SUBJECT_LABELS = {
    "name": ("姓名／名称", "Name"),
    "id_number": ("公民身份号码", "Identity number"),
    "credit_code": ("统一社会信用代码", "Unified social credit code"),
    "property_number": ("不动产单元号", "Property number"),
}


def subject_facts(proof_type: ProofType, applicant: Applicant, subject: Mapping[str, str]) -> tuple[Fact, ...]:
    """Return the facts of a negative proof: about whom or what it was asked, and nothing more."""
    labels = {field.key: (field.label, field.label_en) for field in proof_type.facts}
    about = {"name": applicant.name, **subject}
    return tuple(
        Fact(key, *labels.get(key, _SUBJECT_LABELS.get(key, (key, key))), value) for key, value in about.items()
    )
