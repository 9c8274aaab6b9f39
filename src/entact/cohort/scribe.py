"""One virtual participant's record as virtual staff keep it: through `may` and `record` alone, in study time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from entact.cohort.tally import Tally
from entact.course import Allowed, Course, Entry, Ledger, Line, Refused, Setting, fold, may, record, uuid7
from entact.protocol import Release, Study

BLOCK = 192

_SECOND = timedelta(seconds=1)


class Scribe:
    """Writes entries of one ledger, each a little later than the one before.

    Args:
        study, setting: the study, and its own and the site's folded ledgers. name, key: of the ledger.
        lines: what was written before. random: this participant's source of chance for ids and delays.
    """

    def __init__(
        self,
        study: Study,
        setting: Setting,
        name: str,
        key: bytes,
        random: np.random.Generator,
        tally: Tally,
        lines: Sequence[Line] = (),
    ) -> None:
        self.study = study
        self.release: Release = study.newest
        self.setting = setting
        self.key = key
        self.random = random
        self.tally = tally
        self._bits: list[int] = []
        self.ledger = Ledger(name, lines)
        self.course: Course = fold(study, self.ledger.entries())
        ends = [effective.at for effective in self.course.effective[-1:]]
        self.last = max(ends, default=datetime.min.replace(tzinfo=UTC))

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
        **fields: Any,
    ) -> Entry:
        """Records one fact and returns its entry.

        Args:
            at: when it happened; moved on where another entry has that second, so that order is not left to ids.
            late: how long after it happened it was written down; without it, at most some minutes.
            fields: other fields of the envelope.
        """
        if late is None:
            at = max(at, self.last + _SECOND)
            self.last = at
            late = timedelta(seconds=5 + self._chance() % 235)
        recorded = at + late
        entry = Entry(
            id=uuid7(recorded, self._chance() << 32 | self._chance() >> 31),
            ledger=self.ledger.name,
            kind=kind,
            release=self.release.id,
            environment="rehearsal",
            occurred_at=at.isoformat(),
            recorded_at=recorded.isoformat(),
            by=by,
            role=role,
            encounter=encounter,
            data=data,
            **fields,
        )
        received = (recorded + timedelta(seconds=2)).astimezone(UTC)
        record(self.study, self.ledger, self.course, entry, received_at=received.isoformat(), key=self.key)
        self.tally.entries += 1
        return entry

    def _chance(self) -> int:
        """63 random bits; drawn in blocks, because one at a time costs more than all else in an entry."""
        if not self._bits:
            self._bits = self.random.integers(0, 1 << 63, size=BLOCK).tolist()
        return self._bits.pop()

    def ask(self, act: str, by: str, at: datetime, **detail: Any) -> Allowed | Refused:
        """Asks a gate, and counts what it said."""
        answer = may(act, self.study, self.setting, self.course, by, at, **detail)
        self.tally.asked[act] += 1
        if isinstance(answer, Refused):
            self.tally.refused[act] += 1
            for reason in answer.reasons:
                self.tally.reasons[act, reason.message] += 1
        return answer
