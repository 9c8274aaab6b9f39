"""Times as people say them: `10 min ago`, `dose + 6:40`, `14:30`, `yesterday 23:50`, `Fri 9:15`.

A time that can mean two instants is asked, not guessed: just after midnight the day, and on the night in
which the clocks change the hour. What cannot be read is kept as it was received.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext

from entact.conduct.forms.reading import ITEM, Sent, field_named, rows_in
from entact.conduct.words import day
from entact.course import Reason, instant
from entact.protocol import CompiledForm
from entact.protocol.moment import read_moment

AHEAD: Final = timedelta(minutes=5)  # how far clocks differ: a time so far ahead is still now
LONGEST_AGO: Final = timedelta(days=31)  # of what is said as so long ago

AGE: Final = "age:"  # begins the field that says how many seconds ago another was written
_LONGEST_AGE: Final = 7  # digits: 115 days

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TAGE: Final = ("mo", "di", "mi", "do", "fr", "sa", "so")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONATE: Final = ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez")

_SPAN: Final = (
    r"(?:(?P<h>\d{1,3})\s*(?:h|hr|hrs|hours?|std|stunden?)\.?)?"
    r"\s*(?:(?P<m>\d{1,4})\s*(?:m|min|mins|minutes?|minuten?)\.?)?"
)
_AGO: Final = re.compile(rf"(?:(?P<de>vor)\s+)?{_SPAN}\s*(?P<en>ago)?", re.I)
_AFTER: Final = re.compile(
    rf"(?:dose|initial|dosis)\s*\+\s*(?:(?P<hh>\d{{1,2}}):(?P<mm>[0-5]\d)|{_SPAN})", re.I
)
_CLOCK: Final = r"(?P<hour>[01]?\d|2[0-3])[:.](?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?"
_AT: Final = re.compile(rf"(?:(?P<day>.+?)[\s,T]+)?{_CLOCK}(?:\s*(?:uhr|h))?", re.I)
_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_DOTTED: Final = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4})?")
_NAMED: Final = re.compile(r"(\d{1,2})\.?\s+([^\W\d_]{3,9})\.?(?:\s+(\d{4}))?")


@dataclass(frozen=True)
class Clock:
    """What a time is said against: now, the site's zone, and when the initial dose was taken, if it was."""

    now: datetime
    zone: tzinfo
    dose: datetime | None = None

    def when_typed(self, sent: Sent, field: str) -> Clock:
        """The clock as it was when a field was written: what was 10 minutes ago then is longer ago now."""
        age = next(iter(sent.get(f"{AGE}{field}", ())), "")
        if not (age.isascii() and age.isdecimal() and len(age) <= _LONGEST_AGE):
            return self
        return replace(self, now=self.now - timedelta(seconds=int(age)))


@dataclass(frozen=True)
class Told:
    """The instant that was meant."""

    at: datetime


@dataclass(frozen=True)
class Which:
    """Several instants may be meant: each as it reads, with the day of the week, and as a record holds it."""

    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Untold:
    """No time that can be read, and why."""

    why: str


def tell_time(text: str, clock: Clock) -> Told | Which | Untold:
    """Which instant somebody means."""
    said = re.sub(r"\s+", " ", text.strip())
    # Hours that pass are not those of the clock: two times of one zone would be told apart by its hands.
    dose = None if clock.dose is None else clock.dose.astimezone(UTC)
    clock = Clock(clock.now.astimezone(UTC), clock.zone, dose)
    if not said or len(said) > 60:
        return Untold(gettext("is no time"))
    if said.lower() in ("now", "jetzt"):
        return Told(clock.now)
    try:
        return Told(instant(said))
    except ValueError:
        pass
    for read in (_ago, _after_dose, _at_clock):
        found = read(said, clock)
        if found is not None:
            return found
    return Untold(gettext("is no time; write it as in 14:30, yesterday 23:50, 10 min ago, dose + 6:40"))


def with_weekday(at: datetime, zone: tzinfo) -> str:
    """`Sat 28 Nov 2026, 14:30`."""
    local = at.astimezone(zone)
    return f"{WEEKDAYS_ABBR[local.weekday()]} {day(local)}, {local:%H:%M}"


def as_kept(at: datetime, zone: tzinfo) -> str:
    """As an answer holds it: to the minute, with the site's offset."""
    local = at.astimezone(zone)
    return local.isoformat(timespec="seconds" if local.second else "minutes")


def _ago(said: str, clock: Clock) -> Told | Untold | None:
    found = _AGO.fullmatch(said)
    if found is None or not (found["de"] or found["en"]) or not (found["h"] or found["m"]):
        return None
    span = _span(found)
    if span > LONGEST_AGO:
        return Untold(gettext("is longer ago than can be said so; write the day"))
    return Told(clock.now - span)


def _after_dose(said: str, clock: Clock) -> Told | Untold | None:
    found = _AFTER.fullmatch(said)
    if found is None or not (found["hh"] or found["h"] or found["m"]):
        return None
    if clock.dose is None:
        return Untold(gettext("is counted from a dose, and none was taken in this visit"))
    if found["hh"]:
        return Told(clock.dose + timedelta(hours=int(found["hh"]), minutes=int(found["mm"])))
    return Told(clock.dose + _span(found))


def _span(found: re.Match[str]) -> timedelta:
    return timedelta(hours=int(found["h"] or 0), minutes=int(found["m"] or 0))


def _at_clock(said: str, clock: Clock) -> Told | Which | Untold | None:
    found = _AT.fullmatch(said)
    if found is None:
        return None
    hour = time(int(found["hour"]), int(found["minute"]), int(found["second"] or 0))
    today = clock.now.astimezone(clock.zone).date()
    if found["day"] is None:
        return _today_or_before(hour, today, clock)
    days = list(_day(found["day"].lower().strip(" ,"), today))
    if not days:
        return None
    instants = [at for one in days for at in _instants(one, hour, clock.zone)]
    if not instants:
        return Untold(gettext("did not exist on that day: the clocks were put forward"))
    return _one_of(instants, clock)


def _today_or_before(hour: time, today: date, clock: Clock) -> Told | Which | Untold:
    """A bare time is of today; where that is still to come, it may be yesterday's, and is asked."""
    of_today = list(_instants(today, hour, clock.zone))
    past = [at for at in of_today if at <= clock.now + AHEAD]
    if past:
        return _one_of(past, clock)
    before = list(_instants(today - timedelta(days=1), hour, clock.zone))
    if not of_today and not before:
        return Untold(gettext("did not exist on that day: the clocks were put forward"))
    return Which(tuple(_choice(at, clock.zone) for at in (*before, *of_today)))


def _one_of(instants: list[datetime], clock: Clock) -> Told | Which:
    if len(instants) == 1:
        return Told(instants[0])
    return Which(tuple(_choice(at, clock.zone) for at in instants))


def _choice(at: datetime, zone: tzinfo) -> tuple[str, str]:
    local = at.astimezone(zone)
    return f"{with_weekday(at, zone)} ({local:%Z})", as_kept(at, zone)


def _instants(day: date, hour: time, zone: tzinfo) -> Iterator[datetime]:
    """The instants at which the site's clocks show an hour on a day: none, one, or two."""
    met = set()
    for fold in (0, 1):
        local = datetime.combine(day, hour.replace(fold=fold), zone)
        at = local.astimezone(UTC)
        if at not in met and at.astimezone(zone).replace(tzinfo=None, fold=0) == local.replace(
            tzinfo=None, fold=0
        ):
            met.add(at)
            yield at.astimezone(zone)


def _day(said: str, today: date) -> Iterator[date]:
    """The day that somebody names; of one without its year the last such day."""
    back = {"today": 0, "heute": 0, "yesterday": 1, "gestern": 1}.get(said)
    if back is not None:
        yield today - timedelta(days=back)
        return
    for names in (_DAYS, _TAGE):
        short = said.rstrip(".")[: len(names[0])]
        if short in names and said.rstrip(".").isalpha():
            yield today - timedelta(days=(today.weekday() - names.index(short)) % 7)
            return
    iso, dotted, named = _ISO.fullmatch(said), _DOTTED.fullmatch(said), _NAMED.fullmatch(said)
    if iso:
        yield from _date(int(iso[1]), int(iso[2]), int(iso[3]))
    elif dotted:
        yield from _past(dotted[3], int(dotted[2]), int(dotted[1]), today)
    elif named:
        short = named[2][:3]
        known = next((names.index(short) + 1 for names in (_MONTHS, _MONATE) if short in names), 0)
        yield from _past(named[3], known, int(named[1]), today)


def _past(year: str | None, month: int, number: int, today: date) -> Iterator[date]:
    if year is not None:
        yield from _date(int(year), month, number)
        return
    for one in _date(today.year, month, number):
        if one <= today:
            yield one
            return
    yield from _date(today.year - 1, month, number)


def _date(year: int, month: int, number: int) -> Iterator[date]:
    try:
        yield date(year, month, number)
    except ValueError:
        return


def settle_times(
    form: CompiledForm, sent: Sent, clock: Clock
) -> tuple[dict[str, list[str]], dict[str, Which]]:
    """What was sent, with times as people say them put as a record holds them; and which have to be asked.

    A time that cannot be read stays as it was written.

    Returns:
        The fields; and by the place of an item or a cell which times may be meant.
    """
    settled = {field: list(texts) for field, texts in sent.items()}
    asked: dict[str, Which] = {}
    for place in _times(form, sent):
        field = field_named(ITEM, place)
        text = next(iter(sent.get(field, ())), "")
        if not text.strip() or _is_kept(text):
            continue
        found = tell_time(text, clock.when_typed(sent, field))
        if isinstance(found, Told):
            settled[field] = [as_kept(found.at, clock.zone)]
        elif isinstance(found, Which):
            asked[place] = found
    return settled, asked


def _times(form: CompiledForm, sent: Sent) -> Iterator[str]:
    """The places of items and cells that hold a time."""
    for name, item in form.items.items():
        if item.type == "datetime":
            yield name
        for cell, inner in form.rows[name].items.items() if item.type == "rows" else ():
            if inner.type == "datetime":
                yield from (f"{name}:{number}:{cell}" for number in rows_in(name, sent))


def _is_kept(text: str) -> bool:
    """Whether a time is written as a record holds it already: then its offset is left as it is."""
    try:
        read_moment(text.strip())
    except ValueError:
        return False
    return True


def time_to_come(text: str, zone: tzinfo, now: datetime) -> datetime | Reason:
    """A time to come on a site's clock; one that is not once on that day is refused, and not guessed."""
    try:
        local = datetime.strptime(text[:16], "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - the zone is the site's
    except ValueError:
        return Reason("at", gettext("Say for when the visit is booked: a day and a time."))
    if not 2000 <= local.year < 2200:  # of which a zone can say what time it is elsewhere
        return Reason("at", gettext("A visit is booked for a time to come, within three years."))
    met = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    at = min(met)
    if len(met) > 1:
        return Reason("at", gettext("The clocks change in that hour: take another time."))
    if not now < at < now + timedelta(days=3 * 366):
        return Reason("at", gettext("A visit is booked for a time to come, within three years."))
    return at
