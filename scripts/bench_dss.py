"""EU DSS in a process of its own, as the peer of sealing and verifying (`scripts/java/DssPeer.java`)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import typst

from scripts.bench_seal_office import PASSPHRASE, SealOffice, content_of
from scripts.service_downloads import java_classpath
from scripts.service_process import PROJECT
from seals.appearance import seal_to_svg
from seals.page import PAGE_HEIGHT, RenderedPage

SOURCE = PROJECT / "scripts" / "java" / "DssPeer.java"
_PIXELS_PER_INCH = 150.0  # of the seal's picture: DSS draws pictures, not outlines


class DssPeerError(Exception):
    """EU DSS ended, or found a proof not to be good; the text holds what it said."""


@dataclass(frozen=True, slots=True)
class DssPeer:
    """The running peer. Every figure is in seconds, one for each call."""

    questions: IO[str]
    answers: IO[str]

    def seal(self, calls: int, *, visible: bool) -> tuple[float, ...]:
        """Seal the page so many times, with the seal's picture on it or with a field that is not seen."""
        return _seconds(self._ask(f"seal {calls} {'visible' if visible else 'invisible'}"))

    def verify(self, calls: int, file: Path) -> tuple[float, ...]:
        """Verify a file so many times: chain, revocation, coverage and changes."""
        return _seconds(self._ask(f"verify {calls} {file}"))

    def judge(self, file: Path) -> str:
        """Return the indication of each signature of a file."""
        return self._ask(f"judge {file}")

    def keep(self, file: Path) -> int:
        """Write what was sealed last; gives its length in bytes."""
        return int(self._ask(f"keep {file}"))

    def _ask(self, command: str) -> str:
        self.questions.write(command + "\n")
        self.questions.flush()
        answer = self.answers.readline().rstrip("\n")
        if not answer:
            raise DssPeerError(f"EU DSS ended at: {command}")
        return answer


@contextmanager
def dss_peer(folder: Path, office: SealOffice, page: RenderedPage) -> Iterator[DssPeer]:
    """Compile the peer, give it the same file, key, certificates and revocation lists, and start it.

    Raises:
        DownloadFailedError: its parts cannot be had.
        DssPeerError: it cannot be compiled.
    """
    class_path = java_classpath("dss")
    classes = _compiled(class_path)
    _equip(folder, office, page)
    command = ["java", "-Djava.awt.headless=true", "-cp", f"{class_path}:{classes}", SOURCE.stem, str(folder)]
    with (folder / "dss.log").open("w") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield DssPeer(process.stdin, process.stdout)
    except DssPeerError as problem:
        said = (folder / "dss.log").read_text()
        raise DssPeerError(f"{problem}\n{said[-2000:]}") from problem
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def _compiled(class_path: str) -> Path:
    """Return the folder of the compiled peer, compiling it when the source is newer."""
    classes = PROJECT / "var" / "java"
    compiled = classes / f"{SOURCE.stem}.class"
    if not compiled.exists() or compiled.stat().st_mtime < SOURCE.stat().st_mtime:
        command = ["javac", "-d", str(classes), "-cp", class_path, str(SOURCE)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DssPeerError(done.stderr)
    return classes


def _equip(folder: Path, office: SealOffice, page: RenderedPage) -> None:
    """Write what the peer reads; DSS counts from the upper left corner, its pages from 1."""
    shutil.copy(office.key_file, folder / "key.p12")
    (folder / "passphrase").write_text(PASSPHRASE)
    (folder / "page.pdf").write_bytes(page.pdf)
    (folder / "attribute").write_bytes(content_of(0).endorsement.to_json())
    (folder / "seal.png").write_bytes(_picture(folder, office))
    box = page.seal_box
    sides = (box.left, PAGE_HEIGHT - box.top, box.right - box.left, box.top - box.bottom)
    (folder / "box").write_text(" ".join((str(box.page + 1), *(f"{side:.3f}" for side in sides))))
    (folder / "root.der").write_bytes(office.policy.trust_roots[0])
    for number, der in enumerate(office.policy.crls):
        (folder / f"{number}.crl").write_bytes(der)


def _picture(folder: Path, office: SealOffice) -> bytes:
    (folder / "seal.svg").write_text(seal_to_svg(office.seal.face))
    frame = folder / "seal.typ"
    frame.write_text('#set page(width: 42mm, height: 42mm, margin: 0pt, fill: none)\n#image("seal.svg")\n')
    picture = typst.compile(os.fspath(frame), format="png", ppi=_PIXELS_PER_INCH)
    assert isinstance(picture, bytes)
    return picture


def _seconds(answer: str) -> tuple[float, ...]:
    return tuple(int(nanoseconds) / 1e9 for nanoseconds in answer.split(","))
