"""Anchors: the heads of all ledgers, noted in the study's ledger and outside the database.

Whoever has full rights over a database can rewrite all of it, hashes and all, or put an older copy in its
place. What was said elsewhere, at the time, tells: a line in a file, a message that the sites have, a time
stamp. One line of an anchor binds every entry before it, because the study's ledger lists the heads.
"""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from entact.course.entry import GENESIS, canonical, digest, instant
from entact.store.error import StoreError
from entact.store.index import LedgerHead
from entact.store.private import sync_outside

HeadsByName = Mapping[str, tuple[int, str]]


class Behind(StoreError):
    """An anchor is older than the last in a file: another was taken meanwhile, or the record was set back."""


class Anchor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The heads of all ledgers at one moment.

    Attributes:
        anchor: version of this format. study, environment: what the database holds. at: the server's clock.
        seq, hash: head of the study's ledger, which lists the others. ledgers, entries: how many there are.
        digest: of all heads. heads: number and hash of those that moved since the anchor before in the same
            file; None where they are not said, as in a message. previous: digest of the line before it there.
        installation: its mark, which leads to keys and erasures.
    """

    anchor: int = 1
    study: str
    environment: str
    at: str
    seq: int
    hash: str
    ledgers: int
    entries: int
    digest: str
    heads: dict[str, tuple[int, str]] | None = None
    previous: str = GENESIS
    installation: str | None = None

    @property
    def line(self) -> str:
        """The canonical text of one line; those of earlier versions name no installation."""
        told = msgspec.to_builtins(self)
        if self.installation is None:
            del told["installation"]
        return canonical(told).decode()


class Stamp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a time-stamping authority said of the line of an anchor (RFC 3161), base64 in `token`."""

    stamp: int = 1
    of: str
    authority: str
    token: str

    @property
    def response(self) -> bytes:
        """The authority's answer."""
        return base64.b64decode(self.token)


class Anchored(msgspec.Struct, frozen=True):
    """One head that an anchor recorded, and when."""

    head: LedgerHead
    at: str


class AnchorFile(msgspec.Struct, frozen=True):
    """What a file or a message with anchors says: anchors in order, and time stamps of their lines."""

    anchors: tuple[Anchor, ...] = ()
    stamps: tuple[Stamp, ...] = ()

    @property
    def heads(self) -> dict[str, tuple[int, str]]:
        """All heads as the last anchor has them."""
        found: dict[str, tuple[int, str]] = {}
        for anchor in self.anchors:
            found.update(anchor.heads or {})
        return found

    @property
    def previous(self) -> str:
        """Digest of the last line of an anchor."""
        return digest(self.anchors[-1].line.encode()) if self.anchors else GENESIS

    def anchored(self) -> list[Anchored]:
        """Every head that was recorded."""
        found = []
        for anchor in self.anchors:
            found.append(Anchored(LedgerHead(f"study:{anchor.study}", anchor.seq, anchor.hash), anchor.at))
            for name, (seq, value) in (anchor.heads or {}).items():
                found.append(Anchored(LedgerHead(name, seq, value), anchor.at))
        return found


def append_to_file(path: Path, anchor: Anchor, heads: HeadsByName) -> Anchor:
    """Appends an anchor to a file, and returns when it is on the disk; what was there is never changed.

    Several processes may append to one file: they take turns.

    Args:
        anchor, heads: as `take_anchor` returns them.
    Returns:
        The anchor as it stands in the file, with the heads that moved since the one before.
    Raises:
        Behind: when the file knows more of a ledger than the anchor does. StoreError: when the file cannot be
            written, was changed, or is of another study or environment. Nothing is appended then.
    """
    with _appending(path) as handle:
        known = read_anchors(path) if os.fstat(handle).st_size else AnchorFile()
        before = known.heads
        for last in known.anchors[-1:]:
            if (last.study, last.environment) != (anchor.study, anchor.environment):
                raise StoreError(f"{path} has anchors of {last.study}, {last.environment}: take another file")
            _require_later(path, last, before, heads)
        moved = {name: head for name, head in sorted(heads.items()) if before.get(name) != head}
        written = msgspec.structs.replace(anchor, heads=moved, previous=known.previous)
        _append(path, handle, written.line)
    return written


def _require_later(path: Path, last: Anchor, before: HeadsByName, heads: HeadsByName) -> None:
    """Refuses an anchor that takes back what the last one said: it would hide what the file shows."""
    for name, (seq, value) in before.items():
        now, found = heads.get(name, (0, ""))
        if now < seq or (now == seq and found != value):
            raise Behind(
                f"{path} knows {seq} entries of {name} since {last.at}, the record has "
                f"{'others' if now == seq else now}: nothing is appended; `entact verify --against` says more"
            )


def append_stamp(path: Path, stamp: Stamp) -> None:
    """Appends a time stamp to the file in which its anchor stands."""
    with _appending(path) as handle:
        _append(path, handle, canonical(msgspec.to_builtins(stamp)).decode())


def read_anchors(path: Path) -> AnchorFile:
    """The anchors in a file that `append_to_file` wrote, or in a message as it was saved.

    Raises:
        StoreError: when there is none, with the line where a file was changed.
    """
    if path.exists() and not path.is_file():
        raise StoreError(f"{path} is no file: what is read as anchors has an end")
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
    is_file = bool(lines) and lines[0].startswith(('{"anchor":', '{"authority":'))  # and no message
    anchors: list[Anchor] = []
    stamps: list[Stamp] = []
    heads: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip().lstrip("> ")
        try:
            if text.startswith('{"anchor":'):
                anchors.append(_follow(msgspec.json.decode(text, type=Anchor), text, anchors, heads))
            elif text.startswith('{"authority":'):
                stamps.append(msgspec.json.decode(text, type=Stamp))
            elif _was_one(text) or (text and is_file):
                raise ValueError(
                    "is not the text of an anchor: it was changed, or the message broke its line"
                )
        except (msgspec.DecodeError, ValueError) as error:
            raise StoreError(f"{path}, line {number}: {error}") from error
    if not anchors:
        raise StoreError(f"{path} holds no anchor: `entact anchor --file FILE` writes one")
    return AnchorFile(tuple(anchors), tuple(stamps))


def _was_one(text: str) -> bool:
    """Whether a line that does not begin as an anchor or a stamp goes on as one does."""
    return sum(f'"{name}":' in text for name in (*Anchor.__struct_fields__, *Stamp.__struct_fields__)) > 2


def _follow(anchor: Anchor, text: str, before: list[Anchor], heads: dict[str, tuple[int, str]]) -> Anchor:
    """The anchor, if it follows those before it in a file; adds its heads to theirs."""
    if anchor.line != text:
        raise ValueError("is not the text of an anchor: it was changed, or the message broke its line")
    if anchor.heads is None:
        return anchor
    previous = digest(before[-1].line.encode()) if before else GENESIS
    if anchor.previous != previous:
        raise ValueError("does not follow the anchor before it: the file was changed")
    heads.update(anchor.heads)
    if digest_of(heads) != anchor.digest:
        raise ValueError("its heads do not give its digest: the file was changed")
    counted = len(heads), sum(seq for seq, _ in heads.values()), heads.get(f"study:{anchor.study}")
    if counted != (anchor.ledgers, anchor.entries, (anchor.seq, anchor.hash)):
        raise ValueError("its heads are not those that it counts: the file was changed")
    for last in before[-1:]:
        if (last.study, last.environment) != (anchor.study, anchor.environment):
            raise ValueError(
                "is of another study or environment than the one before it: the file was changed"
            )
    instant(anchor.at)
    return anchor


def digest_of(heads: HeadsByName) -> str:
    """One digest for the heads of all ledgers."""
    return digest(canonical({name: [seq, value] for name, (seq, value) in heads.items()}))


@contextmanager
def _appending(path: Path) -> Iterator[int]:
    """The file at its end, for this process alone; a line that a crash cut off was never acknowledged."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreError(f"cannot append to {path}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        content = os.pread(handle, os.fstat(handle).st_size, 0)
        if content and not content.endswith(b"\n"):
            os.ftruncate(handle, content.rfind(b"\n") + 1)
        yield handle
    except OSError as error:
        raise StoreError(f"cannot append to {path}: {error.strerror}") from error
    finally:
        os.close(handle)


def _append(path: Path, handle: int, text: str) -> None:
    """One whole line, or none: a disk that is full may take a part of one."""
    before = os.fstat(handle).st_size
    line = f"{text}\n".encode()
    try:
        written = os.write(handle, line)
        if written < len(line):
            os.write(handle, line[written:])
        os.fsync(handle)
        if not before:
            sync_outside(path.parent)
    except OSError as error:
        os.ftruncate(handle, before)
        raise StoreError(f"cannot append to {path}: {error.strerror}") from error
