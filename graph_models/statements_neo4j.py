"""What Neo4j is asked in words of its own: pages by an index, which the embedded engine does not have.

The statement in the common subset goes over relationships from the unit's inbox and reads all that hangs there. By the
index a page costs what it shows, for each state that is asked for, however many requests there are. The index is named,
so that no statistics lead to another one; the order names all of its properties, because only then it is the index's.
"""

from __future__ import annotations

from typing import Final

from graph_models import statements, statements_bundles

_INBOX_PAGE: Final = (
    "UNWIND $states AS state CALL (state) { "
    "MATCH (r:VerificationRequest) USING INDEX r:VerificationRequest(issuing_unit, state, due_at, id) "
    "WHERE r.issuing_unit = $unit_code AND r.state = state AND r.due_at >= $due_at AND r.due_at <= $until "
    "AND r.id IS NOT NULL AND (r.due_at > $due_at OR r.id > $id) "
    "RETURN r ORDER BY r.issuing_unit, r.state, r.due_at, r.id LIMIT $limit } "
    "WITH r ORDER BY r.due_at, r.id LIMIT $limit RETURN r.record AS record"
)

_CASES_PAGE: Final = (
    "UNWIND CASE WHEN $state = '' THEN ['OPEN', 'CLOSED', 'WITHDRAWN'] ELSE [$state] END AS state CALL (state) { "
    "MATCH (c:CaseFile) USING INDEX c:CaseFile(unit_code, state, opened_at, number) "
    "WHERE c.unit_code = $unit_code AND c.state = state AND c.opened_at <= $at "
    "AND c.number IS NOT NULL AND (c.opened_at < $at OR c.number < $number) "
    "RETURN c ORDER BY c.unit_code DESC, c.state DESC, c.opened_at DESC, c.number DESC LIMIT $limit } "
    "WITH c ORDER BY c.opened_at DESC, c.number DESC LIMIT $limit RETURN c.record AS record"
)

_BUNDLES_PAGE: Final = (
    "MATCH (b:InboxBundle) USING INDEX b:InboxBundle(unit_code, due_at, id) "
    "WHERE b.unit_code = $unit_code AND b.due_at >= $due_at AND b.id IS NOT NULL "
    "AND (b.due_at > $due_at OR b.id > $id) "
    "WITH b ORDER BY b.unit_code, b.due_at, b.id LIMIT $limit RETURN b.id AS id, b.due_at AS due_at"
)

OWN_WORDS: Final = {
    statements.LIST_TO_ANSWER: _INBOX_PAGE,
    statements.LIST_ANSWERED: _INBOX_PAGE,
    statements.LIST_INBOX: _INBOX_PAGE,
    statements.LIST_CASES: _CASES_PAGE,
    statements_bundles.LIST_BUNDLES: _BUNDLES_PAGE,
}
"""Statement in the common subset -> what Neo4j is asked in its place."""
