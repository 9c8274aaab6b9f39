"""An entry as it is held and as it stands, and what can be wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from entact.course.entry import CORRECTED_TIME, Entry, instant
from entact.course.entry.versions import in_order_of_arrival

VOID = "void"
TIME_UNREADABLE = "time_unreadable"  # of a source that is kept and not acted upon, or of a correction
Key = tuple[float, str]  # order of time: seconds since the epoch of `occurred_at`, then id

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Held(msgspec.Struct, frozen=True, gc=False):
    """The first version of an entry to arrive, its time read once; `rivals` share its id, not its content.

    `readable` is false when `occurred_at` is no time; then `at` is the time of recording.
    """

    entry: Entry
    at: datetime
    key: Key
    readable: bool = True
    rivals: tuple[Entry, ...] = ()


class Effective(msgspec.Struct, frozen=True):
    """An entry as it stands.

    Attributes:
        entry: the source. at, key: when it happened, after corrections. data: the payload, merged.
        origins: for each corrected item the id of the correction that it comes from (its seal names it).
        corrections: ids of the corrections that were merged, in order of time; first that of the decision
            by which this version of the source is followed, if it is not the first to arrive.
    """

    entry: Entry
    at: datetime
    key: Key
    data: dict[str, Any]
    origins: dict[str, str] = {}
    corrections: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The source's id."""
        return self.entry.id


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a correction, a withdrawal or an entry sent twice."""

    rule: str
    entry: str
    item: str
    message: str


def hold(entry: Entry, rivals: tuple[Entry, ...] = ()) -> Held:
    """An entry with its time read, and its place in the order of time."""
    try:
        at, readable = instant(entry.occurred_at), True
    except ValueError:
        readable = False
        try:
            at = instant(entry.recorded_at)
        except ValueError:
            at = _EPOCH
    return Held(entry, at, (at.timestamp(), entry.id), readable, rivals)


def hold_each(entries: Iterable[Entry]) -> list[Held]:
    """One for each id, its versions in order of arrival.

    Args:
        entries: of one ledger; those that no server has numbered yet in order of arrival.
    """
    versions: dict[str, list[Entry]] = {}
    for entry in entries:
        versions.setdefault(entry.id, []).append(entry)
    found = (in_order_of_arrival(same_id) if len(same_id) > 1 else same_id for same_id in versions.values())
    return [hold(first, tuple(others)) for first, *others in found]


def source_problem(one: Held) -> Problem | None:
    """Why an entry that corrects none does not stand; None where it does."""
    if one.entry.kind == VOID:
        message = "a withdrawal has to name an entry in `replaces`"
        return Problem("withdraws_nothing", one.entry.id, "", message)
    if one.readable:
        return None
    message = f"{one.entry.occurred_at!r} is no time with an offset; the entry is kept and not acted upon"
    return Problem(TIME_UNREADABLE, one.entry.id, CORRECTED_TIME, message)


def changes_of(correction: Entry, inner: str | None) -> Iterator[tuple[tuple[str, str], Any]]:
    """What a correction changes: items of the payload, and those within the one that is merged by items.

    Args:
        inner: the key of the data whose items are merged one by one, if there is one.
    """
    for name, value in correction.data.items():
        if name == inner and isinstance(value, dict):
            for item, changed in value.items():
                yield (name, item), changed
        else:
            yield (name, ""), value


def conflict_problem(source: Entry, item: str, standing: Sequence[str]) -> Problem:
    """Several corrections of one item, of which none replaces another; ids in order of time."""
    ids = ", ".join(standing[-_NAMED:])
    named = f"{len(standing) - _NAMED} others and {ids}" if len(standing) > _NAMED else ids
    message = f"corrected by {named}, neither replacing the other; the latest is followed"
    return Problem("correction_conflict", source.id, item, message)


def moved_time(correction: Held, value: object, problems: list[Problem]) -> datetime | None:
    """The time to which a correction moves its source; None, and a problem more, where it is none."""
    try:  # in whatever order an object's members were sent, it is told alike
        return instant(value if isinstance(value, str) else json.dumps(value, sort_keys=True))
    except ValueError as error:
        problems.append(Problem("time_unreadable", correction.entry.id, CORRECTED_TIME, str(error)))
        return None


_NAMED = 20  # corrections that one message names
