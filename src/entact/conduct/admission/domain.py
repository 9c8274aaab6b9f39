"""A new participant, somebody who is screened again, and one who goes to another site."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext

from entact.conduct.admission.known import Person, keep_person
from entact.conduct.reader import PARTICIPANT, Reader
from entact.conduct.record.door import Author, compose, store_entry, turn_of
from entact.conduct.words import listing, title_of_visit
from entact.course import Course
from entact.course.state.numbers import SCREENING, fits_scheme, is_number, next_number, normal
from entact.store.known import raw_cursor
from entact.store.numbers import holders, numbers_given

RESERVED = frozenset({"new"})  # an address of the pages
_NUMBER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?")


class Refusal(Exception):
    """Why nobody was taken into screening; in words."""


def scheme_of(reader: Reader, of: str = SCREENING) -> str:
    """How the study file numbers participants; empty where whoever enters somebody says the number."""
    numbers = reader.study.newest.file.numbers
    return (getattr(numbers, of) if numbers is not None else None) or ""


def given_number(reader: Reader, site: str, of: str = SCREENING) -> str:
    """The next number of the study's scheme at a site. Call it in the turn of the numbers (`turn_of`)."""
    scheme = scheme_of(reader, of)
    connection.ensure_connection()
    beginning = normal(scheme.replace("{site}", site).partition("#")[0])
    return next_number(scheme, site, numbers_given(raw_cursor(), of, beginning))


def numbers_turn(of: str = SCREENING) -> str:
    """In whose turn numbers are given out: one after the other."""
    return f"{of} numbers"


def screen(
    number: str,
    site: str,
    population: str,
    reader: Reader,
    author: Author,
    now: datetime,
    person: Person | None = None,
) -> tuple[str, str]:
    """Opens a ledger for somebody who is screened, and begins the first visit; its name, and their number.

    Args:
        number: as it was typed; blank where the study's scheme gives the next one.
        person: who they are, to be kept at the site.
    Raises:
        Refusal: when the number cannot be one, or is another's.
    """
    with turn_of(numbers_turn()):
        number = _number(number, site, reader)
        ledger = f"{PARTICIPANT}{secrets.token_hex(16)}"
        course = Course(reader.study)
        course.site = site
        data = {"attempt": 1, "number": number, "site": site, "population": population}
        release = reader.study.in_force_at(site, now).id
        encounter = f"{_first_visit(reader)}#1"
        to = course, reader, ledger, author, now
        began = compose(*to, "encounter", {"status": "started"}, encounter=encounter, release=release)
        store_entry(began, author, now)
        store_entry(compose(*to, "screening", data, encounter=encounter, release=release), author, now)
    if person is not None:
        keep_person(person, reader, ledger, site, author)
    return ledger, number


def screen_again(
    course: Course, number: str, reader: Reader, ledger: str, author: Author, now: datetime
) -> None:
    """Begins another attempt, with a visit and a number of its own; what the one before said stays with it.

    Visits of the attempt before that are under way end with it.

    Args:
        course: as it is in the turn of the participant.
    Raises:
        Refusal: when they are enrolled, or the number cannot be one.
    """
    screening = course.screening
    if screening is None or course.enrolment is not None:
        raise Refusal(gettext("Somebody who is enrolled is not screened again."))
    if course.eligibility is None and not course.discontinued:
        raise Refusal(
            gettext("The attempt before is still open: decide on eligibility, or enter why it ended.")
        )
    with turn_of(numbers_turn()):
        keeps = normal(number) == normal(screening.number) and not scheme_of(reader)
        number = screening.number if keeps else _number(number, screening.site, reader)
        first = _first_visit(reader)
        repeat = sum(one.visit == first for one in course.encounters.values()) + 1
        encounter = f"{first}#{repeat}"
        data = {
            "attempt": course.attempts[-1].number + 1,
            "number": number,
            "site": screening.site,
            "population": screening.population,
        }
        release = reader.study.in_force_at(screening.site, now).id
        to = course, reader, ledger, author, now
        for visit in _left_open(course):  # nobody comes back to it: it is over with its attempt
            ended = compose(*to, "encounter", {"status": "ended"}, encounter=visit, release=release)
            store_entry(ended, author, now)
        began = compose(*to, "encounter", {"status": "started"}, encounter=encounter, release=release)
        store_entry(began, author, now)
        store_entry(compose(*to, "screening", data, encounter=encounter, release=release), author, now)


def _left_open(course: Course) -> list[str]:
    """Visits of the attempt that are under way; one with a dose is no visit to be ended in passing."""
    with_dose = {dose.encounter for dose in course.doses}
    return [
        one.id
        for one in course.encounters.values()
        if one.status == "started" and one.attempt == course.attempt and one.id not in with_dose
    ]


def transfer(
    course: Course, site: str, reason: str, reader: Reader, ledger: str, author: Author, now: datetime
) -> None:
    """Moves a participant to another site, under the numbers that they have.

    Raises:
        Refusal: when that is their site, or no reason was said.
    """
    screening = course.screening
    if screening is None or site == course.site:
        raise Refusal(gettext("Choose another site than the one where they are."))
    if not reason.strip():
        raise Refusal(gettext("Say why they go to another site."))
    if stays := why_they_stay(course):
        raise Refusal(stays)
    data: dict[str, Any] = {
        "attempt": screening.attempt,
        "number": screening.number,
        "site": site,
        "population": screening.population,
    }
    entry = compose(course, reader, ledger, author, now, "screening", data, reason=reason.strip()[:2000])
    store_entry(entry, author, now)


def why_they_stay(course: Course) -> str:
    """Why nobody moves them to another site now; empty where somebody can."""
    under_way = [
        title_of_visit(one.visit, course.release.visits)
        for one in course.encounters.values()
        if one.status == "started"
    ]
    if not under_way:
        return ""
    return gettext("A visit is under way: end {visits} first.").format(visits=listing(under_way))


def _first_visit(reader: Reader) -> str:
    return next(name for name, visit in reader.study.newest.visits.items() if visit.opens)


def _number(number: str, site: str, reader: Reader) -> str:
    """The number as it is kept: typed, or the next of the scheme; nobody else's."""
    number, scheme = number.strip(), scheme_of(reader)
    if scheme and not number:
        number = given_number(reader, site)
    if _NUMBER.fullmatch(number) is None or not is_number(number) or number.casefold() in RESERVED:
        raise Refusal(
            gettext("A screening number has at most 40 letters and digits, with . _ or - between them.")
        )
    if scheme and not fits_scheme(scheme, site, number):
        raise Refusal(
            gettext("Screening numbers of this study are written {scheme}.").format(
                scheme=scheme.replace("{site}", site)
            )
        )
    connection.ensure_connection()
    found = holders(raw_cursor(), [(SCREENING, normal(number))])
    if any(ledgers for ledgers in found.values()):
        raise Refusal(
            gettext("{number} is somebody else's screening number: take another.").format(number=number)
        )
    return number
