"""Records become documents and come back; what cannot be stored or read is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.casework import NeedState, OutboxEvent
from graph_models.catalogue import (
    ApplicantKind,
    BasisLevel,
    CatalogueVersion,
    LegalBasis,
    Measure,
    Requirement,
    ServiceItem,
)
from graph_models.errors import RecordNotFoundError, StaleVersionError, StoreError
from graph_models.journal import Receipt
from graph_models.rows import fields_of, from_document, held, joined, milliseconds, moment, to_document, written
from tests.contract import records

RECORDS = (
    *(records.case(), records.need(), records.need(state=NeedState.MET), records.verification_request()),
    *(records.intent(), records.proof(), records.receipt()),
    OutboxEvent(
        id="E", unit_code="U", sequence=3, type="t", subject="s", at=moment(0), payload_json="{}", published=False
    ),
    ServiceItem(code="I", name="事项", field="f", unit_code="U", instant=True),
    Requirement(
        id="I-1",
        item_code="I",
        proof_type_code="P",
        group=2,
        basis=LegalBasis(act="a", article="b", level=BasisLevel.LAW),
        measures=(Measure.APP_LICENCE, Measure.ELECTRONIC_PROOF),
        applicant_kinds=(ApplicantKind.LEGAL_PERSON,),
    ),
)
MILLISECONDS = st.integers(-(10**13), 10**13)
"""From the year 1653 to 2286."""


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_as_it_was(record: object) -> None:
    assert from_document(type(record), to_document(record)) == record


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_the_fields_of_a_record_are_given_as_they_are(record: object) -> None:
    found = fields_of(record)
    assert type(record)(**found) == record
    assert orjson.loads(to_document(found)) == orjson.loads(to_document(record))


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**63), 2**63 - 1))
def test_any_text_and_whole_number_come_back(text: str, number: int) -> None:
    version = CatalogueVersion(number=number, title=text, digest=text, imported_at=moment(0))
    assert from_document(CatalogueVersion, to_document(version)) == version


@given(MILLISECONDS)
def test_a_time_is_whole_milliseconds_and_comes_back(value: int) -> None:
    assert milliseconds(moment(value)) == value


def test_what_is_finer_than_a_millisecond_is_cut_off() -> None:
    at = datetime(2026, 3, 2, 8, 0, 0, 123_999, tzinfo=UTC)
    assert moment(milliseconds(at)) == at.replace(microsecond=123_000)


def test_a_time_of_another_zone_is_the_same_moment_in_utc() -> None:
    at = datetime(2026, 3, 2, 8, tzinfo=timezone(timedelta(hours=8)))
    assert moment(milliseconds(at)) == datetime(2026, 3, 2, tzinfo=UTC)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        milliseconds(datetime(2026, 3, 2))  # noqa: DTZ001  that is the point


def test_a_document_has_fields_in_their_order_keys_sorted_and_chinese_as_it_is() -> None:
    made = Receipt(unit_code="宁波", operation="o", key="k", content_digest="d", result="r", at=moment(5))
    stored = '{"unit_code":"宁波","operation":"o","key":"k","content_digest":"d","result":"r","at":5}'
    assert to_document(made) == stored
    assert to_document({"b": 1, "a": moment(7)}) == '{"a":7,"b":1}'


def test_a_field_that_an_older_version_did_not_write_takes_its_default() -> None:
    version = CatalogueVersion(number=1, title="t", digest="d", imported_at=moment(0), sample=True)
    document = orjson.loads(to_document(version))
    del document["sample"]
    assert from_document(CatalogueVersion, orjson.dumps(document)) == replace(version, sample=False)


@pytest.mark.parametrize("document", ["", "[]", "{}", '{"number":1}', "null", "7", None])
def test_what_is_no_such_document_is_refused(document: str | None) -> None:
    with pytest.raises(StoreError, match="no CatalogueVersion"):
        from_document(CatalogueVersion, document)


@dataclass(frozen=True, slots=True)
class _Unreadable:
    either: int | str


@dataclass(frozen=True, slots=True)
class _Unknown:
    what: set[str]


@pytest.mark.parametrize("kind", [_Unreadable, _Unknown])
def test_a_kind_of_field_that_cannot_be_read_back_is_refused(kind: type) -> None:
    with pytest.raises(StoreError):
        from_document(kind, '{"either":1,"what":[]}')


def test_what_json_does_not_know_is_not_stored() -> None:
    with pytest.raises(TypeError, match="set"):
        to_document({"a": {1}})


@given(
    st.tuples(st.text("ab/:1", max_size=4), st.text("ab/:1", max_size=4)), st.tuples(st.text("ab/:1"), st.text("ab/:1"))
)
def test_keys_of_different_parts_differ(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (joined(*one) == joined(*other)) == (one == other)


def test_a_compare_and_set_without_a_row_is_stale_and_one_that_wrote_too_few_found_nothing() -> None:
    assert held([{"version": 2}], "case C1") == {"version": 2}
    with pytest.raises(StaleVersionError, match="case C1 was changed"):
        held([], "case C1")
    written([{}, {}], 2, "case C1")
    with pytest.raises(RecordNotFoundError, match="no case C1"):
        written([{}], 2, "case C1")
