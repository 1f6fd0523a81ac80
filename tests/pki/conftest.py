"""Parts shared by the tests of this room: one small authority on P-256 keys, made once."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pki.authority import CertificateOrder, Subject
from pki.development import DevelopmentAuthority, DevelopmentPlan, SealOrder, create_development_authority
from pki.pkcs12 import Pkcs12KeyStore
from pki.profiles import POLICY_INFORMATION_SHARING, POLICY_INFORMATION_VERIFICATION, CertificateProfile
from pki.trust import TrustRoot

NOW = datetime(2026, 11, 24, 1, 2, 3, 456789, tzinfo=UTC)
HOLDER = "宁波市公安局"
PLAN = DevelopmentPlan(
    organisation="Proofhub Test",
    seals=tuple(
        SealOrder(
            label=label,
            policy=policy,
            subject=Subject(organisation=HOLDER, common_name=name, organisation_identifier="NTRCN-91330200TEST00000X"),
        )
        for label, policy, name in (
            ("sharing", POLICY_INFORMATION_SHARING, "电子证明共享信息专用章"),
            ("verification", POLICY_INFORMATION_VERIFICATION, "电子证明核实信息专用章"),
        )
    ),
)


@dataclass(frozen=True)
class World:
    """An authority, its keys and its root."""

    folder: Path
    keys: Pkcs12KeyStore
    authority: DevelopmentAuthority
    root: TrustRoot
    plan: DevelopmentPlan
    now: datetime
    serial: Callable[[], int]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("authority")
    keys = Pkcs12KeyStore(folder / "keys", "correct horse")
    serial = itertools.count(2**100).__next__
    authority = create_development_authority(folder, keys, PLAN, NOW, serial)
    return World(folder, keys, authority, TrustRoot.load(authority.root_pem), PLAN, NOW, serial)


@pytest.fixture
def order_of(world) -> Callable[[CertificateProfile], CertificateOrder]:
    """Makes an order of any profile, with the subject of a seal or of a service."""

    def order(profile: CertificateProfile) -> CertificateOrder:
        service = Subject(organisation="Proofhub Test", common_name="Service")
        return CertificateOrder(
            profile=profile,
            subject=service if len(profile.subject) == 3 else world.plan.seals[0].subject,
            serial=world.serial(),
            not_before=world.now,
            not_after=world.now + timedelta(days=300),
        )

    return order
