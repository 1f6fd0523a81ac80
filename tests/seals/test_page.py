"""The page of a proof, read back by a parser that did not make it."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from seals.endorsement import Fact, facts_digest, facts_json
from seals.errors import PageError, UnprintableCharacterError
from seals.page import PAGE_HEIGHT, RenderedPage, render_page
from seals.page_content import PageContent, PageFamily
from seals.page_limits import ADDRESS_LIMIT, FACTS_LIMIT, NAME_LIMIT, NUMBER_LIMIT, TOTAL_LIMIT, UNIT_LIMIT, VALUE_LIMIT
from tests.seals.proof_contents import JOINT_CONTENT, SHARED_CONTENT

MARKUP = "#set text(red) [*bold*] _it_ $x^2$ `raw` <label> @ref // no /* */ \\ \\u{4e00} \"q\" 'a' -- ~ = #panic()"
SEAL_SIDE = 42 / 25.4 * 72


def with_facts(content: PageContent, *values: str) -> PageContent:
    facts = tuple(Fact(f"k{n}", f"项目{n}", f"Entry {n}", value) for n, value in enumerate(values))
    return replace(content, facts=facts, endorsement=replace(content.endorsement, facts_sha256=facts_digest(facts)))


def open_pdf(page: RenderedPage) -> pikepdf.Pdf:
    return pikepdf.open(BytesIO(page.pdf))


def text_of(page: RenderedPage, folder: Path) -> str:
    """The page's text without any blanks, as poppler reads it."""
    file = folder / "page.pdf"
    file.write_bytes(page.pdf)
    done = subprocess.run(["pdftotext", "-raw", str(file), "-"], capture_output=True, text=True, check=True)
    return re.sub(r"\s", "", done.stdout)


@pytest.mark.parametrize("family", PageFamily)
def test_each_family_fits_a_short_proof_on_one_page_of_a4(shared_content: PageContent, family: PageFamily) -> None:
    page = render_page(replace(shared_content, family=family))
    with open_pdf(page) as pdf:
        (only,) = pdf.pages
        assert [round(float(side)) for side in only.mediabox] == [0, 0, 595, 842]
    assert page.seal_box.page == 0


@pytest.mark.requirement("R14.2")
def test_facts_and_endorsement_are_attached_byte_for_byte(shared_content: PageContent) -> None:
    with open_pdf(render_page(shared_content)) as pdf:
        attached = {name: spec.get_file().read_bytes() for name, spec in pdf.attachments.items()}
        assert len(pdf.Root.AF) == 2
    assert attached == {
        "facts.json": facts_json(shared_content.facts),
        "endorsement.json": shared_content.endorsement.to_json(),
    }


@pytest.mark.services("pdfsig")  # pdftotext comes in the same package
@pytest.mark.requirement("R14.2")
def test_the_page_shows_the_endorsement_in_beijing_time(shared_content: PageContent, tmp_path: Path) -> None:
    text = text_of(render_page(shared_content), tmp_path)
    endorsement = shared_content.endorsement
    for shown in (
        f"{endorsement.extraction_unit_name}（{endorsement.extraction_unit_code}）",
        f"{endorsement.producing_unit_name}（{endorsement.producing_unit_code}）",
        f"{endorsement.item_name}（{endorsement.item_code}，目录第1版）",
        "2026-11-2409:00:00+08:00",
        endorsement.case_number,
        endorsement.proof_number,
        str(endorsement.data_source),
        endorsement.facts_sha256,
    ):
        assert shown in text


@pytest.mark.services("pdfsig")
@pytest.mark.requirement("R13.2")
def test_the_page_states_its_legal_force_and_its_last_day(shared_content: PageContent, tmp_path: Path) -> None:
    text = text_of(render_page(shared_content), tmp_path)
    assert "第十三条" in text
    assert "与纸质原件具有同等法律效力" in text
    assert "有效期至2027年2月24日" in text
    assert "有效期" not in text_of(render_page(replace(shared_content, valid_until=None)), tmp_path)


@pytest.mark.services("pdfsig")
def test_verified_information_names_its_drafter_and_no_source(verified_content: PageContent, tmp_path: Path) -> None:
    text = text_of(render_page(verified_content), tmp_path)
    assert "核实信息" in text
    assert "staff-7" in text
    assert "数据来源" not in text


@pytest.mark.services("pdfsig")
@pytest.mark.requirement("R14.2")
def test_the_page_says_which_unit_produced_which_part(verified_content: PageContent, tmp_path: Path) -> None:
    text = text_of(render_page(JOINT_CONTENT), tmp_path)
    assert "共同出具Alsoby宁波市民政局（U003）：查询结果" in text
    assert "慈溪市公安局（U004）：学校（无此记录）" in text
    assert "共同出具" not in text_of(render_page(verified_content), tmp_path)


def test_a_negative_proof_says_no_such_record_and_where_was_looked(
    verified_content: PageContent, tmp_path: Path
) -> None:
    endorsement = replace(verified_content.endorsement, negative=True)
    content = replace(verified_content, endorsement=endorsement, remarks="查询犯罪记录库")
    text = text_of(render_page(content), tmp_path)
    assert "经查询，无此记录" in text
    assert "查询犯罪记录库" in text
    assert "无此记录" not in text_of(render_page(verified_content), tmp_path)


@pytest.mark.services("pdfsig")
def test_markup_in_values_is_shown_as_it_is_written(shared_content: PageContent, tmp_path: Path) -> None:
    content = replace(with_facts(shared_content, MARKUP), title=MARKUP, remarks=MARKUP)
    text = text_of(render_page(content), tmp_path)
    assert text.count(re.sub(r"\s", "", MARKUP)) >= 3


@given(st.lists(st.text("\\\"'#$[](){}*_`@<>/~=-+;:,.u41n 长"), min_size=1, max_size=3), st.sampled_from(PageFamily))
def test_hostile_text_arrives_as_it_was_given(texts: list[str], family: PageFamily) -> None:
    title = f"{texts[0]}。"
    content = replace(with_facts(SHARED_CONTENT, *texts), family=family, title=title, remarks=title)
    with open_pdf(render_page(content)) as pdf:
        attached = {name: spec.get_file().read_bytes() for name, spec in pdf.attachments.items()}
        assert str(pdf.docinfo["/Title"]) == title
    assert attached == {"facts.json": facts_json(content.facts), "endorsement.json": content.endorsement.to_json()}


@pytest.mark.services("pdfsig")
@pytest.mark.parametrize(
    "address", ["https://proofs.example/verify?code=7Q2M-K4XW-9TRB-VH3D", "https://x.example/?" + "a&+%" * 95]
)
def test_the_qr_code_on_the_page_reads_as_the_address_of_the_check_page(
    shared_content: PageContent, tmp_path: Path, address: str
) -> None:
    (tmp_path / "page.pdf").write_bytes(render_page(replace(shared_content, check_url=address)).pdf)
    subprocess.run(["pdftoppm", "-r", "200", "-gray", "-singlefile", "page.pdf", "page"], cwd=tmp_path, check=True)
    _, size, _, pixels = (tmp_path / "page.pgm").read_bytes().split(b"\n", 3)
    width, height = map(int, size.split())
    (code,) = zxingcpp.read_barcodes(memoryview(pixels).cast("B", (height, width)))
    assert (code.text, code.format, code.ec_level) == (address, zxingcpp.BarcodeFormat.QRCode, "M")


@pytest.mark.services("pdfsig")
def test_long_runs_without_a_blank_keep_their_text_and_stay_in_the_cell(
    shared_content: PageContent, tmp_path: Path
) -> None:
    run = "A1" * 200
    assert run in text_of(render_page(with_facts(shared_content, run)), tmp_path)


def test_the_same_content_gives_the_same_bytes_in_every_thread(shared_content: PageContent) -> None:
    first = render_page(shared_content)
    with ThreadPoolExecutor(2) as threads:
        others = list(threads.map(render_page, [shared_content] * 4))
    assert all(other == first for other in others)


def test_a_page_does_not_depend_on_what_was_rendered_before(
    shared_content: PageContent, verified_content: PageContent
) -> None:
    first = render_page(shared_content)
    assert render_page(verified_content) != first
    assert render_page(shared_content) == first


def test_many_facts_flow_to_more_pages_and_the_seal_is_on_the_last(shared_content: PageContent) -> None:
    page = render_page(with_facts(shared_content, *(["宁波市海曙区中山西路138弄26号502室"] * 40)))
    with open_pdf(page) as pdf:
        assert page.seal_box.page == len(pdf.pages) - 1 > 0


@pytest.mark.parametrize("values", [(), ("短",), ("长" * 200,) * 8, ("长" * VALUE_LIMIT,) * 3])
def test_the_seal_box_is_a_square_of_42_mm_within_the_margins(
    shared_content: PageContent, values: tuple[str, ...]
) -> None:
    box = render_page(with_facts(shared_content, *values)).seal_box
    assert box.right - box.left == pytest.approx(SEAL_SIDE, abs=0.01)
    assert box.top - box.bottom == pytest.approx(SEAL_SIDE, abs=0.01)
    assert 595 / 2 < box.left < box.right < 595 - 72
    assert 56 < box.bottom < box.top < PAGE_HEIGHT - 72


def test_all_fonts_are_embedded_subsets(shared_content: PageContent) -> None:
    with open_pdf(render_page(with_facts(shared_content, "𪚥𠮷䶮𬱖"))) as pdf:
        fonts = [found for found in pdf.objects if isinstance(found, pikepdf.Dictionary) and "/FontName" in found]
        names = {str(font.FontName) for font in fonts}
        assert all(("/FontFile3" if "ProofhubRare" in str(font.FontName) else "/FontFile2") in font for font in fonts)
    assert all(re.fullmatch(r"/[A-Z]{6}\+.+", name) for name in names)
    assert any("ProofhubRare" in name for name in names)


def test_the_file_has_one_classic_cross_reference_table_as_sealing_needs(shared_content: PageContent) -> None:
    pdf = render_page(shared_content).pdf
    assert pdf.count(b"\nxref\n") == pdf.count(b"startxref") == 1
    assert pdf.rstrip().endswith(b"%%EOF")


def test_a_character_that_no_font_has_is_named_before_anything_is_rendered(shared_content: PageContent) -> None:
    with pytest.raises(UnprintableCharacterError) as caught:
        render_page(with_facts(shared_content, "王\U00030001\u202e明"))
    assert caught.value.characters == "\U00030001\u202e"


@pytest.mark.parametrize("field", ["title", "remarks", "check_url"])
def test_no_text_may_hold_a_line_break(shared_content: PageContent, field: str) -> None:
    with pytest.raises(UnprintableCharacterError):
        render_page(replace(shared_content, **{field: "一\n二"}))  # type: ignore[arg-type]  # each is text


@pytest.mark.parametrize(
    ("field", "limit"), [("proof_number", NUMBER_LIMIT), ("producing_unit_name", UNIT_LIMIT), ("item_name", NAME_LIMIT)]
)
def test_texts_of_the_endorsement_are_bounded(shared_content: PageContent, field: str, limit: int) -> None:
    longest = replace(shared_content.endorsement, **{field: "9" * limit})  # type: ignore[arg-type]  # each is text
    assert render_page(replace(shared_content, endorsement=longest)).seal_box.page == 0
    longer = replace(longest, **{field: "9" * (limit + 1)})  # type: ignore[arg-type]  # each is text
    with pytest.raises(PageError, match=f"at most {limit}"):
        render_page(replace(shared_content, endorsement=longer))


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "证" * (NAME_LIMIT + 1)},
        {"title": " "},
        {"check_url": "https://x.example/" + "7" * ADDRESS_LIMIT},
        {"remarks": "说" * (VALUE_LIMIT + 1)},
        {"valid_until": "2027-02-30"},
        {"valid_until": "20270224"},
    ],
)
def test_what_passes_a_bound_is_refused(shared_content: PageContent, changes: dict[str, str]) -> None:
    with pytest.raises(PageError):
        render_page(replace(shared_content, **changes))  # type: ignore[arg-type]  # each is text


@pytest.mark.parametrize(
    "values",
    [("长" * (VALUE_LIMIT + 1),), ("值",) * (FACTS_LIMIT + 1), ("长" * VALUE_LIMIT,) * (TOTAL_LIMIT // VALUE_LIMIT)],
)
def test_too_many_or_too_long_facts_are_refused(shared_content: PageContent, values: tuple[str, ...]) -> None:
    with pytest.raises(PageError):
        render_page(with_facts(shared_content, *values))
