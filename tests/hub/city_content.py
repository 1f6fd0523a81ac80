"""The catalogue of a small city: each item shows one way of routing."""

from __future__ import annotations

from dataclasses import replace

from graph_models.catalogue import (
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

CITY, HAISHU, CIXI = "330200", "330203", "330282"
_NAME = FactField(key="name", label="姓名", label_en="Name")
_CHILD = FactField(key="child", label="子女", label_en="Child")
_SCHOOL = FactField(key="school", label="学校", label_en="School", required=False)
_SINCE = FactField(key="since", label="参保时间", label_en="Insured since", kind=FactKind.DATE)
_BASIS = LegalBasis(act="婚姻登记条例", article="第四条", level=BasisLevel.ADMINISTRATIVE_REGULATION)


def _unit(code: str, region: str = CITY, superior: str | None = None, *, two_people: bool = False) -> Unit:
    return Unit(
        code=code,
        name=f"单位{code}",
        name_en=f"Unit {code}",
        kind=UnitKind.ADMINISTRATIVE_ORGAN,
        level=UnitLevel.MUNICIPAL if region == CITY else UnitLevel.DISTRICT,
        region=region,
        field="民政",
        superior=superior,
        two_people=two_people,
    )


def _type(code: str, name: str, *, key: str = "id_number", negative: bool = True) -> ProofType:
    return ProofType(
        code=code,
        name=name,
        name_en=f"Proof {code}",
        family=ProofFamily.PERSON,
        facts=(_NAME,),
        subject_keys=(key,),
        validity_days=30,
        negative_allowed=negative,
    )


def _item(code: str, *, instant: bool = False) -> ServiceItem:
    days = None if instant else 5
    return ServiceItem(code=code, name=f"事项{code}", field="民政", unit_code="MZ", instant=instant, promised_days=days)


def _issues(unit: str, code: str, region: str, source: str | None = None) -> IssuingRelationship:
    mode = IssuingMode.SHARED if source else IssuingMode.VERIFIED
    return IssuingRelationship(unit_code=unit, proof_type_code=code, region=region, mode=mode, source=source)


def _needs(item: str, *codes: str, groups: tuple[int, ...] = ()) -> list[Requirement]:
    groups = groups or tuple(range(1, len(codes) + 1))
    return [
        Requirement(
            id=f"{item}-{number:02}",
            item_code=item,
            proof_type_code=code,
            group=group,
            basis=_BASIS,
            measures=(Measure.ELECTRONIC_PROOF,),
        )
        for number, (code, group) in enumerate(zip(codes, groups, strict=True), start=1)
    ]


def _every_measure() -> list[Requirement]:
    """One requirement for each way that needs no issuer (the first two in one group), and the handling unit's own."""
    named = [Measure.FACE_RECOGNITION, Measure.APP_LICENCE, Measure.PLATFORM_LICENCE, Measure.NOTIFICATION_COMMITMENT]
    rows = _needs("EVERY", "HJ", "HJ", "SB", "WF", "ZJ", "WF", groups=(1, 1, 2, 3, 4, 5))
    ways = [replace(row, measures=(measure,)) for row, measure in zip(rows, named, strict=False)]
    return [*ways, rows[4], replace(rows[5], out_of_scope="省级决定")]


CONTENT = CatalogueContent(
    units=(
        _unit("MZ"),
        _unit("MZ-HS", HAISHU, "MZ"),
        _unit("GA"),
        _unit("GA-HS", HAISHU, "GA"),
        _unit("GA-CX", CIXI, "GA", two_people=True),
        _unit("RS"),
    ),
    proof_types=(
        _type("HJ", "户口登记证明"),
        replace(_type("SB", "社会保险参保证明", negative=False), facts=(_NAME, _SINCE)),
        _type("WF", "无犯罪记录证明"),
        replace(_type("HY", "婚姻登记证明"), question="婚姻登记地在哪里？", question_en="Married where?"),
        _type("BC", "不动产登记证明", key="property_number"),
        _type("ZJ", "宗教教职证明"),
        replace(_type("QS", "亲属关系证明"), facts=(_NAME, replace(_SINCE, label="入户时间"), _CHILD, _SCHOOL)),
    ),
    relationships=(
        _issues("GA", "HJ", CITY, "population"),
        _issues("RS", "SB", CITY, "insurance"),
        _issues("RS", "BC", CITY, "estate"),
        _issues("GA", "WF", CITY),
        _issues("GA-HS", "WF", HAISHU),
        _issues("GA-CX", "WF", CIXI),
        _issues("GA-HS", "HY", HAISHU),
        _issues("GA-CX", "HY", CIXI),
        _issues("MZ-HS", "ZJ", HAISHU),
        _issues("GA-HS", "QS", HAISHU),
        _issues("GA-CX", "QS", CIXI),
        _issues("GA", "QS", "330281"),
        _issues("MZ-HS", "QS", "330282001"),
    ),
    items=(
        _item("WHOLE"),
        _item("SHARED"),
        _item("VERIFIED"),
        _item("NOW", instant=True),
        _item("TWICE"),
        _item("EITHER"),
        _item("BOTH"),
        _item("THREE"),
        _item("ASKS"),
        _item("PAIR"),
        _item("KEYED"),
        _item("INSURED"),
        _item("JOINT"),
        _item("JOINT-NOW", instant=True),
        _item("EVERY"),
    ),
    requirements=(
        *_needs("WHOLE", "HJ", "SB", "WF"),
        *_needs("SHARED", "HJ"),
        *_needs("VERIFIED", "WF"),
        *_needs("NOW", "WF"),
        *_needs("TWICE", "HJ", "HJ", "WF", "WF"),
        *_needs("EITHER", "SB", "WF", groups=(1, 1)),
        *_needs("BOTH", "HJ", "SB", groups=(1, 1)),
        *_needs("THREE", "HJ", "WF", "HY", groups=(1, 1, 1)),
        *_needs("ASKS", "HY"),
        *_needs("PAIR", "WF", "HY"),
        *_needs("KEYED", "BC"),
        *_needs("INSURED", "SB"),
        *_needs("JOINT", "QS"),
        *_needs("JOINT-NOW", "QS"),
        *_every_measure(),
    ),
)
"""Units, proof types and items; an item's code says what it shows."""
