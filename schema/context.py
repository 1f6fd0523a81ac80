"""What a resolver has at hand: who calls, the hub's services, and what is read once for the whole request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry
from strawberry.dataloader import DataLoader

from graph_models.casework import Case, VerificationRequest
from graph_models.snapshot import CatalogueSnapshot
from hub.actors import Actor
from hub.archive_renewal import ArchiveRenewal
from hub.case_files import CaseFile
from hub.cases import CaseService
from hub.catalogue import CatalogueService, SnapshotHolder
from hub.contacts import ContactService
from hub.proof_reading import ProofReader
from hub.requests import RequestMatter, RequestService
from hub.seal_book import SealBook
from hub.seal_grants import SealGrants
from hub.seal_register import SealRegister
from hub.statistics import Statistics
from hub.verifying import Verifier
from hub.watching import Watching
from hub.webhooks import WebhookService


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of the hub that the surface calls."""

    cases: CaseService
    requests: RequestService
    snapshots: SnapshotHolder
    catalogue: CatalogueService
    proofs: ProofReader
    verifier: Verifier
    seals: SealRegister
    grants: SealGrants
    seal_book: SealBook
    archive: ArchiveRenewal
    webhooks: WebhookService
    contacts: ContactService
    watching: Watching
    statistics: Statistics


class Loaders:
    """Reads what several objects of one answer need in one go; made anew for each request."""

    def __init__(self, services: Services, actor: Actor) -> None:
        self._services = services
        self._actor = actor
        self.files: DataLoader[Case, CaseFile] = DataLoader(load_fn=self._files, cache_key_fn=lambda case: case.number)

        self.matters: DataLoader[VerificationRequest, RequestMatter] = DataLoader(
            load_fn=self._matters, cache_key_fn=lambda request: (request.id, request.version)
        )

    def knows(self, file: CaseFile) -> None:
        """Keep a case file that was read already, in place of what was known before a mutation."""
        self.files.prime(file.case, file, force=True)

    async def _files(self, cases: list[Case]) -> list[CaseFile]:
        return list(await self._services.cases.files_of(tuple(cases)))

    async def _matters(self, requests: list[VerificationRequest]) -> list[RequestMatter]:
        return list(await self._services.requests.matters_of(self._actor, tuple(requests)))


@dataclass(slots=True)
class RequestContext:
    """One request: its caller, its id, the services, and the catalogue as it was when it was first asked."""

    actor: Actor
    services: Services
    request_id: str
    loaders: Loaders
    _catalogue: CatalogueSnapshot | None = field(default=None)

    @property
    def catalogue(self) -> CatalogueSnapshot:
        """The published catalogue, one and the same for the whole answer.

        Raises:
            UnavailableError: nothing is published yet.
        """
        if self._catalogue is None:
            self._catalogue = self.services.snapshots.current()
        return self._catalogue

    def renew(self) -> None:
        """Forget what was read: the next event of a subscription is answered from what there is then."""
        self.loaders = Loaders(self.services, self.actor)
        self._catalogue = None

    async def catalogue_at(self, version: int) -> CatalogueSnapshot:
        """Return a version that is or was published. Raises NotFoundError."""
        return await self.services.snapshots.at(version)


Info: TypeAlias = strawberry.Info[RequestContext, None]
"""What resolvers get."""
