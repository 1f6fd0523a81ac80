"""The Cypher of refused uses of seals; for the habits of it see ``statements``."""

from __future__ import annotations

from typing import Final

CREATE_VIOLATION: Final = (
    "MERGE (u:UnitViolations {unit_code: $unit_code}) WITH u CREATE (u)-[:REFUSED_TO]->(:SealViolation "
    "{key: $key, seal_id: $seal_id, at: $at, record: $record})"
)
LINK_VIOLATION: Final = (
    "MATCH (s:Seal {id: $seal_id}), (v:SealViolation {key: $key}) CREATE (s)-[:REFUSED]->(v) RETURN s.id AS id"
)
_NEWEST: Final = (
    "WITH v.record AS record, v.at AS at, v.key AS key, v.seal_id AS seal_id "
    "WHERE (at < $at OR (at = $at AND key < $key)) AND ($seal_id = '' OR seal_id = $seal_id) "
    "RETURN record ORDER BY at DESC, key DESC LIMIT $limit"
)
VIOLATIONS: Final = f"MATCH (v:SealViolation) {_NEWEST}"
VIOLATIONS_OF_SEAL: Final = f"MATCH (:Seal {{id: $seal_id}})-[:REFUSED]->(v:SealViolation) {_NEWEST}"
VIOLATIONS_OF_UNIT: Final = (
    f"MATCH (:UnitViolations {{unit_code: $unit_code}})-[:REFUSED_TO]->(v:SealViolation) {_NEWEST}"
)
