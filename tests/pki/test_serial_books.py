from datetime import timedelta

import pytest
from cryptography import x509

from pki.errors import KeyStoreError
from pki.revocation import Revocation
from pki.serial_books import ListedSerials, read_serials, written_serials

SERIALS = frozenset({1, 2**64, 2**159 - 1})


def test_numbers_are_read_back_as_they_were_written(tmp_path) -> None:
    (tmp_path / "issued.txt").write_bytes(written_serials(SERIALS))
    assert read_serials(tmp_path / "issued.txt") == SERIALS


def test_where_there_is_no_file_there_are_no_numbers(tmp_path) -> None:
    assert read_serials(tmp_path / "issued.txt") == frozenset()


def test_a_book_that_cannot_be_read_is_a_clear_error(tmp_path) -> None:
    (tmp_path / "issued.txt").write_bytes(b"no number\n")
    for path in (tmp_path / "issued.txt", tmp_path):
        with pytest.raises(KeyStoreError, match="cannot be read"):
            read_serials(path)


def test_a_book_knows_what_was_issued_and_what_a_list_revokes(world) -> None:
    at = world.now.replace(microsecond=0)
    revoked = (
        Revocation(2**70, at, x509.ReasonFlags.superseded),
        Revocation(2**71, at, x509.ReasonFlags.unspecified),
    )
    listed = world.authority.issuing.revocation_list(revoked, 7, (at, at + timedelta(days=1)))
    book = ListedSerials.of(SERIALS, listed)
    assert all(book.issued(serial) for serial in (*SERIALS, 2**70, 2**71))
    assert not book.issued(2)
    assert [book.revocation(serial) for serial in (2**70, 2**71, 1)] == [*revoked, None]


def test_what_is_no_list_makes_no_book() -> None:
    with pytest.raises(ValueError):
        ListedSerials.of(SERIALS, b"rubbish")
