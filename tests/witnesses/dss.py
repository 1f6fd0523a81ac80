"""EU DSS as the tests ask it: one root, nothing fetched."""

from __future__ import annotations

import subprocess
from pathlib import Path


def ask_dss(classpath: str, folder: Path, root: Path, at: str, *pdfs: Path) -> list[list[str]]:
    """Return what EU DSS says of each file at a time: format, indication, sub-indication.

    It is compiled into the folder, unless it is there already.
    """
    source = Path(__file__).with_name("DssReport.java")
    if not (folder / f"{source.stem}.class").exists():
        subprocess.run(["javac", "-cp", classpath, "-d", folder, source], check=True, capture_output=True)
    command = ["java", "-cp", f"{folder}:{classpath}", "DssReport", root, at, *pdfs]
    shown = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300).stdout
    return [line.split()[1:] for line in shown.splitlines()]
