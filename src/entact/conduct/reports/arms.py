"""Which arms may be known here, by whom: until the study is locked by the unblinded committee alone.

The record holds no arm but those of people whose planned unblinding took place, which the committee alone is
shown before all are opened. A list lies in a file beside the database: that of a rehearsal, whose people are
none; or the one that its holder opened after the lock and entered that (`entact allocation reveal`). Until
then no list of real people is read here, whoever asks and whatever lies there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from django.utils.translation import gettext

from entact.conduct.error import ConductError
from entact.conduct.permissions import DUTIES, Person
from entact.conduct.reader import Reader
from entact.course import Course, fold_setting
from entact.course.allocation.allocation import Allocation, prove
from entact.course.entry.decoding import decoded
from entact.course.state.numbers import arm_of
from entact.store import acts, server
from entact.store.after_lock import period_in_force

FILE: Final = "allocation.json"
PLACES: Final = (FILE, f"rehearsal/{FILE}")  # in the data folder, as `reveal` and a rehearsal write it


@dataclass(frozen=True)
class KnownArms:
    """Which arms may be known now.

    Attributes:
        listed: randomisation number -> arm, of a list that may be read; empty where there is none.
        told: whether those of people whose planned unblinding took place are known too.
    """

    listed: Mapping[str, str]
    told: bool

    def of(self, course: Course) -> str | None:
        """The arm of a participant; None where it may not be known, or there is none."""
        if course.randomisation is None:
            return None
        told = course.told.arm if self.told and course.told is not None else None
        return arm_of(course.randomisation.number, self.listed) or told


def known_arms(reader: Reader, person: Person) -> KnownArms:
    """The arms that whoever asks may know: by the lock alone nobody's.

    Raises:
        ConductError: when a file is there that is not the list that was committed.
    """
    listed = opened_arms(reader)
    return KnownArms(listed, bool(listed) or not person.all_roles.isdisjoint(DUTIES["measure_blinding"]))


def opened_arms(reader: Reader) -> Mapping[str, str]:
    """Randomisation number -> arm, of a list that may be read now; empty where there is none.

    Raises:
        ConductError: when a file is there that is not the list that was committed.
    """
    sealed = fold_setting(reader.study, acts.entries(("commitment",)), ()).study.commitment
    for place in PLACES:
        file = Path(server.data_folder()) / place
        if sealed is None or not file.is_file():
            continue
        allocation = _read(file)
        if allocation.study != reader.study.name or allocation.sealed_list.root != sealed.list_root:
            continue  # of another record
        simulated = allocation.simulated and reader.environment != "production"
        if not simulated and period_in_force() != "unblinded":
            return {}
        _require_committed(allocation, sealed.list_root, file)
        return allocation.arms()
    return {}


def _read(file: Path) -> Allocation:
    try:
        return decoded(file.read_bytes(), Allocation)
    except (OSError, msgspec.MsgspecError) as error:
        raise ConductError(
            gettext("{file} holds no allocation that can be read: {error}").format(file=file, error=error)
        ) from error


def _require_committed(allocation: Allocation, root: str, file: Path) -> None:
    """Refuses arms that are not those of the rows that were committed, where the file holds what opens them.

    A list that was revealed was proved by whoever opened it, and holds none of that any more.
    """
    said: list[Any] = [f"{row.number}|{row.stratum}|{row.arm}" for row in allocation.rows]
    if not allocation.sealed_list.openings:
        return
    try:
        proved = [prove(allocation.sealed_list, place, root) for place in range(len(said))]
    except ValueError as error:
        raise ConductError(
            gettext("{file} is not the list that was committed: {error}").format(file=file, error=error)
        ) from error
    if proved != said:
        raise ConductError(
            gettext("{file} says other arms than the list that was committed").format(file=file)
        )
