"""Half a document store is refused with what to set, and no key is shown."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hub.entry.document_settings import DocumentKind, DocumentSettings
from hub.entry.settings import Settings

BUCKET = {"kind": "s3", "bucket": "proofs"}
KEYS = {"access_key": "an-access-key", "secret_key": "a-secret-key"}


def test_without_a_choice_documents_are_in_a_folder() -> None:
    assert DocumentSettings().kind is DocumentKind.FOLDER


@pytest.mark.parametrize(
    "given",
    [
        {},
        KEYS,
        {"endpoint": "https://s3.example", "prefix": "proofhub/2026", **KEYS},
        {"endpoint": "http://127.0.0.1:9000"},
        {"endpoint": "http://localhost:9000", "create_only": False},
        {"endpoint": "http://[::1]:9000/"},
    ],
    ids=str,
)
def test_a_bucket_is_taken_with_keys_or_without_by_tls_or_on_this_machine(given: dict[str, object]) -> None:
    assert DocumentSettings.model_validate(BUCKET | given).kind is DocumentKind.S3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "s3"}, "KIND=s3 needs BUCKET"),
        ({"bucket": "proofs", "prefix": "a"}, "BUCKET, PREFIX belongs to KIND=s3"),
        (KEYS, "ACCESS_KEY, SECRET_KEY belongs to KIND=s3"),
        (BUCKET | {"access_key": "an-access-key"}, "both, or neither"),
        (BUCKET | {"secret_key": "a-secret-key"}, "both, or neither"),
        (BUCKET | {"endpoint": "http://s3.example"}, "without TLS is for this machine alone"),
        (BUCKET | {"endpoint": "http://127.0.0.1.evil.example"}, "without TLS is for this machine alone"),
        (BUCKET | {"endpoint": "https://user:a-password@s3.example"}, "ENDPOINT takes no password"),
        (BUCKET | {"endpoint": "s3.example"}, "an address such as"),
        (BUCKET | {"endpoint": "ftp://s3.example"}, "an address such as"),
        (BUCKET | {"endpoint": "https://s3.example?x=1"}, "an address such as"),
    ],
    ids=str,
)
def test_half_a_store_is_refused_with_what_to_set(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        DocumentSettings.model_validate(given)


@pytest.mark.parametrize(
    "wrong",
    [{"bucket": "Proofs"}, {"bucket": "a/b"}, {"prefix": "/a"}, {"prefix": "a/../b"}, {"region": ""}, {"seconds": 0}],
    ids=str,
)
def test_values_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DocumentSettings.model_validate(BUCKET | wrong)


@pytest.mark.parametrize("name", ["SECRET_KEY", "ACCESS_KEY", "ENDPOINT"])
def test_a_refusal_does_not_repeat_what_was_given(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROOFHUB_DOCUMENTS__KIND", "s3")
    monkeypatch.setenv(f"PROOFHUB_DOCUMENTS__{name}", "https://u:not-to-be-shown@s3.example")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert "not-to-be-shown" not in str(refused.value)


def test_keys_are_not_shown_with_the_settings() -> None:
    settings = DocumentSettings.model_validate(BUCKET | KEYS)
    assert not any(key in f"{settings!r}{settings.model_dump_json()}" for key in KEYS.values())
