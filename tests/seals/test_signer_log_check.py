"""The check of a whole log names each place where it is broken, and takes no removed log for a whole one."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seals.errors import BrokenLogError, LogNotFoundError
from seals.signer_log_check import LogCheck, check_log
from tests.seals.signer_logs import files, verify_logs, written


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log of three runs."""
    for operations in (("sealed", "refused", "sealed"), ("sealed",), ()):
        written(tmp_path / "log", *operations)
    return tmp_path / "log"


def faults(found: LogCheck) -> list[tuple[str, ...]]:
    return [file.faults for file in found.files]


def test_a_whole_log_is_whole_and_its_entries_are_counted(folder) -> None:
    for place in (folder, folder.parent):
        found = check_log(place)
        assert found.whole
        assert [(file.name, file.entries) for file in found.files] == [
            (path.name, count) for path, count in zip(files(folder), (5, 3, 2), strict=True)
        ]


def test_every_broken_file_is_named_with_the_place(folder) -> None:
    first, second, third = files(folder)
    lines = first.read_bytes().splitlines(keepends=True)
    first.write_bytes(b"".join(lines[:2] + lines[3:]))
    second.unlink()
    found = check_log(folder)
    assert not found.whole
    assert faults(found) == [
        ("line 3: it does not follow the line before",),
        (f"it is missing; {third.name} names it",),
        (),
    ]


def test_a_file_cut_short_at_an_entry_is_found_by_those_that_follow(folder) -> None:
    first, second, _ = files(folder)
    first.write_bytes(b"".join(first.read_bytes().splitlines(keepends=True)[:-1]))
    assert faults(check_log(folder)) == [(f"it lacks an entry that {second.name} names",), (), ()]


def test_a_line_that_its_writer_did_not_finish_is_no_fault(folder) -> None:
    last = files(folder)[-1]
    last.write_bytes(last.read_bytes() + b'{"at":"20')
    found = check_log(folder)
    assert (found.whole, [file.torn for file in found.files]) == (True, [False, False, True])


@pytest.mark.parametrize("line", [b"nonsense\n", b"[]\n", b"{}\n", b"x" * 3_000_000])
def test_a_line_that_is_no_entry_is_a_fault(folder, line: bytes) -> None:
    last = files(folder)[-1]
    last.write_bytes(last.read_bytes() + line)
    assert [len(each) for each in faults(check_log(folder))] == [0, 0, 1]


@given(st.data())
def test_it_agrees_with_the_reader_about_any_changed_byte(tmp_path_factory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("log") / "log"
    written(folder, "sealed")
    written(folder)
    file = files(folder)[data.draw(st.integers(0, 1))]
    content = bytearray(file.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    try:
        verify_logs(folder)
    except BrokenLogError:
        assert not check_log(folder).whole
    else:
        assert check_log(folder).whole


def test_no_log_is_not_a_whole_one(folder, tmp_path) -> None:
    for path in files(folder):
        path.unlink()
    with pytest.raises(LogNotFoundError):
        check_log(folder)
    with pytest.raises(FileNotFoundError):
        check_log(tmp_path / "nowhere")


def test_it_is_shown_as_json(folder) -> None:
    first = files(folder)[0]
    first.write_bytes(b"nonsense\n")
    shown = orjson.loads(check_log(folder).to_json())
    assert shown["whole"] is False
    assert shown["files"][0] == {
        "name": first.name,
        "entries": 0,
        "torn": False,
        "faults": ["line 1: it is no entry"],
    }
