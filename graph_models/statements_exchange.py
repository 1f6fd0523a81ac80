"""The Cypher of what the exchange is watched by: it costs how many units and webhooks there are, no more."""

from __future__ import annotations

from typing import Final

LETTERS: Final = "MATCH (d:DeadLetter) RETURN count(d) AS letters"
WEBHOOKS: Final = (
    "MATCH (:EventCounter)-[:FEEDS]->(w:Webhook) WITH w.state AS state, w.ready_at > 0 AS failing "
    "RETURN state, failing, count(*) AS webhooks"
)
