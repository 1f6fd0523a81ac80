"""The import contracts of pyproject.toml hold, and each planted violation breaks the contract meant for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("hub", "schema", "seals", "graph_models", "pki")

# Contract, file, line added to it, and what the report of that contract must then hold.
PLANTS = [
    ("rooms", "seals/planted_up.py", "import hub.errors", "seals.planted_up -> hub.errors"),
    ("rooms", "pki/planted_side.py", "import graph_models.errors", "pki.planted_side -> graph_models.errors"),
    ("rooms", "hub/clock.py", "import schema", "hub.clock -> schema"),
    ("hub", "hub/planted_without_place.py", "", "- hub.planted_without_place"),
    ("hub", "hub/actors.py", "import hub.clock", "hub.actors -> hub.clock"),
    ("hub", "hub/errors.py", "import hub.entry", "hub.errors -> hub.entry"),
    (
        "graph-models",
        "graph_models/errors.py",
        "import graph_models.store",
        "graph_models.errors -> graph_models.store",
    ),
    (
        "wiring",
        "hub/entry/planted_page.py",
        "import graph_models.ladybug_store",
        "hub.entry.planted_page -> graph_models.ladybug_store",
    ),
    ("wiring", "seals/planted_key.py", "import pki.pkcs12", "seals.planted_key -> pki.pkcs12"),
    ("signer", "hub/entry/planted_seal.py", "import seals.signer", "hub.entry.planted_seal -> seals.signer"),
    (
        "client",
        "hub/client/planted_record.py",
        "import graph_models.casework",
        "hub.client.planted_record -> graph_models",
    ),
    ("client", "hub/client/planted_time.py", "import hub.clock", "hub.client.planted_time -> hub.clock"),
    ("client-files", "hub/client/words.py", "import hub.client.records", "hub.client.words -> hub.client.records"),
    ("strawberry", "hub/entry/planted_graph.py", "import strawberry", "hub.entry.planted_graph -> strawberry"),
    ("starlette", "seals/planted_web.py", "import starlette.responses", "seals.planted_web -> starlette"),
    ("pyhanko", "pki/planted_sign.py", "import pyhanko.sign", "pki.planted_sign -> pyhanko"),
    ("pillow", "hub/planted_picture.py", "import PIL", "hub.planted_picture -> PIL"),
    ("neo4j", "graph_models/planted_query.py", "import neo4j", "graph_models.planted_query -> neo4j"),
    ("ladybug", "hub/entry/planted_store.py", "import ladybug", "hub.entry.planted_store -> ladybug"),
    ("aiokafka", "hub/entry/planted_bus.py", "import aiokafka", "hub.entry.planted_bus -> aiokafka"),
    ("aiosmtplib", "hub/entry/planted_mail.py", "import aiosmtplib", "hub.entry.planted_mail -> aiosmtplib"),
    ("obstore", "hub/entry/planted_bucket.py", "import obstore", "hub.entry.planted_bucket -> obstore"),
    ("python-pkcs11", "seals/planted_token.py", "import pkcs11", "seals.planted_token -> pkcs11"),
    ("schema", "schema/planted_seal.py", "import seals.kinds", "schema.planted_seal -> seals.kinds"),
    (
        "schema",
        "schema/planted_store.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import graph_models.store",
        "schema.planted_store -> graph_models.store",
    ),
]
ALLOWED = [("hub/entry/wiring.py", "import graph_models.ladybug_store"), ("hub/proofs.py", "import seals.signer")]
ABSENT_SO_FAR = ["graph_models/ladybug_store.py", "pki/pkcs12.py", "seals/signer.py"]


def _add(tree: Path, file: str, text: str) -> None:
    with (tree / file).open("a", encoding="utf-8") as target:
        target.write(f"\n{text}\n")


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Contract id -> what import-linter says of a copy of the rooms with every violation planted in it."""
    tree = tmp_path_factory.mktemp("planted")
    for room in ROOMS:
        shutil.copytree(PROJECT / room, tree / room, ignore=lambda folder, names: _not_python(Path(folder), names))
    shutil.copy(PROJECT / "pyproject.toml", tree)
    for file in ABSENT_SO_FAR:
        _add(tree, file, "")
    for file, text in [*ALLOWED, *((file, text) for _, file, text, _ in PLANTS)]:
        _add(tree, file, text)
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    wide = os.environ | {"COLUMNS": "400"}
    done = subprocess.run(command, cwd=tree, env=wide, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return _by_contract(done.stdout.partition("Broken contracts")[2])


def _not_python(folder: Path, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".py") and not (folder / name).is_dir()]


def _by_contract(output: str) -> dict[str, str]:
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    id_by_name = {contract["name"]: contract["id"] for contract in contracts}
    found: dict[str, str] = {}
    current = ""
    for line in output.splitlines():
        current = id_by_name.get(line.strip(), current)
        found[current] = found.get(current, "") + line + "\n"
    return found


@pytest.mark.parametrize(("contract", "file", "text", "shown"), PLANTS, ids=[plant[3].strip("- ") for plant in PLANTS])
def test_a_planted_violation_breaks_the_contract_meant_for_it(
    reports: dict[str, str], contract: str, file: str, text: str, shown: str
) -> None:
    assert shown in reports.get(contract, "(kept)")


def test_every_contract_has_a_violation_that_was_tried() -> None:
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} == {plant[0] for plant in PLANTS}


@pytest.mark.parametrize(("contract", "importer"), [("wiring", "hub.entry.wiring ->"), ("signer", "hub.proofs ->")])
def test_those_who_may_import_are_not_reported(reports: dict[str, str], contract: str, importer: str) -> None:
    assert importer not in reports[contract]
