"""Proofs that must be found good: without them, refusing everything would pass."""

from __future__ import annotations

import asyncio
import functools
from io import BytesIO

from asn1crypto import keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore

from seals.verdict import VerdictOutcome
from tests.vectors.authority import SEALED_AT
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
    return time_stamped(materials, validation_store(materials, sharing(materials)))


def validation_store(materials: Materials, pdf: bytes) -> bytes:
    output = BytesIO(pdf)
    signature = PdfFileReader(BytesIO(pdf)).embedded_signatures[0].pkcs7_content
    issuing = asn1_x509.Certificate.load(materials.city.issuing.der)
    DocumentSecurityStore.add_dss(output, signature, certs=[issuing])
    return output.getvalue()


def time_stamped(materials: Materials, pdf: bytes, field: SigFieldSpec | None = None) -> bytes:
    authority = materials.city.clock
    private = authority.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    stamper = DummyTimeStamper(
        asn1_x509.Certificate.load(authority.der), keys.PrivateKeyInfo.load(private), fixed_dt=SEALED_AT
    )
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    name = field.sig_field_name if field else "TimeStamp"
    output = asyncio.run(PdfTimeStamper(stamper, field_name=name).async_timestamp_pdf(writer, "sha256"))
    return bytes(output.getvalue())


GOOD = tuple(
    Vector(name, make, None, VerdictOutcome.GOOD, revocation)
    for name, make, revocation in (
        ("good_information_sharing", sharing, "clean"),
        ("good_information_verification", verification, "clean"),
        ("good_long_term", long_term, "clean"),
        ("good_without_revocation_lists", sharing, "none"),
        ("good_revoked_after_sealing", sharing, "revoked_later"),
    )
)
