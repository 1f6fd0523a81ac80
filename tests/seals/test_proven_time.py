"""Which stamps prove a time, and which time that is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from seals.check_results import CheckStatus
from seals.checks_context import CheckContext, context_of
from seals.findings import read_findings
from seals.proven_time import proven_before
from tests.vectors.authority import JUDGED_AT, SEALED_AT
from tests.vectors.make_vectors import FOLDER, policy_of


def context(name: str, revocation: str = "clean") -> CheckContext:
    policy = policy_of(FOLDER, revocation)
    return context_of(read_findings((FOLDER / f"{name}.pdf").read_bytes(), policy.limits), policy, JUDGED_AT)


def test_without_a_stamp_nothing_is_proven_and_the_claim_is_what_is_known() -> None:
    found = context("good_information_sharing")
    assert (found.stamps, found.proven_at, found.signed_at) == ((), None, SEALED_AT)


@pytest.mark.parametrize("name", ["good_stamped_inside", "good_long_term"])
def test_a_stamp_in_the_signature_or_over_the_document_proves_its_time(name) -> None:
    found = context(name)
    assert found.proven_at == SEALED_AT
    assert [stamp.status for stamp in found.stamps] == [CheckStatus.PASSED]
    assert len(found.stamps[0].path) == 3


@pytest.mark.parametrize(
    "name", ["stamped_by_strangers", "stamped_inside_by_no_clock", "stamp_of_something_else", "changed_time_stamp"]
)
def test_a_stamp_that_cannot_be_believed_proves_nothing(name) -> None:
    found = context(name)
    assert found.proven_at is None
    assert found.signed_at == SEALED_AT
    assert [stamp.at for stamp in found.stamps] == [None]


@pytest.mark.parametrize("revocation", ["clock_revoked_before", "clock_leaked_later"])
def test_a_clock_that_was_revoked_or_leaked_proves_nothing(revocation) -> None:
    assert context("stamped_by_a_revoked_clock", revocation).proven_at is None


def test_with_no_list_at_hand_a_stamp_is_believed_as_the_seal_is() -> None:
    assert context("good_long_term", "none").proven_at == SEALED_AT


def test_only_a_stamp_that_ends_behind_shows_that_something_was_there_before() -> None:
    found = context("good_long_term")
    end = found.stamps[0].finding.covered_to
    assert proven_before(found.stamps, end - 1) == SEALED_AT
    assert proven_before(found.stamps, end) is None


def test_when_the_seal_was_stamped_late_that_is_the_time_of_the_seal() -> None:
    assert context("stamped_after_it_was_revoked").signed_at == SEALED_AT + timedelta(days=10)
