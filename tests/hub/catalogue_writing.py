"""Writes a catalogue's records as the rows of its tables: the way back from what reading makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from hypothesis import strategies as st

from graph_models.catalogue import (
    ApplicantKind,
    BasisLevel,
    CatalogueContent,
    FactField,
    FactKind,
    IssuingMode,
    IssuingRelationship,
    LegalBasis,
    Measure,
    ProofFamily,
    ProofType,
    Requirement,
    ServiceItem,
    Unit,
    UnitKind,
    UnitLevel,
)
from hub.catalogue_cells import WORDS, Handling
from hub.catalogue_columns import TableKind
from tests.hub.catalogue_tables import Catalogue

TEXT = st.text(
    st.sampled_from("宁波市教育局海曙区𠮷〇甲乙一二 ,;\"'“”（）()<>&_#-.0123456789AZaz\n"), min_size=1, max_size=12
).map(str.strip).filter(lambda text: text != "")  # fmt: skip
OPTIONAL = st.none() | TEXT
CODES = [f"U{number}" for number in range(4)]
TYPES = [f"T{number}" for number in range(3)]
KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)


def _any(enum: type[StrEnum]) -> st.SearchStrategy[StrEnum]:
    return st.sampled_from(list(enum))


def _several(enum: type[StrEnum], least: int) -> st.SearchStrategy[tuple[StrEnum, ...]]:
    chosen = st.sets(st.sampled_from(list(enum)), min_size=least)
    return chosen.map(lambda found: tuple(one for one in enum if one in found))


def _units() -> st.SearchStrategy[tuple[Unit, ...]]:
    code = st.none() | st.sampled_from(CODES)
    parts = {"name": TEXT, "name_en": TEXT, "region": TEXT, "field": TEXT, "two_people": st.booleans()}
    parts |= {"kind": _any(UnitKind), "level": _any(UnitLevel)}
    parts |= dict.fromkeys(("superior", "supervising_authority", "guiding_authority"), code)
    return st.tuples(*(st.builds(Unit, code=st.just(one), **parts) for one in CODES))


def _types() -> st.SearchStrategy[tuple[ProofType, ...]]:
    fact = st.builds(FactField, key=KEYS, label=TEXT, label_en=TEXT, kind=_any(FactKind), required=st.booleans())
    parts = {"name": TEXT, "name_en": TEXT, "family": _any(ProofFamily), "negative_allowed": st.booleans()}
    parts |= dict.fromkeys(("question", "question_en", "excepted_by_law"), OPTIONAL)
    parts |= {"facts": st.lists(fact, min_size=1, max_size=3).map(tuple)}
    parts |= {"subject_keys": st.lists(KEYS, min_size=1, max_size=3).map(tuple)}
    parts |= {"validity_days": st.none() | st.integers(1, 36_500)}
    return st.tuples(*(st.builds(ProofType, code=st.just(one), **parts) for one in TYPES))


def _relationships() -> st.SearchStrategy[tuple[IssuingRelationship, ...]]:
    parts = {"unit_code": st.sampled_from(CODES), "proof_type_code": st.sampled_from(TYPES), "region": TEXT}
    one = st.builds(IssuingRelationship, mode=_any(IssuingMode), source=OPTIONAL, **parts)
    return st.lists(one, min_size=1, max_size=4).map(tuple)


@st.composite
def _item(draw: st.DrawFn, code: str) -> ServiceItem:
    days = draw(st.none() | st.integers(1, 365))
    return ServiceItem(
        code=code,
        name=draw(TEXT),
        field=draw(TEXT),
        unit_code=draw(st.sampled_from(CODES)),
        instant=days is None,
        promised_days=days,
        applicant_kinds=draw(_several(ApplicantKind, 1)),
    )


def _requirement(item: str, number: int) -> st.SearchStrategy[Requirement]:
    basis = st.builds(LegalBasis, act=TEXT, article=st.just("") | TEXT, level=_any(BasisLevel))
    return st.builds(
        Requirement,
        id=st.just(f"{item}-{number:02d}"),
        item_code=st.just(item),
        proof_type_code=st.sampled_from(TYPES),
        group=st.integers(1, 99),
        basis=basis,
        measures=_several(Measure, 1),
        applicant_kinds=_several(ApplicantKind, 0),
        out_of_scope=OPTIONAL,
    )


@st.composite
def whole_catalogues(draw: st.DrawFn) -> CatalogueContent:
    """Draw a catalogue with every kind of record, whatever its texts say."""
    items = [draw(_item(f"NB{number:04d}")) for number in range(draw(st.integers(1, 3)))]
    needs = [
        draw(_requirement(item.code, number))
        for item in items
        for number in range(1, 1 + draw(st.integers(1, 3)))
    ]  # fmt: skip
    return CatalogueContent(
        units=draw(_units()),
        proof_types=draw(_types()),
        relationships=draw(_relationships()),
        items=tuple(items),
        requirements=tuple(needs),
    )


def rows_of(content: CatalogueContent) -> Catalogue:
    """Return the tables of a catalogue as a department would fill them in."""
    items = {item.code: item for item in content.items}
    return {
        TableKind.UNITS: [_filled(unit) for unit in content.units],
        TableKind.PROOF_TYPES: [_filled(kind, without="facts") for kind in content.proof_types],
        TableKind.FACTS: [
            {"proof_type": kind.code, **_filled(fact)} for kind in content.proof_types for fact in kind.facts
        ],
        TableKind.RELATIONSHIPS: [
            {"unit": each.unit_code, "proof_type": each.proof_type_code, **_filled(each)}
            for each in content.relationships
        ],
        TableKind.REQUIREMENTS: [_need_row(items[need.item_code], need) for need in content.requirements],
    }


def _need_row(item: ServiceItem, need: Requirement) -> dict[str, str]:
    return {
        "unit": item.unit_code,
        "item_code": item.code,
        "item_name": item.name,
        "field": item.field,
        "handling": _cell(Handling.INSTANT if item.instant else Handling.PROMISED),
        "promised_days": _cell(item.promised_days),
        "applicant_kinds": _cell(item.applicant_kinds),
        "proof_type": need.proof_type_code,
        "issuer": "U0",
        "measures": _cell(need.measures),
        "act": need.basis.act,
        "article": need.basis.article,
        "basis_level": _cell(need.basis.level),
        "group": _cell(need.group),
        "only_for": _cell(need.applicant_kinds),
        "out_of_scope": _cell(need.out_of_scope),
    }


def _filled(record: object, without: str = "") -> dict[str, str]:
    names = [name for name in record.__slots__ if name != without]  # type: ignore[attr-defined]
    return {name: _cell(getattr(record, name)) for name in names}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, StrEnum):
        return WORDS[value][0] if value in WORDS else value.value
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "、".join(_cell(each) for each in value)
    return str(value)
