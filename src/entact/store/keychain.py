"""The participants' keys, in one small file outside the database.

A backup of the record, its write-ahead log or a stolen disk image of the database therefore opens nothing. An
erased key leaves no dead row behind: the file is written anew, and the old one is overwritten before it goes.
A key that is to go, and of which no person is there to say so, is set aside first: it opens nothing any more,
and is destroyed or returned when somebody decides.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from entact.course.entry.sealing import KEY_BYTES
from entact.store import server
from entact.store.error import StoreError
from entact.store.private import private_file, private_folder, sync_folder, write_new

Stamp = tuple[int, int, int]  # of a file: inode, bytes, time of change


def keychain_folder(mark: UUID) -> Path:
    """Where the keys of one installation lie: under ENTACT_KEYS, else under `keys` beside the data."""
    return Path(os.environ.get("ENTACT_KEYS") or server.data_folder() / "keys").absolute() / str(mark)


class Aside(NamedTuple):
    """A key that was set aside, and since when."""

    key: bytes
    since: datetime


class Keychain:
    """Keys by participant, as the file holds them now; other processes may add to it at any time.

    `keychain.json` beside them says which keychain it is: a copy of it is the same one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path_identity = folder / "keychain.json"
        self.path = folder / "keys.jsonl"
        self.path_aside = folder / "aside.jsonl"
        self._stamps: tuple[Stamp | None, Stamp | None] = (None, None)
        self._keys: dict[str, bytes] = {}
        self._aside: dict[str, Aside] = {}
        self._left: set[str] = (
            set()
        )  # whose keys were set aside, and a kill left them where they were as well

    def get(self, participant: str) -> bytes | None:
        """The key of a participant, or None: there is none, it was erased, or set aside."""
        return self.all().get(participant)

    def all(self) -> Mapping[str, bytes]:
        """Every key by participant, but those that were set aside.

        Raises:
            StoreError: when a line cannot be read, with its number.
        """
        self._look()
        return self._keys

    def aside(self) -> Mapping[str, Aside]:
        """Every key that was set aside, by participant.

        Raises:
            StoreError: when a line cannot be read, with its number.
        """
        self._look()
        return self._aside

    @property
    def exists(self) -> bool:
        """Whether there has ever been a key here."""
        return self.path.exists() or self.path_aside.exists()

    @property
    def identity(self) -> UUID | None:
        """Which keychain this is; None where there is none, or one of an earlier version.

        Raises:
            StoreError: when it cannot be read.
        """
        try:
            content = json.loads(_read(self.path_identity) or b"null")
            return None if content is None else UUID(content["keychain"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise StoreError(
                f"{self.path_identity} does not say which keychain it is ({error}): put back a copy of it"
            ) from error

    def begin(self, identity: UUID) -> UUID:
        """Makes this the keychain of that identity, unless it has one; returns the one that it has then."""
        with self._locked():
            found = self.identity
            if found is None:
                text = json.dumps({"keychain": str(identity)}).encode() + b"\n"
                write_new(self.path_identity, text, "a keychain")
            return found or identity

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
            new = {name: key for name, key in keys.items() if name not in known and name not in self._aside}
            if new:
                self._append(self.path, _text(new))

    def set_aside(self, participants: Iterable[str], since: datetime) -> list[str]:
        """Makes the keys of participants open nothing any more; they can be returned. Says whose there were.

        Args:
            since: noted beside each; what was set aside before keeps its own.
        """
        with self._locked():
            known = self.all()
            moved = {name: Aside(known[name], since) for name in participants if name in known}
            if moved:
                self._append(self.path_aside, _text_aside(moved))  # first: a kill in between loses none
                self._write(self.path, _text({name: key for name, key in known.items() if name not in moved}))
            return sorted(moved)

    def bring_back(self, participant: str) -> None:
        """Makes a key that was set aside open again what it opened before.

        Raises:
            StoreError: when it was not set aside, or was destroyed since.
        """
        with self._locked():
            self._look()
            found = self._aside.get(participant)
            if found is None:
                raise StoreError(f"no key of {participant} is set aside here")
            self._append(self.path, _text({participant: found.key}))
            rest = {name: one for name, one in self._aside.items() if name != participant}
            self._write(self.path_aside, _text_aside(rest))

    def remove(self, participants: Iterable[str]) -> None:
        """Destroys the keys of participants; the files are written anew, the old bytes are overwritten."""
        gone = set(participants)
        with self._locked():
            known = self.all()
            if gone & (known.keys() | self._left):
                self._write(self.path, _text({name: key for name, key in known.items() if name not in gone}))
            if gone & self._aside.keys():
                rest = {name: one for name, one in self._aside.items() if name not in gone}
                self._write(self.path_aside, _text_aside(rest))

    def _look(self) -> None:
        stamps = _stamp(self.path), _stamp(self.path_aside)
        if stamps == self._stamps:
            return
        self._aside = {
            name: Aside(key, datetime.fromisoformat(since))
            for name, key, since in self._parse(self.path_aside, "participant", "key", "since")
        }
        found = {name: key for name, key, _ in reversed(self._parse(self.path, "participant", "key"))}
        self._keys = {name: key for name, key in reversed(found.items()) if name not in self._aside}
        self._left = found.keys() & self._aside.keys()
        self._stamps = stamps

    def _append(self, path: Path, text: bytes) -> None:
        private_file(path)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            content = file.read()
            # A line that a crash cut off was never acknowledged.
            file.truncate(content.rfind(b"\n") + 1)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self.folder)

    def _write(self, path: Path, text: bytes) -> None:
        """Writes a file anew, and zeros over the one that was there."""
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with path.open("r+b") as old:
            fresh.rename(path)
            sync_folder(self.folder)
            length = os.fstat(old.fileno()).st_size
            old.write(bytes(length))
            old.flush()
            os.fsync(old.fileno())

    def _parse(self, path: Path, *names: str) -> list[tuple[str, bytes, str]]:
        """Participant, key and time of each line; none where there is no such file."""
        content = _read(path)
        found = []
        whole, _, _ = content.rpartition(b"\n")
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                row = json.loads(line)
                values = [row[name] for name in names]
                found.append((str(values[0]), bytes.fromhex(values[1]), str(row.get("since", ""))))
                if "since" in names:
                    datetime.fromisoformat(row["since"])
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise StoreError(f"{path}, line {number} holds no key: restore the keys") from error
        return found

    @contextmanager
    def _locked(self) -> Iterator[None]:
        private_folder(self.folder)
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            except OSError as error:
                said = error.strerror or error
                raise StoreError(
                    f"the keys in {self.folder} cannot be written: {said}; no key was kept"
                ) from error


def _read(path: Path) -> bytes:
    """What a file holds; nothing where there is none.

    Raises:
        StoreError: when it is there and cannot be read, or lies where no file can.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise _unreachable(path, error) from error


def _unreachable(path: Path, error: OSError) -> StoreError:
    return StoreError(f"{path} cannot be read ({error.strerror}): ENTACT_KEYS names the folder of the keys")


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreachable(path, error) from error
    return found.st_ino, found.st_size, found.st_mtime_ns


def _text(keys: Mapping[str, bytes]) -> bytes:
    rows = ({"participant": name, "key": key.hex()} for name, key in keys.items())
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _text_aside(aside: Mapping[str, Aside]) -> bytes:
    rows = (
        {"participant": name, "key": one.key.hex(), "since": one.since.isoformat()}
        for name, one in aside.items()
    )
    return "".join(json.dumps(row) + "\n" for row in rows).encode()
