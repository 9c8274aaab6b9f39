"""Anchors: the heads of all ledgers, noted in the study's ledger and outside the database.

Whoever has full rights over a database can rewrite all of it, hashes and all, or put an older copy in its
place. What was said elsewhere, at the time, tells: a line in a file, a message that the sites have, a time
stamp. One line of an anchor binds every entry before it, because the study's ledger lists the heads.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from entact.course.entry import GENESIS, canonical, digest
from entact.store.error import StoreError
from entact.store.index import Head

HeadsByName = Mapping[str, tuple[int, str]]


class Anchor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The heads of all ledgers at one moment.

    Attributes:
        anchor: version of this format. study, environment: what the database holds. at: the server's clock.
        seq, hash: head of the study's ledger, which lists the others. ledgers, entries: how many there are.
        digest: of all heads. heads: number and hash of those that moved since the anchor before in the same
            file; None where they are not said, as in a message. previous: digest of the line before it there.
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

    @property
    def line(self) -> str:
        """The canonical text of one line."""
        return canonical(msgspec.to_builtins(self)).decode()


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

    head: Head
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
            found.append(Anchored(Head(f"study:{anchor.study}", anchor.seq, anchor.hash), anchor.at))
            for name, (seq, value) in (anchor.heads or {}).items():
                found.append(Anchored(Head(name, seq, value), anchor.at))
        return found


def append_to_file(path: Path, anchor: Anchor, heads: HeadsByName) -> Anchor:
    """Appends an anchor to a file, and returns when it is on the disk; what was there is never changed.

    Args:
        anchor, heads: as `take_anchor` returns them.
    Returns:
        The anchor as it stands in the file, with the heads that moved since the one before.
    Raises:
        StoreError: when the file cannot be written, was changed, or is of another study or environment.
    """
    known = AnchorFile()
    if path.exists() and path.stat().st_size:
        known = read_anchors(path)
        last = known.anchors[-1]
        if (last.study, last.environment) != (anchor.study, anchor.environment):
            raise StoreError(f"{path} has anchors of {last.study}, {last.environment}: take another file")
    before = known.heads
    moved = {name: head for name, head in sorted(heads.items()) if before.get(name) != head}
    written = msgspec.structs.replace(anchor, heads=moved, previous=known.previous)
    _append(path, written.line)
    return written


def append_stamp(path: Path, stamp: Stamp) -> None:
    """Appends a time stamp to the file in which its anchor stands."""
    _append(path, canonical(msgspec.to_builtins(stamp)).decode())


def read_anchors(path: Path) -> AnchorFile:
    """The anchors in a file that `append_to_file` wrote, or in a message as it was saved.

    Raises:
        StoreError: when there is none, with the line where a file was changed.
    """
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
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
        except (msgspec.DecodeError, ValueError) as error:
            raise StoreError(f"{path}, line {number}: {error}") from error
    if not anchors:
        raise StoreError(f"{path} holds no anchor: `entact anchor --file FILE` writes one")
    return AnchorFile(tuple(anchors), tuple(stamps))


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
    return anchor


def digest_of(heads: HeadsByName) -> str:
    """One digest for the heads of all ledgers."""
    return digest(canonical({name: [seq, value] for name, (seq, value) in heads.items()}))


def _append(path: Path, text: str) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, f"{text}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise StoreError(f"cannot append to {path}: {error.strerror}") from error
