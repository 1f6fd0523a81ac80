"""The catalogue (无证件（证明）办事目录): importing a draft, publishing it, and holding what is published in memory.

An import is one transaction: the whole version with its audit entry and its event, or nothing. What is published is
read once into an immutable snapshot and replaced as a whole, so that no routing and no query waits for the database.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

import orjson
import structlog
from cachetools import LRUCache

from graph_models.catalogue import CatalogueContent, CatalogueVersion
from graph_models.catalogue_records import (
    list_versions,
    load_content,
    load_version,
    mark_published,
    published_number,
    save_draft,
)
from graph_models.errors import StaleVersionError, StoreError
from graph_models.journal_records import append_audit, append_event
from graph_models.snapshot import CatalogueSnapshot
from graph_models.store import GraphStore, Transaction
from hub.actors import Actor
from hub.audit import CATALOGUE_STREAM, entry
from hub.catalogue_checks import CheckedContent, build_content
from hub.catalogue_files import read_tables
from hub.catalogue_workbook import FileLimits
from hub.clock import Clock
from hub.errors import ConflictError, InvalidInputError, NotFoundError, RowProblem, UnavailableError, WrongStateError
from hub.events import EventType, event
from hub.permission import Operation, require

LOG = structlog.get_logger("proofhub.catalogue")
TITLE_LIMIT = 200
"""Characters of a version's title."""
_OLDER_SNAPSHOTS = 4
_SAMPLE = "示例目录"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueCounts:
    """How much a version holds."""

    fields: int
    """Lines of work (领域) that its items are of."""
    units: int
    proof_types: int
    relationships: int
    items: int
    requirements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """A draft that was written."""

    version: CatalogueVersion
    counts: CatalogueCounts
    flagged: tuple[RowProblem, ...]
    """Rows that the authority should look at: ministry rules, articles to be confirmed."""


def counts_of(content: CatalogueContent) -> CatalogueCounts:
    """Return how much a content holds."""
    return CatalogueCounts(
        fields=len({item.field for item in content.items}),
        units=len(content.units),
        proof_types=len(content.proof_types),
        relationships=len(content.relationships),
        items=len(content.items),
        requirements=len(content.requirements),
    )


def content_digest(content: CatalogueContent) -> str:
    """Return the SHA-256 of a content, lower-case hexadecimal: the same records in the same order, the same digest."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


class SnapshotHolder:
    """Holds the published catalogue of this process; a new publication replaces it as a whole."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self._current: CatalogueSnapshot | None = None
        self._older: LRUCache[int, CatalogueSnapshot] = LRUCache(_OLDER_SNAPSHOTS)
        self._loading = asyncio.Lock()

    def current(self) -> CatalogueSnapshot:
        """Return the published catalogue, from memory alone.

        Raises:
            UnavailableError: nothing is published yet.
        """
        if self._current is None:
            raise UnavailableError(
                "no catalogue is published yet",
                message_zh="尚未公布任何目录",
                mend="Import a catalogue and publish it; outside a published catalogue there is no item and no proof.",
            )
        return self._current

    async def at(self, number: int) -> CatalogueSnapshot:
        """Return a version that is or was published; an older one is read once and kept while it is in use.

        Raises:
            NotFoundError: there is no such published version.
        """
        found = self._held(number)
        if found is not None:
            return found
        async with self._loading:
            found = self._held(number)
            if found is None:
                found = self._older[number] = await self._load(number)
            return found

    async def refresh(self) -> bool:
        """Take over what is published now; return whether it was newer than what was held."""
        async with self._loading:
            number = await self._store.read(published_number)
            if number is None or (self._current is not None and number <= self._current.version.number):
                return False
            snapshot = await self._load(number)
            if self._current is not None:
                self._older[self._current.version.number] = self._current
            self._current = snapshot
        LOG.info("catalogue_taken_over", number=number)
        return True

    async def watch(self, interval_seconds: float = 1.0) -> None:
        """Look for a new publication for ever, so that each of many processes notices it within seconds.

        A store that fails is asked again: what is held stays good meanwhile.
        """
        while True:
            try:
                await self.refresh()
            except StoreError as problem:
                LOG.warning("catalogue_not_refreshed", reason=str(problem))
            await asyncio.sleep(interval_seconds)

    def _held(self, number: int) -> CatalogueSnapshot | None:
        if self._current is not None and self._current.version.number == number:
            return self._current
        return self._older.get(number)

    async def _load(self, number: int) -> CatalogueSnapshot:
        async def work(tx: Transaction) -> tuple[CatalogueVersion | None, CatalogueContent]:
            return await load_version(tx, number), await load_content(tx, number)

        version, content = await self._store.read(work)
        if version is None or version.published_at is None:
            raise _no_version(number)
        return await asyncio.to_thread(CatalogueSnapshot, version, content)


class CatalogueService:
    """What the catalogue authority (市司法局) does: import a draft and publish it (Art. 8)."""

    def __init__(
        self, store: GraphStore, clock: Clock, snapshots: SnapshotHolder, limits: FileLimits | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._snapshots = snapshots
        self._limits = limits or FileLimits()

    async def import_file(self, actor: Actor, data: bytes, filename: str, title: str) -> ImportResult:
        """Lay a CSV or XLSX file over the latest version and write the result as the next draft.

        Raises:
            NotPermittedError: the actor is not the catalogue authority.
            InvalidInputError: the file is too large or cannot be read, or the title is empty or too long.
            CatalogueRejectedError: rows are at fault; it lists each, and nothing is written.
            ConflictError: somebody else imported meanwhile.
        """
        require(actor, Operation.IMPORT_CATALOGUE)
        title = _checked_title(title)
        base_number, base = await self._store.read(_latest)
        tables = await asyncio.to_thread(read_tables, data, filename, self._limits)
        checked = await asyncio.to_thread(build_content, tables, base)
        version = CatalogueVersion(
            number=base_number + 1,
            title=title,
            digest=await asyncio.to_thread(content_digest, checked.content),
            imported_at=self._clock.now(),
            sample=any(_SAMPLE in text for text in (title, *tables.notes)),
        )
        await self._write_draft(actor, version, checked)
        return ImportResult(version=version, counts=counts_of(checked.content), flagged=checked.flagged)

    async def publish(self, actor: Actor, number: int | None = None) -> CatalogueVersion:
        """Publish a draft (None: the latest); in this process it holds when this returns, elsewhere within seconds.

        Raises:
            NotPermittedError: the actor is not the catalogue authority.
            NotFoundError: there is no such version, or no draft at all.
            WrongStateError: it is published already, or a later one is.
        """
        require(actor, Operation.IMPORT_CATALOGUE)
        versions = await self._store.read(list_versions)
        chosen = _draft_to_publish(versions, number)
        now = self._clock.now()
        audit = entry(CATALOGUE_STREAM, actor, "PUBLISH_CATALOGUE", str(chosen.number), now, digest=chosen.digest)
        news = event(actor.unit_code, EventType.CATALOGUE_PUBLISHED, str(chosen.number), now)

        async def work(tx: Transaction) -> CatalogueVersion:
            await append_audit(tx, audit)  # holds the stream: imports and publications follow one another
            published = await mark_published(tx, chosen.number, now)
            await append_event(tx, news)
            return published

        try:
            published = await self._store.write(work)
        except StaleVersionError as problem:
            raise _published_already(chosen.number) from problem
        await self._snapshots.refresh()
        return published

    async def _write_draft(self, actor: Actor, version: CatalogueVersion, checked: CheckedContent) -> None:
        number, now, flagged = version.number, version.imported_at, len(checked.flagged)
        audit = entry(
            CATALOGUE_STREAM, actor, "IMPORT_CATALOGUE", str(number), now, digest=version.digest, flagged=flagged
        )
        news = event(actor.unit_code, EventType.CATALOGUE_IMPORTED, str(number), now)

        async def work(tx: Transaction) -> None:
            await append_audit(tx, audit)  # holds the stream: of two imports at once the second sees the first
            if await load_version(tx, number) is not None:
                raise StaleVersionError(f"version {number} of the catalogue was imported meanwhile")
            await save_draft(tx, version, checked.content)
            await append_event(tx, news)

        try:
            await self._store.write(work)
        except StaleVersionError as problem:
            raise ConflictError(
                "another import was written meanwhile; nothing was written",
                message_zh="其间已有其他目录导入，本次未写入",
                mend="Look at the latest version and import the file again.",
            ) from problem


async def _latest(tx: Transaction) -> tuple[int, CatalogueContent]:
    """Return the highest number, draft or published, with its content; 0 and nothing before the first."""
    number = max((version.number for version in await list_versions(tx)), default=0)
    return number, await load_content(tx, number) if number else CatalogueContent()


def _draft_to_publish(versions: tuple[CatalogueVersion, ...], number: int | None) -> CatalogueVersion:
    newest = max((version.number for version in versions if version.published_at is not None), default=0)
    drafts = {version.number: version for version in versions if version.published_at is None}
    wanted = max(drafts, default=newest) if number is None else number
    if wanted not in {version.number for version in versions}:
        raise _no_version(wanted)
    if wanted not in drafts or wanted < newest:
        raise _published_already(wanted)
    return drafts[wanted]


def _checked_title(title: str) -> str:
    title = title.strip()
    if not title or len(title) > TITLE_LIMIT or not title.isprintable():
        raise InvalidInputError(
            f"the title is empty, longer than {TITLE_LIMIT} characters or not printable",
            message_zh="标题为空、过长或含不可显示字符",
            mend=f"Give the version a title of 1 to {TITLE_LIMIT} characters.",
            field="title",
        )
    return title


def _published_already(number: int) -> WrongStateError:
    return WrongStateError(
        f"version {number} of the catalogue, or a later one, is published already",
        message_zh=f"第 {number} 版目录或更新的版本已公布",
        mend="Import a new version and publish that.",
    )


def _no_version(number: int) -> NotFoundError:
    return NotFoundError(
        f"there is no version {number} of the catalogue" if number else "there is no draft of the catalogue",
        message_zh=f"没有第 {number} 版目录" if number else "没有目录草案",
        mend="Import a catalogue first, or name a version that exists.",
        field="number",
    )
