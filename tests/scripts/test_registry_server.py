"""The bundled registry server: its people are sound, its answers are of the protocol, and the connector reads them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.connectors import DownReason, NoSuchRecord, RecordFound, SourceDown, SourceQuery
from hub.http_connector import HttpSource, HttpSourceConfig
from hub.identifiers import check_credit_code, check_identity_number
from scripts.registry_server.__main__ import SEED
from scripts.registry_server.app import RegistryService, registry_app
from scripts.registry_server.credentials import read_or_make_credentials
from scripts.registry_server.database import open_registers
from scripts.registry_server.definitions import read_definitions
from scripts.registry_server.population import PopulationMaker
from scripts.registry_server.population_records import Population
from scripts.registry_server.samples import samples
from scripts.sample_catalogue import source_types
from scripts.sample_data import Choices
from scripts.service_process import free_ports, listens
from tests.simulators.running_app import running

PROGRAM = Path(__file__).resolve().parents[2] / "scripts" / "registry_server"
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
PEOPLE = 400


@pytest.fixture(scope="module")
def population() -> Population:
    return PopulationMaker(SEED).make(PEOPLE)


@pytest.fixture(scope="module")
def types_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("types") / "types.json"
    file.write_text(json.dumps(source_types(), ensure_ascii=False), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def service(types_file: Path) -> Iterator[RegistryService]:
    folder = types_file.parent
    definitions = read_definitions(types_file)
    credentials = read_or_make_credentials(folder / "credentials.json", (source for source, _ in definitions))
    registers = open_registers(folder / "data", SEED, PEOPLE)
    yield RegistryService(registers, definitions, credentials, Choices(SEED), lambda: NOW)
    registers.close()


@pytest.fixture(scope="module")
def address(service: RegistryService) -> Iterator[str]:
    with running(registry_app(service)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def population_source(service: RegistryService, address: str) -> AsyncIterator[HttpSource]:
    source = _source(address, "population", service.credentials["population"].token)
    yield source
    await source.close()


def _source(address: str, code: str, token: str, now: Callable[[], datetime] = lambda: NOW) -> HttpSource:
    return HttpSource(HttpSourceConfig(code=code, url=f"{address}/sources/{code}/records", token=token), now)


def _query(proof_type: str, **subject: str) -> SourceQuery:
    return SourceQuery(proof_type, subject, "C-1", "item", "q-1")


def _person(service: RegistryService, name: str) -> dict[str, Any]:
    return next(person for person in samples(service, 20)["people"] if person["name"] == name)


def test_every_number_and_code_is_one_that_the_hub_accepts(population: Population) -> None:
    for person in population.people:
        check_identity_number(person.id_number, today=date(2026, 1, 1), field="id_number")
    for enterprise in population.enterprises:
        check_credit_code(enterprise.credit_code, field="credit_code")


def test_nobody_is_there_twice_and_sex_agrees_with_the_number(population: Population) -> None:
    assert len({person.id_number for person in population.people}) == len(population.people) >= PEOPLE
    assert {(person.gender, int(person.id_number[16]) % 2) for person in population.people} == {("男", 1), ("女", 0)}


def test_the_married_are_married_to_each_other(population: Population) -> None:
    by_number = {person.id_number: person for person in population.people}
    married = [person for person in population.people if person.spouse_id_number]
    assert married
    for person in married:
        assert by_number[person.spouse_id_number].spouse_id_number == person.id_number


def test_the_same_seed_makes_the_same_people_and_another_makes_others(population: Population) -> None:
    assert PopulationMaker(SEED).make(PEOPLE) == population
    assert PopulationMaker("other").make(PEOPLE).people[0].id_number != population.people[0].id_number


def test_more_people_leave_the_first_ones_as_they_are(population: Population) -> None:
    more = PopulationMaker(SEED).make(2 * PEOPLE)
    assert [p.id_number for p in more.people[:PEOPLE]] == [p.id_number for p in population.people[:PEOPLE]]


def test_every_shared_proof_type_is_found_for_somebody(service: RegistryService) -> None:
    everybody = [sample for group in samples(service, PEOPLE).values() for sample in group]
    stated = {proof_type for sample in everybody for proof_type in sample["has"]}
    assert stated == {proof_type for _, proof_type in service.definitions}


def test_a_record_states_every_fact_of_its_type_in_its_form(service: RegistryService) -> None:
    for key, group in zip(("id_number", "credit_code", "property_number"), samples(service, 30).values(), strict=True):
        for sample in group:
            for kind in (kind for kind in service.definitions.values() if kind.proof_type in sample["has"]):
                facts = service.record(kind, {key: sample[key]})["facts"]
                assert list(facts) == list(kind.kinds)
                assert all(facts.values()), (kind.proof_type, facts)
                dates = [date.fromisoformat(facts[fact]) for fact, form in kind.kinds.items() if form == "DATE"]
                assert "valid_until" not in kind.kinds or max(dates) > NOW.date()


def test_who_never_married_has_no_record_of_a_marriage(service: RegistryService) -> None:
    assert "MZ-JH" in _person(service, "章示例")["has"]
    assert {"MZ-JH", "ZG-CX"} <= set(_person(service, "陈样张")["has_no"])


async def test_the_connector_reads_a_record(population_source: HttpSource, service: RegistryService) -> None:
    somebody = _person(service, "王䶮")
    outcome = await population_source.fetch(_query("GA-HJ", id_number=somebody["id_number"]))
    assert isinstance(outcome, RecordFound)
    assert {fact.key: fact.value for fact in outcome.facts}["name"] == "王䶮"
    assert (outcome.register, outcome.as_of) == ("人口基础信息库", NOW)


async def test_somebody_unknown_is_a_negative(population_source: HttpSource) -> None:
    outcome = await population_source.fetch(_query("GA-HJ", id_number="11010519491231002X"))
    assert outcome == NoSuchRecord("人口基础信息库", ("id_number",), NOW)


@pytest.mark.parametrize("proof_type", ["MZ-JH", "NO-SUCH"])
async def test_a_type_of_another_source_is_no_negative(population_source: HttpSource, proof_type: str) -> None:
    outcome = await population_source.fetch(_query(proof_type, id_number="11010519491231002X"))
    assert outcome == SourceDown(DownReason.MALFORMED, "status 404 is not of the protocol")


async def test_a_credential_opens_its_own_source_alone(address: str, service: RegistryService) -> None:
    for token in (service.credentials["tax"].token, "wrong"):
        source = _source(address, "population", token)
        outcome = await source.fetch(_query("GA-HJ", id_number="11010519491231002X"))
        assert outcome == SourceDown(DownReason.UNAUTHORISED, "status 401")
        await source.close()


_ASKED = b'{"proof_type":"GA-HJ","case":"c","purpose":"p","subject":%b}'
_NO_QUESTIONS = [
    *(b"", b"[", b"[" * 60_000, b"[]", b"\xff", b'"' + b"x" * 70_000 + b'"', b'{"proof_type":"GA-HJ"}'),
    *(_ASKED % subject for subject in (b"{}", b"[]", b'{"id_number":1}', b'{"name":"a"}')),
]


@pytest.mark.parametrize("body", _NO_QUESTIONS, ids=range(len(_NO_QUESTIONS)))
def test_a_question_that_is_not_of_the_protocol_is_refused(address: str, service: RegistryService, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {service.credentials['population'].token}"}
    answer = httpx.post(f"{address}/sources/population/records", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json().keys() == {"error"}


def test_health_names_the_sources(address: str) -> None:
    health = httpx.get(f"{address}/health").json()
    assert health["status"] == "ok"
    assert len(health["sources"]) == 14


def test_credentials_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "made" / "credentials.json"
    first = read_or_make_credentials(file, ["tax", "health"])
    assert read_or_make_credentials(file, ["tax", "health"]) == first
    assert first["tax"].token != first["health"].token
    assert os.stat(file).st_mode & 0o777 == 0o600


def test_the_program_prints_samples_and_makes_its_data_once(tmp_path: Path, types_file: Path) -> None:
    command = [sys.executable, str(PROGRAM), "--data-dir", str(tmp_path), "--types", str(types_file)]
    printed = [
        subprocess.run([*command, "--people", people, "--print-samples", "3"], capture_output=True, check=True).stdout
        for people in ("50", "70")
    ]
    assert printed[0] == printed[1]
    assert [person["name"] for person in json.loads(printed[0])["people"]] == ["章示例", "李样本", "章小例"]


@contextlib.contextmanager
def _process(folder: Path, types_file: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The program itself, until the block ends; it is killed, not asked."""
    options = {"--data-dir": folder, "--types": types_file, "--port": port, "--people": 50}
    words = [str(word) for option in options.items() for word in option]
    with subprocess.Popen([sys.executable, str(PROGRAM), *words]) as process:
        try:
            while not listens(port):
                assert process.poll() is None
            yield process
        finally:
            process.kill()


async def test_a_killed_server_is_down_and_after_its_restart_says_the_same(tmp_path: Path, types_file: Path) -> None:
    port = free_ports(1)[0]
    with _process(tmp_path, types_file, port):
        token = json.loads((tmp_path / "credentials.json").read_text())["population"]["token"]
        source = _source(f"http://127.0.0.1:{port}", "population", token, lambda: datetime(2100, 1, 1, tzinfo=UTC))
        query = _query("GA-HJ", id_number=PopulationMaker(SEED).make(1).people[0].id_number)
        before = await source.fetch(query)
    down = await source.fetch(query)
    with _process(tmp_path, types_file, port):
        after = await source.fetch(query)
        await source.close()
    assert isinstance(before, RecordFound)
    assert isinstance(down, SourceDown)
    assert isinstance(after, RecordFound)
    assert (down.reason, after.facts) == (DownReason.CONNECTION, before.facts)
