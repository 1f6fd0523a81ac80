"""Something is added to each structure within a signature, its lengths made to fit: no more than was sealed is good.

A walk over all of them and not a choice: a reader that passes over what it does not know passes over it somewhere.
"""

from __future__ import annotations

import pytest

from seals.verdict import VerdictOutcome
from seals.verification import verify_document
from tests.vectors.additions import enlarged_files
from tests.vectors.authority import JUDGED_AT
from tests.vectors.make_vectors import FOLDER, policy_of

ADDED = {"nothing": b"\x05\x00", "zeros": b"\x00\x00", "words": b"\x04\x10and of ownership"}


@pytest.mark.requirement("R14.1")
@pytest.mark.parametrize("added", ADDED)
@pytest.mark.parametrize("name", ["good_small", "good_stamped_inside", "good_long_term"])
def test_no_file_with_an_addition_in_a_signature_is_good(name: str, added: str) -> None:
    policy, tried = policy_of(FOLDER, "clean"), 0
    for tried, changed in enumerate(enlarged_files((FOLDER / f"{name}.pdf").read_bytes(), ADDED[added]), start=1):
        outcome = verify_document(changed, policy, at=JUDGED_AT).outcome
        assert outcome is not VerdictOutcome.GOOD, f"{name}: {added} added in structure {tried}"
    assert tried > 100
