"""Make the test vectors: `python -m tests.vectors.make_vectors [FOLDER]`.

Each is a PDF named after its fault, with the verdict it must get beside it. Keys are made anew each time, so the
bytes differ from run to run; the verdicts must not.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import orjson

from seals.verification_policy import VerificationPolicy
from tests.vectors import (
    bombs,
    faults_of_bytes,
    faults_of_certificates,
    faults_of_seal,
    faults_of_signature,
    faults_of_structure,
    faults_of_tables,
    faults_of_time,
    faults_of_updates,
    good_proofs,
    hostile_files,
)
from tests.vectors.authority import SEALED_AT, City, revocation_list
from tests.vectors.proofs import Materials
from tests.vectors.vector import Vector

FOLDER = Path(__file__).parent / "files"
VECTORS: tuple[Vector, ...] = (
    *good_proofs.GOOD,
    *faults_of_bytes.FAULTS,
    *faults_of_structure.FAULTS,
    *faults_of_seal.FAULTS,
    *faults_of_time.FAULTS,
    *faults_of_updates.FAULTS,
    *faults_of_tables.FAULTS,
    *faults_of_signature.FAULTS,
    *faults_of_certificates.FAULTS,
    *hostile_files.FILES,
    *bombs.FAULTS,
)


def revocation_lists(city: City, strangers: City) -> dict[str, tuple[bytes, ...]]:
    """The sets of lists that vectors name: of the root and of the issuing authority."""
    root, seal, clock = revocation_list(city.root), city.sharing.certificate, city.clock.certificate
    before, later = SEALED_AT - timedelta(days=1), SEALED_AT + timedelta(days=9)
    return {
        "none": (),
        "clean": (root, revocation_list(city.issuing)),
        "revoked_before": (root, revocation_list(city.issuing, seal, before)),
        "revoked_later": (root, revocation_list(city.issuing, seal, later)),
        "leaked_later": (root, revocation_list(city.issuing, seal, later, compromised=True)),
        "clock_revoked_before": (root, revocation_list(city.issuing, clock, before)),
        "clock_leaked_later": (root, revocation_list(city.issuing, clock, later, compromised=True)),
        "of_strangers": (revocation_list(strangers.root), revocation_list(strangers.issuing)),
    }


def make(folder: Path) -> None:
    """Write all vectors, the verdicts, the trust root and the revocation lists."""
    materials = Materials()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for vector in VECTORS:
        (folder / f"{vector.name}.pdf").write_bytes(vector.make(materials))
        expected = {"outcome": vector.outcome, "because": vector.because, "revocation": vector.revocation}
        (folder / f"{vector.name}.json").write_bytes(orjson.dumps(expected) + b"\n")
    (folder / "trust_root.der").write_bytes(materials.city.root.der)
    for name, lists in revocation_lists(materials.city, materials.strangers).items():
        for number, der in enumerate(lists):
            (folder / f"{name}.{number}.crl").write_bytes(der)


def policy_of(folder: Path, revocation: str) -> VerificationPolicy:
    """The policy under which a folder's vectors are judged, with one of its sets of revocation lists."""
    return VerificationPolicy(
        trust_roots=((folder / "trust_root.der").read_bytes(),),
        crls=tuple(path.read_bytes() for path in sorted(folder.glob(f"{revocation}.*.crl"))),
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
