"""The schema, step by step: numbered migrations, each for both engines, and the node that says how far a store is.

The embedded engine wants its tables before the first record and enforces primary keys; it has no other index, so
what is asked for by something else than its key is reached over a relationship from a node that has that as its key
(a unit's inbox, a case's needs). Neo4j gets a uniqueness constraint, which is an index too, for each such key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from graph_models.errors import SchemaTooNewError
from graph_models.outbox_records import mark_more
from graph_models.request_records import bundle_more
from graph_models.store import Transaction, Work

Carry: TypeAlias = Callable[[Transaction, str], Awaitable[str]]

SCHEMA_NODE = "schema"
"""Key of the one SchemaVersion node."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """A kind of node: its label, its key, the types of its properties (the key's first) and what Neo4j indexes."""

    label: str
    columns: tuple[tuple[str, str], ...]
    indexes: tuple[tuple[str, ...], ...] = ()

    @property
    def key(self) -> str:
        """The property that no two nodes of the label share."""
        return self.columns[0][0]


@dataclass(frozen=True, slots=True)
class Links:
    """A kind of relationship: its type, from which label to which, and the types of its properties."""

    type: str
    source: str
    target: str
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema. Once released it is never changed: a later one mends it."""

    number: int
    nodes: tuple[Nodes, ...]
    links: tuple[Links, ...]
    indexes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Labels of older steps, each with properties that Neo4j indexes together."""
    columns: tuple[tuple[str, str], ...] = ()
    """Labels of older steps, each with one more property and its type; ladybug alone wants it declared."""
    carry: Carry | None = None
    """Brings a piece of what an older version wrote into the new form: from a place on to the next one, "" at the end.
    Where it is done twice, or by two processes, it does nothing the second time."""


def _columns(text: str) -> tuple[tuple[str, str], ...]:
    """Read ``name TYPE, name TYPE`` into pairs."""
    pairs = (column.split() for column in text.split(",")) if text else ()
    return tuple((name, kind) for name, kind in pairs)


def _nodes(label: str, columns: str, *indexes: tuple[str, ...]) -> Nodes:
    return Nodes(label, _columns(columns), indexes)


def _links(kind: str, source: str, target: str, columns: str = "") -> Links:
    return Links(kind, source, target, _columns(columns))


FIRST = Migration(
    number=1,
    nodes=(
        _nodes("SchemaVersion", "name STRING, version INT64"),
        _nodes("CatalogueVersion", "number INT64, published INT64, guard INT64, record STRING"),
        _nodes(
            "Unit",
            "key STRING, catalogue INT64, position INT64, code STRING, name STRING, name_en STRING, kind STRING, "
            "level STRING, region STRING, field STRING, record STRING",
            ("catalogue",),
        ),
        _nodes(
            "ProofType",
            "key STRING, catalogue INT64, position INT64, code STRING, name STRING, name_en STRING, family STRING, "
            "record STRING",
            ("catalogue",),
        ),
        _nodes(
            "ServiceItem",
            "key STRING, catalogue INT64, position INT64, code STRING, name STRING, field STRING, instant BOOLEAN, "
            "promised_days INT64, record STRING",
            ("catalogue",),
        ),
        _nodes("UnitDesk", "unit_code STRING"),
        _nodes("BusinessNumber", "key STRING, case_number STRING"),
        _nodes(
            "CaseFile",
            "number STRING, unit_code STRING, item_code STRING, region STRING, state STRING, opened_at INT64, "
            "version INT64, guard INT64, record STRING",
        ),
        _nodes("WorkQueue", "name STRING"),
        _nodes(
            "Need",
            "id STRING, proof_type_code STRING, state STRING, waiting BOOLEAN, due_at INT64, version INT64, "
            "guard INT64, record STRING",
        ),
        _nodes("UnitInbox", "unit_code STRING"),
        _nodes(
            "VerificationRequest",
            "id STRING, proof_type_code STRING, asking_unit STRING, issuing_unit STRING, state STRING, due_at INT64, "
            "place STRING, version INT64, guard INT64, record STRING",
        ),
        _nodes(
            "IssuingIntent",
            "key STRING, proof_number STRING, state STRING, intended_at INT64, waiting BOOLEAN, version INT64, "
            "guard INT64, record STRING",
        ),
        _nodes("DeadlineSlot", "minute INT64, guard INT64"),
        _nodes("CheckCode", "code STRING, proof_number STRING"),
        _nodes(
            "Proof",
            "number STRING, proof_type_code STRING, case_number STRING, producing_unit STRING, state STRING, "
            "negative BOOLEAN, extracted_at INT64, valid_until INT64, version INT64, guard INT64, record STRING",
        ),
        _nodes("AuditHead", "stream STRING, sequence INT64, digest STRING, guard INT64"),
        _nodes("AuditEntry", "key STRING, operation STRING, unit_code STRING, at INT64, record STRING"),
        _nodes("EventCounter", "unit_code STRING, last INT64, guard INT64"),
        _nodes("OutboxEvent", "id STRING, type STRING, sequence INT64, published BOOLEAN, record STRING"),
        _nodes("Receipt", "key STRING, at INT64, record STRING"),
    ),
    links=(
        _links("BELONGS_TO", "Unit", "Unit"),
        _links("HANDLES", "Unit", "ServiceItem"),
        _links("ISSUES", "Unit", "ProofType", "position INT64, region STRING, mode STRING, record STRING"),
        _links(
            "REQUIRES",
            "ServiceItem",
            "ProofType",
            "position INT64, requirement STRING, alternatives INT64, act STRING, article STRING, level STRING, "
            "measures STRING[], record STRING",
        ),
        _links("OPENED", "UnitDesk", "CaseFile"),
        _links("HAS_NEED", "CaseFile", "Need"),
        _links("NEED_WAITING", "WorkQueue", "Need"),
        _links("HAS_REQUEST", "CaseFile", "VerificationRequest"),
        _links("TO_ANSWER", "UnitInbox", "VerificationRequest"),
        _links("ANSWERED", "UnitInbox", "VerificationRequest"),
        _links("PASSES", "DeadlineSlot", "VerificationRequest", "limit_kind STRING, at INT64"),
        _links("PROVISIONAL", "WorkQueue", "VerificationRequest"),
        _links("INTENT_WAITING", "WorkQueue", "IssuingIntent"),
        _links("HAS_PROOF", "CaseFile", "Proof"),
        _links("UNPUBLISHED", "EventCounter", "OutboxEvent"),
    ),
)

SEALS = Migration(
    number=2,
    nodes=(
        _nodes(
            "Seal", "id STRING, number STRING, kind STRING, state STRING, version INT64, guard INT64, record STRING"
        ),
        _nodes("SealNumber", "number STRING, seal_id STRING"),
        _nodes("SealGate", "key STRING, is_open BOOLEAN, guard INT64"),
        _nodes("SealGrant", "id STRING, state STRING, version INT64, guard INT64, record STRING"),
        _nodes("UnitGrants", "unit_code STRING"),
        _nodes("GrantDay", "key STRING, used INT64, guard INT64"),
        _nodes("SealUse", "proof_number STRING, key_label STRING, at INT64, record STRING"),
    ),
    links=(
        _links("HAS_GATE", "Seal", "SealGate"),
        _links("GRANTED", "Seal", "SealGrant"),
        _links("MAY_USE", "UnitGrants", "SealGrant"),
        _links("USED", "GrantDay", "SealUse"),
        _links("SEALED", "SealUse", "Proof"),
    ),
)

ARCHIVE = Migration(
    number=3,
    nodes=(
        _nodes(
            "RaisingTask",
            "proof_number STRING, since INT64, due_at INT64, counts BOOLEAN, version INT64, guard INT64, record STRING",
        ),
        _nodes("ArchiveShelf", "key STRING, day INT64"),
    ),
    links=(
        _links("TO_RAISE", "WorkQueue", "RaisingTask"),
        _links("STANDS_UNTIL", "ArchiveShelf", "Proof"),
    ),
)

VIOLATIONS = Migration(
    number=4,
    nodes=(
        _nodes("SealViolation", "key STRING, seal_id STRING, at INT64, record STRING", ("at",)),
        _nodes("UnitViolations", "unit_code STRING"),
    ),
    links=(
        _links("REFUSED", "Seal", "SealViolation"),
        _links("REFUSED_TO", "UnitViolations", "SealViolation"),
    ),
)

OUTBOX = Migration(
    number=5,
    nodes=(
        _nodes("OutboxLane", "lane INT64, holder STRING, until INT64, guard INT64"),
        _nodes("OutboxMember", "holder STRING, until INT64"),
        _nodes("DeadLetter", "id STRING, at INT64, record STRING", ("at",)),
        _nodes("ConsumerPlace", "key STRING, record STRING"),
    ),
    links=(),
)

WEBHOOKS = Migration(
    number=6,
    nodes=(
        _nodes(
            "Webhook",
            "id STRING, state STRING, cursor INT64, resend BOOLEAN, ready_at INT64, holder STRING, beat INT64, "
            "guard INT64, record STRING, progress STRING",
        ),
    ),
    links=(_links("FEEDS", "EventCounter", "Webhook"),),
)

CONTACTS = Migration(
    number=7,
    nodes=(
        _nodes("UnitContacts", "unit_code STRING, seen INT64, guard INT64"),
        _nodes("Contact", "id STRING, record STRING"),
        _nodes("ConsoleMessage", "id STRING, due_at INT64, version INT64, guard INT64, record STRING"),
        _nodes("ConsoleLink", "token_sha256 STRING, valid_until INT64, record STRING", ("valid_until",)),
    ),
    links=(
        _links("HAS_CONTACT", "UnitContacts", "Contact"),
        _links("OPENS_BY", "Contact", "ConsoleLink"),
        _links("TO_SEND", "WorkQueue", "ConsoleMessage"),
    ),
)

STATISTICS = Migration(
    number=8,
    nodes=(
        _nodes("EventFloor", "unit_code STRING, pruned INT64, latest INT64, guard INT64"),
        _nodes("UnitTally", "unit_code STRING, last INT64, guard INT64, record STRING"),
        _nodes("DayTally", "key STRING, day STRING, record STRING"),
    ),
    links=(_links("ON_DAY", "UnitTally", "DayTally"),),
)

BUNDLES = Migration(
    number=9,
    nodes=(
        _nodes("InboxBundle", "key STRING, id STRING, unit_code STRING, due_at INT64, guard INT64"),
        _nodes("BundleName", "id STRING"),
    ),
    links=(
        _links("BUNDLES", "InboxBundle", "VerificationRequest"),
        _links("NAMES", "BundleName", "InboxBundle"),
        _links("HAS_BUNDLE", "UnitInbox", "InboxBundle"),
    ),
    carry=bundle_more,
)

PAGES = Migration(
    number=10,
    nodes=(),
    links=(),
    indexes=(
        ("VerificationRequest", ("issuing_unit", "state", "due_at", "id")),
        ("CaseFile", ("unit_code", "state", "opened_at", "number")),
        ("InboxBundle", ("unit_code", "due_at", "id")),
    ),
)
"""Pages by an index: see ``statements_neo4j``."""

TURNS = Migration(
    number=11,
    nodes=(_nodes("FormerContact", "key STRING"),),
    links=(),
    columns=(("Webhook", "served_at INT64 DEFAULT 0"),),
)

MARKS = Migration(
    number=12,
    nodes=(_nodes("OutboxMark", "unit_code STRING, sent INT64, guard INT64"),),
    links=(),
    carry=mark_more,
)

MIGRATIONS: tuple[Migration, ...] = (
    FIRST,
    SEALS,
    ARCHIVE,
    VIOLATIONS,
    OUTBOX,
    WEBHOOKS,
    CONTACTS,
    STATISTICS,
    BUNDLES,
    PAGES,
    TURNS,
    MARKS,
)
"""All of them, by number."""

SCHEMA_VERSION = MIGRATIONS[-1].number
"""Number of the last migration that this software knows."""


def pending(found: int) -> tuple[Migration, ...]:
    """Return the migrations that a store at the found version still needs; 0 is an empty store.

    Raises:
        SchemaTooNewError: the store was written by a newer version of this software.
    """
    if found > SCHEMA_VERSION:
        raise SchemaTooNewError(
            f"the store has schema {found}; this version knows {SCHEMA_VERSION}: install a newer one"
        )
    return tuple(migration for migration in MIGRATIONS if migration.number > found)


async def carry_over(write: Callable[[Work[str]], Awaitable[str]], missing: Iterable[Migration]) -> None:
    """Bring what is stored into the form of the migrations, whose tables are there, a piece in each work."""
    for migration in missing:
        if migration.carry is not None:
            after = await write(partial(_carried, migration.carry, ""))
            while after:
                after = await write(partial(_carried, migration.carry, after))


async def _carried(carry: Carry, after: str, tx: Transaction) -> str:
    return await carry(tx, after)


def ladybug_statements(migration: Migration) -> tuple[str, ...]:
    """Return the migration's tables in ladybug's own schema language."""
    nodes = (
        f"CREATE NODE TABLE IF NOT EXISTS {kind.label}({_typed(kind.columns)}, PRIMARY KEY({kind.key}))"
        for kind in migration.nodes
    )
    links = (
        f"CREATE REL TABLE IF NOT EXISTS {link.type}"
        f"({', '.join(filter(None, (f'FROM {link.source} TO {link.target}', _typed(link.columns))))})"
        for link in migration.links
    )
    more = (f"ALTER TABLE {label} ADD IF NOT EXISTS {column}" for label, column in migration.columns)
    return (*nodes, *links, *more)


def neo4j_statements(migration: Migration) -> tuple[str, ...]:
    """Return the migration's uniqueness constraints and indexes for Neo4j; nothing else needs declaring there."""
    constraints = (
        f"CREATE CONSTRAINT {kind.label}_{kind.key} IF NOT EXISTS FOR (n:{kind.label}) REQUIRE n.{kind.key} IS UNIQUE"
        for kind in migration.nodes
    )
    own = tuple((kind.label, index) for kind in migration.nodes for index in kind.indexes)
    indexes = (
        f"CREATE INDEX {label}_{'_'.join(index)} IF NOT EXISTS FOR (n:{label}) "
        f"ON ({', '.join(f'n.{name}' for name in index)})"
        for label, index in (*own, *migration.indexes)
    )
    return (*constraints, *indexes)


def _typed(columns: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns)
