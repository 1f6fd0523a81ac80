"""Units, proof types and issuing relationships of the sample catalogue, as rows of its tables."""

from __future__ import annotations

from collections.abc import Iterator

from graph_models.catalogue import FactKind, IssuingMode, ProofFamily, UnitKind, UnitLevel
from hub.catalogue_cells import WORDS
from scripts.sample_data import CITY, Record, table


def municipal(field: str) -> str:
    """Return the code of the city's unit for a field's code."""
    return f"NB-{field}"


def field_names() -> dict[str, str]:
    """Return the field's code -> its name (领域)."""
    return {field["code"]: field["field"] for field in table("fields")}


def unit_rows() -> list[Record]:
    """Return every unit: the city's, the districts' in the same lines, then townships, utilities and by reference."""
    return [*map(_municipal, table("fields")), *_district_units(), *map(_more, table("more_units"))]


def _municipal(field: Record) -> Record:
    kind = UnitKind(field["kind"] or UnitKind.ADMINISTRATIVE_ORGAN)
    return {
        "code": municipal(field["code"]),
        "name": field["unit"],
        "name_en": field["unit_en"],
        "kind": WORDS[kind][0],
        "level": WORDS[UnitLevel.MUNICIPAL][0],
        "region": CITY,
        "field": field["field"],
        "guiding_authority": municipal(field["guiding"]) if field["guiding"] else "",
    }


def _district_units() -> Iterator[Record]:
    for field in table("fields"):
        for district in table("districts"):
            pattern = field["county"] if district["county"] else field["district"]
            if pattern:
                yield {
                    **_municipal(field),
                    "code": f"{district['code']}-{field['code']}",
                    "name": pattern.format(**district),
                    "name_en": f"{field['unit_en']}, {district['en']}",
                    "level": WORDS[UnitLevel.DISTRICT][0],
                    "region": district["code"],
                    "superior": municipal(field["code"]),
                }


def _more(unit: Record) -> Record:
    words = {"kind": WORDS[UnitKind(unit["kind"])][0], "level": WORDS[UnitLevel(unit["level"])][0]}
    small = {"two_people": "是"} if unit["level"] == UnitLevel.TOWNSHIP else {}
    return {**unit, **words, **small, "field": field_names()[unit["field"]]}


def proof_type_rows() -> list[Record]:
    """Return every proof type."""
    return [
        {
            **{key: kind[key] for key in ("code", "name", "name_en", "validity_days")},
            "family": WORDS[ProofFamily(kind["family"])][0],
            "subject_keys": kind["subject_keys"],
            "negative_allowed": kind["negative"] or "否",
            "question": kind["question"].partition("|")[0],
            "question_en": kind["question"].partition("|")[2],
        }
        for kind in table("proof_types")
    ]


def fact_rows() -> list[Record]:
    """Return every fact of every proof type."""
    facts = {fact["key"]: fact for fact in table("facts")}
    return [
        {**facts[key], "proof_type": kind["name"], "kind": WORDS[FactKind(facts[key]["kind"])][0]}
        for kind in table("proof_types")
        for key in kind["facts"].split()
    ]


def relationship_rows() -> list[Record]:
    """Return who issues what for which region."""
    names = {unit["code"]: unit["name"] for unit in unit_rows()}
    return [
        {
            "unit": names[code],
            "proof_type": kind["name"],
            "region": region,
            "mode": WORDS[IssuingMode.SHARED if kind["mode"] == "S" else IssuingMode.VERIFIED][0],
            "source": kind["source"],
        }
        for kind in table("proof_types")
        for code, region in _issuers(kind, names)
    ]


def issuer_name(kind: Record) -> str:
    """Return the unit that departments name as issuing a type: the line department of the city, or one by reference."""
    code = kind["scope"].partition(":")[2] or municipal(kind["field"])
    return next(unit["name"] for unit in unit_rows() if unit["code"] == code)


def _issuers(kind: Record, units: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield unit and region: M the city's unit, D the districts' units, T townships too, R: one unit by reference."""
    scope, _, by_reference = kind["scope"].partition(":")
    if scope == "R":
        yield by_reference, CITY
    if scope in ("M", "MD", "T"):
        yield municipal(kind["field"]), CITY
    if scope in ("D", "MD", "T"):
        for district in table("districts"):
            if (code := f"{district['code']}-{kind['field']}") in units:
                yield code, district["code"]
    if scope == "T":
        for unit in table("more_units"):
            if unit["level"] == UnitLevel.TOWNSHIP:
                yield unit["code"], unit["region"]
