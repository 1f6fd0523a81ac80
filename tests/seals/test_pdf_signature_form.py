"""A seal's CMS has one form: what nobody signs may not be written otherwise, nor be there at all."""

from __future__ import annotations

from io import BytesIO

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from seals.pdf_signature_form import in_one_case, signature_form_problem, token_form_problem
from tests.vectors.authority import make_city
from tests.vectors.clocks import Clock
from tests.vectors.make_vectors import FOLDER


def problem_of(name: str) -> str | None:
    (embedded, *_) = PdfFileReader(BytesIO((FOLDER / f"{name}.pdf").read_bytes())).embedded_signatures
    return signature_form_problem(embedded.pkcs7_content, embedded.signed_data)


@pytest.mark.parametrize("name", ["good_information_sharing", "good_small", "good_stamped_inside", "good_long_term"])
def test_a_seal_has_the_form(name: str) -> None:
    assert problem_of(name) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("cms_of_indefinite_length", "not written in DER"),
        ("cms_of_a_long_length", "not written in DER"),
        ("cms_with_garbage_unsigned", "carries more"),
        ("cms_with_a_strangers_certificate", "carries more"),
        ("cms_with_a_strangers_root", "carries more"),
        ("cms_with_something_among_its_lists", "carries more"),
        ("cms_with_the_issuer_in_another_case", "does not name its certificate"),
        ("cms_signed_over_sha1", "not signed by the digest"),
    ],
)
def test_another_form_is_said(name: str, why: str) -> None:
    assert why in (problem_of(name) or "")


@pytest.mark.parametrize(("digits", "one"), [(b"<0aff>", True), (b"<0AFF>", True), (b"<12>", True), (b"<aF>", False)])
def test_hexadecimal_is_in_small_letters_or_in_capitals(digits: bytes, one: bool) -> None:
    assert in_one_case(digits) is one


def test_a_token_has_a_form_of_its_own() -> None:
    token = Clock(make_city().clock).token(bytes(32))
    assert token_form_problem(token + bytes(20)) is None
    assert token_form_problem(b"\x30\x80" + token[4:] + b"\x00\x00") == "it is not written in DER, field by field"
