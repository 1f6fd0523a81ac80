"""The Cypher of units' figures by day; for the habits of it see ``statements``."""

from __future__ import annotations

from typing import Final

READ_TALLY: Final = "MATCH (t:UnitTally {unit_code: $unit_code}) RETURN t.last AS last"
HOLD_TALLY: Final = "MATCH (t:UnitTally {unit_code: $unit_code}) SET t.guard = 1 WITH t RETURN t.record AS record"
MAKE_TALLY: Final = (
    "MERGE (t:UnitTally {unit_code: $unit_code}) ON CREATE SET t.last = 0, t.record = $record "
    "SET t.guard = 1 WITH t RETURN t.record AS record"
)
WRITE_TALLY: Final = "MATCH (t:UnitTally {unit_code: $unit_code}) SET t.last = $last, t.record = $record"
READ_TALLIES: Final = "MATCH (t:UnitTally) RETURN t.unit_code AS unit_code, t.last AS last"
READ_LASTS: Final = "MATCH (c:EventCounter) RETURN c.unit_code AS unit_code, c.last AS last"

READ_DAYS: Final = "UNWIND $keys AS key MATCH (d:DayTally {key: key}) RETURN d.day AS day, d.record AS record"
PUT_DAY: Final = "MATCH (d:DayTally {key: $key}) SET d.record = $record RETURN d.key AS key"
CREATE_DAY: Final = (
    "MATCH (t:UnitTally {unit_code: $unit_code}) "
    "CREATE (t)-[:ON_DAY]->(:DayTally {key: $key, day: $day, record: $record})"
)
DROP_DAYS_AFTER: Final = (
    "MATCH (:UnitTally {unit_code: $unit_code})-[:ON_DAY]->(d:DayTally) WHERE d.day > $day DETACH DELETE d"
)
