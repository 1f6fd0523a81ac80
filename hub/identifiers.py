"""Identity numbers, unified social credit codes and region codes: form and check digits.

No error repeats the value: it is personal data, or may be, and errors are shown and logged (I4).
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from graph_models.regions import is_region_code
from hub.errors import InvalidInputError

_IDENTITY_FORM: Final = re.compile(r"[0-9]{17}[0-9X]")
_CREDIT_FORM: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_IDENTITY_CHECKS: Final = "10X98765432"
_CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_PROVINCE: Final = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
"""GB/T 2260 provinces; 83 is used for residence permits of residents of Taiwan."""
_FIRST_BIRTH_YEAR: Final = 1800


def check_identity_number(value: str, *, today: date, field: str) -> None:
    """Return if the value can be a citizen's identity number (公民身份号码, GB 11643).

    Args:
        value: eighteen characters, the last one a digit or a capital X.
        today: date in the city; nobody is born later.
        field: name of the input field, for the error.

    Raises:
        InvalidInputError: its form, region, date of birth or check digit is wrong.
    """
    if not _IDENTITY_FORM.fullmatch(value):
        raise _identity_fault(field, "must be 17 digits and a digit or a capital X", "应为17位数字加1位数字或大写X")
    if not _PROVINCE.match(value):
        raise _identity_fault(field, "does not begin with a province's code", "地区码无效")
    if not _is_birth_date(value[6:14], today):
        raise _identity_fault(field, "holds no possible date of birth", "出生日期无效")
    if identity_check_digit(value[:17]) != value[17]:
        raise _identity_fault(field, "has a wrong check digit", "校验码错误")


def check_credit_code(value: str, *, field: str) -> None:
    """Return if the value can be a unified social credit code (统一社会信用代码, GB 32100).

    Raises:
        InvalidInputError: its form or check character is wrong.
    """
    if not _CREDIT_FORM.fullmatch(value):
        raise _credit_fault(
            field,
            "must be 18 digits and capital letters without I, O, S, V and Z, the third to eighth being digits",
            "应为18位数字或大写字母（不含I、O、S、V、Z），第3至8位为数字",
        )
    if credit_check_character(value[:17]) != value[17]:
        raise _credit_fault(field, "has a wrong check character", "校验码错误")


def check_region_code(value: str, *, field: str) -> None:
    """Return if the value has the form of a region code (行政区划代码, GB/T 2260, GB/T 10114).

    Raises:
        InvalidInputError: it has not.
    """
    if not is_region_code(value):
        raise InvalidInputError(
            f"{field} is not a region code of 6, 9 or 12 digits",
            message_zh=f"{field}：不是6、9或12位的行政区划代码",
            mend="Use a GB/T 2260 code such as 330203, or a township's of nine digits.",
            field=field,
        )


def identity_check_digit(body: str) -> str:
    """Return the check digit of the first 17 digits by ISO 7064 MOD 11-2: a digit or X."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body))
    return _IDENTITY_CHECKS[total % 11]


def credit_check_character(body: str) -> str:
    """Return the check character of the first 17 characters by GB 32100 (modulus 31, weights powers of 3)."""
    total = sum(_CREDIT_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(body))
    return _CREDIT_ALPHABET[-total % 31]


def _is_birth_date(digits: str, today: date) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return born.year >= _FIRST_BIRTH_YEAR and born <= today


def _identity_fault(field: str, message: str, message_zh: str) -> InvalidInputError:
    return InvalidInputError(
        f"{field}: the identity number {message}",
        message_zh=f"{field}：身份证号码{message_zh}",
        mend="Compare the number with the identity card (请与身份证核对) and send it again.",
        field=field,
    )


def _credit_fault(field: str, message: str, message_zh: str) -> InvalidInputError:
    return InvalidInputError(
        f"{field}: the unified social credit code {message}",
        message_zh=f"{field}：统一社会信用代码{message_zh}",
        mend="Compare the code with the business licence (请与营业执照核对) and send it again.",
        field=field,
    )
