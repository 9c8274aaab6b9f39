"""What an export is made of, participant by participant: in this process, or in shares that others work on.

Shares are cut by what was entered alone, and put together in their order: no byte depends on how many
processes there are.
"""

from __future__ import annotations

import hashlib
import pickle
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Final, Protocol

import polars as pl

from entact.cli.work import collect_seldom
from entact.course import Course
from entact.course.entry import Line, instant, read
from entact.course.fold import Broken, fold_lines
from entact.datasets.adam import DATASETS, Analyser
from entact.datasets.sdtm import Table, Tabulator
from entact.datasets.sdtm.build import Analysing, Made, Told
from entact.datasets.sdtm.part import Part, part_of_rows, unpacked
from entact.datasets.sdtm.subject import Subject
from entact.datasets.sdtm.table import PART, Packed, Spool, pack
from entact.exchange import OdmRecord
from entact.exchange.fhir import FhirRecord
from entact.exchange.odm import OdmShare
from entact.protocol import Study
from entact.store import StoreError

SHARE: Final = 5_000  # entries of which a share has at least as many
LARGER: Final = 4  # times as many of a late share of many: each costs the same, however much it holds
ALONE: Final = 20_000  # what has fewer is done before another process has begun
AHEAD: Final = 1  # shares that wait for each worker, so that memory does not grow with the study

Chain = tuple[str, list[Line]]


class Writing(Spool, Protocol):
    """Where rows wait, and lines of files."""

    def write(self, name: str, line: str) -> None:
        """Adds a line to a file."""
        ...


@dataclass
class Seen:
    """What was read: how much, when the last of it arrived, and each ledger's last line."""

    ledgers: int = 0
    entries: int = 0
    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    heads: list[str] = field(default_factory=list)

    def add(self, ledger: str, lines: list[Line]) -> None:
        """Adds a ledger."""
        self.ledgers += 1
        self.entries += len(lines)
        if lines:
            self.heads.append(f"{ledger} {lines[-1].seq} {lines[-1].hash}\n")
            arrived = instant(read(lines[-1].text).received_at).astimezone(UTC).replace(microsecond=0)
            self.at = max(self.at, arrived)

    def join(self, other: Seen) -> None:
        """Adds what was read after it."""
        self.ledgers += other.ledgers
        self.entries += other.entries
        self.heads += other.heads
        self.at = max(self.at, other.at)

    @property
    def heads_sha256(self) -> str:
        """SHA-256 of all heads in their order."""
        return hashlib.sha256("".join(self.heads).encode()).hexdigest()


@dataclass(frozen=True)
class Share:
    """What was made of some participants, apart from the others."""

    parts: list[tuple[str, pl.DataFrame | Packed]]
    lines: list[tuple[str, str]]
    told: Told
    seen: Seen
    broken: dict[str, str]
    failures: dict[str, str]
    counts: dict[str, int]
    odm: OdmShare | None


@dataclass(frozen=True)
class Wanted:
    """What an export is asked for, as far as it concerns each participant.

    Attributes:
        arms: randomisation number -> arm; None of a blinded export.
    """

    study: Study
    arms: Mapping[str, str] | None
    adam: bool
    fhir: bool
    odm: bool


class Gathering:
    """Takes participants one at a time.

    Args:
        spool: where rows wait.
    Attributes:
        odm: takes each participant as well, where it is asked for. broken: ledger -> why no row is of it.
        is_shared: whether there was work for several processes.
    """

    def __init__(self, wanted: Wanted, spool: Writing) -> None:
        self.wanted, self._spool = wanted, spool
        self.odm = OdmRecord(wanted.study) if wanted.odm else None
        self.analyser = Analyser(wanted.study, spool) if wanted.adam else None
        self.fhir = FhirRecord(wanted.study, write=spool.write) if wanted.fhir else None
        each = _Each(self.analyser, self.fhir)
        self.tabulator = Tabulator(wanted.study, wanted.arms, each, spool)
        self.seen = Seen()
        self.broken: dict[str, str] = {}
        self.is_shared = False

    def add_all(self, people: Iterable[Chain], executor: Executor | None) -> None:
        """Adds participants; where there are many, in shares that others work on.

        Args:
            executor: of other processes; without one all is done here.
        """
        shares = _shares(people)
        first: list[list[Chain]] = []
        size = 0
        while size < ALONE and (share := next(shares, None)) is not None:
            first.append(share)
            size += sum(len(lines) for _, lines in share)
        if size < ALONE:
            with collect_seldom():  # not where shares are taken: they are few values, and large ones
                for ledger, lines in chain.from_iterable(first):
                    self.add(ledger, lines)
            return
        self.is_shared = True
        packed = pickle.dumps(self.wanted)
        for made in _each_share(packed, chain(first, shares), executor):
            self.take(made)

    def add(self, ledger: str, lines: list[Line]) -> None:
        """Adds a participant.

        Raises:
            StoreError: when the allocation does not say their arm.
        """
        course = fold_lines(self.wanted.study, ledger, lines)
        if isinstance(course, Broken):
            self.broken[ledger] = course.problem
            return
        visible = self.tabulator.visible(course)
        self.seen.add(ledger, _counted(lines, course, visible.course))
        try:
            self.tabulator.add_visible(visible)
            if self.odm is not None:
                self.odm.add(visible.course)
        except ValueError as error:
            raise StoreError(f"{ledger}: {error}") from error

    def take(self, share: Share) -> None:
        """Adds what was made of the next participants elsewhere."""
        for name, part in share.parts:
            self._table(name).take(part)
        for name, line in share.lines:
            self._spool.write(name, line)
        self.tabulator.told.add(share.told)
        self.seen.join(share.seen)
        self.broken |= share.broken
        if self.analyser is not None:
            self.analyser.failures |= share.failures
        if self.odm is not None and share.odm is not None:
            self.odm.join(share.odm)
        if self.fhir is not None:
            for kind, count in share.counts.items():
                self.fhir.counts[kind] = self.fhir.counts.get(kind, 0) + count

    def _table(self, name: str) -> Table:
        if self.analyser is not None and name in DATASETS:
            return self.analyser.tables[name]
        return self.tabulator.table(name)

    def share(self, spool: _Held) -> Share:
        """All that was added, as others take it."""
        tables = [*self.tabulator.tables.values()]
        if self.analyser is not None:
            tables += self.analyser.tables.values()
        for table in tables:
            rest = table.rest()
            if rest is not None:
                small = rest.height < PART / 4  # then a file of its own would cost more than it holds
                kept = table.plain(rest) if small else pack(rest, table.domain)
                spool.parts_kept.append((table.domain.name, kept))
        return Share(
            spool.parts_kept,
            spool.lines,
            self.tabulator.told,
            self.seen,
            self.broken,
            self.analyser.failures if self.analyser is not None else {},
            self.fhir.counts if self.fhir is not None else {},
            self.odm.share() if self.odm is not None else None,
        )


class _Held:
    """Where the rows of a share wait: in memory, as they are handed on when it is done."""

    def __init__(self) -> None:
        self.parts_kept: list[tuple[str, pl.DataFrame | Packed]] = []
        self.lines: list[tuple[str, str]] = []

    def keep(self, dataset: str, part: Packed) -> None:
        """Keeps the next part of a dataset."""
        self.parts_kept.append((dataset, part))

    def write(self, name: str, line: str) -> None:
        """Adds a line to a file."""
        self.lines.append((name, line))

    def parts(self, dataset: str, names: Sequence[str]) -> Iterator[Part]:
        """What was kept of it, part by part; only what of them some columns need."""
        return (
            unpacked(part.raw, names) if isinstance(part, Packed) else part_of_rows(part)
            for name, part in self.parts_kept
            if name == dataset
        )


class _Each:
    """Gives each participant to all who take one."""

    def __init__(self, *several: Analysing | None) -> None:
        self._several = [one for one in several if one is not None]

    def add(self, subject: Subject, made: Made) -> None:
        """Gives one participant, with the rows that were made of them."""
        for one in self._several:
            one.add(subject, made)


def share_of(packed: bytes, people: list[Chain]) -> Share:
    """What becomes of some participants.

    Args:
        packed: a `Wanted`, pickled once however many shares there are.
    """
    spool = _Held()
    with collect_seldom():
        gathering = Gathering(_unpacked(packed), spool)
        for ledger, lines in people:
            gathering.add(ledger, lines)
        return gathering.share(spool)


@lru_cache(maxsize=1)
def _unpacked(packed: bytes) -> Wanted:
    wanted: Wanted = pickle.loads(packed)
    return wanted


def _each_share(packed: bytes, shares: Iterable[list[Chain]], executor: Executor | None) -> Iterator[Share]:
    """Each share, in order; some of them are under way before they are asked for."""
    if executor is None:
        yield from (share_of(packed, people) for people in shares)
        return
    workers: int = getattr(executor, "_max_workers", 1)
    waiting: deque[Future[Share]] = deque()
    for people in shares:
        waiting.append(executor.submit(share_of, packed, people))
        if len(waiting) > workers + AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _shares(people: Iterable[Chain]) -> Iterator[list[Chain]]:
    """Participants in shares: small at first, so that all processes work, larger where there are many."""
    share: list[Chain] = []
    size = before = 0
    for ledger, lines in people:
        share.append((ledger, lines))
        size += len(lines)
        if size >= min(max(SHARE, before / 16), LARGER * SHARE):
            yield share
            share, size, before = [], 0, before + size
    if share:
        yield share


def _counted(lines: list[Line], course: Course, visible: Course) -> list[Line]:
    """The lines of what is exported: that others follow in which the arm was told can tell it as well."""
    if visible is course:
        return lines
    return [line for line in lines if visible.has(read(line.text).id)]
