"""The spool is pruned: what is old and in the log goes, its stone stays, and nothing is sealed twice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seals.errors import PrunedDocumentError, ReusedIssuingKeyError, SealingError
from seals.signer_desk import SigningDesk, spool_key
from seals.signer_orders import SealedDocument
from seals.signer_pruning import PAUSE_SECONDS, ROUND_SECONDS, SpoolPruner
from seals.signer_spool import Spool
from tests.seals.conftest import SealOffice
from tests.seals.signer_logs import entries_of

DAYS = timedelta(days=30)
NOW = datetime(2027, 1, 31, 12, tzinfo=UTC)


@dataclass
class Kept:
    """A signer's folder with what was sealed in it."""

    folder: Path
    office: SealOffice
    desk: SigningDesk

    @property
    def spool(self) -> Spool:
        return Spool(self.folder / "spool")

    def sealed(self, name: str, content, days: float) -> SealedDocument:
        """Seal an order so many days before now."""
        document = self.desk.seal(self.office.order(name, content))
        at = (NOW - timedelta(days=days)).timestamp()
        os.utime(self.place(name), (at, at))
        return document

    def place(self, name: str) -> Path:
        return self.spool._place(spool_key(name))

    def round(self, **changes: object) -> SpoolPruner:
        """Go round the spool once."""
        pruner = SpoolPruner(self.folder, **({"kept_for": DAYS, "clock": lambda: NOW} | changes))
        while pruner.step() == PAUSE_SECONDS:
            pass
        pruner.close()
        return pruner

    def pruned(self) -> list[str]:
        """Return the keys that the log says were pruned."""
        entries = entries_of(self.folder / "log")
        return [entry["key"] for entry in entries if entry["operation"] == "pruned"]


@pytest.fixture
def kept(seal_office, tmp_path: Path) -> Iterator[Kept]:
    desk = SigningDesk(seal_office.parts(tmp_path / "signer"))
    yield Kept(tmp_path / "signer", seal_office, desk)
    desk.close()


def test_what_is_older_than_is_set_goes_and_what_is_younger_stays(kept, shared_content) -> None:
    for name, days in (("old", 30.01), ("young", 29.99), ("new", 0), ("from a clock ahead", -9)):
        kept.sealed(name, shared_content, days)
    kept.round()
    assert kept.pruned() == [spool_key("old")]
    assert set(kept.spool) == {spool_key(name) for name in ("young", "new", "from a clock ahead")}


def test_the_same_order_again_is_told_which_document_it_was_and_is_not_sealed_anew(kept, shared_content) -> None:
    document = kept.sealed("old", shared_content, 31)
    kept.round()
    for desk in (kept.desk, SigningDesk(kept.office.parts(kept.folder))):
        with pytest.raises(PrunedDocumentError) as refused:
            desk.seal(kept.office.order("old", shared_content))
        assert refused.value.document_sha256 == document.sha256
        assert document.sha256 in str(refused.value)
    assert list(kept.spool) == []


def test_the_same_key_with_other_content_is_still_refused(kept, shared_content) -> None:
    kept.sealed("old", shared_content, 31)
    kept.round()
    with pytest.raises(ReusedIssuingKeyError):
        kept.desk.seal(kept.office.order("old", replace(shared_content, remarks="另有说明")))


def test_a_stone_is_small_and_keeps_what_the_log_says(kept, shared_content) -> None:
    before = kept.sealed("old", shared_content, 31)
    kept.round()
    stone = kept.spool.find(spool_key("old"))
    assert stone is not None
    assert (stone.pruned, stone.pdf, stone.sha256) == (True, b"", before.sha256)
    assert stone.details["proof"] == shared_content.endorsement.proof_number
    (left,) = kept.place("old").parent.iterdir()
    assert left.stat().st_size < 500


def test_what_may_not_be_in_the_log_yet_stays(kept, shared_content) -> None:
    kept.sealed("old", shared_content, 31)
    document = kept.spool.find(spool_key("old"))
    kept.spool.prepare(spool_key("old"), document)
    kept.round()
    assert kept.desk.seal(kept.office.order("old", shared_content)).pdf == document.pdf
    kept.round()
    assert kept.pruned() == [spool_key("old")]


def test_a_step_prunes_few_and_the_next_goes_on(kept, shared_content) -> None:
    for number in range(5):
        kept.sealed(f"need-{number}", shared_content, 31)
    pruner = SpoolPruner(kept.folder, DAYS, lambda: NOW, pruned_at_a_time=2)
    left = []
    for _ in range(3):
        pause = pruner.step()
        left.append((len(list(kept.spool)), pause))
    assert left == [(3, PAUSE_SECONDS), (1, PAUSE_SECONDS), (0, ROUND_SECONDS)]
    assert pruner.step() == ROUND_SECONDS
    pruner.close()


def test_a_step_looks_at_few(kept, shared_content) -> None:
    for number in range(3):
        kept.sealed(f"need-{number}", shared_content, 1)
    pruner = SpoolPruner(kept.folder, DAYS, lambda: NOW, looked_at=1)
    assert [pruner.step() for _ in range(5)] == [*[PAUSE_SECONDS] * 3, ROUND_SECONDS, PAUSE_SECONDS]


def test_what_died_between_stone_and_document_is_done_again(kept, shared_content) -> None:
    document = kept.sealed("old", shared_content, 31)
    place = kept.place("old")
    content = place.read_bytes()
    kept.round()
    place.write_bytes(content)
    assert kept.desk.seal(kept.office.order("old", shared_content)) == document
    at = (NOW - timedelta(days=31)).timestamp()
    os.utime(place, (at, at))
    kept.round()
    assert (place.exists(), kept.pruned()) == (False, [spool_key("old")] * 2)


def test_a_damaged_document_stays_for_somebody_to_see_and_holds_up_no_other(kept, shared_content, caplog) -> None:
    for name in ("damaged", "old"):
        kept.sealed(name, shared_content, 31)
    place = kept.place("damaged")
    place.write_bytes(place.read_bytes()[:-1])
    os.utime(place, (0, 0))
    kept.round()
    assert (kept.pruned(), place.exists()) == ([spool_key("old")], True)
    assert "damaged" in caplog.text


@pytest.mark.parametrize("text", [b"", b"nonsense\n", b"{}\n"])
def test_a_damaged_stone_is_an_error_and_no_new_seal(kept, shared_content, text: bytes) -> None:
    kept.sealed("old", shared_content, 31)
    kept.round()
    (stone,) = kept.place("old").parent.iterdir()
    stone.write_bytes(text)
    with pytest.raises(SealingError, match="damaged"):
        kept.desk.seal(kept.office.order("old", shared_content))


def test_a_spool_that_cannot_be_used_is_tried_again_later(kept, caplog) -> None:
    (kept.folder / "spool").chmod(0o755)
    assert SpoolPruner(kept.folder, DAYS, lambda: NOW).step() == ROUND_SECONDS
    assert "chmod 700" in caplog.text


def test_a_stone_with_a_document_in_it_is_damaged(kept, shared_content) -> None:
    kept.sealed("old", shared_content, 31)
    kept.round()
    (stone,) = kept.place("old").parent.iterdir()
    stone.write_bytes(stone.read_bytes() + b"%PDF")
    with pytest.raises(SealingError, match="damaged"):
        kept.spool.find(spool_key("old"))
