"""Whom to trust and how strictly to read: a value, so that it can be sent to the process that judges files."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from seals.hostile_input import DocumentLimits
from seals.kinds import SEAL_POLICIES, SealKind


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationPolicy:
    """Trust roots, what helps to reach them, and the limits. Certificates and lists are DER."""

    trust_roots: tuple[bytes, ...]
    seal_policies: tuple[tuple[SealKind, str], ...] = tuple(SEAL_POLICIES.items())
    """The certificate policy (RFC 5280, 4.2.1.4, dotted) by which a certificate is one of a seal of that kind."""
    intermediates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    """Certificate revocation lists at hand; without any, here or in the file, revocation is not asked about."""
    ocsp_responses: tuple[bytes, ...] = ()
    """OCSP responses at hand, asked as the lists are."""
    time_stamp_roots: tuple[bytes, ...] | None = None
    """Roots of time-stamp authorities; None for the same as those of seals."""
    limits: DocumentLimits = field(default_factory=DocumentLimits)

    def to_json(self) -> bytes:
        """Return the policy as JSON, DER in base64."""
        return orjson.dumps(
            {
                "trust_roots": [_text(der) for der in self.trust_roots],
                "seal_policies": [[kind.value, oid] for kind, oid in self.seal_policies],
                "intermediates": [_text(der) for der in self.intermediates],
                "crls": [_text(der) for der in self.crls],
                "ocsp_responses": [_text(der) for der in self.ocsp_responses],
                "time_stamp_roots": None
                if self.time_stamp_roots is None
                else [_text(der) for der in self.time_stamp_roots],
                "limits": asdict(self.limits),
            }
        )

    @classmethod
    def from_json(cls, data: bytes) -> VerificationPolicy:
        """Read back what `to_json` wrote; raises KeyError, TypeError or ValueError for anything else."""
        record: dict[str, Any] = orjson.loads(data)
        return cls(
            trust_roots=tuple(b64decode(text) for text in record["trust_roots"]),
            seal_policies=tuple((SealKind(kind), oid) for kind, oid in record["seal_policies"]),
            intermediates=tuple(b64decode(text) for text in record["intermediates"]),
            crls=tuple(b64decode(text) for text in record["crls"]),
            ocsp_responses=tuple(b64decode(text) for text in record["ocsp_responses"]),
            time_stamp_roots=None
            if record["time_stamp_roots"] is None
            else tuple(b64decode(text) for text in record["time_stamp_roots"]),
            limits=DocumentLimits(**record["limits"]),
        )


def _text(der: bytes) -> str:
    return b64encode(der).decode("ascii")
