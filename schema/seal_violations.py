"""Refused uses of the seals (违规情形), as the seal authority sees all of them and a unit its own (Art. 15, 20)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from graph_models import seals as records
from graph_models.rows import milliseconds
from graph_models.violation_records import violation_key
from hub.seal_book import ViolationFilter
from schema.context import Info
from schema.errors import QueryProblem, read_or_problem
from schema.fields import resolved
from schema.relay import After, Connection, First, connection, page_of
from schema.shaping import shaped


@strawberry.type(description="A use of a seal that was refused because no grant covers it: once for each reason.")
class SealViolation:
    """A refused use of a seal."""

    issuing_key: str = strawberry.field(description="The issuing that was refused, as the audit names it.")
    seal_id: strawberry.ID | None = strawberry.field(description="The seal; null where there is none of the kind.")
    unit_code: str = strawberry.field(description="Code of the unit that wanted to use it.")
    proof_type_code: str = strawberry.field(description="Code of the proof type.")
    reason: str = strawberry.field(description="Code of the refusal, SEAL_NOT_GRANTED or SEAL_SUSPENDED.")
    by: str = strawberry.field(description="Who asked for it: a staff number or a system, never a name.")
    at: datetime = strawberry.field(description="When it was refused first.")


@strawberry.type(description="A page of refused uses, the newest first.")
class SealViolationConnection(Connection[SealViolation]):
    """A page of refused uses."""


SealViolationsResult: TypeAlias = Annotated[
    SealViolationConnection | QueryProblem,
    strawberry.union("SealViolationsResult", description="The page, or why there is none."),
]
OfSeal: TypeAlias = Annotated[
    strawberry.ID | None, strawberry.argument(description="Of this seal alone; null: of any, or of none.")
]
OfUnit: TypeAlias = Annotated[
    str | None, strawberry.argument(description="By this unit alone; null: by any, where a unit asks by itself.")
]


@strawberry.type(description="Queries of refused uses of seals.")
class ViolationQueries:
    """Queries of refused uses of seals."""

    @resolved(
        "Uses of seals that were refused because no grant covers them, the newest first. For the seal authority "
        "(市公安局) and the supervisor; for a unit's seal keepers and managers its own."
    )
    async def seal_violations(
        self, info: Info, seal_id: OfSeal = None, unit_code: OfUnit = None, first: First = 20, after: After = None
    ) -> SealViolationsResult:
        """Return a page of refused uses."""
        wanted = ViolationFilter(seal_id=seal_id, unit_code=unit_code)
        return await read_or_problem(_violations(info, wanted, first, after))


async def _violations(info: Info, wanted: ViolationFilter, first: int, after: str | None) -> SealViolationConnection:
    page = page_of("sealViolations", (int, str), first, after)
    seen = (int(page.after[0]), str(page.after[1])) if page.after else None
    found = await info.context.services.seal_book.violations(info.context.actor, wanted, seen, page.first + 1)
    chosen: tuple[records.SealViolation, ...] = found[: page.first]
    nodes = [shaped(SealViolation, each) for each in chosen]
    keys = [(milliseconds(each.at), violation_key(each)) for each in chosen]
    return connection(SealViolationConnection, page, nodes, keys, more=len(found) > page.first)
