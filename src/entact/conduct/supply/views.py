"""The pages of the stock of a site, its labels, and what is entered about it."""

from __future__ import annotations

from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from entact.conduct.access.models import Account
from entact.conduct.asking import authenticated_by, reader_of
from entact.conduct.delegation import today_at, zone_of
from entact.conduct.error import ConductError
from entact.conduct.frame import page
from entact.conduct.given import note_given
from entact.conduct.narrowed import not_taken
from entact.conduct.permissions import Person
from entact.conduct.reader import Reader
from entact.conduct.record.door import Author
from entact.conduct.supply.camera import label_on
from entact.conduct.supply.depot import depot
from entact.conduct.supply.domain import enter_supply, withdraw_supply
from entact.conduct.supply.forms import Sent
from entact.conduct.supply.handlings import HANDLINGS
from entact.conduct.supply.page import StockPage, fields_shown, spoken
from entact.conduct.supply.selectors import plan_of, stock_of
from entact.conduct.words import moment
from entact.course.kinds.kit_order import KIT_ORDER
from entact.course.kinds.site import KIT
from entact.course.state.numbers import normal
from entact.course.supply.check_character import printed
from entact.course.supply.temperature import MOST
from entact.report.labels import draw_labels

MOST_SHOWN = 40  # of what was entered last
TELLS = KIT.tells | {"schedule"}  # classes of data that the pages of the stock tell of


@require_safe
def show_supplied(request: HttpRequest) -> HttpResponse:
    """The stock of all sites that may be seen, side by side; where it is one, that."""
    reader = reader_of(request)
    sites = supplied(request.person, reader)
    if not sites:
        raise Http404
    if len(sites) == 1:
        return redirect("supply", site=sites[0])
    rows = depot(reader, sites)
    ships = {site for site in sites if _orders(request.person, site)}
    values = {
        "rows": [(row, row.site in ships) for row in rows],
        "ships": bool(ships),
        "waiting": [row for row in rows if row.site in ships and row.waits],
        "here": "supply",
    }
    return page(request, reader, "supply/sites.html", values)


@require_safe
def show_stock(request: HttpRequest, site: str) -> HttpResponse:
    """The stock of a site: kits, what waits, what differs.

    Raises:
        Http404: when it is not for whoever asks.
    """
    reader = _reader_at(request, site)
    person = request.person
    stock = _page(reader, site)
    keeps, states = _orders(person, site), stock.states()
    asked = request.GET.get("is", "")
    state = asked if asked in [name for name, _, _ in states] else ""
    kits, further = stock.kits(keeps=keeps, state=state, after=normal(request.GET.get("after", "")[:80]))
    narrowed = {"is": state} if state else {}
    values = {
        "site": site,
        "kits": kits,
        "states": states,
        "state": state,
        "wrong": not_taken(request.GET, {"is": state}, {"is": gettext("Kits")}),
        "further": f"?{urlencode(narrowed | {'after': further})}#kits" if further else "",
        "is_later": "after" in request.GET,
        "lots_in_use": stock.lots_in_use() if keeps else [],
        "units": stock.balance.at_hand,
        "waiting": stock.waiting(),
        "disagreed": stock.disagreed(),
        "differences": stock.differences(reader.at),
        "count_due": stock.count_due(),
        **(_resupply(stock) if keeps else {}),
        "found": [one.message for one in stock.problems],
        "registrations": list(stock.state.supply.registrations.values()) if keeps else [],
        "lots": list(stock.state.supply.lots.values()) if keeps else [],
        "shipments": list(stock.state.supply.shipments.values()) if keeps else [],
        "keeps": person.may("keep_supply", site),
        "enters": [(one.kind, one.title) for one in HANDLINGS.values() if person.may(one.duty, site)],
        "entered": list(islice(stock.entered(person), MOST_SHOWN)),
        "here": "supply",
    }
    return page(request, reader, "supply/stock.html", values)


@require_http_methods(["GET", "HEAD", "POST"])
def enter_stock(request: HttpRequest, site: str, kind: str) -> HttpResponse:
    """One thing that happened to the stock, entered by who may.

    Raises:
        Http404: when there is no such thing, or it is not theirs to enter.
    """
    reader, handling = _reader_at(request, site), HANDLINGS.get(kind)
    role = request.person.role_for(handling.duty, site) if handling is not None else None
    authenticated = authenticated_by(request)
    if handling is None or role is None or authenticated is None:
        raise Http404
    author = Author(request.person.identity, role, authenticated)
    texts = {name: value.replace("\0", "") for name, value in request.POST.items()}
    problem = ""
    scanned = next((one.name for one in handling.fields if one.sort == "lines"), "")
    reads = bool(scanned) and texts.get("do") == "picture"
    if request.method == "POST" and reads:
        try:
            label = label_on(request.FILES.get("picture"))
            before = [one for one in texts.get(scanned, "").splitlines() if one.strip()]
            texts[scanned] = "\n".join([*before, f"{label}\n"])
        except ConductError as error:
            problem = str(error)
    elif request.method == "POST":
        upload = request.FILES.get("log")
        try:
            if upload is not None and (upload.size or 0) > MOST:
                raise ConductError(
                    gettext("File of the temperature logger: it has at most {most} bytes").format(most=MOST)
                )
            sent = Sent(texts, upload.read() if upload is not None else None)
            enter_supply(reader, site, kind, sent, zone_of(site), by=author)
        except ConductError as error:
            problem = str(error)
        else:
            return redirect("supply", site=site)
    given = texts or {name: value for name, value in request.GET.items() if "\0" not in value}
    stock = _page(reader, site)
    values = {
        "site": site,
        "handling": handling,
        "fields": list(fields_shown(stock, handling, given, author.identity)),
        **(_resupply(stock) if kind == KIT_ORDER.name else {}),
        "problem": problem,
        "scans": bool(scanned),
        "here": "supply",
    }
    return page(request, reader, "supply/enter.html", values, 422 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_stock(request: HttpRequest, site: str, entry: str) -> HttpResponse:
    """What was entered about the stock in error is withdrawn, with a reason.

    Raises:
        Http404: when there is no such entry, or it is not theirs to withdraw.
    """
    reader = _reader_at(request, site)
    shown = next((one for one in _page(reader, site).entered(request.person) if one.entry == entry), None)
    handling = HANDLINGS.get(shown.kind) if shown is not None else None
    role = request.person.role_for(handling.duty, site) if handling is not None else None
    authenticated = authenticated_by(request)
    if shown is None or shown.withdrawn or handling is None or role is None or authenticated is None:
        raise Http404
    author = Author(request.person.identity, role, authenticated)
    reason = request.POST.get("reason", "").replace("\0", "")
    problem = ""
    if request.method == "POST":
        try:
            withdraw_supply(reader, site, entry, reason, by=author, duties=(handling.duty,))
        except ConductError as error:
            problem = str(error)
        else:
            return redirect("supply", site=site)
    values = {"site": site, "one": shown, "reason": reason, "problem": problem, "here": "supply"}
    return page(request, reader, "supply/withdraw.html", values, 422 if problem else 200)


@require_safe
def give_labels(request: HttpRequest, site: str) -> HttpResponse:
    """Labels of the kits of a shipment, to print; that they were given out is kept.

    Raises:
        Http404: when there is no such shipment, or it is not for whoever asks.
    """
    reader = _reader_at(request, site)
    if not request.person.may("keep_supply", site):
        raise Http404
    state = stock_of(reader, site)
    shipment = state.supply.shipments.get(normal(request.GET.get("shipment", "").replace("\0", "")))
    lot = state.supply.lots.get(normal(shipment.lot)) if shipment is not None else None
    if shipment is None or lot is None:
        raise Http404
    storage = plan_of(reader).storage
    keep = "" if storage is None else gettext("{:f} to {:f} °C").format(*storage.bounds)
    note_given(request, reader, f"labels of shipment {shipment.number} to {site}")
    document = draw_labels(
        reader.study.name,
        site,
        [printed(kit) for kit in shipment.kits],
        shipment.units,
        lot.expires,
        lot.lot,
        reader.environment,
        reader.study.newest.file.languages,
        keep,
    )
    answer = HttpResponse(document, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{reader.study.name}-labels-{site}.pdf"'
    return answer


def _resupply(stock: StockPage) -> dict[str, Any]:
    """What is to be ordered, and what was and is not sent yet, as pages show it."""
    found = stock.proposal
    if found is None:
        return {}
    return {
        "proposal": found,
        "asked": [(spoken(what), count) for what, count in found.counts.items()],
        "ordered": [printed(normal(one)) for one in found.kits],
        "to_send": [
            (
                one.order.number,
                moment(one.order.at, stock.zone),
                spoken(one.what),
                len(one.kits),
                ", ".join(printed(normal(kit)) for kit in one.kits),
            )
            for one in stock.to_send
        ],
    }


def supplied(person: Person, reader: Reader) -> list[str]:
    """The sites whose stock somebody may see."""
    if not reader.sight.sees(*TELLS):
        return []
    return [site for site in sorted(person.permissions.sites) if person.may("read_supply", site)]


def _orders(person: Person, site: str) -> bool:
    """Whether orders and last days of the kits of a site are somebody's to know: who keeps or decides."""
    return person.may("keep_supply", site) or person.may("decide_supply", site)


def _page(reader: Reader, site: str) -> StockPage:
    names = dict(Account.objects.values_list("name", "title"))
    return StockPage(reader, site, zone_of(site), today_at(site), names)


def _reader_at(request: HttpRequest, site: str) -> Reader:
    reader = reader_of(request)
    if site not in supplied(request.person, reader):
        raise Http404
    return reader
