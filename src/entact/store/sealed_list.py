"""The sealed list as files: what anybody may have, and for each holder what only their key opens.

The list itself is never written. `sealed-list.json` holds ciphertext and leaves; `openings-NAME.json` what
opens each row, sealed row by row to the key with which the holder signs, so that opening one row opens no
other. Custodians have `shares-NAME.json` instead (`entact.store.custodians`). None of it is in the database:
who steals that has numbers in their order, and no arm.
Source: libsodium sealed boxes (X25519 of the Ed25519 key, XSalsa20-Poly1305).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec
from nacl.exceptions import CryptoError
from nacl.public import SealedBox
from nacl.signing import SigningKey, VerifyKey

from entact.course.allocation.allocation import Allocation
from entact.course.allocation.commitment import (
    KEY_BYTES,
    SALT_BYTES,
    Opening,
    SealedRow,
    merkle_path,
    merkle_root,
    open_row,
)
from entact.course.entry.decoding import decoded
from entact.course.signed.signature import Holder
from entact.store.error import StoreError
from entact.store.private import write_new
from entact.store.signature import Signer

FORMAT, OPENINGS = "entact sealed list 1", "entact openings 1"
LIST_FILE = "sealed-list.json"

_File = TypeVar("_File", bound=msgspec.Struct)


class Opener(Protocol):
    """Whoever can open rows of a list now: a holder's key, or custodians who came together."""

    def opening(self, place: int) -> Opening:
        """What opens one row: its key and salt.

        Raises:
            StoreError: when it cannot be opened, with why.
        """


class SealedList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What anybody may have: rows as ciphertext with their leaves, and the numbers in order of use.

    Rows stand in the order of the list, its method and its seed behind them.
    """

    entact: str
    study: str
    root: str
    numbers: dict[str, list[str]]
    rows: list[SealedRow]

    def place_of(self, number: str) -> int:
        """Where the row of a number stands.

        Raises:
            StoreError: when the list has none.
        """
        order = self.labels
        if number not in order:
            raise StoreError(f"the sealed list has no row {number}")
        return order.index(number)

    @property
    def labels(self) -> list[str]:
        """What each row is called, in their order: its number, and `row N` of what stands behind them."""
        order = [one for numbers in self.numbers.values() for one in numbers]
        return order + [f"row {place + 1}" for place in range(len(order), len(self.rows))]


class Openings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What opens each row of one list, in their order, sealed to one holder's key."""

    entact: str
    root: str
    holder: str
    key: str
    boxes: list[str]


class HeldOpenings(msgspec.Struct, frozen=True):
    """The openings of a list with the key of whoever holds them."""

    openings: Openings
    signer: Signer

    def opening(self, place: int) -> Opening:
        """What opens one row: its key and salt.

        Raises:
            StoreError: when it was altered.
        """
        return open_box(self.openings.boxes[place], self.signer, place)


def write_files(
    folder: Path,
    allocation: Allocation,
    holders: Sequence[tuple[str, Holder]],
    more: Mapping[str, msgspec.Struct] | None = None,
) -> list[Path]:
    """Writes a list for those who hold it; all files, or none.

    Args:
        holders: names of persons, with the keys that the study's ledger knows. more: of custodians, by name.
    Returns:
        The files, that of the list first.
    Raises:
        StoreError: when a file is there already.
    """
    sealed = allocation.sealed_list
    numbers: dict[str, list[str]] = {}
    for row in allocation.rows:
        numbers.setdefault(row.stratum, []).append(row.number)
    contents: list[tuple[Path, msgspec.Struct]] = [
        (folder / LIST_FILE, SealedList(FORMAT, allocation.study, sealed.root, numbers, sealed.rows)),
        *((_file_of(folder, name), _sealed_to(name, one, allocation)) for name, one in holders),
        *((folder / name, content) for name, content in (more or {}).items()),
    ]
    return write_all(folder, contents)


def write_all(folder: Path, contents: Sequence[tuple[Path, msgspec.Struct]]) -> list[Path]:
    """Writes private files into a folder of theirs; all, or none.

    Raises:
        StoreError: when a file is there already.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written: list[Path] = []
    try:
        for path, content in contents:
            text = msgspec.json.format(msgspec.json.encode(content), indent=1)
            write_new(path, text + b"\n", "a sealed list")
            written.append(path)
    except BaseException:
        remove(written)
        raise
    return written


def remove(files: Sequence[Path]) -> None:
    """Takes files away again, where what they are of was not committed."""
    for path in files:
        path.unlink(missing_ok=True)
    if files and not any(files[0].parent.iterdir()):
        files[0].parent.rmdir()


def read_list(path: Path) -> SealedList:
    """A sealed list from its file, whose leaves make its root.

    Raises:
        StoreError: when it is none, or was altered.
    """
    found = read_file(path, SealedList, FORMAT)
    problem = f"{path} was altered"
    try:
        if merkle_root([row.leaf for row in found.rows]) != found.root:
            raise StoreError(f"{problem}: its rows are not those of its root")
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{problem}: a row is none") from error
    return found


def read_openings(path: Path, sealed: SealedList, signer: Signer) -> HeldOpenings:
    """What opens the rows of a list, for the person whose key is open.

    Raises:
        StoreError: when it is of another list, or another person's.
    """
    found = read_file(path, Openings, OPENINGS)
    if found.root != sealed.root:
        raise StoreError(f"{path} opens the list with the root {found.root}, not this one")
    if found.key != signer.public:
        raise StoreError(f"{path} is sealed to a key of {found.holder}, which is not the one that is open")
    if len(found.boxes) != len(sealed.rows):
        raise StoreError(f"{path} was altered: it opens {len(found.boxes)} of {len(sealed.rows)} rows")
    return HeldOpenings(found, signer)


def open_place(sealed: SealedList, opener: Opener, place: int) -> str:
    """The text of one row, proved against the root; no other row is opened.

    Raises:
        StoreError: when row or opening was altered, with what the row is called.
    """
    path = merkle_path([row.leaf for row in sealed.rows], place)
    try:
        return open_row(sealed.rows[place], opener.opening(place), path, len(sealed.rows), sealed.root)
    except (StoreError, ValueError) as error:
        label = sealed.labels[place]
        raise StoreError(str(error) if label in str(error) else f"{label}: {error}") from error


def seal_box(plain: bytes, key: str) -> str:
    """What only the holder of a signing key reads, in hexadecimal.

    Args:
        key: the public one, in hexadecimal.
    """
    box = SealedBox(VerifyKey(bytes.fromhex(key)).to_curve25519_public_key())
    return bytes(box.encrypt(plain)).hex()


def open_text(box: str, signer: Signer, what: str) -> bytes:
    """What was sealed to a person's key.

    Raises:
        StoreError: when it was altered, or is sealed to another.
    """
    own = SealedBox(SigningKey(signer.seed).to_curve25519_private_key())
    try:
        return bytes(own.decrypt(bytes.fromhex(box)))
    except (CryptoError, ValueError) as error:
        raise StoreError(f"{what} was altered: the key does not open it") from error


def open_box(box: str, signer: Signer, place: int) -> Opening:
    """What opens one row, as it was sealed to a person's key.

    Raises:
        StoreError: when it was altered.
    """
    return opening_from(open_text(box, signer, f"what opens row {place + 1}"), place)


def opening_from(plain: bytes, place: int) -> Opening:
    """Key and salt of a row, which stand one behind the other.

    Raises:
        StoreError: when they do not.
    """
    if len(plain) != KEY_BYTES + SALT_BYTES:
        raise StoreError(f"what opens row {place + 1} of the list was altered")
    return Opening(place, plain[:KEY_BYTES].hex(), plain[KEY_BYTES:].hex())


def plain_of(opening: Opening) -> bytes:
    """Key and salt of a row, one behind the other."""
    return bytes.fromhex(opening.key + opening.salt)


def _file_of(folder: Path, name: str) -> Path:
    return folder / f"openings-{name}.json"


def _sealed_to(name: str, holder: Holder, allocation: Allocation) -> Openings:
    boxes = [seal_box(plain_of(one), holder.key) for one in allocation.sealed_list.openings]
    return Openings(OPENINGS, allocation.sealed_list.root, name, holder.key, boxes)


def read_file(path: Path, type_: type[_File], format_: str) -> _File:
    """What a file of one format says.

    Raises:
        StoreError: when it is none.
    """
    try:
        found = decoded(path.read_bytes(), type_)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise StoreError(f"{path} is no {format_}: {error}") from error
    said = getattr(found, "entact", None)
    if said != format_:
        raise StoreError(f"{path} is {said!r}, not {format_!r}")
    return found
