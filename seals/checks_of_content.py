"""Checks of what is sealed: the endorsement in signature and attachment, and the facts it binds (Art. 14)."""

from __future__ import annotations

import orjson

from seals.check_results import Outcome, failed, not_asked, passed
from seals.checks_context import CheckContext
from seals.checks_of_file import no_seal
from seals.endorsed_parts import fault_of_parts
from seals.endorsement import Endorsement


def endorsement_equal(context: CheckContext) -> Outcome:
    """Is the endorsement in the signature well-formed and equal to the attached one?"""
    seal = context.seal
    if seal is None:
        return no_seal()
    if len(seal.endorsements) != 1:
        return failed(
            f"{len(seal.endorsements)} endorsement attributes",
            "签名中没有唯一的背书",
            "The signature does not carry exactly one endorsement",
        )
    if context.endorsement is None:
        return failed("not of the canonical form", "签名中的背书格式不正确", "The endorsement is malformed")
    attached = context.attached_endorsement
    if attached is None:
        return failed(_attachments(context), "没有附带背书文件", "The endorsement is not attached")
    if attached.data != seal.endorsements[0]:
        return failed(attached.sha256, "附带的背书与签名中的背书不一致", "The attached endorsement is another one")
    return passed(
        context.endorsement.proof_number,
        "签名中的背书与附带的背书一致",
        "The endorsement in the signature equals the attached one",
    )


def facts_equal(context: CheckContext) -> Outcome:
    """Are the attached facts those that the endorsement names?"""
    if context.seal is None:
        return no_seal()
    if context.endorsement is None:
        return not_asked(
            "no endorsement", "没有可读的背书，无从比对", "There is no readable endorsement to compare with"
        )
    attached = context.attached_facts
    if attached is None:
        return failed(_attachments(context), "没有附带证明内容数据", "The facts are not attached")
    if attached.sha256 != context.endorsement.facts_sha256:
        return failed(
            f"{attached.sha256}; expected {context.endorsement.facts_sha256}",
            "附带的证明内容与背书不一致",
            "The attached facts are not those that the endorsement names",
        )
    fault = _fault_of_parts(context.endorsement, attached.data)
    if fault is not None:
        return failed(
            fault, "背书所列共同出具单位与证明内容不一致", "The parts of other units do not agree with the facts"
        )
    return passed(attached.sha256, "证明内容与背书一致", "The facts are those that the endorsement names")


def _fault_of_parts(endorsement: Endorsement, facts: bytes) -> str | None:
    """Return what is wrong with the parts of other units, or None; most proofs have none and are not read for it."""
    if not endorsement.parts:
        return None
    try:
        labels = {str(fact["key"]): str(fact["label"]) for fact in orjson.loads(facts)}
    except (ValueError, TypeError, KeyError):
        return "the facts cannot be read"
    return fault_of_parts(endorsement, labels)


def _attachments(context: CheckContext) -> str:
    problem = context.findings.attachments_problem
    if problem is not None:
        return problem
    names = ", ".join(attachment.name for attachment in context.findings.attachments)
    return f"attachments: {names or 'none'}"
