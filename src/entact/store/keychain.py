"""The participants' keys, in one small file outside the database.

A backup of the record, its write-ahead log or a stolen disk image of the database therefore opens nothing. An
erased key leaves no dead row behind: the file is written anew, and the old one is overwritten before it goes.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from entact.course.entry.sealing import KEY_BYTES
from entact.store import server
from entact.store.error import StoreError

Stamp = tuple[int, int, int]  # of a file: inode, bytes, time of change


def keychain_folder(mark: UUID) -> Path:
    """Where the keys of one installation lie: under ENTACT_KEYS, else under `keys` beside the data."""
    return Path(os.environ.get("ENTACT_KEYS") or server.data_folder() / "keys") / str(mark)


class Keychain:
    """Keys by participant, as the file holds them now; other processes may add to it at any time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "keys.jsonl"
        self._stamp: Stamp | None = None
        self._keys: dict[str, bytes] = {}

    def get(self, participant: str) -> bytes | None:
        """The key of a participant, or None."""
        return self.all().get(participant)

    def all(self) -> Mapping[str, bytes]:
        """Every key by participant.

        Raises:
            StoreError: when a line cannot be read, with its number.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._stamp, self._keys = None, {}
            return self._keys
        stamp = (found.st_ino, found.st_size, found.st_mtime_ns)
        if stamp != self._stamp:
            self._keys = self._parse(self.path.read_bytes())
            self._stamp = stamp
        return self._keys

    def add(self, keys: Mapping[str, bytes]) -> None:
        """Keeps keys, on the disk when this returns; one that is there already is left as it is.

        Raises:
            StoreError: when a key is not of 32 bytes.
        """
        for participant, key in keys.items():
            if len(key) != KEY_BYTES:
                raise StoreError(f"the key of {participant} has {len(key)} bytes; a key has {KEY_BYTES}")
        with self._locked():
            known = self.all()
            new = {name: key for name, key in keys.items() if name not in known}
            if not new:
                return
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "r+b") as file:
                content = file.read()
                # A line that a crash cut off was never acknowledged.
                file.truncate(content.rfind(b"\n") + 1)
                file.write(_text(new))
                file.flush()
                os.fsync(file.fileno())
            _sync_folder(self.folder)

    def remove(self, participants: Iterable[str]) -> None:
        """Forgets the keys of participants; the file is written anew and the old bytes are overwritten."""
        with self._locked():
            known = self.all()
            gone = {name for name in participants if name in known}
            if not gone:
                return
            fresh = self.folder / "keys.new"
            fresh.unlink(missing_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(_text({name: key for name, key in known.items() if name not in gone}))
                file.flush()
                os.fsync(file.fileno())
            with self.path.open("r+b") as old:
                fresh.rename(self.path)
                _sync_folder(self.folder)
                length = os.fstat(old.fileno()).st_size
                old.write(bytes(length))
                old.flush()
                os.fsync(old.fileno())

    def _parse(self, content: bytes) -> dict[str, bytes]:
        keys: dict[str, bytes] = {}
        whole, _, _ = content.rpartition(b"\n")
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                row = json.loads(line)
                key = bytes.fromhex(row["key"])
                keys.setdefault(row["participant"], key)
            except (ValueError, KeyError, TypeError) as error:
                raise StoreError(f"{self.path}, line {number} holds no key: restore the keys") from error
        return keys

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _text(keys: Mapping[str, bytes]) -> bytes:
    rows = ({"participant": name, "key": key.hex()} for name, key in keys.items())
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
