"""The notifier that tells nobody."""

from __future__ import annotations

import pytest

from hub.notifier import NoNotifier, Notice, NotToldError
from tests.hub.set_clock import NOW


async def test_nobody_is_told_by_default() -> None:
    assert not NoNotifier().tells
    with pytest.raises(NotToldError):
        await NoNotifier().tell(Notice("a@b.example", "s", "t", "1", NOW))
