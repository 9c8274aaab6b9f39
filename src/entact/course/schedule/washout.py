"""The calendar of a washout: each medicine's last intake, and when it has left the body, with reasons."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

import msgspec

from entact.course.entry.dates import read_date
from entact.course.entry.sealing import is_sealed

if TYPE_CHECKING:
    from entact.protocol.study import Washout, WashoutClass

_DAY = timedelta(days=1)
_NOTHING = timedelta(0)


class Taken(Protocol):
    """A medicine as the washout sees it."""

    @property
    def name(self) -> str | None: ...
    @property
    def medicine_class(self) -> str | None: ...
    @property
    def started(self) -> str | None: ...
    @property
    def stopped(self) -> str | None: ...
    @property
    def psychiatric(self) -> bool | None: ...


class Cleared(msgspec.Struct, frozen=True):
    """One medicine: last intake, the days that its class needs, and the first civil date after them.

    `until` is None while it is unknown; `why` says how it was reckoned, or what is missing.
    """

    medicine: str
    medicine_class: str | None
    stopped: date | None
    days: int | None
    until: date | None
    why: str


class WashoutCalendar(msgspec.Struct, frozen=True):
    """The first civil date on which everything has left the body; None while that is unknown."""

    end: date | None
    medicines: tuple[Cleared, ...] = ()


def washout_calendar(
    medicines: Iterable[Taken], washout: Washout | None, consented: date | None, *, before: date | None = None
) -> WashoutCalendar:
    """When every psychiatric medicine has left the body, medicine by medicine.

    It is the latest, over the medicines, of the day of the last intake plus so many half-lives of the class,
    plus what the class adds, plus the time to become stable, in full days upwards; never before the consent.
    A partial date of a last intake stands for the last day that it may mean. A psychiatric medicine that is
    still taken, whose dates are none or contradict each other, or of a class without a half-life in the study
    file, or one of which nobody said whether it is psychiatric, leaves the answer unknown. A class that the
    file names counts whatever it is taken for: an inhibitor of MAO is one in Parkinson's disease too.

    Args:
        washout: the study's; without one nothing needs washing out. consented: date of the consent; without
            one the end is unknown. before: medicines that cannot have been begun before this day do not
            count (for the schedule, once the visit counted from the washout took place). One that may have
            been counts.
    """
    if washout is None:
        return WashoutCalendar(consented)
    cleared = []
    for medicine in medicines:
        if medicine.psychiatric is False and medicine.medicine_class not in washout.classes:
            continue
        if before is None or not _is_begun_later(medicine, before):
            cleared.append(_cleared(medicine, washout))
    ends = [one.until for one in cleared]
    known = [end for end in ends if end is not None]
    end = None if len(known) < len(ends) or consented is None else max([consented, *known])
    return WashoutCalendar(end, tuple(cleared))


def _is_begun_later(medicine: Taken, before: date) -> bool:
    """Whether it cannot have been begun before a day; dates that contradict each other say nothing."""
    begun, stopped = read_date(medicine.started), read_date(medicine.stopped)
    return (
        begun is not None
        and begun.earliest >= before
        and not (stopped is not None and stopped.is_before(begun))
    )


def _cleared(medicine: Taken, washout: Washout) -> Cleared:
    name, kind = medicine.name or "a medicine", medicine.medicine_class
    known = washout.classes.get(kind or "")
    begun, stopped = read_date(medicine.started), read_date(medicine.stopped)
    last = None if stopped is None else stopped.latest
    if known is None:
        unsaid = (
            "it is not said whether it is taken for a psychiatric reason"
            if medicine.psychiatric is None
            else "its class is not recorded"
        )
        why = f"the study knows no half-life of the class {kind!r}" if kind else unsaid
        return Cleared(name, kind, last, None, None, why)
    days = days_of(known, washout)
    if stopped is None:
        return Cleared(name, kind, None, days, None, _why_not_stopped(medicine.stopped))
    if medicine.started and begun is None:
        why = (
            "when it was begun is no date"
            if is_sealed(medicine.started)
            else f"{medicine.started!r} is no date"
        )
        return Cleared(name, kind, None, days, None, why)
    if begun is not None and stopped.is_before(begun):
        why = f"it is said to have been stopped in {medicine.stopped} and begun in {medicine.started}"
        return Cleared(name, kind, None, days, None, why)
    until = stopped.latest + timedelta(days=days)
    return Cleared(
        name,
        kind,
        stopped.latest,
        days,
        until,
        f"last taken on {stopped.latest}; {_reckoned(known, washout)}",
    )


def _why_not_stopped(text: str | None) -> str:
    if not text:
        return "it is still taken"
    return "its last intake is no date" if is_sealed(text) else f"{text!r} is no date"


def days_of(known: WashoutClass, washout: Washout) -> int:
    """The full days that a class of medicines needs."""
    lives = known.half_lives if known.half_lives is not None else washout.half_lives
    stable = known.stabilisation if known.stabilisation is not None else washout.stabilisation
    left = known.half_life * lives + (known.extra or _NOTHING) + stable
    return -(-left // _DAY)


def _reckoned(known: WashoutClass, washout: Washout) -> str:
    lives = known.half_lives if known.half_lives is not None else washout.half_lives
    stable = known.stabilisation if known.stabilisation is not None else washout.stabilisation
    parts = [f"{lives:g} half-lives of {_span(known.half_life)}"]
    parts += [f"{_span(known.extra)} more for its class"] if known.extra else []
    parts += [f"{_span(stable)} to become stable"] if stable else []
    return f"{', '.join(parts)}: {days_of(known, washout)} days"


def _span(time: timedelta) -> str:
    hours = time / timedelta(hours=1)
    return f"{hours / 24:g} d" if hours % 24 == 0 else f"{hours:g} h"


def washout_end(
    medicines: Iterable[Taken], washout: Washout | None, consented: date | None, *, before: date | None = None
) -> date | None:
    """The end of `washout_calendar`, without the reasons."""
    return washout_calendar(medicines, washout, consented, before=before).end
