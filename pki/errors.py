"""Errors of this room.

PkiError
├── KeyStoreError                   a key cannot be had from its store
│   ├── UnknownKeyError             no key of that label
│   ├── KeyExistsError              there is a key of that label already
│   ├── WrongPassphraseError        the passphrase does not open the key
│   ├── DamagedKeyError             what is stored under the label is no key of ours
│   ├── UncertifiedKeyError         the key has no certificate yet
│   ├── CertificateMismatchError    the certificate is not of this key
│   ├── OpenKeyFolderError          the folder of keys can be read by others
│   └── TokenUnavailableError       the token that holds the keys cannot be reached
├── ProfileViolationError           a certificate or CRL would not be of its profile; nothing was signed
├── MalformedCertificateError       not a certificate
├── MalformedRequestError           not a certificate request, or not signed with its own key
├── UntrustedCertificateError       a certificate from outside that leads to no trust root
├── MalformedTimeStampError         not a time-stamp token or answer
└── TimeStampUnavailableError       no time stamp can be had at the moment
"""

from __future__ import annotations


class PkiError(Exception):
    """Anything that goes wrong in this room."""


class KeyStoreError(PkiError):
    """A key cannot be had from its store."""


class UnknownKeyError(KeyStoreError):
    """The store has no key of that label."""


class KeyExistsError(KeyStoreError):
    """The store has a key of that label already; it is never overwritten."""


class WrongPassphraseError(KeyStoreError):
    """The passphrase does not open the key."""


class DamagedKeyError(KeyStoreError):
    """What is stored under the label is no key of ours."""


class UncertifiedKeyError(KeyStoreError):
    """The key has no certificate yet, so it cannot seal."""


class CertificateMismatchError(KeyStoreError):
    """The certificate is not of this key."""


class OpenKeyFolderError(KeyStoreError):
    """The folder of keys can be read by others than its owner."""


class TokenUnavailableError(KeyStoreError):
    """The token that holds the keys cannot be reached: it is not there, or was removed or restarted."""


class ProfileViolationError(PkiError):
    """A certificate or a revocation list would not be of its profile; nothing was signed with the real key."""

    def __init__(self, profile: str, violations: tuple[str, ...]) -> None:
        super().__init__(f"not of the profile {profile}: {'; '.join(violations)}")
        self.profile = profile
        self.violations = violations


class MalformedCertificateError(PkiError):
    """The bytes are not a certificate."""


class MalformedRequestError(PkiError):
    """The bytes are not a certificate request (PKCS#10), or it is not signed with its own key."""


class UntrustedCertificateError(PkiError):
    """A certificate from an outside authority leads to no trust root; it was not kept."""


class MalformedTimeStampError(PkiError):
    """The bytes are not a time-stamp token, or not the answer to a request for one (RFC 3161)."""


class TimeStampUnavailableError(PkiError):
    """No time stamp can be had at the moment: the authority is not reached, or it refuses."""
