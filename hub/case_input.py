"""What a caller says when it opens a case, checked before anything is written."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import orjson

from graph_models.casework import Answer, Applicant, IdentityEvidence, Licence
from graph_models.catalogue import ApplicantKind, Measure, Unit
from graph_models.regions import covers, is_region_code
from hub.clock import CITY_TIME
from hub.errors import InvalidInputError
from hub.facts import check_text
from hub.identifiers import check_credit_code, check_identity_number

NUMBER_LIMIT = 64
"""Longest business number, assertion or licence number, in characters."""
NAME_LIMIT = 200
"""Longest name, in characters."""
LIST_LIMIT = 50
"""Most answers, licences or subject keys of one case."""
CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of the hub's clock a device's may be."""
IDENTITY_METHODS = frozenset({Measure.FACE_RECOGNITION, Measure.APP_LICENCE})
"""How somebody can be identified at a window (Art. 12)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    """What the caller says; the unit and the person come from its token."""

    business_number: str
    item_code: str
    region: str
    applicant: Applicant
    identity: IdentityEvidence
    answers: tuple[Answer, ...] = ()
    licences: tuple[Licence, ...] = ()
    subject: tuple[tuple[str, str], ...] = ()

    def digest(self) -> str:
        """Return the SHA-256 of the content, by which the same key with other content is noticed."""
        return hashlib.sha256(orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)).hexdigest()


def check_open_case(given: OpenCase, unit: Unit, now: datetime) -> None:
    """Return if the input is sound.

    Raises:
        InvalidInputError: a value is malformed; the field says which. Identity numbers are never repeated in it.
    """
    _check_number("businessNumber", given.business_number)
    _check_region(given.region, unit)
    check_applicant(given.applicant, now)
    _check_identity(given.identity, now)
    _check_lists(given)


def check_applicant(applicant: Applicant, now: datetime) -> None:
    """Return if the name can be set and the identifier's check digit is right. Raises InvalidInputError."""
    _check_name("applicant.name", applicant.name)
    if applicant.kind is ApplicantKind.NATURAL_PERSON:
        today = now.astimezone(CITY_TIME).date()
        check_identity_number(applicant.identifier, today=today, field="applicant.identifier")
    else:
        check_credit_code(applicant.identifier, field="applicant.identifier")


def check_answer_region(answer: Answer) -> None:
    """Return if an answer to a routing question names a region. Raises InvalidInputError."""
    if not is_region_code(answer.region):
        raise _fault("answers.region", "is not a region code", "不是有效的行政区划代码")


def _check_identity(identity: IdentityEvidence, now: datetime) -> None:
    if identity.method not in IDENTITY_METHODS:
        raise _fault("identity.method", "must be FACE_RECOGNITION or APP_LICENCE", "须为人脸识别或 APP 证照")
    _check_number("identity.provider", identity.provider)
    _check_number("identity.assertionId", identity.assertion_id)
    _check_zone("identity.at", identity.at)
    if identity.at > now + CLOCK_SKEW:
        raise _fault("identity.at", "lies in the future", "时间晚于当前时间")
    agent = (identity.agent_name, identity.agent_identifier, identity.mandate)
    if any(agent) and not all(agent):
        raise _fault(
            "identity.agent",
            "an agent needs a name, an identity number and a mandate",
            "代理人须有姓名、身份证号和委托书",
        )
    if identity.agent_name and identity.agent_identifier and identity.mandate:
        _check_name("identity.agentName", identity.agent_name)
        _check_number("identity.mandate", identity.mandate)
        today = now.astimezone(CITY_TIME).date()
        check_identity_number(identity.agent_identifier, today=today, field="identity.agentIdentifier")


def _check_lists(given: OpenCase) -> None:
    for name, values in (("answers", given.answers), ("licences", given.licences), ("subject", given.subject)):
        if len(values) > LIST_LIMIT:
            raise _fault(name, f"has more than {LIST_LIMIT} entries", "条目过多")
    for answer in given.answers:
        check_answer_region(answer)
    for licence in given.licences:
        _check_zone("licences.at", licence.at)
        _check_number("licences.platform", licence.platform)
        _check_number("licences.licenceNumber", licence.licence_number)
        check_text("licences.evidence", licence.evidence, 4000)
    for key, value in given.subject:
        _check_number(f"subject.{key}"[:NUMBER_LIMIT], value)
        _check_number("subject", key)


def _check_zone(field: str, moment: datetime) -> None:
    if moment.tzinfo is None:
        raise _fault(field, "has no time zone", "缺少时区")


def _check_region(region: str, unit: Unit) -> None:
    if not is_region_code(region):
        raise _fault("region", "is not a region code of 6, 9 or 12 digits", "不是有效的行政区划代码")
    if not covers(unit.region, region):
        raise _fault("region", f"lies outside the unit's region {unit.region}", "不在本单位管辖区域内")


def _check_number(field: str, value: str) -> None:
    if not value.strip() or len(value) > NUMBER_LIMIT or not value.isprintable():
        raise _fault(field, f"must have 1 to {NUMBER_LIMIT} printable characters", "长度或字符无效")


def _check_name(field: str, value: str) -> None:
    if not value.strip():
        raise _fault(field, "is empty", "不能为空")
    check_text(field, value, NAME_LIMIT)


def _fault(field: str, message: str, message_zh: str) -> InvalidInputError:
    return InvalidInputError(
        f"{field} {message}", message_zh=f"{field}：{message_zh}", mend=f"Correct {field} and send again.", field=field
    )
