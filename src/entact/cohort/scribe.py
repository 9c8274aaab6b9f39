"""One participant's record as virtual staff keep it: through `attempt` and `record` alone, in study time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

import numpy as np

from entact.cohort.tally import Tally
from entact.course import (
    Allowed,
    Authenticated,
    Course,
    Entry,
    Ledger,
    Line,
    Refused,
    Setting,
    attempt,
    fold,
    instant,
    may,
    record,
    uuid7,
)
from entact.course.entry import Environment, text_of
from entact.course.state.encounter import visit_of
from entact.protocol import Release, Study

BLOCK = 192  # random numbers drawn at once
SENDING = timedelta(seconds=2)  # from the device to the server

_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=16)
def _offset(offset: timedelta | None) -> timezone:
    """A zone that is quick to ask, where that of a site looks its rules up each time."""
    return UTC if offset is None else timezone(offset)


@lru_cache(maxsize=4096)
def _simulated(person: str) -> Authenticated:
    return Authenticated(how="simulated", who=person)


class Scribe:
    """Writes entries of one ledger, each a little later than the one before.

    Args:
        study: all releases. setting: the study's and the site's ledgers, folded as they were known at a time.
        name, key: of the ledger. site: of the participant. lines: what was written before.
        random: this participant's source of chance for ids and delays.
    """

    def __init__(
        self,
        study: Study,
        setting: Callable[[datetime], Setting],
        name: str,
        key: bytes,
        random: np.random.Generator,
        site: str,
        lines: Sequence[Line] = (),
        environment: Environment = "rehearsal",
    ) -> None:
        self.environment = environment
        self.study = study
        self.only = study.newest if len(study.releases) == 1 else None  # without amendments, for all time
        self.site = site
        self.setting = setting
        self.key = key
        self.random = random
        self.tally = Tally()
        self._bits: list[int] = []
        self.ledger = Ledger(name, lines)
        entries = self.ledger.entries()
        self.course: Course = fold(study, entries)
        never = datetime.min.replace(tzinfo=UTC)
        self.last = max((effective.at for effective in self.course.effective[-1:]), default=never)
        self._received = max((instant(kept.received_at) for kept in entries[-1:]), default=never)

    def release_at(self, at: datetime) -> Release:
        """What is in force for the participant at a time; before consent, what is in force at the site."""
        if self.only is not None:
            return self.only
        if self.course.consent is None:
            return self.study.in_force_at(self.site, at)
        return self.course.release_at(at)

    def _written_under(self, at: datetime) -> str:
        if self.only is not None:
            return self.only.id  # without a look at the course, which a correction may have made stale
        consent = self.course.consent
        return consent.release if consent is not None else self.release_at(at).id

    def write(
        self,
        kind: str,
        data: dict[str, Any],
        *,
        at: datetime,
        by: str,
        role: str,
        encounter: str | None = None,
        late: timedelta | None = None,
        release: str | None = None,
        **fields: Any,
    ) -> Entry:
        """Records one fact and returns its entry.

        Args:
            at: when it happened; moved on where another entry has that second: order is not left to ids.
            late: how long after it happened it was written down; without it, at most some minutes.
            release: under which it is written; without it, the one consented to.
            fields: other fields of the envelope.
        """
        entry, _ = self._compose(kind, data, at, by, role, encounter, fields, late, release)
        self._record(entry)
        return entry

    def act(
        self,
        kind: str,
        data: dict[str, Any],
        *,
        at: datetime,
        by: str,
        role: str,
        encounter: str | None = None,
        decided: Allowed | None = None,
        **fields: Any,
    ) -> Entry | Refused:
        """Records an act if its gate lets it, and returns its entry; else every reason against it.

        `decided` is a yes that was given before; the others are as of `write`.
        """
        entry, at = self._compose(kind, data, at, by, role, encounter, fields)
        done = attempt(entry, self.study, self.setting(at), self.course, at, decided=decided)
        if isinstance(done, Entry):
            self._record(done)
        return done

    def _record(self, entry: Entry) -> None:
        received = text_of(self._received)
        who = _simulated(entry.by)
        record(
            self.study, self.ledger, self.course, entry, received_at=received, key=self.key, authenticated=who
        )

    def _compose(
        self,
        kind: str,
        data: dict[str, Any],
        at: datetime,
        by: str,
        role: str,
        encounter: str | None,
        fields: Mapping[str, Any],
        late: timedelta | None = None,
        release: str | None = None,
    ) -> tuple[Entry, datetime]:
        """An entry as its author sends it, and when it happened."""
        if late is None:
            at = max(at, self.last + _SECOND)
            self.last = at
            late = timedelta(seconds=5 + self._chance() % 235)
            at = at.astimezone(_offset(at.utcoffset()))  # no clock changes within these minutes
        if release is None:
            release = self._written_under(at)
        recorded = at + late
        # The server numbers entries as they arrive: a later number never says an earlier arrival.
        self._received = max(self._received, (recorded + SENDING).astimezone(UTC))
        made = Entry(
            id=uuid7(recorded, self._chance() << 32 | self._chance() >> 31),
            ledger=self.ledger.name,
            kind=kind,
            release=release,
            environment=self.environment,
            occurred_at=text_of(at),
            recorded_at=text_of(recorded),
            by=by,
            role=role,
            encounter=encounter,
            data=data,
            **fields,
        )
        return made, at

    def ask(
        self, act: str, by: str, at: datetime, *, encounter: str | None = None, **detail: Any
    ) -> Allowed | Refused:
        """Asks a gate, and counts what it said."""
        answer = may(act, self.study, self.setting(at), self.course, by, at, **detail)
        self.tally.count_answer(act, visit_of(encounter), answer)
        return answer

    @contextmanager
    def drawing_from(self, random: np.random.Generator) -> Iterator[None]:
        """Draws what entries need of chance from another source: those beside them are as they were."""
        kept = self.random, self._bits
        self.random, self._bits = random, []
        try:
            yield
        finally:
            self.random, self._bits = kept

    def _chance(self) -> int:
        """63 random bits; drawn in blocks, because one at a time costs more than all else in an entry."""
        if not self._bits:
            self._bits = self.random.integers(0, 1 << 63, size=BLOCK).tolist()
        return self._bits.pop()
