"""Errors of this room.

SealsError
├── MalformedEndorsementError   the endorsement inside a file cannot be read
├── UnprintableCharacterError   no carried font has a character that the page must show
├── PageError                   the page could not be rendered
├── SealingError                the seal could not be applied
│   ├── WrongSealError          the key or the certificate is not of the seal's kind
│   ├── ExpiredSealError        the certificate is out of its period
│   ├── ReusedIssuingKeyError   the same issuing key came with other content
│   └── SignerClosedError       the signer takes no more orders
├── UnreadableDocumentError     a file cannot be judged: no PDF, too large, too slow
├── JudgeProtocolError          the process that judges files ended, or said what it should not
└── JudgeClosedError            the judges were sent home: the hub is ending
"""

from __future__ import annotations


class SealsError(Exception):
    """Anything that goes wrong in this room."""


class MalformedEndorsementError(SealsError):
    """The endorsement inside a file cannot be read."""


class UnprintableCharacterError(SealsError):
    """No carried font has a character that the page must show; never set as an empty box."""

    def __init__(self, characters: str) -> None:
        codes = " ".join(f"U+{ord(character):04X}" for character in characters)
        super().__init__(f"no font for {codes}")
        self.characters = characters


class PageError(SealsError):
    """The page could not be rendered."""


class SealingError(SealsError):
    """The seal could not be applied."""


class WrongSealError(SealingError):
    """The key or the certificate is not of the seal's kind."""


class ExpiredSealError(SealingError):
    """The certificate of the seal is out of its period at the time of sealing."""


class ReusedIssuingKeyError(SealingError):
    """The same issuing key came before with other content: one intent, one proof."""


class SignerClosedError(SealingError):
    """The signer has been closed and takes no more orders."""


class UnreadableDocumentError(SealsError):
    """A file cannot be judged: no PDF, too large, or it takes too long."""


class JudgeProtocolError(SealsError):
    """The process that judges files ended, or said what it should not."""


class JudgeClosedError(SealsError):
    """The judges were sent home: the hub is ending."""
