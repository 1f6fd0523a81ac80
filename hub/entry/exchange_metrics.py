"""The exchange as metrics: subscribers of this process, and what waits, lies dead or is paused in the store."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Counter, Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from graph_models.exchange_records import exchange_figures
from graph_models.rows import fields_of
from graph_models.store import GraphStore
from hub.clock import Clock
from hub.outbox_lanes import Lanes
from hub.statistics import Statistics
from schema.streams import Streams

WAITING = Gauge("proofhub_outbox_waiting", "Events that have not left, of all processes")
OLDEST_SECONDS = Gauge("proofhub_outbox_oldest_seconds", "How long the oldest of them has waited")
LETTERS = Gauge("proofhub_dead_letters", "Dead letters in the store, of all processes")
WEBHOOKS = Gauge("proofhub_webhooks", "Webhooks of all units, by how they fare", ["state"])
LANES = Gauge("proofhub_outbox_lanes", "Lanes of the outbox that this process holds")
HAPPENED = Counter("proofhub_counted", "What this process counted for the statistics, by kind", ["what"])


async def watch_exchange(store: GraphStore, clock: Clock) -> int:
    """Set the metrics to what is in the store now; return how many events wait."""
    figures = await store.read(exchange_figures)
    waited = (clock.now() - figures.oldest).total_seconds() if figures.oldest else 0.0
    WAITING.set(figures.waiting)
    OLDEST_SECONDS.set(max(waited, 0.0))
    LETTERS.set(figures.letters)
    for state, count in figures.webhooks.items():
        WEBHOOKS.labels(state).set(count)
    return figures.waiting


async def watch_statistics(statistics: Statistics) -> int:
    """Have events counted, and count for the metrics what they say; return how many events."""
    counted = await statistics.look()
    for what, count in fields_of(counted.first).items():
        HAPPENED.labels(what).inc(count)
    return counted.events


async def watch_lanes(lanes: Lanes) -> int:
    """Have the process look after its lanes, and set the metric to how many it holds."""
    held = await lanes.look()
    LANES.set(held)
    return held


class StreamCollector(Collector):
    """Shows the subscribers of one server when its metrics are asked for."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def collect(self) -> Iterable[Metric]:
        """Return what there is now."""
        connections = GaugeMetricFamily(
            "proofhub_subscribers", "Open connections of subscribers, by transport", labels=["transport"]
        )
        for transport, count in self._streams.seats.by_transport.items():
            connections.add_metric([transport], count)
        subscriptions = GaugeMetricFamily(
            "proofhub_subscriptions", "Open subscriptions, by what is watched", labels=["subscription"]
        )
        for name, count in self._streams.open.items():
            subscriptions.add_metric([name], count)
        slow = CounterMetricFamily(
            "proofhub_subscribers_cut_off", "Subscribers cut off because they did not read", labels=["transport"]
        )
        for transport, count in self._streams.cut_off.items():
            slow.add_metric([transport], count)
        return connections, subscriptions, slow
