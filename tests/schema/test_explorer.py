"""The explorer's examples are queries of the schema as it is."""

from __future__ import annotations

import re

import pytest
from graphql import parse, validate

from schema.explorer import explorer_page
from schema.schema import core_schema

PAGE = explorer_page().body.decode()
(PROBLEM,) = re.findall(r'PROBLEM = "([^"]+)"', PAGE)
EXAMPLES = [text.replace("${PROBLEM}", PROBLEM) for text in re.findall(r"\[`([^`]+)`", PAGE)]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 4


@pytest.mark.parametrize("query", EXAMPLES)
def test_an_example_is_valid(query: str) -> None:
    assert validate(core_schema(), parse(query)) == []
