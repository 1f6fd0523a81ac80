"""What is too much, missing or no date is refused before a page is made, and it says which."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seals import page_limits
from seals.endorsement import Fact
from seals.errors import PageError, UnprintableCharacterError
from seals.page_content import PageContent
from seals.page_limits import require_within_limits


def endorsed(content: PageContent, **changes: object) -> PageContent:
    return replace(content, endorsement=replace(content.endorsement, **changes))  # type: ignore[arg-type]


def refused(content: PageContent) -> str:
    with pytest.raises(PageError) as found:
        require_within_limits(content)
    return str(found.value)


def test_what_is_within_the_limits_passes(shared_content: PageContent, verified_content: PageContent) -> None:
    require_within_limits(shared_content)
    require_within_limits(verified_content)
    require_within_limits(replace(shared_content, valid_until=None, title_en=""))


def test_values_and_english_labels_may_be_empty_and_labels_may_not(shared_content: PageContent) -> None:
    require_within_limits(replace(shared_content, facts=(Fact("name", "姓名", "", ""),)))
    assert refused(replace(shared_content, facts=(Fact("name", " ", "Name", "x"),))) == "the label of a fact is empty"
    assert refused(replace(shared_content, title=" ")) == "the title is empty"


def test_as_many_facts_as_allowed_and_one_more(shared_content: PageContent) -> None:
    many = tuple(Fact(f"k{number}", "标", "L", "v") for number in range(page_limits.FACTS_LIMIT))
    require_within_limits(replace(shared_content, facts=many))
    assert "facts" in refused(replace(shared_content, facts=(*many, many[0])))


def test_all_facts_together_are_bounded(shared_content: PageContent) -> None:
    long = Fact("k", "标", "L", "字" * page_limits.VALUE_LIMIT)
    count = page_limits.TOTAL_LIMIT // page_limits.VALUE_LIMIT + 1
    assert "together" in refused(replace(shared_content, facts=(long,) * min(count, page_limits.FACTS_LIMIT)))


@pytest.mark.parametrize("day", ["2026-02-30", "2026-2-3", "20260203", "2026-02-03T00:00", "", "明天"])
def test_a_last_day_that_is_no_date_is_refused(shared_content: PageContent, day: str) -> None:
    assert "no date" in refused(replace(shared_content, valid_until=day))


@pytest.mark.parametrize("field", ["item_name", "extraction_unit_name", "data_source", "case_number"])
def test_a_text_of_the_endorsement_is_named_when_it_is_empty(shared_content: PageContent, field: str) -> None:
    assert refused(endorsed(shared_content, **{field: ""})).endswith("is empty")


def test_a_drafter_is_bounded_like_the_others(verified_content: PageContent) -> None:
    long = "x" * (page_limits.NAME_LIMIT + 1)
    assert "the drafter" in refused(endorsed(verified_content, drafted_by=long))


def test_the_endorsement_as_a_whole_is_bounded(shared_content: PageContent) -> None:
    assert "endorsement" in refused(endorsed(shared_content, data_source="x" * page_limits.ENDORSEMENT_LIMIT))


def test_a_remark_is_bounded_and_must_be_printable(shared_content: PageContent) -> None:
    require_within_limits(replace(shared_content, remarks="见附注"))
    assert "the remark" in refused(replace(shared_content, remarks="字" * (page_limits.VALUE_LIMIT + 1)))
    with pytest.raises(UnprintableCharacterError):
        require_within_limits(replace(shared_content, remarks="\u202e"))
