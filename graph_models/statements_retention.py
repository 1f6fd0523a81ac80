"""The Cypher of taking old events away; for the habits of it see ``statements``."""

from __future__ import annotations

from typing import Final

_FIELDS: Final = "f.unit_code AS unit_code, f.pruned AS pruned, f.latest AS latest"

UNITS_WITH_EVENTS: Final = (
    "MATCH (c:EventCounter) WITH c.unit_code AS unit_code, c.last AS last WHERE unit_code > $after "
    "RETURN unit_code, last ORDER BY unit_code LIMIT $limit"
)
READ_FLOORS: Final = f"UNWIND $unit_codes AS unit_code MATCH (f:EventFloor {{unit_code: unit_code}}) RETURN {_FIELDS}"
HOLD_FLOOR: Final = f"MATCH (f:EventFloor {{unit_code: $unit_code}}) SET f.guard = 1 WITH f RETURN {_FIELDS}"
MAKE_FLOOR: Final = (
    "MERGE (f:EventFloor {unit_code: $unit_code}) ON CREATE SET f.pruned = 0, f.latest = 0 "
    f"SET f.guard = 1 WITH f RETURN {_FIELDS}"
)
WRITE_FLOOR: Final = "MATCH (f:EventFloor {unit_code: $unit_code}) SET f.pruned = $pruned, f.latest = $latest"
HOLD_ACTIVE_WEBHOOKS: Final = (
    "MATCH (:EventCounter {unit_code: $unit_code})-[:FEEDS]->(w:Webhook) WHERE w.state = 'ACTIVE' SET w.guard = 1 "
    "WITH w RETURN w.progress AS progress"
)
DROP_EVENTS: Final = "UNWIND $ids AS id MATCH (e:OutboxEvent {id: id}) DETACH DELETE e"
