"""Seals whose certificates are not a seal's, and proofs that another program wrote anew or moved to other pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pikepdf

from pki.profiles import POLICY_GRANT_SIGNING, POLICY_INFORMATION_VERIFICATION
from seals.endorsement import facts_json
from tests.vectors.authority import SEALED_AT, Holder, odd_seal
from tests.vectors.clocks import Clock, time_stamped
from tests.vectors.forger import SealChoices, seal
from tests.vectors.good_proofs import long_term
from tests.vectors.proofs import FACTS, SHARING, Materials, unsealed_page
from tests.vectors.updates import Update, anatomy
from tests.vectors.vector import Vector


def _odd(**choices: object) -> Callable[[Materials], bytes]:
    return lambda materials: materials.sealed_by(odd_seal(materials.city, **choices))


def _same_name_and_key_identifier(materials: Materials) -> bytes:
    """A stranger's key under the city's own chain: names are right, signatures are not."""
    stranger = materials.strangers.sharing
    return materials.sealed_by(Holder(stranger.certificate, stranger.key, materials.city.sharing.chain))


def _another_certificate(materials: Materials) -> bytes:
    """The city's certificate over a signature by a stranger's key."""
    stranger, city = materials.strangers.sharing, materials.city.sharing
    return materials.sealed_by(Holder(city.certificate, stranger.key, city.chain))


def _own_page(materials: Materials) -> bytes:
    """A page of the attacker's with the genuine facts and endorsement, sealed by the attacker: the page says more."""

    def write_more(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].Contents = pdf.make_stream(b"BT /F1 24 Tf 72 720 Td (Proof of ownership) Tj ET")

    page = unsealed_page(SHARING.to_json(), facts_json(FACTS), write_more)
    return seal(page, materials.strangers.sharing, SealChoices(endorsements=(SHARING.to_json(),)))


def _other_endorsement(materials: Materials) -> bytes:
    """The genuine signature, copied with its endorsement into a file of another case."""
    other = replace(SHARING, case_number="C-2026-999999").to_json()
    moved = seal(unsealed_page(other, facts_json(FACTS)), materials.city.sharing, SealChoices(endorsements=(other,)))
    genuine = materials.sealed_by(materials.city.sharing)
    start, end = (genuine.rindex(b"/Contents <"), genuine.index(b">", genuine.rindex(b"/Contents <")))
    place = moved.rindex(b"/Contents <")
    return moved[:place] + genuine[start:end] + moved[moved.index(b">", place) :]


def _changed(change: Callable[[pikepdf.Pdf], None], **how: object) -> Callable[[Materials], bytes]:
    """The small sealed file opened by another program, changed and saved."""

    def make(materials: Materials) -> bytes:
        output = BytesIO()
        with pikepdf.open(BytesIO(materials.sealed_by(materials.city.sharing))) as pdf:
            change(pdf)
            pdf.save(output, **how)
        return output.getvalue()

    return make


def _nothing(pdf: pikepdf.Pdf) -> None:
    """Only save it."""


def _printed(materials: Materials) -> bytes:
    """The page alone, as a printer to PDF makes it."""
    output = BytesIO()
    with pikepdf.open(BytesIO(materials.sealed_by(materials.city.sharing))) as source, pikepdf.new() as target:
        target.add_blank_page(page_size=(595, 842))
        content = target.copy_foreign(source.pages[0].Contents)
        target.pages[0].Contents = content
        target.save(output)
    return output.getvalue()


def _token_of_another_file(materials: Materials) -> bytes:
    """The genuine time stamp of another document."""

    clock = Clock(materials.city.clock, of_something_else=True)
    return time_stamped(clock, materials.sealed_by(materials.city.sharing))


def _stamped_and_then_more(materials: Materials) -> bytes:
    """A genuine time stamp, and behind it another update that puts words on the page."""
    pdf = time_stamped(materials.city.clock, materials.sealed_by(materials.city.sharing))
    parts = anatomy(pdf)
    words = b"BT /F1 24 Tf 72 720 Td (Proof of ownership) Tj ET"
    content = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(words), words)
    return Update(((parts.content, content),)).after(pdf)


def _more_and_then_stamped(materials: Materials) -> bytes:
    """Words on the page, and a genuine time stamp over them."""
    pdf = materials.sealed_by(materials.city.sharing)
    parts = anatomy(pdf)
    page = parts.bodies[parts.page].replace(b"<<", b"<< /Rotate 180", 1)
    return time_stamped(materials.city.clock, Update(((parts.page, page),)).after(pdf))


def _store_changed(materials: Materials) -> bytes:
    """One byte of the security store that a time stamp covers."""
    pdf = long_term(materials)
    place = pdf.index(b"stream", pdf.index(b"%%EOF", pdf.index(b"%%EOF") + 5)) + 60
    return pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]


_MAKERS: dict[str, tuple[Callable[[Materials], bytes], str]] = {
    "certificate_not_yet_valid": (_odd(first=SEALED_AT + timedelta(days=1)), "trusted"),
    "certificate_of_both_seals": (_odd(second_policy=POLICY_INFORMATION_VERIFICATION), "right_seal"),
    "certificate_of_no_seal": (_odd(policy=None), "right_seal"),
    "certificate_of_another_policy": (_odd(policy="1.3.6.1.4.1.99999.7"), "right_seal"),
    "certificate_of_any_policy": (_odd(policy="2.5.29.32.0"), "right_seal"),
    "certificate_for_grants": (_odd(policy=POLICY_GRANT_SIGNING), "right_seal"),
    "certificate_for_something_else": (_odd(purpose="1.3.6.1.5.5.7.3.1"), "trusted"),
    "certificate_of_an_authority": (_odd(authority=True), "trusted"),
    "certificate_of_the_clock": (lambda m: m.sealed_by(m.city.clock), "trusted"),
    "certificate_of_the_root": (lambda m: m.sealed_by(m.city.root), "trusted"),
    "certificate_below_the_right_names": (_same_name_and_key_identifier, "trusted"),
    "certificate_of_the_city_over_a_strangers_signature": (_another_certificate, "signature_valid"),
    "page_of_an_attacker_with_genuine_facts": (_own_page, "trusted"),
    "signature_moved_from_another_case": (_other_endorsement, "intact"),
    "stamp_of_another_file": (_token_of_another_file, "time_stamp"),
    "stamped_and_then_more": (_stamped_and_then_more, "whole_file"),
    "more_and_then_stamped": (_more_and_then_stamped, "whole_file"),
    "changed_security_store": (_store_changed, "time_stamp"),
    "saved_by_another_program": (_changed(_nothing), "whole_file"),
    "saved_linearized": (_changed(_nothing, linearize=True), "whole_file"),
    "saved_in_object_streams": (_changed(_nothing, object_stream_mode=pikepdf.ObjectStreamMode.generate), "whole_file"),
    "saved_readable": (_changed(_nothing, qdf=True), "whole_file"),
    "saved_with_a_page_more": (_changed(lambda pdf: pdf.add_blank_page()), "whole_file"),
    "saved_with_the_page_twice": (_changed(lambda pdf: pdf.pages.append(pdf.pages[0])), "whole_file"),
    "saved_without_the_page": (_changed(lambda pdf: pdf.pages.__delitem__(0)), "whole_file"),
    "printed_to_a_new_file": (_printed, "one_seal"),
}
FAULTS = tuple(Vector(name, make, because) for name, (make, because) in _MAKERS.items())
