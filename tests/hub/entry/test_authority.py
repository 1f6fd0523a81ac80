"""The authority's desk: certificates as a seal's key asks for them, and lists that name all that was revoked."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from hub.entry.authority import AuthorityDesk, Service, requested_subject
from pki.authority import Subject
from pki.certificate_requests import make_request
from pki.errors import KeyStoreError, MalformedRequestError, PkiError
from pki.keystore import KeyAlgorithm
from pki.pkcs12 import Pkcs12KeyStore
from pki.profiles import seal_profile, violations
from seals.kinds import SEAL_POLICIES, SealKind
from tests.hub.seal_authority import HOLDER_IDENTIFIER, SealAuthority, make_authority
from tests.hub.set_clock import NOW, SetClock

KIND = SealKind.INFORMATION_SHARING
SUBJECT = Subject(organisation="局", common_name="章", organisation_identifier=HOLDER_IDENTIFIER)


@pytest.fixture(scope="module")
def request_pem(tmp_path_factory: pytest.TempPathFactory) -> str:
    keys = Pkcs12KeyStore(tmp_path_factory.mktemp("keys") / "keys", "x")
    return make_request(keys.create("seal", KeyAlgorithm.P_256), SUBJECT)


@pytest.fixture
def authority(tmp_path: Path) -> SealAuthority:
    return make_authority(tmp_path, SetClock())


@pytest.mark.requirement("R15.1")
def test_a_certificate_is_of_the_kinds_profile_and_names_whom_the_request_names(
    authority: SealAuthority, request_pem: str
) -> None:
    certificate, issuing = x509.load_pem_x509_certificates(authority.desk.certify(request_pem, KIND).encode())
    assert violations(certificate, seal_profile(SEAL_POLICIES[KIND])) == ()
    assert certificate.subject == SUBJECT.to_name()
    assert requested_subject(request_pem) == SUBJECT
    certificate.verify_directly_issued_by(issuing)


@pytest.mark.parametrize("text", ["", "no request", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"])
def test_what_is_no_request_is_not_certified(authority: SealAuthority, text: str) -> None:
    with pytest.raises(MalformedRequestError):
        authority.desk.certify(text, KIND)


def test_a_request_that_names_no_holder_is_not_certified(authority: SealAuthority) -> None:
    pem = authority.desk.request(Service.GRANTS, Subject(organisation="局", common_name="授权"))
    with pytest.raises(MalformedRequestError, match="does not name a holder"):
        authority.desk.certify(pem, KIND)


def test_each_list_names_all_that_was_revoked_and_only_its_own_certificates_are(
    authority: SealAuthority, request_pem: str, tmp_path: Path
) -> None:
    desk, reason = authority.desk, x509.ReasonFlags.key_compromise
    made = [x509.load_pem_x509_certificate(desk.certify(request_pem, KIND).encode()) for _ in range(2)]
    for certificate in made:
        desk.revoke(certificate, reason)
    listed = x509.load_der_x509_crl((tmp_path / "pki" / "issuing.crl").read_bytes())
    assert {entry.serial_number for entry in listed} == {certificate.serial_number for certificate in made}
    with pytest.raises(KeyStoreError, match="revoked already"):
        desk.revoke(made[0], reason)
    stranger = make_authority(tmp_path / "stranger", SetClock()).desk
    foreign = x509.load_pem_x509_certificate((tmp_path / "pki" / "issuing.pem").read_bytes())
    with pytest.raises(KeyStoreError, match="did not issue"):
        stranger.revoke(foreign, reason)


@pytest.mark.parametrize("service", Service)
def test_a_certificate_from_elsewhere_that_is_not_of_the_key_is_refused(
    authority: SealAuthority, service: Service
) -> None:
    with pytest.raises(PkiError, match="not of the key"):
        authority.desk.accept(service, (authority.desk.public / "root.pem").read_bytes())


def test_a_book_of_revocations_that_cannot_be_read_says_so(authority: SealAuthority) -> None:
    (authority.desk.folder / "revocations.json").write_text("{")
    with pytest.raises(KeyStoreError, match="cannot be read"):
        authority.desk.set_up(authority.desk.organisation())


def test_an_authority_that_is_not_set_up_says_so(tmp_path: Path) -> None:
    keys = Pkcs12KeyStore(tmp_path / "keys", "x")
    desk = AuthorityDesk(keys, tmp_path / "keys", tmp_path, lambda: NOW, lambda: 2**100)
    with pytest.raises(PkiError, match="issuing"):
        desk.organisation()
