"""One connection from the hub to the signer: questions go out, answers come back, one after the other."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from seals.judge_frames import HEAD_BYTES
from seals.signer_messages import ANSWER_BODY_LIMIT, HEAD_LIMIT, Message, frame_length, read_head


@dataclass(frozen=True, slots=True)
class SignerConnection:
    """An open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, socket: Path) -> SignerConnection:
        """Connect to the signer at a socket. Raises OSError where nobody listens."""
        return cls(*await asyncio.open_unix_connection(socket))

    async def ask(self, question: bytes) -> Message:
        """Send a framed question and return the answer, which may carry an error.

        Raises:
            OSError, EOFError: the signer has gone.
            SignerProtocolError: what it says cannot be read.
        """
        self.writer.write(question)
        await self.writer.drain()
        head = await self._frame(HEAD_LIMIT)
        return Message(read_head(head), await self._frame(ANSWER_BODY_LIMIT))

    async def _frame(self, limit: int) -> bytes:
        length = frame_length(await self.reader.readexactly(HEAD_BYTES), limit)
        return await self.reader.readexactly(length)

    def close(self) -> None:
        """Close it; nothing waits for that."""
        self.writer.close()
