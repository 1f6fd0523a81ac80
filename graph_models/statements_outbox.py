"""The Cypher of the outbox's lanes, of dead letters and of consumers' places; for the habits see ``statements``."""

from __future__ import annotations

from typing import Final

MEET: Final = "MERGE (m:OutboxMember {holder: $holder}) SET m.until = $until"
READ_MEMBERS: Final = "MATCH (m:OutboxMember) RETURN m.holder AS holder, m.until AS until"
FORGET_MEMBERS: Final = "MATCH (m:OutboxMember) WHERE m.until < $gone OR m.holder = $holder DELETE m"
MAKE_LANE: Final = "MERGE (l:OutboxLane {lane: $lane}) ON CREATE SET l.holder = '', l.until = 0"
READ_LANES: Final = "MATCH (l:OutboxLane) RETURN l.lane AS lane, l.holder AS holder, l.until AS until"
TAKE_LANE: Final = (
    "MATCH (l:OutboxLane {lane: $lane}) SET l.guard = 1 "
    "WITH l WHERE l.holder = $holder OR l.until <= $now OR l.until > $latest "
    "SET l.holder = $holder, l.until = $until RETURN l.lane AS lane"
)
LEAVE_LANE: Final = (
    "MATCH (l:OutboxLane {lane: $lane}) SET l.guard = 1 WITH l WHERE l.holder = $holder SET l.holder = '', l.until = 0"
)
HOLD_LANE: Final = (
    "MATCH (l:OutboxLane {lane: $lane}) SET l.guard = 1 WITH l WHERE l.holder = $holder RETURN l.lane AS lane"
)

UNMARKED_UNITS: Final = (
    "MATCH (c:EventCounter) WHERE c.unit_code > $after "
    "RETURN c.unit_code AS unit_code, c.last AS last ORDER BY unit_code LIMIT $limit"
)
FIRST_UNPUBLISHED: Final = (
    "UNWIND $unit_codes AS unit_code MATCH (c:EventCounter {unit_code: unit_code})-[:UNPUBLISHED]->(e:OutboxEvent) "
    "RETURN unit_code AS unit_code, min(e.sequence) AS first"
)
WAITING_BY_FLAG: Final = "UNWIND $ids AS id MATCH (e:OutboxEvent {id: id}) WHERE e.published = false RETURN e.id AS id"
BEGIN_MARK: Final = "MERGE (m:OutboxMark {unit_code: $unit_code}) ON CREATE SET m.sent = $sent"

PUT_LETTER: Final = "MERGE (d:DeadLetter {id: $id}) SET d.at = $at, d.record = $record"
READ_LETTERS: Final = (
    "MATCH (d:DeadLetter) WHERE d.at < $at OR (d.at = $at AND d.id > $id) "
    "RETURN d.record AS record ORDER BY d.at DESC, d.id LIMIT $limit"
)
FIND_LETTERS: Final = "UNWIND $ids AS id MATCH (d:DeadLetter {id: id}) RETURN d.record AS record"
HOLD_LETTER: Final = "MATCH (d:DeadLetter {id: $id}) SET d.at = d.at WITH d RETURN d.record AS record"
DELETE_LETTER: Final = "MATCH (d:DeadLetter {id: $id}) DELETE d"

PUT_PLACE: Final = "MERGE (p:ConsumerPlace {key: $key}) SET p.record = $record"
READ_PLACE: Final = "MATCH (p:ConsumerPlace {key: $key}) RETURN p.record AS record"
