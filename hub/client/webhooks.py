"""For whoever receives webhooks: is this message from the hub, and of now? (Standard Webhooks 1.0, HMAC-SHA256.)

Take the body's bytes as they came, before anything reads them as JSON. Messages come at least once: keep the returned
identifier and drop what comes with it again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from hub.client.errors import ClientError

TOLERANCE_SECONDS = 300
"""How far the message's time may lie from ours, in either direction."""
_PREFIX = "whsec_"
_SECRET_BYTES = range(24, 65)
"""How long a secret is (Standard Webhooks 1.0)."""


class WebhookRefusedError(ClientError):
    """The message is not from the hub, was changed, or is not of now."""


def verify_webhook(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Return the message's identifier: the same event always has the same one.

    Args:
        secret: as the hub showed it, ``whsec_…``.
        headers: of the request; upper and lower case are one.
        body: of the request, untouched.
        now: the present time, aware.

    Raises:
        WebhookRefusedError: answer such a message with status 401 and do nothing else.
        ValueError: the secret is none, or has not 24 to 64 bytes.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        identifier, stamp, signatures = (given[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    except KeyError as problem:
        raise WebhookRefusedError(f"the message has no header {problem}") from None
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 20):
        raise WebhookRefusedError("the message's time is malformed")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
        raise WebhookRefusedError("the message is not of now")
    signed = f"{identifier}.{stamp}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256))
    if not any(hmac.compare_digest(expected, each.encode()) for each in signatures.split(" ")):
        raise WebhookRefusedError("the message's signature is not by this secret")
    return identifier


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as problem:
        raise ValueError("that is no webhook secret") from problem
    if len(key) not in _SECRET_BYTES:
        raise ValueError("that is no webhook secret: it has not 24 to 64 bytes")
    return key
