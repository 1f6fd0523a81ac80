"""Writes a seal's incremental update directly, for a page whose shape is known (ISO 32000-1, 7.5.6 and 12.8).

It holds what `signature_field.py` and pyHanko write together for any other page: the field with its appearance and its
place in the structure, the form, the permission and the signature. What is the same for each seal is put together
once, here; what is the same for each seal on a page, in `page_changes.py`.
"""

from __future__ import annotations

import hashlib
from binascii import hexlify
from dataclasses import dataclass
from datetime import UTC, datetime

from seals.page_changes import ENTRY, PageChanges
from seals.seal_pictures import SealPicture
from seals.signature_field import APPEARANCE_SIDE, FIELD_NAME, SealForm

_FIELD = b"/FT/Sig/T(%b)/TU%b/F 132>>\nendobj\n"  # 132: to be printed, locked
_APPEARANCE = (
    b"<</Type/XObject/Subtype/Form/BBox[0 0 %.3f %.3f]/Resources<</ExtGState<</Ink<</Type/ExtGState/BM/Multiply>>>>%b>>"
    b"/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream\nendobj\n"
)
_IMAGE = (
    b"%d 0 obj\n<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/%b/BitsPerComponent 8%b"
    b"/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream\nendobj\n"
)
_ELEMENT = b"/Alt%b>>\nendobj\n"
_SIGNATURE = (
    b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(%b)"
    b"/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/V/1.2/P 1>>>>]"
    b"/ByteRange[0 %10d %10d %10d]/Contents"
)
_TIME = b"D:%04d%02d%02d%02d%02d%02dZ"
_SIGNATURE_LENGTH = len(_SIGNATURE % (_TIME % ((0,) * 6), 0, 0, 0))
_AFTER_SIGNATURE = b">>\nendobj\n"
_ENDING = b"%b%b" + 4 * ENTRY + b"%btrailer\n<</Size %d%b(%b)]>>\nstartxref\n%d\n%%%%EOF\n"


@dataclass(frozen=True, slots=True)
class PreparedUpdate:
    """A page with its update but for the signature, which goes into a hole between two parts."""

    page: bytes
    before: bytes
    after: bytes
    room: int
    """Length of the hole in hexadecimal digits."""

    def digest(self) -> bytes:
        """Return the SHA-256 of all but the hole."""
        covered = hashlib.sha256(self.page)
        covered.update(self.before)
        covered.update(self.after)
        return covered.digest()

    def filled(self, signature: bytes) -> bytes:
        """Return the file with a signature (DER) in the hole."""
        digits = hexlify(signature).ljust(self.room, b"0")
        return b"".join((self.page, self.before, b"<", digits, b">", self.after))


class UpdateTemplate:
    """Writes the updates of one seal."""

    def __init__(self, form: SealForm) -> None:
        """Put together the seal's part of each update."""
        described = b"<FEFF%b>" % hexlify(form.description.encode("utf-16-be")).upper()
        self._field = _FIELD % (FIELD_NAME.encode(), described)
        self._form, self._appearance = form, _appearance(form, b"")
        self._element = _ELEMENT % described

    def prepare(self, page: bytes, changes: PageChanges, at: datetime, longest: int) -> PreparedUpdate:
        """Write the update of a page.

        Args:
            page: the page.
            changes: what was worked out of this page.
            at: the time of sealing; aware.
            longest: how long the signature is at most, in bytes of DER.
        """
        look = self._look(changes.free)
        field = changes.field_at
        appearance = field + len(changes.field) + len(self._field)
        element = appearance + len(changes.appearance) + len(look.appearance)
        pictures = element + len(changes.element) + len(self._element)
        signature = pictures + sum(map(len, look.pictures))
        before_hole = signature + len(changes.signature) + _SIGNATURE_LENGTH
        after_hole = before_hole + 2 * longest + 2  # with < and >
        # The time also makes the second half of the file's identifier another (14.4): a page is sealed once.
        utc = at.astimezone(UTC)
        written = _TIME % (utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second)
        offsets = field, appearance, element, signature
        table_at = after_hole + len(_AFTER_SIGNATURE)
        table = changes.table, *offsets, look.entries(changes.free, pictures), changes.free + len(look.pictures)
        after = _ENDING % (_AFTER_SIGNATURE, *table, changes.trailer, written, table_at)
        before = b"".join(
            (
                *(changes.changed, changes.field, self._field, changes.appearance, look.appearance),
                *(changes.element, self._element, *look.pictures, changes.signature),
                _SIGNATURE % (written, before_hole, after_hole, len(after)),
            )
        )
        return PreparedUpdate(page, before, after, 2 * longest)

    def _look(self, free: int) -> _Look:
        """Return the appearance, and the objects of its picture with numbers from the first free one."""
        picture = self._form.picture
        if picture is None:
            return _Look(self._appearance)
        shown = _appearance(self._form, b"/XObject<</Picture %d 0 R>>" % free)
        if picture.opacity is None:
            return _Look(shown, (_image(free, picture, b"DeviceRGB", picture.colours),))
        colours = _image(free, picture, b"DeviceRGB", picture.colours, b"/SMask %d 0 R" % (free + 1))
        return _Look(shown, (colours, _image(free + 1, picture, b"DeviceGray", picture.opacity)))


@dataclass(frozen=True, slots=True)
class _Look:
    """What a seal shows: its appearance, and the objects of its picture where it has one."""

    appearance: bytes
    pictures: tuple[bytes, ...] = ()

    def entries(self, number: int, offset: int) -> bytes:
        """Return the part of the cross-reference table for the pictures: the number and the offset are the first's."""
        if not self.pictures:
            return b""
        offsets = (offset + sum(map(len, self.pictures[:turn])) for turn in range(len(self.pictures)))
        return b"%d %d\n%b" % (number, len(self.pictures), b"".join(ENTRY % each for each in offsets))


def _appearance(form: SealForm, more: bytes) -> bytes:
    return _APPEARANCE % (APPEARANCE_SIDE, APPEARANCE_SIDE, more, len(form.compressed), form.compressed)


def _image(number: int, picture: SealPicture, space: bytes, pixels: bytes, more: bytes = b"") -> bytes:
    return _IMAGE % (number, picture.width, picture.height, space, more, len(pixels), pixels)
