"""Proofs whose content was put into another file, and revisions added to a genuine one."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pikepdf
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from seals.endorsement import ENDORSEMENT_ATTACHMENT, FACTS_ATTACHMENT, facts_json
from tests.vectors.clocks import time_stamped
from tests.vectors.forger import SealChoices, seal
from tests.vectors.good_proofs import sharing
from tests.vectors.proofs import FACTS, SHARING, Materials, write
from tests.vectors.vector import Vector


def _appended(materials: Materials, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """A genuine proof with one more revision, as any PDF program would add it."""
    writer = IncrementalPdfFileWriter(BytesIO(sharing(materials)))
    change(writer)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def _rewritten(materials: Materials, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    """A genuine proof opened, changed and saved anew."""
    with pikepdf.open(BytesIO(sharing(materials))) as pdf:
        change(pdf)
        return write(pdf)


def _stream(data: bytes, **entries: str) -> generic.StreamObject:
    names = {pdf_name(f"/{key}"): pdf_name(f"/{value}") for key, value in entries.items()}
    return generic.StreamObject(dict_data=names, stream_data=data)


def add_text(writer: IncrementalPdfFileWriter) -> None:
    page = writer.root["/Pages"]["/Kids"][0]
    content = writer.add_object(_stream(b"BT /F1 24 Tf 72 600 Td (and of ownership) Tj ET"))
    page["/Contents"] = generic.ArrayObject([page.raw_get("/Contents"), content])
    writer.update_container(page)


def add_annotation(writer: IncrementalPdfFileWriter) -> None:
    """A white rectangle with other words over the name, as a stamp that many viewers show as if it were content."""
    page = writer.root["/Pages"]["/Kids"][0]
    look = _stream(b"1 g 0 0 200 30 re f 0 g BT /F1 18 Tf 4 8 Td (Somebody else) Tj ET", Type="XObject", Subtype="Form")
    look["/BBox"] = generic.ArrayObject(generic.NumberObject(number) for number in (0, 0, 200, 30))
    stamp = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/Stamp"),
            pdf_name("/Rect"): generic.ArrayObject(generic.NumberObject(n) for n in (72, 700, 272, 730)),
            pdf_name("/AP"): generic.DictionaryObject({pdf_name("/N"): writer.add_object(look)}),
        }
    )
    page["/Annots"] = generic.ArrayObject([*page.get("/Annots", ()), writer.add_object(stamp)])
    writer.update_container(page)


def replace_facts(writer: IncrementalPdfFileWriter) -> None:
    names = writer.root["/Names"]["/EmbeddedFiles"]["/Names"]
    for position in range(0, len(names), 2):
        if names[position] == "facts.json":
            files = names[position + 1]["/EF"]
            files["/F"] = writer.add_object(_stream(b"[]", Type="EmbeddedFile"))
            writer.update_container(files)


def change_title(writer: IncrementalPdfFileWriter) -> None:
    writer.set_info(writer.add_object(generic.DictionaryObject({pdf_name("/Title"): generic.pdf_string("Other")})))


def add_empty_field(writer: IncrementalPdfFileWriter) -> None:
    append_signature_field(writer, SigFieldSpec("Later", box=(10, 10, 100, 100)))


def strip_signature(pdf: pikepdf.Pdf) -> None:
    """Remove the field, its widget on the page, and the catalogue's word that the file is certified."""
    if "/AcroForm" in pdf.Root:
        del pdf.Root.AcroForm
    for page in pdf.pages:
        if "/Annots" in page:
            del page.Annots
    if "/Perms" in pdf.Root:
        del pdf.Root.Perms


def point_twice_to_the_signature(pdf: pikepdf.Pdf) -> None:
    field = pdf.Root.AcroForm.Fields[0]
    copy = pikepdf.Dictionary(FT=pikepdf.Name.Sig, T="Copy", V=field.V)
    pdf.Root.AcroForm.Fields.append(pdf.make_indirect(copy))


def rewrapped(materials: Materials) -> bytes:
    """Pages and attachments in a new file, with no seal."""
    with pikepdf.open(BytesIO(sharing(materials))) as source, pikepdf.new() as target:
        target.add_pages_from(source)
        strip_signature(target)
        for name, data in ((FACTS_ATTACHMENT, facts_json(FACTS)), (ENDORSEMENT_ATTACHMENT, SHARING.to_json())):
            target.attachments[name] = pikepdf.AttachedFileSpec(target, data)
        return write(target)


def rewrapped_and_sealed_by_a_stranger(materials: Materials) -> bytes:
    choices = SealChoices(endorsements=(SHARING.to_json(),))
    return seal(rewrapped(materials), materials.strangers.sharing, choices)


def proof_inside_a_file(materials: Materials) -> bytes:
    """A genuine proof attached to a page that claims something else."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.attachments["proof.pdf"] = pikepdf.AttachedFileSpec(pdf, sharing(materials))
        return write(pdf)


def visible_time_stamp(materials: Materials) -> bytes:
    """A time stamp is allowed to follow; one that covers the page with a picture of its own is not."""

    def field_with_a_look(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, SigFieldSpec("TimeStamp", box=(72, 700, 272, 730)))

    return time_stamped(materials.city.clock, _appended(materials, field_with_a_look), SigFieldSpec("TimeStamp"))


FAULTS = (
    Vector("unsigned", lambda m: m.page, "one_seal"),
    Vector("stripped_signature", lambda m: _rewritten(m, strip_signature), "one_seal"),
    Vector("duplicated_signature", lambda m: _rewritten(m, point_twice_to_the_signature), "one_seal"),
    Vector("saved_anew", lambda m: _rewritten(m, lambda pdf: None), "whole_file"),
    Vector("rewrapped", rewrapped, "one_seal"),
    Vector("rewrapped_and_sealed_by_a_stranger", rewrapped_and_sealed_by_a_stranger, "trusted"),
    Vector("proof_inside_a_file", proof_inside_a_file, "one_seal"),
    Vector("appended_text", lambda m: _appended(m, add_text), "whole_file"),
    Vector("appended_annotation", lambda m: _appended(m, add_annotation), "whole_file"),
    Vector("appended_facts", lambda m: _appended(m, replace_facts), "whole_file"),
    Vector("appended_title", lambda m: _appended(m, change_title), "whole_file"),
    Vector("appended_field", lambda m: _appended(m, add_empty_field), "whole_file"),
    Vector("appended_visible_time_stamp", visible_time_stamp, "whole_file"),
)
