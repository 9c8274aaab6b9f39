"""Files that nobody else on the machine may read, and that are on the disk when they are said to be."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from entact.store.error import StoreError

FOLDER, FILE = 0o700, 0o600


def private_folder(folder: Path) -> None:
    """Makes a folder that only its owner may enter; one that is there already is made so.

    Raises:
        StoreError: when it belongs to somebody else, who could read or replace what lies in it.
    """
    try:
        folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            folder.chmod(FOLDER)
    except (FileExistsError, NotADirectoryError) as error:
        raise StoreError(f"{folder} is no folder, or lies in something that is none") from error
    except PermissionError as error:
        raise StoreError(f"{folder} is not ours to keep secrets in: {error.strerror}") from error


def private_file(path: Path) -> None:
    """Takes from everybody else what rights they have on a file, where it is there and ours."""
    try:
        if path.stat().st_mode & 0o077:
            path.chmod(FILE)
    except FileNotFoundError:
        return
    except PermissionError as error:
        raise StoreError(f"{path} is not ours to keep secrets in: {error.strerror}") from error


def write_new(path: Path, content: bytes, what: str) -> None:
    """Writes a new private file, whole or not at all: what a kill leaves behind is not under its name.

    Args:
        what: it is, for the error.
    Raises:
        StoreError: when there is a file of that name.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _name(partial, path)
    except FileExistsError as error:
        raise StoreError(f"{path} exists already: {what} is never overwritten") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(path.parent)


def _name(partial: Path, path: Path) -> None:
    try:
        os.link(partial, path)  # unlike a rename, it never replaces a file
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
            raise
        if path.exists():  # a stick with a file system that knows no links
            raise FileExistsError(str(path)) from error
        partial.rename(path)


def write_over(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all, in the place of one that may be there; on the disk afterwards.

    Raises:
        OSError: when it cannot be written; what was there stands.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    sync_outside(path.parent)


def sync_folder(folder: Path) -> None:
    """Returns when the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_outside(folder: Path) -> None:
    """The same of a place that others gave: a drop box that only takes, or a share, may not be asked it."""
    try:
        sync_folder(folder)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EINVAL, errno.ENOTSUP):
            raise
