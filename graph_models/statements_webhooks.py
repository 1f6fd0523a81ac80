"""The Cypher of webhooks; for the habits of it see ``statements``."""

from __future__ import annotations

from typing import Final

_FIELDS: Final = "w.record AS record, w.progress AS progress, w.holder AS holder, w.beat AS beat"

CREATE_WEBHOOK: Final = (
    "MATCH (c:EventCounter {unit_code: $unit_code}) CREATE (c)-[:FEEDS]->(w:Webhook {id: $id, state: $state, "
    "cursor: $cursor, resend: $resend, ready_at: $ready_at, served_at: $served_at, holder: $holder, beat: $beat, "
    "record: $record, progress: $progress}) RETURN w.id AS id"
)
HOLD_WEBHOOK: Final = f"MATCH (w:Webhook {{id: $id}}) SET w.guard = 1 WITH w RETURN {_FIELDS}"
READ_WEBHOOK: Final = f"MATCH (w:Webhook {{id: $id}}) RETURN {_FIELDS}"
WRITE_WEBHOOK: Final = (
    "MATCH (w:Webhook {id: $id}) SET w.state = $state, w.cursor = $cursor, w.resend = $resend, "
    "w.ready_at = $ready_at, w.served_at = $served_at, w.holder = $holder, w.beat = $beat, w.record = $record, "
    "w.progress = $progress"
)
UNFEED_WEBHOOK: Final = "MATCH (:EventCounter)-[f:FEEDS]->(:Webhook {id: $id}) DELETE f"
WEBHOOKS_OF_UNIT: Final = (
    f"MATCH (:EventCounter {{unit_code: $unit_code}})-[:FEEDS]->(w:Webhook) RETURN {_FIELDS}, w.id AS id ORDER BY id"
)
WAITING_WEBHOOKS: Final = (
    "MATCH (c:EventCounter)-[:FEEDS]->(w:Webhook) WITH c.last AS last, c.unit_code AS unit_code, w.id AS id, "
    "w.state AS state, coalesce(w.served_at, 0) AS served_at, "
    "w.cursor AS cursor, w.resend AS resend, w.ready_at AS ready_at, w.holder AS holder, w.beat AS beat "
    "WHERE state = 'ACTIVE' AND (resend OR last > cursor) AND (ready_at <= $now OR ready_at > $far) "
    "RETURN id, holder, beat, unit_code, served_at ORDER BY served_at, id LIMIT $limit"
)
