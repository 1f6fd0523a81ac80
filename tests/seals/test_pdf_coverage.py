"""A seal covers the file from its first byte to the end of a revision, but for its own string; nothing less counts."""

from __future__ import annotations

from io import BytesIO

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from seals.pdf_coverage import Coverage, LaterChanges, padding_is_clean, read_coverage
from tests.vectors.forger import write_range, written_range
from tests.vectors.make_vectors import FOLDER

GOOD = (FOLDER / "good_information_sharing.pdf").read_bytes()
START, HOLE, AFTER, TAIL = written_range(GOOD)


def embedded(data: bytes) -> EmbeddedPdfSignature:
    reader = PdfFileReader(BytesIO(data), strict=True)
    name, _, field = next(iter(enumerate_sig_fields(reader, filled_status=True)))
    return EmbeddedPdfSignature(reader, field, name)


def coverage_of(data: bytes) -> Coverage:
    return read_coverage(data, embedded(data))


def test_a_genuine_seal_covers_all_but_its_own_string() -> None:
    found = coverage_of(GOOD)
    assert (found.problem, found.byte_range) == (None, (START, HOLE, AFTER, TAIL))
    assert (found.covered_to, found.later_bytes, found.later_changes) == (len(GOOD), 0, LaterChanges.NONE)


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        ((1, HOLE - 1, AFTER, TAIL), "starts at 1"),
        ((0, AFTER, AFTER, TAIL), "in order"),
        ((0, HOLE, AFTER, TAIL + 1), "in order"),
        ((0, HOLE, HOLE - 1, TAIL), "in order"),
        ((0, -5, AFTER, TAIL), "two spans"),
        ((0, HOLE - 1, AFTER, TAIL), "one hexadecimal string"),
        ((0, HOLE + 1, AFTER, TAIL), "one hexadecimal string"),
        ((0, HOLE, AFTER - 1, TAIL), "one hexadecimal string"),
        ((0, HOLE, AFTER + 1, TAIL - 1), "one hexadecimal string"),
        ((0, HOLE, AFTER, TAIL - 8), "end of a revision|where a revision"),
    ],
)
def test_any_other_range_is_a_problem(numbers: tuple[int, int, int, int], why: str) -> None:
    data = write_range(GOOD, numbers)
    found = read_coverage(data, embedded(data))
    assert found.problem is not None
    assert any(part in found.problem for part in why.split("|")), found.problem
    assert (found.covered_to, found.later_changes) == (0, LaterChanges.OTHER)


def test_a_range_of_three_numbers_is_no_two_spans() -> None:
    begin = GOOD.index(b"[", GOOD.rindex(b"/ByteRange")) + 1
    end = GOOD.index(b"]", begin)
    data = GOOD[:begin] + b"0 1 2".ljust(end - begin) + GOOD[end:]
    assert coverage_of(data).problem == "the byte range is not two spans"


def test_another_string_in_the_hole_is_not_the_seals_own() -> None:
    other = GOOD[:HOLE] + b"<" + b"00" * ((AFTER - HOLE - 2) // 2) + b">" + GOOD[AFTER:]
    found = read_coverage(other, embedded(GOOD))
    assert found.problem == "what the byte range leaves out is not the signature's own string"


@pytest.mark.parametrize(("after", "clean"), [(b"", True), (b"\x00" * 50, True), (b"\x00\x01\x00", False)])
def test_only_zeros_may_follow_the_signature_in_its_string(after: bytes, clean: bool) -> None:
    assert padding_is_clean(b"\x30\x03\x02\x01\x05" + after) is clean
