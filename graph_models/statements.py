"""The Cypher: the common subset of Neo4j 5.26 and ladybug 0.22, word for word the same for both.

Habits that both engines ask for:

- A record is found by its key (``{id: $id}``) or over a relationship from a node found by its key. A list of keys is
  unwound and matched one by one: ladybug scans the whole table for ``IN``. It does so too for a relationship or a
  ``MERGE`` behind ``UNWIND``; a node matched first, both optional, and a ``MERGE`` for each key are what helps.
- Whoever decides by what is stored writes ``guard`` first, always as ``SET x.guard = 1`` or ``= $version``. Neo4j then
  holds the node's lock before the version or the sequence is read; without it two transactions could both read the old
  one. ladybug has one writer and needs none, so its store leaves these words out.
- Where the node is nearly always there, one statement matches it and another one, run where that found none, merges it:
  ladybug takes a ``MERGE`` for two to four times the work of a ``MATCH``.
- What belongs to one record is put in order by whoever reads it: ``ORDER BY`` costs ladybug as much as the reading.
- What is reached over a relationship is projected (``WITH``) before it is filtered: a condition on the node itself
  makes ladybug begin with a scan of all such nodes.
- No null inside a row of ``UNWIND`` where it can be avoided, no ``SET n += $map``, no value read before a ``SET`` and
  returned after it (ladybug returns the new one).
"""

from __future__ import annotations

from typing import Final

# The schema's version

READ_SCHEMA_VERSION: Final = "MATCH (s:SchemaVersion {name: $name}) RETURN s.version AS version"
WRITE_SCHEMA_VERSION: Final = "MERGE (s:SchemaVersion {name: $name}) SET s.version = $version"

# The catalogue

GUARD_VERSION: Final = (
    "MERGE (v:CatalogueVersion {number: $number}) ON CREATE SET v.published = 0 "
    "SET v.guard = 1 WITH v RETURN v.published AS published, v.record AS record"
)
WRITE_VERSION: Final = "MATCH (v:CatalogueVersion {number: $number}) SET v.published = $published, v.record = $record"
READ_VERSION: Final = "MATCH (v:CatalogueVersion {number: $number}) RETURN v.record AS record"
READ_VERSIONS: Final = "MATCH (v:CatalogueVersion) RETURN v.record AS record ORDER BY v.number"
PUBLISHED_NUMBER: Final = "MATCH (v:CatalogueVersion) WHERE v.published > 0 RETURN max(v.number) AS number"

DELETE_UNITS: Final = "MATCH (n:Unit) WHERE n.catalogue = $number DETACH DELETE n"
DELETE_PROOF_TYPES: Final = "MATCH (n:ProofType) WHERE n.catalogue = $number DETACH DELETE n"
DELETE_ITEMS: Final = "MATCH (n:ServiceItem) WHERE n.catalogue = $number DETACH DELETE n"

CREATE_UNITS: Final = (
    "UNWIND $rows AS r CREATE (:Unit {key: r.key, catalogue: r.catalogue, position: r.position, code: r.code, "
    "name: r.name, name_en: r.name_en, kind: r.kind, level: r.level, region: r.region, field: r.field, "
    "record: r.record})"
)
CREATE_PROOF_TYPES: Final = (
    "UNWIND $rows AS r CREATE (:ProofType {key: r.key, catalogue: r.catalogue, position: r.position, code: r.code, "
    "name: r.name, name_en: r.name_en, family: r.family, record: r.record})"
)
CREATE_ITEMS: Final = (
    "UNWIND $rows AS r MATCH (u:Unit {key: r.unit}) CREATE (u)-[:HANDLES]->(:ServiceItem {key: r.key, "
    "catalogue: r.catalogue, position: r.position, code: r.code, name: r.name, field: r.field, instant: r.instant, "
    "promised_days: r.promised_days, record: r.record})"
)
LINK_SUPERIORS: Final = (
    "UNWIND $rows AS r MATCH (u:Unit {key: r.unit}), (s:Unit {key: r.superior}) CREATE (u)-[:BELONGS_TO]->(s)"
)
LINK_ISSUERS: Final = (
    "UNWIND $rows AS r MATCH (u:Unit {key: r.unit}), (t:ProofType {key: r.proof_type}) "
    "CREATE (u)-[:ISSUES {position: r.position, region: r.region, mode: r.mode, record: r.record}]->(t)"
)
LINK_REQUIREMENTS: Final = (
    "UNWIND $rows AS r MATCH (i:ServiceItem {key: r.item}), (t:ProofType {key: r.proof_type}) "
    "CREATE (i)-[:REQUIRES {position: r.position, requirement: r.requirement, alternatives: r.alternatives, "
    "act: r.act, article: r.article, level: r.level, measures: r.measures, record: r.record}]->(t)"
)

READ_UNITS: Final = "MATCH (n:Unit) WHERE n.catalogue = $number RETURN n.record AS record ORDER BY n.position"
READ_PROOF_TYPES: Final = (
    "MATCH (n:ProofType) WHERE n.catalogue = $number RETURN n.record AS record ORDER BY n.position"
)
READ_ITEMS: Final = "MATCH (n:ServiceItem) WHERE n.catalogue = $number RETURN n.record AS record ORDER BY n.position"
READ_ISSUERS: Final = (
    "MATCH (u:Unit)-[r:ISSUES]->(:ProofType) WHERE u.catalogue = $number RETURN r.record AS record ORDER BY r.position"
)
READ_REQUIREMENTS: Final = (
    "MATCH (i:ServiceItem)-[r:REQUIRES]->(:ProofType) WHERE i.catalogue = $number "
    "RETURN r.record AS record ORDER BY r.position"
)

# Cases and what they need

CREATE_CASE: Final = (
    "MERGE (d:UnitDesk {unit_code: $unit_code}) "
    "CREATE (d)-[:OPENED]->(:CaseFile {number: $number, unit_code: $unit_code, item_code: $item_code, "
    "region: $region, state: $state, opened_at: $opened_at, version: $version, record: $record}), "
    "(:BusinessNumber {key: $business_key, case_number: $number})"
)
READ_CASE: Final = "MATCH (c:CaseFile {number: $number}) RETURN c.record AS record"
READ_CASES: Final = "UNWIND $numbers AS number MATCH (c:CaseFile {number: number}) RETURN c.record AS record"
READ_CASE_PARTS: Final = (
    "MATCH (c:CaseFile {number: $number}) RETURN 'case' AS kind, c.record AS record "
    "UNION ALL MATCH (:CaseFile {number: $number})-[:HAS_NEED]->(n:Need) RETURN 'need' AS kind, n.record AS record "
    "UNION ALL MATCH (:CaseFile {number: $number})-[:HAS_REQUEST]->(r:VerificationRequest) "
    "RETURN 'request' AS kind, r.record AS record "
    "UNION ALL MATCH (:CaseFile {number: $number})-[:HAS_PROOF]->(p:Proof) RETURN 'proof' AS kind, p.record AS record"
)
FIND_CASE: Final = "MATCH (b:BusinessNumber {key: $business_key}) RETURN b.case_number AS number"
SAVE_CASE: Final = (
    "MATCH (c:CaseFile {number: $number}) SET c.guard = $version WITH c WHERE c.version = $version "
    "SET c.version = $next, c.state = $state, c.record = $record RETURN c.version AS version"
)
LIST_CASES: Final = (
    "MATCH (d:UnitDesk {unit_code: $unit_code})-[:OPENED]->(c:CaseFile) "
    "WITH c.state AS state, c.opened_at AS at, c.number AS number "
    "WHERE ($state = '' OR state = $state) AND (at < $at OR (at = $at AND number < $number)) "
    "WITH number, at ORDER BY at DESC, number DESC LIMIT $limit "
    "MATCH (c:CaseFile {number: number}) RETURN c.record AS record ORDER BY at DESC, number DESC"
)

CREATE_NEED: Final = (
    "MATCH (c:CaseFile {number: $case_number}) CREATE (c)-[:HAS_NEED]->(:Need {id: $id, "
    "proof_type_code: $proof_type_code, state: $state, waiting: false, due_at: $due_at, version: $version, "
    "record: $record}) RETURN c.number AS number"
)
QUEUE_NEEDS: Final = (
    "MATCH (q:WorkQueue {name: $queue}) UNWIND $ids AS id MATCH (n:Need {id: id}) SET n.waiting = true "
    "CREATE (q)-[:NEED_WAITING]->(n) RETURN n.id AS id"
)
QUEUE_FIRST_NEEDS: Final = (
    "MERGE (q:WorkQueue {name: $queue}) WITH q UNWIND $ids AS id MATCH (n:Need {id: id}) SET n.waiting = true "
    "CREATE (q)-[:NEED_WAITING]->(n) RETURN n.id AS id"
)
UNQUEUE_NEED: Final = "MATCH (:WorkQueue)-[w:NEED_WAITING]->(n:Need {id: $id}) SET n.waiting = false DELETE w"
READ_NEED: Final = "MATCH (n:Need {id: $id}) RETURN n.record AS record"
READ_NEEDS: Final = "MATCH (c:CaseFile {number: $number})-[:HAS_NEED]->(n:Need) RETURN n.record AS record"
READ_NEEDS_OF: Final = (
    "UNWIND $numbers AS number OPTIONAL MATCH (c:CaseFile {number: number}) "
    "OPTIONAL MATCH (c)-[:HAS_NEED]->(n:Need) RETURN n.record AS record ORDER BY n.id"
)
SAVE_NEED: Final = (
    "MATCH (n:Need {id: $id}) SET n.guard = $version WITH n WHERE n.version = $version "
    "SET n.version = $next, n.state = $state, n.due_at = $due_at, n.record = $record RETURN n.waiting AS waiting"
)
DUE_NEEDS: Final = (
    "MATCH (:WorkQueue)-[:NEED_WAITING]->(n:Need) WITH n.record AS record, n.due_at AS due_at, n.id AS id "
    "WHERE due_at <= $now OR due_at > $far RETURN record ORDER BY due_at, id LIMIT $limit"
)

# Verification requests

CREATE_REQUEST: Final = (
    "MATCH (c:CaseFile {number: $case_number}) CREATE (c)-[:HAS_REQUEST]->(:VerificationRequest {id: $id, "
    "proof_type_code: $proof_type_code, asking_unit: $asking_unit, issuing_unit: $issuing_unit, state: $state, "
    "due_at: $due_at, place: '', version: $version, record: $record}) RETURN c.number AS number"
)
READ_REQUEST: Final = "MATCH (r:VerificationRequest {id: $id}) RETURN r.record AS record"
READ_REQUESTS_OF: Final = (
    "UNWIND $numbers AS number OPTIONAL MATCH (c:CaseFile {number: number}) "
    "OPTIONAL MATCH (c)-[:HAS_REQUEST]->(r:VerificationRequest) RETURN r.record AS record ORDER BY r.id"
)
SAVE_REQUEST: Final = (
    "MATCH (r:VerificationRequest {id: $id}) SET r.guard = $version WITH r WHERE r.version = $version "
    "SET r.version = $next, r.state = $state, r.record = $record "
    "RETURN r.id AS id, r.place AS place, r.issuing_unit AS issuing_unit, r.due_at AS due_at"
)
REDIRECT_REQUEST: Final = (
    "MATCH (r:VerificationRequest {id: $id}) SET r.issuing_unit = $issuing_unit, r.due_at = $due_at"
)
TAKE_REQUEST_AWAY: Final = "MATCH (:UnitInbox)-[o:TO_ANSWER|ANSWERED]->(:VerificationRequest {id: $id}) DELETE o"
PUT_REQUEST_TO_ANSWER: Final = (
    "MATCH (r:VerificationRequest {id: $id}) SET r.place = $place "
    "MERGE (i:UnitInbox {unit_code: $unit_code}) CREATE (i)-[:TO_ANSWER]->(r)"
)
PUT_REQUEST_ANSWERED: Final = (
    "MATCH (r:VerificationRequest {id: $id}) SET r.place = $place "
    "MERGE (i:UnitInbox {unit_code: $unit_code}) CREATE (i)-[:ANSWERED]->(r)"
)
_INBOX_PAGE: Final = (
    "WITH r.record AS record, r.state AS state, r.due_at AS due_at, r.id AS id "
    "WHERE state IN $states AND due_at <= $until AND (due_at > $due_at OR (due_at = $due_at AND id > $id)) "
    "RETURN record ORDER BY due_at, id LIMIT $limit"
)
LIST_TO_ANSWER: Final = (
    f"MATCH (i:UnitInbox {{unit_code: $unit_code}})-[:TO_ANSWER]->(r:VerificationRequest) {_INBOX_PAGE}"
)
LIST_ANSWERED: Final = (
    f"MATCH (i:UnitInbox {{unit_code: $unit_code}})-[:ANSWERED]->(r:VerificationRequest) {_INBOX_PAGE}"
)
LIST_INBOX: Final = (
    f"MATCH (i:UnitInbox {{unit_code: $unit_code}})-[:TO_ANSWER|ANSWERED]->(r:VerificationRequest) {_INBOX_PAGE}"
)

# Limits in time: (DeadlineSlot)-[:PASSES]->(VerificationRequest), a slot for each minute in which one passes

PUT_LIMIT: Final = (
    "MATCH (r:VerificationRequest {id: $id}) MERGE (s:DeadlineSlot {minute: $minute}) "
    "CREATE (s)-[:PASSES {limit_kind: $kind, at: $at}]->(r)"
)
READ_LIMITS: Final = "MATCH (:DeadlineSlot)-[p:PASSES]->(r:VerificationRequest {id: $id}) RETURN p.limit_kind AS kind"
TAKE_LIMITS_AWAY: Final = "MATCH (:DeadlineSlot)-[p:PASSES]->(r:VerificationRequest {id: $id}) DELETE p"
PASSED_SLOTS: Final = (
    "MATCH (s:DeadlineSlot) WHERE s.minute <= $minute RETURN s.minute AS minute ORDER BY minute LIMIT $limit"
)
HOLD_SLOT: Final = "MATCH (s:DeadlineSlot {minute: $minute}) SET s.guard = 1 RETURN s.minute AS minute"
PASSED_LIMITS: Final = (
    "MATCH (s:DeadlineSlot {minute: $minute})-[p:PASSES]->(r:VerificationRequest) "
    "WITH p.limit_kind AS kind, p.at AS at, r.id AS id WHERE at <= $now "
    "WITH kind, at, id ORDER BY at, id, kind LIMIT $limit "
    "MATCH (r:VerificationRequest {id: id}) RETURN kind, at, r.record AS record ORDER BY at, id, kind"
)
TAKE_LIMIT_AWAY: Final = (
    "MATCH (s:DeadlineSlot {minute: $minute})-[p:PASSES]->(r:VerificationRequest {id: $id}) "
    "WHERE p.limit_kind = $kind DELETE p"
)
LIMITS_LEFT: Final = (
    "MATCH (s:DeadlineSlot {minute: $minute})-[:PASSES]->(r:VerificationRequest) RETURN r.id AS id LIMIT 1"
)
DROP_SLOT: Final = "MATCH (s:DeadlineSlot {minute: $minute}) DELETE s"
PUT_PROVISIONAL: Final = (
    "MATCH (r:VerificationRequest {id: $id}) MERGE (q:WorkQueue {name: $queue}) CREATE (q)-[:PROVISIONAL]->(r)"
)
READ_PROVISIONAL: Final = (
    "MATCH (q:WorkQueue {name: $queue})-[:PROVISIONAL]->(r:VerificationRequest) "
    "WITH r.id AS id, r.record AS record WHERE id > $after RETURN record ORDER BY id LIMIT $limit"
)
TAKE_PROVISIONAL_AWAY: Final = "MATCH (:WorkQueue)-[p:PROVISIONAL]->(r:VerificationRequest {id: $id}) DELETE p"

# Issuing intents and proofs

CREATE_INTENT: Final = (
    "CREATE (n:IssuingIntent {key: $key, proof_number: $proof_number, state: $state, intended_at: $intended_at, "
    "waiting: $waiting, version: $version, record: $record})"
)
CREATE_WAITING_INTENT: Final = (
    "MERGE (q:WorkQueue {name: $queue}) CREATE (q)-[:INTENT_WAITING]->(:IssuingIntent {key: $key, "
    "proof_number: $proof_number, state: $state, intended_at: $intended_at, waiting: $waiting, version: $version, "
    "record: $record})"
)
READ_INTENT: Final = "MATCH (n:IssuingIntent {key: $key}) RETURN n.record AS record"
SAVE_INTENT: Final = (
    "MATCH (n:IssuingIntent {key: $key}) SET n.guard = $version WITH n WHERE n.version = $version "
    "SET n.version = $next, n.state = $state, n.record = $record RETURN n.waiting AS waiting"
)
UNQUEUE_INTENT: Final = (
    "MATCH (:WorkQueue)-[w:INTENT_WAITING]->(n:IssuingIntent {key: $key}) SET n.waiting = false DELETE w"
)
OPEN_INTENTS: Final = (
    "MATCH (:WorkQueue)-[:INTENT_WAITING]->(n:IssuingIntent) "
    "RETURN n.record AS record ORDER BY n.intended_at, n.key LIMIT $limit"
)

CREATE_PROOF: Final = (
    "MATCH (c:CaseFile {number: $case_number}) "
    "CREATE (c)-[:HAS_PROOF]->(:Proof {number: $number, proof_type_code: $proof_type_code, "
    "case_number: $case_number, producing_unit: $producing_unit, state: $state, negative: $negative, "
    "extracted_at: $extracted_at, valid_until: $valid_until, version: $version, record: $record}), "
    "(:CheckCode {code: $check_code, proof_number: $number}) RETURN c.number AS number"
)
READ_PROOF: Final = "MATCH (p:Proof {number: $number}) RETURN p.record AS record"
READ_PROOFS: Final = (
    "UNWIND $numbers AS number MATCH (p:Proof {number: number}) RETURN p.record AS record ORDER BY p.number"
)
FIND_PROOF: Final = "MATCH (k:CheckCode {code: $check_code}) RETURN k.proof_number AS number"
PROOFS_OF_CASE: Final = "MATCH (c:CaseFile {number: $case_number})-[:HAS_PROOF]->(p:Proof) RETURN p.record AS record"
SAVE_PROOF: Final = (
    "MATCH (p:Proof {number: $number}) SET p.guard = $version WITH p WHERE p.version = $version "
    "SET p.version = $next, p.state = $state, p.valid_until = $valid_until, p.record = $record "
    "RETURN p.version AS version"
)

# Seals, their grants and their use

CREATE_SEAL: Final = (
    "CREATE (:Seal {id: $id, number: $number, kind: $kind, state: $state, version: $version, record: $record}), "
    "(:SealNumber {number: $number, seal_id: $id})"
)
CREATE_GATES: Final = (
    "UNWIND $keys AS key MATCH (s:Seal {id: $id}) CREATE (s)-[:HAS_GATE]->(:SealGate {key: key, is_open: $is_open})"
)
SET_GATES: Final = "UNWIND $keys AS key MATCH (g:SealGate {key: key}) SET g.is_open = $is_open"
HOLD_GATE: Final = "MATCH (g:SealGate {key: $key}) SET g.guard = 1 WITH g RETURN g.is_open AS is_open"
READ_SEAL: Final = "MATCH (s:Seal {id: $id}) RETURN s.record AS record"
LIST_SEALS: Final = "MATCH (s:Seal) RETURN s.record AS record ORDER BY s.number"
SAVE_SEAL: Final = (
    "MATCH (s:Seal {id: $id}) SET s.guard = $version WITH s WHERE s.version = $version "
    "SET s.version = $next, s.state = $state, s.record = $record RETURN s.version AS version"
)

CREATE_GRANT: Final = (
    "MATCH (s:Seal {id: $seal_id}) MERGE (u:UnitGrants {unit_code: $unit_code}) "
    "CREATE (s)-[:GRANTED]->(g:SealGrant {id: $id, state: $state, version: $version, record: $record}), "
    "(u)-[:MAY_USE]->(g) RETURN s.id AS id"
)
READ_GRANT: Final = "MATCH (g:SealGrant {id: $id}) RETURN g.record AS record"
HOLD_GRANT: Final = "MATCH (g:SealGrant {id: $id}) SET g.guard = 1 WITH g RETURN g.record AS record"
SAVE_GRANT: Final = (
    "MATCH (g:SealGrant {id: $id}) SET g.guard = $version WITH g WHERE g.version = $version "
    "SET g.version = $next, g.state = $state, g.record = $record RETURN g.version AS version"
)
GRANTS_OF_SEAL: Final = (
    "MATCH (s:Seal {id: $seal_id})-[:GRANTED]->(g:SealGrant) RETURN g.record AS record ORDER BY g.id"
)
GRANTS_OF_UNIT: Final = (
    "MATCH (:UnitGrants {unit_code: $unit_code})-[:MAY_USE]->(g:SealGrant)<-[:GRANTED]-(s:Seal) "
    "RETURN g.record AS record, s.record AS seal"
)
READ_GRANT_WITH_SEAL: Final = (
    "MATCH (g:SealGrant {id: $id})<-[:GRANTED]-(s:Seal) RETURN g.record AS record, s.record AS seal"
)

COUNT_USE: Final = (
    "MATCH (d:GrantDay {key: $key}) SET d.guard = 1 WITH d SET d.used = d.used + $more RETURN d.used AS used"
)
COUNT_FIRST_USE: Final = (
    "MERGE (d:GrantDay {key: $key}) ON CREATE SET d.used = 0 SET d.guard = 1 WITH d "
    "SET d.used = d.used + $more RETURN d.used AS used"
)
CREATE_USE: Final = (
    "MATCH (d:GrantDay {key: $key}), (p:Proof {number: $proof_number}) CREATE (d)-[:USED]->(u:SealUse "
    "{proof_number: $proof_number, key_label: $key_label, at: $at, record: $record}), (u)-[:SEALED]->(p) "
    "RETURN p.number AS number"
)
READ_USE: Final = "MATCH (u:SealUse {proof_number: $proof_number}) RETURN u.record AS record"
USES_OF_DAY: Final = (
    "UNWIND $keys AS key OPTIONAL MATCH (d:GrantDay {key: key}) OPTIONAL MATCH (d)-[:USED]->(u:SealUse) "
    "WITH u.at AS at, u.proof_number AS number WHERE at > $at OR (at = $at AND number > $number) "
    "WITH at, number ORDER BY at, number LIMIT $limit "
    "MATCH (u:SealUse {proof_number: number}) RETURN u.record AS record ORDER BY at, number"
)
USED_ON_DAY: Final = (
    "UNWIND $keys AS key OPTIONAL MATCH (d:GrantDay {key: key}) RETURN sum(coalesce(d.used, 0)) AS used"
)
LIVING_PROOFS: Final = (
    "MATCH (u:SealUse)-[:SEALED]->(p:Proof) WITH u.key_label AS key_label, p.state AS state, p.valid_until AS until "
    "WHERE state = $state AND until >= $now RETURN key_label, count(*) AS proofs, "
    "max(CASE WHEN until < $no_end THEN until ELSE 0 END) AS last_until, "
    "sum(CASE WHEN until < $no_end THEN 0 ELSE 1 END) AS endless ORDER BY key_label"
)

# The archive: levels to be raised, and until when each proof stands

CREATE_TASK: Final = (
    "MERGE (q:WorkQueue {name: $queue}) CREATE (q)-[:TO_RAISE]->(:RaisingTask {proof_number: $proof_number, "
    "since: $since, due_at: $due_at, counts: $counts, version: $version, record: $record})"
)
READ_TASK: Final = "MATCH (t:RaisingTask {proof_number: $proof_number}) RETURN t.record AS record"
DUE_TASKS: Final = (
    "MATCH (:WorkQueue)-[:TO_RAISE]->(t:RaisingTask) "
    "WITH t.record AS record, t.due_at AS due_at, t.proof_number AS number "
    "WHERE due_at <= $now RETURN record ORDER BY due_at, number LIMIT $limit"
)
SAVE_TASK: Final = (
    "MATCH (t:RaisingTask {proof_number: $proof_number}) SET t.guard = $version WITH t WHERE t.version = $version "
    "SET t.version = $next, t.due_at = $due_at, t.counts = $counts, t.record = $record RETURN t.version AS version"
)
DROP_TASK: Final = "MATCH (t:RaisingTask {proof_number: $proof_number}) DETACH DELETE t"
BACKLOG: Final = (
    "MATCH (:WorkQueue)-[:TO_RAISE]->(t:RaisingTask) WITH t.since AS since, t.counts AS counts WHERE counts "
    "RETURN count(*) AS waiting, min(since) AS since"
)
TAKE_FROM_SHELF: Final = "MATCH (:ArchiveShelf)-[s:STANDS_UNTIL]->(:Proof {number: $number}) DELETE s"
PUT_ON_SHELF: Final = (
    "MATCH (p:Proof {number: $number}) MERGE (a:ArchiveShelf {key: $key}) ON CREATE SET a.day = $day "
    "CREATE (a)-[:STANDS_UNTIL]->(p) RETURN p.number AS number"
)
DUE_SHELVES: Final = "MATCH (a:ArchiveShelf) WHERE a.day <= $day AND a.key > $after RETURN a.key AS key ORDER BY key"
PROOFS_ON_SHELF: Final = (
    "MATCH (a:ArchiveShelf {key: $key})-[:STANDS_UNTIL]->(p:Proof) WITH p.number AS number, p.record AS record "
    "WHERE number > $after RETURN record ORDER BY number LIMIT $limit"
)
COUNT_ON_SHELVES: Final = (
    "MATCH (a:ArchiveShelf)-[:STANDS_UNTIL]->(:Proof) WHERE a.day <= $day RETURN count(*) AS proofs"
)
PROOFS_AFTER: Final = "MATCH (p:Proof) WHERE p.number > $after RETURN p.record AS record ORDER BY p.number LIMIT $limit"
