"""Reads the picture that the seal authority supplies for a seal (Art. 15): PNG (ISO/IEC 15948), and nothing else.

A picture comes from outside, so little of it is believed. Its chunks are walked here first: bounds, order and check
sums; only what the pixels need goes on to the library, never a text, a colour profile or an animation. The library is
told to take no other format. Colours are those of the page (sRGB).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image

from seals.errors import SealPictureError
from seals.seal_pictures import PICTURE_BYTES, PICTURE_SIDE, SealPicture

FILE_BYTES = 1024 * 1024
"""Largest picture that is taken, in bytes."""
MOST_PIXELS = 4096
"""Most pixels of a side."""
FEWEST_PIXELS = 250
"""Fewest pixels of a side: 150 to the inch on a seal of 42 mm; a coarser one cannot be read in print."""
OUT_OF_SQUARE = 0.01
"""How far the sides may differ: a seal is round."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXEL_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_KNOWN_CRITICAL = _PIXEL_CHUNKS - {b"tRNS"}
_PALETTE = 3
_LIGHT = 200
"""A picture whose every pixel is at least so light a grey, of 255, is as good as blank."""
_SIDES = (PICTURE_SIDE, 700, 400)
"""The sides that are tried until a picture is short enough; the last one always is."""


def read_picture(png: bytes) -> SealPicture:
    """Return a supplied picture as seals show it, at most 1000 pixels on a side.

    Raises:
        SealPictureError: it is no PNG, too large, too small, not square, damaged, or shows nothing.
    """
    if len(png) > FILE_BYTES:
        raise SealPictureError(f"the picture is longer than {FILE_BYTES} bytes")
    chunks = list(_chunks(png))
    _require_bounds(chunks)
    image = _decoded(_SIGNATURE + b"".join(_written(*each) for each in chunks if each[0] in _PIXEL_CHUNKS))
    image = _at_most(image, _SIDES[0])
    _require_something(image)
    for side in _SIDES:
        picture = _compressed(_at_most(image, side))
        if picture is not None:
            return picture
    raise SealPictureError(f"the picture does not go into {PICTURE_BYTES} bytes")


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of each chunk up to the last byte (ISO/IEC 15948, 5.3)."""
    if not png.startswith(_SIGNATURE):
        raise SealPictureError("the picture is no PNG file")
    place, kind = len(_SIGNATURE), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", png, place) if place + 12 <= len(png) else (FILE_BYTES, b"")
        content, end = png[place + 8 : place + 8 + length], place + 8 + length
        if end + 4 > len(png) or zlib.crc32(content, zlib.crc32(kind)) != int.from_bytes(png[end : end + 4]):
            raise SealPictureError("the PNG file is damaged or cut short")
        if kind[:1].isupper() and kind not in _KNOWN_CRITICAL:
            raise SealPictureError("the PNG file has a part that no standard knows")
        yield kind, content
        place = end + 4
    if place != len(png):
        raise SealPictureError("something is behind the end of the PNG file")


def _written(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))


def _require_bounds(chunks: list[tuple[bytes, bytes]]) -> None:
    """See what the header says before anything is expanded."""
    kind, header = chunks[0]
    if kind != b"IHDR" or len(header) != 13 or sum(each == b"IHDR" for each, _ in chunks) != 1:
        raise SealPictureError("the PNG file does not begin with its header")
    width, height, depth, colour_type = struct.unpack_from(">IIBB", header)
    if max(width, height) > MOST_PIXELS or min(width, height) < FEWEST_PIXELS:
        raise SealPictureError(f"the picture must have {FEWEST_PIXELS} to {MOST_PIXELS} pixels on each side")
    if abs(width - height) > OUT_OF_SQUARE * max(width, height):
        raise SealPictureError(f"the picture must be square; it has {width} by {height} pixels")
    if depth > 8:
        raise SealPictureError("the picture has more than 8 bits a channel; save it with 8")
    if colour_type == _PALETTE and all(each != b"PLTE" for each, _ in chunks):
        raise SealPictureError("the PNG file lacks its palette")


def _decoded(png: bytes) -> Image.Image:
    try:
        with Image.open(BytesIO(png), formats=("PNG",)) as found:
            return found.convert("RGBA")
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error) as problem:
        raise SealPictureError("the pixels of the PNG file cannot be read") from problem


def _require_something(image: Image.Image) -> None:
    """See that the picture leaves a mark on white paper."""
    paper = Image.new("RGBA", image.size, "white")
    grey = Image.alpha_composite(paper, image).convert("L")
    if not any(grey.histogram()[:_LIGHT]):
        raise SealPictureError("the picture shows nothing on white paper")


def _at_most(image: Image.Image, side: int) -> Image.Image:
    if max(image.size) <= side:
        return image
    return image.resize((side, side), Image.Resampling.HAMMING)  # sharp, and rings no edge, which would not compress


def _compressed(image: Image.Image) -> SealPicture | None:
    """Return the picture in the form that is kept; None where it is too long."""
    opacity = image.getchannel("A")
    colours = zlib.compress(image.convert("RGB").tobytes(), 9)
    mask = None if opacity.getextrema() == (255, 255) else zlib.compress(opacity.tobytes(), 9)
    if len(colours) + len(mask or b"") > PICTURE_BYTES:
        return None
    return SealPicture(*image.size, colours, mask)
