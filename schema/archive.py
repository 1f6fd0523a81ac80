"""The archive: proofs stamped anew before their time stamps run out, by the seal authority."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from hub.archive_renewal import MOST_DAYS
from hub.errors import HubError
from schema.context import Info
from schema.errors import Problem, problem_of
from schema.fields import resolved
from schema.shaping import shaped


@strawberry.input(description="Renews some proofs of the archive.")
class RenewArchiveInput:
    """Renews some proofs of the archive."""

    within_days: int = strawberry.field(
        description=f"Renews what stands for less than so many days more, 1 to {MOST_DAYS}."
    )
    after: str | None = strawberry.field(
        default=None, description="Null to begin with, then `after` of the answer before, until that is null."
    )


@strawberry.type(description="What one call did, and what is left.")
class RenewalProgress:
    """What one call did."""

    taken_in: int = strawberry.field(
        description="Proofs sealed before time stamps were set, raised beside the calls from now on."
    )
    renewed: int = strawberry.field(description="Proofs that were stamped anew.")
    failed: int = strawberry.field(description="Proofs that could not be; the log says why.")
    left: int = strawberry.field(description="Proofs that are still due; 0 while proofs are being taken in.")
    after: str | None = strawberry.field(description="Where the next call goes on; null when all is done.")


@strawberry.type(description="The progress, or why nothing was done.")
class RenewArchivePayload:
    """The progress, or why nothing was done."""

    progress: RenewalProgress | None = strawberry.field(description="The progress; null exactly where errors are.")
    errors: list[Problem] = strawberry.field(description="Why nothing was done; empty where it was.")


Renew: TypeAlias = Annotated[
    RenewArchiveInput, strawberry.argument(name="input", description="Which proofs, and where to go on.")
]


@strawberry.type(description="What is done to the archive.")
class ArchiveMutations:
    """What is done to the archive."""

    @resolved(
        "Stamp a few proofs anew that stand for less than so many days more; call it again until `after` is null. "
        "It may be stopped at any point. For the seal authority (市公安局)."
    )
    async def renew_archive(self, info: Info, given: Renew) -> RenewArchivePayload:
        """Renew some proofs."""
        archive, actor = info.context.services.archive, info.context.actor
        try:
            done = await archive.step(actor, given.within_days, given.after)
        except HubError as error:
            return RenewArchivePayload(progress=None, errors=[problem_of(error)])
        return RenewArchivePayload(progress=shaped(RenewalProgress, done), errors=[])
