"""Certificates that lead to a root at a time, and everything that must keep them from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from pki.errors import MalformedCertificateError
from pki.profiles import DOCUMENT_SIGNING
from pki.trust import MOST_ISSUERS, CertificatePath, TrustRoot, find_path
from tests.pki.forged_certificates import AT, AUTHORITY, DAY, Holder, Wish, certificate_over_sha1, issue

SECOND = timedelta(seconds=1)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
OTHER_DIRECTORY = x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "other")]))


@dataclass(frozen=True)
class Chain:
    """A root, one authority below it, and a seal."""

    root: Holder
    issuing: Holder
    seal: Holder

    def path(self, at: datetime = AT) -> CertificatePath:
        return find_path(self.seal.der, (self.issuing.der,), (self.root.der,), at)


def chain_of(*, root: Wish = AUTHORITY, issuing: Wish = AUTHORITY, seal: Wish | None = None) -> Chain:
    anchor = issue("root", None, root)
    between = issue("issuing", anchor, issuing)
    return Chain(anchor, between, issue("seal", between, seal or Wish()))


@pytest.fixture(scope="module")
def chain() -> Chain:
    return chain_of()


def usage(*purposes: str) -> x509.ExtendedKeyUsage:
    return x509.ExtendedKeyUsage([x509.ObjectIdentifier(purpose) for purpose in purposes])


@pytest.mark.requirement("R14.1")
def test_a_seal_of_our_own_authority_leads_to_its_root(world) -> None:
    seal, issuing = world.keys.open("sharing").certificate, world.authority.issuing.certificate
    others = (issuing.public_bytes(Encoding.DER),)
    found = find_path(seal.public_bytes(Encoding.DER), others, world.root.der, world.now + SECOND)
    assert found == CertificatePath((seal, issuing, world.root.certificates[0]), None)


def test_what_is_no_certificate_among_the_others_is_passed_over(chain) -> None:
    others = (b"rubbish", b"", chain.seal.der, chain.issuing.der)
    assert find_path(chain.seal.der, others, (b"rubbish", chain.root.der), AT).problem is None


def test_it_is_good_from_the_first_to_the_last_second_of_its_period(chain) -> None:
    certificate = chain.seal.certificate
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    assert chain.path(first).problem is None
    assert chain.path(last).problem is None


@pytest.mark.parametrize(("late", "early"), [(SECOND, SECOND), (400 * DAY, 400 * DAY)])
def test_out_of_its_period_it_is_not(chain, late, early) -> None:
    certificate = chain.seal.certificate
    for at in (certificate.not_valid_before_utc - early, certificate.not_valid_after_utc + late):
        assert chain.path(at).certificates == ()
        assert "not valid at validation time" in (chain.path(at).problem or "")


RAN_OUT = replace(AUTHORITY, last=AT - SECOND)
NOT_YET = replace(AUTHORITY, first=AT + SECOND)
CONSTRAINED = x509.NameConstraints([OTHER_DIRECTORY], None)


@pytest.mark.parametrize(
    ("wishes", "why"),
    [
        ({"root": RAN_OUT}, "not valid at"),
        ({"root": NOT_YET}, "not valid at"),
        ({"issuing": RAN_OUT}, "not valid at"),
        ({"issuing": NOT_YET}, "not valid at"),
        ({"root": replace(AUTHORITY, path_length=0)}, "path length"),
        ({"issuing": Wish(key_usage=("key_cert_sign",))}, "must be asserted in a CA certificate"),
        ({"root": Wish(key_usage=("key_cert_sign",))}, "must be asserted in a CA certificate"),
        ({"issuing": replace(AUTHORITY, key_usage=("crl_sign",))}, "may not sign certificates"),
        ({"root": replace(AUTHORITY, key_usage=("crl_sign",))}, "may not sign certificates"),
        ({"issuing": replace(AUTHORITY, extensions=((CONSTRAINED, True),))}, "nameConstraints"),
        ({"issuing": replace(AUTHORITY, extensions=((CONSTRAINED, False),))}, "critical"),
        ({"issuing": replace(AUTHORITY, extensions=((x509.PolicyConstraints(0, None), True),))}, "critical"),
        ({"issuing": replace(AUTHORITY, extensions=((UNKNOWN, True),))}, "critical"),
        ({"root": replace(AUTHORITY, extensions=((UNKNOWN, True),))}, "critical"),
        ({"seal": Wish(extensions=((UNKNOWN, True),))}, "critical"),
        ({"seal": Wish(key_usage=("key_agreement", "key_encipherment"))}, "not for signing"),
        ({"seal": AUTHORITY}, "one of an authority"),
    ],
)
def test_a_path_is_refused_for_what_one_certificate_says(wishes, why) -> None:
    found = chain_of(**wishes).path()
    assert found.certificates == ()
    assert why in (found.problem or "")


@pytest.mark.parametrize("critical", [True, False])
def test_a_certificate_for_other_purposes_than_documents_is_no_seal(critical) -> None:
    stamps = usage(ExtendedKeyUsageOID.TIME_STAMPING.dotted_string)
    assert "other purposes" in (chain_of(seal=Wish(extensions=((stamps, critical),))).path().problem or "")
    documents = usage(ExtendedKeyUsageOID.TIME_STAMPING.dotted_string, DOCUMENT_SIGNING)
    assert chain_of(seal=Wish(extensions=((documents, critical),))).path().problem is None


def test_an_extension_that_nobody_must_know_does_no_harm() -> None:
    assert chain_of(seal=Wish(extensions=((UNKNOWN, False),))).path().problem is None


def test_a_seal_that_signs_a_certificate_makes_no_authority(chain) -> None:
    below = issue("below", chain.seal, Wish())
    found = find_path(below.der, (chain.seal.der, chain.issuing.der), (chain.root.der,), AT)
    assert "must be asserted in a CA certificate" in (found.problem or "")


def test_an_issuer_of_the_same_name_and_another_key_is_not_the_issuer(chain) -> None:
    forged = issue("seal", issue("issuing", None, AUTHORITY), Wish())
    found = find_path(forged.der, (chain.issuing.der,), (chain.root.der,), AT)
    assert "signature does not match" in (found.problem or "")


def test_a_root_of_the_same_name_and_another_key_is_not_the_root(chain) -> None:
    stranger = issue("root", None, AUTHORITY)
    found = find_path(chain.seal.der, (chain.issuing.der, chain.root.der), (stranger.der,), AT)
    assert found.certificates == ()


def test_a_certificate_with_one_bit_changed_is_refused(chain) -> None:
    changed = chain.seal.der[:-1] + bytes([chain.seal.der[-1] ^ 1])
    assert find_path(changed, (chain.issuing.der,), (chain.root.der,), AT).certificates == ()


def test_a_certificate_signed_over_sha1_is_refused(chain) -> None:
    found = find_path(certificate_over_sha1(chain.issuing), (chain.issuing.der,), (chain.root.der,), AT)
    assert "signature algorithm" in (found.problem or "")


def test_a_certificate_that_its_holder_issued_is_refused(chain) -> None:
    assert find_path(issue("seal", None, Wish()).der, (), (chain.root.der,), AT).certificates == ()


def test_without_what_is_in_between_there_is_no_path(chain) -> None:
    assert find_path(chain.seal.der, (), (chain.root.der,), AT).certificates == ()


def test_without_a_root_nothing_is_trusted(chain) -> None:
    assert find_path(chain.seal.der, (chain.issuing.der,), (), AT).problem == "no trust root is given"


@pytest.mark.parametrize("data", [b"", b"rubbish", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_certificate_leads_nowhere(chain, data) -> None:
    found = find_path(data, (), (chain.root.der,), AT)
    assert found.certificates == ()
    assert found.problem


def test_a_certificate_of_a_version_that_is_not_there_leads_nowhere(chain) -> None:
    version = b"\xa0\x03\x02\x01"  # RFC 5280, 4.1.2.1
    der = chain.seal.der.replace(version + b"\x02", version + b"\x07", 1)
    assert find_path(der, (chain.issuing.der,), (chain.root.der,), AT).problem
    broken = chain.issuing.der.replace(version + b"\x02", version + b"\x07", 1)
    assert find_path(chain.seal.der, (broken,), (chain.root.der,), AT).problem


@pytest.mark.parametrize(("between", "found"), [(MOST_ISSUERS, True), (MOST_ISSUERS + 1, False)])
def test_a_path_has_a_greatest_length(between, found) -> None:
    authorities = [issue("root", None, AUTHORITY)]
    for number in range(between):
        authorities.append(issue(f"authority {number}", authorities[-1], AUTHORITY))
    seal = issue("seal", authorities[-1], Wish())
    path = find_path(seal.der, [above.der for above in authorities[1:]], (authorities[0].der,), AT)
    assert (path.problem is None) is found


@pytest.mark.parametrize("data", [b"", b"rubbish", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_root_that_is_no_certificate_is_refused(data) -> None:
    with pytest.raises(MalformedCertificateError):
        TrustRoot.from_pem(data)


def test_a_root_that_is_not_self_signed_is_refused(world) -> None:
    with pytest.raises(MalformedCertificateError, match="self-signed"):
        TrustRoot.from_pem(world.authority.issuing.certificate.public_bytes(Encoding.PEM))


def test_a_root_that_is_not_there_is_refused(tmp_path) -> None:
    with pytest.raises(MalformedCertificateError, match="cannot be read"):
        TrustRoot.load(tmp_path / "root.pem")


def test_more_roots_than_allowed_are_refused(world) -> None:
    root = world.root.certificates[0].public_bytes(Encoding.PEM)
    with pytest.raises(MalformedCertificateError, match="1 to 64"):
        TrustRoot.from_pem(root * 65)
