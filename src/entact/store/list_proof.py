"""What proves to anybody, once a study is locked, that the list that was used is the one that was sealed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Max

from entact.course.entry import Kept
from entact.course.state.numbers import normal
from entact.store import acts, models
from entact.store.list_strata import placed
from entact.store.list_use import of_rows, used_numbers
from entact.store.reading import readable
from entact.store.sealed_list import SealedList

FORMAT = "entact list proof 1"
OPENED, TOLD = "row_opened", "unblinding"


class OpenRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was sealed in one row, and the salt that its leaf was made with, in hexadecimal."""

    text: str
    salt: str


class Used(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One number as it was given: to which participant (counted from 1), and when it was received.

    `stratum` is that of the participant, as far as the record knew it; empty where it does not say.
    """

    number: str
    who: int
    at: str
    stratum: str = ""


class Looked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row, or (`who` 0) the whole list, was opened: when, and what for."""

    who: int
    purpose: str
    at: str


class ListProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An opened list with what was committed and how it was used: `static/proof.js` checks it in a browser.

    It names nobody: participants are counted in the order in which they were randomised. `plan` is the digest
    of each analysis as the first release planned it.
    """

    entact: str
    study: str
    environment: str
    root: str
    committed_at: str
    locked_at: str
    release: str
    plan: Mapping[str, str]
    numbers: Mapping[str, Sequence[str]]
    rows: Sequence[OpenRow]
    used: Sequence[Used]
    opened: Sequence[Looked]
    whole: Sequence[Looked]


class Promise(msgspec.Struct, frozen=True):
    """What anybody may know of a sealed list before it is opened.

    Attributes:
        root, rows: Merkle root, and how many rows it is of. at: when it was entered, RFC 3339.
        seq, hash: number and hash of its line in the study's ledger. release: in force then.
        plan: the digest of each analysis as that release planned it. anchored: when the record was last
            anchored outside; never where, which is an address of somebody's.
    """

    root: str
    rows: int
    at: str
    seq: int
    hash: str
    release: str
    plan: Mapping[str, str]
    anchored: datetime | None


def promised() -> Promise | None:
    """What was promised in the record in use; None where no list was sealed."""
    found = acts.entries(("commitment",))
    if not found or not found[0].data.get("list_root"):
        return None
    committed, first = found[0], acts.releases_here()[0]
    line = models.Line.objects.get(ledger__name=committed.ledger, seq=committed.seq)
    return Promise(
        root=str(committed.data["list_root"]),
        rows=int(committed.data.get("list_rows", 0)),
        at=committed.received_at,
        seq=committed.seq,
        hash=line.hash,
        release=first.id,
        plan=first.plan or {},
        anchored=models.Anchored.objects.aggregate(last=Max("at"))["last"],
    )


def list_proof(sealed: SealedList, rows: Sequence[OpenRow], locked_at: str) -> ListProof:
    """The proof of a list whose rows were opened.

    Args:
        sealed: the list that was committed. rows: what was in it, in its order, method and seed behind.
        locked_at: when the study was locked, RFC 3339.
    """
    committed, first = acts.entries(("commitment",))[0], acts.releases_here()[0]
    uses = of_rows(sealed.numbers, used_numbers())  # who follows the row of their unit takes none
    who = {ledger: place for place, ledger in enumerate(dict.fromkeys(use.ledger for use in uses), start=1)}
    looks = list(_looks(who))
    own = {one.use: one.own for one in placed(sealed.numbers, uses)}
    written = {normal(number): number for order in sealed.numbers.values() for number in order}
    return ListProof(
        entact=FORMAT,
        study=sealed.study,
        environment=acts.here().environment,
        root=sealed.root,
        committed_at=committed.received_at,
        locked_at=locked_at,
        release=first.id,
        plan=first.plan or {},
        numbers=sealed.numbers,
        rows=rows,
        used=[
            Used(written.get(normal(use.number), use.number), who[use.ledger], use.at, own.get(use) or "")
            for use in uses
        ],
        opened=looks,
        whole=[
            Looked(0, str(entry.data.get("purpose")), entry.received_at)
            for entry in acts.entries(("list_opened",))
        ],
    )


def _looks(who: dict[str, int]) -> Iterator[Looked]:
    """Every row that was opened for one participant; who never had one is counted after all others."""
    for ledger, entry in readable((OPENED, TOLD)):
        place = who.setdefault(ledger, len(who) + 1)
        yield Looked(place, _purpose(entry), entry.received_at)


def _purpose(entry: Kept) -> str:
    said: Any = entry.data.get("purpose")
    return "emergency" if entry.kind == TOLD or not isinstance(said, str) else said
