"""The two ways of sealing a page, the direct one and the PDF library's, give files that mean the same."""

import hashlib
import subprocess
from dataclasses import replace
from datetime import timedelta, timezone
from io import BytesIO

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seals.endorsement import Fact, facts_digest
from seals.errors import SealingError
from seals.kinds import SealKind
from seals.page import RenderedPage, render_page
from seals.page_changes import PageChanges
from seals.page_content import PageContent, PageFamily
from seals.page_shape import UnfamiliarPage
from seals.page_update import PreparedUpdate
from seals.picture_files import read_picture
from seals.sealing import Seal, seal_page
from seals.verdict import VerdictOutcome
from seals.verification import verify_document
from seals.verification_policy import VerificationPolicy
from tests.seals.pdf_graphs import graph_of
from tests.seals.pictures import round_picture

VARIETY = [
    *((family, negative, 2) for family in PageFamily for negative in (False, True)),
    (PageFamily.PERSON, False, 1),
    (PageFamily.PROPERTY, True, 40),
    (PageFamily.OTHER, False, 100),
]


@pytest.fixture(scope="module")
def seal(seal_office) -> Seal:
    record = seal_office.record(SealKind.INFORMATION_SHARING)
    return Seal.prepare(record.kind, record.face, seal_office.keys.open(record.key_label))


@pytest.fixture(scope="module", params=[True, False], ids=["clear", "opaque"])
def pictured(seal_office, request) -> Seal:
    """A seal that shows a picture instead."""
    record, picture = seal_office.record(SealKind.INFORMATION_SHARING), read_picture(round_picture(clear=request.param))
    return Seal.prepare(record.kind, record.face, seal_office.keys.open(record.key_label), picture)


@pytest.fixture(scope="module")
def policy(seal_office) -> VerificationPolicy:
    return VerificationPolicy(trust_roots=seal_office.root.der, crls=seal_office.authority.revocation_lists)


@pytest.fixture(scope="module")
def page(shared_content) -> RenderedPage:
    return render_page(shared_content)


@pytest.fixture(scope="module")
def content_of(shared_content):
    """Makes the content of a page of a family; the facts have characters that few fonts know."""

    def make(family: PageFamily, negative: bool, number: int) -> PageContent:
        facts = tuple(Fact(f"k{turn}", f"项目{turn}", f"Item {turn}", f"𠀀㐂{turn}") for turn in range(number))
        endorsement = replace(shared_content.endorsement, negative=negative, facts_sha256=facts_digest(facts))
        remarks = "查无记录" if negative else None
        return replace(shared_content, family=family, facts=facts, endorsement=endorsement, remarks=remarks)

    return make


def _for_the_library(page: RenderedPage) -> RenderedPage:
    """The same page with one line end more, which no page of ours has."""
    return replace(page, pdf=page.pdf + b"\n")


def _judged(pdf: bytes, policy: VerificationPolicy, at) -> tuple:
    verdict = verify_document(pdf, policy, at=at)
    return verdict.outcome, [(check.name, check.status) for check in verdict.checks]


@pytest.mark.parametrize(("family", "negative", "facts"), VARIETY)
def test_both_ways_mean_the_same_and_are_judged_the_same(
    content_of, seal, seal_office, policy, family, negative, facts
) -> None:
    content = content_of(family, negative, facts)
    ours = render_page(content)
    theirs = _for_the_library(ours)
    assert isinstance(ours.changes, PageChanges)
    assert isinstance(theirs.changes, UnfamiliarPage)
    direct, library = (seal_page(page, content.endorsement, seal, seal_office.now) for page in (ours, theirs))
    assert graph_of(direct) == graph_of(library)
    assert _judged(direct, policy, seal_office.now) == _judged(library, policy, seal_office.now)
    assert verify_document(direct, policy, at=seal_office.now).outcome is VerdictOutcome.GOOD


def test_both_ways_show_a_picture_the_same_and_are_judged_the_same(
    page, shared_content, pictured, seal_office, policy
) -> None:
    ways = (page, _for_the_library(page))
    direct, library = (seal_page(way, shared_content.endorsement, pictured, seal_office.now) for way in ways)
    assert isinstance(page.changes, PageChanges)
    assert graph_of(direct) == graph_of(library)
    assert _judged(direct, policy, seal_office.now) == _judged(library, policy, seal_office.now)
    assert verify_document(direct, policy, at=seal_office.now).outcome is VerdictOutcome.GOOD


def test_a_seal_with_a_picture_still_says_its_name(page, shared_content, pictured, seal_office) -> None:
    with pikepdf.open(BytesIO(seal_page(page, shared_content.endorsement, pictured, seal_office.now))) as document:
        field = document.Root.AcroForm.Fields[0]
        assert str(field.TU) == "电子证明共享信息专用章（宁波市公安局）"
        picture = field.AP.N.Resources.XObject.Picture
        assert (picture.Width, picture.ColorSpace, len(picture.read_bytes())) == (600, "/DeviceRGB", 3 * 600 * 600)


def test_a_difference_between_two_files_would_be_seen(page, shared_content, seal, seal_office) -> None:
    sealed = seal_page(page, shared_content.endorsement, seal, seal_office.now)
    assert graph_of(sealed) != graph_of(sealed.replace(b"/SigFlags 3", b"/SigFlags 1"))
    assert graph_of(sealed) != graph_of(sealed.replace(b"/F 132", b"/F 133"))
    assert graph_of(sealed) != graph_of(page.pdf)


@pytest.fixture(scope="module")
def sealed_files(content_of, seal, seal_office, tmp_path_factory) -> list[str]:
    """One file of each kind of page, sealed directly."""
    folder = tmp_path_factory.mktemp("direct")
    files = []
    for turn, kind in enumerate(VARIETY):
        content = content_of(*kind)
        file = folder / f"{turn}.pdf"
        file.write_bytes(seal_page(render_page(content), content.endorsement, seal, seal_office.now))
        files.append(str(file))
    return files


@pytest.mark.services("verapdf")
@pytest.mark.requirement("R14.1")
@pytest.mark.parametrize("flavour", ["3a", "ua1"])
def test_every_kind_of_page_stays_archivable_and_accessible(sealed_files, verapdf_classpath, flavour) -> None:
    program = ["java", "-cp", verapdf_classpath, "org.verapdf.apps.GreenfieldCliWrapper"]
    command = [*program, "-f", flavour, "--format", "text", "-v", *sealed_files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [f"PASS {file} {flavour}" for file in sealed_files], done.stderr


@pytest.mark.services("qpdf", "pdfsig")
def test_qpdf_and_pdfsig_find_nothing_wrong_with_any_of_them(sealed_files) -> None:
    for file in sealed_files:
        checked = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        shown = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, check=False)
        assert "Signature is Valid." in shown.stdout
        assert "Total document signed" in shown.stdout


@pytest.fixture(scope="module")
def prepared(page, seal, seal_office) -> PreparedUpdate:
    return seal.update.prepare(page.pdf, page.changes, seal_office.now, 3000)


def test_the_digest_is_of_all_but_the_hole(prepared) -> None:
    filled = prepared.filled(b"\x30\x80")
    start, end = len(prepared.page + prepared.before), len(filled) - len(prepared.after)
    assert prepared.digest() == hashlib.sha256(filled[:start] + filled[end:]).digest()
    assert filled[start:end] == b"<3080" + b"0" * 5996 + b">"
    assert b"/ByteRange[0 %10d %10d %10d]/Contents<" % (start, end, len(prepared.after)) in filled


def test_what_holds_for_the_time_holds_in_every_time_zone(page, seal, seal_office, prepared) -> None:
    local = seal_office.now.astimezone(timezone(timedelta(hours=8)))
    assert seal.update.prepare(page.pdf, page.changes, local, 3000) == prepared


def test_the_identifier_keeps_its_first_half_and_changes_its_second(page, prepared) -> None:
    before, after = (page.pdf.split(b"/ID[(")[1], prepared.after.split(b"/ID[(")[1])
    assert before.split(b")(")[0] == after.split(b")(")[0]
    assert before.split(b")(")[1] != after.split(b")(")[1]


def _outside_streams(page: RenderedPage) -> list[int]:
    """The places of a page's objects, table and trailer, without what is compressed."""
    places, begin = [], 0
    for piece in page.pdf.split(b"\nstream\n"):
        inside = piece.find(b"\nendstream") if begin else 0
        places += range(begin + inside, begin + len(piece))
        begin += len(piece) + len(b"\nstream\n")
    return places


def _graph_or_problem(seal_it) -> object:
    try:
        return graph_of(seal_it())
    except (SealingError, pikepdf.PdfError) as problem:
        return type(problem)


@given(data=st.data())
def test_a_page_with_changed_bytes_is_refused_or_means_the_same_by_both_ways(
    page, shared_content, seal, seal_office, policy, data
) -> None:
    spoiled = bytearray(page.pdf)
    changes = st.tuples(st.sampled_from(_outside_streams(page)), st.sampled_from(b"0123456789 \n<>[]()/%RSPnf\x00\xff"))
    for place, byte in data.draw(st.lists(changes, min_size=1, max_size=3)):
        spoiled[place] = byte
    changed = replace(page, pdf=bytes(spoiled))
    if isinstance(changed.changes, UnfamiliarPage):
        return
    files = [
        lambda way=way: seal_page(way, shared_content.endorsement, seal, seal_office.now)
        for way in (changed, _for_the_library(changed))
    ]
    direct, library = (_graph_or_problem(file) for file in files)
    assert direct == library
    assert not isinstance(direct, type), direct
    assert _judged(files[0](), policy, seal_office.now) == _judged(files[1](), policy, seal_office.now)
