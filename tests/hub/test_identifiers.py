"""Identity numbers, credit codes, region codes."""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InvalidInputError
from hub.identifiers import (
    check_credit_code,
    check_identity_number,
    check_region_code,
    credit_check_character,
    identity_check_digit,
)

TODAY = date(2026, 11, 24)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
BIRTHS = st.dates(date(1900, 1, 1), TODAY)


def is_identity_number(value: str) -> bool:
    try:
        check_identity_number(value, today=TODAY, field="identifier")
    except InvalidInputError:
        return False
    return True


def is_credit_code(value: str) -> bool:
    try:
        check_credit_code(value, field="identifier")
    except InvalidInputError:
        return False
    return True


@st.composite
def identity_numbers(draw: st.DrawFn) -> str:
    body = f"330203{draw(BIRTHS):%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return body + identity_check_digit(body)


@st.composite
def credit_codes(draw: st.DrawFn) -> str:
    body = "91330200" + draw(st.text(ALPHABET, min_size=9, max_size=9))
    return body + credit_check_character(body)


@given(identity_numbers())
def test_a_number_with_its_check_digit_is_good(number: str) -> None:
    assert is_identity_number(number)


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_examples_of_the_standard_are_good(number: str) -> None:
    assert is_identity_number(number)


@given(identity_numbers(), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_any_single_wrong_digit_is_caught(number: str, place: int, other: str) -> None:
    changed = number[:place] + other + number[place + 1 :]
    assert is_identity_number(changed) == (changed == number)


@given(identity_numbers(), st.integers(0, 16))
def test_two_neighbours_changed_about_are_caught(number: str, place: int) -> None:
    changed = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert is_identity_number(changed) == (changed == number)


@pytest.mark.parametrize("body", ["33020320270101001", "33020319900230001", "33020300010101001", "99020319900101001"])
def test_impossible_births_and_places_are_refused_although_the_check_digit_is_right(body: str) -> None:
    assert not is_identity_number(body + identity_check_digit(body))


@pytest.mark.parametrize(
    "number", ["", "11010519491231002x", "１1010519491231002X", "11010519491231002X\n", "1" * 10_000]
)
def test_what_has_not_the_form_is_no_identity_number(number: str) -> None:
    assert not is_identity_number(number)


@given(credit_codes())
def test_a_code_with_its_check_character_is_good(code: str) -> None:
    assert is_credit_code(code)


@given(credit_codes(), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_any_single_wrong_character_of_a_code_is_caught(code: str, place: int, other: str) -> None:
    changed = code[:place] + other + code[place + 1 :]
    assert is_credit_code(changed) == (changed == code)


@pytest.mark.parametrize(
    "code", ["", "9133020I000000000X", "91330200000000000x", "913302000000000", "91A3020000000000XX"]
)
def test_what_has_not_the_form_is_no_credit_code(code: str) -> None:
    assert not is_credit_code(code)


@pytest.mark.requirement("I4")
@given(st.one_of(identity_numbers(), credit_codes(), st.text(min_size=6)), st.sampled_from(["id", "code", "region"]))
def test_an_error_names_the_field_and_never_repeats_the_value(value: str, kind: str) -> None:
    checks = {"id": partial(check_identity_number, today=TODAY), "code": check_credit_code, "region": check_region_code}
    with pytest.raises(InvalidInputError) as refused:
        checks[kind](f"{value}?", field="applicant.identifier")
    error = refused.value
    assert error.field == "applicant.identifier"
    assert all(f"{value}?" not in text for text in (error.message, error.message_zh, error.mend))
