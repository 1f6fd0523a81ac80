"""Pictures for seals, made by a library and by hand: good ones and hostile ones."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageDraw

BLUE = (20, 60, 220)
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def round_picture(side: int = 600, *, colour: tuple[int, int, int] = BLUE, clear: bool = True) -> bytes:
    """Return a PNG with a disc in one colour; around it nothing at all, or white."""
    image = Image.new("RGBA", (side, side), (255, 255, 255, 0 if clear else 255))
    ImageDraw.Draw(image).ellipse((side // 10, side // 10, side - side // 10, side - side // 10), fill=(*colour, 255))
    return saved(image if clear else image.convert("RGB"))


def saved(image: Image.Image, form: str = "PNG", **how: object) -> bytes:
    """Return a picture as a file."""
    out = BytesIO()
    image.save(out, form, **how)
    return out.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return one chunk of a PNG with its right check sum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def header(width: int, height: int, depth: int = 8, colours: int = 2) -> bytes:
    """Return the header of a PNG."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0))


def written(*chunks: bytes) -> bytes:
    """Return a PNG of these chunks and its end."""
    return SIGNATURE + b"".join(chunks) + chunk(b"IEND", b"")
