"""The people of a site: the delegation log, and who may do what in the study."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from entact.conduct import delegation
from entact.conduct.access import people
from entact.conduct.access.again import asks_again, sign_again
from entact.conduct.access.models import Account
from entact.conduct.error import ConductError
from entact.conduct.frame import page
from entact.conduct.language.rules import told_list
from entact.conduct.language.sentences import told_again
from entact.conduct.permissions import AT_A_SITE, Person
from entact.conduct.reader import reader_for
from entact.conduct.record.door import Author
from entact.conduct.staff.page import read_log, templates_of
from entact.conduct.staff.training import acknowledge, learned_by, training_of
from entact.conduct.words import moment, role_words
from entact.course.kinds.on_call import OnCall
from entact.course.kinds.site import Certificate


@require_safe
def show_sites(request: HttpRequest) -> HttpResponse:
    """The sites whose people may be seen; where it is one, its log."""
    sites = _sites(request.person)
    if len(sites) == 1:
        return redirect("delegation", site=sites[0])
    reader = reader_for(request.person)
    return page(request, reader, "staff/sites.html", {"sites": sites, "here": "staff"})


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def show_log(request: HttpRequest, site: str) -> HttpResponse:
    """The delegation log of a site: given, ended, certified and signed by who may.

    Raises:
        Http404: when the site's people are not for whoever asks to see, or to change.
    """
    person: Person = request.person
    if site not in _sites(person):
        raise Http404
    problem = ""
    if request.method == "POST":
        try:
            _change(request, site)
        except ConductError as error:
            problem = str(error)
        else:
            return redirect("delegation", site=site)
    reader = reader_for(person)
    zone = delegation.zone_of(site)
    names = dict(Account.objects.values_list("name", "title"))
    lines = delegation.lines_of(site)
    digest, learned = learned_by(reader.study, zone)
    state = delegation.state_of(site)
    log = read_log(
        state,
        lines,
        names,
        zone,
        delegation.today_at(site),
        learned,
        person.permissions.roles_for("learn_events"),
    )
    delegates = person.role_for("delegate", site) is not None
    rates_apart = any(release.roles_apart for release in reader.study.releases)
    shown: dict[str, Any] = {
        "site": site,
        "on_call": state.on_call,
        "roster": [
            (
                role_words(one.role),
                one.person or "",
                one.number,
                moment(one.since, zone),
                moment(one.until, zone),
            )
            for one in sorted(state.roster, key=lambda one: one.since)
            if one.until > reader.at and one.number
        ],
        "called": [(role, role_words(role)) for role in delegation.roles_called()],
        "rates_apart": rates_apart,
        "log": log,
        "problem": problem,
        "delegates": delegates,
        "certifies": person.role_for("certify", site) is not None,
        **(asks_again(request, delegation.digest_of(lines)) if delegates else {}),
        "keeps_devices": person.may("keep_devices", site),
        "everybody": _known(names) if delegates else [],
        "roles": [(role, role_words(role)) for role in sorted(person.permissions.roles.keys() & AT_A_SITE)],
        "expected": delegation.digest_of(lines),
        "text": digest[:12],
        "here": "staff",
    }
    return page(request, reader, "staff/log.html", shown, 409 if problem else 200)


@require_safe
def show_roles(request: HttpRequest) -> HttpResponse:
    """Who may do what, by role: to read, and to print."""
    reader = reader_for(request.person)
    templates = templates_of(request.person.permissions)
    return page(request, reader, "staff/roles.html", {"templates": templates, "here": "staff"})


@require_http_methods(["GET", "HEAD", "POST"])
def show_training(request: HttpRequest) -> HttpResponse:
    """What an adverse event is in this study; whoever has read it says so."""
    reader, person = reader_for(request.person), request.person
    text = training_of(reader.study.newest)
    changed = False
    if request.method == "POST":
        if acknowledge(person, request.POST.get("digest", ""), request.authenticated):
            return redirect("event_training")
        changed = True
    _, learned = learned_by(reader.study)
    passages = [
        replace(
            one,
            term=told_again(one.term),
            text=told_list(told_again(one.text)),
            notes=tuple(map(told_again, one.notes)),
        )
        for one in text.passages
    ]
    shown = {
        "text": text,
        "passages": passages,
        "learned": learned.get(person.identity, ""),
        "changed": changed,
        "here": "staff",
    }
    return page(request, reader, "staff/training.html", shown, 409 if changed else 200)


def _on_the_clock(text: str, zone: tzinfo) -> str:
    """A day and a time on the clock of a site, with its offset; empty where it is none."""
    try:
        local = datetime.strptime(text[:16], "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - the zone is the site's
    except ValueError:
        return ""
    return local.replace(tzinfo=zone).isoformat()


def _sites(person: Person) -> list[str]:
    return [site for site in sorted(person.permissions.sites) if person.may("read_staff", site)]


def _known(names: dict[str, str]) -> list[tuple[str, str]]:
    active = set(Account.objects.filter(is_active=True).values_list("name", flat=True))
    return sorted((title, name) for name, title in names.items() if name in active)


def _change(request: HttpRequest, site: str) -> None:
    sent = {name: text.replace("\0", "\N{REPLACEMENT CHARACTER}") for name, text in request.POST.items()}
    asked = sent.get("do", "")
    if asked == "certify":
        certificate = Certificate(
            sent.get("name", "").strip(),
            sent.get("expires", "").strip(),
            sent.get("issued", "").strip() or None,
        )
        delegation.certify(sent.get("person", ""), site, certificate, by=_author(request, "certify", site))
        return
    author = _author(request, "delegate", site)
    if asked == "on_call":
        delegation.set_on_call(site, sent.get("number", ""), by=author)
        return
    if asked == "duty":
        zone = delegation.zone_of(site)
        duty = OnCall(
            sent.get("number", "").strip(),
            sent.get("role", ""),
            sent.get("person", "").strip() or None,
            _on_the_clock(sent.get("since", ""), zone),
            _on_the_clock(sent.get("until", ""), zone),
        )
        delegation.set_duty(site, duty, by=author)
        return
    if asked == "sign":
        second = sign_again(request, sent.get("expected", ""), timezone.now())
        if isinstance(second, str):
            raise ConductError(second.rstrip("."))
        shown = msgspec.structs.replace(author.authenticated, second=second)
        delegation.sign_log(site, sent.get("expected", ""), by=replace(author, authenticated=shown))
        return
    account, role = people.account_named(sent.get("person", "")), sent.get("role", "")
    by = people.By(request.person, author.authenticated)
    by.role = author.role
    if asked == "give":
        if account is None or not account.is_active:
            raise ConductError(
                gettext("nobody of this name has an open account: an owner of the study makes one")
            )
        if role not in AT_A_SITE:
            raise ConductError(gettext("only a role of the site is delegated at it"))
        people.give_role(account, role, site, by=by)
    elif asked == "plan_end" and account is not None:
        people.plan_end(account, site, sent.get("until", "").strip(), by=by)
    elif asked == "plan_end":
        delegation.plan_end(sent.get("person", ""), site, sent.get("until", "").strip(), by=author)
    elif asked == "end" and account is not None:
        people.take_role(account, role, site, by=by)
    elif asked == "end":
        delegation.end(sent.get("person", ""), [role], site, by=author)
    else:
        raise ConductError(gettext("nothing that can be asked for was asked for"))


def _author(request: HttpRequest, act: str, site: str) -> Author:
    role = request.person.role_for(act, site)
    if role is None:
        raise Http404
    return Author(request.person.identity, role, request.authenticated)
