"""A structure encoded anew is the one that an encoder of DER wrote, whatever kind of signer it names."""

from __future__ import annotations

import re

import pytest
from asn1crypto import algos, cms, core

from seals.cms_form import encoded_anew, signing_certificates
from tests.vectors.authority import make_city
from tests.vectors.clocks import Clock
from tests.vectors.make_vectors import FOLDER

PSS = algos.RSASSAPSSParams(
    {
        "hash_algorithm": {"algorithm": "sha256"},
        "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}},
        "salt_length": 32,
    }
)


@pytest.fixture
def info() -> cms.ContentInfo:
    (written,) = re.findall(rb"/Contents <([0-9a-f]{1000,})>", (FOLDER / "good_small.pdf").read_bytes())
    return cms.ContentInfo.load(bytes.fromhex(written.decode()))


def test_a_seal_and_a_token_are_encoded_as_they_were(info: cms.ContentInfo) -> None:
    token = Clock(make_city().clock).token(bytes(32))
    assert encoded_anew(info["content"]) == info.dump()
    assert encoded_anew(cms.ContentInfo.load(token)["content"]) == token


@pytest.mark.parametrize(
    "algorithm",
    [
        {"algorithm": "sha256_rsa", "parameters": core.Null()},
        {"algorithm": "rsassa_pss", "parameters": PSS},
        {"algorithm": "sha384_ecdsa"},
    ],
)
def test_each_algorithm_keeps_its_parameters(info: cms.ContentInfo, algorithm: dict[str, object]) -> None:
    info["content"]["signer_infos"][0]["signature_algorithm"] = algos.SignedDigestAlgorithm(algorithm)
    assert encoded_anew(info["content"]) == info.dump(force=True)


def test_ecdsa_has_no_parameters(info: cms.ContentInfo) -> None:
    named = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa", "parameters": core.Null()})
    before = info.dump()
    info["content"]["signer_infos"][0]["signature_algorithm"] = named
    assert encoded_anew(info["content"]) == before


def test_a_signer_may_be_named_by_the_identifier_of_its_key(info: cms.ContentInfo) -> None:
    data = info["content"]
    (own,) = signing_certificates(data["signer_infos"][0]["sid"].chosen, data["certificates"])
    data["signer_infos"][0]["sid"] = cms.SignerIdentifier("subject_key_identifier", own.key_identifier)
    assert signing_certificates(data["signer_infos"][0]["sid"].chosen, data["certificates"]) == [own]
    assert encoded_anew(data) == info.dump(force=True)


def test_what_no_certificate_is_named_for_cannot_be_encoded(info: cms.ContentInfo) -> None:
    info["content"]["signer_infos"][0]["sid"] = cms.SignerIdentifier("subject_key_identifier", bytes(20))
    with pytest.raises(ValueError, match="unpack"):
        encoded_anew(info["content"])
