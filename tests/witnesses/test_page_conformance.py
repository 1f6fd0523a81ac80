"""veraPDF judges our pages: PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1)."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seals.endorsement import Endorsement, Fact, facts_digest
from seals.kinds import SealKind
from seals.page import render_page
from seals.page_content import PageContent, PageFamily

LONG = "新材料技术研发、技术服务；货物进出口；技术进出口。" * 12
FACTS = {
    "short": (
        Fact("name", "姓名", "Name", "王䶮"),
        Fact("id_number", "公民身份号码", "Identity number", "3302031990" * 2),
    ),
    "rare": (Fact("name", "姓名", "Name", "㛃𬱖𫖮𪚥𠮷𠅤𮧵"), Fact("alias", "曾用名", "", "Zoë·买买提")),
    "long": tuple(Fact(f"m{month}", f"{month}月", f"Month {month}", LONG) for month in range(12)),
    "many": tuple(Fact(f"n{number}", f"第{number}处", "Place", "宁波市海曙区") for number in range(40)),
    "none": (),
}


def content_of(family: PageFamily, facts: tuple[Fact, ...], *, negative: bool) -> PageContent:
    endorsement = Endorsement(
        proof_number="ND-2026-000001",
        seal_kind=SealKind.INFORMATION_VERIFICATION if negative else SealKind.INFORMATION_SHARING,
        proof_type_code="P001",
        proof_type_name="登记证明",
        negative=negative,
        item_code="I001",
        item_name="教师资格认定",
        case_number="C-2026-000001",
        catalogue_version=1,
        extraction_unit_code="U001",
        extraction_unit_name="宁波市教育局",
        producing_unit_code="U002",
        producing_unit_name="宁波市公安局",
        extracted_at=datetime(2026, 11, 24, 1, 0, tzinfo=UTC),
        data_source=None if negative else "population",
        drafted_by="staff-7" if negative else None,
        facts_sha256=facts_digest(facts),
    )
    return PageContent(
        family=family,
        title="登记证明",
        title_en="Certificate of registration",
        facts=facts,
        endorsement=endorsement,
        check_url="https://proofs.example/verify?code=7Q2M-K4XW-9TRB-VH3D",
        seal_holder="宁波市公安局",
        valid_until="2027-02-24",
        remarks="查询户籍登记簿，截至2026年11月24日。" if negative else None,
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every family with every kind of content, and a title with a rare character."""
    folder = tmp_path_factory.mktemp("pages")
    contents = {
        f"{family}-{name}-{'negative' if negative else 'positive'}": content_of(family, facts, negative=negative)
        for family in PageFamily
        for name, facts in FACTS.items()
        for negative in (False, True)
    }
    some = contents["PERSON-short-positive"]
    contents["rare-title"] = replace(some, title="㛃𪚥镇" * 9 + "登记证明")
    for name, content in contents.items():
        (folder / f"{name}.pdf").write_bytes(render_page(content).pdf)
    return sorted(folder.iterdir())


@pytest.mark.services("verapdf")
@pytest.mark.parametrize("flavour", ["3a", "ua1"])
def test_verapdf_passes_every_page(verapdf_classpath: str, pages: list[Path], flavour: str) -> None:
    command = ["java", "-cp", verapdf_classpath, "org.verapdf.apps.GreenfieldCliWrapper"]
    options = ["-f", flavour, "--format", "text", "-v"]
    done = subprocess.run([*command, *options, *map(str, pages)], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [f"PASS {page} {flavour}" for page in pages], done.stderr


@pytest.mark.services("verapdf")
def test_verapdf_notices_a_page_that_does_not_say_it_is_tagged(verapdf_classpath: str, tmp_path: Path) -> None:
    """The witness is awake: the same page fails when it no longer says that it is tagged."""
    page = render_page(content_of(PageFamily.PERSON, FACTS["short"], negative=False)).pdf
    file = tmp_path / "untagged.pdf"
    file.write_bytes(page.replace(b"/MarkInfo", b"/MarkNone"))
    command = ["java", "-cp", verapdf_classpath, "org.verapdf.apps.GreenfieldCliWrapper"]
    done = subprocess.run([*command, "-f", "3a", "--format", "text", str(file)], capture_output=True, check=False)
    assert done.stdout.startswith(b"FAIL")
