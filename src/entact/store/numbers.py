"""Numbers that are one participant's alone: whose they are in the whole record, and who shares one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection
from psycopg import Cursor

from entact.course import Course, Entry, Finding
from entact.course.state.numbers import (
    RANDOMISATION,
    UNIT,
    Number,
    ledger_of,
    normal,
    number_in,
    numbers_of,
    shared_message,
    unit_of,
)
from entact.store.derived import stored_number

NUMBER_SHARED = "number_shared"  # the rule of the finding

# Rows `held` of the numbers that several ledgers have. All holders but one are marked: few are looked at.
SHARED_NUMBERS = """(SELECT DISTINCT of, number FROM store_number WHERE shared) AS doubtful
    JOIN store_number AS held ON held.of = doubtful.of AND held.number = doubtful.number AND EXISTS (
        SELECT FROM store_number AS other
        WHERE other.of = held.of AND other.number = held.number AND other.ledger_id <> held.ledger_id
    )"""


def numbers_asked(course: Course, entry: Entry) -> list[Number]:
    """The numbers that a participant has, and the one that an entry gives them."""
    given = number_in(entry)
    return [*numbers_of(course), *(() if given is None else (given,))]


def holders(cursor: Cursor[Any], numbers: Iterable[Number]) -> Mapping[Number, frozenset[str]]:
    """The ledgers that say of some numbers that they are theirs; numbers that are nobody's are left out."""
    asked = {stored_number(number): number for number in numbers}
    if not asked:
        return {}
    cursor.execute(
        """
        SELECT held.of, held.number, ledger.name
        FROM unnest(%s::text[], %s::text[]) AS asked (of, number)
            JOIN store_number AS held ON held.of = asked.of AND held.number = asked.number
            JOIN store_ledger AS ledger ON ledger.id = held.ledger_id
        """,
        [[of for of, _ in asked], [number for _, number in asked]],
        prepare=True,
    )
    found: dict[Number, set[str]] = {}
    for of, number, ledger in cursor.fetchall():
        found.setdefault(asked[of, number], set()).add(ledger)
    return {number: frozenset(ledgers) for number, ledgers in found.items()}


def numbers_of_unit(cursor: Cursor[Any], course: Course) -> Mapping[Number, frozenset[str]]:
    """Of people who are randomised as one: who is enrolled to be so with somebody, and what row that took.

    Of whoever takes the row, the places of the others; of one of these, the number of whom they are linked
    to. Nothing of anybody else.
    """
    head, ledger = unit_of(course), ledger_of(course)
    if ledger is None or not _has_units(course):
        return {}
    if head is None:
        cursor.execute(
            """
            SELECT held.of, held.number, ledger.name
            FROM store_number AS held JOIN store_ledger AS ledger ON ledger.id = held.ledger_id
            WHERE held.of = %s AND starts_with(held.number, %s)
            """,
            [UNIT, f"{normal(ledger)}/"],
        )
    else:
        cursor.execute(
            """
            SELECT held.of, held.number, ledger.name
            FROM store_number AS held JOIN store_ledger AS ledger ON ledger.id = held.ledger_id
            WHERE held.of = %s AND ledger.name = %s
            """,
            [RANDOMISATION, head],
        )
    return {(of, number): frozenset({name}) for of, number, name in cursor.fetchall()}


def _has_units(course: Course) -> bool:
    plan = course.release.file.randomisation
    return plan is not None and plan.unit is not None and course.population in plan.unit.populations


def numbers_given(cursor: Cursor[Any], of: str, beginning: str) -> list[str]:
    """Every number of a kind that somebody has and that begins so, in its normal form."""
    cursor.execute(
        "SELECT DISTINCT number FROM store_number WHERE of = %s AND starts_with(number, %s)", [of, beginning]
    )
    return [number for (number,) in cursor.fetchall()]


def shared_by(cursor: Cursor[Any], ledger: str) -> frozenset[Number]:
    """Numbers of a ledger that another had before it."""
    cursor.execute(
        "SELECT of, number FROM store_number WHERE shared"
        " AND ledger_id = (SELECT id FROM store_ledger WHERE name = %s)",
        [ledger],
    )
    return frozenset(cursor.fetchall())


class SharedNumber(NamedTuple):
    """A number of a participant that another ledger has too: a finding in both."""

    ledger: str
    of: str
    number: str
    entry: str

    def __str__(self) -> str:
        return f"{self.ledger}: {self.finding.message}"

    @property
    def finding(self) -> Finding:
        """The finding, which does not say whose it is as well."""
        name = f"{NUMBER_SHARED}:{self.entry}:{self.of}"
        return Finding(name, NUMBER_SHARED, self.entry, self.of, shared_message(self.of, self.number))


def shared_numbers(ledgers: Sequence[str] | None = None) -> list[SharedNumber]:
    """Every number that several ledgers have, once for each of them; of some ledgers, or of all."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT ledger.name, held.of, held.number, held.entry
            FROM {SHARED_NUMBERS} JOIN store_ledger AS ledger ON ledger.id = held.ledger_id
            WHERE %(all)s OR ledger.name = ANY(%(ledgers)s)
            ORDER BY held.of, held.number, ledger.name
            """,
            {"all": ledgers is None, "ledgers": list(ledgers or ())},
        )
        return [SharedNumber(*row) for row in cursor.fetchall()]
