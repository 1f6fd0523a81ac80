"""The real `proofhub` command in processes of its own, with no hub running."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from scripts.demonstration.city import City, Place, prepare
from scripts.demonstration.processes import free_port, hub
from tests.journeys.stage import command
from tests.vectors.make_vectors import FOLDER


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The root of the vectors beside each set of revocation lists, by the set's name."""
    root = x509.load_der_x509_certificate((FOLDER / "trust_root.der").read_bytes()).public_bytes(Encoding.PEM)
    found = {}
    for name in ("clean", "of_strangers", "none"):
        folder = tmp_path_factory.mktemp(name)
        (folder / "root.pem").write_bytes(root)
        for crl in FOLDER.glob(f"{name}.*.crl"):
            shutil.copy(crl, folder)
        found[name] = str(folder / "root.pem")
    return found


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    made = prepare(Place(tmp_path_factory.mktemp("command") / "var"), free_port())
    made.place.sources.write_text("[]")
    return made


def test_version_help_and_no_argument_say_what_it_is() -> None:
    assert command("--version").stdout.startswith("proofhub 0.")
    for arguments in (("-h",), ("verify", "--help")):
        shown = command(*arguments)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert "Usage" in shown.stdout
    nothing = command()
    assert "Usage" in nothing.stdout + nothing.stderr
    assert nothing.returncode in {0, 2}


@pytest.mark.requirement("I5", "R14.1")
@pytest.mark.parametrize(
    ("vector", "lists", "status", "outcome"),
    [
        ("good_information_sharing", "clean", 0, "GOOD"),
        ("good_information_verification", "none", 0, "GOOD"),
        ("changed_text", "clean", 1, "NOT_GOOD"),
        ("revocation_lists_of_strangers", "of_strangers", 3, "UNDECIDED"),
    ],
)
def test_the_exit_status_is_the_verdict_and_json_says_the_same(
    trust: dict[str, str], vector: str, lists: str, status: int, outcome: str
) -> None:
    judged = command("verify", str(FOLDER / f"{vector}.pdf"), "--trust", trust[lists], "--json")
    assert (judged.returncode, judged.stderr) == (status, "")
    verdict = json.loads(judged.stdout)
    assert verdict["outcome"] == outcome
    assert verdict["checks"]


@pytest.mark.parametrize("content", [b"", b"\x00" * 10_000, b"%PDF-1.7\n"])
def test_what_is_no_pdf_gets_a_verdict_and_no_stack_trace(
    trust: dict[str, str], tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "[bold red]证明.pdf"
    file.write_bytes(content)
    judged = command("verify", str(file), "--trust", trust["clean"])
    assert judged.returncode == 1
    assert judged.stdout.startswith("[bold red]证明.pdf: 无效 NOT GOOD")
    assert "Traceback" not in judged.stdout + judged.stderr


def test_a_wrong_call_is_2_and_says_what_is_wrong(trust: dict[str, str], tmp_path: Path) -> None:
    good = str(FOLDER / "good_information_sharing.pdf")
    wrong = [
        ("verify",),
        ("verify", str(tmp_path / "none.pdf"), "--trust", trust["clean"]),
        ("verify", good, "--trust", str(tmp_path / "none.pem")),
        ("token", "--unit", "JY", "--post", "MAYOR"),
    ]
    for arguments in wrong:
        refused = command(*arguments)
        assert refused.returncode == 2, arguments
        assert "Error" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_root_that_is_no_certificate_is_told_by_its_name(tmp_path: Path) -> None:
    root = tmp_path / "root.pem"
    root.write_text("nonsense")
    refused = command("verify", str(FOLDER / "good_information_sharing.pdf"), "--trust", str(root))
    assert (refused.returncode, refused.stdout) == (3, "")
    assert refused.stderr.startswith(f"proofhub: {root}: ")
    assert len(refused.stderr.splitlines()) == 1


def test_a_token_is_made_only_where_the_development_issuer_is_on(city: City, tmp_path: Path) -> None:
    off = command("token", "--unit", "JY", cwd=tmp_path)
    assert (off.returncode, off.stdout) == (3, "")
    assert "the development issuer is off" in off.stderr
    assert list(tmp_path.iterdir()) == []
    on = command("token", "--unit", "JY", "--post", "OPERATOR", "--post", "DRAFTER", **city.environment)
    assert (on.returncode, on.stdout.count(".")) == (0, 2)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"PROOFHUB_SERVER__PORT": "http"}, "PROOFHUB_SERVER__PORT"),
        ({"PROOFHUB_STORRE__ENGINE": "neo4j"}, "PROOFHUB_STORRE__ENGINE"),
        ({"PROOFHUB_CALENDAR__WORKING": "soon"}, "calendar"),
        ({"PROOFHUB_SERVER__HOST": "0.0.0.0"}, "listens on 0.0.0.0"),
        ({"PROOFHUB_IDENTITY__DEVELOPMENT": "false"}, "not turned on"),
        ({"PROOFHUB_SEALS__PASSPHRASE": "wrong"}, "passphrase"),
        ({"PROOFHUB_SOURCES__FILE": "none.json"}, "none.json"),
        ({"PROOFHUB_IDENTITY__JWKS_FILE": "none.json"}, "none.json"),
    ],
)
def test_a_hub_with_a_wrong_setting_says_which_and_does_not_start(
    city: City, tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    store = {"PROOFHUB_STORE__FOLDER": str(tmp_path / "store")}
    refused = command("serve", cwd=tmp_path, **{**city.environment, **store, **changes})
    assert refused.returncode == 3
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert refused.stderr.startswith("proofhub: ")


@pytest.mark.requirement("I1")
def test_a_store_that_another_hub_holds_or_a_port_that_is_taken_is_said_in_one_sentence(
    city: City, tmp_path: Path
) -> None:
    with hub(city) as process:
        locked = command("serve", **{**city.environment, "PROOFHUB_SERVER__PORT": str(free_port())})
        own = {"STORE__FOLDER": "store", "SEALS__SIGNER_FOLDER": "signer"}
        elsewhere = {f"PROOFHUB_{name}": str(tmp_path / folder) for name, folder in own.items()}
        taken = command("serve", **{**city.environment, **elsewhere})
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in {0, -signal.SIGTERM}
    for refused, said in ((locked, "another process holds the graph store"), (taken, "address already in use")):
        assert refused.returncode != 0
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr
    assert len(locked.stderr.splitlines()) == 1
    with hub(city.another(free_port())):
        pass
