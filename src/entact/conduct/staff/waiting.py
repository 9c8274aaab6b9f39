"""What waits of the people who work at a site: certificates, the training text, the delegation log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext

from entact.conduct.access.models import Account, Role
from entact.conduct.delegation import lines_of, state_of, today_at
from entact.conduct.permissions import Person
from entact.conduct.reader import Reader
from entact.conduct.staff.training import has_learned
from entact.conduct.today import Task
from entact.conduct.words import day
from entact.course.entry.dates import in_date
from entact.store import lists

CERTIFIED: Final = timedelta(days=30)  # before it ends, a certificate is told of


def own_sites(person: Person) -> list[str]:
    """The sites at which somebody has a role of their own."""
    return sorted(site for site in person.roles if site and site in person.permissions.sites)


def certificates(reader: Reader, person: Person) -> Iterator[Task]:
    """Certificates that have ended or end within 30 days: one's own, and those at one's site."""
    names = dict(Account.objects.values_list("name", "title"))
    for site in own_sites(person):
        today = today_at(site)
        all_of_them = person.may("certify", site)
        for one in lists.staff(site=site, expiring_by=today + CERTIFIED - timedelta(days=1)):
            own = one.person == person.identity
            if one.expires is None or not one.roles or not (own or all_of_them):
                continue
            if one.until is not None and not in_date(one.until.isoformat(), today):
                continue
            over = one.expires < today
            whose = (
                gettext("Your certificate")
                if own
                else gettext("The certificate of {person}").format(person=names.get(one.person, one.person))
            )
            what = f"{whose} {one.certificate} {gettext('has ended') if over else gettext('ends')}"
            until = gettext("no gate lets them act since") if over else gettext("holds until")
            when = f"{until} {day(one.expires)}"
            if own and over:
                when = gettext("no gate lets you act: it held until {day}").format(day=day(one.expires))
            due = datetime.combine(one.expires, time.min, UTC)
            address = reverse("delegation", args=[site])
            yield Task(over, "", "", site, what, when, rank=1 if over else 3, due=due, address=address)


def planned_ends(reader: Reader, person: Person) -> Iterator[Task]:
    """Whose last day at a site is planned within 30 days: one's own, and of whom one can plan another for."""
    planned = Role.objects.filter(site__in=own_sites(person), until__isnull=False, account__is_active=True)
    rows = planned.order_by("until", "account__title").values_list(
        "site", "until", "account__name", "account__title"
    )
    for site, last, identity, title in dict.fromkeys(rows):
        own = identity == person.identity
        if not (own or person.may("delegate", site)):
            continue
        today = today_at(site)
        if not today <= last < today + CERTIFIED:
            continue
        whose = (
            gettext("Your time at the site ends")
            if own
            else gettext("The time of {person} at the site ends").format(person=title)
        )
        when = gettext("last day {day}").format(day=day(last))
        due = datetime.combine(last, time.min, UTC)
        address = reverse("delegation", args=[site])
        yield Task(False, "", "", site, whose, when, rank=3, due=due, address=address)


def training(reader: Reader, person: Person) -> Iterator[Task]:
    """The text on adverse events that one has not read as it is now."""
    if person.may("learn_events") and not has_learned(person):
        what = gettext("Read what an adverse event is in this study, and say that you have")
        yield Task(
            False,
            "",
            "",
            "",
            what,
            gettext("the text is new to you"),
            rank=3,
            address=reverse("event_training"),
        )


def unsigned_log(reader: Reader, person: Person) -> Iterator[Task]:
    """The delegation log of one's site, where it is not signed as it stands."""
    for site in own_sites(person):
        if not person.may("delegate", site):
            continue
        lines, signed = lines_of(site), state_of(site).log_signed
        if lines and (not signed or signed[-1].hashes != lines):
            what = (
                gettext("The delegation log has changed since it was signed")
                if signed
                else gettext("Sign the delegation log")
            )
            address = reverse("delegation", args=[site])
            yield Task(
                False, "", "", site, what, gettext("by an investigator of the site"), rank=3, address=address
            )
