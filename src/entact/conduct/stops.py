"""What the page of one participant shows: the stops of a timeline, what is due, what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.utils.translation import gettext

from entact.conduct.account import Account
from entact.conduct.alerts import Unanswered
from entact.conduct.chart import Chart
from entact.conduct.language.codes import code_words
from entact.conduct.reader import Standing
from entact.conduct.sight import Sight
from entact.conduct.statement import Fact
from entact.course import Course
from entact.course.state.encounter import UNSCHEDULED
from entact.course.state.reconsent import THROUGH

BETWEEN = "between"
AT_ONCE: Final = 60  # entries that a page writes out; of a timeline with more, what is done is asked for
EVERYTHING: Final = "everything"
OVER: Final = THROUGH  # nothing more is due


def over_words(course: Course, sight: Sight) -> str:
    """How taking part ended, in words; empty while it goes on, or where the role may not know."""
    return code_words(course.status) if sight.sees_status and course.status in OVER else ""


def begun_status(course: Course, sight: Sight, visit: str) -> str:
    """What a visit is called that began and was not ended.

    Of whoever takes part no more a planned one is not under way: somebody left before it was ended.
    """
    is_over = sight.sees_status and course.status in OVER
    return "not_ended" if is_over and (course.status == "died" or visit != UNSCHEDULED) else "under_way"


@dataclass(frozen=True)
class Reading:
    """One set of vital signs as a row: when, and a value for each column."""

    anchor: str
    when: str
    timepoint: str
    values: tuple[str, ...]
    places: tuple[str, ...]


@dataclass
class Stop:
    """One place on the timeline: a visit, due or done, or what was entered between two visits.

    Attributes:
        status: of the visit (done, due, expected, missed, not_reachable, open), or `between`.
        window, target, when: as words; empty where unknown. hidden: what is planned here and not shown.
        flags: findings about the visit itself. count: how many entries of it are seen.
        needs_look: whether something is found in it, or an alert was raised. is_corrected: whether something
            in it was. is_asked: somebody opened it.
        written: whether its entries are written out; else it is a line that leads to them, by the entry by
            which it `opens`.
    """

    title: str
    status: str
    order: datetime
    kind: str = ""
    window: str = ""
    target: str = ""
    when: str = ""
    contact: str = ""
    accounts: list[Account] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    chart: Chart | None = None
    columns: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    count: int = 0
    needs_look: bool = False
    is_corrected: bool = False
    is_asked: bool = False
    written: bool = True
    opens: str = ""

    @property
    def large(self) -> list[Account]:
        """Accounts that need more than a line."""
        return [one for one in self.accounts if not one.small]

    @property
    def small(self) -> list[Account]:
        """Accounts of one line: comings and goings, kits."""
        return [one for one in self.accounts if one.small]

    @property
    def folds(self) -> bool:
        """Whether it is over and nothing in it needs a look: it is shown as a line that opens."""
        return self.status in ("done", BETWEEN) and not self.needs_look

    @property
    def corrected(self) -> list[tuple[str, str, str]]:
        """Every correction in it: what was corrected, when, and where that stands on the page."""
        return [(one.title, each.when, each.anchor) for one in self.accounts for each in one.corrections]

    @property
    def counted(self) -> str:
        """How much is in it."""
        count = len(self.accounts) + len(self.readings) if self.written else self.count
        return f"{count} {gettext('entry') if count == 1 else gettext('entries')}"

    @property
    def status_words(self) -> str:
        """The status as people say it."""
        return code_words(self.status)


def choose_written(stops: Sequence[Stop], asked: str) -> None:
    """Says which stops of a timeline are written out: all of a short one, and of a long one what matters.

    That is what somebody asked for, what is under way, and what needs a look, the newest first. Of the rest
    as many entries as a page takes would be folded away: each is a line that leads to them.

    Args:
        stops: in order of time. asked: the entry whose stop is asked for, or `EVERYTHING`.
    """
    room = AT_ONCE
    if asked == EVERYTHING or sum(stop.count for stop in stops) <= room:
        return
    newest_first = [*reversed(stops)]
    for stop in sorted(newest_first, key=_urgency):
        stop.written = not stop.count or stop.is_asked or (_urgency(stop) < _FOLDED and room > 0)
        room -= stop.count if stop.written else 0


def _urgency(stop: Stop) -> int:
    return (
        0
        if stop.is_asked
        else 1
        if stop.status in ("under_way", "not_ended")
        else 2
        if stop.needs_look
        else _FOLDED
    )


_FOLDED = 3


@dataclass(frozen=True)
class FindingShown:
    """A finding with the place on the page of the entry that it is about; `opens` writes its stop out."""

    message: str
    rule: str
    anchor: str
    holds: bool
    opens: str = ""


@dataclass(frozen=True)
class DueShown:
    """A visit that is to be gone on with: how it stands, by when, and its name in addresses."""

    title: str
    status: str
    by: str
    address: str

    @property
    def status_words(self) -> str:
        """The status as people say it."""
        return code_words(self.status)


@dataclass(frozen=True)
class Timeline:
    """All that the page of one participant shows.

    Attributes:
        facts: site, status, consent. due: what is under way, due or comes next, the first first.
        stops: in order of time, what has not happened yet last.
        unreachable: visits that can no longer happen. withdrawn: entries that were withdrawn.
    """

    standing: Standing
    facts: tuple[Fact, ...]
    due: tuple[DueShown, ...]
    stops: tuple[Stop, ...]
    unreachable: tuple[str, ...]
    findings: tuple[FindingShown, ...]
    alerts: tuple[Unanswered, ...]
    withdrawn: tuple[Account, ...]
    zone: str

    @property
    def is_whole(self) -> bool:
        """Whether everything is written out."""
        return all(stop.written for stop in self.stops)

    @property
    def holding(self) -> int:
        """How many findings hold: the same as in the list of participants."""
        return sum(one.holds for one in self.findings)
