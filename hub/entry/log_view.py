"""How ``proofhub signer check-log`` shows what it found."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from seals.signer_log_check import CheckedFile, LogCheck


def show_log_check(out: Console, found: LogCheck) -> None:
    """Show the files of a log, and where it is broken."""
    for file in found.files:
        for line in _lines(file):
            out.print(line, style="red" if file.faults else None, markup=False, highlight=False, soft_wrap=True)
    entries = sum(file.entries for file in found.files)
    if found.whole:
        out.print(f"The log is whole: {len(found.files)} files, {entries} entries. 日志完整", style="green")
    else:
        broken = sum(bool(file.faults) for file in found.files)
        out.print(f"The log is broken in {broken} of {len(found.files)} files. 日志已被改动或缺失", style="bold red")


def _lines(file: CheckedFile) -> Iterator[str]:
    """Yield one line for a whole file, one for each fault of a broken one; who spoilt it may have chosen the name."""
    torn = "; its last line was only begun when its writer died" if file.torn else ""
    said = [f"BROKEN  {file.name}: {fault}" for fault in file.faults]
    for line in said or [f"whole   {file.name}: {file.entries} entries{torn}"]:
        yield "".join(character for character in line if character.isprintable())
