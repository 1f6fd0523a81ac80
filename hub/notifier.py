"""How people without a system are told that something is to be done: the interface, and the notifier that tells nobody.

A notice holds no personal data of a citizen: the item, the proof type, the time, and the link behind which the rest is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+",
    re.ASCII,
)
_ADDRESS_LIMIT = 254
"""Longest address (RFC 5321, 4.5.3.1.3, without the brackets), in characters."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told to one person."""

    address: str
    """Where to: one for which ``is_address`` holds."""
    subject: str
    """One line, Chinese first, English second."""
    text: str
    """Plain text, Chinese first, English second."""
    id: str
    """The same whenever the notice is told again, so that a receiver can drop repeats."""
    at: datetime
    """When it is told, aware."""


class NotToldError(Exception):
    """A notice was not delivered."""

    def __init__(
        self, reason: str, *, for_good: bool = False, server_down: bool = False, perhaps_taken: bool = False
    ) -> None:
        super().__init__(reason)
        self.for_good = for_good
        """Trying again is of no use: the address or the notice is refused."""
        self.server_down = server_down
        """Nobody could be told by this way now: there was no connection, or no TLS, or no signing in."""
        self.perhaps_taken = perhaps_taken
        """The answer was lost: it may have been delivered nevertheless."""


class Notifier(Protocol):
    """Delivers notices."""

    @property
    def tells(self) -> bool:
        """Whether anybody is told at all; where not, nothing is prepared."""
        ...

    @property
    def seconds(self) -> float:
        """How long telling one person may take."""
        ...

    async def tell(self, notice: Notice) -> None:
        """Deliver a notice; when this returns it is in other hands.

        Raises:
            NotToldError: it is not. The reason names no address.
        """
        ...


@dataclass(frozen=True, slots=True)
class NoNotifier:
    """Tells nobody and logs nothing: the default."""

    tells: bool = False
    seconds: float = 0.0

    async def tell(self, notice: Notice) -> None:
        """Refuse: nobody is told."""
        raise NotToldError("there is no notifier")


def is_address(text: str) -> bool:
    """Tell whether a text is one plain e-mail address: ASCII, no blank, no line break, no comment, no quotes."""
    return len(text) <= _ADDRESS_LIMIT and _ADDRESS.fullmatch(text) is not None
