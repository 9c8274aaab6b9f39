"""The next number of the sealed list, given in the transaction that keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from psycopg import Cursor

from entact.course import Course, Entry, Reason, Refused, Setting
from entact.course.allocation.stratum import list_of, stratum_of
from entact.course.state.numbers import KIT, normal, unit_number, unit_of
from entact.protocol import Study
from entact.store.numbers import holders

RANDOMISED: Final = "randomisation"  # the kind of entry


def awaits_number(act: Entry) -> bool:
    """Whether an act leaves its number to the sealed list."""
    return act.kind == RANDOMISED and act.replaces is None and act.data.get("number") is None


def next_of_list(
    cursor: Cursor[Any], act: Entry, study: Study, setting: Setting, course: Course, at: datetime
) -> Entry | Refused:
    """An act with the number that is next in its stratum, which nobody else is given before it is done.

    What is no randomisation, and what no list in the record is of, comes back as it is: the gate says what is
    wrong with it.

    Args:
        setting: held, as `store.setting.setting_held` gives it.
    """
    if act.kind != RANDOMISED or act.replaces is not None:
        return act
    sealed = setting.study.commitment
    if sealed is None or not sealed.numbers:
        if sealed is not None and awaits_number(act):
            message = "The list that is sealed here gives no numbers by itself: say the next one of it."
            return Refused((Reason("number_needed", message),))
        return _numbered(act, None)
    head = unit_of(course)
    if head is not None:
        return _of_unit(cursor, act, setting, course, head)
    release = next((one for one in study.releases if one.id == setting.site.release), study.newest)
    known = stratum_of(release, course, at).name
    stratum = list_of(release, known)
    number = _first_unused(cursor, stratum, sealed.numbers.get(stratum, []))
    if number is None and stratum in sealed.numbers:
        return Refused((Reason("list_used_up", f"Every row of the sealed list for {stratum} is used."),))
    given = act.data.get("number")
    if number is not None and isinstance(given, str) and normal(given) != normal(number):
        message = f"Randomisation number {given} is not the next of the sealed list: leave it to the list."
        return Refused((Reason("not_next_of_list", message),))
    if stratum != known and known:  # arms are reckoned from what was known, whatever is corrected later
        act = msgspec.structs.replace(act, data={**act.data, "stratum": known})
    return _numbered(act, number)


def with_packed_kits(cursor: Cursor[Any], act: Entry, setting: Setting) -> Setting:
    """A setting that knows whose the kits are that are packed for the row of a randomisation."""
    if act.kind != RANDOMISED:
        return setting
    return knowing_kits(cursor, str(act.data.get("number")), setting)


def knowing_kits(cursor: Cursor[Any], number: str, setting: Setting) -> Setting:
    """A setting that knows whose the kits are that are packed for the row of a number."""
    kits = [(KIT, kit) for kit, one in setting.study.packed.items() if one.number == normal(number)]
    return msgspec.structs.replace(setting, numbers={**setting.numbers, **holders(cursor, kits)})


def _of_unit(cursor: Cursor[Any], act: Entry, setting: Setting, course: Course, head: str) -> Entry | Refused:
    """The next number of the unit of somebody who is randomised with whom they are linked to.

    Where that person has none, the gate says so.
    """
    plan, sealed = course.release.file.randomisation, setting.study.commitment
    rows = [number for (of, number), whose in setting.numbers.items() if of == RANDOMISED and head in whose]
    if plan is None or plan.unit is None or sealed is None or not rows:
        return _numbered(act, None)
    written = {normal(number): number for order in sealed.numbers.values() for number in order}
    row = written.get(rows[0], rows[0])
    number = _first_unused(
        cursor, row, [unit_number(row, place) for place in range(2, plan.unit.size[1] + 1)]
    )
    if number is None:
        message = f"The unit of row {row} is complete: {plan.unit.size[1]} have its number."
        return Refused((Reason("unit_complete", message),))
    given = act.data.get("number")
    if isinstance(given, str) and normal(given) != normal(number):
        message = f"Randomisation number {given} is not the next of this unit: leave it to the list."
        return Refused((Reason("not_next_of_list", message),))
    return _numbered(act, number)


def _numbered(act: Entry, number: str | None) -> Entry:
    """With its number, where it leaves that to the list; with one of no list the gate says what is wrong."""
    if not awaits_number(act):
        return act
    return msgspec.structs.replace(act, data={**act.data, "number": number or "0"})


def _first_unused(cursor: Cursor[Any], stratum: str, numbers: list[str]) -> str | None:
    """The first number that nobody was ever given: one that was withdrawn stays used."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"entact list {stratum}"])
    cursor.execute("SELECT text FROM store_line WHERE kind = %s", [RANDOMISED])
    used = {normal(number) for (text,) in cursor.fetchall() for number in _numbers_in(text)}
    return next((number for number in numbers if normal(number) not in used), None)


class _Data(msgspec.Struct):
    number: Any = None


class _Text(msgspec.Struct):
    data: _Data


def _numbers_in(text: str) -> tuple[str, ...]:
    """The number that a line gives; none where it cannot be read."""
    try:
        number = msgspec.json.decode(text, type=_Text).data.number
    except msgspec.MsgspecError:
        return ()
    return (number,) if isinstance(number, str) else ()
