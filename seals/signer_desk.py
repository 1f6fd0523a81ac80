"""The desk of the signer: what happens to an order, from the check of its grant to the sealed document (Art. 15).

Several desks, each in a thread or process of its own, may share one folder. Of two that get the same order at the
same time one seals and the other gives what the first one made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cachetools import LRUCache

from pki.errors import PkiError
from pki.keystore import KeyStore
from seals.endorsed_parts import fault_of_parts
from seals.endorsement import facts_digest
from seals.errors import (
    GrantScopeError,
    PrunedDocumentError,
    ReusedIssuingKeyError,
    SealingError,
    SealsError,
    WrongSealError,
)
from seals.grants import Grant, GrantUse, SignedGrant, using_unit, verify_grant
from seals.page import RenderedPage, render_page
from seals.page_content import PageContent, content_json
from seals.page_limits import require_within_limits
from seals.sealing import Seal, seal_page
from seals.signature_stamp import SignatureStamp
from seals.signer_files import private_folder
from seals.signer_limits import DailyUses
from seals.signer_locks import NamedLocks
from seals.signer_log import SignerLog
from seals.signer_orders import SealedDocument, SealingOrder
from seals.signer_records import SealRecord, SealRecords
from seals.signer_spool import KeptDocument, Spool
from seals.signer_standing import Standing

BELIEVED_FOR = timedelta(seconds=60)
"""How long a grant whose signature was good is believed before it is checked again."""
_REMEMBERED_GRANTS = 10_000


@dataclass(frozen=True, slots=True)
class GrantTrust:
    """Whose grants are believed."""

    roots: tuple[bytes, ...]
    """The seal authority's roots, in DER."""
    revocation_lists: tuple[bytes, ...] = ()
    """In DER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerParts:
    """What a signer works with."""

    open_keys: Callable[[], KeyStore]
    """Opens the store of the seals' keys: in each worker, and again after a certificate came in."""
    records: tuple[SealRecord, ...]
    """The seals to begin with; later ones are kept in the folder."""
    trust: Callable[[], GrantTrust]
    folder: Path
    """Belongs to the signer alone: spool, log, lists."""
    clock: Callable[[], datetime]
    """Gives the time of sealing; aware."""
    stamp: Callable[[], SignatureStamp | None] = lambda: None
    """Opens what puts time stamps into the seals, in each worker; it is bounded in time, for the seal waits for it."""


@dataclass(frozen=True, slots=True)
class MadePage:
    """A page that was made ahead of its order."""

    content: PageContent
    page: RenderedPage


class SigningDesk:
    """Seals one order after the other; may be called from several threads."""

    def __init__(self, parts: SignerParts) -> None:
        """Open the key of each seal and draw its face, once.

        Raises:
            WrongSealError: a certificate is not of its seal's kind, or a seal is there twice.
            SealingError: a key cannot be opened, or the folder cannot be used.
            UnprintableCharacterError, PageError: a face cannot be drawn.
        """
        folder = private_folder(parts.folder)
        locks = NamedLocks(folder / "locks")
        self._clock, self._trust, self._locks = parts.clock, parts.trust, locks
        self._believed: LRUCache[SignedGrant, tuple[datetime, Grant]] = LRUCache(_REMEMBERED_GRANTS)
        self._open_keys, self._stamp = parts.open_keys, parts.stamp()
        self.records = SealRecords(parts.records, folder / "seals.json", locks)
        self._version, self._seals = self.records.version(), self._prepared()
        self.standing = Standing(folder / "standing.json", locks)
        self._spool = Spool(folder / "spool")
        self._uses = DailyUses(folder / "uses", locks)
        self.log = SignerLog(folder / "log", parts.clock)
        self._settle_what_is_left()

    def make_page(self, content: PageContent) -> MadePage:
        """Make the page of an order that is still to come; no key is asked and nothing is kept.

        Raises:
            UnprintableCharacterError, PageError: it cannot be made.
        """
        return MadePage(content, render_page(content))

    def seal(self, order: SealingOrder, made: MadePage | None = None) -> SealedDocument:
        """Seal an order, or give what was sealed for it; see `SealingService.seal`.

        Args:
            order: what is to be sealed.
            made: a page made ahead, taken if it is of the order's content.
        """
        key = spool_key(order.issuing_key)
        content = hashlib.sha256(content_json(order.content).encode()).hexdigest()
        try:
            with self._locks.exclusive(f"key:{key}"):
                kept = self._spool.find(key)
                if kept is None:
                    kept = self._made(order, made, key, content)
                elif kept.content_sha256 != content:
                    raise ReusedIssuingKeyError(f"the issuing key {order.issuing_key!r} came before with other content")
                elif kept.pruned:
                    raise PrunedDocumentError(kept.sha256)
                self._settle(key, kept)
        except SealsError as refusal:
            self.log.append("refused", key=key, reason=type(refusal).__name__, proof=_number(order.content))
            raise
        except OSError as problem:
            raise SealingError("the signer cannot keep what it seals") from problem
        return SealedDocument(kept.pdf, kept.sha256)

    def close(self) -> None:
        """Write in the log that this run ended."""
        self.log.close()

    def _made(self, order: SealingOrder, made: MadePage | None, key: str, content: str) -> KeptDocument:
        now = self._clock()
        grant = self._grant(order.grant, now)
        seal = self._seal_for(order.content, grant, now)
        require_within_limits(order.content)
        with self.standing.used(grant.seal_id, grant.id):
            self._uses.count(grant, key, now)
            kept = self._spool.prepared(key)
            if kept is None or kept.content_sha256 != content:
                page = made.page if made and made.content == order.content else render_page(order.content)
                pdf = seal_page(page, order.content.endorsement, seal, now, self._stamp)
                names = {"grant": grant.id, "proof": _number(order.content), "seal": grant.seal_id}
                kept = KeptDocument.of(content, pdf, **names)
                self._spool.prepare(key, kept)
            self._spool.publish(key)
            self._enter(key, kept)
        return kept

    def _settle(self, key: str, kept: KeptDocument) -> None:
        """Log what a worker that died had put in its place, unless it came so far as to log it."""
        if self._spool.is_unsettled(key):
            if self.log.holds("sealed", key):
                self._spool.settle(key)
            else:
                self._enter(key, kept)

    def _enter(self, key: str, kept: KeptDocument) -> None:
        self.log.append("sealed", key=key, document_sha256=kept.sha256, **kept.details)
        self._spool.settle(key)

    def _settle_what_is_left(self) -> None:
        """Log what a worker that died had put in its place, and drop what it had not: nobody has seen that."""
        for key in self._spool.unsettled():
            with self._locks.exclusive(f"key:{key}"):
                kept = self._spool.find(key)
                if kept is not None:
                    self._settle(key, kept)
                elif self._spool.is_unsettled(key):
                    self.log.append("dropped", key=key)
                    self._spool.settle(key)

    def _grant(self, signed: SignedGrant, now: datetime) -> Grant:
        at, grant = self._believed.get(signed, (None, None))
        if at is None or grant is None or not timedelta(0) <= now - at <= BELIEVED_FOR:
            trust = self._trust()
            grant = verify_grant(signed, trust.roots, now, revocation_lists=trust.revocation_lists)
            self._believed[signed] = (now, grant)
        return grant

    def _seal_for(self, content: PageContent, grant: Grant, now: datetime) -> Seal:
        """Choose the seal by the grant, after seeing that grant and content agree with it and with themselves."""
        endorsement = content.endorsement
        if endorsement.facts_sha256 != facts_digest(content.facts):
            raise SealingError("the endorsement is of other facts than the page shows")
        fault = fault_of_parts(endorsement, {fact.key: fact.label for fact in content.facts})
        if fault is not None:
            raise SealingError(f"the endorsement's parts do not agree with the page: {fault}")
        grant.require(GrantUse(grant.seal_id, using_unit(endorsement), endorsement.proof_type_code, now))
        seal = self._current().get(grant.seal_id)
        if seal is None:
            raise WrongSealError(f"there is no seal {grant.seal_id}")
        if seal.kind is not endorsement.seal_kind:
            raise GrantScopeError(f"the grant {grant.id} is for a seal of the kind {seal.kind}")
        if seal.face.holder != content.seal_holder:
            raise WrongSealError(f"the seal is held by {seal.face.holder}, the page names {content.seal_holder}")
        return seal

    def _current(self) -> dict[str, Seal]:
        """Return the seals, prepared again when their records are others than before."""
        version = self.records.version()
        if version != self._version:
            self._seals, self._version = self._prepared(), version
        return self._seals

    def _prepared(self) -> dict[str, Seal]:
        seals = dict[str, Seal]()
        try:
            keys = self._open_keys()
        except PkiError as problem:
            raise SealingError(f"the store of the seals' keys cannot be opened: {problem}") from problem
        for record in self.records.all():
            try:
                key = keys.open(record.key_label)
            except PkiError as problem:
                raise SealingError(f"the key of the seal {record.face.name} cannot be opened: {problem}") from problem
            seals[record.id] = Seal.prepare(record.kind, record.face, key, record.picture)
        return seals


def spool_key(issuing_key: str) -> str:
    """Return the SHA-256 of an issuing key, lower-case hexadecimal: its name in spool and log."""
    return hashlib.sha256(issuing_key.encode()).hexdigest()


def _number(content: PageContent) -> str:
    return content.endorsement.proof_number
