"""The radar: what is good until when, what stands on it, and from when on a certificate seals no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.seals import LivingProofs, Seal, SealKey, SealState
from hub.errors import NotPermittedError
from hub.seal_radar import ALGORITHM_ENDS, RadarLine, RadarRule, RadarState, RadarSubject, may_seal, radar
from pki.keystore import KeyAlgorithm
from tests.contract.seals import seal as some_seal
from tests.hub.office import NOW, OPERATOR
from tests.hub.seal_authority import FIRST, SECOND, SealServices, call

RULE = RadarRule(least=timedelta(days=30), warning=timedelta(days=90))
DAY = timedelta(days=1)


def key(label: str, days: int, algorithm: str = "P_256") -> SealKey:
    """Return a key whose certificate ends in so many days; the radar reads its period from the record."""
    return SealKey(
        label=label, algorithm=algorithm, request="", certificate=None, not_before=NOW, not_after=NOW + days * DAY
    )


def seal(current: SealKey, *old: SealKey, state: SealState = SealState.ACTIVE) -> Seal:
    return replace(some_seal(state=state), key=current, old_keys=old)


def living(label: str, count: int, days: int | None = None, endless: int = 0) -> LivingProofs:
    return LivingProofs(
        key_label=label, count=count, last_until=None if days is None else NOW + days * DAY, endless=endless
    )


def found(lines: tuple[RadarLine, ...], subject: RadarSubject, name: str) -> RadarLine:
    return next(line for line in lines if line.subject is subject and line.name.endswith(name))


@given(st.integers(0, 200), st.none() | st.integers(0, 200))
def test_a_certificate_seals_while_it_lasts_as_long_as_the_proof_and_as_the_rule_asks(
    days: int, usable: int | None
) -> None:
    until = None if usable is None else NOW + usable * DAY
    lasts = days >= 30 and (usable is None or days >= usable)
    assert may_seal(NOW + days * DAY, NOW, until, RULE) is lasts


def test_an_algorithm_that_ends_is_due_before_and_ended_after_and_counts_its_proofs() -> None:
    seals, on_it = [seal(key("k", 900, "RSA_2048"))], [living("k", 7, 90), living("other", 3, 400)]
    for now, state in (
        (NOW, RadarState.GOOD),
        (datetime(2030, 10, 5, tzinfo=UTC), RadarState.DUE),
        (datetime(2031, 1, 1, tzinfo=UTC), RadarState.ENDED),
    ):
        line = found(radar(seals, on_it, (), now, RULE), RadarSubject.ALGORITHM, "RSA_2048")
        assert (line.state, line.living_proofs, line.needed_until) == (state, 7, NOW + 90 * DAY)
        assert line.good_until == ALGORITHM_ENDS["RSA_2048"]
    digest = found(radar(seals, on_it, (), NOW, RULE), RadarSubject.ALGORITHM, "SHA_256")
    assert (digest.good_until, digest.renew_by, digest.living_proofs) == (None, None, 7)


def test_every_kind_of_key_has_an_entry_in_the_table_of_algorithms() -> None:
    assert {algorithm.value for algorithm in KeyAlgorithm} < set(ALGORITHM_ENDS)


async def test_a_certificate_that_seals_is_renewed_in_time_and_its_authorities_are_listed(
    services: SealServices,
) -> None:
    current = await services.active()
    assert current.key is not None
    assert current.key.not_after is not None
    lines = await services.book.radar(FIRST)
    certificate = found(lines, RadarSubject.CERTIFICATE, current.key.label)
    assert (certificate.seal_id, certificate.good_until) == (current.id, current.key.not_after)
    assert certificate.renew_by == current.key.not_after - 90 * DAY
    assert (certificate.state, certificate.living_proofs) == (RadarState.GOOD, 0)
    authorities = [line.name for line in lines if line.subject is RadarSubject.AUTHORITY]
    assert authorities == ["Proofhub Test Issuing CA", "Proofhub Test Root CA"]
    services.authority.clock.at = current.key.not_after - 89 * DAY
    due = found(await services.book.radar(FIRST), RadarSubject.CERTIFICATE, current.key.label)
    assert due.state is RadarState.DUE


async def test_an_old_key_is_due_only_where_proofs_outlive_its_certificate(services: SealServices) -> None:
    current = await services.active()
    rotated = await services.register.rotate(SECOND, call(current))
    done = await services.register.install(FIRST, call(current), services.certificate(rotated))
    (old,) = done.old_keys
    assert old.not_after is not None
    for proofs, renew in (
        ((), None),
        ((living(old.label, 4, 200),), None),
        ((living(old.label, 4, 200, endless=1),), old.not_after - 90 * DAY),
        ((living(old.label, 4, 3000),), old.not_after - 90 * DAY),
    ):
        lines = radar([done], proofs, services.authority.roots, NOW, RULE)
        line = found(lines, RadarSubject.CERTIFICATE, old.label)
        assert (line.renew_by, line.living_proofs) == (renew, sum(each.count for each in proofs))


def test_a_seal_that_has_ended_needs_no_new_key() -> None:
    for state in (SealState.REVOKED, SealState.DESTROYED):
        lines = radar([seal(key("k", 10, "RSA_2048"), state=state)], (), (), NOW, RULE)
        assert all(line.renew_by is None for line in lines)
    assert not [line for line in lines if line.subject is RadarSubject.KEY]


async def test_the_radar_is_for_the_seal_authority_and_the_supervisor(services: SealServices) -> None:
    with pytest.raises(NotPermittedError):
        await services.book.radar(OPERATOR)
