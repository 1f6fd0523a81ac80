"""How the signer keeps its files: whole or not at all, on the disk before the call returns, closed to others."""

from __future__ import annotations

import os
from pathlib import Path

from seals.errors import SealingError


def private_folder(folder: Path) -> Path:
    """Make a folder with mode 0700 where there is none, or see that it is closed to others; return it.

    Raises:
        SealingError: others may enter it, or it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = folder.stat().st_mode
    except OSError as problem:
        raise SealingError(f"the signer's folder {folder} cannot be used: {problem.strerror}") from problem
    if mode & 0o077:
        raise SealingError(f"others can enter the signer's folder {folder}; close it with: chmod 700 {folder}")
    return folder


def write_through(path: Path, data: bytes) -> None:
    """Write a new file that only its owner can read, and see it on the disk; its name in the folder is not yet."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace_through(path: Path, data: bytes) -> None:
    """Put a file in the place of another, whole or not at all, and see both on the disk."""
    draft = path.with_name(f"{path.name}.new")
    write_through(draft, data)
    draft.replace(path)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """See the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
