"""A text to search for is bounded."""

from __future__ import annotations

import pytest

from hub.errors import InvalidInputError
from schema.arguments import SEARCH_LIMIT, checked_search


@pytest.mark.parametrize(
    ("given", "wanted"), [(None, ""), ("", ""), ("教师", "教师"), ("x" * SEARCH_LIMIT, "x" * SEARCH_LIMIT)]
)
def test_a_search_within_the_limit_is_taken_as_it_is(given: str | None, wanted: str) -> None:
    assert checked_search(given) == wanted


def test_a_search_beyond_the_limit_is_refused_at_its_field() -> None:
    with pytest.raises(InvalidInputError) as refused:
        checked_search("𠮷" * (SEARCH_LIMIT + 1))
    assert (refused.value.code, refused.value.field) == ("INVALID_INPUT", "search")
    assert str(SEARCH_LIMIT) in refused.value.message_zh
