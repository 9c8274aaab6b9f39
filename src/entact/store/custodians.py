"""The list in the hands of several: each row's own key is shared out, so that k of n open that row alone.

A row has a secret of its own, shared out by SLIP-39. What opens the row is sealed under that secret in
`custody.json`, which anybody may have and which knows every share by its SHA-256, so that a damaged one is
named. Each custodian has `shares-NAME.json`, sealed row by row to the key with which they sign. Sharing out
anew draws new secrets: old shares open nothing without the `custody.json` of before.

Source: SLIP-0039, one group; secrets of 128 bits, of 20 words a share.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, cycle
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from nacl import bindings
from nacl.exceptions import CryptoError
from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics
from shamir_mnemonic.share import Share
from shamir_mnemonic.wordlist import WORDLIST

from entact.course.allocation.commitment import Opening
from entact.course.signed.signature import Holder
from entact.store.error import StoreError
from entact.store.sealed_list import (
    SealedList,
    open_text,
    opening_from,
    plain_of,
    read_file,
    seal_box,
)
from entact.store.signature import Signer

CUSTODY, SHARES, GIVEN = "entact list custody 1", "entact list shares 1", "entact given shares 1"
CUSTODY_FILE: Final = "custody.json"
MOST: Final = 16  # custodians, by SLIP-39
SECRET_BYTES: Final = 16
WORDS: Final = 20  # of a share of such a secret
_NONCE = bytes(bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)  # a key seals one row, once


class Custody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What anybody may have of how a list is shared out.

    Attributes:
        root: of the list. threshold: how many custodians open a row together. boxes: what opens each row,
            under its secret. shares: of each custodian the SHA-256 of the share of each row.
    """

    entact: str
    root: str
    threshold: int
    boxes: list[str]
    shares: dict[str, list[str]]

    @property
    def digest(self) -> str:
        """SHA-256 of it as canonical text, by which the study's ledger knows it."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


class HeldShares(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shares of one custodian, row by row, sealed to their key."""

    entact: str
    custody: str
    custodian: str
    key: str
    boxes: list[str]


class GivenShares(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares of some rows (by place), which a custodian sealed to the process that asked for them."""

    entact: str
    custody: str
    custodian: str
    key: str
    boxes: dict[str, str]


class Given(NamedTuple):
    """The share of one custodian of one row, as words."""

    custodian: str
    place: int
    words: str


def share_out(
    root: str, openings: Sequence[Opening], custodians: Sequence[tuple[str, Holder]], threshold: int
) -> tuple[Custody, dict[str, HeldShares]]:
    """Shares out what opens each row, and tries of each that enough custodians open it.

    Args:
        custodians: names of persons, with the keys that the study's ledger knows.
    Raises:
        StoreError: for fewer than two who have to come together, or more than there are.
    """
    names = [name for name, _ in custodians]
    if not 2 <= threshold <= len(set(names)) or len(names) != len(set(names)) or len(names) > MOST:
        raise StoreError(
            f"{threshold} of {len(set(names))} custodians is no sharing: at least 2 of at most {MOST} open a "
            "row together, and no more of them than there are"
        )
    boxes: list[str] = []
    words: dict[str, list[str]] = {name: [] for name in names}
    trials = cycle(combinations(range(len(names)), threshold))  # everybody is tried, each row once
    for opening, trial in zip(openings, trials, strict=False):
        secret = secrets.token_bytes(SECRET_BYTES)
        (shared,) = generate_mnemonics(1, [(threshold, len(names))], secret, iteration_exponent=0)
        if combine_mnemonics(shared[place] for place in trial) != secret:
            raise StoreError(f"the shares of row {opening.place + 1} do not open it: nothing was written")
        for name, one in zip(names, shared, strict=True):
            words[name].append(one)
        boxes.append(_sealed(root, opening, secret))
    digests = {name: [_digest(one) for one in own] for name, own in words.items()}
    custody = Custody(CUSTODY, root, threshold, boxes, digests)
    held = {
        name: HeldShares(
            SHARES,
            custody.digest,
            name,
            holder.key,
            [seal_box(one.encode(), holder.key) for one in words[name]],
        )
        for name, holder in custodians
    }
    return custody, held


def share_file(name: str) -> str:
    """The name of a custodian's file."""
    return f"shares-{name}.json"


def read_custody(path: Path, sealed: SealedList, known: str | None) -> Custody:
    """How a list is shared out, from its file, which is the one in the study's ledger.

    Args:
        known: its digest there; None where no custodians are.
    Raises:
        StoreError: when it is another.
    """
    if known is None:
        raise StoreError("no custodians have this list: `entact allocation make --custodian` shares it out")
    found = read_file(path, Custody, CUSTODY)
    if found.digest != known:
        raise StoreError(
            f"{path} is not how the list is shared out now: it was altered, or shared out anew since; "
            "take the newest files, and destroy what is older"
        )
    if found.root != sealed.root or len(found.boxes) != len(sealed.rows):
        raise StoreError(f"{path} is of the list with the root {found.root}, not of this one")
    return found


def read_shares(path: Path, custody: Custody, signer: Signer) -> HeldShares:
    """A custodian's shares, for the person whose key is open.

    Raises:
        StoreError: when they are another's, or of how the list was shared out before.
    """
    found = read_file(path, HeldShares, SHARES)
    if found.custody != custody.digest:
        raise StoreError(f"{path} is of another sharing than {CUSTODY_FILE}: the list was shared out anew")
    if found.key != signer.public or found.custodian != signer.person:
        raise StoreError(f"{path} is sealed to {found.custodian}, whose key is not the one that is open")
    if len(found.boxes) != len(custody.boxes):
        raise StoreError(f"{path} was altered: it has {len(found.boxes)} of {len(custody.boxes)} shares")
    return found


def share_of(held: HeldShares, custody: Custody, signer: Signer, place: int, label: str) -> str:
    """A custodian's share of one row, as words; the one that was made.

    Raises:
        StoreError: when it was altered.
    """
    what = f"the share of {held.custodian} of {label}"
    words = open_text(held.boxes[place], signer, what).decode(errors="replace")
    if whose(custody, place, words) != held.custodian:
        raise StoreError(f"{what} was altered: it is not the one that was made")
    return words


def give(
    held: HeldShares, custody: Custody, signer: Signer, places: Mapping[int, str], key: str
) -> GivenShares:
    """A custodian's shares of some rows, sealed to the process that asked for them.

    Args:
        places: of the rows, with what each is called. key: the process's, in hexadecimal.
    """
    boxes = {
        str(place): seal_box(share_of(held, custody, signer, place, label).encode(), key)
        for place, label in places.items()
    }
    return GivenShares(GIVEN, custody.digest, held.custodian, key, boxes)


def read_given(path: Path, custody: Custody, asking: Signer) -> list[Given]:
    """Shares that were sealed to this process.

    Raises:
        StoreError: when they are of something else, or were damaged.
    """
    found = read_file(path, GivenShares, GIVEN)
    if found.key != asking.public or found.custody != custody.digest:
        raise StoreError(f"{path} was given to another process, or is of another sharing: give it anew")
    what = f"{path.name}: the share of {found.custodian}"
    return [
        Given(found.custodian, int(place), open_text(box, asking, what).decode(errors="replace"))
        for place, box in found.boxes.items()
        if place.isdecimal() and int(place) < len(custody.boxes)
    ]


def read_typed(path: Path, custody: Custody, labels: Sequence[str]) -> list[Given]:
    """Shares as they were typed from printed sheets: a line each, what the row is called, a colon, the words.

    Raises:
        StoreError: with the line and the word, for a share that is none.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()  # some editors begin with a mark
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} cannot be read as text: {error}") from error
    found = []
    for line, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        label, colon, said = text.partition(":")
        place = {name.casefold(): at for at, name in enumerate(labels)}.get(label.strip().casefold())
        if not colon or place is None:
            raise StoreError(
                f"{path}, line {line}: {label.strip()!r} is no row: write S01-001: and the words"
            )
        words = " ".join(said.lower().split())
        problem = problem_of(words) or (
            "" if whose(custody, place, words) else f"these are words of no share of {labels[place]}"
        )
        if problem:
            raise StoreError(f"{path}, line {line}, {labels[place]}: {problem}")
        found.append(Given(str(whose(custody, place, words)), place, words))
    return found


def problem_of(words: str) -> str:
    """What is wrong with the words of a share by themselves; empty when nothing is."""
    each = words.split()
    for place, word in enumerate(each, start=1):
        if word not in _KNOWN:
            return f"word {place}, {word!r}, is none of the list of words: look at the sheet again"
    if len(each) != WORDS:
        return f"a share has {WORDS} words, and {len(each)} are here"
    try:
        Share.from_mnemonic(words)
    except MnemonicError:
        return "a word is wrong, or two changed places: the words do not fit together"
    return ""


def whose(custody: Custody, place: int, words: str) -> str | None:
    """Whose share of a row these words are; None of words that are nobody's."""
    digest = _digest(words)
    return next((name for name, own in custody.shares.items() if own[place] == digest), None)


class Together(msgspec.Struct, frozen=True):
    """What custodians gave, who came together: it opens the rows of which enough gave a share.

    Attributes:
        labels: what each row is called. shares: by place and custodian, as words.
    """

    custody: Custody
    labels: Sequence[str]
    shares: dict[int, dict[str, str]]

    def opening(self, place: int) -> Opening:
        """What opens one row: its key and salt.

        Raises:
            StoreError: when too few gave their share, with who did not; when one is damaged, with whose.
        """
        given, label = self.shares.get(place, {}), self.labels[place]
        for name, words in given.items():
            if whose(self.custody, place, words) != name:
                raise StoreError(
                    f"the share of {name} of {label} is damaged: it is not the one that was made"
                )
        lacking = missing(self.custody, given)
        if lacking:
            raise StoreError(f"{label} stays closed: {lacking}")
        few = list(given.values())[: self.custody.threshold]
        try:
            secret = combine_mnemonics(few)
        except MnemonicError as error:
            raise StoreError(f"the shares of {label} do not fit together: {error}") from error
        return _opened(self.custody, place, secret, label)


def together(custody: Custody, labels: Sequence[str], given: Iterable[Given]) -> Together:
    """What several custodians gave, in one."""
    shares: dict[int, dict[str, str]] = {}
    for one in given:
        shares.setdefault(one.place, {})[one.custodian] = one.words
    return Together(custody, labels, shares)


def missing(custody: Custody, given: Iterable[str]) -> str:
    """Who has yet to give a share, in words; empty when enough did."""
    there = [name for name in custody.shares if name in set(given)]
    lacking = custody.threshold - len(there)
    if lacking <= 0:
        return ""
    others = [name for name in custody.shares if name not in there]
    gave = f"{', '.join(there)} gave" if there else "nobody gave"
    return f"{gave} a share, and {lacking} more of {', '.join(others)} {'has' if lacking == 1 else 'have'} to"


_KNOWN = frozenset(WORDLIST)


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def _key_of(root: str, place: int, secret: bytes) -> bytes:
    text = b"entact row" + bytes.fromhex(root) + place.to_bytes(8, "big")
    return hashlib.blake2b(text, key=secret, digest_size=32).digest()


def _sealed(root: str, opening: Opening, secret: bytes) -> str:
    key = _key_of(root, opening.place, secret)
    box = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain_of(opening), None, _NONCE, key)
    return bytes(box).hex()


def _opened(custody: Custody, place: int, secret: bytes, label: str) -> Opening:
    key = _key_of(custody.root, place, secret)
    try:
        plain = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            bytes.fromhex(custody.boxes[place]), None, _NONCE, key
        )
    except (CryptoError, ValueError) as error:
        raise StoreError(f"{CUSTODY_FILE} was altered: the shares do not open {label}") from error
    return opening_from(plain, place)
