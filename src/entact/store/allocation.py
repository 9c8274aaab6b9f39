"""The next number of the sealed list, given in the transaction that keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from psycopg import Cursor

from entact.course import Course, Entry, Reason, Refused, Setting
from entact.course.allocation.stratum import stratum_of
from entact.course.state.numbers import RANDOMISATION, normal
from entact.protocol import Study
from entact.store.derived import stored_number

RANDOMISED: Final = "randomisation"  # the kind of entry


def next_of_list(
    cursor: Cursor[Any], act: Entry, study: Study, setting: Setting, course: Course, at: datetime
) -> Entry | Refused:
    """An act with the number that is next in its stratum, which nobody else is given before it is done.

    What is no randomisation, and what no list in the record is of, comes back as it is: the gate says what is
    wrong with it.

    Args:
        setting: held, as `store.setting.setting_held` gives it.
    """
    sealed = setting.study.commitment
    if act.kind != RANDOMISED or act.replaces is not None or sealed is None or not sealed.numbers:
        return act
    release = next((one for one in study.releases if one.id == setting.site.release), study.newest)
    stratum = stratum_of(release, course, at).name
    number = _first_unused(cursor, stratum, sealed.numbers.get(stratum, []))
    given = act.data.get("number")
    if number is None and stratum in sealed.numbers:
        return Refused((Reason("list_used_up", f"Every row of the sealed list for {stratum} is used."),))
    if given is None:
        # Without a stratum the gate refuses, and says why, whatever the number.
        return msgspec.structs.replace(act, data={**act.data, "number": number or "0"})
    if number is not None and isinstance(given, str) and normal(given) != normal(number):
        message = f"Randomisation number {given} is not the next of the sealed list: leave it to the list."
        return Refused((Reason("not_next_of_list", message),))
    return act


def _first_unused(cursor: Cursor[Any], stratum: str, numbers: list[str]) -> str | None:
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"entact list {stratum}"])
    stored = {stored_number((RANDOMISATION, normal(number)))[1]: number for number in numbers}
    cursor.execute(
        "SELECT number FROM store_number WHERE of = %s AND number = ANY(%s)", [RANDOMISATION, [*stored]]
    )
    used = {number for (number,) in cursor.fetchall()}
    return next((number for one, number in stored.items() if one not in used), None)
