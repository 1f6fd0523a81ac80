"""Something is added to each structure within a signature, its lengths made to fit: no more than was sealed is good.

A walk over all of them and not a choice: a reader that passes over what it does not know passes over it somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from asn1crypto import parser

from seals.verdict import VerdictOutcome
from seals.verification import verify_document
from tests.vectors.authority import JUDGED_AT
from tests.vectors.make_vectors import FOLDER, policy_of

ADDED = {"nothing": b"\x05\x00", "zeros": b"\x00\x00", "words": b"\x04\x10and of ownership"}
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


@pytest.mark.requirement("R14.1")
@pytest.mark.parametrize("added", ADDED)
@pytest.mark.parametrize("name", ["good_small", "good_stamped_inside", "good_long_term"])
def test_no_file_with_an_addition_in_a_signature_is_good(name: str, added: str) -> None:
    policy, tried = policy_of(FOLDER, "clean"), 0
    for tried, changed in enumerate(enlarged_files((FOLDER / f"{name}.pdf").read_bytes(), ADDED[added]), start=1):
        outcome = verify_document(changed, policy, at=JUDGED_AT).outcome
        assert outcome is not VerdictOutcome.GOOD, f"{name}: {added} added in structure {tried}"
    assert tried > 100
