"""A receiver takes what the hub signed, and nothing that was changed, made up, or is not of now."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from hub.client.webhooks import WebhookRefusedError, verify_webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
AT = datetime.fromtimestamp(1614265330, UTC)
HEADERS = {
    "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "Webhook-Timestamp": "1614265330",
    "Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_message_of_the_hub_is_taken_within_five_minutes(seconds: int) -> None:
    at = AT + timedelta(seconds=seconds)
    assert verify_webhook(SECRET, HEADERS, BODY, at) == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_one_good_signature_among_several_is_enough() -> None:
    several = f"v1a,AAAA v1,AAAA {HEADERS['Webhook-Signature']}"
    assert verify_webhook(SECRET, HEADERS | {"Webhook-Signature": several}, BODY, AT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Webhook-Id", "msg_other"),
        ("Webhook-Timestamp", "1614265331"),
        ("Webhook-Timestamp", "-1614265330"),
        ("Webhook-Timestamp", "soon"),
        ("Webhook-Timestamp", "1" * 400),
        ("Webhook-Timestamp", "١٦١٤٢٦٥٣٣٠"),
        ("Webhook-Signature", ""),
        ("Webhook-Signature", "v1,"),
        ("Webhook-Signature", "v1,章"),
        ("Webhook-Signature", "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ("Webhook-Signature", "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ],
)
def test_a_message_with_a_changed_header_is_refused(name: str, value: str) -> None:
    with pytest.raises(WebhookRefusedError):
        verify_webhook(SECRET, HEADERS | {name: value}, BODY, AT)


@pytest.mark.parametrize("name", HEADERS)
def test_a_message_without_a_header_is_refused(name: str) -> None:
    with pytest.raises(WebhookRefusedError, match=name.lower()):
        verify_webhook(SECRET, {key: value for key, value in HEADERS.items() if key != name}, BODY, AT)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_message_that_is_not_of_now_is_refused(seconds: int) -> None:
    with pytest.raises(WebhookRefusedError, match="not of now"):
        verify_webhook(SECRET, HEADERS, BODY, AT + timedelta(seconds=seconds))


@pytest.mark.parametrize("size", [0, 1, 23, 65])
def test_a_secret_that_is_empty_too_short_or_too_long_is_none(size: int) -> None:
    key = b"k" * size
    signed = b"msg_1.1614265330." + BODY
    mac = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    headers = HEADERS | {"Webhook-Id": "msg_1", "Webhook-Signature": f"v1,{mac}"}
    for prefix in ("", "whsec_"):
        with pytest.raises(ValueError, match="no webhook secret"):
            verify_webhook(prefix + base64.b64encode(key).decode(), headers, BODY, AT)


def test_another_body_or_secret_is_refused() -> None:
    other = "whsec_" + "A" * 32
    for secret, body in ((SECRET, BODY + b" "), (other, BODY)):
        with pytest.raises(WebhookRefusedError, match="signature"):
            verify_webhook(secret, HEADERS, body, AT)
    with pytest.raises(ValueError, match="no webhook secret"):
        verify_webhook("whsec_???", HEADERS, BODY, AT)
