"""Versions of the catalogue, up to one of the city's real size."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from graph_models.catalogue import (
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
from graph_models.catalogue_records import (
    list_versions,
    load_content,
    load_version,
    mark_published,
    published_number,
    save_draft,
)
from graph_models.errors import DuplicateKeyError, RecordNotFoundError, StaleVersionError
from graph_models.store import GraphStore

AT = datetime(2026, 3, 2, tzinfo=UTC)


def _version(number: int) -> CatalogueVersion:
    return CatalogueVersion(number=number, title="目录", digest="ab" * 32, imported_at=AT, sample=True)


def _units(count: int, fields: int) -> tuple[Unit, ...]:
    return tuple(
        Unit(
            code=f"U{one}",
            name=f"单位{one}",
            name_en="Unit",
            kind=UnitKind.ADMINISTRATIVE_ORGAN,
            level=UnitLevel.MUNICIPAL if one < fields else UnitLevel.DISTRICT,
            region="330200",
            field=f"领域{one % fields}",
            superior=f"U{one % fields}" if one >= fields else None,
        )
        for one in range(count)
    )


def _proof_types(count: int) -> tuple[ProofType, ...]:
    facts = (FactField(key="name", label="姓名", label_en="Name"),)
    return tuple(
        ProofType(
            code=f"P{one}",
            name=f"证明{one}",
            name_en="Proof",
            family=ProofFamily.PERSON,
            facts=facts,
            subject_keys=("id_number",),
            validity_days=90 if one % 2 else None,
        )
        for one in range(count)
    )


def _requirement(running: int, item: str, proof_type: str) -> Requirement:
    return Requirement(
        id=f"{item}-{running}",
        item_code=item,
        proof_type_code=proof_type,
        group=1,
        basis=LegalBasis(act="民法典", article="第一千零四十九条", level=BasisLevel.LAW),
        measures=(Measure.ELECTRONIC_PROOF, Measure.NOTIFICATION_COMMITMENT)[: 1 + running % 2],
    )


def _content(*, fields: int, units: int, items: int, types: int, requirements: int) -> CatalogueContent:
    kinds = _proof_types(types)
    return CatalogueContent(
        units=_units(units, fields),
        proof_types=kinds,
        relationships=tuple(
            IssuingRelationship(
                unit_code=f"U{one % units}", proof_type_code=kind.code, region="330200", mode=IssuingMode.VERIFIED
            )
            for one, kind in enumerate(kinds)
        ),
        items=tuple(
            ServiceItem(code=f"I{one}", name="事项", field="f", unit_code=f"U{one % units}", instant=True)
            for one in range(items)
        ),
        requirements=tuple(
            _requirement(one, f"I{one % items}", f"P{(one * 31 + one // items) % types}") for one in range(requirements)
        ),
    )


SMALL = _content(fields=2, units=4, items=3, types=3, requirements=7)


async def test_a_version_of_the_citys_real_size_comes_back_as_it_was(store: GraphStore) -> None:
    content = _content(fields=47, units=517, items=1464, types=127, requirements=4486)
    await store.write(lambda tx: save_draft(tx, _version(1), content))
    assert await store.read(lambda tx: load_content(tx, 1)) == content


@pytest.mark.requirement("R2.1", "R21.1")
async def test_each_kind_of_party_comes_back_with_its_level_region_and_authority(store: GraphStore) -> None:
    kinds = [(kind, level) for kind in UnitKind for level in UnitLevel]
    units = tuple(
        replace(
            unit,
            kind=kind,
            level=level,
            region="330203004" if level is UnitLevel.TOWNSHIP else "330203",
            supervising_authority="U0" if kind is UnitKind.BY_REFERENCE else None,
            guiding_authority="U0" if kind is UnitKind.PUBLIC_UTILITY else None,
        )
        for (kind, level), unit in zip(kinds, _units(len(kinds), 2), strict=True)
    )
    content = CatalogueContent(units=units)
    await store.write(lambda tx: save_draft(tx, _version(1), content))
    assert await store.read(lambda tx: load_content(tx, 1)) == content


@pytest.mark.requirement("R8.3")
async def test_of_two_published_versions_each_is_read_as_it_was(store: GraphStore) -> None:
    changed = replace(
        SMALL,
        units=(replace(SMALL.units[0], name="改名后的单位"), *SMALL.units[1:]),
        requirements=SMALL.requirements[:3],
    )
    for number, content in ((1, SMALL), (2, changed)):
        await store.write(lambda tx, number=number, content=content: save_draft(tx, _version(number), content))
        await store.write(lambda tx, number=number: mark_published(tx, number, AT))
    assert await store.read(published_number) == 2
    assert [await store.read(lambda tx, n=n: load_content(tx, n)) for n in (1, 2)] == [SMALL, changed]


async def test_a_draft_is_replaced_as_a_whole(store: GraphStore) -> None:
    await store.write(
        lambda tx: save_draft(tx, _version(1), _content(fields=1, units=9, items=9, types=9, requirements=9))
    )
    await store.write(lambda tx: save_draft(tx, replace(_version(1), title="new"), SMALL))
    assert await store.read(lambda tx: load_content(tx, 1)) == SMALL
    assert await store.read(list_versions) == (replace(_version(1), title="new"),)


async def test_versions_do_not_touch_one_another(store: GraphStore) -> None:
    fewer = replace(SMALL, requirements=SMALL.requirements[:2])
    await store.write(lambda tx: save_draft(tx, _version(2), fewer))
    await store.write(lambda tx: save_draft(tx, _version(1), SMALL))
    assert await store.read(lambda tx: load_content(tx, 2)) == fewer
    assert [one.number for one in await store.read(list_versions)] == [1, 2]
    assert await store.read(lambda tx: load_content(tx, 3)) == CatalogueContent()


async def test_the_highest_published_number_is_the_one_in_force(store: GraphStore) -> None:
    assert await store.read(published_number) is None
    for number in (1, 2, 3):
        await store.write(lambda tx, number=number: save_draft(tx, _version(number), SMALL))
    assert await store.read(published_number) is None
    for number in (2, 1):
        published = await store.write(lambda tx, number=number: mark_published(tx, number, AT))
        assert published == replace(_version(number), published_at=AT)
    assert await store.read(published_number) == 2
    assert await store.read(lambda tx: load_version(tx, 2)) == replace(_version(2), published_at=AT)


async def test_a_published_version_is_neither_published_again_nor_replaced(store: GraphStore) -> None:
    await store.write(lambda tx: save_draft(tx, _version(1), SMALL))
    outcomes = await asyncio.gather(
        *(store.write(lambda tx: mark_published(tx, 1, AT)) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, StaleVersionError) for one in outcomes) == 3
    with pytest.raises(StaleVersionError, match="published"):
        await store.write(lambda tx: save_draft(tx, _version(1), CatalogueContent()))
    assert await store.read(lambda tx: load_content(tx, 1)) == SMALL


async def test_a_version_that_is_not_there_cannot_be_published(store: GraphStore) -> None:
    with pytest.raises(RecordNotFoundError, match="version 7"):
        await store.write(lambda tx: mark_published(tx, 7, AT))
    assert await store.read(lambda tx: load_version(tx, 7)) is None


@pytest.mark.requirement("R8.3")
@pytest.mark.parametrize(
    "content",
    [
        replace(SMALL, units=SMALL.units[1:]),
        replace(SMALL, proof_types=SMALL.proof_types[1:]),
        replace(SMALL, items=SMALL.items[1:]),
    ],
    ids=["unit", "proof type", "item"],
)
async def test_a_row_that_names_what_the_content_lacks_is_refused(store: GraphStore, content: CatalogueContent) -> None:
    with pytest.raises(RecordNotFoundError, match="is named but not in the catalogue"):
        await store.write(lambda tx: save_draft(tx, _version(1), content))
    assert await store.read(list_versions) == ()


@pytest.mark.parametrize("twice", ["units", "proof_types", "items", "requirements"])
async def test_two_of_the_same_code_are_refused(store: GraphStore, twice: str) -> None:
    rows = getattr(SMALL, twice)
    content = CatalogueContent(
        units=SMALL.units + (rows[:1] if twice == "units" else ()),
        proof_types=SMALL.proof_types + (rows[:1] if twice == "proof_types" else ()),
        items=SMALL.items + (rows[:1] if twice == "items" else ()),
        requirements=SMALL.requirements + (rows[:1] if twice == "requirements" else ()),
    )
    with pytest.raises(DuplicateKeyError):
        await store.write(lambda tx: save_draft(tx, _version(1), content))


async def test_the_graph_answers_who_must_look_for_an_item(store: GraphStore) -> None:
    await store.write(lambda tx: save_draft(tx, _version(1), SMALL))
    question = (
        "MATCH (h:Unit)-[:HANDLES]->(i:ServiceItem {key: '1:I0'})-[:REQUIRES]->(t:ProofType)<-[:ISSUES]-(u:Unit) "
        "RETURN DISTINCT h.code AS handler, u.code AS issuer ORDER BY issuer"
    )
    rows = await store.read(lambda tx: tx.run(question))
    assert rows == [{"handler": "U0", "issuer": f"U{one}"} for one in range(3)]
    above = "MATCH (u:Unit)-[:BELONGS_TO]->(s:Unit) RETURN u.code AS unit, s.code AS above ORDER BY unit"
    assert await store.read(lambda tx: tx.run(above)) == [
        {"unit": "U2", "above": "U0"},
        {"unit": "U3", "above": "U1"},
    ]
