"""What the vectors are made from: two genuine proofs, the page of one before sealing, and forgers' means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

import pikepdf

from seals.endorsement import (
    ENDORSEMENT_ATTACHMENT,
    FACTS_ATTACHMENT,
    Endorsement,
    Fact,
    facts_digest,
    facts_json,
)
from seals.kinds import SealKind
from tests.vectors.authority import SEALED_AT, City, Holder, make_city
from tests.vectors.forger import SealChoices, seal

FACTS = (
    Fact("name", "姓名", "Name", "王小波"),
    Fact("birth", "出生日期", "Date of birth", "1990-03-07"),
    Fact("household", "户籍地址", "Household register", "宁波市海曙区测试路 1 号"),
)

SHARING = Endorsement(
    proof_number="NB-2026-TEST-000001",
    seal_kind=SealKind.INFORMATION_SHARING,
    proof_type_code="PT001",
    proof_type_name="户籍证明",
    negative=False,
    item_code="SI0001",
    item_name="公租房申请",
    case_number="C-2026-000001",
    catalogue_version=1,
    extraction_unit_code="330203-HOUSING",
    extraction_unit_name="海曙区住房和城乡建设局",
    producing_unit_code="330200-POLICE",
    producing_unit_name="宁波市公安局",
    extracted_at=SEALED_AT,
    data_source="household-register",
    drafted_by=None,
    facts_sha256=facts_digest(FACTS),
)
VERIFICATION = replace(
    SHARING,
    proof_number="NB-2026-TEST-000002",
    seal_kind=SealKind.INFORMATION_VERIFICATION,
    data_source=None,
    drafted_by="staff-17",
)


@dataclass(frozen=True)
class Materials:
    """What a vector is made from."""

    city: City = field(default_factory=make_city)
    strangers: City = field(default_factory=make_city)
    """The same names under another root."""

    @property
    def page(self) -> bytes:
        """A proof's page before it is sealed."""
        return unsealed_page(SHARING.to_json(), facts_json(FACTS))

    def sealed_by(self, holder: Holder, **choices: Any) -> bytes:
        """The sharing proof's page, sealed by anybody in any way."""
        chosen = {"endorsements": (SHARING.to_json(),), **choices}
        return seal(self.page, holder, SealChoices(**chosen))


def unsealed_page(endorsement: bytes, facts: bytes, change: Callable[[pikepdf.Pdf], None] | None = None) -> bytes:
    """A page with some text and the two attachments, changed in any way before it is written."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        text = b"BT /F1 24 Tf 72 720 Td (Proof of household registration) Tj ET"
        pdf.pages[0].Contents = pdf.make_stream(text)
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        pdf.pages[0].Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font)))
        for name, data in ((FACTS_ATTACHMENT, facts), (ENDORSEMENT_ATTACHMENT, endorsement)):
            pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, data, mime_type="application/json")
        if change is not None:
            change(pdf)
        return write(pdf)


def write(pdf: pikepdf.Pdf) -> bytes:
    """Write a PDF with a classic cross-reference table and nothing compressed anew."""
    output = BytesIO()
    pdf.save(
        output,
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
        compress_streams=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
    )
    return output.getvalue()
