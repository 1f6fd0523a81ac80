"""Documents in an S3-compatible store: the folder's keys, each written once and read against its digest.

Whatever the store does, an answer or a refusal comes within a bound of time and of bytes. What it said is in the log by
the name of the failure alone: its own words may repeat what was signed.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
import structlog
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from hub.documents import checked, key_of, unavailable

if TYPE_CHECKING:
    from obstore import PutMode
    from obstore.store import ClientConfig, RetryConfig, S3Config, S3Credential, S3CredentialProvider

LOG = structlog.get_logger("proofhub.documents")

MOST_BYTES = 64 << 20
"""Largest document, in bytes: far above any proof, and what one call may hold in memory."""
_CONNECT = timedelta(seconds=2)
_RETRIES = 3
_PAUSE_SECONDS = 0.2
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Place:
    """Where the documents are, and who may write them."""

    bucket: str
    endpoint: str = ""
    """Address of the store, without the bucket; TLS unless it says ``http``. Empty: that of AWS in the region."""
    region: str = "us-east-1"
    prefix: str = ""
    """What the keys begin with, without a slash at its end; empty for none."""
    access_key: str = ""
    """Empty: who may is found as the AWS tools find it (variables, web identity, the machine's role)."""
    secret_key: str = field(default="", repr=False)
    ca_file: Path | None = None
    """Whom to trust beside the system's authorities."""
    virtual_hosted: bool = False
    """Whether the bucket is the first label of the host, instead of the first part of the path."""
    create_only: bool = True
    """Whether the store knows ``If-None-Match: *`` (RFC 9110, 13.1.2); without it the same bytes are written again."""
    seconds: float = 10.0
    """For how long one document is kept or fetched, all attempts together."""


class S3DocumentStore:
    """A bucket, content-addressed: ``prefix/ab/cdef….pdf``; carries out ``hub.documents.DocumentStore``."""

    def __init__(self, place: S3Place) -> None:
        """Take the place; nothing is asked of it yet.

        Raises:
            OSError, ValueError: the authorities' file or another value cannot be used.
        """
        self._place = place
        try:
            self._store = S3Store(
                place.bucket,
                prefix=place.prefix or None,
                config=_config(place),
                client_options=_client(place),
                retry_config=_retries(place),
                credential_provider=_credentials(place),
            )
        except BaseError as problem:
            raise ValueError(f"the document store cannot be used: {type(problem).__name__}") from None

    async def put(self, data: bytes) -> str:
        """See DocumentStore; one larger than MOST_BYTES is refused."""
        sha256 = hashlib.sha256(data).hexdigest()
        if len(data) > MOST_BYTES:
            raise unavailable("the document is too large to be kept")
        try:
            async with asyncio.timeout(self._place.seconds):
                await self._write(key_of(sha256), data)
        except (BaseError, OSError) as problem:
            _note("put", problem)
            raise unavailable("the document cannot be kept") from None
        return sha256

    async def get(self, sha256: str) -> bytes:
        """See DocumentStore; one larger than MOST_BYTES is not read."""
        try:
            async with asyncio.timeout(self._place.seconds):
                found = await obstore.get_async(self._store, key_of(sha256))
                data = bytes(await found.bytes_async()) if found.meta["size"] <= MOST_BYTES else b""
        except FileNotFoundError as problem:
            _note("get", problem)
            raise unavailable("the document is not in the store") from None
        except (BaseError, OSError) as problem:
            _note("get", problem)
            raise unavailable("the document store does not answer") from None
        return checked(data, sha256)

    async def _write(self, key: str, data: bytes) -> None:
        """Write until it is there. Who is refused has to look: what others write just now (409) may never be there."""
        mode: PutMode = "create" if self._place.create_only else "overwrite"
        while True:
            with contextlib.suppress(AlreadyExistsError):
                # In one piece: parts would be the store's to put together, and to clear away after a crash.
                await obstore.put_async(self._store, key, data, mode=mode, use_multipart=False)
                return
            with contextlib.suppress(FileNotFoundError):
                await obstore.head_async(self._store, key)
                return
            await asyncio.sleep(_PAUSE_SECONDS)


def _config(place: S3Place) -> S3Config:
    """Say what the environment could say otherwise: ``AWS_…`` there is for who may write, and for nothing else."""
    config: S3Config = {"region": place.region, "skip_signature": False}
    config["virtual_hosted_style_request"] = place.virtual_hosted
    if place.endpoint:
        config["endpoint"] = config["aws_endpoint_url_s3"] = bucket_address(place)
    return config


def bucket_address(place: S3Place) -> str:
    """Return the endpoint as the library wants it: with the bucket in the host where it belongs there."""
    endpoint = place.endpoint.rstrip("/")
    if not place.virtual_hosted:
        return endpoint
    parts = urlsplit(endpoint)
    return parts._replace(netloc=f"{place.bucket}.{parts.netloc}").geturl()


def _client(place: S3Place) -> ClientConfig:
    client: ClientConfig = {
        "allow_http": place.endpoint.startswith("http://"),
        "allow_invalid_certificates": False,
        "connect_timeout": _CONNECT,
        "timeout": timedelta(seconds=place.seconds),
        "user_agent": "proofhub",
    }
    if place.ca_file is not None:
        client["root_certificate"] = place.ca_file.read_bytes()
    return client


def _retries(place: S3Place) -> RetryConfig:
    return {
        "max_retries": _RETRIES,
        "retry_timeout": timedelta(seconds=place.seconds),
        "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1)},
    }


def _credentials(place: S3Place) -> S3CredentialProvider | None:
    """Give the keys of the settings apart: the library would mix them with a session of the environment."""
    if not place.access_key:
        return None
    credential: S3Credential = {
        "access_key_id": place.access_key,
        "secret_access_key": place.secret_key,
        "expires_at": None,
    }
    return lambda: credential


def _note(step: str, problem: Exception) -> None:
    said = _CODE.search(str(problem))
    LOG.warning("documents.failed", step=step, reason=type(problem).__name__, code=said[1] if said else None)
