"""The screening log: each attempt with its number, consent, end and why, as a role may see it.

It is made of the few entries that tell of screening, so that a page of it costs the same however long people
have been in the study.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from itertools import pairwise
from typing import Final

from django.utils.translation import gettext

from entact.conduct.language.codelists import called_code
from entact.conduct.participants import Listing, list_participants
from entact.conduct.reader import Reader
from entact.conduct.sight import SeenCourse
from entact.conduct.words import moment, told, value, words
from entact.course import Course, fold, read
from entact.course.state.consent import ConsentState
from entact.course.state.enrolment import AttemptState, EligibilityState
from entact.course.state.stopping import DiscontinuationState
from entact.store import models

# Kinds of entries that say when somebody was screened, and what became of it.
TELLING: Final = (
    *("screening", "consent", "eligibility", "enrolment", "discontinuation", "death", "void", "encounter"),
)


@dataclass(frozen=True)
class Attempt:
    """One attempt at screening.

    Attributes:
        outcome: in words; empty where the role may not know. why: reasons of a failure, as far as it may.
        moved: the sites to which they went since, with when.
    """

    key: str
    number: str
    site: str
    attempt: int
    since: str
    population: str
    consent: str
    outcome: str
    why: tuple[str, ...]
    moved: tuple[str, ...] = ()


@dataclass(frozen=True)
class Log:
    """One page of the log, with what the list of participants says of its place."""

    attempts: tuple[Attempt, ...]
    listing: Listing


def log_of(reader: Reader, asked: Mapping[str, str]) -> Log:
    """The page of the log that an address asks for, by site and number."""
    listing = list_participants(reader, {name: text for name, text in asked.items() if name != "status"})
    ledgers = {row.ledger: row.key for row in listing.rows}
    lines = models.Line.objects.filter(ledger__name__in=list(ledgers), kind__in=TELLING)
    texts: dict[str, list[str]] = {name: [] for name in ledgers}
    for name, text in lines.order_by("ledger_id", "seq").values_list("ledger__name", "text"):
        texts[name].append(text)
    found: list[Attempt] = []
    for name, key in ledgers.items():
        course = fold(reader.study, [read(text) for text in texts[name]])
        zone = reader.zone_of(course.site or "")
        found += attempts_of(course, SeenCourse(reader.sight, course), zone, key)
    return Log(tuple(found), listing)


def attempts_of(course: Course, seen: SeenCourse, zone: tzinfo, key: str = "") -> list[Attempt]:
    """Every attempt of a participant, in order."""
    found = []
    for place, one in enumerate(course.attempts):
        screened = [said for said in course.screenings if said.attempt == one.number]
        last = screened[-1] if screened else None
        outcome, why = _outcome(course, one, place, seen)
        population = last.population if last is not None else ""
        plan = course.release.file.populations.get(population)
        title = told(plan.title) if plan is not None and plan.title else words(population)
        moves = [
            f"{after.site}, {moment(after.at, zone)}"
            for before, after in pairwise(screened)
            if before.site != after.site
        ]
        found.append(
            Attempt(
                key=key,
                number=last.number if last is not None else one.screening,
                site=last.site if last is not None else one.site,
                attempt=one.number,
                since=moment(one.since, zone),
                population=title,
                consent=_consent(course, one, place, zone),
                outcome=outcome,
                why=tuple(why),
                moved=tuple(moves),
            )
        )
    return found


def _consent(course: Course, one: AttemptState, place: int, zone: tzinfo) -> str:
    """The consent of an attempt: the last that was answered before the next began."""
    answered = _answered(course, one, place)
    if not answered:
        return ""
    said = gettext("version {version}, {when}").format(
        version=answered[-1].version, when=moment(answered[-1].since, zone)
    )
    if not answered[-1].is_withdrawn:
        return said
    ended = gettext("withdrawn") if any(consent.given for consent in answered) else gettext("refused")
    return f"{ended}: {said}"


def _answered(course: Course, one: AttemptState, place: int) -> list[ConsentState]:
    """What was consented to, refused and taken back in an attempt, in order."""
    after = course.attempts[place + 1].since if place + 1 < len(course.attempts) else None
    return [
        consent
        for consent in course.consents
        if (not place or consent.since >= one.since) and (after is None or consent.since < after)
    ]


def _outcome(
    course: Course, one: AttemptState, place: int, seen: SeenCourse
) -> tuple[str, Iterator[str] | list[str]]:
    sight, is_last = seen.sight, place == len(course.attempts) - 1
    if not sight.sees_status:
        return "", []
    decided = course.eligibility if is_last else one.eligibility
    stopped = course.discontinued if is_last else one.discontinued
    if is_last and course.enrolment is not None:
        return gettext("enrolled as {subject}").format(subject=course.enrolment.subject), []
    if decided is not None and decided.decision == "not_eligible" and decided.entry in seen.entries:
        return gettext("screen failure"), _against(course, decided, sight.sees_criteria)
    if stopped:
        return gettext("ended before a decision"), _causes(stopped)
    if is_last and course.consent is not None and course.consent.is_withdrawn:
        consented = any(consent.given for consent in _answered(course, one, place))
        return gettext("consent withdrawn") if consented else gettext("did not consent"), []
    if decided is not None and decided.entry in seen.entries:
        return gettext("eligible, not enrolled yet") if decided.signed else gettext("decision not signed"), []
    return gettext("in screening") if is_last else gettext("ended"), []


def _against(course: Course, decided: EligibilityState, sees_criteria: bool) -> Iterator[str]:
    """The criteria that stood against it; none where one is hidden from the role, who would tell it."""
    if not sees_criteria:
        yield gettext("single criteria are hidden from this role")
        return
    for name, compiled in course.release.criteria_of(course.population).items():
        judged = decided.criteria.get(name)
        if judged is not None and judged is not (compiled.criterion.kind == "inclusion"):
            is_inclusion = compiled.criterion.kind == "inclusion"
            kind = gettext("inclusion") if is_inclusion else gettext("exclusion")
            yield f"{told(compiled.criterion.text)} ({kind})"


def _causes(stopped: Mapping[str, DiscontinuationState]) -> list[str]:
    causes = (one.cause for one in stopped.values())
    return list(dict.fromkeys(called_code("discontinuation", "cause", one) or value(one) for one in causes))
