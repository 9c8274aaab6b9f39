"""Whether the ledgers in the database are what was written, whoever had a hand on the database since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
from django.db import Error, connection, transaction
from psycopg import ServerCursor

from entact.course.entry import GENESIS, Kept, Line, as_sent, instant, is_its_text, read
from entact.course.entry.ledger import REWRITTEN, Break, follow
from entact.course.entry.name import is_ledger_name
from entact.course.entry.versions import first_versions
from entact.course.kinds.study import Heads, LedgerOpened
from entact.course.personal import opened
from entact.course.signed.device import Devices, devices, is_of_content, problem_kept
from entact.course.signed.signature import KeyringFold
from entact.store import models
from entact.store.anchor import Anchored
from entact.store.damage import Unreadable, is_damage, read_carefully
from entact.store.derived import PARTICIPANT
from entact.store.error import StoreError
from entact.store.index import Index, LedgerHead, index, storable
from entact.store.numbers import shared_numbers
from entact.store.participant_keys import keychain
from entact.store.versions import ids_used_again

_REWRITTEN_SINCE = "is not the entry that the anchor of {} recorded: the tail was rewritten since"
_UNREADABLE = "cannot be read: a file of the database is damaged ({})"
_STEP = 1000  # entries between two calls of `progress`
_FETCHED = 2000  # entries in memory at once

ByLedger = Iterator[tuple[int, Iterator[Any]]]  # number of a ledger, and its lines


@dataclass(frozen=True)
class Verification:
    """What was checked and what did not hold: the first bad entry of each ledger, in order of opening.

    `notices` are about entries that are as they were written, and that somebody should look at.
    """

    ledgers: int
    entries: int
    breaks: tuple[Break, ...]
    notices: tuple[str, ...] = ()

    @property
    def broken(self) -> Break | None:
        """The first bad entry of all, or None."""
        return self.breaks[0] if self.breaks else None


def verify(
    *,
    known: Iterable[LedgerHead] = (),
    against: Iterable[Anchored] = (),
    progress: Callable[[int], None] | None = None,
) -> Verification:
    """Checks every chain, its head, and all ledgers against what the study's ledger remembers of them.

    Finds any edit, deletion, insertion, reordering or truncation, a rewritten tail, a ledger that vanished or
    that has no birth, an index that says something else than its text, and an entry of another environment.
    Where a file of the database is damaged, the first entry that cannot be read is the first bad one. Memory
    does not grow with the number of entries. Call it outside a transaction: it looks at one moment of the
    database.

    Args:
        known: heads as kept elsewhere (on paper, by another institution): they find a database rewritten as a
            whole. against: heads that anchors outside the database recorded (`read_anchors`): they name a
            ledger that vanished, a database set back to an earlier state, and a rewritten tail.
        progress: called now and then with the number of entries checked since the last call.
    Raises:
        StoreError: when the database was never set up, or not even its heads can be read.
    Source: 21 CFR 11.10(a), (e).
    """
    outside = [*(Anchored(head, "") for head in known), *against]
    try:
        return _look(outside, progress, _by_ledger)
    except (Error, UnicodeDecodeError) as error:
        if not is_damage(error):
            raise
    try:
        return _look(outside, progress, _by_ledger_carefully)
    except (Error, UnicodeDecodeError) as error:
        if not is_damage(error):
            raise
        raise StoreError(f"a file of the database is damaged: {error}; recover a backup") from error


def _look(
    outside: list[Anchored], progress: Callable[[int], None] | None, by_ledger: Callable[..., ByLedger]
) -> Verification:
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        installation = models.Installation.objects.first()
        if installation is None:
            raise StoreError("this database holds no study yet")
        return _Check(installation, outside, progress or (lambda entries: None), by_ledger).run()


@dataclass
class _Memory:
    """What the study's ledger remembers of all ledgers: their births, and every head that was ever noted."""

    births: dict[str, int] = field(default_factory=dict)
    heads: dict[str, set[LedgerHead]] = field(default_factory=dict)

    def learn(self, kept: Kept) -> None:
        with suppress(
            msgspec.ValidationError
        ):  # a payload that does not parse is a finding, not a broken chain
            if kept.kind == "ledger_opened":
                self.births.setdefault(msgspec.convert(kept.data, LedgerOpened).ledger, kept.seq)
            elif kept.kind == "heads":
                for ledger, head in msgspec.convert(kept.data, Heads).heads.items():
                    # A later digest takes nothing back: one that says less than an earlier one was forged.
                    self.heads.setdefault(ledger, set()).add(LedgerHead(ledger, head.seq, head.hash))


class _Check:
    """One look at one moment of the database."""

    def __init__(
        self,
        installation: models.Installation,
        outside: list[Anchored],
        progress: Callable[[int], None],
        by_ledger: Callable[..., ByLedger],
    ) -> None:
        self.by_ledger = by_ledger
        self.environment = installation.environment
        self.study = f"study:{installation.study}"
        rows = models.Ledger.objects.order_by("id").values_list("id", "name", "seq", "hash")
        self.heads = {row[0]: LedgerHead(*row[1:]) for row in rows}
        self.outside: dict[str, list[Anchored]] = {}
        for one in outside:
            self.outside.setdefault(one.head.ledger, []).append(one)
        self.progress = progress
        self.memory = _Memory()
        self.breaks: dict[int, Break] = {}
        self.unseen = set(self.heads)
        self.devices, self.persons = _keys_of(self.study)
        self.keys: Mapping[str, bytes] = {}
        with suppress(StoreError):  # what is wrong with the keychain is named beside the chains (`soundness`)
            self.keys = keychain().all()
        self.entries = 0

    def run(self) -> Verification:
        own = next((number for number, head in self.heads.items() if head.ledger == self.study), 0)
        # The study's ledger first, because it knows what the others should be.
        for number, rows in self.by_ledger(self.heads, own, True):
            self._ledger(number, rows, self.memory.learn)
        births_known = bool(own) and own not in self.breaks
        for number, rows in self.by_ledger(self.heads, own, False):
            self._ledger(number, rows)
        for number in sorted(self.unseen):
            self._ledger(number, iter(()))
        for number, head in self.heads.items():
            if births_known and number != own and head.ledger not in self.memory.births:
                problem = f"appeared from nowhere: {self.study} records no birth of this ledger"
                self.breaks.setdefault(number, Break(head.ledger, 1, problem))
        self.progress(self.entries % _STEP)
        in_order = [self.breaks[number] for number in sorted(self.breaks)]
        # Where the indexes say something else than the texts, that is what there is to say.
        notices = (
            () if in_order else (*self._misnamed(), *map(str, ids_used_again()), *map(str, shared_numbers()))
        )
        return Verification(len(self.heads), self.entries, (*in_order, *self._vanished()), notices)

    def _ledger(
        self, number: int, rows: Iterator[tuple[Any, ...]], learn: Callable[[Kept], None] | None = None
    ) -> None:
        self.unseen.discard(number)
        head = self.heads.get(number)
        if head is None:
            self.breaks[number] = Break(f"ledger {number}", 1, "stands in no ledger: the head was removed")
            return
        name, seq, previous = head.ledger, 0, GENESIS
        hashes: dict[int, set[str]] = {}
        for noted in (*self.memory.heads.get(name, ()), head):
            hashes.setdefault(noted.seq, set()).add(noted.hash)
        anchors = {(one.head.seq, one.head.hash): one.at for one in self.outside.get(name, ())}
        for place, value in anchors:
            hashes.setdefault(place, set()).add(value)
        for row in rows:
            seq += 1
            if isinstance(row, Unreadable):
                self.breaks[number] = Break(name, seq, _UNREADABLE.format(row.said))
                return
            kept = self._plain(name, row, seq, previous) or self._entry(name, row, seq, previous)
            if isinstance(kept, Break):
                self.breaks[number] = kept
                return
            previous = row[2]
            problem = self._problem_of_proof(kept)
            if problem is not None:
                self.breaks[number] = Break(name, seq, problem)
                return
            if seq in hashes and hashes[seq] != {previous}:
                told = next(
                    (at for (place, value), at in anchors.items() if place == seq and value != previous), ""
                )
                self.breaks[number] = Break(name, seq, _REWRITTEN_SINCE.format(told) if told else REWRITTEN)
                return
            if learn is not None:
                learn(kept)
            self.entries += 1
            if self.entries % _STEP == 0:
                self.progress(_STEP)
        recorded = max(hashes)
        if seq < recorded:
            told = next((at for (place, _), at in anchors.items() if place == recorded), "")
            problem = f"is missing: {recorded} entries were recorded, {seq} are left"
            if told and head.seq < recorded:
                problem = (
                    f"is missing: the anchor of {told} recorded {recorded} entries, {seq} are left: "
                    "the database was set back to an earlier state"
                )
            self.breaks[number] = Break(name, seq + 1, problem)
        elif seq > head.seq:
            self.breaks[number] = Break(
                name, head.seq + 1, "was added without the head of its ledger knowing"
            )

    def _problem_of_proof(self, kept: Kept) -> str | None:
        """What is wrong with a proof that counts; also with what it is of, where the key to that is here."""
        by = kept.authenticated
        if by is None or by.how not in ("device", "person_key") or by.problem is not None:
            return None
        problem = problem_kept(kept, self.devices, self.persons)
        if problem is not None or by.how == "person_key":
            return problem
        key = self.keys.get(kept.ledger)
        if key is None and kept.ledger.startswith(PARTICIPANT):
            return None  # erased, or kept elsewhere
        try:
            plain = as_sent(kept) if key is None else opened(as_sent(kept), key)
        except ValueError as error:
            return f"cannot be opened to see what the device {by.who} signed: {error}"
        return None if is_of_content(kept, plain, key) else f"is not what the device {by.who} signed"

    def _plain(self, name: str, row: tuple[Any, ...], seq: int, previous: str) -> Kept | None:
        """The entry in a row that is as almost all are; None for one that has to be looked at in full."""
        _, number, value, text, entry_id, kind, occurred, received = row
        stored = text.encode(errors="surrogatepass")
        try:
            kept = read(stored)
            if (
                number == kept.seq == seq
                and kept.previous == previous
                and sha256(stored).hexdigest() == value
                and kept.ledger == name
                and kept.environment == self.environment
                and storable(kept.id) == entry_id
                and storable(kept.kind) == kind
                and instant(kept.received_at).timestamp() == received
                and instant(kept.occurred_at).timestamp() == occurred
                and is_its_text(stored, kept)
            ):
                return kept
        except (ValueError, msgspec.MsgspecError):
            pass
        return None

    def _entry(self, name: str, row: tuple[Any, ...], seq: int, previous: str) -> Kept | Break:
        kept = follow(name, Line(row[1], row[2], row[3]), seq=seq, previous=previous)
        if isinstance(kept, Break):
            return kept
        if kept.environment != self.environment:
            return Break(
                name, seq, f"is of environment {kept.environment}, this database is {self.environment}"
            )
        try:
            told = index(kept)
        except ValueError as error:
            return Break(name, seq, f"has no time of arrival: {error}")
        expected = (
            told.entry_id,
            told.kind,
            _seconds(told.occurred_at),
            _seconds(told.received_at),
        )
        for column, value, beside in zip(Index._fields, expected, row[4:], strict=True):
            if value != beside:
                return Break(name, seq, f"does not match the index beside it: {column} was changed there")
        return kept

    def _misnamed(self) -> Iterator[str]:
        """Ledgers of before names were looked at: kept, and of no page."""
        for head in self.heads.values():
            if head.seq and not is_ledger_name(head.ledger):
                yield f"{head.ledger!a} cannot be the name of a ledger; it is kept as it was received"

    def _vanished(self) -> Iterator[Break]:
        named = {one.ledger for one in self.breaks.values()}
        present = {head.ledger for head in self.heads.values() if head.seq} | named  # and no empty one
        if self.study not in present and present:
            yield Break(self.study, 1, "is missing: the study's own ledger is gone")
        for name in dict.fromkeys((*self.memory.births, *self.memory.heads, *self.outside)):
            if name not in present:
                told = max((one.at for one in self.outside.get(name, ())), default="")
                known = (
                    f"the anchor of {told} knows this ledger, and it" if told else "the ledger was opened and"
                )
                yield Break(name, 1, f"is missing: {known} is gone")


def _keys_of(study: str) -> tuple[Devices, dict[str, str]]:
    """Devices, and whose each public key of a person ever was, as the study's ledger says."""
    kinds = ("device_key", "signing_key")
    found = models.Line.objects.filter(ledger__name=study, kind__in=kinds).order_by("seq")
    entries, growing = [], KeyringFold()
    for text in found.values_list("text", flat=True):
        with suppress(msgspec.MsgspecError, ValueError):  # what cannot be read is named where it stands
            entries.append(read(text))
    for entry in first_versions(entries):
        growing.add(entry)
    return devices(entries), growing.ever


# Times as seconds: reading them as times would take longer than all the rest.
_STREAM = """
    SELECT ledger_id, seq, hash, text, entry_id, kind,
        date_part('epoch', occurred_at), date_part('epoch', received_at)
    FROM store_line WHERE {} ORDER BY ledger_id, seq
"""


def _by_ledger(heads: Mapping[int, LedgerHead], own: int, only: bool) -> ByLedger:
    """The lines of the study's own ledger only, or of all others: as one stream."""
    return groupby(_rows(f"ledger_id {'=' if only else '<>'} {own:d}"), key=itemgetter(0))


def _by_ledger_carefully(heads: Mapping[int, LedgerHead], own: int, only: bool) -> ByLedger:
    """The same, each ledger as far as it can be read; lines that stand in no ledger are not looked for."""
    for number, head in heads.items():
        if (number == own) is only:
            yield number, read_carefully(_STREAM, number, head.seq)


def _rows(condition: str) -> Iterator[tuple[Any, ...]]:
    connection.ensure_connection()
    with connection.wrap_database_errors, ServerCursor(connection.connection, "lines") as cursor:
        cursor.execute(_STREAM.format(condition), binary=True)
        while rows := cursor.fetchmany(_FETCHED):
            yield from rows


def _seconds(at: datetime | None) -> float | None:
    # Whole microseconds divided by a million, here as in PostgreSQL: equal times give equal numbers.
    return None if at is None else at.timestamp()
