"""Publishing the catalogue."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from hub.errors import HubError
from schema.catalogue import CatalogueVersion
from schema.context import Info
from schema.errors import Problem, problem_of
from schema.fields import resolved
from schema.shaping import shaped


@strawberry.input(description="Publishes a draft of the catalogue. The number is its key: a version is published once.")
class PublishCatalogueInput:
    """Publishes a draft of the catalogue."""

    number: int | None = strawberry.field(default=None, description="Which draft; null: the latest.")


@strawberry.type(description="The published version, or why nothing was published.")
class CataloguePayload:
    """The published version, or why nothing was published."""

    version: CatalogueVersion | None = strawberry.field(description="The version; null exactly where errors are.")
    errors: list[Problem] = strawberry.field(description="Why nothing was published; empty where it was.")


Publish: TypeAlias = Annotated[
    PublishCatalogueInput, strawberry.argument(name="input", description="The draft to be published.")
]


@strawberry.type(description="Mutations of the catalogue.")
class CatalogueMutations:
    """Mutations of the catalogue."""

    @resolved(
        "Publish a draft of the catalogue (Art. 8): in force here when this answers, elsewhere within "
        "seconds. For the catalogue authority (市司法局)."
    )
    async def publish_catalogue(self, info: Info, given: Publish) -> CataloguePayload:
        """Publish a draft of the catalogue."""
        context = info.context
        try:
            version = await context.services.catalogue.publish(context.actor, given.number)
        except HubError as error:
            return CataloguePayload(version=None, errors=[problem_of(error)])
        return CataloguePayload(version=shaped(CatalogueVersion, version), errors=[])
