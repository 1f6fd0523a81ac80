"""The table of checks, in the order in which a verdict lists them.

Each row is a name, the question in Chinese and English, and the function that answers it. After the lesson of
ETSI EN 319 102-1: facts are read first (`findings.py`), then judged one question at a time, so that a verdict can be
explained line by line.
"""

from __future__ import annotations

from seals import checks_of_content as content
from seals import checks_of_file as file
from seals import checks_of_record as record
from seals import checks_of_time as time
from seals import checks_of_trust as trust
from seals.check_results import Check, CheckResult
from seals.checks_context import CheckContext
from seals.checks_of_record import RecordQuestion

FILE_CHECKS: tuple[Check[CheckContext], ...] = (
    Check("is_pdf", "是可以读取的 PDF 文件吗", "Is it a PDF that can be read?", file.is_pdf),
    Check("one_seal", "有且只有一个电子印章吗", "Does it carry exactly one electronic seal?", file.one_seal),
    Check("whole_file", "印章覆盖整个文件吗", "Does the seal cover the whole file?", file.whole_file),
    Check("intact", "内容未被改动吗", "Is the content unchanged?", file.intact),
    Check("signature_valid", "电子签名有效吗", "Is the electronic signature valid?", file.signature_valid),
    Check("certifying", "印章禁止更改文件吗", "Does the seal forbid every change?", file.certifying),
    Check("sealing_time", "写明盖章时间吗", "Does the seal say when it was applied?", time.sealing_time),
    Check("time_stamp", "时间戳有效吗", "Are its time stamps valid?", time.time_stamp),
    Check(
        "trusted",
        "印章证书由受信任的机构签发、盖章时有效吗",
        "Was the seal's certificate issued by a trusted authority, and valid when it sealed?",
        trust.trusted,
    ),
    Check(
        "not_revoked",
        "盖章时证书未被吊销吗",
        "Was the certificate not revoked when it sealed?",
        trust.not_revoked,
    ),
    Check(
        "endorsement",
        "签名中的背书与附带的背书一致吗",
        "Does the endorsement in the signature equal the attached one?",
        content.endorsement_equal,
    ),
    Check("right_seal", "印章种类正确吗", "Is it the right seal for this kind of information?", trust.right_seal),
    Check(
        "facts",
        "证明内容与背书一致吗",
        "Are the attached facts those that the endorsement names?",
        content.facts_equal,
    ),
)
"""Questions that the file, the policy and the time answer."""

RECORD_CHECKS: tuple[Check[RecordQuestion], ...] = (
    Check("recorded", "与平台记录一致吗", "Does it equal the hub's record?", record.recorded),
    Check("not_withdrawn", "未被撤回吗", "Was it not withdrawn?", record.not_withdrawn),
)
"""Questions that only the hub answers."""

MAY_BE_UNASKED = frozenset({"time_stamp", "not_revoked", "recorded", "not_withdrawn"})
"""Checks without which a verdict may still be good: there may be nobody to ask, or nothing to ask about."""


def check_file(context: CheckContext) -> tuple[CheckResult, ...]:
    """Answer every question about the file."""
    return tuple(check.run(context) for check in FILE_CHECKS)


def check_record(question: RecordQuestion) -> tuple[CheckResult, ...]:
    """Answer the questions for the hub."""
    return tuple(check.run(question) for check in RECORD_CHECKS)
