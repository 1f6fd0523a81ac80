"""The Cypher of audit chains, outgoing events and receipts; for the habits of it see ``statements``."""

from __future__ import annotations

from typing import Final

HOLD_HEAD: Final = (
    "MATCH (h:AuditHead {stream: $stream}) SET h.guard = 1 WITH h "
    "RETURN h.stream AS stream, h.sequence AS sequence, h.digest AS digest"
)
MAKE_HEAD: Final = (
    "MERGE (h:AuditHead {stream: $stream}) ON CREATE SET h.sequence = 0, h.digest = '' "
    "SET h.guard = 1 WITH h RETURN h.stream AS stream, h.sequence AS sequence, h.digest AS digest"
)
CREATE_AUDIT: Final = (
    "CREATE (:AuditEntry {key: $key, operation: $operation, unit_code: $unit_code, at: $at, record: $record})"
)
APPEND_AUDIT: Final = (
    f"MATCH (h:AuditHead {{stream: $stream}}) SET h.sequence = $sequence, h.digest = $digest {CREATE_AUDIT}"
)
BEGIN_STREAM: Final = f"CREATE (:AuditHead {{stream: $stream, sequence: $sequence, digest: $digest}}) {CREATE_AUDIT}"
READ_HEAD: Final = "MATCH (h:AuditHead {stream: $stream}) RETURN h.sequence AS sequence"
READ_AUDIT: Final = "UNWIND $keys AS key MATCH (e:AuditEntry {key: key}) RETURN e.record AS record"

COUNT_EVENTS: Final = (
    "MATCH (c:EventCounter {unit_code: $unit_code}) SET c.guard = 1 "
    "WITH c, $more AS more SET c.last = c.last + more RETURN c.unit_code AS unit_code, c.last AS last"
)
COUNT_FIRST_EVENTS: Final = (
    "MERGE (c:EventCounter {unit_code: $unit_code}) ON CREATE SET c.last = 0 SET c.guard = 1 "
    "WITH c, $more AS more SET c.last = c.last + more RETURN c.unit_code AS unit_code, c.last AS last"
)
CREATE_EVENT: Final = (
    "CREATE (:OutboxEvent {id: $id, type: $type, sequence: $sequence, published: false, record: $record})"
)
READ_COUNTER: Final = "MATCH (c:EventCounter {unit_code: $unit_code}) RETURN c.last AS last"
READ_COUNTERS: Final = (
    "UNWIND $unit_codes AS unit_code MATCH (c:EventCounter {unit_code: unit_code}) "
    "RETURN c.unit_code AS unit_code, c.last AS last"
)
READ_EVENTS: Final = "UNWIND $ids AS id MATCH (e:OutboxEvent {id: id}) RETURN e.record AS record"
WAITING_RUNS: Final = (
    "MATCH (c:EventCounter) OPTIONAL MATCH (m:OutboxMark {unit_code: c.unit_code}) "
    "WITH c.unit_code AS unit_code, coalesce(m.sent, 0) AS sent, c.last AS last WHERE sent < last "
    "RETURN unit_code, sent, last"
)
READ_MARKS: Final = (
    "UNWIND $unit_codes AS unit_code MATCH (m:OutboxMark {unit_code: unit_code}) "
    "RETURN m.unit_code AS unit_code, m.sent AS sent"
)
HOLD_MARK: Final = (
    "MATCH (m:OutboxMark {unit_code: $unit_code}) SET m.guard = 1 WITH m "
    "RETURN m.unit_code AS unit_code, m.sent AS sent"
)
MAKE_MARK: Final = (
    "MERGE (m:OutboxMark {unit_code: $unit_code}) ON CREATE SET m.sent = 0 SET m.guard = 1 WITH m "
    "RETURN m.unit_code AS unit_code, m.sent AS sent"
)
WRITE_MARK: Final = "MATCH (m:OutboxMark {unit_code: $unit_code}) SET m.sent = $sent"

CREATE_RECEIPT: Final = "CREATE (:Receipt {key: $key, at: $at, record: $record})"
READ_RECEIPT: Final = "MATCH (r:Receipt {key: $key}) RETURN r.record AS record"
