"""How the sealed list was used: which row was whose, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

import msgspec

from entact.course.entry import instant, read
from entact.course.state.numbers import KIT, normal, row_number
from entact.course.state.sealed_list import PackedKit
from entact.store import models
from entact.store.allocation import RANDOMISED
from entact.store.reading import readable

# Two that are asked for at once are received in one order and given numbers in the other.
TOGETHER: Final = timedelta(minutes=1)


class Use(NamedTuple):
    """One number as it was given: to whom, when it was received, in which entry."""

    number: str
    ledger: str
    at: str
    entry: str


def used_numbers() -> list[Use]:
    """Every number that was ever given, by time of receipt; corrections and withdrawn ones too."""
    uses = []
    for ledger, kept in readable((RANDOMISED,)):
        number = kept.data.get("number")
        if isinstance(number, str):
            uses.append(Use(number, ledger, kept.received_at, kept.replaces or kept.id))
    return uses


def unread_uses() -> list[str]:
    """Randomisations of which no number can be read, by ledger and entry: whose row is each?"""
    found = models.Line.objects.filter(kind=RANDOMISED).order_by("ledger__name", "seq")
    return [
        f"entry {seq} of {ledger} is a randomisation whose number cannot be read"
        for ledger, seq, text in found.values_list("ledger__name", "seq", "text").iterator(1000)
        if not _numbered(text)
    ]


def _numbered(text: str) -> bool:
    """Whether the number can be read; a correction need not say it again."""
    try:
        kept = read(text)
        return kept.replaces is not None or isinstance(kept.data.get("number"), str)
    except (msgspec.MsgspecError, ValueError):
        return False


def of_rows(numbers: Mapping[str, Sequence[str]], used: Sequence[Use]) -> list[Use]:
    """The uses that take a row of a list, without those who follow the row of their unit."""
    known = {normal(number) for order in numbers.values() for number in order}
    return [one for one in used if not _follows(known, one)]


def _follows(known: Collection[str], use: Use) -> bool:
    row = normal(row_number(use.number))
    return normal(use.number) not in known and row != normal(use.number) and row in known


def problems_of_use(numbers: Mapping[str, Sequence[str]], used: Sequence[Use]) -> list[str]:
    """What is wrong with how a list was used: rows passed over, out of order, twice, or none of the list.

    Args:
        numbers: of each stratum, in the order of the list. used: in order of receipt.
    """
    rows = of_rows(numbers, used)
    taken: dict[str, str] = {}
    for one in rows:
        taken.setdefault(normal(one.number), one.ledger)
    followers = [one for one in used if one not in rows]
    used = rows
    return [
        *_unfollowed(taken, followers),
        *_twice(followers),
        *_strange(numbers, used),
        *_twice(used),
        *(problem for order in numbers.values() for problem in _disorder(order, used)),
    ]


def problems_of_kits(packed: Mapping[str, PackedKit], used: Sequence[Use]) -> Iterator[str]:
    """Kits that were packed for one row, and somebody of another has.

    Args:
        packed: by kit. used: in order of receipt.
    """
    if not packed:
        return
    rows: dict[str, set[str]] = {}
    for one in used:
        rows.setdefault(one.ledger, set()).add(normal(one.number))
    held = models.Number.objects.filter(of=KIT, number__in=list(packed)).order_by("number", "ledger__name")
    for kit, ledger in held.values_list("number", "ledger__name"):
        if packed[kit].number not in rows.get(ledger, ()):
            row = packed[kit].number or "a row that no key here says"
            yield f"kit {kit} is packed for {row}, and {ledger} has it"


def _unfollowed(taken: Mapping[str, str], followers: Sequence[Use]) -> Iterator[str]:
    """Numbers of a unit whose row nobody took, or that whoever took it has as well."""
    for one in followers:
        if taken.get(normal(row_number(one.number)), one.ledger) == one.ledger:
            yield f"{one.number} of {one.ledger} follows a row that nobody else took"


def _strange(numbers: Mapping[str, Sequence[str]], used: Sequence[Use]) -> Iterator[str]:
    known = {normal(number) for order in numbers.values() for number in order}
    for one in used:
        if normal(one.number) not in known:
            yield f"{one.number} of {one.ledger} is no row of the list"


def _twice(used: Sequence[Use]) -> Iterator[str]:
    first: dict[str, Use] = {}
    for one in used:
        before = first.setdefault(normal(one.number), one)
        if before.ledger != one.ledger:
            yield f"{one.number} was used twice: for {before.ledger} and for {one.ledger}"


def _disorder(order: Sequence[str], used: Sequence[Use]) -> Iterator[str]:
    at: dict[str, Use] = {}
    for one in used:
        at.setdefault(normal(one.number), one)
    places = [at.get(normal(number)) for number in order]
    last = max((place for place, use in enumerate(places) if use is not None), default=-1)
    for place in range(last):
        if places[place] is None:
            yield f"{order[place]} was passed over: {order[last]} was used, and it was not"
    latest: Use | None = None
    for use in places:
        if use is None:
            continue
        if latest is not None and instant(latest.at) - instant(use.at) > TOGETHER:
            yield f"{use.number} was used out of order: on {use.at}, {latest.number} before it on {latest.at}"
        if latest is None or instant(use.at) > instant(latest.at):
            latest = use
