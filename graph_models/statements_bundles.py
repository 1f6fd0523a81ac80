"""Cypher of the bundles in the common subset: what one unit has to answer about one applicant.

(UnitInbox)-[:HAS_BUNDLE]->(InboxBundle)-[:BUNDLES]->(VerificationRequest); (BundleName)-[:NAMES]->(InboxBundle) finds
it by its identifier. Nothing of a unit's is held for it but the bundle itself: on Neo4j those of two applicants never
wait for each other.
"""

from __future__ import annotations

from typing import Final

HOLD_BUNDLE: Final = (
    "MERGE (b:InboxBundle {key: $key}) "
    "ON CREATE SET b.id = $id, b.unit_code = $unit_code, b.due_at = $never "
    "SET b.guard = 1 WITH b RETURN b.id AS id, b.due_at AS due_at"
)
NAME_BUNDLE: Final = (
    "MATCH (b:InboxBundle {key: $key}) SET b.due_at = $due_at MERGE (i:UnitInbox {unit_code: $unit_code}) "
    "CREATE (:BundleName {id: $id})-[:NAMES]->(b) CREATE (i)-[:HAS_BUNDLE]->(b)"
)
PUT_IN_BUNDLE: Final = (
    "MATCH (b:InboxBundle {key: $key}), (r:VerificationRequest {id: $request}) CREATE (b)-[:BUNDLES]->(r)"
)
BUNDLE_OF: Final = (
    "MATCH (b:InboxBundle)-[:BUNDLES]->(:VerificationRequest {id: $request}) "
    "RETURN b.key AS key, b.id AS id, b.unit_code AS unit_code"
)
TAKE_FROM_BUNDLE: Final = "MATCH (:InboxBundle)-[l:BUNDLES]->(:VerificationRequest {id: $request}) DELETE l"
EARLIEST_DUE: Final = (
    "MATCH (:InboxBundle {key: $key})-[:BUNDLES]->(r:VerificationRequest) RETURN min(r.due_at) AS due_at"
)
DROP_NAME: Final = "MATCH (n:BundleName {id: $id}) DETACH DELETE n"
DROP_BUNDLE: Final = "MATCH (b:InboxBundle {key: $key}) DETACH DELETE b"

SET_DUE: Final = "MATCH (b:InboxBundle {key: $key}) SET b.due_at = $due_at"
LIST_BUNDLES: Final = (
    "MATCH (:UnitInbox {unit_code: $unit_code})-[:HAS_BUNDLE]->(b:InboxBundle) WITH b.id AS id, b.due_at AS due_at "
    "WHERE due_at > $due_at OR (due_at = $due_at AND id > $id) RETURN id, due_at ORDER BY due_at, id LIMIT $limit"
)
READ_BUNDLE: Final = (
    "MATCH (:BundleName {id: $id})-[:NAMES]->(:InboxBundle)-[:BUNDLES]->(r:VerificationRequest) "
    "WITH r.record AS record, r.due_at AS due_at, r.id AS request "
    "RETURN $id AS id, record ORDER BY due_at, request"
)
UNBUNDLED: Final = (
    "MATCH (:UnitInbox)-[:TO_ANSWER]->(r:VerificationRequest) WITH r.id AS id, r.place AS place, r.record AS record "
    "WHERE id > $after AND place STARTS WITH 'open/' RETURN id, record ORDER BY id LIMIT $limit"
)
SET_PLACE: Final = "MATCH (r:VerificationRequest {id: $id}) SET r.place = $place"
