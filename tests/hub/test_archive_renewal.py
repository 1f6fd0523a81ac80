"""The archive stamped anew: in steps, to be stopped anywhere, and nothing is done the second time."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from graph_models.casework import ProofLevel
from graph_models.ladybug_store import LadybugStore
from hub import archive_renewal
from hub.archive_renewal import ArchiveRenewal, RenewalProgress
from hub.errors import InvalidInputError, NotPermittedError, UnavailableError, WrongStateError
from hub.proof_levels import LevelRule
from pki.development import TSA_LABEL
from seals.verdict import VerdictOutcome
from tests.hub.archive_office import SHORT, Archive, open_archive, own_seals, short_lived
from tests.hub.failing_parts import assert_accounted_for, operations
from tests.hub.office import OPERATOR, Office, Seals, verifier_of
from tests.hub.seal_authority import FIRST


@pytest.fixture(scope="module")
async def seals(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Seals]:
    """An authority of this file's own: over the years that pass here its certificates are made anew."""
    async with own_seals(tmp_path_factory.mktemp("seals")) as made:
        yield made


@pytest.fixture
async def archive(hub_store: LadybugStore, seals: Seals, office: Office) -> AsyncIterator[Archive]:
    opened = await open_archive(hub_store, seals, office)
    yield opened
    await opened.office.extractor.drain()


async def grown_old(archive: Archive, proofs: int = 1) -> None:
    """Have proofs raised by a time-stamp key that ends in a hundred days, and a new key take over."""
    archive.stamps.label = short_lived(archive.seals.authority)
    for _ in range(proofs):
        await archive.issued()
    assert await archive.raiser().look() == proofs
    archive.office.clock.advance(days=SHORT.days - 100)
    archive.publish_lists()
    archive.stamps.label = TSA_LABEL


async def renewed(renewal: ArchiveRenewal, days: int, after: str | None = None) -> list[RenewalProgress]:
    """Take all steps, from the place given on."""
    steps = [await renewal.step(FIRST, days, after)]
    while steps[-1].after is not None:
        steps.append(await renewal.step(FIRST, days, steps[-1].after))
    return steps


def counts(steps: list[RenewalProgress]) -> tuple[int, int, int]:
    return sum(step.taken_in for step in steps), sum(step.renewed for step in steps), sum(step.failed for step in steps)


@pytest.mark.requirement("I3")
async def test_what_is_about_to_end_is_stamped_anew_and_the_second_time_nothing_is(archive: Archive) -> None:
    await grown_old(archive)
    (old,) = await archive.proofs()
    assert counts(await renewed(archive.renewal(), 99)) == (0, 0, 0)
    assert counts(await renewed(archive.renewal(), 101)) == (0, 1, 0)
    (new,) = await archive.proofs()
    assert old.stands_until is not None
    assert new.stands_until is not None
    assert new.stands_until > old.stands_until
    assert new.sealed_sha256 == old.sealed_sha256
    asked = (await archive.office.audit(new.case_number))[-1]
    assert (asked.operation, asked.actor) == ("proof.renewed", FIRST.subject)
    for days in (101, archive_renewal.MOST_DAYS):
        assert counts(await renewed(archive.renewal(), days)) == (0, 0, 0)
    assert await archive.proofs() == (new,)
    await assert_accounted_for(archive.office, new.case_number)


async def test_a_renewed_proof_is_good_when_the_first_time_stamp_has_ended(archive: Archive) -> None:
    await grown_old(archive)
    await renewed(archive.renewal(), 101)
    archive.office.clock.advance(days=1000)
    (proof,) = await archive.proofs()
    document = await archive.office.documents.get(proof.document_sha256)
    verdict = await verifier_of(archive.office, archive.seals).verify(document)
    assert verdict.outcome is VerdictOutcome.GOOD


async def test_stopped_after_a_step_it_goes_on_with_what_is_left(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_renewal, "PAGE", 2)
    await grown_old(archive, 5)
    place = (await archive.renewal().step(FIRST, 101, None)).after
    first = await archive.renewal().step(FIRST, 101, place)
    assert (first.renewed, first.left) == (2, 3)
    rest = await renewed(archive.renewal(), 101)
    assert counts(rest) == (0, 3, 0)
    assert rest[-1].left == 0
    done = [await operations(archive.office, proof.case_number) for proof in await archive.proofs()]
    assert [each.count("proof.renewed") for each in done] == [1] * 5


async def test_what_was_sealed_before_time_stamps_were_set_is_taken_in(archive: Archive) -> None:
    wanted, archive.levels.rule = archive.levels.rule, LevelRule()
    await archive.issued()
    archive.levels.rule = wanted
    assert await archive.raiser().look() == 0
    assert counts(await renewed(archive.renewal(), 30)) == (1, 0, 0)
    assert counts(await renewed(archive.renewal(), 30)) == (0, 0, 0)
    assert await archive.raiser().look() == 1
    assert (await archive.proofs())[0].level is ProofLevel.B_LTA


async def test_while_no_time_stamp_can_be_had_nothing_is_done_and_it_says_so(archive: Archive) -> None:
    await grown_old(archive)
    before, archive.stamps.down = await archive.proofs(), True
    with pytest.raises(UnavailableError, match="no time stamp"):
        await renewed(archive.renewal(), 101)
    assert await archive.proofs() == before
    archive.stamps.down = False
    assert counts(await renewed(archive.renewal(), 101)) == (0, 1, 0)


async def test_it_is_for_the_seal_authority_with_days_and_a_place_that_make_sense(archive: Archive) -> None:
    renewal = archive.renewal()
    with pytest.raises(NotPermittedError):
        await renewal.step(OPERATOR, 30, None)
    for days, after in ((0, None), (36_501, None), (30, "shelf:"), (30, "everything"), (30, "a:b:c")):
        with pytest.raises(InvalidInputError):
            await renewal.step(FIRST, days, after)
    archive.levels.rule = LevelRule()
    with pytest.raises(WrongStateError):
        await renewal.step(FIRST, 30, None)
