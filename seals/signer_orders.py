"""What the signer is asked, and what it gives; the same whether it is in this process or behind a socket."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from seals.grants import SignedGrant
from seals.page_content import PageContent


@dataclass(frozen=True, slots=True)
class SealingOrder:
    """What is to be sealed."""

    issuing_key: str
    """Names the intent that this proof carries out: the same key always comes with the same content."""
    content: PageContent
    grant: SignedGrant
    """By which the unit uses the seal."""


@dataclass(frozen=True, slots=True)
class SealedDocument:
    """A sealed proof."""

    pdf: bytes
    sha256: str
    """Digest of the whole file, lower-case hexadecimal."""


class SealingService(Protocol):
    """Makes sealed proofs of orders, wherever the keys are."""

    async def seal(self, order: SealingOrder) -> SealedDocument:
        """Make the page of an order and seal it; asked again with the same issuing key, give the same document.

        Raises:
            GrantError: the grant does not allow it, or the seal is suspended.
            ReusedIssuingKeyError: the same issuing key came before with other content.
            PrunedDocumentError: it was sealed so long ago that only the hub's document store has it.
            WrongSealError: there is no such seal, or it has another holder.
            ExpiredSealError: the seal's certificate is out of its period.
            UnprintableCharacterError, PageError: the page cannot be made.
            SignerUnavailableError: the signer does not answer; the same order may be given again.
            SealingError: the seal cannot be applied, or the content contradicts itself.
        """

    def ahead(self, content: PageContent) -> AbstractAsyncContextManager[SealingService]:
        """Have a page made while its order is still being allowed; nothing is sealed by that, and nothing kept.

        The value seals orders as this service does, sooner where the content is the same. Where nothing can be made
        ahead, it is this service itself.
        """
        return nullcontext(self)

    async def close(self) -> None:
        """Finish what was begun and take no more orders."""
