"""What the study file plans to be told of a participant, as far as whoever looks is told it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from entact.conduct.access.called import people_called
from entact.conduct.asking import Asked
from entact.conduct.language.codes import code_words
from entact.conduct.permissions import Person
from entact.conduct.words import listing, moment, told
from entact.course import Course
from entact.course.kinds.unblinding import request_of

UNBLIND: Final = "unblind"  # the gate's act


@dataclass(frozen=True)
class Telling:
    """What is told of a participant, as far as whoever looks is told it.

    Attributes:
        arms: titles of the arms that are told; empty where nothing is told yet, or not to whoever looks.
        to: whom the study file names. when: it was told; empty where it was not. asked: when, and by whom.
        is_told: whether whoever looks is among whom it is told.
    """

    to: str
    is_told: bool
    when: str = ""
    arms: tuple[str, ...] = ()
    asked: str = ""
    asker: str = ""


def is_planned(person: Person, course: Course) -> bool:
    """Whether there is a page of it for somebody: it is planned, and they are told it, or ask for it."""
    file, roles = course.release.file, person.roles_at(course.site)
    tells = set(file.unblinding.tells) if file.unblinding is not None else set()
    if file.unblinding is not None and person.may(UNBLIND, course.site):
        return True
    if file.told_apart and file.randomisation is not None:
        tells |= set(file.randomisation.tells)
    return bool(roles & tells)


def assigned(asked: Asked) -> Telling | None:
    """Of which arms the participant's visits are; None where all arms have the same, and for nobody else."""
    course, file = asked.course, asked.course.release.file
    if not file.told_apart or file.randomisation is None:
        return None
    tells, own = file.randomisation.tells, course.randomisation
    telling = _telling(asked, tells, "" if own is None else moment(own.at, asked.zone))
    if course.assignment is None:
        return telling
    since = moment(course.assignment.at, asked.zone)
    arms = course.assignment.arms if telling.is_told else ()
    return replace(telling, when=since, arms=_titles(course, arms))


def unblinded(asked: Asked) -> Telling | None:
    """The planned unblinding of the participant; None where the study file plans none."""
    course, plan = asked.course, asked.course.release.file.unblinding
    if plan is None:
        return None
    request = request_of(course)
    when = "" if request is None else moment(request.at, asked.zone)
    by = "" if request is None else people_called().get(request.by, request.by)
    if course.told is None:
        return _telling(asked, plan.tells, when, by)
    telling = _telling(asked, course.told.told, "")
    arms = (course.told.arm,) if telling.is_told else ()
    return replace(telling, when=moment(course.told.at, asked.zone), arms=_titles(course, arms))


def _telling(asked: Asked, tells: list[str] | tuple[str, ...], when: str, by: str = "") -> Telling:
    mine = asked.person.roles_at(asked.course.site)
    return Telling(listing(code_words(one) for one in tells), bool(mine & set(tells)), asked=when, asker=by)


def _titles(course: Course, arms: tuple[str, ...]) -> tuple[str, ...]:
    known = course.release.file.arms
    return tuple(told(known[one].title) if one in known else one for one in arms)
