"""Names are looked up for each unit by itself: one whose servers never answer holds up nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from hub.name_lookups import OF_UNIT, REMEMBERED_SECONDS, NameHangsError, NameLookups, resolve_by_system
from tests.hub.webhook_posts import PUBLIC


class Names:
    """A resolver: what begins with ``tar`` hangs, what begins with ``no`` has no address."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.seconds = 0.0
        self.hanging = asyncio.Event()

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host.startswith("tar"):
            self.hanging.set()
            await asyncio.Event().wait()
        if host.startswith("no"):
            raise OSError("no such name")
        return [PUBLIC]

    def lookups(self, seconds: float = 0.05) -> NameLookups:
        return NameLookups(self.resolve, seconds, lambda: self.seconds)


async def hangs(lookups: NameLookups, host: str, unit: str = "A") -> None:
    with pytest.raises(NameHangsError):
        await lookups.addresses(host, 443, unit)


async def test_names_that_hang_hold_up_their_own_unit_and_no_other() -> None:
    names = Names()
    lookups = names.lookups()
    await asyncio.gather(*(hangs(lookups, f"tar{number}.example") for number in range(2 * OF_UNIT)))
    assert len(names.asked) == OF_UNIT
    await hangs(lookups, "unit.example")
    assert await lookups.addresses("unit.example", 443, "B") == [PUBLIC]
    assert await lookups.addresses("unit.example", 443, "") == [PUBLIC]


async def test_a_name_that_hung_or_has_no_address_is_not_asked_for_again_for_a_while() -> None:
    names = Names()
    lookups = names.lookups()
    for _ in range(2):
        await hangs(lookups, "tar.example", "B")
        with pytest.raises(OSError, match="name") as none:
            await lookups.addresses("none.example", 443, "A")
        assert not isinstance(none.value, NameHangsError)
    assert names.asked == ["tar.example", "none.example"]
    names.seconds += REMEMBERED_SECONDS + 1
    await hangs(lookups, "tar.example")
    assert len(names.asked) == 3


async def test_one_name_is_asked_for_once_at_a_time_whoever_wants_it() -> None:
    names = Names()
    lookups = names.lookups()
    await asyncio.gather(*(hangs(lookups, "tar.example", unit) for unit in "ABCDEF"))
    assert names.asked == ["tar.example"]


async def test_a_lookup_that_is_broken_off_says_nothing_about_the_name() -> None:
    names = Names()
    lookups = names.lookups(seconds=30)
    task = asyncio.create_task(lookups.addresses("tar.example", 443, "A"))
    async with asyncio.timeout(5):
        await names.hanging.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert lookups._failed == {}


async def test_a_name_without_trouble_is_looked_up_each_time() -> None:
    names = Names()
    lookups = names.lookups()
    for _ in range(3 * OF_UNIT):
        assert await lookups.addresses("unit.example", 443, "A") == [PUBLIC]
    assert len(names.asked) == 3 * OF_UNIT


async def test_the_machine_knows_itself() -> None:
    assert "127.0.0.1" in await resolve_by_system("localhost", 443)
