"""The perpetual balance of a site, by kit and unit: a pure function of its ledger and its participants'."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.schedule import civil_date, first_instant
from entact.course.state.numbers import normal
from entact.course.state.setting import SiteState
from entact.course.state.supply import CountState, Movement, Said

if TYPE_CHECKING:
    from entact.course.state.state import State
    from entact.protocol.study import LossReport, Supply

_CIVIL = timedelta(days=2)  # from here on a time limit counts civil days


class Moved(msgspec.Struct, frozen=True, order=True):
    """Units of a kit that went out to a participant, were taken, lost there, or came back."""

    at: datetime
    entry: str
    kit: str
    what: Literal["out", "taken", "lost", "left", "back"]
    units: int
    ledger: str = ""


class KitRow(msgspec.Struct):
    """One kit of the balance, in units; `at_hand` is what the pharmacy should have, `outside` what others
    have.

    `units` is None of a kit of which nobody said how many it has: it is accounted for as a kit alone.
    """

    number: str
    status: str
    expires: str
    lot: str | None
    units: int | None
    at_hand: int = 0
    dispensed: int = 0
    taken: int = 0
    lost: int = 0
    returned: int = 0
    destroyed: int = 0
    ledger: str = ""

    @property
    def outside(self) -> int:
        """Units that left the pharmacy, of which nobody has said what became of them."""
        return self.dispensed - self.taken - self.lost - self.returned


class Difference(msgspec.Struct, frozen=True, order=True):
    """Units of a kit that are not what they should be, as an entry shows, and what was `said` of it since."""

    at: datetime
    entry: str
    kit: str
    expected: int
    counted: int
    said: tuple[Said, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nobody has said yet that it was found, or why it is so."""
        return not any(one.said in ("found", "explained") for one in self.said)


class LossDue(msgspec.Struct, frozen=True):
    """A report that a difference asks for: which of the study file's, from 1, and when it is due."""

    number: int
    report: LossReport
    due: datetime
    sent: str | None


class Balance(msgspec.Struct, frozen=True):
    """What a site has, kit by kit, and what is not as it should be; `counted`: when all last was."""

    rows: dict[str, KitRow]
    differences: tuple[Difference, ...]
    counted: datetime | None

    @property
    def at_hand(self) -> int | None:
        """Units that the pharmacy should have, of kits whose units are known; None where none's are."""
        known = [row.at_hand for row in self.rows.values() if row.units is not None]
        return sum(known) if known else None


def moved_of(course: State, ledger: str) -> Iterator[Moved]:
    """What kits of one participant have gone through.

    A dose from a kit that nobody has entered as dispensed takes its units out as it is given.
    """
    out: dict[str, int] = {}
    for one in course.noted.get("dispensing", ()):
        number = normal(one.said.kit)
        out[number] = out.get(number, 0) + one.said.units
        yield Moved(one.at, one.entry, number, "out", one.said.units, ledger)
    for dose in course.doses:
        number = normal(dose.kit)
        if number not in out:
            yield Moved(dose.at, dose.entry, number, "out", dose.dispensed, ledger)
        yield Moved(dose.at, dose.entry, number, "taken", dose.taken, ledger)
        yield Moved(dose.at, dose.entry, number, "lost", dose.lost, ledger)
        yield Moved(dose.at, dose.entry, number, "left", dose.returned, ledger)
    for one in course.noted.get("kit_return", ()):
        yield Moved(one.at, one.entry, normal(one.said.kit), "back", one.said.units, ledger)


def balance(site: SiteState, moved: Iterable[Moved]) -> Balance:
    """The balance of a site from its folded ledger and from what its participants' kits have gone through.

    After a count the pharmacy has what was counted; what differs is told, until somebody says that it was
    found.

    Args:
        site: with its kits and supply. moved: of every participant there, in any order.
    """
    book, supply = _Book(site), site.supply
    happened: list[tuple[datetime, int, str, str, object]] = [
        *((one.at, 0, one.entry, one.kit, one) for one in supply.movements),
        *((one.at, 1, one.entry, f"{one.kit} {one.what}", one) for one in moved),
        *((one.at, 2, one.entry, "", one) for one in supply.counts),
        *((one.at, 3, one.entry, kit, one) for (_, kit), said in supply.said.items() for one in said),
    ]
    for _, _, _, kit, one in sorted(happened, key=lambda event: event[:4]):
        if isinstance(one, Movement):
            book.handled(one)
        elif isinstance(one, Moved):
            book.moved(one)
        elif isinstance(one, CountState):
            book.counted(one)
        elif isinstance(one, Said):
            book.told(kit, one)
    found = [
        msgspec.structs.replace(one, said=supply.said.get((one.entry, one.kit), ())) for one in book.found
    ]
    return Balance(book.rows, tuple(sorted(found)), supply.counts[-1].at if supply.counts else None)


class _Book:
    """Rows as they stand after so many events."""

    def __init__(self, site: SiteState) -> None:
        self.rows = {
            number: KitRow(kit.number, kit.status, kit.expires, kit.lot, kit.units)
            for number, kit in site.kits.items()
        }
        self.found = [
            Difference(one.at, one.entry, one.kit, one.expected, one.counted) for one in site.supply.unlike
        ]
        self._entries = {
            said.entry: entry for (entry, _), all_said in site.supply.said.items() for said in all_said
        }
        self._left: dict[str, int] = {}
        self._settled: list[Difference] = []

    def _differs(self, at: datetime, entry: str, kit: str, expected: int, counted: int) -> None:
        if expected != counted:
            self.found.append(Difference(at, entry, kit, expected, counted))

    def handled(self, one: Movement) -> None:
        row = self.rows.get(one.kit)
        if row is None:
            return
        if one.units < 0:
            row.destroyed -= one.units
            self._differs(one.at, one.entry, one.kit, row.at_hand, -one.units)
            row.at_hand = 0
        else:
            row.at_hand += one.units

    def moved(self, one: Moved) -> None:
        row = self.rows.setdefault(one.kit, KitRow(one.kit, "unknown", "", None, None))
        row.ledger = one.ledger or row.ledger
        if one.what == "out":
            row.dispensed += one.units
            row.at_hand -= one.units
        elif one.what == "taken":
            row.taken += one.units
        elif one.what == "lost":
            row.lost += one.units
        elif one.what == "left":
            self._left[one.kit] = self._left.get(one.kit, 0) + one.units
        else:
            expected = self._left.pop(one.kit, max(row.outside, 0))
            self._differs(one.at, one.entry, one.kit, expected, one.units)
            row.returned += one.units
            row.at_hand += one.units

    def counted(self, count: CountState) -> None:
        for number, row in self.rows.items():
            if row.units is not None:
                counted = count.units.get(number, 0)
                self._differs(count.at, count.entry, number, row.at_hand, counted)
                row.at_hand = counted
        for number in sorted(count.units.keys() - self.rows.keys()):
            self._differs(count.at, count.entry, number, 0, count.units[number])

    def told(self, kit: str, said: Said) -> None:
        """What was found is there again, once."""
        entry, row = self._entries[said.entry], self.rows.get(kit)
        difference = next((one for one in self.found if (one.entry, one.kit) == (entry, kit)), None)
        if (
            said.said == "found"
            and row is not None
            and difference is not None
            and difference not in self._settled
        ):
            row.at_hand += difference.expected - difference.counted
            self._settled.append(difference)


def losses_due(found: Difference, plan: Supply, country: str | None, zone: tzinfo) -> Iterator[LossDue]:
    """The reports that a difference asks for at a site of a country: none where nothing is missing."""
    if found.counted >= found.expected:
        return
    sent = {one.report: one.sent for one in found.said if one.said == "reported"}
    for number, report in enumerate(plan.losses, start=1):
        if report.jurisdiction is None or report.jurisdiction == country:
            yield LossDue(number, report, _due(found.at, report.within, zone), sent.get(number))


def _due(since: datetime, within: timedelta, zone: tzinfo) -> datetime:
    if within < _CIVIL:
        return since + within
    return first_instant(civil_date(since, zone) + within + timedelta(days=1), zone)


def count_due(site: SiteState, counted: datetime | None, plan: Supply, zone: tzinfo) -> date | None:
    """The last day on which all has to be counted; None where that is not asked, or nothing came yet."""
    arrived = [one.at for one in site.supply.movements if one.units > 0]
    since = counted or (min(arrived) if arrived else None)
    if plan.count_every is None or since is None:
        return None
    return civil_date(since, zone) + plan.count_every
