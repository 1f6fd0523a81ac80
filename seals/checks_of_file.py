"""Checks of the file and of its signature as a computation; nothing here depends on whom one trusts."""

from __future__ import annotations

from seals.check_results import Outcome, failed, not_asked, passed
from seals.checks_context import CheckContext
from seals.pdf_coverage import LaterChanges
from seals.pdf_signature import SignatureFinding

_STRONG_DIGESTS = {"sha256", "sha384", "sha512"}
_SUBFILTER = "/ETSI.CAdES.detached"


def no_seal() -> Outcome:
    """The answer of every check that needs a seal when there is not exactly one."""
    return not_asked("no single seal", "没有唯一的印章，无从核验", "There is no single seal to look at")


def is_pdf(context: CheckContext) -> Outcome:
    """Is the file a PDF that can be read?"""
    findings = context.findings
    if findings.problem is not None:
        return failed(
            findings.problem,
            "不是可以读取的 PDF 文件，或者文件已损坏",
            "It is no PDF that can be read, or it is damaged",
        )
    if findings.encrypted:
        return failed("/Encrypt", "文件已加密，电子证明不加密", "The file is encrypted; a proof never is")
    size = f"{findings.size} bytes, {findings.revisions} revision(s)"
    return passed(size, "是可以读取的 PDF 文件", "It is a PDF that can be read")


def one_seal(context: CheckContext) -> Outcome:
    """Does it carry exactly one seal?"""
    seals, unreadable = context.findings.seals, context.findings.unreadable_signatures
    if unreadable:
        return failed(unreadable[0], "印章的签名数据已损坏", "The data of a signature are damaged")
    if not seals:
        return failed("0 signatures", "文件没有加盖电子印章", "The file carries no electronic seal")
    if len(seals) > 1:
        names = ", ".join(seal.field_name for seal in seals)
        return failed(
            f"{len(seals)} signatures: {names}",
            "文件有多个印章签名，电子证明只有一个",
            "The file carries several seals; a proof has exactly one",
        )
    return passed(seals[0].signer.subject, "有且只有一个电子印章", "It carries exactly one electronic seal")


def whole_file(context: CheckContext) -> Outcome:
    """Does the seal cover the whole file?"""
    seal = context.seal
    if seal is None:
        return no_seal()
    coverage = seal.coverage
    if coverage.problem is not None:
        return failed(coverage.problem, "印章没有覆盖整个文件", "The seal does not cover the whole file")
    if not seal.padding_clean:
        return failed(
            "bytes after the signature in its own string",
            "签名数据之后夹带了其他内容",
            "Something is hidden behind the signature's data",
        )
    if coverage.later_changes is LaterChanges.OTHER:
        return failed(
            coverage.later_detail,
            "盖章之后文件又被添加或者修改",
            "Something was added or changed after the file was sealed",
        )
    return passed(
        f"{coverage.covered_to} of {context.findings.size} bytes; after it: {coverage.later_detail}",
        "印章覆盖整个文件",
        "The seal covers the whole file",
    )


def intact(context: CheckContext) -> Outcome:
    """Is the content unchanged?"""
    seal = context.seal
    if seal is None:
        return no_seal()
    if seal.computation.digest_matches:
        return passed(seal.computation.digest_algorithm, "内容自盖章以来未被改动", "Unchanged since it was sealed")
    return failed(
        seal.computation.problem or "the digest differs",
        "内容在盖章之后被改动",
        "The content was changed after it was sealed",
    )


def signature_valid(context: CheckContext) -> Outcome:
    """Is the signature valid?"""
    seal = context.seal
    if seal is None:
        return no_seal()
    problem = _signature_problem(seal)
    if problem is None:
        return passed(seal.computation.digest_algorithm, "电子签名有效", "The electronic signature is valid")
    return failed(problem, "电子签名无效", "The electronic signature is not valid")


def _signature_problem(seal: SignatureFinding) -> str | None:
    """The first reason not to accept it, in the order in which they matter."""
    computation = seal.computation
    reasons = (
        (computation.problem is not None, computation.problem),
        (not computation.signature_valid, "the signature does not match the certificate's key"),
        (computation.digest_algorithm not in _STRONG_DIGESTS, f"{computation.digest_algorithm} is too weak"),
        (not computation.signing_certificate_named, "the signed attributes do not name the certificate"),
        (seal.subfilter != _SUBFILTER, f"{seal.subfilter} is not the form of a PAdES signature"),
    )
    return next((reason for applies, reason in reasons if applies), None)


def certifying(context: CheckContext) -> Outcome:
    """Does the seal forbid every later change?"""
    seal = context.seal
    if seal is None:
        return no_seal()
    if seal.certifying and seal.permission == 1:
        return passed("DocMDP P=1", "印章声明不允许任何更改", "The seal allows no change")
    return failed(
        f"certifying: {seal.certifying}, P={seal.permission}",
        "印章没有声明禁止更改，不是电子证明的盖章方式",
        "The seal does not forbid changes, as the seal of a proof does",
    )
