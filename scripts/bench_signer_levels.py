"""What the levels above B-B cost: the time stamp in the seal, and raising a proof beside the calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from graph_models.casework import ProofLevel
from hub.clock import SystemClock, SystemIds
from hub.entry.settings import SealSettings, TimeStampSource
from hub.entry.stamping import long_term_work, stamp_at_sealing
from hub.long_term_work import LongTermWork
from scripts.bench_harness import Figure, Plan, Samples
from scripts.bench_signer_office import SignerOffice
from scripts.bench_signer_parts import Part, awaited, by_turns_by_themselves, page_of, timed
from seals.page import render_page
from seals.sealing import seal_page
from seals.signer_client import SignerClient

_RAISES = 2
"""How many proofs are raised in a round."""
_PLAIN, _STAMPED = "seal a page at B-B", "seal a page at B-T, stamped in the same process"
_ASKED = "a time stamp asked of the signer through its socket, and checked"


async def level_figures(place: SignerOffice, key: str, plan: Plan) -> list[Figure]:
    """Measure with a signer that has the embedded time-stamp authority."""
    settings = place.settings("levels", tsa=TimeStampSource.EMBEDDED)
    async with place.signer(settings) as signer:
        work = long_term_work(settings, signer.time_stamp, SystemClock(), SystemIds())
        levels = _Levels(place, settings, signer, work)
        stamps = await by_turns_by_themselves(levels.stamps(), replace(plan, calls=plan.calls // 2))
        raises = await by_turns_by_themselves(await levels.raises(), replace(plan, calls=_RAISES, warm_up=1))
    return list(_figures(f"level, {key}: {{}}", stamps, raises))


@dataclass(frozen=True, slots=True)
class _Levels:
    """What is above B-B: in the seal, and beside the calls."""

    place: SignerOffice
    settings: SealSettings
    signer: SignerClient
    work: LongTermWork

    def stamps(self) -> dict[str, Part]:
        """Return sealing without and with a time stamp, and the time stamp alone."""
        (page, content), clock, seal = page_of(self.place), SystemClock(), self.place.office.seal
        stamp, stamper = stamp_at_sealing(self.settings, clock, SystemIds()), self.work.means().stamper
        return {
            _PLAIN: timed(lambda: seal_page(page, content.endorsement, seal, clock.now())),
            _STAMPED: timed(lambda: seal_page(page, content.endorsement, seal, clock.now(), stamp)),
            _ASKED: partial(awaited, lambda: stamper.stamp(bytes(32))),
        }

    async def raises(self) -> dict[str, Part]:
        """Return what the hub does beside the calls, without its store."""
        order, clock, seal = self.place.order(), SystemClock(), self.place.office.seal
        stamped = (await self.signer.seal(order)).pdf
        bare = seal_page(render_page(order.content), order.content.endorsement, seal, clock.now())
        return {
            "from B-T to B-LT": partial(awaited, partial(self._raised, stamped, ProofLevel.B_LT)),
            "from B-T to B-LTA": partial(awaited, partial(self._raised, stamped, ProofLevel.B_LTA)),
            "from B-B to B-LTA": partial(awaited, partial(self._raised, bare, ProofLevel.B_LTA)),
        }

    async def _raised(self, pdf: bytes, level: ProofLevel) -> None:
        made = await self.work.raised(pdf, level)
        if made.level is not level:
            raise AssertionError(f"raised to {made.level} instead of {level}")


def _figures(name: str, stamps: Mapping[str, Samples], raises: Mapping[str, Samples]) -> Iterator[Figure]:
    plain = name.format(_PLAIN), stamps[_PLAIN]
    for part, samples in stamps.items():
        yield samples.figure(name.format(part), plain if part == _STAMPED else None)
    for part, samples in raises.items():
        yield samples.figure(name.format(f"raise a proof beside the calls, {part} (without the store)"))
