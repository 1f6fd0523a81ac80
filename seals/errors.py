"""Errors of this room.

SealsError
├── MalformedEndorsementError   the endorsement inside a file cannot be read
├── UnprintableCharacterError   no carried font has a character that the page must show
├── PageError                   the page could not be rendered
├── SealPictureError            a picture cannot be the face of a seal
├── SealingError                the seal could not be applied
│   ├── WrongSealError          the key or the certificate is not of the seal's kind
│   ├── ExpiredSealError        the certificate is out of its period
│   ├── ReusedIssuingKeyError   the same issuing key came with other content
│   ├── PrunedDocumentError     what was sealed under the issuing key is with the signer no more
│   ├── SignerClosedError       the signer takes no more orders
│   ├── SignerUnavailableError  the signer process does not answer; what was asked may be asked again
│   ├── SignerStartError        the signer process cannot start
│   ├── SignerProtocolError     what came over the socket is no message of ours
│   ├── PeerRefusedError        the signer does not talk to this user
│   └── BrokenLogError          the signer's log was changed, or a part of it is missing
│       └── LogNotFoundError    there is no log at all
├── GrantError                  no grant lets the unit use the seal for this (Art. 15)
│   ├── MalformedGrantError     it cannot be read, or contradicts itself
│   ├── UntrustedGrantError     it is not signed by the seal authority
│   ├── GrantPeriodError        it is not in force at the time
│   ├── GrantScopeError         it is for another seal, unit or proof type
│   ├── DailyLimitError         the uses that it allows for the day are used up
│   ├── RevokedGrantError       it was revoked
│   └── SuspendedSealError      the seal itself is suspended
├── LongTermError               a proof cannot be raised to a higher level, or not be renewed
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


class SealPictureError(SealsError):
    """A picture cannot be the face of a seal: not of the form, not within the bounds, or it shows nothing."""


class SealingError(SealsError):
    """The seal could not be applied."""


class WrongSealError(SealingError):
    """The key or the certificate is not of the seal's kind."""


class ExpiredSealError(SealingError):
    """The certificate of the seal is out of its period at the time of sealing."""


class ReusedIssuingKeyError(SealingError):
    """The same issuing key came before with other content: one intent, one proof."""


class PrunedDocumentError(SealingError):
    """What was sealed under the issuing key is with the signer no more: the hub keeps it under its digest."""

    def __init__(self, document_sha256: str) -> None:
        super().__init__(
            f"the document was sealed before and pruned since; the hub's document store has it as {document_sha256}"
        )
        self.document_sha256 = document_sha256


class SignerClosedError(SealingError):
    """The signer has been closed and takes no more orders."""


class SignerUnavailableError(SealingError):
    """The signer process does not answer; nothing is lost, and the same may be asked again."""


class SignerStartError(SealingError):
    """The signer process cannot start."""


class SignerProtocolError(SealingError):
    """What came over the signer's socket is no message of ours."""


class PeerRefusedError(SealingError):
    """The signer does not talk to the user that the caller runs as."""


class BrokenLogError(SealingError):
    """The signer's log was changed, or a part of it is missing."""


class LogNotFoundError(BrokenLogError):
    """There is no log of a signer where one should be."""


class GrantError(SealsError):
    """No grant lets the unit use the seal for this (Art. 15)."""


class MalformedGrantError(GrantError):
    """The grant cannot be read, or contradicts itself."""


class UntrustedGrantError(GrantError):
    """The grant is not signed by the seal authority."""


class GrantPeriodError(GrantError):
    """The grant is not in force at the time."""


class GrantScopeError(GrantError):
    """The grant is for another seal, unit or proof type."""


class DailyLimitError(GrantError):
    """The uses that the grant allows for the day are used up."""


class RevokedGrantError(GrantError):
    """The grant was revoked."""


class SuspendedSealError(GrantError):
    """The seal is suspended: nobody may use it until it is resumed."""


class LongTermError(SealsError):
    """A proof cannot be raised to a higher PAdES level, or not be renewed; it stays as it is."""


class UnreadableDocumentError(SealsError):
    """A file cannot be judged: no PDF, too large, or it takes too long."""


class JudgeProtocolError(SealsError):
    """The process that judges files ended, or said what it should not."""


class JudgeClosedError(SealsError):
    """The judges were sent home: the hub is ending."""
