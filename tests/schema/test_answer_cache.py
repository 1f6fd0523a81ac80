"""Answers about the catalogue are kept under its version, within bounds; nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from schema.answer_cache import Answer, AnswerCache
from schema.limits import GraphQLLimits
from schema.schema import core_schema
from tests.schema.city import DRAFTER, OPERATOR, City, open_city

ITEM = '{ serviceItem(code: "NB0001") { ... on ServiceItem { name requirements { proofType { name } } } } }'
VERSION = "{ catalogueVersion { ... on CatalogueVersion { number title } } }"


async def kept_after(city: City, query: str) -> int:
    before = len(city.endpoint._answers)
    await city.post({"query": query}, OPERATOR)
    return len(city.endpoint._answers) - before


async def test_a_question_asked_again_gets_the_same_bytes_whoever_asks(tmp_path: Path) -> None:
    async with open_city(tmp_path) as city:
        first = await city.post({"query": ITEM}, OPERATOR)
        assert len(city.endpoint._answers) == 1
        second = await city.post({"query": ITEM}, DRAFTER)
        assert first.content == second.content
        assert len(city.endpoint._answers) == 1
        assert "教师资格认定" in first.text  # not escaped


async def test_a_publication_changes_the_answers_at_once(tmp_path: Path) -> None:
    async with open_city(tmp_path) as city:
        for number in (1, 2):
            for _ in range(2):
                version = (await city.ask(VERSION))["catalogueVersion"]
                assert version == {"number": number, "title": f"第{'一二'[number - 1]}版"}
            await city.publish("第二版")


@pytest.mark.parametrize(
    "query",
    [
        "{ cases { __typename } }",
        '{ case(number: "C1") { __typename } }',
        "{ inbox { __typename } }",
        '{ request(id: "R1") { __typename } }',
        '{ proof(number: "P1") { __typename } }',
        '{ verifyProof(document: "") { __typename } }',
        '{ planCase(itemCode: "NB0001", region: "330203", applicantKind: NATURAL_PERSON) { __typename } }',
        '{ unit(code: "GA") { __typename } cases { __typename } }',
        '{ ...F } fragment F on Query { unit(code: "GA") { __typename } cases { __typename } }',
        '{ unit(code: "GA") { ... on Unit { issues(first: 0) { __typename } } } }',
        "{ noSuchField }",
    ],
)
async def test_nothing_that_depends_on_who_asks_or_failed_is_kept(city: City, query: str) -> None:
    assert await kept_after(city, query) == 0


@pytest.mark.parametrize(
    "query",
    [
        '{ x: unit(code: "JY") { __typename } }',
        '{ ...F } fragment F on Query { unit(code: "GA") { __typename } }',
        '{ route(itemCode: "NB0001", region: "330203", applicantKind: NATURAL_PERSON) { __typename } }',
        "{ __schema { queryType { name } } }",
    ],
)
async def test_what_follows_from_the_catalogue_alone_is_kept(city: City, query: str) -> None:
    assert await kept_after(city, query) == 1


def test_number_bytes_and_questions_are_bounded() -> None:
    cache = AnswerCache(GraphQLLimits(answers=10, answers_bytes=10_000, question_bytes=100))
    for number in range(100):
        cache.keep(1, (b"%d" % number, "a/b"), Answer(200, "a/b", b"x" * 10))
    assert len(cache) == 10
    cache.keep(1, (b"large", "a/b"), Answer(200, "a/b", b"x" * 5_000))
    cache.keep(1, (b"q" * 101, "a/b"), Answer(200, "a/b", b"x"))
    assert cache.find(1, (b"large", "a/b")) is None
    assert cache.find(1, (b"q" * 101, "a/b")) is None
    assert cache.find(1, (b"99", "a/b")) is not None
    assert cache.find(1, (b"99", "c/d")) is None
    assert cache.find(2, (b"99", "a/b")) is None
    cache.keep(2, (b"0", "a/b"), Answer(200, "a/b", b"y"))
    cache.keep(1, (b"1", "a/b"), Answer(200, "a/b", b"late"))
    assert (len(cache), cache.find(1, (b"99", "a/b"))) == (1, None)


def test_the_core_schema_is_one_object() -> None:
    assert core_schema() is core_schema()
