"""Assembles the schema. ``schema.graphql`` beside this file is what it prints, and a test holds it."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

import strawberry
from graphql import GraphQLObjectType, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from schema.archive import ArchiveMutations
from schema.bundles import BundleMutations, BundleQueries
from schema.case_mutations import CaseMutations
from schema.cases import CaseQueries
from schema.catalogue_mutations import CatalogueMutations
from schema.catalogue_queries import CatalogueQueries
from schema.contacts import ContactMutations, ContactQueries
from schema.errors import PROBLEMS
from schema.proofs import ProofQueries
from schema.request_mutations import RequestMutations
from schema.requests import RequestQueries
from schema.routes import RouteQueries
from schema.scalars import SCALARS
from schema.seal_mutations import SealMutations
from schema.seal_violations import ViolationQueries
from schema.seals import SealQueries
from schema.statistics import StatisticsQueries
from schema.subscriptions import Subscription
from schema.webhooks import WebhookMutations, WebhookQueries


@strawberry.type(
    description="What can be asked. Each query of one thing answers with a union: the thing, or the Problem with it."
)
class Query(
    CatalogueQueries,
    RouteQueries,
    CaseQueries,
    RequestQueries,
    ProofQueries,
    SealQueries,
    ViolationQueries,
    WebhookQueries,
    BundleQueries,
    ContactQueries,
    StatisticsQueries,
):
    """What can be asked."""


@strawberry.type(description="What can be done. Each answers with a payload: what was changed, or errors and nothing.")
class Mutation(
    CaseMutations,
    RequestMutations,
    CatalogueMutations,
    SealMutations,
    ArchiveMutations,
    WebhookMutations,
    BundleMutations,
    ContactMutations,
):
    """What can be done."""


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=list(PROBLEMS.values()),
    config=StrawberryConfig(scalar_map=SCALARS),
)


def print_sdl() -> str:
    """Return the schema in the schema definition language, with a newline at its end."""
    return schema.as_str().rstrip("\n") + "\n"


def core_schema() -> GraphQLSchema:
    """Return the schema as graphql-core executes it."""
    return _CORE


def _read_directly(core: GraphQLSchema) -> GraphQLSchema:
    """Let fields that are plain attributes be read as such: Strawberry's own way makes four calls of each."""
    for kind in core.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                own = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
                if isinstance(own, StrawberryField) and own.is_basic_field:
                    field.resolve = _reader(own.python_name)
    return core


def _reader(name: str) -> Callable[[object, object], object]:
    read = attrgetter(name)
    return lambda source, _: read(source)


_CORE = _read_directly(schema._schema)  # noqa: SLF001  Strawberry has no public name for it
