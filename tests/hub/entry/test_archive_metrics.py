"""What waits for its time stamp is measured, and the alarm is raised while there is time to act."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from graph_models.archive_records import add_task
from graph_models.casework import ProofLevel
from graph_models.ladybug_store import LadybugStore
from hub.entry.archive_metrics import watch_levels
from hub.proof_levels import LevelRule, ProofLevels, task_of
from tests.hub.set_clock import NOW, SetClock


async def test_metrics_show_what_waits_and_the_alarm_comes_before_sealing_stops(tmp_path: Path) -> None:
    store, clock = await LadybugStore.open(tmp_path / "graph", buffer_bytes=192 << 20), SetClock()
    await store.migrate()
    levels = ProofLevels(LevelRule(level=ProofLevel.B_LTA, limit=timedelta(hours=8)))
    assert await watch_levels(levels, store, clock) == 0
    await store.write(lambda tx: add_task(tx, task_of("NBP1", NOW)))
    said = []
    for hours in (1, 2, 8):
        clock.at = NOW + timedelta(hours=hours)
        with capture_logs() as logs:
            assert await watch_levels(levels, store, clock) == 1
        said += [(hours, entry["event"], entry["waiting"], entry["stopped"]) for entry in logs]
    assert said == [(2, "archive.alarm", 1, False), (8, "archive.alarm", 1, True)]
    assert REGISTRY.get_sample_value("proofhub_archive_waiting") == 1
    assert REGISTRY.get_sample_value("proofhub_archive_waiting_seconds") == 8 * 3600
    assert REGISTRY.get_sample_value("proofhub_archive_limit_seconds") == 8 * 3600
    await store.close()
