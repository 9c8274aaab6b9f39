"""The checks of the hard core about a dose: its level, and what was given before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from entact.course.gates.question import Question, Reason
from entact.course.schedule import civil_date

_DAY = timedelta(days=1)


def level_decided(question: Question) -> Iterator[Reason]:
    """The dose level of this session was decided, is planned, and is that of the initial dose."""
    level, asked = question.level, question.detail.get("level")
    if level is None:
        yield Reason(
            "level_not_decided", "The dose level of this session has not been decided.", ("dose_level",)
        )
        return
    if asked is not None and asked != level:
        yield Reason(
            "level_other", f"Level {asked} was asked for; level {level} was decided for this session."
        )
    planned = question.visit.regimen.split(" or ") if question.visit and question.visit.regimen else []
    if level not in question.release.file.regimens or (planned and level not in planned):
        message = f"Level {level} is not planned for this session" + (
            f": {' or '.join(planned)}." if planned else "."
        )
        yield Reason("level_not_planned", message)
    for dose in question.doses_here("initial") if question.part == "supplement" else ():
        if dose.level != level:
            yield Reason("level_other", f"The initial dose was of level {dose.level}, not {level}.")


def of_this_arm(question: Question) -> Iterator[Reason]:
    """The session is one that the participant has, where sessions differ by arm, and that was told."""
    course, visit = question.course, question.visit
    track = course.release.file.tracks.get((visit.track if visit is not None else None) or "")
    if visit is None or track is None or not track.arms:
        return
    if course.assignment is None:
        message = f"Not known whether {visit.visit} is of the participant's arm: nobody was told."
        yield Reason("not_assigned", message, ("assignment",))
        return
    question.relies_on(course.assignment.entry)
    if not track.arms >= set(course.assignment.arms):
        yield Reason("session_of_other_arm", f"{visit.visit} is no session of the participant's arm.")


def part_not_given(question: Question) -> Iterator[Reason]:
    """This part of the dose was not given in this session yet."""
    for dose in question.doses_here(question.part or ""):
        when = f"{dose.at.astimezone(question.zone):%H:%M on %Y-%m-%d}"
        yield Reason("dose_given", f"The {dose.part} dose of this session was already given, at {when}.")


def doses_clear(question: Question) -> Iterator[Reason]:
    """What was entered of each dose can be true: else nobody knows what the participant has had."""
    for dose in question.course.doses:
        if dose.encounter is None and dose.given:
            question.relies_on(dose.entry)
            message = (
                f"It is not known in which session the {dose.part} dose of "
                f"{dose.at.astimezone(question.zone):%Y-%m-%d %H:%M} was given. Enter it anew, withdraw that."
            )
            yield Reason("dose_unclear", message, ("dose",))
        if dose.given is None:
            question.relies_on(dose.entry)
            message = (
                f"It is not known whether the {dose.part} dose of {dose.session or 'no session'} was taken: "
                f"{dose.taken} units and {dose.outcome.replace('_', ' ')} were entered. Correct that first."
            )
            yield Reason("dose_unclear", message, ("dose",))


def doses_left(question: Question) -> Iterator[Reason]:
    """The study plans one more session with a dose."""
    here = question.visit.visit if question.visit is not None and question.part is not None else None
    given = {dose.session for dose in question.course.doses if dose.given and dose.session != here}
    course, file = question.course, question.release.file
    said = file.doses + sum(file.tracks[name].doses for name in course.tracks if name in file.tracks)
    most = min(said, question.release.sessions_of(course.population, course.tracks))
    if len(given) >= most:
        yield Reason("too_many_doses", f"{len(given)} of at most {most} sessions with a dose have been held.")


def interval_kept(question: Question) -> Iterator[Reason]:
    """The last initial dose was long enough ago."""
    interval = question.release.file.dose_interval
    here = question.visit.visit if question.visit is not None else None
    before = [
        dose
        for dose in question.course.doses
        if dose.part == "initial" and dose.given and dose.session != here
    ]
    if interval is None or not before:
        return
    last = max(before, key=lambda dose: dose.at)
    question.relies_on(last.entry)
    day = civil_date(last.at, question.zone)
    if interval.earliest % _DAY:
        first, soon = last.at + interval.earliest, question.at < last.at + interval.earliest
        when = f"{first.astimezone(question.zone):%Y-%m-%d %H:%M}"
    else:
        soon, when = question.today < day + interval.earliest, str(day + interval.earliest)
    if soon:
        yield Reason("too_soon", f"The last initial dose was on {day}; the next may be given from {when} on.")


def supplement_offered(question: Question) -> Iterator[Reason]:
    """The supplement is planned, and its time has come and is not over."""
    initial = question.doses_here("initial")
    if not initial:
        yield Reason("no_initial", "No initial dose was given in this session.", ("initial",))
        return
    dose = initial[-1]
    question.relies_on(dose.entry)
    regimen = question.release.file.regimens.get(question.level or dose.level)
    supplement = regimen.supplement if regimen is not None else None
    if supplement is None:
        yield Reason("no_supplement", f"Level {question.level or dose.level} has no supplement.")
        return
    opens, closes = dose.at + supplement.window.earliest, dose.at + supplement.window.latest
    if question.at < opens:
        when = f"{opens.astimezone(question.zone):%H:%M}"
        yield Reason("supplement_early", f"The supplement may be given from {when} on.")
    elif question.at > closes:
        when = f"{closes.astimezone(question.zone):%H:%M}"
        yield Reason("supplement_late", f"The supplement could be given until {when}.")
    else:
        question.until.append(closes)
