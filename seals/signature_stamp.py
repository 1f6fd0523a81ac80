"""The time stamp inside a seal's signature: an unsigned attribute over the signature's value (RFC 3161, appendix A).

    stamped = SignatureStamp(ask).put(signature)

The attribute is written behind the signature's value, the last of all elements, and nothing is encoded anew: asn1crypto
can take a minute for such a structure once a part of it was changed. A seal is never held up by a stamp: when none can
be had, the signature stays as it is, and the document gets a time stamp of its own later (`long_term.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from asn1crypto import core, parser

from pki.der import SEQUENCE, SET, TAGGED_1, element
from pki.errors import PkiError
from pki.timestamp_tokens import read_token

SIGNATURE_TIME_STAMP_OID = "1.2.840.113549.1.9.16.2.14"
"""The unsigned attribute id-aa-timeStampToken."""
_AROUND = 64
"""More than the attribute and the longer heads around it take, in bytes."""
_STAMP_TYPE = core.ObjectIdentifier(SIGNATURE_TIME_STAMP_OID).dump()
_DEPTH_OF_SIGNER = 4
"""ContentInfo, its content, SignedData, SignerInfos, SignerInfo: each the last in the one before (RFC 5652, 5)."""


@dataclass(frozen=True, slots=True)
class SignatureStamp:
    """Puts time stamps into signatures."""

    ask: Callable[[bytes], bytes]
    """Gives a token, DER, for a SHA-256 digest, or raises PkiError."""
    longest: int = 8192
    """Longest token that there is room for, in bytes."""

    @property
    def room(self) -> int:
        """How much longer a signature gets at most, in bytes."""
        return self.longest + _AROUND

    def put(self, signature: bytes) -> bytes:
        """Return a signature (CMS ContentInfo, DER) with its time stamp, or as it was when there is none to be had."""
        value = _last_content(signature, _DEPTH_OF_SIGNER + 1)
        token = self._token(hashlib.sha256(value).digest())
        if token is None:
            return signature
        attribute = element(SEQUENCE, _STAMP_TYPE, element(SET, token))
        return _with_last(signature, _DEPTH_OF_SIGNER, element(TAGGED_1, attribute))

    def _token(self, digest: bytes) -> bytes | None:
        """Return a token that says what was asked; whether its authority is trusted is for whoever verifies."""
        try:
            token = self.ask(digest)
            said = read_token(token)
        except PkiError:
            return None
        usable = said.imprint == digest and said.problem is None and len(token) <= self.longest
        return token if usable else None


def _with_last(der: bytes, depth: int, addition: bytes) -> bytes:
    """Return an element with another one behind all that its last child's last child (and so on) holds."""
    content: bytes = parser.parse(der, strict=True)[4]
    if depth == 0:
        return element(der[:1], content, addition)
    last = _last_child(content)
    return element(der[:1], content[: len(content) - len(last)], _with_last(last, depth - 1, addition))


def _last_content(der: bytes, depth: int) -> bytes:
    """Return what an element's last child's last child (and so on) holds."""
    content: bytes = parser.parse(der, strict=True)[4]
    return content if depth == 0 else _last_content(_last_child(content), depth - 1)


def _last_child(content: bytes) -> bytes:
    rest = content
    while True:
        *_, header, value, trailer = parser.parse(rest)
        length = len(header) + len(value) + len(trailer)
        if length == len(rest):
            return rest
        rest = rest[length:]
