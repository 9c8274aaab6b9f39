"""What the stock of a site asks of somebody today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from entact.conduct.delegation import today_at, zone_of
from entact.conduct.permissions import Person
from entact.conduct.reader import Reader, Standing
from entact.conduct.supply.page import StockPage
from entact.conduct.supply.selectors import plan_of, sites_with_stock
from entact.conduct.supply.views import supplied
from entact.conduct.today import Task
from entact.conduct.words import day, moment
from entact.course.entry.dates import in_date, read_date
from entact.course.kinds import KINDS
from entact.course.supply.balance import count_due, losses_due
from entact.course.supply.check_character import printed
from entact.store import lists


def supply_tasks(reader: Reader, person: Person) -> Iterator[Task]:
    """Differences and their clocks, kits that wait for somebody's word, counts that are due."""
    sites = [site for site in supplied(person, reader) if _answers(person, site)]
    there = sites_with_stock() if sites else set()
    for site in sites:
        if site in there:
            yield from _of_site(reader, person, site)


def _answers(person: Person, site: str) -> bool:
    return any(person.may(act, site) for act in ("keep_supply", "decide_supply", "check_supply"))


def _of_site(reader: Reader, person: Person, site: str) -> Iterator[Task]:
    stock = StockPage(reader, site, zone_of(site), today_at(site), {})
    address = reverse("supply", args=[site])
    keeps, decides = person.may("keep_supply", site), person.may("decide_supply", site)
    for one in stock.balance.differences if keeps or decides else ():
        if not one.is_open:
            continue
        what = gettext("Kit {kit}: {counted} of {expected} units were found").format(
            kit=printed(one.kit), counted=one.counted, expected=one.expected
        )
        due = [loss for loss in losses_due(one, plan_of(reader), stock.country, stock.zone) if not loss.sent]
        for loss in due:
            over = loss.due <= reader.at
            due_at = f"{gettext('was due') if over else gettext('due')} {moment(loss.due, stock.zone)}"
            when = gettext("{title}, to {to}: {due_at}").format(
                title=loss.report.title, to=loss.report.to, due_at=due_at
            )
            yield Task(True, "", "", site, what, when, rank=1, due=loss.due, address=address)
        if not due:
            yield Task(
                True, "", "", site, what, gettext("nobody has said why"), rank=1, due=one.at, address=address
            )
    held = [number for number, kit in stock.state.kits.items() if kit.status == "quarantined"]
    if held and decides:
        what = ngettext("{count} kit in quarantine", "{count} kits in quarantine", len(held)).format(
            count=len(held)
        )
        when = gettext("until the sponsor has decided")
        yield Task(False, "", "", site, what, when, rank=2, address=address)
    waiting = [one for one in stock.state.supply.handled.values() if one.waits and one.by != person.identity]
    for handled in waiting if person.may("check_supply", site) else ():
        what = gettext("{what} of {count} kits waits for a second person").format(
            what=handled.what.capitalize(), count=len(handled.kits)
        )
        yield Task(
            False,
            "",
            "",
            site,
            what,
            gettext("entered {when}").format(when=moment(handled.at, stock.zone)),
            rank=2,
            address=address,
        )
    if person.may("check_supply", site) and reader.sight.sees(*KINDS["dispensing"].tells):
        yield from _handed_out(reader, person, stock)
    yield from _orders(stock, address, keeps=keeps, decides=decides)
    if keeps:
        yield from _count(reader, stock, address)
        yield from _registrations(stock, address)


def _handed_out(reader: Reader, person: Person, stock: StockPage) -> Iterator[Task]:
    """Kits that somebody was given or brought back and nobody else has looked at: they hold up a dose."""
    asked = plan_of(reader).two_persons
    kinds = [kind for kind, step in (("dispensing", "dispensing"), ("kit_return", "return")) if step in asked]
    names = {what: kind for what, kind in _STEPS.items() if kind in kinds}
    waits = [one for one in stock.handed.steps if one.waits and one.what in names and one.site == stock.site]
    of = {one.ledger: Standing.of(one) for one in lists.participants_of([one.ledger for one in waits])}
    for one in waits:
        if one.person == person.identity or one.ledger not in of:
            continue
        what = gettext("Kit {kit} waits for a second person").format(kit=printed(one.kit))
        when = gettext("entered {when}").format(when=moment(one.at, stock.zone))
        whose = of[one.ledger]
        address = reverse("kits", args=[whose.key])
        yield Task(False, whose.key, whose.number, stock.site, what, when, rank=2, address=address)


_STEPS = {"out": "dispensing", "back": "kit_return"}  # steps that a second person looks at, and their kinds


def _orders(stock: StockPage, address: str, *, keeps: bool, decides: bool) -> Iterator[Task]:
    """Kits that are to be ordered, rows that have none to order, and orders of which nothing was sent."""
    found = stock.proposal
    if found is None:
        return
    if found.kits and keeps:
        what = ngettext(
            "{count} kit is to be ordered", "{count} kits are to be ordered", len(found.kits)
        ).format(count=len(found.kits))
        when = gettext("the stock may not last for the time that an order takes")
        order = reverse("supply_enter", args=[stock.site, "kit_order"])
        yield Task(False, "", "", stock.site, what, when, rank=2, address=order)
    if found.unplanned and (keeps or decides):
        what = ngettext(
            "{count} row of the list needs kits that are not planned yet",
            "{count} rows of the list need kits that are not planned yet",
            len(found.unplanned),
        ).format(count=len(found.unplanned))
        when = gettext("whoever holds the list plans more")
        yield Task(True, "", "", stock.site, what, when, rank=1, address=address)
    if stock.to_send and (keeps or decides):
        count = sum(len(one.kits) for one in stock.to_send)
        what = ngettext(
            "{count} kit was ordered and is not sent", "{count} kits were ordered and are not sent", count
        ).format(count=count)
        first = min(one.order.at for one in stock.to_send)
        when = gettext("entered {when}").format(when=moment(first, stock.zone))
        yield Task(False, "", "", stock.site, what, when, rank=3, address=address)


def _count(reader: Reader, stock: StockPage, address: str) -> Iterator[Task]:
    due = count_due(stock.state, stock.balance.counted, plan_of(reader), stock.zone)
    if due is None or (due - stock.today).days > SOON:
        return
    over = due < stock.today
    when = gettext("{part} by {day}").format(
        part=gettext("was due") if over else gettext("due"), day=day(due)
    )
    yield Task(
        over,
        "",
        "",
        stock.site,
        gettext("All kits are to be counted"),
        when,
        rank=1 if over else 3,
        due=_end(due),
        address=address,
    )


def _registrations(stock: StockPage, address: str) -> Iterator[Task]:
    for one in stock.state.supply.registrations.values():
        found = read_date(one.expires)
        last = stock.today if found is None else found.earliest
        if (last - stock.today).days <= SOON:
            over = not in_date(one.expires, stock.today)
            what = gettext("The registration {name} {part}").format(
                name=one.name, part=gettext("has ended") if over else gettext("ends")
            )
            when = gettext("{part} until {expires}").format(
                part=gettext("nothing is dispensed: it held") if over else gettext("holds"),
                expires=one.expires,
            )
            yield Task(
                over, "", "", stock.site, what, when, rank=1 if over else 3, due=_end(last), address=address
            )


SOON = 30  # days before a count is due, in which it is told of


def _end(last: date) -> datetime:
    return datetime.combine(last, time.max, UTC)
