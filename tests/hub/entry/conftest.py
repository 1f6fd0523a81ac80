"""One hub behind its door for all tests that leave its catalogue as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.hub.entry.door import Door, door_with_register


@pytest.fixture(scope="session")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with door_with_register(tmp_path_factory.mktemp("door")) as opened:
        yield opened
