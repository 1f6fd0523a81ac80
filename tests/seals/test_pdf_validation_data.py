"""The document security store, read from files that mean well and from others."""

from __future__ import annotations

from io import BytesIO

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from seals.findings import read_findings
from seals.hostile_input import DocumentLimits
from seals.pdf_validation_data import ValidationData
from tests.vectors.make_vectors import FOLDER

GOOD = (FOLDER / "good_information_sharing.pdf").read_bytes()


def read(pdf: bytes, limits: DocumentLimits | None = None) -> ValidationData:
    return read_findings(pdf, limits or DocumentLimits()).validation_data


def with_store(store: generic.PdfObject) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(GOOD))
    writer.root[pdf_name("/DSS")] = writer.add_object(store)
    writer.update_root()
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def test_a_file_without_a_store_brings_nothing() -> None:
    assert read(GOOD) == ValidationData()
    assert not read(GOOD).speaks_of_revocation


def test_certificates_and_lists_are_read_as_they_are() -> None:
    found = read((FOLDER / "good_with_all_it_takes.pdf").read_bytes())
    assert (len(found.certificates), len(found.crls), len(found.ocsp_responses)) == (1, 2, 0)
    assert found.speaks_of_revocation


@pytest.mark.parametrize("limits", [DocumentLimits(validation_items=1), DocumentLimits(attachment_bytes=100)])
def test_beyond_the_limits_nothing_is_read(limits) -> None:
    assert read((FOLDER / "good_with_all_it_takes.pdf").read_bytes(), limits) == ValidationData()


@pytest.mark.parametrize(
    "store",
    [
        generic.NumberObject(1),
        generic.DictionaryObject({pdf_name("/CRLs"): generic.NumberObject(1)}),
        generic.DictionaryObject({pdf_name("/CRLs"): generic.ArrayObject([generic.NumberObject(1)])}),
        generic.DictionaryObject({pdf_name("/Certs"): generic.DictionaryObject()}),
    ],
)
def test_a_store_of_another_shape_brings_nothing_and_breaks_nothing(store) -> None:
    findings = read_findings(with_store(store), DocumentLimits())
    assert findings.problem is None
    assert findings.validation_data == ValidationData()
