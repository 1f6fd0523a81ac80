"""Proofs that must be found good: without them, refusing everything would pass."""

from __future__ import annotations

import functools
from io import BytesIO

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.dss import DocumentSecurityStore

from seals.signature_stamp import SignatureStamp
from seals.verdict import VerdictOutcome
from tests.vectors.authority import revocation_list
from tests.vectors.clocks import Clock, time_stamped
from tests.vectors.genuine import genuine_proof
from tests.vectors.proofs import SHARING, VERIFICATION, Materials
from tests.vectors.vector import Vector


@functools.cache
def sharing(materials: Materials) -> bytes:
    return genuine_proof(materials.city.sharing, SHARING)


def verification(materials: Materials) -> bytes:
    return genuine_proof(materials.city.verification, VERIFICATION)


def long_term(materials: Materials) -> bytes:
    """A validation store, then a document time stamp, as PAdES B-LTA adds them."""
    return time_stamped(materials.city.clock, validation_store(materials, sharing(materials)))


def complete(materials: Materials) -> bytes:
    """The same with everything in it: nobody need be asked."""
    lists = (revocation_list(materials.city.root), revocation_list(materials.city.issuing))
    return time_stamped(materials.city.clock, validation_store(materials, sharing(materials), lists))


def stamped_inside(materials: Materials) -> bytes:
    """A time stamp in the signature, as PAdES B-T has it."""
    return genuine_proof(materials.city.sharing, SHARING, SignatureStamp(Clock(materials.city.clock).token))


def validation_store(materials: Materials, pdf: bytes, lists: tuple[bytes, ...] = ()) -> bytes:
    output = BytesIO(pdf)
    signature = PdfFileReader(BytesIO(pdf)).embedded_signatures[0].pkcs7_content
    issuing = asn1_x509.Certificate.load(materials.city.issuing.der)
    crls = [asn1_crl.CertificateList.load(der) for der in lists]
    DocumentSecurityStore.add_dss(output, signature, certs=[issuing], crls=crls)
    return output.getvalue()


GOOD = tuple(
    Vector(name, make, None, VerdictOutcome.GOOD, revocation)
    for name, make, revocation in (
        ("good_information_sharing", sharing, "clean"),
        ("good_information_verification", verification, "clean"),
        ("good_long_term", long_term, "clean"),
        ("good_without_revocation_lists", sharing, "none"),
        ("good_revoked_after_sealing", sharing, "revoked_later"),
        ("good_stamped_inside", stamped_inside, "clean"),
        ("good_stamped_before_its_key_leaked", long_term, "leaked_later"),
        ("good_stamped_inside_before_its_key_leaked", stamped_inside, "leaked_later"),
        ("good_with_all_it_takes", complete, "none"),
        ("good_small", lambda m: m.sealed_by(m.city.sharing), "clean"),
    )
)
