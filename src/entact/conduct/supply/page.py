"""What the pages of the stock show: kits, what waits, what differs, and by when it has to be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import cached_property
from typing import Any, Final

from django.utils.translation import gettext, gettext_lazy, ngettext

from entact.conduct.permissions import Person
from entact.conduct.reader import Reader, Standing
from entact.conduct.supply.domain import against_withdrawal
from entact.conduct.supply.handlings import HANDLINGS, Field, Handling
from entact.conduct.supply.resupply import OrderLine, lines_to_send, proposal_of, seen_as
from entact.conduct.supply.selectors import Handed, entered_at, plan_of, stock_found
from entact.conduct.words import day, moment, told
from entact.course.entry import instant
from entact.course.entry.dates import in_date
from entact.course.resupply import Proposal, What
from entact.course.state.numbers import normal
from entact.course.state.setting import SiteState
from entact.course.state.supply import HandledState
from entact.course.supply.balance import Balance, Difference, count_due, losses_due
from entact.course.supply.check_character import printed
from entact.store import lists

STATUS = {
    "sent": gettext_lazy("on its way"),
    "received": gettext_lazy("received"),
    "released": gettext_lazy("released"),
    "missing": gettext_lazy("missing"),
    "quarantined": gettext_lazy("quarantined"),
    "rejected": gettext_lazy("rejected"),
    "destroyed": gettext_lazy("destroyed"),
    "unknown": gettext_lazy("never came here"),
}
KITS_PER_PAGE: Final = 50
PARTS: Final = {"initial": gettext_lazy("initial dose"), "supplement": gettext_lazy("supplement")}
WHAT = {
    "receipt": gettext_lazy("Receipt"),
    "inventory": gettext_lazy("Count"),
    "destruction": gettext_lazy("Destruction"),
}


@dataclass(frozen=True)
class KitShown:
    """One kit: how it stands, with whom, and its units; the same whatever it holds."""

    label: str
    status: str
    is_bad: bool
    why: str
    expires: str
    is_over: bool
    who: str
    key: str
    at_hand: str
    outside: str
    taken: str


@dataclass(frozen=True)
class DueShown:
    """A report of a loss: what, to whom, by when, and whether it was sent."""

    title: str
    to: str
    due: str
    sent: str
    is_late: bool


@dataclass(frozen=True)
class DifferenceShown:
    """A difference, what was said of it, and the reports that it asks for."""

    key: str
    label: str
    expected: int
    counted: int
    at: str
    is_open: bool
    said: tuple[str, ...]
    due: tuple[DueShown, ...]


@dataclass(frozen=True)
class Waiting:
    """Something that a second person has to look at."""

    entry: str
    what: str
    by: str
    at: str
    kits: int


@dataclass(frozen=True)
class EnteredShown:
    """Something that was entered about the stock, in words, and who withdrew it, where somebody did.

    Attributes:
        against: why whoever looks cannot withdraw it; empty where they can, or it is withdrawn.
    """

    entry: str
    kind: str
    what: str
    of: str
    by: str
    at: str
    withdrawn: str
    against: str


class StockPage:
    """The stock of one site as a reader may see it.

    Args:
        names: of people, by identity.
    """

    def __init__(
        self, reader: Reader, site: str, zone: tzinfo, today: date, names: Mapping[str, str]
    ) -> None:
        self.reader, self.site, self.zone, self.today, self.names = reader, site, zone, today, names
        self.state: SiteState
        self.state, self.problems = stock_found(reader, site)
        self.handed = Handed(self.state)
        self.balance: Balance = self.handed.balance

    @cached_property
    def proposal(self) -> Proposal | None:
        """What is to be ordered now; None where nothing is planned to be, or no kits are planned."""
        return proposal_of(self.reader, self.handed, self.today)

    @cached_property
    def to_send(self) -> list[OrderLine]:
        """What was ordered and is in no shipment yet."""
        return lines_to_send(self.state)

    def entered(self, person: Person) -> Iterator[EnteredShown]:
        """What was entered on these pages that somebody may enter, and so withdraw, the latest first."""
        for one in entered_at(self.site):
            handling = HANDLINGS.get(one.entry.kind)
            if handling is None or not person.may(handling.duty, self.site):
                continue
            withdrawn = against = ""
            if one.withdrawn_by:
                withdrawn = f"{self._name(one.withdrawn_by)}: {one.reason}"
            else:
                against = against_withdrawal(
                    self.reader, self.state, self.balance, one.entry, person.identity
                )
            yield EnteredShown(
                one.entry.id,
                one.entry.kind,
                handling.title,
                _of(one.entry.data),
                self._name(one.entry.by),
                moment(instant(one.entry.occurred_at), self.zone),
                withdrawn,
                against,
            )

    def lots_in_use(self) -> list[str]:
        """The lots of which kits can still be given out here, where they are several of one product.

        Whoever sees a label tells them apart, so that each has to hold kits of every arm.
        """
        usable = ("sent", "received", "released", "quarantined")
        there = {normal(kit.lot) for kit in self.state.kits.values() if kit.lot and kit.status in usable}
        lots = [lot for number, lot in self.state.supply.lots.items() if number in there]
        by_product = Counter(lot.product for lot in lots)
        return sorted(lot.lot for lot in lots if by_product[lot.product] > 1)

    def states(self) -> list[tuple[str, str, int]]:
        """In what states kits are: each as the record has it, in words, and how many."""
        counted = Counter(row.status for row in self.balance.rows.values())
        names = (*STATUS, *sorted(counted.keys() - STATUS.keys()))
        return [(name, str(STATUS.get(name, name)), counted[name]) for name in names if counted[name]]

    def kits(self, *, keeps: bool = True, state: str = "", after: str = "") -> tuple[list[KitShown], str]:
        """A page of the kits by their number, and behind which the next one begins; empty where none does.

        Args:
            keeps: whether whoever looks keeps the stock; others are not told the last day of each kit, which
                is its lot's. state: only those that are in it. after: the number behind which to begin.
        """
        rows, whose = self.balance.rows, self.handed.whose
        numbers = sorted(one for one, row in rows.items() if one > after and state in ("", row.status))
        shown = numbers[:KITS_PER_PAGE]
        holders = {whose.get(one, rows[one].ledger) for one in shown} - {""}
        known = {one.ledger: Standing.of(one) for one in lists.participants_of(sorted(holders))}
        found = []
        for number in shown:
            row, stock = rows[number], self.state.kits.get(number)
            standing = known.get(whose.get(number, row.ledger))
            counts = row.units is not None
            found.append(
                KitShown(
                    printed(number),
                    STATUS.get(row.status, row.status),
                    row.status in ("quarantined", "missing", "rejected", "unknown"),
                    stock.why if stock is not None and row.status == "quarantined" else "",
                    row.expires if keeps else "",
                    bool(row.expires) and not in_date(row.expires, self.today),
                    standing.number if standing is not None else "",
                    standing.key if standing is not None else "",
                    str(row.at_hand) if counts else "",
                    str(row.outside) if row.dispensed else "",
                    str(row.taken) if row.dispensed else "",
                )
            )
        return found, shown[-1] if len(numbers) > len(shown) else ""

    def waiting(self) -> list[Waiting]:
        """What a second person has to look at, in order of time."""
        return [self._waiting(one) for one in self.state.supply.handled.values() if one.waits]

    def _waiting(self, one: HandledState) -> Waiting:
        at = moment(one.at, self.zone)
        return Waiting(one.entry, WHAT[one.what], self._name(one.by), at, len(one.kits))

    def disagreed(self) -> list[str]:
        """What a second person did not find as it says."""
        found = [one for one in self.state.supply.handled.values() if not one.agrees]
        return [
            gettext("{what} of {when}: {name} does not agree. {said}").format(
                what=WHAT[one.what],
                when=moment(one.at, self.zone),
                name=self._name(one.checked_by or ""),
                said=one.said,
            )
            for one in found
        ]

    def differences(self, now: datetime) -> list[DifferenceShown]:
        """What is not as it should be, the open ones first."""
        found = sorted(self.balance.differences, key=lambda one: (not one.is_open, one.at, one.kit))
        return [self._difference(one, now) for one in found]

    def _difference(self, one: Difference, now: datetime) -> DifferenceShown:
        said = tuple(
            f"{note.said}, {moment(note.at, self.zone)}, {self._name(note.by)}: {note.text}"
            for note in one.said
        )
        due = tuple(
            DueShown(
                told(loss.report.title),
                loss.report.to,
                moment(loss.due, self.zone),
                loss.sent or "",
                loss.sent is None and one.is_open and loss.due <= now,
            )
            for loss in losses_due(one, plan_of(self.reader), self.country, self.zone)
        )
        at = moment(one.at, self.zone)
        key, label = f"{one.entry} {one.kit}", printed(one.kit)
        return DifferenceShown(key, label, one.expected, one.counted, at, one.is_open, said, due)

    def count_due(self) -> tuple[str, bool] | None:
        """By when all has to be counted, and whether that is over."""
        due = count_due(self.state, self.balance.counted, plan_of(self.reader), self.zone)
        return None if due is None else (day(due), due < self.today)

    @property
    def country(self) -> str | None:
        """Where the site is."""
        planned = self.reader.study.newest.file.sites.get(self.site)
        return planned.country if planned is not None else None

    def choices(self, handling: Handling, field: Field, by: str) -> Sequence[tuple[str, str]]:
        """What can be chosen for a field, where that follows from the record."""
        supply = self.state.supply
        if field.name == "product":
            return [(name, name.replace("_", " ")) for name in self.reader.study.newest.file.products]
        if field.name == "lot":
            return [(one.lot, one.lot) for one in supply.lots.values()]
        if field.name == "shipment":
            return [
                (one.number, gettext("{number}, {count} kits").format(number=one.number, count=len(one.kits)))
                for one in supply.shipments.values()
                if one.received is None
            ]
        if field.name == "order":
            none = ("", gettext("none"))
            return [
                none,
                *(
                    (
                        one.key,
                        gettext("{number}: {what}, {count} kits").format(
                            number=one.order.number, what=spoken(one.what), count=len(one.kits)
                        ),
                    )
                    for one in self.to_send
                ),
            ]
        if handling.kind == "supply_check" and field.name == "about":
            found = [one for one in supply.handled.values() if one.waits and one.by != by]
            shown = map(self._waiting, found)
            return [
                (
                    one.entry,
                    ngettext(
                        "{what}, {at}, {by}, {kits} kit", "{what}, {at}, {by}, {kits} kits", one.kits
                    ).format(what=one.what, at=one.at, by=one.by, kits=one.kits),
                )
                for one in shown
            ]
        if field.name == "about":
            return [
                (
                    f"{one.entry} {one.kit}",
                    gettext("{kit}: {counted} of {expected}").format(
                        kit=printed(one.kit), counted=one.counted, expected=one.expected
                    ),
                )
                for one in self.balance.differences
                if one.is_open
            ]
        if field.name == "report":
            losses = plan_of(self.reader).losses
            return [
                ("", gettext("none")),
                *((str(n), told(one.title)) for n, one in enumerate(losses, start=1)),
            ]
        return field.of

    def seen(self, field: Field) -> str:
        """What a form says of itself that nobody types: the proposal that it shows."""
        return seen_as(self.proposal) if field.name == "seen" and self.proposal is not None else ""

    def _name(self, identity: str) -> str:
        return self.names.get(identity, identity)


def spoken(what: What) -> str:
    """A level and part of the dose in words."""
    level, part = what
    return f"{PARTS[part]}, {level.replace('_', ' ')}"


def fields_shown(
    page: StockPage, handling: Handling, sent: Mapping[str, str], by: str
) -> Iterator[dict[str, Any]]:
    """The questions of a form, with what was typed; the first that a scanner types into has the focus."""
    first = True
    for one in handling.fields:
        if one.name == "order" and not page.to_send:
            continue  # nothing was ordered here
        scanned = one.sort == "lines" and first
        first = first and not scanned
        yield {
            "name": one.name,
            "label": one.label,
            "sort": one.sort,
            "of": [
                (value, words, sent.get(one.name) == value)
                for value, words in page.choices(handling, one, by)
            ]
            if one.sort == "choice"
            else [],
            "hint": one.hint,
            "optional": one.optional,
            "value": page.seen(one) or sent.get(one.name, ""),
            "focus": scanned,
        }


def _of(data: Mapping[str, Any]) -> str:
    """What an entry is of, in a few words: its number and how many kits; the same whatever they hold."""
    name = next((str(data[one]) for one in ("number", "lot", "shipment", "place", "name") if one in data), "")
    kits = data.get("kits", data.get("units"))
    count = len(kits) if isinstance(kits, list | dict) else 0
    said = ngettext("{count} kit", "{count} kits", count).format(count=count) if count else ""
    return ", ".join(part for part in (name, said) if part)
