"""Makes small catalogues, by hand or by hypothesis, for tests of the pure rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from graph_models.catalogue import (
    ApplicantKind,
    BasisLevel,
    CatalogueContent,
    CatalogueVersion,
    FactField,
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
from graph_models.snapshot import CatalogueSnapshot

CITY, HAISHU, JIANGBEI, CIXI = "330200", "330203", "330205", "330282"
REGIONS = ("330000", CITY, HAISHU, JIANGBEI, CIXI, "330203004")
VERSION = CatalogueVersion(number=7, title="试行", digest="0" * 64, imported_at=datetime(2026, 9, 1, tzinfo=UTC))
BASIS = LegalBasis(act="中华人民共和国婚姻登记条例", article="第四条", level=BasisLevel.ADMINISTRATIVE_REGULATION)


def unit(code: str, region: str = CITY, superior: str | None = None) -> Unit:
    return Unit(
        code=code,
        name=f"单位{code}",
        name_en=f"Unit {code}",
        kind=UnitKind.ADMINISTRATIVE_ORGAN,
        level=UnitLevel.MUNICIPAL,
        region=region,
        field="民政",
        superior=superior,
    )


def proof_type(code: str, *, question: str | None = None, excepted: str | None = None) -> ProofType:
    return ProofType(
        code=code,
        name=f"证明{code}",
        name_en=f"Proof {code}",
        family=ProofFamily.PERSON,
        facts=(FactField(key="name", label="姓名", label_en="Name"),),
        subject_keys=("id_number",),
        validity_days=None,
        question=question,
        question_en=question and "Where was it registered?",
        excepted_by_law=excepted,
    )


def issues(unit_code: str, code: str, region: str, *, shared: bool = False) -> IssuingRelationship:
    mode = IssuingMode.SHARED if shared else IssuingMode.VERIFIED
    return IssuingRelationship(
        unit_code=unit_code, proof_type_code=code, region=region, mode=mode, source="registry" if shared else None
    )


def item(code: str = "I1", unit_code: str = "U0", kinds: Iterable[ApplicantKind] = ApplicantKind) -> ServiceItem:
    return ServiceItem(
        code=code,
        name=f"事项{code}",
        field="民政",
        unit_code=unit_code,
        instant=False,
        promised_days=5,
        applicant_kinds=tuple(kinds),
    )


def needs(number: int, code: str, *measures: Measure, group: int | None = None, item_code: str = "I1") -> Requirement:
    return Requirement(
        id=f"{item_code}-{number:02d}",
        item_code=item_code,
        proof_type_code=code,
        group=number if group is None else group,
        basis=BASIS,
        measures=measures or (Measure.ELECTRONIC_PROOF,),
    )


def snapshot(
    *,
    units: Iterable[Unit] = (),
    proof_types: Iterable[ProofType] = (),
    relationships: Iterable[IssuingRelationship] = (),
    items: Iterable[ServiceItem] | None = None,
    requirements: Iterable[Requirement] = (),
) -> CatalogueSnapshot:
    content = CatalogueContent(
        units=tuple(units),
        proof_types=tuple(proof_types),
        relationships=tuple(relationships),
        items=(item(),) if items is None else tuple(items),
        requirements=tuple(requirements),
    )
    return CatalogueSnapshot(VERSION, content)


@st.composite
def contents(draw: st.DrawFn) -> CatalogueContent:
    """Draw a catalogue of one item, up to four proof types and up to six requirements."""
    codes = [f"T{number}" for number in range(draw(st.integers(1, 4)))]
    types = tuple(
        proof_type(
            code,
            question=draw(st.sampled_from([None, None, "在哪里登记？"])),
            excepted=draw(st.sampled_from([None, None, None, "某法"])),
        )
        for code in codes
    )
    units = tuple(unit(f"U{number}", draw(st.sampled_from(REGIONS))) for number in range(5))
    pairs = st.tuples(st.sampled_from(units), st.sampled_from(codes), st.sampled_from(REGIONS), st.booleans())
    drawn = draw(st.lists(pairs, max_size=8, unique_by=lambda pair: (pair[0].code, pair[1], pair[2])))
    relationships = tuple(issues(each.code, code, region, shared=shared) for each, code, region, shared in drawn)
    measures = st.lists(st.sampled_from(Measure), min_size=1, unique=True).map(tuple)
    kinds = st.sampled_from([(), (ApplicantKind.NATURAL_PERSON,), (ApplicantKind.LEGAL_PERSON,)])
    requirements = tuple(
        replace(
            needs(number, draw(st.sampled_from(codes)), group=draw(st.integers(1, 3))),
            measures=draw(measures),
            applicant_kinds=draw(kinds),
            out_of_scope=draw(st.sampled_from([None, None, None, "省级审批"])),
        )
        for number in range(draw(st.integers(1, 6)))
    )
    return CatalogueContent(
        units=units, proof_types=types, relationships=relationships, items=(item(),), requirements=requirements
    )
