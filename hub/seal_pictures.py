"""The pictures that the seal authority supplies for seals (Art. 15), in the document store.

A file is read once, when the seal is made: what every seal then shows, after each rotation too, is what was read.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

from graph_models.seals import SealPictureRecord
from hub.documents import DocumentStore
from hub.errors import InvalidInputError, UnavailableError
from seals.errors import SealPictureError
from seals.picture_files import FEWEST_PIXELS, FILE_BYTES, MOST_PIXELS, read_picture
from seals.seal_pictures import SealPicture

PICTURE_RULE = f"PNG, square, {FEWEST_PIXELS} to {MOST_PIXELS} pixels a side, at most {FILE_BYTES} bytes"
"""What is taken, in words."""


def picture_digest(png: bytes | None) -> str | None:
    """Return the SHA-256 of a supplied file, lower-case hexadecimal; None where there is none."""
    return None if png is None else hashlib.sha256(png).hexdigest()


@dataclass(frozen=True, slots=True)
class SealPictures:
    """Keeps pictures and gives them back."""

    documents: DocumentStore

    async def keep(self, png: bytes) -> SealPictureRecord:
        """Read a supplied file and keep it with what is shown of it.

        Raises:
            InvalidInputError: it cannot be the face of a seal.
            UnavailableError: it cannot be kept now.
        """
        try:
            picture = await asyncio.to_thread(read_picture, png)
        except SealPictureError as problem:
            raise InvalidInputError(
                str(problem),
                message_zh="印章图片不符合要求",
                mend=f"Supply another file: {PICTURE_RULE}, 8 bits a channel.",
                field="picture",
            ) from problem
        supplied = await self.documents.put(png)
        return SealPictureRecord(sha256=supplied, shown_sha256=await self.documents.put(picture.to_bytes()))

    async def shown(self, record: SealPictureRecord | None) -> SealPicture | None:
        """Return what a seal shows instead of the drawn one; None where it is drawn.

        Raises:
            UnavailableError: it is not in the store, or not what it was.
        """
        if record is None:
            return None
        try:
            return SealPicture.from_bytes(await self.documents.get(record.shown_sha256))
        except SealPictureError as problem:
            raise UnavailableError(
                "the kept picture of the seal cannot be read",
                message_zh="印章图片无法读取",
                mend="Restore the document store from its copy.",
            ) from problem
