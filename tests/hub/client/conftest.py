"""One served hub for all tests of the client."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.hub.client.served import Served, serve


@pytest.fixture(scope="session")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with serve(tmp_path_factory.mktemp("client")) as opened:
        yield opened
