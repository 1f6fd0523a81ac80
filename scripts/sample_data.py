"""The hand-set tables of the sample catalogue (``scripts/sample_tables/``), and choices made from a seed."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
Record = dict[str, str]

CITY = "330200"
_FOLDER = Path(__file__).with_name("sample_tables")
_DIGITS = "〇一二三四五六七八九"


@cache
def table(name: str) -> tuple[Record, ...]:
    """Return the rows of one hand-set table."""
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file, strict=True))


@dataclass(frozen=True, slots=True)
class Choices:
    """Choices that look free and are the same for the same seed on every machine."""

    seed: str

    def number(self, below: int, *key: object) -> int:
        """Return a number from 0 to below ``below`` for the key."""
        text = "\x1f".join((self.seed, *map(str, key)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % below

    def one(self, of: Sequence[T], *key: object) -> T:
        """Return one of the sequence for the key."""
        return of[self.number(len(of), *key)]

    def some(self, of: Sequence[T], count: int, *key: object) -> list[T]:
        """Return that many different ones of the sequence, in an order that depends on the key."""
        order = sorted(range(len(of)), key=lambda place: self.number(2**32, place, *key))
        return [of[place] for place in order[:count]]


def article(number: str) -> str:
    """Return how an article is written: 1049 -> 第一千零四十九条; nothing for nothing."""
    return f"第{_chinese(int(number))}条" if number else ""


def _chinese(number: int) -> str:
    """Return a number below 10,000 in Chinese numerals as statutes write them."""
    text, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit == 0:
            gap = bool(text)
            continue
        text += ("零" if gap else "") + _DIGITS[digit] + name
        gap = False
    return text[1:] if text.startswith("一十") else text
