"""The study's and a site's ledgers as gates know them, folded once for each pair of heads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import Any

import msgspec
from psycopg import Cursor

from entact.course import Course, Entry, Setting, fold_setting, read
from entact.course.entry import GENESIS
from entact.course.kinds import STUDY_KINDS
from entact.course.state.numbers import Number
from entact.course.state.setting import StudyState
from entact.protocol import Study
from entact.store.error import StoreError
from entact.store.numbers import holders, numbers_of_unit
from entact.store.planned_kits import with_kits_opened
from entact.store.studies import study_of_record

SETTINGS = 64  # pairs of heads kept in memory

# Births and digests of heads come with every participant and every hour, and no gate asks for them.
_ASIDE = tuple(name for name, kind in STUDY_KINDS.items() if kind.about_record)


class Amended(StoreError):
    """The releases in force became others after somebody had looked: the gate is asked anew."""


class _Entries:
    """What gates may ask of one ledger, up to a head."""

    def __init__(self) -> None:
        self.seq, self.hash = 0, GENESIS
        self.entries: list[Entry] = []

    def catch_up(self, cursor: Cursor[Any], name: str, number: int, seq: int, digest: str) -> None:
        """Reads what was appended since, up to a head.

        Raises:
            StoreError: when an entry is missing or cannot be read: a hold or a quarantine may be in it.
        """
        if (self.seq, self.hash) == (seq, digest):
            return
        if self.seq and not self._continues(cursor, number, seq):
            self.__init__()  # type: ignore[misc]  # another database of this name
        cursor.execute(
            "SELECT count(*) FROM store_line WHERE ledger_id = %s AND seq > %s AND seq <= %s",
            [number, self.seq, seq],
        )
        if cursor.fetchone() != (seq - self.seq,):
            raise _unknown(name, "an entry is missing")
        cursor.execute(
            """
            SELECT text FROM store_line AS line
            WHERE ledger_id = %(ledger)s AND seq > %(seq)s AND kind <> ALL(%(aside)s) AND NOT EXISTS (
                SELECT FROM store_line AS first
                WHERE first.ledger_id = line.ledger_id AND first.entry_id = line.entry_id
                    AND first.seq < line.seq AND first.kind = ANY(%(aside)s)
            )
            ORDER BY seq
            """,
            {"ledger": number, "seq": self.seq, "aside": list(_ASIDE)},
        )
        try:
            found = [read(text) for (text,) in cursor.fetchall()]
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise _unknown(name, f"an entry cannot be read ({error})") from error
        self.entries += with_kits_opened(found)
        self.seq, self.hash = seq, digest

    def _continues(self, cursor: Cursor[Any], number: int, seq: int) -> bool:
        cursor.execute("SELECT hash FROM store_line WHERE ledger_id = %s AND seq = %s", [number, self.seq])
        return self.seq <= seq and cursor.fetchone() == (self.hash,)


def _unknown(name: str, problem: str) -> StoreError:
    return StoreError(
        f"{name}: {problem}, so nobody knows what it stops: no act is decided until `entact verify` holds"
    )


class _Memory:
    """The entries of the ledgers that were asked about, and the settings that they made last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ledgers: dict[str, _Entries] = {}
        self._settings: OrderedDict[tuple[str, str, str], Setting] = OrderedDict()

    def of(
        self, cursor: Cursor[Any], stamp: str, study: Study, names: tuple[str, str], heads: dict[str, Any]
    ) -> Setting:
        with self._lock:
            known = [self._known(cursor, name, heads.get(name)) for name in names]
            key = (stamp, known[0].hash, known[1].hash)
            setting = self._settings.get(key)
            if setting is None:
                setting = self._settings[key] = _fold(study, *known)
            self._settings.move_to_end(key)
            while len(self._settings) > SETTINGS:
                self._settings.popitem(last=False)
            return setting

    def _known(self, cursor: Cursor[Any], name: str, head: tuple[int, int, str] | None) -> _Entries:
        if head is None:
            return _Entries()
        known = self._ledgers.setdefault(name, _Entries())
        known.catch_up(cursor, name, *head)
        return known


def _fold(study: Study, of_study: _Entries, of_site: _Entries) -> Setting:
    """With the sizes of the whole ledgers: they are what a decision says it knew."""
    setting = fold_setting(study, of_study.entries, of_site.entries)
    return msgspec.structs.replace(
        setting,
        study=msgspec.structs.replace(setting.study, size=of_study.seq),
        site=msgspec.structs.replace(setting.site, size=of_site.seq),
    )


_memory = _Memory()


def study_as_of_now(cursor: Cursor[Any], stamp: str, study: Study) -> StudyState:
    """What the study's ledger says now; others may go on writing to it.

    Raises:
        StoreError: when an entry is missing or cannot be read.
    """
    names = f"study:{study.name}", "site:"
    cursor.execute("SELECT id, seq, hash FROM store_ledger WHERE name = %s", [names[0]], prepare=True)
    row = cursor.fetchone()
    return _memory.of(cursor, stamp, study, names, {} if row is None else {names[0]: row}).study


def setting_held(
    cursor: Cursor[Any],
    stamp: str,
    study: Study,
    site: str,
    numbers: Iterable[Number] = (),
    *,
    counting: bool = False,
    course: Course | None = None,
) -> Setting:
    """What a gate knows beside the participant, held as it is until the transaction ends.

    Whose numbers are is not held: who takes one that another takes meanwhile is told when it is written.

    Args:
        stamp: of the releases in force (see `studies.study_of_record`). site: its id.
        numbers: of which it is asked whose they are.
        counting: the act changes what is counted over the study, so that others who count wait for it; else
            many are decided at once, and only a change of the setting waits.
        course: of whom it is asked, so that what their unit has is known, where they are randomised as one.
    Raises:
        StoreError: for a site that has no ledger.
        Amended: when a release was entered, withdrawn or approved between the stamp and the lock.
    """
    names = f"study:{study.name}", f"site:{site}"
    heads: dict[str, tuple[int, int, str]] = {}
    # In the order in which every writer takes them, so that two never wait for each other.
    for name in sorted(names):
        strength = "NO KEY UPDATE" if counting and name == names[0] else "SHARE"
        cursor.execute(
            f"SELECT id, seq, hash FROM store_ledger WHERE name = %s FOR {strength}", [name], prepare=True
        )
        row = cursor.fetchone()
        if row is not None:
            heads[name] = row
    if names[1] not in heads:
        raise StoreError(f"there is no site {site!r} in this record: activate it first")
    if study_of_record()[0] != stamp:  # while the locks were waited for
        raise Amended("which releases are in force has changed this moment: ask once more")
    setting = _memory.of(cursor, stamp, study, names, heads)
    of_unit = {} if course is None else numbers_of_unit(cursor, course)
    return msgspec.structs.replace(setting, numbers={**of_unit, **holders(cursor, numbers)})
