"""Verify a file: findings, then checks, then the verdict.

    verdict = verify_document(data, policy, at=now)                      # no hub at hand
    verdict = with_record(verdict, answer)                               # the hub was asked meanwhile

Pure: it asks for no time, opens no file and fetches nothing. Files from outside are judged in a process of their own
(`judge.py`), because a hostile file may take any amount of time and memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import orjson

from seals.checks import RECORD_CHECKS, check_file, check_record
from seals.checks_context import CheckContext, context_of
from seals.checks_of_record import RecordAnswer, RecordQuestion
from seals.endorsement import Fact
from seals.errors import UnreadableDocumentError
from seals.findings import read_findings
from seals.verdict import Verdict, outcome_of, summarise, undecided
from seals.verification_policy import VerificationPolicy

RecordLookup = Callable[[str], RecordAnswer]
"""Asks the hub about a proof number."""

_FACTS_LIMIT = 256


def verify_document(
    data: bytes, policy: VerificationPolicy, records: RecordLookup | None = None, *, at: datetime
) -> Verdict:
    """Judge a file under a policy at a time (aware). Never raises for what the file holds.

    Without `records` the two checks that need the hub read "not asked".
    """
    try:
        findings = read_findings(data, policy.limits)
    except UnreadableDocumentError as problem:
        return cannot_be_judged("文件太大或者过于复杂，无法核验", f"It cannot be judged: {problem}")
    context = context_of(findings, policy, at)
    verdict = _verdict(context)
    if records is None or verdict.endorsement is None:
        return verdict
    return with_record(verdict, records(verdict.endorsement.proof_number))


def with_record(verdict: Verdict, answer: RecordAnswer) -> Verdict:
    """Return the verdict with the hub's answer in place of the two checks that were not asked."""
    names = {check.name for check in RECORD_CHECKS}
    if not names & {result.name for result in verdict.checks}:
        return verdict
    question = RecordQuestion(sealed_sha256=verdict.sealed_sha256, endorsement=verdict.endorsement, answer=answer)
    kept = tuple(result for result in verdict.checks if result.name not in names)
    checks = (*kept, *check_record(question))
    outcome = outcome_of(checks)
    summary_zh, summary = summarise(outcome, checks)
    return replace(verdict, outcome=outcome, summary_zh=summary_zh, summary=summary, checks=checks)


def cannot_be_judged(reason_zh: str, reason: str) -> Verdict:
    """Return the verdict on a file that was given up: too large, too slow, too hungry."""
    return undecided("能够核验吗", "Can it be judged?", reason_zh, reason)


def _verdict(context: CheckContext) -> Verdict:
    seal = context.seal
    sealed_sha256 = seal.covered_sha256 if seal else ""
    unasked = RecordQuestion(sealed_sha256=sealed_sha256, endorsement=context.endorsement, answer=None)
    checks = (*check_file(context), *check_record(unasked))
    outcome = outcome_of(checks)
    summary_zh, summary = summarise(outcome, checks)
    return Verdict(
        outcome=outcome,
        summary_zh=summary_zh,
        summary=summary,
        checks=checks,
        document_sha256=context.findings.sha256,
        sealed_sha256=sealed_sha256,
        signer=seal.signer.subject if seal else "",
        sealed_at=seal.claimed_time if seal else None,
        proven_at=context.proven_at,
        endorsement=context.endorsement,
        facts=_facts(context),
    )


def _facts(context: CheckContext) -> tuple[Fact, ...] | None:
    """Read the attached facts if they are those of the endorsement; anything else is shown to nobody as facts."""
    attached, endorsement = context.attached_facts, context.endorsement
    if attached is None or endorsement is None or attached.sha256 != endorsement.facts_sha256:
        return None
    try:
        rows = orjson.loads(attached.data)
        facts = tuple(Fact(**row) for row in rows[:_FACTS_LIMIT])
    except (ValueError, TypeError, KeyError):
        return None
    return facts if all(_is_text(fact) for fact in facts) else None


def _is_text(fact: Fact) -> bool:
    return all(isinstance(value, str) for value in (fact.key, fact.label, fact.label_en, fact.value))
