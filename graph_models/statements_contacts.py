"""The Cypher of contacts, console links and messages; for the habits of it see ``statements``."""

from __future__ import annotations

from typing import Final

HOLD_UNIT: Final = (
    "MATCH (u:UnitContacts {unit_code: $unit_code}) SET u.guard = 1 WITH u RETURN u.unit_code AS unit_code"
)
MAKE_UNIT: Final = (
    "MERGE (u:UnitContacts {unit_code: $unit_code}) ON CREATE SET u.seen = $seen "
    "SET u.guard = 1 WITH u RETURN u.unit_code AS unit_code"
)
CREATE_CONTACT: Final = (
    "MATCH (u:UnitContacts {unit_code: $unit_code}) CREATE (u)-[:HAS_CONTACT]->(:Contact {id: $id, record: $record})"
)
READ_CONTACT: Final = "MATCH (c:Contact {id: $id}) RETURN c.record AS record"
CONTACTS_OF: Final = (
    "MATCH (:UnitContacts {unit_code: $unit_code})-[:HAS_CONTACT]->(c:Contact) RETURN c.record AS record"
)
DROP_LINKS_OF: Final = "MATCH (:Contact {id: $id})-[:OPENS_BY]->(l:ConsoleLink) DETACH DELETE l"
DROP_CONTACT: Final = "MATCH (c:Contact {id: $id}) DETACH DELETE c"
NOTE_FORMER: Final = "MERGE (f:FormerContact {key: $key})"
READ_FORMER: Final = "MATCH (f:FormerContact {key: $key}) RETURN f.key AS key"
FORGET_FORMER: Final = "MATCH (f:FormerContact {key: $key}) DELETE f"

READ_SEEN: Final = "MATCH (u:UnitContacts) RETURN u.unit_code AS unit_code, u.seen AS seen"
MOVE_SEEN: Final = (
    "MATCH (u:UnitContacts {unit_code: $unit_code}) SET u.guard = 1 WITH u WHERE u.seen = $seen "
    "SET u.seen = $next RETURN u.unit_code AS unit_code"
)

CREATE_MESSAGE: Final = (
    "MERGE (q:WorkQueue {name: $queue}) CREATE (q)-[:TO_SEND]->(:ConsoleMessage "
    "{id: $id, due_at: $due_at, version: $version, record: $record})"
)
DUE_MESSAGES: Final = (
    "MATCH (:WorkQueue {name: $queue})-[:TO_SEND]->(m:ConsoleMessage) "
    "WITH m.record AS record, m.due_at AS due_at, m.id AS id "
    "WHERE due_at <= $now OR due_at > $far RETURN record ORDER BY due_at, id LIMIT $limit"
)
SAVE_MESSAGE: Final = (
    "MATCH (m:ConsoleMessage {id: $id}) SET m.guard = $version WITH m WHERE m.version = $version "
    "SET m.version = $next, m.due_at = $due_at, m.record = $record RETURN m.version AS version"
)
DROP_MESSAGE: Final = "MATCH (m:ConsoleMessage {id: $id}) DETACH DELETE m"

CREATE_LINK: Final = (
    "MATCH (c:Contact {id: $contact_id}) CREATE (c)-[:OPENS_BY]->(l:ConsoleLink "
    "{token_sha256: $token_sha256, valid_until: $valid_until, record: $record}) RETURN l.token_sha256 AS token_sha256"
)
READ_LINK: Final = (
    "MATCH (l:ConsoleLink {token_sha256: $token_sha256})<-[:OPENS_BY]-(c:Contact) "
    "RETURN l.record AS link, c.record AS contact"
)
DROP_LINK: Final = "MATCH (l:ConsoleLink {token_sha256: $token_sha256}) DETACH DELETE l"
OLD_LINKS: Final = (
    "MATCH (l:ConsoleLink) WHERE l.valid_until < $before RETURN l.token_sha256 AS token_sha256 LIMIT $limit"
)
