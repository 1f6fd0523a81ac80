"""Signs any PDF with any key and any attributes: what our own signer never does, and a forger would.

Plain pyHanko; nothing of the signer that the vectors put to the test.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from asn1crypto import core, keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.attributes import CMSAttributeProvider
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject
from pyhanko.sign.signers.pdf_cms import SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from seals.endorsement import ENDORSEMENT_OID
from tests.vectors.authority import SEALED_AT, Holder

_HOLE = 8192


@dataclass(frozen=True)
class SealChoices:
    """How to sign; the defaults are those of a genuine seal but for the endorsement."""

    endorsements: tuple[bytes, ...] = ()
    when: datetime | None = SEALED_AT
    certify: bool = True
    permission: MDPPerm = MDPPerm.NO_CHANGES
    subfilter: SigSeedSubFilter = SigSeedSubFilter.PADES
    digest: str = "sha256"
    field: SigFieldSpec | None = None
    edit: Callable[[bytes], bytes] | None = None
    """Changes the file before its byte range is read back, digested and signed."""
    rework: Callable[[bytes], bytes] | None = None
    """Changes the signature (DER) before it is put into the file."""


def seal(pdf: bytes, holder: Holder, choices: SealChoices) -> bytes:
    """Sign a PDF as chosen."""
    prepared = _prepare(pdf, choices)
    if choices.edit is not None:
        prepared = choices.edit(prepared)
    start, hole_start, hole_end, tail = written_range(prepared)
    covered = prepared[start : start + hole_start] + prepared[hole_end : hole_end + tail]
    digest = hashlib.new(choices.digest, covered).digest()
    signer = _Signer(holder, choices.endorsements)
    cades = choices.subfilter is SigSeedSubFilter.PADES
    signature = asyncio.run(signer.async_sign(digest, choices.digest, use_pades=cades)).dump()
    if choices.rework is not None:
        signature = choices.rework(signature)
    place = prepared.rindex(b"/Contents <") + len(b"/Contents <")
    hexadecimal = signature.hex().encode()
    return prepared[:place] + hexadecimal + prepared[place + len(hexadecimal) :]


def written_range(pdf: bytes) -> tuple[int, int, int, int]:
    """Read the last byte range of a file as it is written."""
    begin = pdf.index(b"[", pdf.rindex(b"/ByteRange")) + 1
    numbers = pdf[begin : pdf.index(b"]", begin)].split()
    first, second, third, fourth = (int(number) for number in numbers)
    return first, second, third, fourth


def write_range(pdf: bytes, numbers: tuple[int, int, int, int]) -> bytes:
    """Write another byte range in place of the last one, without moving anything."""
    begin = pdf.index(b"[", pdf.rindex(b"/ByteRange")) + 1
    end = pdf.index(b"]", begin)
    text = b" ".join(b"%d" % number for number in numbers)
    return pdf[:begin] + text.ljust(end - begin) + pdf[end:]


def _prepare(pdf: bytes, choices: SealChoices) -> bytes:
    """Add a signature whose string is still empty."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    name = choices.field.sig_field_name if choices.field else "Seal"
    embedder: Iterator[Any] = PdfCMSEmbedder(new_field_spec=choices.field).write_cms(field_name=name, writer=writer)
    next(embedder)
    placeholder = SignatureObject(bytes_reserved=_HOLE, subfilter=choices.subfilter, timestamp=choices.when)
    permissions = SigMDPSetup(md_algorithm=choices.digest, certify=choices.certify, docmdp_perms=choices.permission)
    embedder.send(SigObjSetup(sig_placeholder=placeholder, mdp_setup=permissions))
    _, output = embedder.send(SigIOSetup(md_algorithm=choices.digest, in_place=False))
    return bytes(output.getvalue())


class _EndorsementProvider(CMSAttributeProvider):
    attribute_type = ENDORSEMENT_OID

    def __init__(self, value: bytes) -> None:
        self._value = value

    async def build_attr_value(self, dry_run: bool = False) -> core.OctetString:
        return core.OctetString(self._value)


class _Signer(SimpleSigner):
    """A signer that adds as many endorsements as it is told."""

    def __init__(self, holder: Holder, endorsements: tuple[bytes, ...]) -> None:
        store = SimpleCertificateStore()
        for above in holder.chain:
            store.register(asn1_x509.Certificate.load(above.public_bytes(Encoding.DER)))
        private = holder.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        super().__init__(
            signing_cert=asn1_x509.Certificate.load(holder.der),
            signing_key=keys.PrivateKeyInfo.load(private),
            cert_registry=store,
        )
        self._endorsements = endorsements

    def _signed_attr_providers(self, *args: Any, **kwargs: Any) -> Iterator[CMSAttributeProvider]:
        yield from super()._signed_attr_providers(*args, **kwargs)
        yield from (_EndorsementProvider(value) for value in self._endorsements)
