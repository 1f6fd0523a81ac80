"""The printed schema is what is committed, and says of everything what it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    is_specified_scalar_type,
)

from hub import errors
from hub.errors import HubError
from schema.answer_cache import CATALOGUE_FIELDS
from schema.errors import PROBLEMS
from schema.schema import core_schema, print_sdl

QUERIES = {
    "case",
    "cases",
    "serviceItem",
    "serviceItems",
    "proofType",
    "proofTypes",
    "unit",
    "units",
    "catalogueVersion",
    "route",
    "planCase",
    "proof",
    "request",
    "inbox",
    "inboxBundles",
    "verifyProof",
    "seal",
    "seals",
    "sealUsage",
    "sealViolations",
    "sealRadar",
    "webhooks",
    "contacts",
    "unitStatistics",
}
MUTATIONS = {
    "openCase",
    "answerQuestion",
    "closeCase",
    "withdrawCase",
    "claimRequest",
    "releaseRequest",
    "draftAnswer",
    "reviewAnswer",
    "sealAnswer",
    "rerouteRequest",
    "requestPart",
    "assignRequest",
    "claimBundle",
    "withdrawRequest",
    "publishCatalogue",
    "applyForSeal",
    "approveSeal",
    "makeSeal",
    "installSealCertificate",
    "activateSeal",
    "suspendSeal",
    "resumeSeal",
    "rotateSeal",
    "renewArchive",
    "revokeSeal",
    "destroySeal",
    "registerGrant",
    "revokeGrant",
    "registerWebhook",
    "changeWebhook",
    "removeWebhook",
    "redeliverWebhook",
    "registerContact",
    "removeContact",
}


def test_the_committed_schema_is_the_printed_one() -> None:
    committed = Path(__file__).resolve().parents[2] / "schema" / "schema.graphql"
    assert committed.read_text(encoding="utf-8") == print_sdl(), "run scripts/sdl"


def test_every_operation_has_its_name() -> None:
    query, mutation = core_schema().query_type, core_schema().mutation_type
    assert query is not None
    assert mutation is not None
    assert (set(query.fields), set(mutation.fields)) == (QUERIES, MUTATIONS)


def _described(kind: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    yield kind.name, kind.description
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in kind.fields.items():
            yield f"{kind.name}.{name}", field.description
            yield from ((f"{kind.name}.{name}({arg})", given.description) for arg, given in field.args.items())
    elif isinstance(kind, GraphQLInputObjectType):
        yield from ((f"{kind.name}.{name}", field.description) for name, field in kind.fields.items())
    elif isinstance(kind, GraphQLEnumType):
        yield from ((f"{kind.name}.{name}", value.description) for name, value in kind.values.items())


def test_everything_is_described() -> None:
    own = [
        kind
        for name, kind in core_schema().type_map.items()
        if not name.startswith("__") and not is_specified_scalar_type(kind)
    ]
    assert [place for kind in own for place, text in _described(kind) if not (text or "").strip()] == []


def test_every_mutation_says_who_may_and_takes_one_input() -> None:
    mutation = core_schema().mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        assert list(field.args) == ["input"], name
        assert "For " in (field.description or ""), name


def test_every_refusal_of_the_hub_has_its_type() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HubError)}
    elsewhere = {HubError, errors.UnauthenticatedError, errors.CatalogueRejectedError}  # no call of GraphQL raises them
    elsewhere.add(errors.SealRefusedError)  # what its three kinds have in common
    assert set(PROBLEMS) == kinds - elsewhere


def test_what_is_kept_depends_on_nobody_and_on_no_time() -> None:
    assert QUERIES - {
        "case", "cases", "inbox", "inboxBundles", "request", "proof", "verifyProof", "planCase",
        "seal", "seals", "sealUsage", "sealViolations", "sealRadar", "webhooks", "contacts", "unitStatistics",
    } == CATALOGUE_FIELDS & QUERIES  # fmt: skip
