"""Settings of the document store: a folder, or a bucket of an S3-compatible store."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, model_validator

THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
"""Hosts that may be reached without TLS."""


class DocumentKind(StrEnum):
    """Where documents are kept."""

    FOLDER = "folder"
    S3 = "s3"


class DocumentSettings(BaseModel, extra="forbid"):
    """Where sealed documents are kept."""

    kind: DocumentKind = Field(
        DocumentKind.FOLDER, description="`folder`, or `s3`: a bucket of an S3-compatible store."
    )
    folder: Path = Field(Path("var/documents"), description="Content-addressed folder of the sealed PDFs.")
    bucket: str = Field(
        "",
        description="Bucket, which exists already; required with `s3`.",
        pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$",
    )
    endpoint: str = Field(
        "",
        description="Address of the store without the bucket, `https://…`; `http` on this machine alone. Empty: that "
        "of AWS in the region.",
    )
    region: str = Field("us-east-1", description="Region that requests are signed for.", min_length=1)
    prefix: str = Field(
        "",
        description="What the keys in the bucket begin with, such as `proofhub`.",
        pattern=r"^([A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*)?$",
    )
    access_key: SecretStr = Field(
        SecretStr(""),
        description="Access key; empty: found as the AWS tools find it (`AWS_…`, web identity, the machine's role).",
    )
    secret_key: SecretStr = Field(SecretStr(""), description="Its secret; both or neither.")
    ca_file: Path | None = Field(None, description="PEM of authorities that vouch for the store, beside the system's.")
    virtual_hosted: bool = Field(
        False, description="Whether the bucket is the first label of the host instead of the first part of the path."
    )
    create_only: bool = Field(
        True, description="Whether a key is written only where there is none; `false` for a store that refuses that."
    )
    seconds: float = Field(
        10.0, description="How long keeping or fetching a document may take, all attempts together.", gt=0, le=60
    )

    @model_validator(mode="after")
    def _check(self) -> DocumentSettings:
        """Refuse half a store, and a way to it without TLS that leaves this machine."""
        if self.kind is DocumentKind.FOLDER:
            strange = [name for name in ("bucket", "endpoint", "prefix", "ca_file") if getattr(self, name)]
            strange += [name for name in ("access_key", "secret_key") if getattr(self, name).get_secret_value()]
            if strange:
                raise ValueError(f"{', '.join(strange).upper()} belongs to KIND=s3")
        elif not self.bucket:
            raise ValueError("KIND=s3 needs BUCKET")
        if bool(self.access_key.get_secret_value()) != bool(self.secret_key.get_secret_value()):
            raise ValueError("ACCESS_KEY and SECRET_KEY belong together: both, or neither")
        if self.endpoint:
            _check_endpoint(self.endpoint)
        return self


def _check_endpoint(endpoint: str) -> None:
    """Refuse what is no address of a store. The address is not repeated: it may hold a password."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("ENDPOINT must be an address such as https://s3.example")
    if "@" in parts.netloc:
        raise ValueError("ENDPOINT takes no password: set ACCESS_KEY and SECRET_KEY")
    if parts.scheme == "http" and parts.hostname not in THIS_MACHINE:
        raise ValueError("ENDPOINT without TLS is for this machine alone: https://…")
