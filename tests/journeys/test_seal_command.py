"""`proofhub seal` and `proofhub pki`: a whole life of a seal at the command line, with the authority's own keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.actors import Post
from hub.entry.command import app
from seals.picture_files import FILE_BYTES
from tests.journeys.stage import Stage, command
from tests.seals.pictures import round_picture

POLICE = "NB-GA"
APPLY = ("--kind", "INFORMATION_SHARING", "--holder", "宁波市公安局海曙分局")
APPLY += ("--holder-identifier", "NTRCN-11330200MB0000000X")


class Authority:
    """Two people of the seal authority, each with a token, and the authority's keys."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        given = stage.city.environment
        self.keys = {name: given[name] for name in given if "AUTHORITY__" in name or name.endswith("PKI_FOLDER")}

    def seal(self, person: int, *arguments: str, status: int = 0) -> str:
        """Run a command as one of the two; return what it says."""
        token = self.stage.city.token(f"police-{person}", POLICE, Post.SEAL_AUTHORITY)
        where = {"PROOFHUB_URL": self.stage.city.url, "PROOFHUB_TOKEN": token}
        return said(("seal", *arguments), {**where, **self.keys}, status)

    def pki(self, *arguments: str, status: int = 0) -> str:
        """Run a command of the authority, which asks no hub."""
        return said(("pki", *arguments), self.keys, status)

    def applied(self, number: str) -> str:
        """Apply for a seal and have it approved; return its identifier."""
        seal = self.seal(1, "apply", *APPLY, "--number", number).split()[0]
        self.seal(2, "approve", seal)
        return seal


def said(arguments: tuple[str, ...], environment: dict[str, str], status: int) -> str:
    """Run the command in this process, which starts no interpreter; return its output, or what it complains of."""
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "160", **environment})
    assert done.exit_code == status, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.stdout if status == 0 else done.stderr


@pytest.fixture(scope="module")
def authority(stage: Stage) -> Authority:
    return Authority(stage)


@pytest.fixture(scope="module")
def active(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A seal of its own district, brought to life at the command line."""
    folder, seal = tmp_path_factory.mktemp("seal"), authority.applied("3302030000001")
    authority.seal(1, "make", seal, "--request", str(folder / "seal.csr"))
    authority.pki(
        "issue", str(folder / "seal.csr"), "--kind", "INFORMATION_SHARING", "--yes", "--out", str(folder / "a.pem")
    )
    authority.seal(2, "install", seal, str(folder / "a.pem"))
    assert " ACTIVE " in authority.seal(1, "activate", seal)
    return seal


@pytest.mark.requirement("R15.1")
def test_a_seal_is_suspended_resumed_rotated_revoked_and_destroyed(authority: Authority, tmp_path: Path) -> None:
    seal, request = authority.applied("3302030000002"), tmp_path / "next.csr"
    pem = authority.seal(1, "make", seal)
    request.write_text(pem[pem.index("-----BEGIN") :])
    certificate = tmp_path / "next.pem"
    certificate.write_text(authority.pki("issue", str(request), "--kind", "INFORMATION_SHARING", "--yes"))
    authority.seal(2, "install", seal, str(certificate))
    authority.seal(1, "activate", seal)
    assert " SUSPENDED " in authority.seal(1, "suspend", seal, "--remarks", "核查")
    assert "two people" in authority.seal(1, "resume", seal, status=1)
    authority.seal(2, "resume", seal)
    assert "-----BEGIN CERTIFICATE REQUEST-----" in authority.seal(1, "rotate", seal, "--algorithm", "RSA_2048")
    assert " REVOKED " in authority.seal(2, "revoke", seal, "--reason", "停用")
    authority.pki("revoke", str(certificate), "--reason", "cessationOfOperation")
    assert "revoked already" in authority.pki("revoke", str(certificate), "--reason", "unspecified", status=1)
    assert " DESTROYED " in authority.seal(1, "destroy", seal)


@pytest.mark.requirement("R15.2")
def test_a_grant_is_signed_registered_by_another_person_and_revoked(
    authority: Authority, active: str, tmp_path: Path
) -> None:
    given = ("--seal", active, "--unit", "330203-JY", "--until", "2099-12-31", "--type", "HJ", "--daily-limit", "9")
    file = tmp_path / "grant"
    file.write_text(authority.seal(1, "sign-grant", *given, "--proposed-by", "police-1"))
    assert "does not register it" in authority.seal(1, "grant", str(file), status=1)
    registered = authority.seal(2, "grant", str(file))
    assert " REGISTERED " in registered
    assert " REVOKED " in authority.seal(2, "revoke-grant", registered.split()[0], "--reason", "调整")


@pytest.mark.requirement("R15.1")
def test_a_seal_is_made_with_a_picture_from_a_file(authority: Authority, tmp_path: Path) -> None:
    seal, picture, wrong = authority.applied("3302030000003"), tmp_path / "seal.png", tmp_path / "wrong.png"
    picture.write_bytes(round_picture(400))
    wrong.write_bytes(b"no picture")
    assert "no PNG file" in authority.seal(1, "make", seal, "--picture", str(wrong), status=1)
    wrong.write_bytes(bytes(3 * FILE_BYTES))
    assert "longer than" in authority.seal(1, "make", seal, "--picture", str(wrong), status=1)
    authority.seal(1, "make", seal, "--picture", str(tmp_path / "nowhere.png"), status=2)
    assert "-----BEGIN CERTIFICATE REQUEST-----" in authority.seal(1, "make", seal, "--picture", str(picture))


def test_refused_uses_are_shown(authority: Authority, active: str) -> None:
    for more in ((), ("--seal", active), ("--unit", "330203-JY", "--most", "5")):
        assert "reason" in authority.seal(1, "violations", *more)


def test_seals_usage_and_radar_are_shown(authority: Authority, active: str) -> None:
    listed = authority.seal(1, "list")
    assert active in listed
    assert "电子证明核实信息专用章" in listed
    assert "0 sealed" in authority.seal(2, "usage", active)
    radar = authority.seal(2, "radar")
    assert all(word in radar for word in ("ALGORITHM", "AUTHORITY", "CERTIFICATE", "KEY", f"{active.lower()}-1"))


@pytest.mark.requirement("R15.1", "R5.1")
def test_a_person_without_the_post_and_a_wrong_call_are_refused_in_a_line(
    authority: Authority, stage: Stage, tmp_path: Path
) -> None:
    where = {"PROOFHUB_URL": stage.city.url, "PROOFHUB_TOKEN": stage.city.token("op", POLICE, Post.OPERATOR)}
    refused = command("seal", "list", **where)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "SEAL_AUTHORITY" in refused.stderr
    assert "no such seal" in authority.seal(1, "approve", "S-none", status=1)
    (tmp_path / "none.csr").write_text("no request")
    request = str(tmp_path / "none.csr")
    refused_request = authority.pki("issue", request, "--kind", "INFORMATION_SHARING", "--yes", status=1)
    assert "no certificate request" in refused_request


def test_an_authority_of_its_own_is_set_up_and_asks_an_outside_one_for_certificates(tmp_path: Path) -> None:
    where = {
        "PROOFHUB_AUTHORITY__FOLDER": str(tmp_path / "keys"),
        "PROOFHUB_AUTHORITY__PASSPHRASE": "correct horse",
        "PROOFHUB_SEALS__PKI_FOLDER": str(tmp_path / "pki"),
    }
    assert "trust root" in said(("pki", "init", "--organisation", "宁波市公安局"), where, 0)
    before = (tmp_path / "pki" / "issuing.crl").read_bytes()
    said(("pki", "crl"), where, 0)
    assert (tmp_path / "pki" / "issuing.crl").read_bytes() != before
    request = said(("pki", "csr", "grants", "--organisation", "局", "--common-name", "授权"), where, 0)
    assert request.startswith("-----BEGIN CERTIFICATE REQUEST-----")
    root = str(tmp_path / "pki" / "root.pem")
    assert "not of the key" in said(("pki", "accept", "grants", root), where, 1)
    closed = where | {"PROOFHUB_AUTHORITY__PASSPHRASE": ""}
    assert "passphrase" in said(("pki", "init", "--organisation", "x"), closed, 1)
