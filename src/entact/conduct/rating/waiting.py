"""What waits for raters, and for a site because of them: sources of the first page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext

from entact.conduct.delegation import state_of
from entact.conduct.permissions import Person
from entact.conduct.rating.domain import again_after_danger, course_in, is_rated_apart, renew_offers
from entact.conduct.rating.questions import with_questions
from entact.conduct.rating.selectors import (
    OFFERED,
    SOON,
    in_danger_at,
    offered_to,
    profile_of,
    taken_by,
    untaken,
)
from entact.conduct.reader import Reader, Standing
from entact.conduct.sight import EVENTS
from entact.conduct.today import MOST, Task
from entact.conduct.words import moment, title_of_visit
from entact.course.kinds.booking import bookings_of
from entact.store import lists
from entact.store.lists.arrived import first_arrivals

_DAY: Final = timedelta(days=1)


def assessments(reader: Reader, person: Person) -> Iterator[Task]:
    """What a rater has taken, and that something can be taken; nothing of whom or where."""
    if not person.may("rate"):
        return
    renew_offers(reader)
    zone = profile_of(person.identity, reader).zone
    for one in taken_by(person, reader.at):
        if one.done_at is None:
            soon = one.at - reader.at <= _DAY
            address = reverse("rating", args=[one.token])
            when = moment(one.at, zone)
            what = gettext("An assessment that you have taken")
            yield Task(False, "", "", "", what, when, rank=1 if soon else 3, due=one.at, address=address)
    for one in with_questions(person, reader):
        address = f"{reverse('rating', args=[one.token])}#questions"
        what = gettext("A question about an assessment that you sent")
        yield Task(
            False, "", "", "", what, gettext("nobody has answered"), rank=2, due=one.at, address=address
        )
    if offered_to(person, reader):
        what = gettext("Assessments can be taken")
        yield Task(False, "", "", "", what, gettext("offered to you"), rank=2, address=reverse("ratings"))


def told_by_raters(reader: Reader, person: Person) -> Iterator[Task]:
    """What a rater told the site, and nobody has answered."""
    if not reader.sight.sees_schedule or not reader.sight.sees(EVENTS):
        return
    hidden, sites = reader.sight.hidden_names, reader.sites
    found = lists.open_findings(reader.at, hidden=hidden, sites=sites, rule="rater_unanswered", limit=MOST)
    known = {one.ledger: Standing.of(one) for one in lists.participants_of([one.ledger for one in found])}
    arrived = first_arrivals([(one.ledger, one.entry) for one in found])  # it hangs on no time of its own
    for one in found:
        if one.ledger in known:
            first = arrived.get((one.ledger, one.entry))
            since = one.since if first is None else first.received_at
            key = known[one.ledger].key
            called = one.kind == "break_glass"
            what = (
                gettext("A rater called for help")
                if called
                else gettext("A rater heard of {item}").format(item=one.item)
            )
            yield Task(
                True,
                "",
                one.number,
                one.site,
                f"{one.number}: {what}",
                gettext("nobody has answered, since {when}").format(
                    when=moment(since, reader.zone_of(one.site))
                ),
                rank=0,
                due=since,
                address=reverse("rater_told", args=[key, one.entry]),
            )


def replaced(reader: Reader, person: Person) -> Iterator[Task]:
    """Assessments in which a rater called for help, and that nobody has offered to another yet."""
    if not reader.sight.sees_schedule or not reader.sight.sees(EVENTS) or not person.may("enter"):
        return
    ledgers = in_danger_at()
    known = {one.ledger: one for one in reader.standings(list(ledgers))}
    for ledger, encounters in ledgers.items():
        if ledger not in known:
            continue
        course, standing = course_in(reader, ledger), known[ledger]
        answered = {one.about for one in course.noted.get("rater_answered", ())}  # before, that waits
        for one in course.noted.get("break_glass", ()):
            if one.entry not in answered:
                continue
            again = again_after_danger(course, one.encounter or "") if one.encounter in encounters else ""
            if again and again not in bookings_of(course):
                what = gettext("{number}: an assessment has to be offered to another rater").format(
                    number=standing.number
                )
                address = reverse("rater_told", args=[standing.key, one.entry])
                when = gettext("its rater called for help {when}").format(
                    when=moment(one.at, reader.zone_of(standing.site))
                )
                yield Task(
                    False, "", standing.number, standing.site, what, when, rank=1, due=one.at, address=address
                )


def without_rater(reader: Reader, person: Person) -> Iterator[Task]:
    """Assessments within two days that no rater has taken, and those whose time went by without one until
    they are moved, missed or begun; who rates is told to nobody. And of sites at which one is coming those
    without a number for a rater who sees somebody in danger."""
    if not reader.sight.sees_schedule or not person.may("enter"):
        return
    hidden, sites = reader.sight.hidden_names, reader.sites
    found = lists.booked(reader.at - OFFERED, reader.at + OFFERED, sites=sites, hidden=hidden)
    found = [one for one in found if is_rated_apart(reader, one.visit)]
    coming = {one.site for one in found if one.at >= reader.at}
    for site in sorted(one for one in coming if person.may("enter", one)):
        if not state_of(site).on_call:
            what = gettext("{site}: raters have no number to call when somebody is in danger").format(
                site=site
            )
            when = gettext("assessments are coming; whoever delegates enters it")
            address = reverse("delegation", args=[site])
            yield Task(True, "", "", site, what, when, rank=1, address=address)
    found = [one for one in found if one.at <= reader.at + SOON]
    left = untaken([(one.ledger, one.encounter) for one in found])
    known = {one.ledger: Standing.of(one) for one in lists.participants_of([one.ledger for one in found])}
    for one in found:
        if (one.ledger, one.encounter) in left and one.ledger in known:
            standing, title = known[one.ledger], title_of_visit(one.visit, reader.visits)
            what = gettext("{title}: no rater has taken it").format(title=title)
            when = gettext("booked for {when}").format(when=moment(one.at, reader.zone_of(one.site)))
            yield Task(False, standing.key, standing.number, one.site, what, when, rank=1, due=one.at)
