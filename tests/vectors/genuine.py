"""The genuine proofs: rendered and sealed by the project's own page and sealing, with keys of the test city."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from pki.keystore import KeyAlgorithm, PublicKey
from seals.appearance import SealFace
from seals.endorsement import Endorsement
from seals.kinds import SEAL_NAMES
from seals.page import render_page
from seals.page_content import PageContent, PageFamily
from seals.sealing import Seal, seal_page
from seals.signature_stamp import SignatureStamp
from tests.vectors.authority import HOLDER, SEALED_AT, Holder
from tests.vectors.proofs import FACTS


@dataclass(frozen=True)
class KeyAtHand:
    """A sealing key that lives in this process only."""

    holder: Holder
    label: str = "test"
    algorithm: KeyAlgorithm = KeyAlgorithm.P_256

    @property
    def public_key(self) -> PublicKey:
        return self.holder.key.public_key()

    @property
    def certificate(self) -> x509.Certificate:
        return self.holder.certificate

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        return self.holder.chain

    def sign(self, digest: bytes) -> bytes:
        assert isinstance(self.holder.key, ec.EllipticCurvePrivateKey)
        return self.holder.key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))


def genuine_proof(holder: Holder, endorsement: Endorsement, stamp: SignatureStamp | None = None) -> bytes:
    """Render and seal a proof as the signer does, with a time stamp in the signature or without."""
    content = PageContent(
        family=PageFamily.PERSON,
        title="户籍证明",
        title_en="Proof of household registration",
        facts=FACTS,
        endorsement=endorsement,
        check_url="https://proofs.example/verify?code=7Q2M-K4XW-9TRB-VH3D",
        seal_holder=HOLDER,
        valid_until="2026-12-31",
    )
    kind = endorsement.seal_kind
    seal = Seal.prepare(kind, SealFace(HOLDER, SEAL_NAMES[kind].zh), KeyAtHand(holder))
    return seal_page(render_page(content), endorsement, seal, SEALED_AT, stamp)
