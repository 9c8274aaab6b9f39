"""What waits for whoever asks, by urgency and with dates: a list of sources, each of which adds its tasks.

A part of the product that has something to wait for adds a function to `SOURCES`, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext

from entact.conduct.access.called import people_called
from entact.conduct.allocation.waiting import rows_asked_for
from entact.conduct.delegation import monitored_at, state_of, today_at
from entact.conduct.holds.domain import holds_now
from entact.conduct.language.codes import code_words
from entact.conduct.locks.waiting import unlocks_asked
from entact.conduct.periodic.domain import AHEAD, owed
from entact.conduct.permissions import Person
from entact.conduct.rating.waiting import assessments, replaced, told_by_raters, without_rater
from entact.conduct.reader import Folded, Reader, Standing
from entact.conduct.releases.domain import sites_stand
from entact.conduct.session.waiting import sent_without_access
from entact.conduct.staff.waiting import certificates, own_sites, planned_ends, training, unsigned_log
from entact.conduct.supply.home import supply_tasks
from entact.conduct.today import MOST, Task, Today, of_participants
from entact.conduct.visits.ahead import asked_ahead
from entact.conduct.words import day, listing, moment, role_words, title_of_form, title_of_visit
from entact.course.entry import instant
from entact.course.instants import BEGINNING
from entact.course.schedule import first_instant
from entact.store import StoreError, acts, lists

BOOKED = timedelta(days=7)  # before it, a booked session's gate is asked on the home page
TOLD = timedelta(days=7)  # after it, an emergency unblinding is on no home page any more

Source = Callable[[Reader, Person], Iterator[Task]]


def waits_for(reader: Reader, person: Person) -> Today:
    """What waits for somebody, the most urgent first; of equals what is due first."""
    found = list(dict.fromkeys(task for source in SOURCES for task in source(reader, person)))
    found.sort(key=lambda task: (task.rank, task.due or _NEVER))
    return Today(tuple(found[:MOST]), len(found) > MOST)


def sessions_ahead(reader: Reader, person: Person) -> Iterator[Task]:
    """Sessions that are booked within a week, with what their gate will say as of that day."""
    if not reader.sight.sees_schedule:
        return
    until, hidden = reader.at + BOOKED, reader.sight.hidden_names
    found = lists.booked(reader.at, until, sites=reader.sites, hidden=hidden, limit=MOST)
    found = [one for one in found if _is_dosing(reader, one.visit)]
    known = {one.ledger: Standing.of(one) for one in lists.participants_of([one.ledger for one in found])}
    folded = reader.folded([one.ledger for one in found])
    for one in found:
        course = folded.get(one.ledger)
        if one.ledger not in known or not isinstance(course, Folded):
            continue
        reasons = asked_ahead(reader, course.course, one.encounter, one.at)
        title = title_of_visit(one.visit, reader.visits)
        what = (
            f"{title}: {' '.join(reasons)}"
            if reasons
            else gettext("{title} is booked; nothing known stands against it").format(title=title)
        )
        when = gettext("booked for {when}").format(when=moment(one.at, reader.zone_of(one.site)))
        rank = 3 if not reasons else 1 if one.at - reader.at <= timedelta(days=1) else 2
        standing = known[one.ledger]
        yield Task(rank < 2, standing.key, standing.number, one.site, what, when, rank=rank, due=one.at)


def orders_said(reader: Reader, person: Person) -> Iterator[Task]:
    """Orders by telephone that somebody wrote down as those of whoever looks, and that wait for their yes."""
    hidden, sites = reader.sight.hidden_names, reader.sites
    found = lists.open_findings(
        reader.at, hidden=hidden, sites=sites, rule="order_not_confirmed", limit=MOST + 1
    )
    if not found:
        return
    known = {one.ledger: Standing.of(one) for one in lists.participants_of([one.ledger for one in found])}
    folded, names = reader.folded([*known]), people_called()
    for ledger, standing in known.items():
        course = folded.get(ledger)
        said = course.course.overrides if isinstance(course, Folded) else []
        for order in said:
            if order.ordered_by != person.identity or order.encounter is None:
                continue
            if any(one.confirms(order) for one in said):
                continue
            what = gettext(
                "{by} wrote down an order of yours by telephone: confirm it, or ask about it"
            ).format(by=names.get(order.by, order.by))
            when = gettext("written down {when}").format(when=moment(order.at, reader.zone_of(standing.site)))
            address = f"{reverse('console')}#{standing.key}/{order.encounter.replace('#', '.')}"
            yield Task(
                True, "", standing.number, standing.site, what, when, rank=1, due=order.at, address=address
            )


def forms_missing(reader: Reader, person: Person) -> Iterator[Task]:
    """Forms of visits that are over, and were not filled in."""
    if not reader.sight.sees_schedule or not person.may("enter"):
        return
    hidden, sites = reader.sight.hidden_names, reader.sites
    found = lists.open_findings(
        reader.at, hidden=hidden, sites=sites, rule="activity_missing", limit=MOST + 1
    )
    known = {one.ledger: Standing.of(one) for one in lists.participants_of([one.ledger for one in found])}
    forms = reader.study.newest.forms
    for one in found:
        if one.ledger in known and (one.item not in forms or person.enters(one.item, one.site) is not None):
            title = title_of_form(forms[one.item]) if one.item in forms else one.item.replace("_", " ")
            yield _is_missing(title, one, known[one.ledger], reader)


def answers_missing(reader: Reader, person: Person) -> Iterator[Task]:
    """Forms that each answers for themselves, and that whoever looks has not."""
    if not reader.sight.sees_schedule or not person.may("enter"):
        return
    hidden, sites = reader.sight.hidden_names, reader.sites
    found = lists.open_findings(reader.at, hidden=hidden, sites=sites, rule="answer_missing", limit=MOST + 1)
    known = {one.ledger: Standing.of(one) for one in lists.participants_of([one.ledger for one in found])}
    for one in found:
        name, _, whose = one.item.partition(" ")
        form = reader.study.newest.forms.get(name)
        if one.ledger in known and whose == person.identity and form is not None:
            yield _is_missing(
                gettext("Your own answer: {form}").format(form=title_of_form(form)),
                one,
                known[one.ledger],
                reader,
            )


def guesses_missing(reader: Reader, person: Person) -> Iterator[Task]:
    """Guesses that a visit asked for: one's own, and the participant's, where one hands the question over."""
    if not reader.sight.sees_schedule or not (person.may("guess") or person.may("ask_guess")):
        return
    hidden, sites = reader.sight.hidden_names, reader.sites
    found = lists.open_findings(reader.at, hidden=hidden, sites=sites, rule="guess_missing", limit=MOST + 1)
    known = {one.ledger: Standing.of(one) for one in lists.participants_of([one.ledger for one in found])}
    own_names = {f"therapist {person.identity}"} | ({"rater"} & person.all_roles)
    for one in found:
        own = one.item in own_names and person.may("guess", one.site)
        asks = one.item == "participant" and person.may("ask_guess", one.site)
        if one.ledger in known and (own or asks):
            whose = gettext("Your") if own else gettext("The participant’s")
            yield _is_missing(
                gettext("{whose} guess of the treatment").format(whose=whose), one, known[one.ledger], reader
            )


def _is_missing(what: str, found: lists.Open, standing: Standing, reader: Reader) -> Task:
    """What a visit asked for that has ended without it."""
    if found.since == BEGINNING:  # it hangs on no time: it has been so since the visit ended
        when = gettext("the visit has ended")
    else:
        when = gettext("the visit ended {when}").format(when=moment(found.since, reader.zone_of(found.site)))
    return Task(
        False,
        standing.key,
        standing.number,
        found.site,
        gettext("{what} is missing").format(what=what),
        when,
        rank=2,
        due=found.since,
    )


def reconsents(reader: Reader, person: Person) -> Iterator[Task]:
    """Those whose consent is to be renewed since the site has approved an amendment that asks for it."""
    sites = [site for site in own_sites(person) if person.may("consent", site)]
    if not reader.sight.sees_schedule or not sites:
        return
    found = lists.reconsents(reader.at, sites=sites, limit=MOST + 1)
    known = {one.ledger: Standing.of(one) for one in lists.participants_of([one.ledger for one in found])}
    labels = {release.id: release.file.release for release in reader.study.releases}
    for one in found:
        if one.ledger not in known:
            continue
        over = one.due is not None and one.due < reader.at.astimezone(reader.zone_of(one.site)).date()
        end = (
            None if one.due is None else first_instant(one.due + timedelta(days=1), reader.zone_of(one.site))
        )
        when = gettext("the site works under it since {when}").format(
            when=moment(one.since, reader.zone_of(one.site))
        )
        if one.due is not None:
            when = f"{gettext('was asked for by') if over else gettext('by')} {day(one.due)}; {when}"
        standing = known[one.ledger]
        what = gettext("{number} is to consent again: to release {release}").format(
            number=standing.number, release=labels.get(one.release, one.release)
        )
        address = reverse("consent", args=[standing.key])
        yield Task(
            False, standing.key, standing.number, one.site, what, when,
            rank=1 if over else 2, due=end, address=address,
        )  # fmt: skip


def monitoring_actions(reader: Reader, person: Person) -> Iterator[Task]:
    """What reports of monitoring visits ask of whoever looks, and is not done."""
    for site, visits in monitored_at(sorted(person.permissions.sites)).items():
        if not person.may("read_monitoring", site):
            continue
        today = today_at(site)
        for visit in visits:
            for action in visit.actions:
                if action.owner != person.identity or action.is_done:
                    continue
                due = date.fromisoformat(action.due)
                address = reverse("monitoring_report", args=[site, visit.entry])
                when = gettext("{part} {day}, after a monitoring visit").format(
                    part=gettext("was due") if due < today else gettext("by"), day=day(due)
                )
                end = datetime.combine(due, time.max, UTC)
                rank = 1 if due < today else 2 if due - today <= TOLD else 3
                yield Task(False, "", "", site, action.text, when, rank=rank, due=end, address=address)


def unblinded(reader: Reader, person: Person) -> Iterator[Task]:
    """That an arm was told in an emergency within the last days: to whom, and never which."""
    if not person.may("hear_of_unblinding"):
        return
    found = lists.unblindings(reader.at - TOLD, reader.sites)[:MOST]
    if not found:
        return
    known = {one.ledger: Standing.of(one) for one in lists.participants_of([one.ledger for one in found])}
    for one in found:
        standing = known.get(one.ledger)
        if standing is None or not person.may("hear_of_unblinding", standing.site):
            continue
        what = gettext("An emergency unblinding took place: the arm is not told here")
        when = gettext("entered {when}").format(when=moment(one.at, reader.zone_of(standing.site)))
        yield Task(True, standing.key, standing.number, standing.site, what, when, rank=1, due=one.at)


def reports_owed(reader: Reader, person: Person) -> Iterator[Task]:
    """Reports on the whole study that are due within a month, or overdue."""
    if not person.may("send_report"):
        return
    today = reader.at.date()
    planned = reader.study.newest.file.periodic_reports
    for one in owed(reader):
        if one.sent is not None or one.due > today + AHEAD:
            continue
        late = one.is_late(today)
        what = gettext("{title}, number {number}, to {to}: not sent").format(
            title=planned[one.report].title, number=one.number, to=planned[one.report].to
        )
        when = gettext("{part} by {day}").format(
            part=gettext("was due") if late else gettext("due"), day=day(one.due)
        )
        due = datetime.combine(one.due, time.max, UTC)
        address = reverse("periodic_reports")
        yield Task(late, "", "", "", what, when, rank=1 if late else 3, due=due, address=address)


def on_hold(reader: Reader, person: Person) -> Iterator[Task]:
    """What is on hold for everybody: first for who lifts it, and told to all whom it concerns."""
    if not person.may("read_holds"):
        return
    try:
        holds = holds_now(reader)
    except StoreError as error:
        what = gettext("What is on hold for everybody cannot be read")
        yield Task(True, "", "", "", what, str(error), rank=0, address=reverse("holds"))
        return
    for one in holds:
        if one.in_force:
            stops = listing(code_words(stop) for stop in one.stops)
            lifts = bool(person.all_roles & one.lifted_by)
            roles = listing((role_words(role) for role in sorted(one.lifted_by)), gettext("or"))
            when = gettext("{stops} stopped for everybody, until {part} it").format(
                stops=stops,
                part=gettext("you lift") if lifts else gettext("{roles} lifts").format(roles=roles),
            )
            what = gettext("On hold: {title}").format(title=one.title)
            yield Task(True, "", "", "", what, when, rank=1, address=reverse("holds"))


def serious_events(reader: Reader, person: Person) -> Iterator[Task]:
    """That something serious, or a death, was entered within the last days, whatever is to be reported."""
    if not person.may("hear_of_events") or not reader.sight.sees_schedule:
        return
    since = reader.at - TOLD
    latest = {(one.data["ledger"], one.data["event"]): one for one in acts.entries(("serious_event",))}
    told = {
        ledger: instant(one.received_at)
        for (ledger, _), one in latest.items()
        if one.data.get("serious") is not False and instant(one.received_at) > since
    }
    for standing in reader.standings(list(told)):
        if person.may("hear_of_events", standing.site):
            when = gettext("entered {when}").format(
                when=moment(told[standing.ledger], reader.zone_of(standing.site))
            )
            what = gettext("Something serious was entered: read it, and see to what it asks")
            at = told[standing.ledger]
            yield Task(True, standing.key, standing.number, standing.site, what, when, rank=1, due=at)


def ends_half_said(reader: Reader, person: Person) -> Iterator[Task]:
    """Who was taken to hospital or has died, until an adverse event is entered, and of whose death an event
    or a visit tells, until it is entered: for who hears of those.
    """
    acts = ("hear_of_events", "report_safety")
    if not any(person.may(act) for act in acts) or not reader.sight.sees_schedule:
        return
    found = [
        one
        for rule, kinds in (("event_not_entered", ("encounter", "death")), ("death_not_entered", None))
        for one in lists.open_findings(
            reader.at,
            hidden=reader.sight.hidden_names,
            sites=reader.sites,
            rule=rule,
            kinds=kinds,
            limit=MOST + 1,
        )
    ]
    known = {one.ledger: Standing.of(one) for one in lists.participants_of([one.ledger for one in found])}
    for one in found:
        standing = known.get(one.ledger)
        if standing is None or not any(person.may(act, one.site) for act in acts):
            continue
        if one.rule == "death_not_entered":
            what = gettext("It is said that they have died, and no death is entered")
            when = gettext("enter it, or correct what says so")
        elif one.kind == "death":
            what = gettext("They have died, and no adverse event that ended in it is entered")
            when = gettext("its reports have clocks")
        else:
            what = gettext("Taken to hospital, and no adverse event is entered")
            when = gettext("enter it, or withdraw what was tapped in error")
        yield Task(True, standing.key, standing.number, one.site, what, when, rank=1, due=one.since)


def participants(reader: Reader, person: Person) -> Iterator[Task]:
    """Open alerts, safety reports that run out, visits that are due or went by."""
    yield from of_participants(reader)


def sites_to_open(reader: Reader, person: Person) -> Iterator[Task]:
    """Sites that may not take anybody in yet, or have not approved the newest release: for who says it; that
    one's own may not take anybody in, for who works there.
    """
    if not person.may("open_site"):
        if person.may("read_releases"):
            yield from (_not_activated(site) for site in own_sites(person) if not state_of(site).status)
        return
    for one in sites_stand(reader.study):
        if not one.status:
            yield _not_activated(one.site)
        elif one.waits and one.status == "active":
            what = gettext("Release {waits} is not approved at the site").format(waits=one.waits)
            when = gettext("it works under {release}").format(release=one.release)
            yield Task(False, "", "", one.site, what, when, rank=3, address=reverse("releases"))


def _not_activated(site: str) -> Task:
    what = gettext("The site is not activated")
    when = gettext("nobody can be enrolled or treated there yet")
    return Task(False, "", "", site, what, when, rank=3, address=reverse("releases"))


SOURCES: Final[tuple[Source, ...]] = (
    participants,
    told_by_raters,
    assessments,
    replaced,
    without_rater,
    sessions_ahead,
    orders_said,
    unblinded,
    rows_asked_for,
    on_hold,
    serious_events,
    ends_half_said,
    sent_without_access,
    reconsents,
    reports_owed,
    monitoring_actions,
    supply_tasks,
    forms_missing,
    answers_missing,
    guesses_missing,
    sites_to_open,
    certificates,
    planned_ends,
    unsigned_log,
    training,
    unlocks_asked,
)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def _is_dosing(reader: Reader, visit: str) -> bool:
    return visit in reader.visits and reader.visits[visit].kind == "dosing"
