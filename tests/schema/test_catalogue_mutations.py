"""Publishing by GraphQL: in force when it answers, once, and only what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hub.catalogue_authority import JUSTICE
from tests.hub.catalogue_tables import workbook_of
from tests.schema.city import City, city_catalogue, open_city

PUBLISH = """mutation P($number: Int) { publishCatalogue(input: {number: $number}) {
  version { number title publishedAt } errors { __typename code mend messageZh } } }"""
IN_FORCE = "{ catalogueVersion { ... on CatalogueVersion { number title } } }"


async def drafted(city: City, title: str) -> None:
    await city.services.catalogue.import_file(JUSTICE, workbook_of(city_catalogue()), "a.xlsx", title)


@pytest.mark.requirement("R8.1")
async def test_a_draft_is_in_force_when_publishing_answers_and_not_before(tmp_path: Path) -> None:
    async with open_city(tmp_path) as city:
        await drafted(city, "第二版")
        assert (await city.ask(IN_FORCE))["catalogueVersion"]["number"] == 1
        done = (await city.ask(PUBLISH, JUSTICE))["publishCatalogue"]
        assert done == {
            "version": {"number": 2, "title": "第二版", "publishedAt": "2026-03-02T01:00:00Z"},
            "errors": [],
        }
        assert (await city.ask(IN_FORCE))["catalogueVersion"] == {"number": 2, "title": "第二版"}
        again = (await city.ask(PUBLISH, JUSTICE, number=2))["publishCatalogue"]
        assert [error["__typename"] for error in again["errors"]] == ["WrongState"]


async def test_a_version_that_is_not_there_cannot_be_published(city: City) -> None:
    refused = (await city.ask(PUBLISH, JUSTICE, number=77))["publishCatalogue"]
    assert refused["version"] is None
    assert [(error["__typename"], bool(error["mend"])) for error in refused["errors"]] == [("NotFound", True)]
