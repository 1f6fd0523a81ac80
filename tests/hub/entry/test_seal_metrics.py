"""The radar as metrics: what is measured is what the radar shows."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from hub.entry.seal_metrics import watch_seals
from hub.seal_radar import RadarSubject
from tests.hub.seal_authority import SealServices


async def test_metrics_show_what_is_good_until_when_and_due_lines_are_logged(services: SealServices) -> None:
    seal = await services.active()
    assert seal.key is not None
    assert seal.key.not_after is not None
    assert await watch_seals(services.book) == 0
    line = next(one for one in await services.book.lines() if one.subject is RadarSubject.CERTIFICATE)
    labels = {"subject": "CERTIFICATE", "name": line.name}
    shown = REGISTRY.get_sample_value("proofhub_seal_good_until_seconds", labels)
    assert shown == seal.key.not_after.timestamp()
    assert REGISTRY.get_sample_value("proofhub_seal_living_proofs", labels) == 0
    services.authority.clock.at = seal.key.not_after - timedelta(days=10)
    with capture_logs() as logs:
        assert await watch_seals(services.book) == 1
    assert [entry["name"] for entry in logs] == [line.name]
    assert REGISTRY.get_sample_value("proofhub_seal_radar_lines", {"state": "DUE"}) == 1
