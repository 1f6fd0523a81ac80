"""What an authority knows of the certificates that it issued: which numbers there are, and which are revoked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography import x509

from pki.errors import KeyStoreError
from pki.revocation import Revocation


class SerialBook(Protocol):
    """What an authority knows of its certificates."""

    def issued(self, serial: int) -> bool:
        """Whether it issued a certificate of that number."""

    def revocation(self, serial: int) -> Revocation | None:
        """Since when and why it is revoked; None if it is not."""


@dataclass(frozen=True, slots=True)
class ListedSerials:
    """A book of numbers and revocations at hand; carries out `SerialBook`."""

    serials: frozenset[int]
    revocations: dict[int, Revocation] = field(default_factory=dict)

    @classmethod
    def of(cls, serials: Iterable[int], revocation_list: bytes) -> ListedSerials:
        """Make a book of numbers and a revocation list in DER; raises ValueError when it is none."""
        entries = x509.load_der_x509_crl(revocation_list)
        revoked = {entry.serial_number: _revocation(entry) for entry in entries}
        return cls(frozenset(serials) | revoked.keys(), revoked)

    def issued(self, serial: int) -> bool:
        """Whether the authority issued a certificate of that number."""
        return serial in self.serials

    def revocation(self, serial: int) -> Revocation | None:
        """Since when and why it is revoked; None if it is not."""
        return self.revocations.get(serial)


def read_serials(path: Path) -> frozenset[int]:
    """Read numbers in hexadecimal, one a line; none where there is no file.

    Raises:
        KeyStoreError: the file cannot be read.
    """
    try:
        return frozenset(int(line, 16) for line in path.read_text("ascii").split())
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    except (OSError, ValueError) as problem:
        raise KeyStoreError(f"the book of certificates {path} cannot be read") from problem


def written_serials(serials: Iterable[int]) -> bytes:
    """Return numbers as `read_serials` reads them."""
    return "".join(f"{serial:x}\n" for serial in sorted(serials)).encode("ascii")


def _revocation(entry: x509.RevokedCertificate) -> Revocation:
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        reason = x509.ReasonFlags.unspecified
    return Revocation(entry.serial_number, entry.revocation_date_utc, reason)
