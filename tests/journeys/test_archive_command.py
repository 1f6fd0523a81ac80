"""`proofhub archive renew` at a hub that stamps by its embedded authority: nothing is left to do, and it says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from hub.actors import Post
from hub.entry.command import app
from scripts.bench_city import ITEM as SHARED_ITEM
from scripts.demonstration.city import City
from scripts.demonstration.processes import free_port
from scripts.demonstration.window import OPEN_CASE
from tests.journeys.stage import Stage, eventually, matter, staged

HANDLER, POLICE = "330203-YB", "NB-GA"
RAISED = "query R($number: String!) { proof(number: $number) { ... on Proof { level } } }"
PROOFS = "query S($number: String!) { case(number: $number) { ... on Case { proofs { number } } } }"


@pytest.fixture(scope="module")
def stamping(city: City) -> Iterator[Stage]:
    """A hub with a store of its own whose seals are stamped and whose proofs are raised."""
    own = {"STORE__FOLDER": "stamping-store", "SEALS__SIGNER_FOLDER": "stamping-signer"}
    settings = {f"PROOFHUB_{name}": str(city.place.folder / folder) for name, folder in own.items()}
    with staged(city.another(free_port(), PROOFHUB_SEALS__TSA="embedded", **settings)) as opened:
        yield opened


def renew(stage: Stage, *options: str, post: Post = Post.SEAL_AUTHORITY) -> tuple[int, str, str]:
    """Run the command; return its exit status, what it prints and what it complains of."""
    where = {"PROOFHUB_URL": stage.city.url, "PROOFHUB_TOKEN": stage.city.token("police-1", POLICE, post)}
    done = CliRunner().invoke(app, ("archive", "renew", *options), env={"COLUMNS": "160", **where})
    return done.exit_code, done.stdout, done.stderr


def test_a_proof_is_raised_beside_the_calls_and_nothing_is_left_to_renew(stamping: Stage) -> None:
    operator = stamping.desk("operator-1", HANDLER)
    case = operator.do(OPEN_CASE, **matter(SHARED_ITEM))["openCase"]["case"]["number"]
    (proof,) = operator.ask(PROOFS, number=case)["case"]["proofs"]
    eventually(lambda: operator.ask(RAISED, number=proof["number"])["proof"]["level"])
    assert operator.ask(RAISED, number=proof["number"])["proof"]["level"] == "B_LTA"
    assert stamping.outcome(operator.document(proof["number"]), operator) == ("GOOD", "GOOD")
    for _ in range(2):
        status, said, progress = renew(stamping, "--within", "36500")
        assert (status, said.strip()) == (0, "0 renewed, 0 failed, 0 to be raised beside the calls")
        assert "0 left" in progress


def test_it_is_for_the_seal_authority_and_needs_a_time_stamp_service(stamping: Stage, stage: Stage) -> None:
    status, _, said = renew(stamping, post=Post.SUPERVISOR)
    assert (status, "SEAL_AUTHORITY" in said) == (1, True)
    status, _, said = renew(stage)
    assert (status, "PROOFHUB_SEALS__TSA" in said) == (1, True)
