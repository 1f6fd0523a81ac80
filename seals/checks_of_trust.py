"""Checks of who sealed: trust root, validity at the time of sealing, revocation, the right seal for its kind.

The time of sealing is the earliest that a time stamp proves, or else the one that the seal says.
"""

from __future__ import annotations

from pki.revocation import RevocationStatus
from pki.trust import belong_together
from seals.check_results import Outcome, failed, indeterminate, not_asked, passed
from seals.checks_context import CheckContext
from seals.checks_of_file import no_seal
from seals.kinds import SEAL_NAMES


def trusted(context: CheckContext) -> Outcome:
    """Does the certificate lead to the trust root, good at the time of sealing?"""
    seal = context.seal
    if seal is None or seal.claimed_time is None:
        return no_seal()
    if context.path.problem is not None:
        return failed(
            f"{seal.signer.subject}: {context.path.problem}",
            "印章证书不是受信任的机构签发，或者盖章时不在有效期内",
            "The seal's certificate was not issued by a trusted authority, or was not valid when it sealed",
        )
    if not belong_together(seal.signer.others, context.path, context.material.roots):
        return failed(
            "a certificate that leads nowhere",
            "签名中夹带了与印章无关的证书",
            "The signature carries a certificate that does not belong to the seal",
        )
    names = " <- ".join(found.subject.rfc4514_string() for found in context.path.certificates)
    return passed(
        names, "印章证书由受信任的机构签发，盖章时有效", "Issued by a trusted authority, valid when it sealed"
    )


def not_revoked(context: CheckContext) -> Outcome:
    """Was the certificate not revoked at the time of sealing?"""
    seal = context.seal
    if seal is None or seal.claimed_time is None or context.signed_at is None:
        return no_seal()
    if not context.material.speaks_of_revocation:
        return not_asked("no revocation list", "没有证书吊销列表，未查询", "There is no revocation list to ask")
    if not context.path.certificates:
        return not_asked("no path", "证书不受信任，不再查询吊销", "The certificate is not trusted: not asked further")
    revocation = context.material.revocation(context.path.certificates, context.signed_at)
    if revocation.status is RevocationStatus.COMPROMISED_LATER and context.proven_at is not None:
        return passed(
            f"{revocation.evidence}; sealed before {context.proven_at.isoformat()}",
            "印章密钥后来泄露，但时间戳证明盖章在此之前",
            "The seal's key leaked later, but a time stamp proves that it sealed before that",
        )
    return _REVOCATION_ANSWERS[revocation.status](revocation.evidence)


_REVOCATION_ANSWERS = {
    RevocationStatus.GOOD: lambda evidence: passed(
        evidence, "盖章时证书未被吊销", "The certificate was not revoked when it sealed"
    ),
    RevocationStatus.REVOKED: lambda evidence: failed(
        evidence, "盖章时印章证书已被吊销", "The seal's certificate was revoked when it sealed"
    ),
    RevocationStatus.COMPROMISED_LATER: lambda evidence: indeterminate(
        evidence,
        "印章密钥后来泄露，盖章时间只有盖章者自述，无法判断",
        "The seal's key leaked later, and only the seal itself says when it was applied",
    ),
    RevocationStatus.UNKNOWN: lambda evidence: indeterminate(
        evidence,
        "现有的证书吊销列表不能说明盖章时的状态",
        "The revocation lists at hand do not speak of the time of sealing",
    ),
}


def right_seal(context: CheckContext) -> Outcome:
    """Is it the right seal for this kind of information (Art. 14)?"""
    seal, endorsement = context.seal, context.endorsement
    if seal is None:
        return no_seal()
    if endorsement is None:
        return not_asked(
            "no endorsement", "没有可读的背书，无从判断", "There is no readable endorsement to compare with"
        )
    expected = dict(context.policy.seal_policies).get(endorsement.seal_kind, "none known")
    others = {oid for kind, oid in context.policy.seal_policies if kind is not endorsement.seal_kind}
    evidence = f"policies {', '.join(seal.signer.policies) or 'none'}; expected {expected}"
    name = SEAL_NAMES[endorsement.seal_kind]
    if expected in seal.signer.policies and not others & set(seal.signer.policies):
        return passed(evidence, f"印章是{name.zh}", f"It is the {name.en.lower()}")
    return failed(
        evidence,
        f"印章种类不对：应为{name.zh}",
        f"It is the wrong seal: it should be the {name.en.lower()}",
    )
