"""What raising the level of a proof takes, by the development authority, at any time; and clocks that fail."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPRequestBuilder

from pki.authority import CertificateAuthority, CertificateOrder, Subject
from pki.errors import TimeStampUnavailableError
from pki.keystore import KeyAlgorithm, SealingKey
from pki.ocsp import OcspResponder
from pki.profiles import TIME_STAMPING
from pki.revocation import Revocation
from pki.serial_books import ListedSerials
from pki.timestamps import TimeStampAuthority
from seals.kinds import SealKind
from seals.long_term import LongTermMeans
from seals.page import render_page
from seals.page_content import PageContent
from seals.sealing import Seal, seal_page
from seals.signature_stamp import SignatureStamp
from seals.verification_policy import VerificationPolicy

if TYPE_CHECKING:
    from tests.seals.conftest import SealOffice

_serials = itertools.count(2**90)


@dataclass(frozen=True)
class Clock:
    """A time-stamp authority at one moment; carries out `pki.timestamps.TimeStamper`."""

    key: SealingKey
    at: datetime

    async def stamp(self, digest: bytes) -> bytes:
        return self.token(digest)

    def token(self, digest: bytes) -> bytes:
        return TimeStampAuthority(self.key).stamp(digest, self.at, next(_serials))


class StoppedClock:
    """One that is down."""

    def __init__(self) -> None:
        self.asked = 0

    async def stamp(self, digest: bytes) -> bytes:
        return self.token(digest)

    def token(self, digest: bytes) -> bytes:
        self.asked += 1
        raise TimeStampUnavailableError(f"nobody stamps {digest.hex()}")


@dataclass(frozen=True)
class Archive:
    """Seals one content and raises it, with the means of any day."""

    office: SealOffice
    content: PageContent

    def clock(self, at: datetime | None = None) -> Clock:
        return Clock(self.office.keys.open("tsa"), at or self.office.now)

    def second_clock(self, at: datetime) -> Clock:
        """One with a key of its own."""
        keys, issuing = self.office.keys, self.office.authority.issuing
        if "tsa-2" not in keys.labels():
            order = CertificateOrder(
                profile=TIME_STAMPING,
                subject=Subject(organisation="Proofhub Test", common_name="Second clock"),
                serial=next(_serials),
                not_before=self.office.now,
                not_after=self.office.now + timedelta(days=3000),
            )
            certificate = issuing.issue(order, keys.create("tsa-2", KeyAlgorithm.P_256).public_key)
            keys.store_certificate("tsa-2", certificate, (issuing.certificate,))
        return Clock(keys.open("tsa-2"), at)

    def sealed(self, stamp: Callable[[bytes], bytes] | None = None) -> bytes:
        """Seal the content; with a time stamp in the signature when there is somebody to ask."""
        record = self.office.record(SealKind.INFORMATION_SHARING)
        seal = Seal.prepare(record.kind, record.face, self.office.keys.open(record.key_label))
        asked = SignatureStamp(stamp) if stamp is not None else None
        return seal_page(render_page(self.content), self.content.endorsement, seal, self.office.now, asked)

    def policy(self, at: datetime | None = None, *revocations: Revocation) -> VerificationPolicy:
        """Trust the root, with the lists and the certificate of the issuing authority as of a day."""
        at = at or self.office.now
        issuing = self.office.authority.issuing
        top = self.office.keys.open("root")
        root = CertificateAuthority(top.certificate, top)
        period = (at - timedelta(minutes=1), at + timedelta(days=7))
        number = int(at.timestamp())
        return VerificationPolicy(
            trust_roots=self.office.roots,
            intermediates=(issuing.certificate.public_bytes(Encoding.DER),),
            crls=(root.revocation_list((), number, period), issuing.revocation_list(revocations, number, period)),
        )

    def means(self, at: datetime | None = None, *revocations: Revocation) -> LongTermMeans:
        return LongTermMeans(stamper=self.clock(at), policy=self.policy(at, *revocations))

    def ocsp_answers(self, *labels: str) -> tuple[bytes, ...]:
        """What the responder says of certificates that were never revoked."""
        keys, issuer = self.office.keys, self.office.authority.issuing.certificate
        asked = [keys.open(label).certificate for label in labels]
        book = ListedSerials(frozenset(certificate.serial_number for certificate in asked))
        responder = OcspResponder(issuer, keys.open("ocsp"), book)
        requests = [OCSPRequestBuilder().add_certificate(found, issuer, SHA256()).build() for found in asked]
        return tuple(responder.answer(request.public_bytes(Encoding.DER), self.office.now) for request in requests)

    def revoked(self, label: str, at: datetime, reason: x509.ReasonFlags) -> Revocation:
        return Revocation(self.office.keys.open(label).certificate.serial_number, at, reason)
