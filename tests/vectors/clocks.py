"""Time stamps of any authority, at any time, over anything: plain pyHanko, nothing of the authority put to the test."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from asn1crypto import cms, keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
from pyhanko.sign.timestamps import DummyTimeStamper

from tests.vectors.authority import SEALED_AT, Holder


@dataclass(frozen=True)
class Clock:
    """A time-stamp authority."""

    holder: Holder
    at: datetime = SEALED_AT
    of_something_else: bool = False
    """Whether it stamps another digest than it was asked to."""

    def token(self, digest: bytes) -> bytes:
        """Return a token, DER, for a SHA-256 digest."""
        return bytes(asyncio.run(self.stamper().async_timestamp(digest, "sha256")).dump())

    def stamper(self) -> DummyTimeStamper:
        private = self.holder.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        made = _Stamper(
            asn1_x509.Certificate.load(self.holder.der),
            keys.PrivateKeyInfo.load(private),
            certs_to_embed=[
                asn1_x509.Certificate.load(above.public_bytes(Encoding.DER)) for above in self.holder.chain
            ],
            fixed_dt=self.at,
        )
        made.of_something_else = self.of_something_else
        return made


class _Stamper(DummyTimeStamper):
    of_something_else = False

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        if self.of_something_else:
            message_digest = hashlib.sha256(message_digest).digest()
        return await super().async_timestamp(message_digest, md_algorithm)


def time_stamped(clock: Clock | Holder, pdf: bytes, field: SigFieldSpec | None = None) -> bytes:
    """Add a document time stamp."""
    clock = clock if isinstance(clock, Clock) else Clock(clock)
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    name = field.sig_field_name if field else "TimeStamp"
    stamping = PdfTimeStamper(clock.stamper(), field_name=name).async_timestamp_pdf(writer, "sha256")
    return bytes(asyncio.run(stamping).getvalue())
