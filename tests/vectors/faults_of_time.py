"""Proofs with time stamps that are forged, or that prove the wrong thing."""

from __future__ import annotations

from datetime import timedelta

from seals.signature_stamp import SignatureStamp
from seals.verdict import VerdictOutcome
from tests.vectors.authority import JUDGED_AT, SEALED_AT
from tests.vectors.clocks import Clock, time_stamped
from tests.vectors.forger import written_range
from tests.vectors.genuine import genuine_proof
from tests.vectors.good_proofs import long_term, sharing
from tests.vectors.proofs import SHARING, Materials
from tests.vectors.vector import Vector

_AFTER_REVOCATION = SEALED_AT + timedelta(days=10)
"""A day after the lists "revoked_later" and "leaked_later" say that the seal was revoked."""


def _over_document(materials: Materials, clock: Clock) -> bytes:
    return time_stamped(clock, sharing(materials))


def _inside(materials: Materials, clock: Clock) -> bytes:
    return genuine_proof(materials.city.sharing, SHARING, SignatureStamp(clock.token))


def _of_another_signature(materials: Materials) -> bytes:
    """The signature carries a genuine time stamp, which was made of another signature's value."""
    token = Clock(materials.city.clock).token(bytes(32))
    return genuine_proof(materials.city.sharing, SHARING, _Foreign(token))


class _Foreign(SignatureStamp):
    """Puts one token into every signature, whatever it is of."""

    def __init__(self, token: bytes) -> None:
        super().__init__(lambda digest: token)

    def _token(self, digest: bytes) -> bytes:
        return self.ask(digest)


def _changed(materials: Materials) -> bytes:
    """One digit of the document time stamp's own signature changed."""
    pdf = long_term(materials)
    place = written_range(pdf)[1] + 1
    hole = bytes.fromhex(pdf[place : written_range(pdf)[2] - 1].decode())
    last = place + 2 * len(hole.rstrip(b"\x00")) - 8
    digit = b"0" if pdf[last : last + 1] != b"0" else b"1"
    return pdf[:last] + digit + pdf[last + 1 :]


FAULTS = (
    Vector("stamped_by_strangers", lambda m: _over_document(m, Clock(m.strangers.clock)), "time_stamp"),
    Vector("stamped_inside_by_strangers", lambda m: _inside(m, Clock(m.strangers.clock)), "time_stamp"),
    Vector("stamped_by_no_clock", lambda m: _over_document(m, Clock(m.city.false_clock)), "time_stamp"),
    Vector("stamped_inside_by_no_clock", lambda m: _inside(m, Clock(m.city.false_clock)), "time_stamp"),
    Vector(
        "stamp_of_something_else",
        lambda m: _over_document(m, Clock(m.city.clock, of_something_else=True)),
        "time_stamp",
    ),
    Vector("stamp_of_another_signature", _of_another_signature, "time_stamp"),
    Vector("changed_time_stamp", _changed, "time_stamp"),
    Vector(
        "stamped_in_the_future",
        lambda m: _over_document(m, Clock(m.city.clock, JUDGED_AT + timedelta(days=1))),
        "time_stamp",
    ),
    Vector(
        "stamped_before_the_time_it_says",
        lambda m: _inside(m, Clock(m.city.clock, SEALED_AT - timedelta(days=1))),
        "sealing_time",
    ),
    Vector(
        "stamped_after_it_was_revoked",
        lambda m: _inside(m, Clock(m.city.clock, _AFTER_REVOCATION)),
        "not_revoked",
        revocation="revoked_later",
    ),
    Vector(
        "stamped_after_its_key_leaked",
        lambda m: _over_document(m, Clock(m.city.clock, _AFTER_REVOCATION)),
        "not_revoked",
        revocation="leaked_later",
    ),
    Vector(
        "stamped_by_a_revoked_clock",
        lambda m: _over_document(m, Clock(m.city.clock)),
        "time_stamp",
        revocation="clock_revoked_before",
    ),
    Vector(
        "stamped_by_a_clock_whose_key_leaked",
        lambda m: _over_document(m, Clock(m.city.clock)),
        "time_stamp",
        VerdictOutcome.UNDECIDED,
        "clock_leaked_later",
    ),
)
