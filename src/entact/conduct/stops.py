"""What the page of one participant shows: the stops of a timeline, what is due, what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext

from entact.conduct.account import Account
from entact.conduct.alerts import Unanswered
from entact.conduct.chart import Chart
from entact.conduct.language.codes import code_words
from entact.conduct.reader import Standing
from entact.conduct.statement import Fact

BETWEEN = "between"


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
        flags: findings about the visit itself.
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
        needs = self.flags or any(one.findings or one.alerts for one in self.accounts)
        return self.status in ("done", BETWEEN) and not needs

    @property
    def corrected(self) -> list[tuple[str, str, str]]:
        """Every correction in it: what was corrected, when, and where that stands on the page."""
        return [(one.title, each.when, each.anchor) for one in self.accounts for each in one.corrections]

    @property
    def counted(self) -> str:
        """How much is in it."""
        count = len(self.accounts) + len(self.readings)
        return f"{count} {gettext('entry') if count == 1 else gettext('entries')}"

    @property
    def status_words(self) -> str:
        """The status as people say it."""
        return code_words(self.status)


@dataclass(frozen=True)
class FindingShown:
    """A finding with the place on the page of the entry that it is about."""

    message: str
    rule: str
    anchor: str
    holds: bool


@dataclass(frozen=True)
class DueShown:
    """A visit that is to be gone on with: how it stands, by when, and its name in addresses."""

    title: str
    status: str
    by: str
    address: str


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
    def holding(self) -> int:
        """How many findings hold: the same as in the list of participants."""
        return sum(one.holds for one in self.findings)
