"""The schema's steps: numbered without a gap, and the same for both engines."""

from __future__ import annotations

import re

import pytest

from graph_models import (
    statements,
    statements_bundles,
    statements_contacts,
    statements_journal,
    statements_outbox,
    statements_violations,
    statements_webhooks,
)
from graph_models.errors import SchemaTooNewError
from graph_models.migrations import MIGRATIONS, SCHEMA_VERSION, ladybug_statements, neo4j_statements, pending


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [migration.number for migration in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_a_newer_store_is_refused() -> None:
    with pytest.raises(SchemaTooNewError, match="install a newer one"):
        pending(SCHEMA_VERSION + 1)


def test_a_current_store_needs_nothing_and_an_empty_one_everything() -> None:
    assert pending(SCHEMA_VERSION) == ()
    assert pending(0) == MIGRATIONS


def test_the_first_statement_of_the_embedded_engine_makes_the_table_of_the_version() -> None:
    first = ladybug_statements(MIGRATIONS[0])[0]
    assert first.startswith("CREATE NODE TABLE IF NOT EXISTS SchemaVersion(name STRING")


def test_every_schema_statement_may_be_run_again() -> None:
    for migration in MIGRATIONS:
        for statement in (*ladybug_statements(migration), *neo4j_statements(migration)):
            assert "IF NOT EXISTS" in statement


def test_every_label_and_relationship_of_a_statement_is_in_the_schema() -> None:
    known = {kind.label for migration in MIGRATIONS for kind in migration.nodes}
    known |= {link.type for migration in MIGRATIONS for link in migration.links}
    modules = (
        statements,
        statements_bundles,
        statements_contacts,
        statements_journal,
        statements_outbox,
        statements_violations,
        statements_webhooks,
    )
    named = [each for module in modules for each in vars(module).items()]
    texts = [text for name, text in named if name.isupper() and isinstance(text, str)]
    used = {one for text in texts for one in re.findall(r"[(\[]\w*:([A-Za-z_|]+)", text)}
    assert {part for one in used for part in one.split("|")} <= known


def test_links_join_labels_of_the_schema() -> None:
    labels = {kind.label for migration in MIGRATIONS for kind in migration.nodes}
    for migration in MIGRATIONS:
        for link in migration.links:
            assert {link.source, link.target} <= labels
