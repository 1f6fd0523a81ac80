"""Messages after Standard Webhooks, with the specification's own example, and secrets that the store cannot read."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
import structlog
from cryptography.fernet import Fernet

from graph_models.casework import OutboxEvent
from graph_models.webhooks import Webhook
from hub.client.webhooks import verify_webhook
from hub.clock import SystemIds
from hub.cloud_events import CloudEvents
from hub.errors import UnavailableError
from hub.webhook_messages import WebhookMessages, WebhookSecrets, make_secret, message_id, shown, signature
from tests.contract.records import AT
from tests.contract.test_webhook_records import webhook

EXAMPLE_SECRET = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
EVENT = OutboxEvent(
    id="NB_GA-1.7", unit_code="NB_GA-1", sequence=7, type="catalogue.imported", subject="1", at=AT, payload_json="{}",
    published=False,
)  # fmt: skip


def messages(*keys: str) -> tuple[WebhookMessages, Webhook, list[bytes]]:
    """Messages of a webhook with a secret, and one before it."""
    box = WebhookSecrets(keys or (Fernet.generate_key().decode(),))
    made = [make_secret(SystemIds()), make_secret(SystemIds())]
    record = replace(webhook().webhook, secret=box.locked(made[0]), old_secret=box.locked(made[1]))
    return WebhookMessages(CloudEvents("https://hub.example"), box), record, made


def test_the_signature_is_that_of_the_reference_libraries() -> None:
    signed = signature([EXAMPLE_SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_holds_the_event_and_is_signed_for_its_receiver() -> None:
    maker, record, (secret, _) = messages()
    made = maker.message(EVENT, record, AT)
    assert orjson.loads(made.body)["id"] == "NB_GA-1.7"
    assert made.headers["Content-Type"] == "application/cloudevents+json"
    assert verify_webhook(shown(secret), made.headers, made.body, AT) == message_id(EVENT) == "msg_NB_GA-1_7"


def test_the_secret_before_a_rotation_signs_for_its_time_and_no_longer() -> None:
    maker, record, (secret, old) = messages()
    assert record.old_secret_until is not None
    late = record.old_secret_until
    for at, count in ((late - timedelta(seconds=1), 2), (late, 1)):
        made = maker.message(EVENT, record, at)
        assert len(made.headers["webhook-signature"].split(" ")) == count
        verify_webhook(shown(secret), made.headers, made.body, at)
    made = maker.message(EVENT, record, AT)
    verify_webhook(shown(old), made.headers, made.body, AT)


def test_where_the_key_of_the_old_secret_was_dropped_too_soon_the_new_one_signs_alone() -> None:
    dropped, kept = (Fernet.generate_key().decode() for _ in range(2))
    secret, old = make_secret(SystemIds()), make_secret(SystemIds())
    locked, before = WebhookSecrets((kept,)).locked(secret), WebhookSecrets((dropped,)).locked(old)
    record = replace(webhook().webhook, secret=locked, old_secret=before)
    maker = WebhookMessages(CloudEvents("https://hub.example"), WebhookSecrets((kept,)))
    with structlog.testing.capture_logs() as logs:
        made = maker.message(EVENT, record, AT)
    assert verify_webhook(shown(secret), made.headers, made.body, AT)
    assert len(made.headers["webhook-signature"].split(" ")) == 1
    assert [(line["event"], line["webhook"]) for line in logs] == [("webhook.old_secret_unreadable", record.id)]


def test_an_identifier_of_a_message_holds_no_full_stop() -> None:
    assert "." not in message_id(EVENT)


def test_a_secret_is_encrypted_and_read_with_each_key_of_the_settings() -> None:
    first, second = (Fernet.generate_key().decode() for _ in range(2))
    secret = make_secret(SystemIds())
    locked = WebhookSecrets((first,)).locked(secret)
    assert base64.b64encode(secret).decode() not in locked
    assert WebhookSecrets((second, first)).opened(locked) == secret
    for box in (WebhookSecrets((second,)), WebhookSecrets(())):
        with pytest.raises(UnavailableError):
            box.opened(locked)


def test_secrets_have_256_bits_and_differ() -> None:
    made = {make_secret(SystemIds()) for _ in range(100)}
    assert len(made) == 100
    assert {len(each) for each in made} == {32}
