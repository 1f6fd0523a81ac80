"""The signer's log: whoever changes, moves or removes an entry or a file is found out."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seals.errors import BrokenLogError, SealingError
from seals.signer_log import SignerLog
from tests.seals.signer_logs import NOW, files, verify_logs, written


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log of two runs."""
    written(tmp_path / "log", "sealed", "refused", "sealed")
    written(tmp_path / "log", "sealed")
    return tmp_path / "log"


def test_what_was_written_is_read_back_in_order(folder) -> None:
    read = [[entry["operation"] for entry in file.entries] for file in verify_logs(folder)]
    assert read == [["opened", "sealed", "refused", "sealed", "closed"], ["opened", "sealed", "closed"]]
    assert verify_logs(folder)[0].entries[1]["at"] == "2026-11-24T01:02:03.456Z"


def test_what_any_run_logged_under_a_key_is_found_and_a_line_only_begun_is_not(folder) -> None:
    log = SignerLog(folder, lambda: NOW)
    assert log.holds("sealed", "k")
    assert not log.holds("sealed", "other")
    assert not log.holds("dropped", "k")
    with files(folder)[0].open("ab") as file:
        file.write(b'{"key":"other","operation":"sealed"}')
    assert not log.holds("sealed", "other")
    log.close()


def test_only_the_owner_reads_it(folder) -> None:
    assert {file.stat().st_mode & 0o777 for file in files(folder)} == {0o600}


@given(st.data())
def test_any_changed_byte_of_a_file_that_another_names_is_found(tmp_path_factory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("log") / "log"
    written(folder, "sealed", "refused")
    written(folder)
    file = files(folder)[0]
    content = bytearray(file.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    with pytest.raises(BrokenLogError):
        verify_logs(folder)


@pytest.mark.parametrize("line", range(4))
def test_a_removed_entry_is_found(folder, line: int) -> None:
    file = files(folder)[0]
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:line] + lines[line + 1 :]))
    with pytest.raises(BrokenLogError, match="does not follow"):
        verify_logs(folder)


def test_entries_that_changed_places_are_found(folder) -> None:
    file = files(folder)[0]
    first, second, *others = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join((second, first, *others)))
    with pytest.raises(BrokenLogError):
        verify_logs(folder)


def test_a_file_cut_short_at_an_entry_is_found_by_the_one_that_follows(folder) -> None:
    file = files(folder)[0]
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(BrokenLogError, match="lacks an entry"):
        verify_logs(folder)


def test_a_file_that_is_missing_is_found(folder) -> None:
    files(folder)[0].unlink()
    with pytest.raises(BrokenLogError, match="missing"):
        verify_logs(folder)


def test_a_line_that_its_writer_did_not_finish_is_told_apart(folder) -> None:
    log = SignerLog(folder, lambda: NOW)
    log.append("sealed", key="k")
    last = files(folder)[-1]
    last.write_bytes(last.read_bytes() + b'{"at":"20')
    assert [file.torn for file in verify_logs(folder)] == [False, False, True]
    written(folder)
    assert len(verify_logs(folder)) == 4


@pytest.mark.parametrize("line", [b"nonsense", b"[]", b"{}"])
def test_a_line_that_is_no_entry_is_found(folder, line: bytes) -> None:
    last = files(folder)[-1]
    last.write_bytes(last.read_bytes() + line + b"\n")
    with pytest.raises(BrokenLogError):
        verify_logs(folder)


def test_several_threads_write_one_chain(tmp_path) -> None:
    log = SignerLog(tmp_path / "log", lambda: NOW)
    threads = [threading.Thread(target=lambda: [log.append("sealed") for _ in range(25)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert len(verify_logs(tmp_path / "log")[0].entries) == 102


def test_a_folder_that_others_can_enter_is_refused(tmp_path) -> None:
    (tmp_path / "log").mkdir(mode=0o755)
    with pytest.raises(SealingError, match="chmod 700"):
        SignerLog(tmp_path / "log", lambda: NOW)


_FULL_DISK = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from seals.errors import BrokenLogError
from seals.signer_log import SignerLog
from tests.seals.signer_logs import entries_of
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = Path(sys.argv[1])
log = SignerLog(folder, lambda: datetime(2026, 11, 24, tzinfo=UTC))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 2000))
try:
    log.append("sealed", key="k" * 2000)
except BrokenLogError:
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
    log.append("refused")
    log.close()
    print([entry["operation"] for entry in entries_of(folder)])
"""


def test_a_full_disk_is_an_error_and_leaves_the_log_whole(tmp_path) -> None:
    command = (sys.executable, "-c", _FULL_DISK, os.fspath(tmp_path / "log"))
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stdout.strip() == "['opened', 'refused', 'closed']"
