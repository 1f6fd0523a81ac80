"""The signer process of a hub: `proofhub signer`, or a child of the hub that has none of its own.

    python -m hub.entry.signer_host

As a child it is told its settings through its standard input, so that no passphrase stands in a command line, and ends
when that input ends. It says on its standard output, in one line of JSON, that it listens or why it cannot.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import orjson

from hub.clock import SystemClock, SystemIds
from hub.entry.key_stores import open_keys
from hub.entry.pki_services import open_online_services
from hub.entry.settings import SealSettings
from hub.entry.stamping import stamp_at_sealing
from pki.development import ROOT_FILE
from pki.errors import MalformedCertificateError
from pki.trust import TrustRoot
from seals.errors import SealingError, SealsError, SignerStartError
from seals.judge_frames import HEAD_BYTES, length_of
from seals.signer_desk import GrantTrust, SignerParts
from seals.signer_process import ProcessPlan, run_signer
from seals.signer_pruning import SpoolPruner
from seals.signer_worker import WorkerPlan

_SETTINGS_LIMIT = 64 * 1024


def host_signer(
    settings: SealSettings, socket: Path, *, stop: int | None = None, started: Callable[[], None] = lambda: None
) -> None:
    """Be the signer until told to end.

    Args:
        settings: where keys, lists and the signer's own folder are.
        socket: where to listen.
        stop: descriptor of a pipe whose closing ends it.
        started: called when it listens.

    Raises:
        SealsError: it cannot start.
    """
    clock, ids = SystemClock(), SystemIds()
    worker = WorkerPlan(
        parts=signer_parts(settings),
        uids=frozenset({os.getuid(), *settings.signer_users}),
        other_services=lambda keys: open_online_services(keys, settings.pki_folder, clock, ids),
    )
    workers = settings.signer_workers or os.cpu_count() or 1
    pruner = SpoolPruner(settings.signer_folder, timedelta(days=settings.spool_days), clock.now)
    plan = ProcessPlan(worker=worker, socket=socket, workers=workers, stop=stop, pruner=pruner, started=started)
    run_signer(plan)


def signer_parts(settings: SealSettings) -> SignerParts:
    """Return what the signer works with, as the settings say."""
    return SignerParts(
        open_keys=lambda: open_keys(settings),
        records=(),
        trust=lambda: _trust(settings.pki_folder),
        folder=settings.signer_folder,
        clock=SystemClock().now,
        stamp=lambda: stamp_at_sealing(settings, SystemClock(), SystemIds()),
    )


def _trust(folder: Path) -> GrantTrust:
    try:
        roots = TrustRoot.load(folder / ROOT_FILE).der
        return GrantTrust(roots, tuple(path.read_bytes() for path in sorted(folder.glob("*.crl"))))
    except (OSError, MalformedCertificateError) as problem:
        raise SealingError(f"whose grants to believe cannot be read: {problem}") from problem


def main() -> None:
    """Be the signer of the hub that started this process."""
    logging.basicConfig(level=logging.WARNING)
    settings = SealSettings.model_validate_json(_first_frame(sys.stdin.fileno()))
    try:
        host_signer(
            settings, _socket_of(settings), stop=sys.stdin.fileno(), started=lambda: _say({"started": os.getpid()})
        )
    except SealsError as problem:
        _say({"error": str(problem)})
        sys.exit(3)


def _socket_of(settings: SealSettings) -> Path:
    if settings.signer_socket is None:
        raise SignerStartError("the signer has no socket to listen at")
    return settings.signer_socket


def _first_frame(descriptor: int) -> bytes:
    """Read one frame and not a byte more: the end of what follows is a sign of its own."""
    length = length_of(_read(descriptor, HEAD_BYTES), _SETTINGS_LIMIT)
    return _read(descriptor, length)


def _read(descriptor: int, length: int) -> bytes:
    data = b""
    while len(data) < length and (piece := os.read(descriptor, length - len(data))):
        data += piece
    return data


def _say(record: dict[str, object]) -> None:
    sys.stdout.buffer.write(orjson.dumps(record) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
