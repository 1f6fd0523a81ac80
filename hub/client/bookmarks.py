"""What a connection has written, in the hub's own words: wherever its next call lands, it is answered with that."""

from __future__ import annotations

from dataclasses import dataclass

HEADER = "Proofhub-Bookmark"
MOST_CHARACTERS = 4_000
"""What is longer is not a hub's, and the hub would not take it."""


@dataclass(slots=True)
class Bookmarks:
    """What stands for everything that was written; calls may be under way side by side."""

    held: frozenset[str] = frozenset()

    def header(self) -> dict[str, str]:
        """Return the header of the next call."""
        return {HEADER: ",".join(sorted(self.held))} if self.held else {}

    def learn(self, sent: dict[str, str], answered: str | None) -> None:
        """Hold what an answer says; it stands for what its call was sent with as well."""
        if answered and len(answered) <= MOST_CHARACTERS and answered.isascii():
            self.held = self.held - _split(sent.get(HEADER, "")) | _split(answered)

    def forget(self) -> None:
        """Hold nothing."""
        self.held = frozenset()


def _split(header: str) -> frozenset[str]:
    return frozenset(filter(None, (each.strip() for each in header.split(","))))
