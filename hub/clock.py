"""Time and randomness: the only file that asks for either (so that tests and replays can decide both)."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

CITY_TIME = ZoneInfo("Asia/Shanghai")
"""Office hours, working days and what people read are in this zone; records are in UTC."""

_NUMBER_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present as an aware time in UTC, cut to the millisecond."""
        ...


class Ids(Protocol):
    """Makes identifiers and codes."""

    def identifier(self, prefix: str) -> str:
        """Return a new identifier that begins with the prefix and collides with none (80 random bits)."""
        ...

    def check_code(self) -> str:
        """Return an unguessable code of 128 bits for a proof's check page, URL-safe."""
        ...

    def serial_number(self) -> int:
        """Return 150 random bits for a certificate's serial number (RFC 5280, 4.1.2.2: at most 20 octets)."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present as an aware time in UTC, cut to the millisecond."""
        return to_millisecond(datetime.now(UTC))  # noqa: TID251  the one place


class SystemIds:
    """Identifiers from the operating system's randomness."""

    def identifier(self, prefix: str) -> str:
        """Return the prefix and sixteen characters without look-alikes (no 0, O, 1, I)."""
        return prefix + "".join(_NUMBER_ALPHABET[byte & 31] for byte in secrets.token_bytes(16))

    def check_code(self) -> str:
        """Return 128 random bits as 22 URL-safe characters."""
        return secrets.token_urlsafe(16)

    def serial_number(self) -> int:
        """Return 150 random bits, never zero in the highest."""
        return secrets.randbits(149) | 1 << 149


def today_in_city(clock: Clock) -> date:
    """Return today's date as the city's offices have it."""
    return clock.now().astimezone(CITY_TIME).date()


def to_millisecond(moment: datetime) -> datetime:
    """Cut an aware time to the millisecond: the stores keep whole milliseconds, and what is signed must equal it."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
