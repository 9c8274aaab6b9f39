"""Custodians come together: a process asks for shares of some rows, they give them, and it opens these rows.

The process draws a key that is never written, lays `request.json` into a folder (a stick, or a folder that is
shared), and waits. Each custodian gives their shares sealed to that key, after their own program has seen in
the record what they are for. When the process ends, nobody is left who could open a row.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from entact.course import fold_setting
from entact.course.entry import Kept, read
from entact.course.state.numbers import row_number
from entact.course.state.sealed_list import ListCustody
from entact.store import acts, models
from entact.store.custodians import (
    CUSTODY_FILE,
    Custody,
    Given,
    Together,
    missing,
    read_custody,
    read_given,
    read_typed,
    together,
)
from entact.store.error import StoreError
from entact.store.list_use import used_numbers
from entact.store.private import write_new
from entact.store.reckoned import minimising, rows_before
from entact.store.sealed_list import SealedList, read_file
from entact.store.signature import Signer, holders
from entact.store.studies import study_of_record

REQUEST, REQUEST_FILE = "entact request for shares 1", "request.json"
_EACH: Final = 0.3  # seconds between two looks into the folder


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a process asks custodians for: shares of the rows that an entry in the record is about.

    Attributes:
        entry: a `row_opened` or `list_opened`, entered before. by: who opens. key: the process's, public.
        signature: of who opens, over all before it, in hexadecimal.
    """

    entact: str
    root: str
    entry: str
    by: str
    key: str
    signature: str = ""

    @property
    def statement(self) -> bytes:
        """What is signed."""
        return msgspec.json.encode(msgspec.structs.replace(self, signature=""), order="sorted")


def custody_now() -> ListCustody | None:
    """Who has shares of the list now; None where no custodians have it."""
    _, study = study_of_record()
    if study is None:
        return None
    return fold_setting(study, acts.entries(("commitment", "list_custody")), ()).study.custody


def custody_of(list_file: Path, sealed: SealedList) -> Custody:
    """How a list is shared out now, from the file that lies beside it.

    Raises:
        StoreError: when it is not the one in the study's ledger.
    """
    now = custody_now()
    return read_custody(list_file.with_name(CUSTODY_FILE), sealed, None if now is None else now.custody)


def meet(
    folder: Path,
    custody: Custody,
    sealed: SealedList,
    entry: str,
    signer: Signer,
    *,
    minutes: float,
    say: Callable[[str], object],
) -> Together:
    """Asks for the shares of the rows that an entry is about, and waits until enough were given.

    What cannot be read (a word that was mistyped, a file that is still being written) is said and looked at
    again, so that what others gave is not given in vain.

    Args:
        folder: into which custodians lay what they give, and lines typed from sheets as `*.txt`.
        say: is told who gave and who has to, and what is wrong with what lies there.
    Raises:
        StoreError: when the time is over, with who gave, and what was wrong.
    """
    asking = Signer(signer.person, secrets.token_bytes(32))
    asked = Request(REQUEST, sealed.root, entry, signer.person, asking.public)
    signature = SigningKey(signer.seed).sign(asked.statement).signature.hex()
    signed = msgspec.structs.replace(asked, signature=signature)
    places = list(places_of(entry, sealed))
    request, until, told = folder / REQUEST_FILE, time.monotonic() + 60 * minutes, ""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_new(request, msgspec.json.format(msgspec.json.encode(signed), indent=1) + b"\n", "a request")
    try:
        while True:
            laid, unread = _laid(folder, custody, sealed, asking)
            given = together(custody, sealed.labels, laid)
            lacking = next(filter(None, (missing(custody, given.shares.get(one, {})) for one in places)), "")
            if not lacking:
                return given
            waits = "; ".join([lacking, *unread])
            if waits != told:
                say(f"waiting at {folder}: {waits}")
                told = waits
            if time.monotonic() > until:
                raise StoreError(f"nothing was opened after {minutes:g} minutes: {waits}")
            time.sleep(_EACH)
    finally:
        request.unlink(missing_ok=True)


def require_unused(folder: Path) -> None:
    """Refuses a folder in which something of another meeting lies: its shares open nothing for this one.

    Raises:
        StoreError: with the file that is to be looked at, and taken away.
    """
    left = [folder / REQUEST_FILE, *sorted(folder.glob("given-*.json"))]
    for path in left:
        if path.exists():
            raise StoreError(
                f"{path} is there already: another process waits there, or it is left from before and can be "
                "deleted; nothing was entered"
            )


def read_request(folder: Path, sealed: SealedList) -> tuple[Request, Kept]:
    """What a process asks for, and the entry that says why, which came first.

    Raises:
        StoreError: when nobody asks there, the signature is nobody's, or the record does not say why.
    """
    path = folder / REQUEST_FILE
    asked = read_file(path, Request, REQUEST)
    holder = holders().get(asked.by)
    try:
        if holder is None or "allocation" not in holder.powers:
            raise ValueError
        VerifyKey(bytes.fromhex(holder.key)).verify(asked.statement, bytes.fromhex(asked.signature))
    except (BadSignatureError, ValueError, TypeError) as error:
        raise StoreError(f"{path} is not signed by {asked.by}: give nothing") from error
    if asked.root != sealed.root:
        raise StoreError(f"{path} asks for rows of another list: give nothing")
    entry = entry_named(asked.entry)
    if entry.by != asked.by:
        raise StoreError(f"{path}: {asked.by} asks for what {entry.by} entered: give nothing")
    return asked, entry


def entry_named(entry: str) -> Kept:
    """The entry that says which rows are opened, and what for.

    Raises:
        StoreError: when there is none in the record.
    """
    lines = models.Line.objects.filter(entry_id=entry, kind__in=("row_opened", "list_opened"))
    text = lines.order_by("seq").values_list("text", flat=True).first()
    if text is None:
        raise StoreError(f"the record has no entry {entry} that says a row is opened: give nothing")
    return read(text)


def places_of(entry: str, sealed: SealedList) -> dict[int, str]:
    """The rows that an entry is about, by place, with what each is called.

    Raises:
        StoreError: when it is about none of the list.
    """
    said, labels = entry_named(entry), sealed.labels
    if said.kind == "row_opened":
        rows = rows_before(sealed, str(said.data.get("number")))
        return {sealed.place_of(number): number for number in rows}
    purpose = said.data.get("purpose")
    numbered = sum(map(len, sealed.numbers.values()))
    if purpose in ("code_breaks", "packing") and minimising() is None:
        return dict(enumerate(labels[:numbered]))
    if purpose in ("after_lock", "packing", "renewal"):
        return dict(enumerate(labels))
    used = {row_number(one.number) for one in used_numbers()}  # what a committee is told is of these alone
    return {place: label for place, label in enumerate(labels[:numbered]) if label in used}


def _laid(
    folder: Path, custody: Custody, sealed: SealedList, asking: Signer
) -> tuple[list[Given], list[str]]:
    """What was laid into the folder, and what is wrong with each file that cannot be read."""
    given: Sequence[Path] = sorted(folder.glob("given-*.json"))
    typed: Sequence[Path] = sorted(folder.glob("*.txt"))
    found: list[Given] = []
    unread: list[str] = []
    for path in (*given, *typed):
        try:
            found += (
                read_typed(path, custody, sealed.labels)
                if path.suffix == ".txt"
                else read_given(path, custody, asking)
            )
        except StoreError as error:
            unread.append(str(error))
    return found, unread
