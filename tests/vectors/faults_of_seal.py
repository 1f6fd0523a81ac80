"""Files that were sealed, but not as a proof is, or not by whom it should have been.

Some are signed with the city's own keys, as no signer of ours would: a check must not lean on another's good will.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter

from seals.endorsement import facts_json
from seals.verdict import VerdictOutcome
from tests.vectors.authority import JUDGED_AT, self_signed_seal
from tests.vectors.forger import SealChoices, seal, write_range, written_range
from tests.vectors.good_proofs import sharing
from tests.vectors.proofs import FACTS, SHARING, VERIFICATION, Materials, unsealed_page
from tests.vectors.vector import Vector


def _edited(materials: Materials, numbers: tuple[int, int, int, int]) -> bytes:
    """Sealed by the city's key over a range that is moved by these numbers: digest and signature are right."""

    def move(pdf: bytes) -> bytes:
        written = written_range(pdf)
        start, hole_start, hole_end, tail = (old + more for old, more in zip(written, numbers, strict=True))
        return write_range(pdf, (start, hole_start, hole_end, tail))

    return materials.sealed_by(materials.city.sharing, edit=move)


def _attached(endorsement: bytes, facts: bytes, materials: Materials) -> bytes:
    """The sharing endorsement in the signature, anything attached."""
    page = unsealed_page(endorsement, facts)
    return seal(page, materials.city.sharing, SealChoices(endorsements=(SHARING.to_json(),)))


def _signed(endorsements: tuple[bytes, ...], materials: Materials) -> bytes:
    return materials.sealed_by(materials.city.sharing, endorsements=endorsements)


def sealed_twice(materials: Materials) -> bytes:
    """A second signature by the same seal, in a field of its own."""
    choices = SealChoices(endorsements=(SHARING.to_json(),), certify=False, field=SigFieldSpec("Seal2"))
    return seal(sharing(materials), materials.city.sharing, choices)


def sealed_again_by_a_stranger(materials: Materials) -> bytes:
    choices = SealChoices(certify=False, field=SigFieldSpec("Stranger"))
    return seal(sharing(materials), materials.strangers.sharing, choices)


_OTHER_FACTS = facts_json((replace(FACTS[0], value="赵六"), *FACTS[1:]))
_OTHER_ENDORSEMENT = replace(SHARING, case_number="C-2026-999999").to_json()
_SPACED = SHARING.to_json().replace(b'":', b'": ')

FAULTS = (
    Vector("byte_range_with_a_gap", lambda m: _edited(m, (0, -40, 0, 0)), "whole_file"),
    Vector("byte_range_with_a_gap_behind", lambda m: _edited(m, (0, 0, 40, -40)), "whole_file"),
    Vector("byte_range_with_a_late_start", lambda m: _edited(m, (9, -9, 0, 0)), "whole_file"),
    Vector("byte_range_with_an_early_end", lambda m: _edited(m, (0, 0, 0, -20)), "whole_file"),
    Vector("byte_range_into_the_signature", lambda m: _edited(m, (0, 0, -64, 64)), "whole_file"),
    Vector("self_signed_look_alike", lambda m: m.sealed_by(self_signed_seal()), "trusted"),
    Vector("foreign_root_with_the_same_names", lambda m: m.sealed_by(m.strangers.sharing), "trusted"),
    Vector("issued_by_a_seal", lambda m: m.sealed_by(m.city.below_seal), "trusted"),
    Vector("sealed_by_the_authority_itself", lambda m: m.sealed_by(m.city.issuing), "trusted"),
    Vector("certificate_ran_out", lambda m: m.sealed_by(m.city.lapsed), "trusted"),
    Vector("revoked_before_sealing", sharing, "not_revoked", revocation="revoked_before"),
    Vector("key_leaked_later", sharing, "not_revoked", VerdictOutcome.UNDECIDED, "leaked_later"),
    Vector("revocation_lists_of_strangers", sharing, "not_revoked", VerdictOutcome.UNDECIDED, "of_strangers"),
    Vector("wrong_seal", lambda m: m.sealed_by(m.city.verification), "right_seal"),
    Vector(
        "wrong_seal_for_verified_information",
        lambda m: seal(
            unsealed_page(VERIFICATION.to_json(), facts_json(FACTS)),
            m.city.sharing,
            SealChoices(endorsements=(VERIFICATION.to_json(),)),
        ),
        "right_seal",
    ),
    Vector("sealed_twice", sealed_twice, "one_seal"),
    Vector("sealed_again_by_a_stranger", sealed_again_by_a_stranger, "one_seal"),
    Vector("not_certifying", lambda m: m.sealed_by(m.city.sharing, certify=False), "certifying"),
    Vector(
        "form_filling_allowed",
        lambda m: m.sealed_by(m.city.sharing, permission=MDPPerm.FILL_FORMS),
        "certifying",
    ),
    Vector("weak_digest", lambda m: m.sealed_by(m.city.sharing, digest="sha1"), "signature_valid"),
    Vector(
        "not_pades",
        lambda m: m.sealed_by(m.city.sharing, subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED),
        "signature_valid",
    ),
    Vector("sealed_at_no_time", lambda m: m.sealed_by(m.city.sharing, when=None), "sealing_time"),
    Vector(
        "sealed_in_the_future",
        lambda m: m.sealed_by(m.city.sharing, when=JUDGED_AT + timedelta(days=2)),
        "sealing_time",
    ),
    Vector("without_endorsement", lambda m: _signed((), m), "endorsement"),
    Vector("two_endorsements", lambda m: _signed((SHARING.to_json(), _OTHER_ENDORSEMENT), m), "endorsement"),
    Vector("malformed_endorsement", lambda m: _signed((b"{}",), m), "endorsement"),
    Vector("endorsement_not_canonical", lambda m: _signed((_SPACED,), m), "endorsement"),
    Vector("swapped_endorsement", lambda m: _attached(_OTHER_ENDORSEMENT, facts_json(FACTS), m), "endorsement"),
    Vector("swapped_facts", lambda m: _attached(SHARING.to_json(), _OTHER_FACTS, m), "facts"),
)
