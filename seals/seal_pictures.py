"""The picture that a seal shows instead of the drawn one, in the one form that goes to the signer and onto the page.

Plain pixels, compressed as a PDF holds them (ISO 32000-1, 8.9.5 and 7.4.4), so the process with the keys reads no
picture format: it counts bytes. `picture_files.py` makes this form of what the seal authority supplied, once.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from functools import cached_property

import orjson

from seals.errors import SealPictureError

PICTURE_SIDE = 1000
"""Most pixels of a side: 600 to the inch on a seal of 42 mm."""
PICTURE_BYTES = 640 * 1024
"""Longest picture in this form, so much is each proof that shows it longer; as Base64 it goes into one message."""
_HEAD_BYTES = 256


@dataclass(frozen=True)
class SealPicture:
    """A picture of a seal; its pixels row by row from the upper left."""

    width: int
    height: int
    colours: bytes
    """Red, green and blue of each pixel, a byte each, compressed (zlib)."""
    opacity: bytes | None
    """How opaque each pixel is, a byte, compressed (zlib); None where all of it is opaque."""

    def __post_init__(self) -> None:
        """See that it holds what it says, within the bounds.

        Raises:
            SealPictureError: it does not.
        """
        if not (0 < self.width <= PICTURE_SIDE and 0 < self.height <= PICTURE_SIDE):
            raise SealPictureError(f"a picture of a seal has 1 to {PICTURE_SIDE} pixels on each side")
        if len(self.colours) + len(self.opacity or b"") > PICTURE_BYTES:
            raise SealPictureError(f"a picture of a seal is longer than {PICTURE_BYTES} bytes")
        pixels = self.width * self.height
        _require_length(self.colours, 3 * pixels)
        if self.opacity is not None:
            _require_length(self.opacity, pixels)

    @cached_property
    def sha256(self) -> str:
        """Digest of the bytes below, lower-case hexadecimal."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def to_bytes(self) -> bytes:
        """Return the picture as it is kept and sent: one line of JSON, then what it measures."""
        opacity = None if self.opacity is None else len(self.opacity)
        head = {"colours": len(self.colours), "height": self.height, "opacity": opacity, "width": self.width}
        return orjson.dumps(head) + b"\n" + self.colours + (self.opacity or b"")

    @classmethod
    def from_bytes(cls, data: bytes) -> SealPicture:
        """Read a picture back.

        Raises:
            SealPictureError: it is not of this form.
        """
        head, _, rest = data[: PICTURE_BYTES + _HEAD_BYTES + 1].partition(b"\n")
        try:
            found = orjson.loads(head) if len(head) <= _HEAD_BYTES else {}
            width, height, colours = (_count(found[name]) for name in ("width", "height", "colours"))
            opacity = None if found["opacity"] is None else _count(found["opacity"])
        except (ValueError, KeyError, TypeError) as problem:
            raise SealPictureError("this is no picture of a seal as the hub keeps it") from problem
        if len(data) - len(head) - 1 != colours + (opacity or 0):
            raise SealPictureError("the picture of the seal is cut short, or something is behind it")
        return cls(width, height, rest[:colours], None if opacity is None else rest[colours:])


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError("no number of bytes or pixels")


def _require_length(compressed: bytes, length: int) -> None:
    """See that a stream expands to exactly so many bytes; not one more is expanded."""
    reader = zlib.decompressobj()
    try:
        found = len(reader.decompress(compressed, length + 1))
    except zlib.error as problem:
        raise SealPictureError("the picture of the seal is not compressed as it should be") from problem
    if found != length or not reader.eof or reader.unused_data:
        raise SealPictureError("the picture of the seal does not have as many pixels as it says")
