"""How long a proof may wait for its level: an alarm long before sealing stops, and none where no level is wanted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from graph_models.archive import RaisingBacklog
from graph_models.casework import ProofLevel
from hub.errors import UnavailableError
from hub.proof_levels import LevelRule, ProofLevels
from tests.hub.set_clock import NOW

LIMIT = timedelta(hours=8)


def waiting_since(hours: float, level: ProofLevel = ProofLevel.B_LTA) -> ProofLevels:
    backlog = RaisingBacklog(3, NOW - timedelta(hours=hours))
    return ProofLevels(LevelRule(level=level, limit=LIMIT), backlog)


def test_sealing_goes_on_until_the_limit_and_stops_there_with_a_way_out() -> None:
    waiting_since(7.9).require_in_time(NOW)
    with pytest.raises(UnavailableError) as stopped:
        waiting_since(8).require_in_time(NOW)
    assert "goes on by itself" in stopped.value.mend
    assert stopped.value.message_zh


def test_where_nothing_waits_or_nothing_is_wanted_it_never_stops() -> None:
    ProofLevels(LevelRule(level=ProofLevel.B_LTA, limit=LIMIT)).require_in_time(NOW)
    waiting_since(1000, ProofLevel.B_B).require_in_time(NOW)
    assert ProofLevels().waited(NOW) == timedelta()


def test_the_alarm_comes_long_before() -> None:
    assert LevelRule(limit=LIMIT).alarm == LIMIT / 4
