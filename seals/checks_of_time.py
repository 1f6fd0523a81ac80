"""Checks of when: what the seal says, and what time stamps prove."""

from __future__ import annotations

from seals.check_results import CheckStatus, Outcome, failed, indeterminate, not_asked, passed
from seals.checks_context import CheckContext
from seals.checks_of_file import no_seal
from seals.proven_time import CLOCK_DIFFERENCE


def sealing_time(context: CheckContext) -> Outcome:
    """Does the seal say when it was applied, and can that be?"""
    seal = context.seal
    if seal is None:
        return no_seal()
    if seal.claimed_time is None:
        return failed("/M is missing", "印章没有写明盖章时间", "The seal does not say when it was applied")
    written = seal.claimed_time.isoformat()
    if seal.claimed_time > context.at + CLOCK_DIFFERENCE:
        return failed(written, "盖章时间在未来", "The seal says that it was applied in the future")
    if context.proven_at is not None and seal.claimed_time > context.proven_at + CLOCK_DIFFERENCE:
        return failed(
            f"{written}; stamped {context.proven_at.isoformat()}",
            "写明的盖章时间晚于时间戳证明的时间",
            "The seal says that it was applied later than its time stamp proves",
        )
    return passed(written, "写明了盖章时间", "The seal says when it was applied")


def time_stamp(context: CheckContext) -> Outcome:
    """Are all time stamps genuine, of trusted authorities?"""
    if context.seal is None:
        return no_seal()
    if not context.stamps:
        return not_asked(
            "no time stamp",
            "没有时间戳，盖章时间以印章写明的为准",
            "There is no time stamp: the time is the one that the seal says",
        )
    evidence = "; ".join(stamp.evidence for stamp in context.stamps)
    statuses = {stamp.status for stamp in context.stamps}
    if CheckStatus.FAILED in statuses:
        wrong = next(stamp for stamp in context.stamps if stamp.status is CheckStatus.FAILED)
        return failed(
            wrong.evidence,
            "时间戳无效，或者不是受信任的机构签发",
            "A time stamp is not valid, or not of a trusted authority",
        )
    if CheckStatus.INDETERMINATE in statuses:
        return indeterminate(
            evidence,
            "无法查明时间戳证书当时是否已被吊销",
            "Nothing at hand says whether the certificate of a time stamp was revoked then",
        )
    return passed(evidence, "时间戳有效", "The time stamps are valid")
