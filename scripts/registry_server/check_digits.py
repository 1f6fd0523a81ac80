"""Check digits of identity numbers (GB 11643-1999) and of unified social credit codes (GB 32100-2015)."""

from __future__ import annotations

_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def identity_number(first_17: str) -> str:
    """Return the 18 characters: the 17 digits and their check character (ISO 7064, MOD 11-2)."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(first_17))
    return first_17 + "0123456789X"[(12 - total) % 11]


def organisation_code(first_8: str) -> str:
    """Return the 9 characters of an organisation code (GB 11714-1997): 8 digits and their check character."""
    total = sum(int(digit) * weight for digit, weight in zip(first_8, _ORGANISATION_WEIGHTS, strict=True))
    return first_8 + "0123456789X0"[11 - total % 11]


def credit_code(first_17: str) -> str:
    """Return the 18 characters: the 17 and their check character (MOD 31, weights are powers of 3)."""
    total = sum(_CREDIT_ALPHABET.index(sign) * pow(3, place, 31) for place, sign in enumerate(first_17))
    return first_17 + _CREDIT_ALPHABET[-total % 31]
