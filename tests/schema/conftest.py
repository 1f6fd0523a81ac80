"""One small city for all tests that leave its catalogue as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.schema.city import City, open_city


@pytest.fixture(scope="session")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    async with open_city(tmp_path_factory.mktemp("city")) as city:
        yield city
