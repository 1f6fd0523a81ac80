"""A certificate authority for one machine: real certificates and keys, made on first use, for trying things out.

Its root, issuing authority, seals and services have keys in one store; a production installation keeps those of the
authorities elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from pki.authority import CertificateAuthority, CertificateOrder, Subject, make_root
from pki.errors import KeyStoreError, UncertifiedKeyError
from pki.keystore import KeyAlgorithm, KeyStore, SealingKey
from pki.profiles import (
    GRANT_SIGNING,
    ISSUING_AUTHORITY,
    OCSP_RESPONDER,
    ROOT_AUTHORITY,
    TIME_STAMPING,
    CertificateProfile,
    seal_profile,
)
from pki.revocation import Revocation
from pki.serial_books import read_serials, written_serials

ROOT_LABEL = "root"
ISSUING_LABEL = "issuing"
TSA_LABEL = "tsa"
OCSP_LABEL = "ocsp"
GRANTS_LABEL = "grants"
"""Labels of the keys of the authorities, of the time-stamp authority, the OCSP responder and the signer of grants."""
ROOT_FILE = "root.pem"
"""File of the trust root, in PEM, in the folder handed in."""
ISSUING_FILE = "issuing.pem"
"""File of the issuing authority's certificate, likewise."""
ISSUED_FILE = "issued.txt"
"""File of the numbers of all certificates that the issuing authority ever issued."""
ROOT_LIST_FILE = "root.crl"
ISSUING_LIST_FILE = "issuing.crl"
"""Files of the two revocation lists, in DER."""

_ROOT_PERIOD = timedelta(days=20 * 365)
_ISSUING_PERIOD = timedelta(days=10 * 365)
_SEAL_PERIOD = timedelta(days=3 * 365)
_RESPONDER_PERIOD = timedelta(days=365)
_LIST_PERIOD = timedelta(days=7)
_REST = timedelta(days=1)
"""A certificate with less than this left is made anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealOrder:
    """One seal that the development authority shall have ready."""

    label: str
    """Of its key in the store."""
    policy: str
    """Its certificate policy, which tells its kind; one of `pki.profiles.POLICY_…`."""
    subject: Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class DevelopmentPlan:
    """What a development authority consists of."""

    organisation: str
    """Who runs the authorities, in their names."""
    seals: tuple[SealOrder, ...]
    algorithm: KeyAlgorithm = KeyAlgorithm.P_256
    revocations: tuple[Revocation, ...] = ()
    """Revoked certificates of seals."""
    service_url: str | None = None
    """Where the lists, certificates and the OCSP responder are served, without a slash at the end; None for nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevelopmentAuthority:
    """What is there afterwards."""

    root_pem: Path
    revocation_lists: tuple[bytes, ...]
    """Current lists of root and issuing authority, in DER."""
    issuing: CertificateAuthority


def create_development_authority(
    folder: Path, keys: KeyStore, plan: DevelopmentPlan, now: datetime, serial: Callable[[], int]
) -> DevelopmentAuthority:
    """Make root, issuing authority and seals where they are missing or about to run out; keep what is there.

    Args:
        folder: receives the root in PEM and both revocation lists, which are made anew each time.
        keys: keeps the keys and their certificates.
        plan: what is wanted.
        now: the time; aware.
        serial: gives serial numbers of 64 to 159 bits, unguessable and never twice.

    Raises:
        ProfileViolationError: the plan asks for what no profile allows.
        KeyStoreError: a key cannot be had, or the folder cannot be written.
    """
    maker = _Maker(keys, plan, now, serial)
    root = maker.root(Subject(organisation=plan.organisation, common_name=f"{plan.organisation} Root CA"))
    issuing_subject = Subject(organisation=plan.organisation, common_name=f"{plan.organisation} Issuing CA")
    issuing = maker.authority(root, issuing_subject)
    for order in plan.seals:
        maker.certified(order.label, seal_profile(order.policy), order.subject, issuing, _SEAL_PERIOD)
    maker.services(issuing)
    period = (now, now + _LIST_PERIOD)
    root_list = root.revocation_list((), int(now.timestamp()), period)
    issuing_list = issuing.revocation_list(plan.revocations, int(now.timestamp()), period)
    for name, data in (
        (ISSUED_FILE, written_serials(read_serials(folder / ISSUED_FILE) | maker.issued)),
        (ROOT_FILE, root.certificate.public_bytes(Encoding.PEM)),
        (ISSUING_FILE, issuing.certificate.public_bytes(Encoding.PEM)),
        (ROOT_LIST_FILE, root_list),
        (ISSUING_LIST_FILE, issuing_list),
    ):
        _publish(folder, name, data)
    return DevelopmentAuthority(
        root_pem=folder / ROOT_FILE, revocation_lists=(root_list, issuing_list), issuing=issuing
    )


@dataclass(slots=True)
class _Maker:
    """Makes what is missing, at one moment."""

    keys: KeyStore
    plan: DevelopmentPlan
    now: datetime
    serial: Callable[[], int]
    issued: set[int] = field(default_factory=set)
    """Numbers of the certificates below the issuing authority, made now or before."""

    def root(self, subject: Subject) -> CertificateAuthority:
        current = self._current(ROOT_LABEL, None)
        if current is not None:
            return CertificateAuthority(current.certificate, current)
        key = self.keys.signing_key(self._label(ROOT_LABEL))
        made = make_root(key, self._order(ROOT_AUTHORITY, subject, self.now + _ROOT_PERIOD, None))
        self.keys.store_certificate(ROOT_LABEL, made.certificate, ())
        return made

    def authority(self, root: CertificateAuthority, subject: Subject) -> CertificateAuthority:
        key = self.certified(ISSUING_LABEL, ISSUING_AUTHORITY, subject, root, _ISSUING_PERIOD)
        return CertificateAuthority(key.certificate, key)

    def services(self, issuing: CertificateAuthority) -> None:
        """Have the keys of the services certified: time stamps, OCSP, grants."""
        for label, profile, period, name in (
            (TSA_LABEL, TIME_STAMPING, _ISSUING_PERIOD, "Time Stamping"),
            (OCSP_LABEL, OCSP_RESPONDER, _RESPONDER_PERIOD, "OCSP"),
            (GRANTS_LABEL, GRANT_SIGNING, _SEAL_PERIOD, "Grants"),
        ):
            organisation = self.plan.organisation
            subject = Subject(organisation=organisation, common_name=f"{organisation} {name}")
            self.certified(label, profile, subject, issuing, period)

    def certified(
        self,
        label: str,
        profile: CertificateProfile,
        subject: Subject,
        issuer: CertificateAuthority,
        period: timedelta,
    ) -> SealingKey:
        """Return the key with a certificate of that issuer that is good for a while."""
        current = self._current(label, issuer.certificate)
        if current is not None:
            if not profile.authority:
                self.issued.add(current.certificate.serial_number)
            return current
        key = self.keys.signing_key(self._label(label))
        last = min(self.now + period, issuer.certificate.not_valid_after_utc)
        certificate = issuer.issue(self._order(profile, subject, last, issuer), key.public_key)
        if not profile.authority:
            self.issued.add(certificate.serial_number)
        above = () if profile.authority else (issuer.certificate,)
        self.keys.store_certificate(label, certificate, above)
        return self.keys.open(label)

    def _label(self, label: str) -> str:
        """Return the label, after making a key under it when there is none."""
        if label not in self.keys.labels():
            self.keys.create(label, self.plan.algorithm)
        return label

    def _current(self, label: str, issuer: x509.Certificate | None) -> SealingKey | None:
        """Return the key when its certificate is good for a while and of this issuer."""
        if label not in self.keys.labels():
            return None
        try:
            key = self.keys.open(label)
        except UncertifiedKeyError:
            return None
        if key.certificate.not_valid_after_utc - self.now < _REST:
            return None
        return key if issuer is None or _issued_by(key.certificate, issuer) else None

    def _order(
        self, profile: CertificateProfile, subject: Subject, last: datetime, issuer: CertificateAuthority | None
    ) -> CertificateOrder:
        base = self.plan.service_url
        served = base is not None and issuer is not None
        name = "root" if profile.authority else "issuing"
        return CertificateOrder(
            profile=profile,
            subject=subject,
            serial=self.serial(),
            not_before=self.now,
            not_after=last,
            revocation_list_url=f"{base}/{name}.crl" if served else None,
            issuer_url=f"{base}/{name}.cer" if served else None,
            responder_url=f"{base}/ocsp" if served and not profile.authority else None,
        )


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _publish(folder: Path, name: str, data: bytes) -> None:
    draft = folder / f"{name}.new"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(data)
        draft.replace(folder / name)
    except OSError as problem:
        raise KeyStoreError(f"{folder / name} cannot be written: {problem.strerror}") from problem
