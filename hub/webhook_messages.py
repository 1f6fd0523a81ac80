"""What is posted to a webhook: a CloudEvents envelope, signed after Standard Webhooks 1.0 (HMAC-SHA256).

The secrets must be at hand to sign, so the store holds them encrypted (Fernet: AES-128-CBC and HMAC-SHA256), under a
key from the settings that is in no store.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from graph_models.casework import OutboxEvent
from graph_models.webhooks import Webhook
from hub.clock import Ids
from hub.cloud_events import CONTENT_TYPE, CloudEvents
from hub.errors import UnavailableError

LOG = structlog.get_logger("proofhub.webhooks")

_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it goes out."""

    headers: dict[str, str]
    body: bytes
    unit_code: str = ""
    """For whose webhook it is made."""


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """Encrypts and decrypts the secrets of webhooks."""

    keys: tuple[str, ...]
    """Fernet keys; the first one encrypts, all of them decrypt. Empty: no webhooks."""

    def locked(self, secret: bytes) -> str:
        """Return the secret encrypted. Raises UnavailableError where no key is set."""
        return self._box().encrypt(secret).decode()

    def opened(self, locked: str) -> bytes:
        """Return the secret. Raises UnavailableError where no key of the settings opens it."""
        try:
            return self._box().decrypt(locked)
        except InvalidToken as problem:
            raise _no_key("no key of the settings opens the webhook's secret") from problem

    def _box(self) -> MultiFernet:
        if not self.keys:
            raise _no_key("webhooks are not set up: the hub has no key for their secrets")
        return MultiFernet([Fernet(key) for key in self.keys])


def make_secret(ids: Ids) -> bytes:
    """Return a new secret of 256 bits from 300 random ones."""
    return hashlib.sha256(b"%d.%d" % (ids.serial_number(), ids.serial_number())).digest()


def shown(secret: bytes) -> str:
    """Return the secret as its receiver gets it."""
    return _PREFIX + base64.b64encode(secret).decode()


def message_id(event: OutboxEvent) -> str:
    """Return the identifier of the message, the same in each attempt; it holds no full stop, for the signature."""
    return f"msg_{event.unit_code}_{event.sequence}"


def signature(secrets: Sequence[bytes], identifier: str, timestamp: int, body: bytes) -> str:
    """Return one signature for each secret, as the header has them."""
    signed = f"{identifier}.{timestamp}.".encode() + body
    macs = (hmac.digest(secret, signed, hashlib.sha256) for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(mac).decode()}" for mac in macs)


@dataclass(frozen=True, slots=True)
class WebhookMessages:
    """Makes the messages of all webhooks."""

    events: CloudEvents
    secrets: WebhookSecrets

    def message(self, event: OutboxEvent, webhook: Webhook, now: datetime) -> Message:
        """Return the event as it is posted now (aware), signed with the webhook's secret, and the old one in its time.

        Raises:
            UnavailableError: the secret cannot be opened.
        """
        keys = [self.secrets.opened(webhook.secret), *self._old_keys(webhook, now)]
        identifier, timestamp, body = message_id(event), int(now.timestamp()), self.events.envelope(event)
        headers = {
            "Content-Type": CONTENT_TYPE,
            "webhook-id": identifier,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(keys, identifier, timestamp, body),
        }
        return Message(headers, body, event.unit_code)

    def _old_keys(self, webhook: Webhook, now: datetime) -> tuple[bytes, ...]:
        """Return the secret before a rotation in its time; none where its key was dropped too soon."""
        if webhook.old_secret is None or webhook.old_secret_until is None or now >= webhook.old_secret_until:
            return ()
        try:
            return (self.secrets.opened(webhook.old_secret),)
        except UnavailableError:
            LOG.warning("webhook.old_secret_unreadable", webhook=webhook.id)
            return ()


def _no_key(message: str) -> UnavailableError:
    return UnavailableError(
        message,
        message_zh="事件推送功能未配置密钥",
        mend="Have the operator set PROOFHUB_WEBHOOKS__KEYS: docs/webhooks.md.",
    )
