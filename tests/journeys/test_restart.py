"""The hub is killed in the middle of everything: what it acknowledged is there again, and what was begun ends."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from graph_models.journal_records import load_audit, verify_chain
from graph_models.ladybug_store import LadybugStore
from hub.actors import Post
from scripts.bench_city import ITEM as SHARED_ITEM
from scripts.demonstration.story import APPLICANT, ITEM
from scripts.demonstration.window import CLAIM, CLOSE, OPEN_CASE
from tests.journeys.stage import Stage, eventually, matter
from tests.journeys.whole_case import answer_request
from tests.simulators.hostile_source import HostileSource, answer, hang

HANDLER = "330203-YB"
STANDING = """query S($number: String!) { case(number: $number) { ... on Case {
  number version state needs { id state requestId issuingUnit } requests { id state version } proofs { number } } } }"""


@dataclass
class Interrupted:
    """What was said before the kill, and what nobody had an answer to."""

    standing: dict[str, Any]
    """The case that was acknowledged, as it was read last."""
    unanswered: dict[str, Any]
    """What was asked several times while the source hung."""
    broken: list[str] = field(default_factory=list)
    """How the calls ended that were under way."""
    answered: list[str] = field(default_factory=list)
    """The case's number in the answers of those that came second: they do not wait for the source."""


@pytest.fixture(scope="module")
def interrupted(shaken: Stage, register: HostileSource) -> Interrupted:
    """A hub that was killed while a source hung, calls were open and a request was half answered; then started."""
    register.script = [hang]
    operator = shaken.desk("operator-1")
    number = operator.do(OPEN_CASE, **matter(ITEM))["openCase"]["case"]["number"]
    asked = operator.ask(STANDING, number=number)["case"]["needs"][0]
    drafter = shaken.desk("drafter-1", asked["issuingUnit"], Post.DRAFTER)
    drafter.do(CLAIM, requestId=asked["requestId"], key=f"{asked['requestId']}-0")
    found = Interrupted(operator.ask(STANDING, number=number)["case"], matter(SHARED_ITEM))
    _kill_while_it_answers(shaken, register, found)
    register.script = [answer(_real_record(shaken))]
    shaken.start()
    return found


def _kill_while_it_answers(shaken: Stage, register: HostileSource, found: Interrupted) -> None:
    before, desk = register.asked, shaken.desk("operator-1", HANDLER)

    def call() -> None:
        try:
            found.answered.append(desk.do(OPEN_CASE, **found.unanswered)["openCase"]["case"]["number"])
        except httpx.HTTPError as problem:
            found.broken.append(type(problem).__name__)

    calls = [threading.Thread(target=call) for _ in range(3)]
    for each in calls:
        each.start()
    eventually(lambda: True if register.asked > before else None)
    shaken.kill()
    for each in calls:
        each.join()


def _real_record(shaken: Stage) -> bytes:
    """Return what the bundled register says of the applicant."""
    sources = {entry["code"]: entry for entry in json.loads(shaken.city.place.sources.read_text())}
    types = json.loads((shaken.city.place.sample / "types.json").read_text())
    source = sources[next(entry["source"] for entry in types if entry["proof_type"] == "YB-CB")]
    question = {"proof_type": "YB-CB", "subject": {"id_number": APPLICANT["identifier"]}, "case": "C", "purpose": "P"}
    headers = {"Authorization": f"Bearer {source['token']}"}
    return httpx.post(source["url"], json=question, headers=headers, trust_env=False).content


@pytest.mark.requirement("I1")
def test_what_was_acknowledged_is_there_after_the_kill(shaken: Stage, interrupted: Interrupted) -> None:
    assert interrupted.broken
    assert len(interrupted.broken) + len(interrupted.answered) == 3
    number = interrupted.standing["number"]
    assert shaken.desk("operator-1").ask(STANDING, number=number)["case"] == interrupted.standing


@pytest.mark.requirement("I1", "I2")
def test_the_case_that_was_half_answered_ends_as_if_nothing_had_happened(
    shaken: Stage, interrupted: Interrupted
) -> None:
    operator, number = shaken.desk("operator-1"), interrupted.standing["number"]
    units = {need["requestId"]: need["issuingUnit"] for need in interrupted.standing["needs"] if need["requestId"]}
    for asked, unit in units.items():
        assert answer_request(shaken, unit, asked)[-1] == "DELIVERED"
    case = operator.ask(STANDING, number=number)["case"]
    assert {request["state"] for request in case["requests"]} == {"DELIVERED"}
    assert len(case["proofs"]) == len(units) > 1
    assert operator.do(CLOSE, number=number, key="close")["closeCase"]["case"]["state"] == "CLOSED"


@pytest.mark.requirement("I1", "I2")
def test_a_case_that_nobody_had_an_answer_to_is_asked_again_and_gets_its_proof(
    shaken: Stage, interrupted: Interrupted
) -> None:
    desk = shaken.desk("operator-1", HANDLER)
    opened = desk.do(OPEN_CASE, **interrupted.unanswered)["openCase"]["case"]

    def proofs() -> list[dict[str, Any]] | None:
        case = desk.ask(STANDING, number=opened["number"])["case"]
        return case["proofs"] if case["needs"][0]["state"] == "MET" else None

    (proof,) = eventually(proofs, 40)
    assert shaken.outcome(desk.document(proof["number"]), desk) == ("GOOD", "GOOD")
    again = desk.do(OPEN_CASE, **interrupted.unanswered)["openCase"]["case"]
    assert (again["number"], len(again["proofs"])) == (opened["number"], 1)
    assert set(interrupted.answered) <= {opened["number"]}


def test_a_source_that_is_back_is_used_at_once(shaken: Stage, interrupted: Interrupted) -> None:
    assert interrupted.broken
    opened = shaken.desk("operator-1", HANDLER).do(OPEN_CASE, **matter(SHARED_ITEM))["openCase"]["case"]
    assert [need["state"] for need in opened["needs"]] == ["MET"]


@pytest.mark.requirement("I1", "I3")
async def test_the_record_of_each_case_is_whole(shaken: Stage, interrupted: Interrupted) -> None:
    """Last of all: the hub is killed once more, and its store is read without it."""
    numbers = [case["number"] for case in shaken.cases()]
    shaken.kill()
    store = await LadybugStore.open(shaken.city.settings.store.folder, buffer_bytes=256 << 20)
    for number in numbers:
        entries = await store.read(lambda tx, number=number: load_audit(tx, number, 0, 1000))
        assert entries
        assert verify_chain(entries) is None
    await store.close()
    await asyncio.to_thread(shaken.start)
    assert interrupted.standing["number"] in numbers
