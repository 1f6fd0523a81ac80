"""Which faults come in which order: turns in which each kind comes once, mixed by the seed alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import count


class Fault(StrEnum):
    """What is done to the running exchange."""

    KILL_HUB_A = "kill-hub-a"
    KILL_HUB_B = "kill-hub-b"
    KILL_SIGNER = "kill-signer"
    KILL_BROKER = "kill-broker"
    KILL_DATABASE = "kill-database"
    CUT_BROKER = "cut-broker"
    """Connections are reset, new ones too."""
    CUT_DATABASE = "cut-database"
    STALL_BROKER = "stall-broker"
    """Connections are taken and nothing passes; those of that time stay dead afterwards, and nobody is told."""
    STALL_DATABASE = "stall-database"
    PART_HUB_A = "part-hub-a"
    """Hub A alone is stalled from the database; B sees it."""

    @property
    def kills(self) -> bool:
        """Whether a process dies; otherwise the network is away for a while."""
        return self.value.startswith("kill-")


def turns(faults: Sequence[Fault], seed: str) -> Iterator[Fault]:
    """Give faults without end, each of them once a turn; the same seed gives the same order."""
    for turn in count():
        yield from sorted(faults, key=lambda fault: hashlib.sha256(f"{seed}/{turn}/{fault}".encode()).digest())
