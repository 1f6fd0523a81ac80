"""A whole case by a hub whose documents are in a bucket, and what is left of it when the hub is killed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import obstore
import pytest

from scripts.demonstration.city import City
from scripts.demonstration.processes import free_port
from scripts.service_s3 import ACCESS_KEY, BUCKET, SECRET_KEY
from tests.journeys.stage import Stage, eventually, staged
from tests.journeys.whole_case import WholeCase, carry_out
from tests.simulators.buckets import seen_from_outside

pytestmark = pytest.mark.services("s3")
PREFIX = "journeys"


@pytest.fixture(scope="module")
def bucket_stage(city: City, s3_endpoint: str) -> Iterator[Stage]:
    """A hub with a store and a signer of its own, and its documents in the bucket."""
    own = {
        "STORE__FOLDER": "bucket-store",
        "SEALS__SIGNER_FOLDER": "bucket-signer",
        "DOCUMENTS__FOLDER": "no-documents",
    }
    settings = {f"PROOFHUB_{name}": str(city.place.folder / folder) for name, folder in own.items()}
    bucket = {"KIND": "s3", "BUCKET": BUCKET, "ENDPOINT": s3_endpoint, "PREFIX": PREFIX}
    bucket |= {"ACCESS_KEY": ACCESS_KEY, "SECRET_KEY": SECRET_KEY}
    settings |= {f"PROOFHUB_DOCUMENTS__{name}": value for name, value in bucket.items()}
    with staged(city.another(free_port(), **settings)) as opened:
        yield opened


@pytest.fixture(scope="module")
def case(bucket_stage: Stage) -> WholeCase:
    """One case, shared and verified."""
    return carry_out(bucket_stage, bucket_stage)


@pytest.mark.requirement("R14.1", "I5")
def test_each_proof_of_a_case_is_handed_out_from_the_bucket_and_good(bucket_stage: Stage, case: WholeCase) -> None:
    operator = bucket_stage.desk("operator-1")
    assert sorted(proof["kind"] for proof in case.read["proofs"]) == ["SHARED", "SHARED", "SHARED", "VERIFIED"]
    assert {bucket_stage.outcome(pdf, operator) for pdf in case.documents.values()} == {("GOOD", "GOOD")}
    assert case.closed == "CLOSED"


@pytest.mark.requirement("I3")
def test_the_bucket_holds_them_under_their_digests_and_the_folder_nothing(
    bucket_stage: Stage, s3_endpoint: str, case: WholeCase
) -> None:
    outside = seen_from_outside(s3_endpoint, PREFIX)
    kept = {found["path"] for page in obstore.list(outside) for found in page}
    digests = {hashlib.sha256(pdf).hexdigest() for pdf in case.documents.values()}
    assert {f"{digest[:2]}/{digest[2:]}.pdf" for digest in digests} <= kept
    assert not (bucket_stage.city.place.folder / "no-documents").exists()


@pytest.mark.requirement("I1")
def test_a_killed_hub_hands_out_the_same_documents_again(bucket_stage: Stage, case: WholeCase) -> None:
    bucket_stage.kill()
    bucket_stage.start()
    operator = bucket_stage.desk("operator-1")
    for number, pdf in case.documents.items():
        assert eventually(lambda number=number: operator.document(number)) == pdf  # type: ignore[misc]


@pytest.mark.requirement("I4")
def test_no_key_of_the_bucket_is_in_the_log(bucket_stage: Stage, case: WholeCase) -> None:
    assert case.closed
    assert SECRET_KEY not in bucket_stage.log()
    assert ACCESS_KEY not in bucket_stage.log()
