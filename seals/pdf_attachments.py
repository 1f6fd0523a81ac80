"""Files attached to a PDF (ISO 32000-2, 7.11.4), read from the name tree with bounds on depth, number and size."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from seals.errors import UnreadableDocumentError
from seals.hostile_input import DocumentLimits

_TREE_DEPTH = 8


@dataclass(frozen=True, slots=True)
class AttachmentFinding:
    """One attached file."""

    name: str
    data: bytes
    sha256: str
    """Lower-case hexadecimal."""


def read_attachments(reader: PdfFileReader, limits: DocumentLimits) -> tuple[AttachmentFinding, ...]:
    """Read the attachments in the order of the name tree.

    Raises:
        UnreadableDocumentError: there are too many, too deep or too large; a broken file raises pyHanko's errors.
    """
    found: list[AttachmentFinding] = []
    for name, specification in _leaves(_tree(reader), _TREE_DEPTH):
        if len(found) == limits.attachments:
            raise UnreadableDocumentError("the file has more attachments than are read")
        found.append(_attachment(name, specification, limits))
    return tuple(found)


def _entry(dictionary: Mapping[str, Any], key: str) -> Any:
    """Return an entry with its reference followed, which `get` would not do; None if there is none."""
    try:
        return dictionary[key]
    except KeyError:
        return None


def _tree(reader: PdfFileReader) -> Mapping[str, Any]:
    names = _entry(reader.root, "/Names")
    return {} if names is None else _entry(names, "/EmbeddedFiles") or {}


def _leaves(node: Mapping[str, Any], depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and file specification of each leaf; a tree that is too deep or turns in a circle ends here."""
    if depth == 0:
        raise UnreadableDocumentError("the tree of attachments is too deep")
    names = _entry(node, "/Names") or []
    for position in range(0, len(names) - 1, 2):
        yield str(names[position]), names[position + 1]
    kids = _entry(node, "/Kids") or []
    for position in range(len(kids)):
        yield from _leaves(kids[position], depth - 1)


def _attachment(name: str, specification: Mapping[str, Any], limits: DocumentLimits) -> AttachmentFinding:
    stream = specification["/EF"]["/F"]
    if not isinstance(stream, generic.StreamObject):
        raise UnreadableDocumentError("an attachment is not a stream")
    data = bytes(stream.data)
    if len(data) > limits.attachment_bytes:
        raise UnreadableDocumentError("an attachment is larger than is read")
    return AttachmentFinding(name, data, hashlib.sha256(data).hexdigest())
