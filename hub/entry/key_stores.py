"""Where the seals' keys are: the settings choose the store. The signer process opens it, the hub does not."""

from __future__ import annotations

from hub.entry.settings import AuthoritySettings, KeyStoreKind, SealSettings
from pki.errors import KeyStoreError
from pki.keystore import KeyStore
from pki.pkcs11 import Pkcs11KeyStore
from pki.pkcs12 import Pkcs12KeyStore


def open_keys(settings: SealSettings) -> KeyStore:
    """Open the store of the seals' keys. Raises KeyStoreError."""
    secret = settings.passphrase.get_secret_value()
    if settings.key_store is KeyStoreKind.PKCS12:
        return Pkcs12KeyStore(settings.folder, secret)
    if settings.pkcs11_module is None or not settings.pkcs11_token:
        raise KeyStoreError("PROOFHUB_SEALS__PKCS11_MODULE and PROOFHUB_SEALS__PKCS11_TOKEN have to name the token")
    return Pkcs11KeyStore(settings.pkcs11_module, settings.pkcs11_token, secret)


def open_authority_keys(settings: AuthoritySettings) -> KeyStore:
    """Open the store of the seal authority's own keys. Raises KeyStoreError."""
    return Pkcs12KeyStore(settings.folder, settings.passphrase.get_secret_value())
