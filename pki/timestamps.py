"""A time-stamp authority (RFC 3161, ETSI EN 319 422): requests in, tokens out.

A token says that a digest existed at a time, signed by a key that does nothing else. Reading and judging tokens is in
`pki.timestamp_tokens`.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import ClassVar, Protocol

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from pki.der import OCTET_STRING, SEQUENCE, SET, TAGGED_0, element
from pki.errors import MalformedTimeStampError
from pki.keystore import SealingKey
from pki.profiles import POLICY_TIME_STAMPING, TIME_STAMPING, require_profile
from pki.signing import SIGNATURE_NAMES, sign_content
from pki.timestamp_tokens import IMPRINT_BYTES, UNREADABLE

LONGEST_REQUEST = 4096
"""Longest request that is read, in bytes."""
_NONCE_BITS = 256


_VERSION_1, _VERSION_3 = b"\x02\x01\x01", b"\x02\x01\x03"
_SHA_256 = algos.DigestAlgorithm({"algorithm": "sha256"}).dump()
_TST_INFO, _SIGNED_DATA = cms.ContentType("tst_info").dump(), cms.ContentType("signed_data").dump()
_MESSAGE_DIGEST = cms.CMSAttributeType("message_digest").dump()
_GRANTED = tsp.PKIStatusInfo({"status": "granted"}).dump()


class TimeStamper(Protocol):
    """Gets time stamps, wherever the authority is."""

    async def stamp(self, digest: bytes) -> bytes:
        """Return a time-stamp token, DER, for a SHA-256 digest.

        Raises:
            TimeStampUnavailableError: none can be had at the moment.
        """


class _Response(core.Sequence):  # type: ignore[misc]  # asn1crypto ships no types
    """TimeStampResp (RFC 3161, 2.4.2): with a token only when it was granted, which asn1crypto takes for mandatory."""

    _fields: ClassVar = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


class _RefusalError(Exception):
    """Why a request is rejected, as RFC 3161, 2.4.2 names it."""

    def __init__(self, failure: str, sentence: str) -> None:
        super().__init__(sentence)
        self.failure = failure


class TimeStampAuthority:
    """Answers requests with one key."""

    def __init__(self, key: SealingKey, *, policy: str = POLICY_TIME_STAMPING, accuracy_seconds: int = 1) -> None:
        """Take the key and its certificate.

        Args:
            key: of the profile TIME_STAMPING.
            policy: under which stamps are made, dotted.
            accuracy_seconds: how far the clock may be off (EN 319 421, 7.7.1: one second).

        Raises:
            ProfileViolationError: the certificate is not one of a time-stamping unit.
        """
        require_profile(key.certificate, TIME_STAMPING)
        travelling = sorted(found.public_bytes(Encoding.DER) for found in (key.certificate, *key.chain))
        self._key, self._policy, self._accuracy = key, policy, accuracy_seconds
        self._certificates = element(TAGGED_0, *travelling)
        self._signer_start = _VERSION_1 + _identity(key.certificate) + _SHA_256
        self._signature_algorithm = algos.SignedDigestAlgorithm({"algorithm": SIGNATURE_NAMES[key.algorithm]}).dump()
        self._fixed_attributes = _fixed_attributes(key.certificate)

    def answer(self, request_der: bytes, now: datetime, serial: int) -> bytes:
        """Answer a request, whatever it holds.

        Args:
            request_der: TimeStampReq in DER, from anybody.
            now: the time; aware. Stamps tell it to the second.
            serial: number of the stamp; never given twice (RFC 3161, 2.4.2).

        Returns:
            TimeStampResp in DER: granted with a token, or rejected with the reason.

        Raises:
            KeyStoreError: the key cannot sign.
        """
        certificate = self._key.certificate
        try:
            if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
                raise _RefusalError("system_failure", "the certificate of this authority is out of its period")
            request = _read(request_der)
            self._require_acceptable(request)
        except _RefusalError as refusal:
            return _rejection(refusal)
        return element(SEQUENCE, _GRANTED, self._token(request, now, serial))

    def stamp(self, digest: bytes, now: datetime, serial: int) -> bytes:
        """Return a token, DER, for a SHA-256 digest, with the certificates in it; raises KeyStoreError."""
        request = tsp.TimeStampReq({"version": "v1", "message_imprint": _imprint(digest), "cert_req": True})
        return self._token(request, now, serial)

    def _require_acceptable(self, request: tsp.TimeStampReq) -> None:
        imprint = request["message_imprint"]
        algorithm = imprint["hash_algorithm"]["algorithm"].native
        if algorithm not in IMPRINT_BYTES:
            raise _RefusalError("bad_alg", "digests are SHA-256, SHA-384 or SHA-512")
        if len(imprint["hashed_message"].native) != IMPRINT_BYTES[algorithm]:
            raise _RefusalError("bad_data_format", f"a digest of {algorithm} has {IMPRINT_BYTES[algorithm]} bytes")
        policy = request["req_policy"].native
        if policy is not None and policy != self._policy:
            raise _RefusalError("unaccepted_policy", f"stamps are made under the policy {self._policy}")

    def _token(self, request: tsp.TimeStampReq, now: datetime, serial: int) -> bytes:
        """Return the token: ContentInfo of SignedData (RFC 5652, 3 and 5.1), which encloses what it says."""
        content = self._content(request, now, serial)
        digest = element(
            SEQUENCE, _MESSAGE_DIGEST, element(SET, element(OCTET_STRING, hashlib.sha256(content).digest()))
        )
        attributes = b"".join(sorted((*self._fixed_attributes, digest)))
        signature = sign_content(element(SET, attributes), self._key)
        signer = element(
            SEQUENCE,
            self._signer_start,
            element(TAGGED_0, attributes),
            self._signature_algorithm,
            element(OCTET_STRING, signature),
        )
        enclosed = element(SEQUENCE, _TST_INFO, element(TAGGED_0, element(OCTET_STRING, content)))
        certificates = self._certificates if request["cert_req"].native else b""
        signed = element(SEQUENCE, _VERSION_3, element(SET, _SHA_256), enclosed, certificates, element(SET, signer))
        return element(SEQUENCE, _SIGNED_DATA, element(TAGGED_0, signed))

    def _content(self, request: tsp.TimeStampReq, now: datetime, serial: int) -> bytes:
        values = {
            "version": "v1",
            "policy": self._policy,
            "message_imprint": request["message_imprint"],
            "serial_number": serial,
            "gen_time": now.astimezone(UTC).replace(microsecond=0),
            "accuracy": {"seconds": self._accuracy},
        }
        if request["nonce"].native is not None:
            values["nonce"] = request["nonce"].native
        return bytes(tsp.TSTInfo(values).dump())


def time_stamp_request(digest: bytes, nonce: int) -> bytes:
    """Return a TimeStampReq in DER for a SHA-256 digest, asking for the certificates."""
    values = {"version": "v1", "message_imprint": _imprint(digest), "nonce": nonce, "cert_req": True}
    return bytes(tsp.TimeStampReq(values).dump())


def granted_token(response_der: bytes, nonce: int) -> bytes:
    """Return the token, DER, of an answer to `time_stamp_request`; what it is worth `timestamp_tokens` judges.

    Raises:
        MalformedTimeStampError: it is no answer, one of another request, or a rejection; the text says which.
    """
    try:
        response = _Response.load(response_der, strict=True)
        status = response["status"]["status"].native
        if status not in ("granted", "granted_with_mods"):
            failure = response["status"]["fail_info"].native or set()
            raise MalformedTimeStampError(f"the time-stamp authority answered {status} {', '.join(sorted(failure))}")
        content = response["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
        if content["nonce"].native != nonce:
            raise MalformedTimeStampError("the time-stamp authority answered another request")
        return bytes(response["time_stamp_token"].dump())
    except UNREADABLE as problem:
        raise MalformedTimeStampError("the time-stamp authority did not answer as RFC 3161 says") from problem


def _identity(certificate: x509.Certificate) -> bytes:
    loaded = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    name = {"issuer": loaded.issuer, "serial_number": loaded.serial_number}
    return bytes(cms.IssuerAndSerialNumber(name).dump())


def _fixed_attributes(certificate: x509.Certificate) -> tuple[bytes, ...]:
    """The signed attributes that are the same each time: kind of content, and which certificate signs (RFC 5816)."""
    named = tsp.SigningCertificateV2({"certs": [{"cert_hash": certificate.fingerprint(hashes.SHA256())}]})
    kinds = (("content_type", _TST_INFO), ("signing_certificate_v2", named.dump()))
    return tuple(element(SEQUENCE, cms.CMSAttributeType(kind).dump(), element(SET, value)) for kind, value in kinds)


def _imprint(digest: bytes) -> tsp.MessageImprint:
    return tsp.MessageImprint({"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest})


def _read(request_der: bytes) -> tsp.TimeStampReq:
    if len(request_der) > LONGEST_REQUEST:
        raise _RefusalError("bad_request", f"a request has at most {LONGEST_REQUEST} bytes")
    try:
        request = tsp.TimeStampReq.load(request_der, strict=True)
        version, nonce, extensions = (request[name].native for name in ("version", "nonce", "extensions"))
        for name in ("message_imprint", "req_policy", "cert_req"):
            _ = request[name].native  # decodes what is decoded late
    except UNREADABLE as problem:
        raise _RefusalError("bad_data_format", "this is no time-stamp request") from problem
    if version != "v1" or (nonce is not None and nonce.bit_length() > _NONCE_BITS):
        raise _RefusalError("bad_request", "requests are of version 1, with a nonce of at most 256 bits")
    if extensions:
        raise _RefusalError("unaccepted_extensions", "no extension is known here")
    return request


def _rejection(refusal: _RefusalError) -> bytes:
    status = tsp.PKIStatusInfo({"status": "rejection", "status_string": [str(refusal)], "fail_info": {refusal.failure}})
    return bytes(_Response({"status": status}).dump())
