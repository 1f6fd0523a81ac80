"""One test vector: a name that says the fault, the verdict it must get, and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from seals.verdict import VerdictOutcome
from tests.vectors.proofs import Materials


@dataclass(frozen=True)
class Vector:
    """A row of the tables in `good_proofs`, `faults_of_…` and `hostile_files`."""

    name: str
    make: Callable[[Materials], bytes]
    because: str | None = None
    """The check that must not pass; None for a good proof."""
    outcome: VerdictOutcome = VerdictOutcome.NOT_GOOD
    revocation: str = "clean"
    """Which revocation lists are at hand; see `make_vectors.revocation_lists`."""
