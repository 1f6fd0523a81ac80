"""The seal authority's own desk (市公安局): its keys certify seals and sign grants; no hub has them (Art. 15)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import orjson
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hub.clock import SystemClock, SystemIds
from hub.entry.key_stores import open_authority_keys
from hub.entry.settings import Settings
from pki.authority import CertificateAuthority, CertificateOrder, Subject
from pki.certificate_requests import accept_certificate, make_request, requested_key
from pki.development import (
    GRANTS_LABEL,
    ISSUED_FILE,
    ISSUING_LABEL,
    ISSUING_LIST_FILE,
    ROOT_FILE,
    DevelopmentPlan,
    create_development_authority,
)
from pki.errors import KeyStoreError, MalformedRequestError
from pki.keystore import KeyAlgorithm, KeyStore
from pki.profiles import GRANT_SIGNING, OCSP_RESPONDER, TIME_STAMPING, CertificateProfile, seal_profile
from pki.revocation import Revocation
from pki.serial_books import read_serials, written_serials
from pki.trust import GRANTING, STAMPING, Purpose, TrustRoot
from seals.grants import Grant, sign_grant
from seals.kinds import SEAL_POLICIES, SealKind

SEAL_PERIOD = timedelta(days=3 * 365)
"""How long a seal's certificate is good, unless its issuer's ends sooner."""
REVOCATIONS_FILE = "revocations.json"
"""Beside the authority's keys: what was revoked, so that each list names all of it."""


class Service(StrEnum):
    """The authority's keys that an outside authority may certify; the values are their labels."""

    GRANTS = "grants"
    TIME_STAMPS = "tsa"
    OCSP = "ocsp"


_ANSWERING = Purpose(
    name="answering by OCSP",
    key_usage=OCSP_RESPONDER.key_usage,
    extended_key_usage=OCSP_RESPONDER.extended_key_usage,
    required=True,
)
_PROFILES: dict[Service, tuple[CertificateProfile, Purpose]] = {
    Service.GRANTS: (GRANT_SIGNING, GRANTING),
    Service.TIME_STAMPS: (TIME_STAMPING, STAMPING),
    Service.OCSP: (OCSP_RESPONDER, _ANSWERING),
}


@dataclass(frozen=True, slots=True)
class AuthorityDesk:
    """What the seal authority's people do with its keys."""

    keys: KeyStore
    folder: Path
    """The folder of the keys; keeps the list of what was revoked."""
    public: Path
    """Receives what everybody may have: root, issuing certificate, revocation lists."""
    now: Callable[[], datetime]
    serial: Callable[[], int]
    service_url: str | None = None
    """Where lists, certificates and the OCSP responder are served, without a slash at the end; None for nowhere."""

    def set_up(self, organisation: str, algorithm: KeyAlgorithm = KeyAlgorithm.P_256) -> Path:
        """Make root, issuing authority and the key for grants where they are missing; return the root's file.

        The revocation lists are made anew each time.

        Raises:
            PkiError: a key cannot be had, or a folder cannot be written.
        """
        plan = DevelopmentPlan(
            organisation=organisation,
            seals=(),
            algorithm=algorithm,
            revocations=self._revocations(),
            service_url=self.service_url,
        )
        return create_development_authority(self.public, self.keys, plan, self.now(), self.serial).root_pem

    def organisation(self) -> str:
        """Return whose authority it is. Raises PkiError where none is set up."""
        name = self.keys.open(ISSUING_LABEL).certificate.subject
        return str(name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)

    def certify(self, request: str, kind: SealKind, period: timedelta = SEAL_PERIOD) -> str:
        """Issue the certificate that a seal's key asks for; it names whom the request names.

        Args:
            request: certificate request in PEM (PKCS#10, RFC 2986).
            kind: of which kind the seal is: decides the certificate's policy.
            period: how long it is good.

        Returns:
            The certificate and the issuing authority's, in PEM.

        Raises:
            MalformedRequestError: it is no request, or does not name a holder as a seal needs.
            ProfileViolationError: what it asks for is not of the profile; nothing was signed.
        """
        key, above = self.keys.open(ISSUING_LABEL), self.keys.open(ISSUING_LABEL).certificate
        now, base = self.now(), self.service_url
        order = CertificateOrder(
            profile=seal_profile(SEAL_POLICIES[kind]),
            subject=requested_subject(request),
            serial=self.serial(),
            not_before=now,
            not_after=min(now + period, above.not_valid_after_utc),
            revocation_list_url=f"{base}/{ISSUING_LIST_FILE}" if base else None,
            issuer_url=f"{base}/issuing.cer" if base else None,
            responder_url=f"{base}/ocsp" if base else None,
        )
        self._note_issued(order.serial)
        made = CertificateAuthority(above, key).issue(order, requested_key(request))
        return "".join(each.public_bytes(Encoding.PEM).decode() for each in (made, above))

    def sign_grant(self, grant: Grant) -> str:
        """Return the signed grant as text. Raises GrantError, PkiError."""
        return sign_grant(grant, self.keys.open(GRANTS_LABEL)).to_text()

    def request(self, service: Service, subject: Subject, algorithm: KeyAlgorithm = KeyAlgorithm.P_256) -> str:
        """Return the certificate request of one of the authority's keys in PEM; the key is made where it is missing."""
        if service.value not in self.keys.labels():
            self.keys.create(service.value, algorithm)
        return make_request(self.keys.signing_key(service.value), subject)

    def accept(self, service: Service, certificates: bytes) -> None:
        """Keep the certificate of one of the authority's keys, with those above it, in PEM.

        Raises:
            PkiError: it is not of this key, not of its profile, or leads to no trust root.
            ValueError: it is no certificate.
        """
        profile, purpose = _PROFILES[service]
        accept_certificate(
            self.keys,
            service.value,
            tuple(x509.load_pem_x509_certificates(certificates)),
            profile=profile,
            purpose=purpose,
            roots=TrustRoot.load(self.public / ROOT_FILE).der,
            at=self.now(),
        )

    def revoke(self, certificate: x509.Certificate, reason: x509.ReasonFlags) -> Path:
        """Put a certificate of a seal on the list of the revoked and publish the lists anew.

        Raises:
            KeyStoreError: the certificate is not one that this authority issued, or is revoked already.
        """
        serial = certificate.serial_number
        if serial not in read_serials(self.public / ISSUED_FILE):
            raise KeyStoreError(f"this authority did not issue the certificate {serial:x}")
        known = self._revocations()
        if any(each.serial == serial for each in known):
            raise KeyStoreError(f"the certificate {serial:x} is revoked already")
        self._write([*known, Revocation(serial, self.now(), reason)])
        return self.set_up(self.organisation())

    def _note_issued(self, serial: int) -> None:
        """Write the number down before the certificate is signed, so that no certificate is unknown to its issuer."""
        book = self.public / ISSUED_FILE
        _replace(book, written_serials(read_serials(book) | {serial}))

    def _revocations(self) -> tuple[Revocation, ...]:
        try:
            entries = orjson.loads((self.folder / REVOCATIONS_FILE).read_bytes())
        except FileNotFoundError:
            return ()
        except (OSError, ValueError) as problem:
            raise KeyStoreError(f"{self.folder / REVOCATIONS_FILE} cannot be read") from problem
        return tuple(
            Revocation(int(each["serial"], 16), datetime.fromisoformat(each["at"]), x509.ReasonFlags(each["reason"]))
            for each in entries
        )

    def _write(self, revocations: list[Revocation]) -> None:
        entries = [
            {"serial": f"{each.serial:x}", "at": each.at.isoformat(), "reason": each.reason.value}
            for each in revocations
        ]
        _replace(self.folder / REVOCATIONS_FILE, orjson.dumps(entries, option=orjson.OPT_INDENT_2))


def open_authority(settings: Settings) -> AuthorityDesk:
    """Open the desk that the settings describe. Raises KeyStoreError."""
    own = settings.authority
    return AuthorityDesk(
        keys=open_authority_keys(own),
        folder=own.folder,
        public=settings.seals.pki_folder,
        now=SystemClock().now,
        serial=SystemIds().serial_number,
        service_url=f"{settings.server.public_url.rstrip('/')}/pki",
    )


def requested_subject(request: str) -> Subject:
    """Return whom a certificate request names.

    Raises:
        MalformedRequestError: it is no request, or an attribute is missing or there twice.
    """
    requested_key(request)
    subject = x509.load_pem_x509_csr(request.encode()).subject

    def only(oid: x509.ObjectIdentifier) -> str:
        found = subject.get_attributes_for_oid(oid)
        if len(found) != 1:
            raise MalformedRequestError("the request does not name a holder as a seal's certificate must")
        return str(found[0].value)

    return Subject(
        organisation=only(NameOID.ORGANIZATION_NAME),
        common_name=only(NameOID.COMMON_NAME),
        organisation_identifier=only(NameOID.ORGANIZATION_IDENTIFIER),
        country=only(NameOID.COUNTRY_NAME),
    )


def _replace(path: Path, data: bytes) -> None:
    draft = path.with_name(f"{path.name}.new")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as problem:
        raise KeyStoreError(f"{path} cannot be written: {problem.strerror}") from problem
