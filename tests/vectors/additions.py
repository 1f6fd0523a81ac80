"""Files and structures with something added inside a signature, its lengths made to fit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asn1crypto import parser

SIGNATURE = re.compile(rb"/Contents ?<([0-9A-Fa-f]{1000,})>")
_CONSTRUCTED = 1


def enlarged(der: bytes, added: bytes) -> Iterator[bytes]:
    """Each structure in it with something behind its last element, one at a time."""
    tag_class, method, tag, _, content, _ = parser.parse(der)
    if method != _CONSTRUCTED:
        return
    begin = 0
    while begin < len(content):
        _, _, _, head, inner, tail = parser.parse(content[begin:], strict=False)
        end = begin + len(head) + len(inner) + len(tail)
        for child in enlarged(content[begin:end], added):
            yield parser.emit(tag_class, method, tag, content[:begin] + child + content[end:])
        begin = end
    yield parser.emit(tag_class, method, tag, content + added)


def enlarged_files(data: bytes, added: bytes) -> Iterator[bytes]:
    """The file with each of its signatures enlarged so; the zeros that fill its string up make room.

    A string that is as long as its signature has none, and what covers it would tell."""
    for found in SIGNATURE.finditer(data):
        written = bytes.fromhex(found[1].decode())
        _, _, _, header, content, _ = parser.parse(written, strict=False)
        for changed in enlarged(header + content, added):
            if len(changed) <= len(written):
                yield data[: found.start(1)] + _hex(changed, len(written)) + data[found.end(1) :]


def _hex(der: bytes, length: int) -> bytes:
    return der.ljust(length, b"\0").hex().encode()
