"""Figures of a unit by GraphQL: for the unit itself and for who supervises, by days of the city."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.actors import Actor, Post
from hub.clock import CITY_TIME
from hub.statistics import MOST_DAYS
from tests.hub.catalogue_authority import NOW
from tests.schema.city import ACTORS, DRAFTER, MANAGER, OPERATOR, SUPERVISOR, City
from tests.schema.test_cases import opened

ANALYST = Actor("an-1", "JY", frozenset({Post.ANALYST}))
ACTORS[ANALYST.subject] = ANALYST
FIGURES = """query F($unit: String!, $from: Date!, $to: Date!) { unitStatistics(unitCode: $unit, from: $from, to: $to) {
  __typename
  ... on UnitStatistics { unitCode total { ...counts } days { day counts { ...counts } } }
  ... on Problem { code field mend } } }
fragment counts on UnitCounts {
  casesOpened proofsShared proofsVerified requestsReceived requestsInTime requestsLate requestsOverdue }"""
TODAY = NOW.astimezone(CITY_TIME).date()
"""The city's clock stands still."""


async def figures(city: City, actor: Actor, unit: str, first: int = 0, last: int = 0) -> dict[str, Any]:
    """Return the unit's figures from some days after today to some other days after it."""
    days = {"from": TODAY + timedelta(days=first), "to": TODAY + timedelta(days=last)}
    given = {name: day.isoformat() for name, day in days.items()}
    found: dict[str, Any] = (await city.ask(FIGURES, actor, unit=unit, **given))["unitStatistics"]
    return found


async def test_a_unit_and_its_supervisor_see_what_happened(city: City) -> None:
    await city.services.statistics.look()
    before = (await figures(city, MANAGER, "GA-HS"))["total"]
    for number in ("ST-1", "ST-2"):
        await opened(city, number)
    await city.services.statistics.look()
    for actor in (MANAGER, DRAFTER, SUPERVISOR):
        found = await figures(city, actor, "GA-HS", -1, 1)
        assert found["total"]["requestsReceived"] == before["requestsReceived"] + 2
        assert [(each["day"], each["counts"]) for each in found["days"]] == [(TODAY.isoformat(), found["total"])]
    asker = await figures(city, OPERATOR, "JY")
    assert asker["unitCode"] == "JY"
    assert asker["total"]["casesOpened"] >= 2
    assert asker["total"]["requestsReceived"] == 0


@pytest.mark.requirement("R5.1", "I4")
async def test_another_units_figures_are_refused(city: City) -> None:
    for actor, unit in ((MANAGER, "JY"), (OPERATOR, "GA-HS"), (ANALYST, "JY")):
        refused = await figures(city, actor, unit)
        assert (refused["__typename"], refused["code"]) == ("NotPermitted", "NOT_PERMITTED")


async def test_days_without_anything_are_left_out_and_a_period_that_is_none_is_refused(city: City) -> None:
    empty = await figures(city, SUPERVISOR, "GA-HS", 100, 200)
    assert (empty["days"], set(empty["total"].values())) == ([], {0})
    for first, last in ((1, 0), (0, MOST_DAYS)):
        refused = await figures(city, SUPERVISOR, "GA-HS", first, last)
        assert (refused["__typename"], refused["field"]) == ("InvalidInput", "to")


@pytest.mark.parametrize("day", ["2026-02-30", "yesterday", "", 7])
async def test_a_day_that_there_is_not_is_refused_before_anything_is_read(city: City, day: object) -> None:
    variables = {"unit": "GA-HS", "from": day, "to": "2026-03-02"}
    answer = (await city.post({"query": FIGURES, "variables": variables}, SUPERVISOR)).json()
    assert answer["errors"][0]["extensions"]["code"] == "BAD_VARIABLES"
