"""Grants (授权): which unit may use which seal, for which proof types, from when to when (Art. 15).

The seal authority signs a grant with a key that is for nothing else; the signer believes no other. A grant travels as
base64url text: the record's canonical JSON, the signature over it, and the certificates up to the root.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from pki.errors import PkiError
from pki.keystore import SealingKey
from pki.profiles import GRANT_SIGNING, violations
from pki.revocation import RevocationStatus, check_revocation
from pki.trust import GRANTING, find_path
from seals.endorsement import Endorsement, format_time
from seals.errors import GrantPeriodError, GrantScopeError, MalformedGrantError, UntrustedGrantError
from seals.kinds import SealKind

GRANT_TEXT_LIMIT = 64 * 1024
"""Longest grant that is read, in characters of its text."""
_NAME_LIMIT = 128
_MOST_TYPES = 1000
_MOST_CERTIFICATES = 5


@dataclass(frozen=True, slots=True)
class GrantUse:
    """One use of a seal, as a grant is asked about it."""

    seal_id: str
    unit_code: str
    proof_type: str
    """Code of the proof type."""
    at: datetime
    """Aware."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the seal authority allows one unit."""

    id: str
    seal_id: str
    unit_code: str
    proof_types: tuple[str, ...]
    """Codes, sorted, each once; empty for all."""
    not_before: datetime
    not_after: datetime
    """First and last moment; aware, kept in UTC to the millisecond."""
    daily_limit: int | None
    """Most proofs in one day of the city (Asia/Shanghai); None for no limit."""
    proposed_by: str = ""
    """Staff number of whoever proposed it: another person registers it with the hub. Empty: it cannot be registered."""

    def require(self, use: GrantUse) -> None:
        """Return if the grant covers the use; the daily limit is counted elsewhere.

        Raises:
            GrantScopeError: it is for another seal, unit or proof type.
            GrantPeriodError: it is not in force at that time.
        """
        if self.seal_id != use.seal_id:
            raise GrantScopeError(f"the grant {self.id} is for the seal {self.seal_id}, not for {use.seal_id}")
        if self.unit_code != use.unit_code:
            raise GrantScopeError(f"the grant {self.id} is the unit {self.unit_code}'s, not {use.unit_code}'s")
        if self.proof_types and use.proof_type not in self.proof_types:
            raise GrantScopeError(f"the grant {self.id} is not for proofs of the type {use.proof_type}")
        if not self.not_before <= use.at <= self.not_after:
            raise GrantPeriodError(f"the grant {self.id} is not in force at {format_time(use.at)}")

    def to_json(self) -> bytes:
        """Return the canonical JSON: sorted keys, no blanks, UTF-8."""
        record = asdict(self)
        record |= {"not_before": format_time(self.not_before), "not_after": format_time(self.not_after)}
        return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)

    @classmethod
    def from_json(cls, data: bytes) -> Grant:
        """Read the canonical form back.

        Raises:
            MalformedGrantError: it is not of this form, not canonical, or contradicts itself.
        """
        try:
            grant = cls(**_typed(orjson.loads(data)))
            canonical = grant.to_json()
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as problem:
            raise MalformedGrantError("the grant is not of the expected form") from problem
        if canonical != data:
            raise MalformedGrantError("the grant is not in canonical form")
        _require_sound(grant)
        return grant


@dataclass(frozen=True, slots=True)
class SignedGrant:
    """A grant as the seal authority hands it out."""

    grant_json: bytes
    """Canonical JSON of the grant."""
    signature: bytes
    """Over the SHA-256 of the JSON; of the form that `SigningKey.sign` gives."""
    certificates: tuple[bytes, ...]
    """The signing key's and those above it, without the root, in DER."""

    def to_text(self) -> str:
        """Return it as base64url text without padding."""
        record = {
            "certificates": [_encoded(certificate) for certificate in self.certificates],
            "grant": self.grant_json.decode(),
            "signature": _encoded(self.signature),
        }
        return _encoded(orjson.dumps(record, option=orjson.OPT_SORT_KEYS))

    @classmethod
    def from_text(cls, text: str) -> SignedGrant:
        """Read the text back; neither signature nor content is judged yet.

        Raises:
            MalformedGrantError: it is too long, or not what `to_text` writes.
        """
        if len(text) > GRANT_TEXT_LIMIT:
            raise MalformedGrantError("the grant is longer than allowed")
        try:
            record: dict[str, Any] = orjson.loads(_decoded(text))
            certificates = tuple(_decoded(certificate) for certificate in record["certificates"])
            signed = cls(record["grant"].encode(), _decoded(record["signature"]), certificates)
        except (ValueError, TypeError, KeyError, AttributeError) as problem:
            raise MalformedGrantError("the grant's text is not of the expected form") from problem
        if not 0 < len(certificates) <= _MOST_CERTIFICATES or signed.to_text() != text:
            raise MalformedGrantError("the grant's text is not of the expected form")
        return signed


def using_unit(endorsement: Endorsement) -> str:
    """Return the code of the unit that uses the seal: who extracts what is shared, who produces what is verified."""
    if endorsement.seal_kind is SealKind.INFORMATION_SHARING:
        return endorsement.extraction_unit_code
    return endorsement.producing_unit_code


def sign_grant(grant: Grant, key: SealingKey) -> SignedGrant:
    """Sign a grant with the seal authority's key for grants.

    Raises:
        MalformedGrantError: it contradicts itself; nothing was signed.
        UntrustedGrantError: the key's certificate is not one for grants, or the key cannot sign.
    """
    data = _sound_json(grant)
    _require_for_grants(key.certificate)
    try:
        signature = key.sign(hashlib.sha256(data).digest())
    except PkiError as problem:
        raise UntrustedGrantError(f"the key {key.label!r} cannot sign the grant") from problem
    chain = (key.certificate, *key.chain)
    return SignedGrant(data, signature, tuple(certificate.public_bytes(Encoding.DER) for certificate in chain))


def verify_grant(
    signed: SignedGrant, trust_roots: Iterable[bytes], at: datetime, *, revocation_lists: Iterable[bytes] = ()
) -> Grant:
    """Return the grant, after seeing that the seal authority signed it; whether it covers a use is asked after.

    Args:
        signed: as it was handed in; may come from anybody.
        trust_roots: the authority's roots, in DER.
        at: when its certificate has to be good: the time of use; aware.
        revocation_lists: in DER; a certificate that they name is not believed.

    Raises:
        MalformedGrantError: it cannot be read, or contradicts itself.
        UntrustedGrantError: the signature or its certificate is not good.
    """
    leaf = _signing_certificate(signed, tuple(trust_roots), at, tuple(revocation_lists))
    try:
        _verify_signature(leaf, signed)
    except InvalidSignature as problem:
        raise UntrustedGrantError("the signature is not of the grant") from problem
    return Grant.from_json(signed.grant_json)


def _signing_certificate(
    signed: SignedGrant, roots: tuple[bytes, ...], at: datetime, lists: tuple[bytes, ...]
) -> x509.Certificate:
    if not signed.certificates:
        raise UntrustedGrantError("the grant comes without a certificate")
    first, *above = signed.certificates
    path = find_path(first, above, roots, at, purpose=GRANTING)
    if path.problem is not None:
        raise UntrustedGrantError(f"the grant's certificate does not lead to a trusted root: {path.problem}")
    if tuple(each.public_bytes(Encoding.DER) for each in path.certificates[:-1]) != signed.certificates:
        raise UntrustedGrantError("the grant comes with other certificates than those that lead to the root")
    _require_for_grants(path.certificates[0])
    revocation = check_revocation(path.certificates, lists, at)
    if revocation.status in (RevocationStatus.REVOKED, RevocationStatus.COMPROMISED_LATER):
        raise UntrustedGrantError(f"the grant's certificate was revoked: {revocation.evidence}")
    return path.certificates[0]


def _verify_signature(certificate: x509.Certificate, signed: SignedGrant) -> None:
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signed.signature, signed.grant_json, ec.ECDSA(hashes.SHA256()))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(signed.signature, signed.grant_json, padding.PKCS1v15(), hashes.SHA256())
    else:
        raise UntrustedGrantError("the grant is signed by a kind of key that is not used here")


def _require_for_grants(certificate: x509.Certificate) -> None:
    found = violations(certificate, GRANT_SIGNING)
    if found:
        raise UntrustedGrantError(f"the certificate is not one for signing grants: {'; '.join(found)}")


def _typed(record: dict[str, Any]) -> dict[str, Any]:
    return {
        **record,
        "proof_types": tuple(record["proof_types"]),
        "not_before": datetime.fromisoformat(record["not_before"]),
        "not_after": datetime.fromisoformat(record["not_after"]),
    }


def _sound_json(grant: Grant) -> bytes:
    """Return the canonical JSON of a grant that is the same when read back."""
    try:
        data = grant.to_json()
        same = Grant.from_json(data) == grant
    except (TypeError, ValueError, AttributeError, OverflowError) as problem:
        raise MalformedGrantError("the grant cannot be written") from problem
    if not same:
        raise MalformedGrantError("the grant's times are not aware, or finer than a millisecond")
    return data


def _require_sound(grant: Grant) -> None:
    names = (grant.id, grant.seal_id, grant.unit_code, *grant.proof_types)
    if not all(isinstance(name, str) and 0 < len(name) <= _NAME_LIMIT for name in names):
        raise MalformedGrantError("a name in the grant is missing or too long")
    if not isinstance(grant.proposed_by, str) or len(grant.proposed_by) > _NAME_LIMIT:
        raise MalformedGrantError("who proposed the grant is no name, or too long a one")
    if list(grant.proof_types) != sorted(set(grant.proof_types)) or len(grant.proof_types) > _MOST_TYPES:
        raise MalformedGrantError("the proof types are not sorted, or one is named twice, or they are too many")
    if grant.not_before > grant.not_after:
        raise MalformedGrantError("the grant ends before it begins")
    limit = grant.daily_limit
    if limit is not None and (type(limit) is not int or limit < 1):
        raise MalformedGrantError("the daily limit is no number above zero")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Read base64url without padding; raises ValueError."""
    if not text.isascii() or "=" in text:
        raise binascii.Error("not base64url without padding")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
