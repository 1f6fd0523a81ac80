"""Figures of a unit by day (统计): cases, proofs by kind, requests and whether they were answered in time."""

from __future__ import annotations

from datetime import date
from typing import Annotated, TypeAlias

import strawberry

from graph_models import statistics as records
from hub.statistics import MOST_DAYS, total
from schema.context import Info
from schema.errors import QueryProblem, read_or_problem
from schema.fields import resolved
from schema.shaping import shaped


@strawberry.type(description="What happened in a unit.")
class UnitCounts:
    """What happened in a unit."""

    cases_opened: int = strawberry.field(description="Cases that it opened.")
    proofs_shared: int = strawberry.field(description="Proofs that it produced from shared information (共享信息).")
    proofs_verified: int = strawberry.field(description="Proofs that it produced of verified information (核实信息).")
    requests_received: int = strawberry.field(description="Requests that came to it, also by passing on.")
    requests_in_time: int = strawberry.field(description="Requests that it sealed the answer of by their target.")
    requests_late: int = strawberry.field(description="Requests that it sealed the answer of after their target.")
    requests_overdue: int = strawberry.field(description="Requests of which the due time passed without an answer.")


@strawberry.type(description="What happened in a unit on one day.")
class DayStatistics:
    """What happened in a unit on one day."""

    day: date = strawberry.field(description="Day in the city (Asia/Shanghai).")
    counts: UnitCounts = strawberry.field(description="The figures of the day.")


@strawberry.type(description="A unit's figures; what was counted last is a few seconds old.")
class UnitStatistics:
    """A unit's figures."""

    unit_code: str = strawberry.field(description="Code of the unit.")
    total: UnitCounts = strawberry.field(description="All the days together.")
    days: list[DayStatistics] = strawberry.field(description="By day, in order; a day without any is left out.")


UnitStatisticsResult: TypeAlias = Annotated[
    UnitStatistics | QueryProblem,
    strawberry.union("UnitStatisticsResult", description="The figures, or why there are none."),
]


@strawberry.type(description="Queries of figures.")
class StatisticsQueries:
    """Queries of figures."""

    @resolved(
        f"A unit's figures by day, of at most {MOST_DAYS} days: to the supervisor (改革办) those of any unit, to "
        "operators, drafters, reviewers, seal keepers and the manager those of their own."
    )
    async def unit_statistics(
        self,
        info: Info,
        unit_code: Annotated[str, strawberry.argument(description="Code of the unit.")],
        first: Annotated[date, strawberry.argument(name="from", description="First day.")],
        last: Annotated[date, strawberry.argument(name="to", description="Last day, included.")],
    ) -> UnitStatisticsResult:
        """Return a unit's figures."""
        return await read_or_problem(_statistics(info, unit_code, first, last))


async def _statistics(info: Info, unit_code: str, first: date, last: date) -> UnitStatistics:
    days = await info.context.services.statistics.of_unit(info.context.actor, unit_code, first, last)
    shown = [DayStatistics(day=each.day, counts=_shape(each.counts)) for each in days]
    return UnitStatistics(unit_code=unit_code, total=_shape(total(days)), days=shown)


def _shape(counts: records.Counts) -> UnitCounts:
    return shaped(UnitCounts, counts)
