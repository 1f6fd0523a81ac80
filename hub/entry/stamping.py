"""Time stamps as the settings say: in the signer while it seals, and in the hub for what is raised beside the calls."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hub.clock import Clock, Ids
from hub.entry.key_stores import open_keys
from hub.entry.pki_services import Answer
from hub.entry.settings import SealSettings, TimeStampSource
from hub.long_term_work import LongTermMeans, LongTermWork
from hub.proof_levels import LevelRule, ProofLevels
from hub.time_stamping import AskedTimeStamper, HttpTimeStamper, StampLimits, StampTrust
from pki.development import ISSUING_FILE, ROOT_FILE, TSA_LABEL
from pki.errors import TimeStampUnavailableError
from pki.timestamps import TimeStampAuthority, TimeStamper
from pki.trust import TrustRoot
from seals.signature_stamp import SignatureStamp
from seals.verification_policy import VerificationPolicy

_PROBE = bytes(32)
_BACKGROUND = StampLimits(total_seconds=20.0, address_seconds=8.0)
"""Nobody waits for what is raised beside the calls."""


def proof_levels(settings: SealSettings) -> ProofLevels:
    """Return the level that is wanted, and how long a proof may wait for it."""
    return ProofLevels(LevelRule(level=settings.wanted_level, limit=timedelta(hours=settings.unraised_hours)))


def stamp_at_sealing(settings: SealSettings, clock: Clock, ids: Ids) -> SignatureStamp | None:
    """Open what puts time stamps into seals, in the process that seals; None where none are set.

    Raises:
        PkiError: the embedded authority has no key that could be used, or no trust root leads to it.
        OSError, ValueError: a root or an address cannot be used.
    """
    if settings.tsa is TimeStampSource.NONE:
        return None
    if settings.tsa is TimeStampSource.URLS:
        seconds = settings.tsa_seconds
        limits = StampLimits(total_seconds=seconds, address_seconds=seconds / min(2, len(settings.tsa_urls)))
        return SignatureStamp(_outside(settings, clock, ids, limits).ask)
    key = open_keys(settings).open(TSA_LABEL)
    authority, certificate = TimeStampAuthority(key), key.certificate
    _trust(settings, clock).require(authority.stamp(_PROBE, clock.now(), ids.serial_number()), _PROBE)

    def ask(digest: bytes) -> bytes:
        now = clock.now()
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise TimeStampUnavailableError("the certificate of the embedded time-stamp authority has ended")
        return authority.stamp(digest, now, ids.serial_number())

    return SignatureStamp(ask)


def long_term_work(settings: SealSettings, embedded: Answer, clock: Clock, ids: Ids) -> LongTermWork:
    """Return what raises documents in the hub.

    Args:
        settings: where stamps come from, and whom to trust.
        embedded: asks the signer's own authority.
        clock: the time.
        ids: gives nonces.

    Raises:
        OSError, ValueError, PkiError: a root or an address cannot be used.
    """
    stamper: TimeStamper
    if settings.tsa is TimeStampSource.URLS:
        stamper = _outside(settings, clock, ids, _BACKGROUND)
    else:
        stamper = AskedTimeStamper(embedded, _trust(settings, clock), ids.serial_number)
    folder = settings.pki_folder
    return LongTermWork(lambda: LongTermMeans(stamper=stamper, policy=trusted_today(folder)), clock)


def _outside(settings: SealSettings, clock: Clock, ids: Ids, limits: StampLimits) -> HttpTimeStamper:
    return HttpTimeStamper(settings.tsa_urls, _trust(settings, clock), ids.serial_number, limits)


def _trust(settings: SealSettings, clock: Clock) -> StampTrust:
    folder = settings.pki_folder
    return StampTrust(roots=TrustRoot.load(folder / ROOT_FILE).der, helpers=_between(folder), now=clock.now)


def _between(folder: Path) -> tuple[bytes, ...]:
    """Return the certificates below the roots that the authority publishes, DER."""
    file = folder / ISSUING_FILE
    found = x509.load_pem_x509_certificates(file.read_bytes()) if file.exists() else ()
    return tuple(each.public_bytes(Encoding.DER) for each in found)


def trusted_today(folder: Path) -> VerificationPolicy:
    """Read whom to trust, and the revocation lists as they are published now."""
    return VerificationPolicy(
        trust_roots=TrustRoot.load(folder / ROOT_FILE).der,
        intermediates=_between(folder),
        crls=tuple(path.read_bytes() for path in sorted(folder.glob("*.crl"))),
    )
