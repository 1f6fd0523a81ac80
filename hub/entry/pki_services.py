"""The online services of the embedded default: time stamps and OCSP, with the keys of the development authority.

A city that has services of its own leaves these keys out: then there is nobody to answer, and the pages say so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from hub.clock import Clock, Ids
from pki.development import ISSUED_FILE, ISSUING_FILE, ISSUING_LIST_FILE, OCSP_LABEL, TSA_LABEL
from pki.errors import KeyStoreError
from pki.keystore import KeyStore
from pki.ocsp import OcspResponder
from pki.revocation import Revocation
from pki.serial_books import ListedSerials, read_serials
from pki.timestamps import TimeStampAuthority

Answer = Callable[[bytes], Awaitable[bytes]]
"""Takes a request in DER, gives the answer in DER, whatever the request holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PkiServices:
    """What answers for the authority: the signer has the keys."""

    folder: Path
    """Where its certificates and lists are published."""
    time_stamp: Answer
    """RFC 3161; raises SealsError or PkiError where nobody answers."""
    ocsp: Answer
    """RFC 6960; likewise."""


def open_online_services(keys: KeyStore, folder: Path, clock: Clock, ids: Ids) -> dict[str, Callable[[bytes], bytes]]:
    """Open the services whose keys are in the store, by the signer's operation; called in the process that has them.

    Raises:
        KeyStoreError, ProfileViolationError: a key or its certificate cannot be used.
    """
    labels, services = keys.labels(), dict[str, Callable[[bytes], bytes]]()
    if TSA_LABEL in labels:
        stamps = TimeStampAuthority(keys.open(TSA_LABEL))
        services["time_stamp"] = lambda request: stamps.answer(request, clock.now(), ids.serial_number())
    if OCSP_LABEL in labels and (folder / ISSUING_FILE).exists():
        responder = _responder(keys, folder)
        services["ocsp"] = lambda request: responder.answer(request, clock.now())
    return services


def _responder(keys: KeyStore, folder: Path) -> OcspResponder:
    issuing = x509.load_pem_x509_certificate((folder / ISSUING_FILE).read_bytes())
    return OcspResponder(issuing, keys.open(OCSP_LABEL), FolderBook(folder))


@dataclass(frozen=True, slots=True)
class FolderBook:
    """What the authority's folder says of its certificates at the moment; carries out `pki.serial_books.SerialBook`."""

    folder: Path

    def issued(self, serial: int) -> bool:
        """Whether the authority issued a certificate of that number."""
        return self._now().issued(serial)

    def revocation(self, serial: int) -> Revocation | None:
        """Since when and why it is revoked; None if it is not."""
        return self._now().revocation(serial)

    def _now(self) -> ListedSerials:
        try:
            listed = (self.folder / ISSUING_LIST_FILE).read_bytes()
            return ListedSerials.of(read_serials(self.folder / ISSUED_FILE), listed)
        except (OSError, ValueError) as problem:
            raise KeyStoreError("the revocation list of the issuing authority cannot be read") from problem
