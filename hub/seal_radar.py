"""The seal radar: until when each key, certificate, authority and algorithm is good, and what stands on it. Pure.

A proof must stay checkable when what sealed it is long gone. So everything that runs out is listed with the number of
living proofs on it and the day by which something must be done: a seal gets its next key, an authority its next
certificate, and proofs that outlive a certificate get new time stamps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography import x509

from graph_models.seals import LivingProofs, Seal, SealKey, SealState
from hub.seal_keys import authorities_of, keys_of, name_of

SIGNED_OVER = "SHA_256"
"""The digest of all seals, as an algorithm of its own."""
ALGORITHM_ENDS: Mapping[str, datetime | None] = {
    "RSA_2048": datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC),
    "RSA_3072": None,
    "P_256": None,
    SIGNED_OVER: None,
}
"""Until when an algorithm may be used; None: beyond 2030 (NIST SP 800-57 part 1 rev. 5, table 4: 112 bits end then)."""
_GONE = frozenset({SealState.REVOKED, SealState.DESTROYED})


class RadarSubject(StrEnum):
    """What a line of the radar is about."""

    ALGORITHM = "ALGORITHM"
    AUTHORITY = "AUTHORITY"
    CERTIFICATE = "CERTIFICATE"
    KEY = "KEY"


class RadarState(StrEnum):
    """Whether something must be done."""

    GOOD = "GOOD"
    DUE = "DUE"
    """It runs out within the days of warning."""
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RadarRule:
    """From when on a certificate no longer seals, and from when on it is warned."""

    least: timedelta = timedelta(days=30)
    """A seal whose certificate ends sooner does not seal."""
    warning: timedelta = timedelta(days=90)
    """What ends sooner is to be renewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RadarLine:
    """One key, certificate, authority or algorithm."""

    subject: RadarSubject
    name: str
    seal_id: str | None
    """The seal concerned; None where several may be."""
    good_until: datetime | None
    """None where no end is known."""
    living_proofs: int
    """How many proofs that can be relied on stand on it."""
    needed_until: datetime | None
    """When the last of those that end does so."""
    endless_proofs: int
    """How many of them have no end."""
    renew_by: datetime | None
    """By when it must be renewed or, for what seals no more, the proofs on it stamped anew; None: not at all."""
    state: RadarState


def may_seal(certificate_end: datetime, now: datetime, usable_until: datetime | None, rule: RadarRule) -> bool:
    """Tell whether a certificate lasts as long as the proof shall be usable (None: no end), and long enough anyway."""
    return certificate_end - now >= rule.least and (usable_until is None or certificate_end >= usable_until)


def radar(
    seals: Sequence[Seal], living: Iterable[LivingProofs], roots: Iterable[bytes], now: datetime, rule: RadarRule
) -> tuple[RadarLine, ...]:
    """Return all lines: by subject, then what ends first.

    Args:
        seals: all of the register.
        living: the living proofs of each key.
        roots: the trust roots in DER.
        now: the time; aware.
        rule: when to warn.
    """
    view = _View({each.key_label: each for each in living}, now, rule)
    keys = [(seal, key) for seal in seals for key in keys_of(seal)]
    lines = [_certificate_line(view, seal, key) for seal, key in keys if key.certificate is not None]
    lines += [_key_line(view, seal, key) for seal, key in keys if seal.state is not SealState.DESTROYED]
    lines += _authority_lines(view, [key for _, key in keys], roots)
    lines += _algorithm_lines(view, keys)
    return tuple(sorted(lines, key=lambda line: (line.subject, line.good_until or _NEVER, line.name)))


_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _View:
    """What all lines are made from."""

    living: Mapping[str, LivingProofs]
    now: datetime
    rule: RadarRule

    def line(
        self, subject: RadarSubject, name: str, labels: Iterable[str], end: datetime | None, *, seals: bool
    ) -> RadarLine:
        """Return a line; ``seals`` says whether it still seals, so that it needs renewal whatever stands on it."""
        on_it = [self.living[label] for label in sorted(set(labels)) if label in self.living]
        needed = max((each.last_until for each in on_it if each.last_until is not None), default=None)
        endless = sum(each.endless for each in on_it)
        outlived = end is not None and (endless > 0 or (needed is not None and needed > end))
        renew_by = end - self.rule.warning if end is not None and (seals or outlived) else None
        return RadarLine(
            subject=subject,
            name=name,
            seal_id=None,
            good_until=end,
            living_proofs=sum(each.count for each in on_it),
            needed_until=needed,
            endless_proofs=endless,
            renew_by=renew_by,
            state=self._state(end, renew_by),
        )

    def _state(self, end: datetime | None, renew_by: datetime | None) -> RadarState:
        if end is not None and self.now > end:
            return RadarState.ENDED
        return RadarState.DUE if renew_by is not None and self.now >= renew_by else RadarState.GOOD


def _certificate_line(view: _View, seal: Seal, key: SealKey) -> RadarLine:
    line = view.line(
        RadarSubject.CERTIFICATE, f"{seal.name} {key.label}", (key.label,), key.not_after, seals=_seals(seal, key)
    )
    return _of(line, seal)


def _key_line(view: _View, seal: Seal, key: SealKey) -> RadarLine:
    end = ALGORITHM_ENDS.get(key.algorithm)
    return _of(view.line(RadarSubject.KEY, key.label, (key.label,), end, seals=_seals(seal, key)), seal)


def _authority_lines(view: _View, keys: list[SealKey], roots: Iterable[bytes]) -> list[RadarLine]:
    labels: dict[x509.Certificate, list[str]] = {}
    for label, above in authorities_of(keys, roots).items():
        for certificate in above:
            labels.setdefault(certificate, []).append(label)
    return [
        view.line(RadarSubject.AUTHORITY, name_of(found), on_it, found.not_valid_after_utc, seals=True)
        for found, on_it in labels.items()
    ]


def _algorithm_lines(view: _View, keys: list[tuple[Seal, SealKey]]) -> list[RadarLine]:
    labels: dict[str, list[str]] = {}
    used: set[str] = set()
    for seal, key in keys:
        for algorithm in (key.algorithm, SIGNED_OVER):
            labels.setdefault(algorithm, []).append(key.label)
            if _seals(seal, key):
                used.add(algorithm)
    return [
        view.line(RadarSubject.ALGORITHM, name, on_it, ALGORITHM_ENDS.get(name), seals=name in used)
        for name, on_it in labels.items()
    ]


def _seals(seal: Seal, key: SealKey) -> bool:
    return seal.state not in _GONE and key not in seal.old_keys


def _of(line: RadarLine, seal: Seal) -> RadarLine:
    return replace(line, seal_id=seal.id)
