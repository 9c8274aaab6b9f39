"""Which kits are to be sent to a site: whole rows of its lists, and whatever people there may still need.

Of everything that is asked here nothing follows from an arm: rows are used in the order of the list, each has
as many kits as any other, and what comes is expected of the site, not of an arm. So an order, its time, its
size and its lines are the same whatever the list says; it tells what the record of the site tells already.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.allocation.minimisation import MINIMISATION
from entact.course.allocation.stratum import SITE, site_of_list
from entact.course.entry.dates import in_date
from entact.course.state.numbers import normal, row_number
from entact.course.state.sealed_list import PackedKit
from entact.course.state.setting import SiteState
from entact.course.supply.lot_dose import unlike_planned
from entact.protocol.kits import is_hidden, kits_of_a_row, kits_of_a_session, longest_use

if TYPE_CHECKING:
    from datetime import datetime

    from entact.course.course import Course
    from entact.course.schedule import Due
    from entact.protocol.release import Release
    from entact.protocol.study import Resupply, StudyFile

What = tuple[str, str]
"""Level and part of the dose."""

Standing = Literal["ready", "coming", "planned", "gone"]
"""Of a planned kit at a site: `coming` is on its way, ordered or in quarantine, `planned` nowhere yet."""


class Level(msgspec.Struct, frozen=True):
    """Of one list of a site, in rows whose kits are all there: when it is ordered for, and up to how many.

    `ready`: rows whose kits lie here; `coming`: whose kits do once what is on its way is here; `left`: rows
    that nobody has used.
    """

    stratum: str
    minimum: int
    target: int
    ready: int
    coming: int
    left: int


class Proposal(msgspec.Struct, frozen=True):
    """What is to be ordered for a site.

    Attributes:
        levels: of each list of the site. rows: how many rows without anybody get kits.
        people: how many participants get more, whose own do not last.
        kits: numbers of the kits, as they are printed, in order of number: nobody sees which go together.
        counts: how many of each level and part. unplanned: rows that need kits and have no more planned.
    """

    levels: tuple[Level, ...]
    rows: int = 0
    people: int = 0
    kits: tuple[str, ...] = ()
    counts: dict[What, int] = {}
    unplanned: tuple[str, ...] = ()

    @property
    def is_due(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.kits or self.unplanned)


class ToCome(msgspec.Struct, frozen=True):
    """A session whose kits are hidden and may still be given; `needs`: level and part of each kit."""

    visit: str
    latest: date | None
    needs: tuple[What, ...]


class Supplied(msgspec.Struct, frozen=True):
    """Of somebody who is randomised, what the kits that they may still need follow from.

    Attributes:
        number: of the randomisation. sessions: that are to come.
        assigned: kits, each with the session that it is for (None: any) and whether another took its place.
        used: kits of which something was given, or came back.
    """

    number: str
    sessions: Sequence[ToCome]
    assigned: Mapping[str, tuple[str | None, bool]]
    used: Collection[str]


class Known(msgspec.Struct, frozen=True):
    """What is known of the kits of a study, beside the ledger of a site.

    Attributes:
        lists: numbers of the sealed list by stratum, in their order. packed: as the study's ledger has them.
        used: numbers that anybody was ever given, in their normal form. held: kits that participants have.
        elsewhere: kits in the stock of other sites, or on order there.
    """

    lists: Mapping[str, Sequence[str]]
    packed: Mapping[str, PackedKit]
    used: Collection[str]
    held: Collection[str]
    elsewhere: Collection[str]


def resupply_of(release: Release) -> Resupply | None:
    """How a study orders kits for rows of its list; None where it does not, or no row has kits of its own."""
    supply, planned = release.file.supply, release.file.randomisation
    if supply is None or planned is None or SITE not in planned.strata or planned.method == MINIMISATION:
        return None
    return supply.resupply


def propose(
    release: Release,
    plan: Resupply,
    site: SiteState,
    known: Known,
    people: Iterable[Supplied],
    today: date,
) -> Proposal:
    """What is to be ordered for a site now: a pure function of the record, in which no arm stands.

    Args:
        release: that is in force, whose file is planned by. people: who is randomised at the site, now.
        today: the civil day there.
    """
    needs = kits_of_a_row(release.file, release.visits)
    lasts = plan.in_date_for or longest_use(release.file, release.visits) or timedelta(0)
    shelf = _Shelf(release.file, site, known, today)
    own = {name: order for name, order in known.lists.items() if site_of_list(release, name) == site.id}
    taken = {normal(row_number(one)) for one in known.used}
    used = {name: sum(normal(one) in taken for one in order) for name, order in own.items()}
    levels, rows, asked, unplanned = [], 0, list[PackedKit](), list[str]()
    for name, order in own.items():
        free = [one for one in order if normal(one) not in taken]
        share = (used[name] + 1) / (sum(used.values()) + len(own))
        pace = plan.pace_at(site.id)
        minimum, target = (
            rows_for(share * pace.within(time), plan.risk)
            for time in (plan.lead_time, plan.lead_time + plan.covers)
        )
        standing = [shelf.row(one, needs, today + lasts) for one in free[:target]]
        ready, coming = standing.count("ready"), standing.count("coming")
        levels.append(Level(name, minimum, target, ready, coming, len(free)))
        if site.status in ("held", "closed") or set(standing[:minimum]) <= {"ready", "coming"}:
            continue
        for number, how in zip(free, standing, strict=False):
            if how == "gone":
                unplanned.append(number)
            elif how == "planned":
                rows += 1
                asked += shelf.planned(number)
    more_for = 0
    for one in people:
        more = _lacking(one, shelf, today)
        if more is None:
            continue
        more_for += bool(more)
        asked += more
        if not more:
            unplanned.append(shelf.of(one.number)[0].number)
    if rows + more_for == 1 and site.status not in ("held", "closed"):  # else it shows which kits go together
        another = _another(own, taken, asked, shelf, needs, today + lasts)
        rows += bool(another)
        asked += another
    counts = Counter((one.level, one.part) for one in asked)
    kits = tuple(sorted(one.kit for one in asked))
    return Proposal(tuple(levels), rows, more_for, kits, dict(sorted(counts.items())), tuple(unplanned))


def _another(
    own: Mapping[str, Sequence[str]],
    taken: Collection[str],
    asked: Collection[PackedKit],
    shelf: _Shelf,
    needs: Mapping[What, int],
    until: date,
) -> list[PackedKit]:
    """The kits of one more row that nobody has, is sent or is asked for; empty where there is none."""
    named = {one.kit for one in asked}
    for order in own.values():
        for number in order:
            if normal(number) in taken or shelf.row(number, needs, until) != "planned":
                continue
            found = list(shelf.planned(number))
            if found and not any(one.kit in named for one in found):
                return found
    return []


def rows_for(expected: float, risk: float) -> int:
    """The fewest rows, at least one, than which more people come with at most a chance.

    Args:
        expected: how many come on average, above 0; they come independently of each other (Poisson).
    """
    # Twelve standard deviations fewer never come; that nobody does may be too unlikely for a number.
    rows = max(0, int(expected - 12.0 * math.sqrt(expected)))
    chance = rows * math.log(expected) - expected - math.lgamma(rows + 1)  # its logarithm
    at_most = math.exp(chance)
    while rows < 1 or 1.0 - at_most > risk:
        rows += 1
        chance += math.log(expected / rows)
        at_most += math.exp(chance)
    return rows


def supplied(course: Course, now: datetime) -> Supplied | None:
    """What the kits of a participant follow from at an instant; None of who is not randomised."""
    if course.randomisation is None:
        return None
    used = {normal(dose.kit) for dose in course.doses}
    used |= {normal(one.said.kit) for one in course.noted.get("kit_return", ())}
    assigned = {number: (kit.visit, kit.replaced_by is not None) for number, kit in course.kits.items()}
    return Supplied(course.randomisation.number, [*to_come(course, course.due(now))], assigned, used)


def to_come(course: Course, dues: Iterable[Due]) -> Iterator[ToCome]:
    """The sessions whose kits may still be given, as visits are due."""
    needs = needs_of(course)
    return (
        ToCome(due.visit, due.latest, needs[due.visit])
        for due in dues
        if due.visit in needs and is_to_come(course, due)
    )


def needs_of(course: Course) -> dict[str, tuple[What, ...]]:
    """Level and part of each kit that a session of a participant may need, where they are hidden."""
    return _needs_of(course.release, course.population, course.tracks)


@lru_cache(maxsize=64)
def _needs_of(
    release: Release, population: str | None, tracks: frozenset[str]
) -> dict[str, tuple[What, ...]]:
    visits = release.visits_of(population, tracks)
    return {
        name: tuple(kits_of_a_session(release.file, visit))
        for name, visit in visits.items()
        if is_hidden(release.file, visit)
    }


def _lacking(one: Supplied, shelf: _Shelf, today: date) -> list[PackedKit] | None:
    """Kits that are planned for a participant whose own do not last; None where they do."""
    if not shelf.is_planned(one.number):
        return None
    needs = Counter(what for session in one.sessions for what in session.needs)
    latest = max([today, *(session.latest for session in one.sessions if session.latest is not None)])
    sessions = {None, *(session.visit for session in one.sessions)}
    spent = {*one.used}
    spent |= {kit for kit, (visit, replaced) in one.assigned.items() if replaced or visit not in sessions}
    left = [kit for kit in shelf.of(one.number) if normal(kit.kit) not in spent]
    standing = {kit.kit: shelf.kit(kit.kit, latest, mine=True) for kit in left}
    there = Counter[What]((kit.level, kit.part) for kit in left if standing[kit.kit] in ("ready", "coming"))
    if all(there[what] >= count for what, count in needs.items()):
        return None
    return [
        kit
        for kit in left
        if standing[kit.kit] == "planned" and there[kit.level, kit.part] < needs[kit.level, kit.part]
    ]


def is_to_come(course: Course, due: Due) -> bool:
    """Whether kits of a session may still be given: it is planned, or it has begun and nothing was given."""
    if any(dose.session == due.visit and dose.given for dose in course.doses):
        return False
    begun = (one for one in course.encounters.values() if one.visit == due.visit)
    return due.status in ("due", "expected") or any(one.status == "started" for one in begun)


class _Shelf:
    """How planned kits stand at a site.

    Args:
        file: that is planned by. today: the civil day there.
    """

    def __init__(self, file: StudyFile, site: SiteState, known: Known, today: date) -> None:
        self._file, self._site, self._known, self._today = file, site, known, today
        self._ordered = {kit for order in site.supply.orders.values() for kit in order.kits}
        self._of: dict[str, list[PackedKit]] = {}
        self._of_row: dict[str, list[PackedKit]] = {}
        for one in known.packed.values():
            self._of.setdefault(one.number, []).append(one)
            self._of_row.setdefault(normal(row_number(one.number)), []).append(one)

    def of(self, number: str) -> list[PackedKit]:
        """The kits that are planned for a number."""
        return self._of.get(normal(number), [])

    def is_planned(self, number: str) -> bool:
        """Whether kits were ever planned for a number."""
        return normal(number) in self._of

    def planned(self, number: str) -> Iterator[PackedKit]:
        """Those of a row that nobody has sent or ordered yet, and of the others of its unit."""
        for one in self._of_row.get(normal(number), []):
            if self.kit(one.kit, self._today) == "planned":
                yield one

    def row(self, number: str, needs: Mapping[What, int], until: date) -> Standing:
        """How a row stands, whose kits have to be in date until a day: as the worst of what it needs."""
        by_unit: dict[str, list[PackedKit]] = {normal(number): []}
        for one in self._of_row.get(normal(number), []):
            by_unit.setdefault(one.number, []).append(one)
        found = [self._set(kits, needs, until) for kits in by_unit.values()]
        return next(how for how in ("gone", "planned", "coming", "ready") if how in found)

    def _set(self, kits: Sequence[PackedKit], needs: Mapping[What, int], until: date) -> Standing:
        counts = {what: Counter[Standing]() for what in needs}
        for one in kits:
            if (one.level, one.part) in counts:
                counts[one.level, one.part][self.kit(one.kit, until)] += 1
        for how, of in _WITHIN:
            if all(sum(counts[what][one] for one in of) >= count for what, count in needs.items()):
                return how
        return "gone"

    def kit(self, number: str, until: date, *, mine: bool = False) -> Standing:
        """How one kit stands: `gone` is what can never be given to whom it is planned for.

        Args:
            until: the day to which it has to be in date. mine: whether it may be its participant's already.
        """
        name = normal(number)
        if not mine and name in self._known.held:
            return "gone"
        kit = self._site.kits.get(name)
        if kit is None:
            if name in self._known.elsewhere:
                return "gone"
            return "coming" if name in self._ordered else "planned"
        if kit.status in ("missing", "rejected", "destroyed"):
            return "gone"
        if kit.expires and not in_date(kit.expires, until):
            return "gone"
        lot = self._site.supply.lots.get(normal(kit.lot)) if kit.lot is not None else None
        if lot is not None and (lot.status == "recalled" or lot.packs == "one_arm"):
            return "gone"
        waits = kit.status in ("sent", "quarantined") or kit.unchecked is not None
        if waits or lot is None:
            return "coming" if waits else "ready"
        planned = self._known.packed.get(name)
        for_what = None if planned is None else (planned.level, planned.part)
        unlike = unlike_planned(self._file, lot, for_what)
        return "coming" if unlike or lot.status != "released" else "ready"


_WITHIN: tuple[tuple[Standing, tuple[Standing, ...]], ...] = (
    ("ready", ("ready",)),
    ("coming", ("ready", "coming")),
    ("planned", ("ready", "coming", "planned")),
)
