"""The arm of a number of the sealed list: its row says it, or it is reckoned from draws (minimisation)."""

from __future__ import annotations

from collections.abc import Sequence

from entact.course.allocation.allocation import ListRow, row_of
from entact.course.allocation.minimisation import Minimising, draw_of, minimising_of, replay
from entact.course.state.numbers import normal
from entact.store import acts
from entact.store.allocation import RANDOMISED
from entact.store.error import StoreError
from entact.store.reading import readable
from entact.store.sealed_list import Opener, SealedList, open_place
from entact.store.studies import study_of_record


def row_for(sealed: SealedList, opener: Opener, number: str) -> ListRow:
    """The row of a number with its arm, proved against the root.

    Where the study minimises, the draws of everybody before are opened too, and nothing of them is given.

    Raises:
        StoreError: when a row was altered, or an arm cannot be reckoned.
    """
    return rows_for(sealed, opener, [number])[0]


def rows_for(sealed: SealedList, opener: Opener, numbers: Sequence[str]) -> list[ListRow]:
    """The rows of several numbers with their arms, in their order.

    Raises:
        StoreError: as `row_for`.
    """
    found = [_opened(sealed, opener, number) for number in numbers]
    if all(draw_of(row) is None for row in found):
        return found
    plan = minimising()
    if plan is None:
        raise StoreError("the list says draws, and the release it was committed under does not minimise")
    order, strata = sealed.labels, used_strata()
    last = max(map(sealed.place_of, numbers), default=-1)
    before = order[: last + 1]
    missing = [one for one in before if normal(one) not in strata]
    if missing:
        raise StoreError(
            f"{numbers[-1]} cannot be reckoned: the record says no stratum of {missing[0]} before it"
        )
    draws = [draw_of(_opened(sealed, opener, one)) for one in before]
    if None in draws:
        raise StoreError("the list says draws of some rows, and arms of others: it is none of entact's")
    try:
        arms = replay(plan, [strata[normal(one)] for one in before], [one or 0 for one in draws])
    except ValueError as error:
        raise StoreError(f"an arm cannot be reckoned: {error}") from error
    given = dict(zip(before, arms, strict=True))
    return [ListRow(one, strata[normal(one)], given[one]) for one in numbers]


def minimising() -> Minimising | None:
    """How the release under which the list was committed minimises; None where it does not."""
    found, (_, study) = acts.entries(("commitment",)), study_of_record()
    if not found or study is None:
        return None
    release = next((one for one in study.releases if one.id == found[0].release), study.newest)
    return minimising_of(release)


def rows_before(sealed: SealedList, number: str) -> list[str]:
    """The numbers whose rows are opened so that the arm of one is known: it alone, or where the study
    minimises all before it too.
    """
    if minimising() is None:
        return [number]
    return sealed.labels[: sealed.place_of(number) + 1]


def used_strata() -> dict[str, str]:
    """Of every number that was given, by what stratum; the first word on it stands."""
    found: dict[str, str] = {}
    for _, kept in readable((RANDOMISED,)):
        number, stratum = kept.data.get("number"), kept.data.get("stratum")
        if isinstance(number, str) and isinstance(stratum, str):
            found.setdefault(normal(number), stratum)
    return found


def _opened(sealed: SealedList, opener: Opener, number: str) -> ListRow:
    row = row_of(open_place(sealed, opener, sealed.place_of(number)))
    if row.number != number:
        raise StoreError(f"the row of {number} is that of {row.number}")
    return row
