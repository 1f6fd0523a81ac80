"""The signer's desk: what a grant allows is sealed, once; everything else is refused and logged."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from seals.appearance import SealFace
from seals.errors import (
    DailyLimitError,
    GrantPeriodError,
    GrantScopeError,
    ReusedIssuingKeyError,
    RevokedGrantError,
    SealingError,
    SuspendedSealError,
    UntrustedGrantError,
    WrongSealError,
)
from seals.findings import read_findings
from seals.hostile_input import DocumentLimits
from seals.kinds import SealKind
from seals.levels import SealLevel, level_of
from seals.signature_stamp import SignatureStamp
from seals.signer_desk import GrantTrust, SigningDesk, spool_key
from seals.signer_records import SealRecord
from seals.signer_spool import KeptDocument
from tests.seals.proof_contents import JOINT_CONTENT
from tests.seals.signer_logs import entries_of
from tests.seals.stamping import Archive, StoppedClock

pytestmark = pytest.mark.both_key_stores

SEAL = "information-sharing"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "signer"


@pytest.fixture
def desk(seal_office, folder):
    made = SigningDesk(seal_office.parts(folder))
    yield made
    made.close()


def operations(folder: Path) -> list[str]:
    """Return what the log says happened, openings and ends left out."""
    entries = entries_of(folder / "log")
    return [entry["operation"] for entry in entries if entry["operation"] not in ("opened", "closed")]


@pytest.mark.requirement("R15.1", "R15.2")
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"unit_code": "U002"}, GrantScopeError),
        ({"proof_types": ("P002",)}, GrantScopeError),
        ({"seal_id": "information-verification"}, GrantScopeError),
        ({"seal_id": "nobody"}, WrongSealError),
        ({"days": -2}, GrantPeriodError),
    ],
    ids=str,
)
def test_a_use_outside_the_grant_is_refused(seal_office, desk, folder, shared_content, changes, problem) -> None:
    if "days" in changes:
        changes = {"not_after": seal_office.granting.now - timedelta(hours=1)}
    with pytest.raises(problem):
        desk.seal(seal_office.order("need-1", shared_content, **changes))
    assert operations(folder) == ["refused"]
    assert desk.seal(seal_office.order("need-1", shared_content)).pdf


@pytest.mark.requirement("R15.2")
def test_verified_information_needs_the_grant_of_the_unit_that_produced_it(seal_office, desk, verified_content) -> None:
    assert desk.seal(seal_office.order("request-1", verified_content, unit_code="U002")).pdf
    with pytest.raises(GrantScopeError):
        desk.seal(seal_office.order("request-2", verified_content, unit_code="U001"))


@pytest.mark.requirement("R14.2", "R15.3")
def test_parts_of_other_units_that_do_not_agree_with_the_page_are_not_sealed(seal_office, desk, folder) -> None:
    said = JOINT_CONTENT.endorsement
    for number, changed in enumerate((said.parts[:1] * 2, (replace(said.parts[0], unit_code="U002"),))):
        false = replace(JOINT_CONTENT, endorsement=replace(said, parts=changed))
        with pytest.raises(SealingError, match="parts do not agree"):
            desk.seal(seal_office.order(f"request-{number}", false, unit_code="U002"))
    assert desk.seal(seal_office.order("request-9", JOINT_CONTENT, unit_code="U002")).pdf
    assert operations(folder) == ["refused", "refused", "sealed"]


def test_a_grant_of_nobody_is_refused(seal_office, folder, shared_content) -> None:
    desk = SigningDesk(seal_office.parts(folder, trust=lambda: GrantTrust(())))
    with pytest.raises(UntrustedGrantError):
        desk.seal(seal_office.order("need-1", shared_content))


def test_a_certificate_of_grants_that_is_revoked_meanwhile_is_not_believed(seal_office, folder, shared_content) -> None:
    now, roots = [seal_office.now], [seal_office.roots]
    parts = seal_office.parts(folder, clock=lambda: now[0], trust=lambda: GrantTrust(roots[0]))
    desk = SigningDesk(parts)
    desk.seal(seal_office.order("need-1", shared_content))
    now[0], roots[0] = now[0] + timedelta(minutes=2), ()
    with pytest.raises(UntrustedGrantError):
        desk.seal(seal_office.order("need-2", shared_content))


@pytest.mark.requirement("R15.1")
def test_a_suspended_seal_seals_nothing_until_it_is_resumed(seal_office, desk, folder, shared_content) -> None:
    desk.standing.suspend(SEAL)
    for other in (desk, SigningDesk(seal_office.parts(folder))):
        with pytest.raises(SuspendedSealError):
            other.seal(seal_office.order("need-1", shared_content))
    desk.standing.resume(SEAL)
    assert desk.seal(seal_office.order("need-1", shared_content)).pdf


def test_what_was_sealed_before_the_suspension_is_given_again(seal_office, desk, shared_content) -> None:
    document = desk.seal(seal_office.order("need-1", shared_content))
    desk.standing.suspend(SEAL)
    assert desk.seal(seal_office.order("need-1", shared_content)) == document


def test_one_seal_is_suspended_and_the_other_not(seal_office, desk, verified_content) -> None:
    desk.standing.suspend(SEAL)
    assert desk.seal(seal_office.order("request-1", verified_content)).pdf


@pytest.mark.requirement("R15.2")
def test_a_revoked_grant_seals_nothing_and_another_one_does(seal_office, desk, shared_content) -> None:
    order = seal_office.order("need-1", shared_content)
    desk.standing.revoke("G-1")
    with pytest.raises(RevokedGrantError):
        desk.seal(seal_office.order("need-1", shared_content, id="G-1"))
    assert desk.seal(order).pdf


@pytest.mark.requirement("R15.2")
def test_the_daily_limit_counts_each_order_once_and_begins_anew_each_day(seal_office, folder, shared_content) -> None:
    now = [seal_office.now]
    for _ in range(2):
        desk = SigningDesk(seal_office.parts(folder, clock=lambda: now[0]))
        for number in (1, 2, 1, 2):
            desk.seal(seal_office.order(f"need-{number}", shared_content, daily_limit=2))
        with pytest.raises(DailyLimitError):
            desk.seal(seal_office.order("need-3", shared_content, daily_limit=2))
        desk.close()
    now[0] += timedelta(days=1)
    desk = SigningDesk(seal_office.parts(folder, clock=lambda: now[0]))
    assert desk.seal(seal_office.order("need-3", shared_content, daily_limit=2)).pdf


def test_of_many_who_bring_the_same_order_one_seals(seal_office, folder, shared_content) -> None:
    desks = [SigningDesk(seal_office.parts(folder)) for _ in range(4)]
    order = seal_office.order("need-1", shared_content)
    with ThreadPoolExecutor(8) as threads:
        documents = set(threads.map(lambda turn: desks[turn % 4].seal(order), range(16)))
    assert len(documents) == 1
    assert operations(folder) == ["sealed"]


def test_when_a_suspension_returns_nothing_is_being_sealed(seal_office, desk, folder, shared_content) -> None:
    other, done = SigningDesk(seal_office.parts(folder)), threading.Event()

    def sealing() -> int:
        for number in range(10_000):
            try:
                other.seal(seal_office.order(f"need-{number}", shared_content))
            except SuspendedSealError:
                return number
            done.set()
        return 10_000

    with ThreadPoolExecutor(1) as threads:
        found = threads.submit(sealing)
        done.wait()
        desk.standing.suspend(SEAL)
        sealed = operations(folder).count("sealed")
        assert found.result() == sealed


def kept_by_a_dead_worker(desk: SigningDesk, order, *, published: bool, logged: bool = False) -> str:
    """Leave what a worker leaves that dies before its document is in the log, or before it settled that it is."""
    key = spool_key(order.issuing_key)
    document = desk.seal(order)
    if not logged:
        forget_last_entry(desk)
    content = desk._spool.find(key).content_sha256
    desk._spool.prepare(key, KeptDocument.of(content, document.pdf, proof="P", grant="G", seal=SEAL))
    if not published:
        desk._spool._place(key).unlink()
    return document.sha256


def forget_last_entry(desk: SigningDesk) -> None:
    """Leave the log as it was before its last line."""
    *lines, _, _ = (log := max(desk.log._folder.iterdir())).read_bytes().split(b"\n")
    log.write_bytes(b"".join(line + b"\n" for line in lines))


def test_what_a_dead_worker_had_logged_is_not_logged_again(seal_office, desk, folder, shared_content) -> None:
    order = seal_office.order("need-1", shared_content)
    digest = kept_by_a_dead_worker(desk, order, published=True, logged=True)
    again = SigningDesk(seal_office.parts(folder))
    assert again.seal(order).sha256 == digest
    assert (operations(folder), again._spool.unsettled()) == (["sealed"], ())


@pytest.mark.parametrize("published", [True, False])
def test_what_a_dead_worker_left_is_logged_or_dropped_at_the_start(
    seal_office, desk, folder, shared_content, published: bool
) -> None:
    digest = kept_by_a_dead_worker(desk, seal_office.order("need-1", shared_content), published=published)
    again = SigningDesk(seal_office.parts(folder))
    last = entries_of(folder / "log")[-1]
    assert last["operation"] == ("sealed" if published else "dropped")
    assert not again._spool.unsettled()
    assert (again.seal(seal_office.order("need-1", shared_content)).sha256 == digest) is published


def test_a_retry_finishes_what_a_dead_worker_had_prepared(seal_office, desk, shared_content) -> None:
    order = seal_office.order("need-1", shared_content)
    digest = kept_by_a_dead_worker(desk, order, published=False)
    assert desk.seal(order).sha256 == digest


def test_a_half_written_preparation_is_made_anew(seal_office, desk, shared_content) -> None:
    order = seal_office.order("need-1", shared_content)
    kept_by_a_dead_worker(desk, order, published=False)
    draft = desk._spool._pending / spool_key("need-1")
    draft.write_bytes(draft.read_bytes()[:-100])
    assert desk.seal(order).pdf.rstrip().endswith(b"%%EOF")


def test_a_damaged_spool_is_an_error_and_no_new_seal(seal_office, desk, shared_content) -> None:
    order = seal_office.order("need-1", shared_content)
    desk.seal(order)
    place = desk._spool._place(spool_key("need-1"))
    place.write_bytes(place.read_bytes()[:-1])
    with pytest.raises(SealingError, match="damaged"):
        desk.seal(order)


def test_a_key_that_came_with_other_content_is_in_the_log(seal_office, desk, folder, shared_content) -> None:
    desk.seal(seal_office.order("need-1", shared_content))
    with pytest.raises(ReusedIssuingKeyError):
        desk.seal(seal_office.order("need-1", replace(shared_content, remarks="另有说明")))
    assert operations(folder) == ["sealed", "refused"]


def test_a_seal_recorded_meanwhile_is_used_by_every_desk(seal_office, folder, shared_content) -> None:
    sharing = seal_office.record(SealKind.INFORMATION_SHARING)
    desks = [SigningDesk(seal_office.parts(folder, records=())) for _ in range(2)]
    desks[0].records.put(sharing)
    documents = [desk.seal(seal_office.order("need-1", shared_content)) for desk in desks]
    assert documents[0] == documents[1]
    assert SigningDesk(seal_office.parts(folder, records=()))._seals.keys() == {sharing.id}


def test_a_folder_that_others_can_enter_stops_the_start(seal_office, folder) -> None:
    folder.mkdir(mode=0o755)
    with pytest.raises(SealingError, match="chmod 700"):
        SigningDesk(seal_office.parts(folder))


def test_a_damaged_list_of_suspended_seals_stops_sealing(seal_office, desk, folder, shared_content) -> None:
    (folder / "standing.json").write_bytes(b"{}")
    with pytest.raises(SealingError, match="suspended"):
        desk.seal(seal_office.order("need-1", shared_content))


def test_two_seals_of_one_kind_are_told_apart_by_their_grants(seal_office, folder, shared_content) -> None:
    sharing = seal_office.record(SealKind.INFORMATION_SHARING)
    district = SealRecord("district", sharing.kind, sharing.key_label, SealFace(sharing.face.holder, sharing.face.name))
    desk = SigningDesk(seal_office.parts(folder, records=(sharing, district)))
    assert desk.seal(seal_office.order("need-1", shared_content, seal_id="district")).pdf


def test_a_stamp_that_can_be_had_is_in_the_seal_and_one_that_cannot_holds_nothing_up(
    seal_office, folder, shared_content
) -> None:
    clock, archive = StoppedClock(), Archive(seal_office, shared_content)
    for ask, level in ((archive.clock().token, SealLevel.B_T), (clock.token, SealLevel.B_B)):
        parts = seal_office.parts(folder / level, stamp=lambda ask=ask: SignatureStamp(ask))
        sealed = SigningDesk(parts).seal(seal_office.order("need-1", shared_content))
        assert level_of(read_findings(sealed.pdf, DocumentLimits())) is level
    assert clock.asked == 1
