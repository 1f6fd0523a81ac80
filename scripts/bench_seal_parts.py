"""Sealing and verifying with one key, by turns with others that do it: figures, ratios, and proof of validity.

Timed by the processor time of the thread that does it, so that what else runs on the machine does not count.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter

from hub.clock import SystemClock
from scripts.bench_dss import DssPeer
from scripts.bench_harness import TIMES, Figure, Plan, Samples, TimedPart, by_turns_of, ratio_of
from scripts.bench_seal_office import PASSPHRASE, SealOffice, content_of
from scripts.service_programs import missing_programs
from seals.endorsement import Endorsement
from seals.page import RenderedPage, render_page
from seals.page_shape import UnfamiliarPage
from seals.sealing import seal_page
from seals.verdict import VerdictOutcome
from seals.verification import verify_document

WARM_SEALS, WARM_VERDICTS = 3000, 300
"""How many seals of each sort EU DSS makes, and how many verdicts it gives, before it is measured."""
_AT_ONCE = 5
"""How many calls of what takes less than a millisecond are timed at once, and how many times as often."""
_DIGEST = bytes(range(32))
_BARE, _OWN, _OTHER, _PLAIN = "bare signature", "a page of the hub's own", "any other PDF", "plain pyHanko"
_SEEN, _UNSEEN = "EU DSS, visible seal", "EU DSS, invisible field"


class NotValidError(Exception):
    """What was sealed for measuring is not valid, so the figures say nothing."""


@dataclass(frozen=True, slots=True)
class SealBench:
    """One kind of key's measurements."""

    plan: Plan
    key: str
    office: SealOffice
    folder: Path
    dss: DssPeer | None
    page: RenderedPage = field(default_factory=lambda: render_page(content_of(0)))
    endorsement: Endorsement = field(default_factory=lambda: content_of(0).endorsement)

    def figures(self) -> Iterator[Figure]:
        """Check what is sealed, then measure sealing and verifying."""
        file = self._checked()
        self._warm(file)
        yield from self._sealing()
        yield from self._verifying(file)

    def _warm(self, file: Path) -> None:
        """Let EU DSS run itself warm; in a quick run it stays cold."""
        quick = self.plan.rounds < Plan().rounds
        if self.dss is not None and not quick:
            self.dss.seal(WARM_SEALS, visible=True)
            self.dss.seal(WARM_SEALS, visible=False)
            self.dss.verify(WARM_VERDICTS, file)

    def _sealing(self) -> Iterator[Figure]:
        found = by_turns_of(self._sealing_parts(), self.plan)
        name = f"seal, {self.key}: {{}}".format
        bare = (name(_BARE), found[_BARE])
        for part, samples in found.items():
            yield samples.figure(name(part), None if part == _BARE else bare)
        for peer in (_SEEN, _UNSEEN, _PLAIN):
            for ours in (_OWN, _OTHER):
                if peer in found:
                    yield _times(f"seal, {self.key}: {ours}, faster than {peer}", found[peer], found[ours])

    def _sealing_parts(self) -> dict[str, TimedPart]:
        key, other = self.office.seal.key, _another(self.page)
        parts: dict[str, TimedPart] = {
            _BARE: _worked(lambda: key.sign(_DIGEST), _AT_ONCE),
            _OWN: _worked(partial(self._sealed, self.page), _AT_ONCE),
            _OTHER: _worked(partial(self._sealed, other)),
            _PLAIN: _worked(self._plain()),
        }
        if self.dss is not None:
            parts |= {_SEEN: partial(self.dss.seal, visible=True), _UNSEEN: partial(self.dss.seal, visible=False)}
        return parts

    def _verifying(self, file: Path) -> Iterator[Figure]:
        sealed = file.read_bytes()
        ours, bare, peer = (f"verify, {self.key}: {{}}".format(who) for who in ("the hub", _BARE, "EU DSS"))
        parts: dict[str, TimedPart] = {
            bare: _worked(_bare_verification(self.office), _AT_ONCE),
            ours: _worked(partial(self._require_good, sealed)),
        }
        if self.dss is not None:
            parts[peer] = partial(self.dss.verify, file=file)
        found = by_turns_of(parts, self.plan)
        for name, samples in found.items():
            yield samples.figure(name)
        if peer in found:
            yield _times(f"{ours}, faster than EU DSS", found[peer], found[ours])

    def _sealed(self, page: RenderedPage) -> bytes:
        return seal_page(page, self.endorsement, self.office.seal, SystemClock().now())

    def _plain(self) -> Callable[[], object]:
        """Return pyHanko's usual call: an invisible certifying PAdES signature, nothing prepared beforehand."""
        signer = signers.SimpleSigner.load_pkcs12(str(self.office.key_file), passphrase=PASSPHRASE.encode())  # type: ignore[no-untyped-call]  # the library types it partly
        how = signers.PdfSignatureMetadata(
            field_name="Signature",
            md_algorithm="sha256",
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            subfilter=SigSeedSubFilter.PADES,
        )
        return lambda: signers.sign_pdf(IncrementalPdfFileWriter(BytesIO(self.page.pdf)), how, signer)

    def _checked(self) -> Path:
        """See that both ways' seals are good to us, to pdfsig and to EU DSS; return the file of a page of the hub's."""
        for name, page in (("own", self.page), ("other", _another(self.page))):
            file = self.folder / f"{name}.pdf"
            file.write_bytes(self._sealed(page))
            self._require_good(file.read_bytes())
            _require_valid_to_pdfsig(file)
            if self.dss is not None and (found := self.dss.judge(file)) != "TOTAL_PASSED":
                raise NotValidError(f"EU DSS says of {file.name}: {found}")
        return self.folder / "own.pdf"

    def _require_good(self, sealed: bytes) -> None:
        verdict = verify_document(sealed, self.office.policy, at=SystemClock().now())
        if verdict.outcome is not VerdictOutcome.GOOD:
            raise NotValidError(verdict.summary)


def _another(page: RenderedPage) -> RenderedPage:
    """Return the page as one that is not as our renderer makes it: one line end more at its end."""
    other = RenderedPage(page.pdf + b"\n", page.seal_box)
    assert isinstance(other.changes, UnfamiliarPage)
    return other


def _worked(call: Callable[[], object], at_once: int = 1) -> TimedPart:
    """Return a part that is timed by the processor time of this thread, several calls at once where they are short."""

    def part(calls: int) -> tuple[float, ...]:
        seconds = []
        for _ in range(calls * at_once):
            begin = time.thread_time()
            for _ in range(at_once):
                call()
            seconds.append((time.thread_time() - begin) / at_once)
        return tuple(seconds)

    return part


def _times(name: str, slower: Samples, faster: Samples) -> Figure:
    return Figure(name, TIMES, ratio_of(slower.medians(), faster.medians()))


def _bare_verification(office: SealOffice) -> Callable[[], object]:
    """Return the verification of a digest's signature, and nothing else."""
    public, signature = office.seal.key.public_key, office.seal.key.sign(_DIGEST)
    prehashed = Prehashed(hashes.SHA256())
    if isinstance(public, rsa.RSAPublicKey):
        return partial(public.verify, signature, _DIGEST, padding.PKCS1v15(), prehashed)
    return partial(public.verify, signature, _DIGEST, ec.ECDSA(prehashed))


def _require_valid_to_pdfsig(file: Path) -> None:
    if missing_programs(["pdfsig"]):
        return
    shown = subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, text=True, check=False).stdout
    if "Signature is Valid." not in shown or "Total document signed" not in shown:
        raise NotValidError(f"pdfsig says of {file.name}: {shown}")
