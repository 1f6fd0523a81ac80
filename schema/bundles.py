"""The inbox by bundles: what a unit is asked about one applicant, claimed at once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from hub import bundles as records
from hub.errors import HubError
from schema.context import Info
from schema.errors import Problem, QueryProblem, problem_of, read_or_problem
from schema.fields import resolved
from schema.relay import After, Connection, First, connection, page_of
from schema.requests import VerificationRequest, request_shape


@strawberry.type(description="What a unit has to answer about one applicant, whatever the case.")
class RequestBundle:
    """What a unit has to answer about one applicant."""

    id: strawberry.ID = strawberry.field(
        description="What `claimBundle` takes: random, and good as long as something of it is open."
    )
    due_at: datetime = strawberry.field(description="When the first of its requests is due.")
    requests: list[VerificationRequest] = strawberry.field(
        description="Its requests that are still to be answered, the earliest due first."
    )


@strawberry.type(description="A page of bundles.")
class BundleConnection(Connection[RequestBundle]):
    """A page of bundles."""


BundlesResult: TypeAlias = Annotated[
    BundleConnection | QueryProblem, strawberry.union("BundlesResult", description="The page, or why there is none.")
]


@strawberry.type(description="Queries of bundles.")
class BundleQueries:
    """Queries of bundles."""

    @resolved(
        "What a unit is still to answer, by applicant, the earliest due first. For drafters, reviewers, seal "
        "keepers and the unit's manager; pages of at most 100."
    )
    async def inbox_bundles(
        self,
        info: Info,
        unit_code: Annotated[str, strawberry.argument(description="Code of the caller's unit.")],
        first: First = 20,
        after: After = None,
    ) -> BundlesResult:
        """Return a page of bundles."""
        return await read_or_problem(_bundles(info, unit_code, first, after))


@strawberry.input(description="Claims all of a bundle (批量领取).")
class ClaimBundleInput:
    """Claims all of a bundle."""

    bundle_id: strawberry.ID = strawberry.field(description="The bundle's identifier.")
    key: str = strawberry.field(
        description="A key of the caller's own, 1 to 128 characters: the same key and content do nothing twice."
    )


@strawberry.type(description="What was claimed and what others had claimed, or why nothing was changed.")
class ClaimBundlePayload:
    """What was claimed and what others had claimed."""

    claimed: list[VerificationRequest] = strawberry.field(description="What the caller has claimed by this call.")
    taken: list[VerificationRequest] = strawberry.field(description="What somebody had claimed before.")
    errors: list[Problem] = strawberry.field(description="Why nothing was changed; empty where something was done.")


@strawberry.type(description="Steps on bundles.")
class BundleMutations:
    """Steps on bundles."""

    @resolved("Claim all requests of a bundle that nobody has claimed. For drafters of the issuing unit.")
    async def claim_bundle(
        self,
        info: Info,
        given: Annotated[ClaimBundleInput, strawberry.argument(name="input", description="The bundle and the key.")],
    ) -> ClaimBundlePayload:
        """Claim a bundle."""
        try:
            found = await info.context.services.requests.bundles.claim(info.context.actor, given.bundle_id, given.key)
        except HubError as error:
            return ClaimBundlePayload(claimed=[], taken=[], errors=[problem_of(error)])
        claimed = [request_shape(each) for each in found.claimed]
        return ClaimBundlePayload(claimed=claimed, taken=[request_shape(each) for each in found.taken], errors=[])


async def _bundles(info: Info, unit_code: str, first: int, after: str | None) -> BundleConnection:
    page = page_of("bundles", (int, str), first, after)
    seen = (int(page.after[0]), str(page.after[1])) if page.after else None
    found = await info.context.services.requests.bundles.page(info.context.actor, unit_code, seen, first + 1)
    chosen = found[:first]
    keys = [(round(each.due_at.timestamp() * 1000), each.id) for each in chosen]
    return connection(BundleConnection, page, [_shape(each) for each in chosen], keys, more=len(found) > first)


def _shape(bundle: records.Bundle) -> RequestBundle:
    requests = [request_shape(each) for each in bundle.requests]
    return RequestBundle(id=strawberry.ID(bundle.id), due_at=bundle.due_at, requests=requests)
