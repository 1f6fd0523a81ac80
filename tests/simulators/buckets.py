"""The bucket of the tests' S3 server: as the hub's settings name it, and as somebody sees it who goes past the hub."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from obstore.store import S3Store

from hub.s3_documents import S3Place
from scripts.service_s3 import ACCESS_KEY, BUCKET, SECRET_KEY

_PATIENT = 30.0
"""Seconds: the server of the tests shares its processor with them."""


def place_at(endpoint: str, **changes: Any) -> S3Place:
    """Return the bucket as the hub reaches it."""
    keys = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
    return replace(S3Place(bucket=BUCKET, endpoint=endpoint, seconds=_PATIENT, **keys), **changes)


def seen_from_outside(endpoint: str, prefix: str) -> S3Store:
    """Return the bucket as anybody with its keys reaches it."""
    return S3Store(
        BUCKET,
        prefix=prefix,
        config={"endpoint": endpoint, "access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY},
        client_options={"allow_http": True},
    )
