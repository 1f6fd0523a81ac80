"""The document security store: certificates, revocation lists, OCSP answers in the file (ISO 32000-2, 12.8.4.3).

They come with the file and are believed no more than it is: each is judged by its own signature.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from seals.hostile_input import DocumentLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationData:
    """What helps to verify a file when nobody can be asked, each in DER."""

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsp_responses: tuple[bytes, ...] = ()

    @property
    def speaks_of_revocation(self) -> bool:
        """Whether there is anything to ask about revocation."""
        return bool(self.crls or self.ocsp_responses)


def read_validation_data(reader: PdfFileReader, limits: DocumentLimits) -> ValidationData:
    """Read the store of a file; raises whatever the file provokes, and ValueError beyond the limits."""
    if "/DSS" not in reader.root:
        return ValidationData()
    store = reader.root["/DSS"]
    if not isinstance(store, generic.DictionaryObject):
        raise ValueError("the security store is no dictionary")
    return ValidationData(
        certificates=_streams(store, "/Certs", limits),
        crls=_streams(store, "/CRLs", limits),
        ocsp_responses=_streams(store, "/OCSPs", limits),
    )


def _streams(store: generic.DictionaryObject, name: str, limits: DocumentLimits) -> tuple[bytes, ...]:
    if name not in store:
        return ()
    items = store[name]
    if not isinstance(items, generic.ArrayObject):
        raise ValueError(f"{name} of the security store is no array")
    if len(items) > limits.validation_items:
        raise ValueError(f"{name} of the security store has {len(items)} entries")
    streams = (items[place] for place in range(len(items)))  # by its place, an entry is looked up where it refers to
    found = tuple(bytes(stream.data) for stream in streams if isinstance(stream, generic.StreamObject))
    if any(len(data) > limits.attachment_bytes for data in found):
        raise ValueError(f"{name} of the security store has an entry that is too large")
    return found
