"""The hard core about the study as a whole: places and holds, washout, stopping rules, unblinding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from entact.course.gates.question import Question, Reason
from entact.course.schedule import civil_date
from entact.course.state.numbers import (
    ANOTHERS,
    KIT,
    RANDOMISATION,
    SUBJECT,
    WORDS,
    ledger_of,
    normal,
    numbers_of,
)
from entact.course.state.oversight import holds_in_force, places_left, quotas_of
from entact.course.state.person import is_linked
from entact.course.state.progress import due_visits, not_frozen, washout_of
from entact.course.state.setting import Stop

_STOPS: Final[Mapping[str, Stop]] = {
    "enrol": "enrolment",
    "randomise": "randomisation",
    "dispense": "dosing",
    "initial_dose": "dosing",
    "next_session": "dosing",
}


def linked(question: Question) -> Iterator[Reason]:
    """The participant is linked as their population asks."""
    if is_linked(question.course) is False:
        yield Reason("not_linked", "It is not recorded with whom this person takes part.", ("link",))


def not_enrolled_yet(question: Question) -> Iterator[Reason]:
    """Nobody is enrolled twice."""
    done = question.course.enrolment
    if done is not None:
        yield Reason("enrolled_before", f"The participant is already enrolled, as {done.subject}.")


_GIVES: Final[Mapping[str, str]] = {"enrol": SUBJECT, "randomise": RANDOMISATION}


def own_numbers(question: Question) -> Iterator[Reason]:
    """No number of the participant, and none that the act gives or uses, is another participant's."""
    in_use = question.setting.numbers
    numbers = dict.fromkeys(numbers_of(question.course))
    for of, asked in ((_GIVES.get(question.act.name), "number"), (KIT, "kit")):
        if of is not None and question.detail.get(asked) is not None:
            numbers[of, normal(str(question.detail[asked]))] = None
    own = frozenset({ledger_of(question.course) or ""})
    for of, number in numbers:
        if in_use.get((of, number), own) - own:
            yield Reason(f"{of}_shared", f"{WORDS[of]} {number} {ANOTHERS}.")


def no_hold(question: Question) -> Iterator[Reason]:
    """No hold of the study stops the act."""
    stop = _STOPS.get(question.act.name)
    for name, title, entry in holds_in_force(question.release, question.setting.study, stop) if stop else ():
        question.relies_on(entry)
        yield Reason(f"hold.{name}", f"The study is on hold: {title}.")


def place_left(question: Question) -> Iterator[Reason]:
    """A place is left in every quota that the participant counts against."""
    for name, counts in quotas_of(question.release, question.course, question.at).items():
        said = question.release.file.quotas[name]
        title = said.title or name.replace("_", " ")
        if counts is None:
            missing = tuple(sorted(question.release.rules.quotas[name].rule.names))
            message = f"Not known whether the participant counts as one of: {title}."
            yield Reason(f"quota.{name}", message, missing)
        elif counts and places_left(question.release, question.setting.study, name, question.site.id) < 1:
            where = " at this site" if said.per == "site" else ""
            yield Reason(f"quota.{name}", f"All {said.most} places are taken{where}: {title}.")


def washed_out(question: Question) -> Iterator[Reason]:
    """The washout is over, where the file says that it has to be."""
    washout = question.release.file.washout
    if washout is None or question.act.gate not in washout.before:
        return
    for medicine in question.course.medication.values():
        for entry in (medicine.entry, *medicine.updates):
            question.relies_on(entry)
    calendar = washout_of(question.course, question.zone, question.today)
    for one in calendar.medicines:
        if one.until is None:
            message = f"Not known when {one.medicine} has left the body: {one.why}."
            yield Reason("washout_unknown", message, ("medication",))
        elif one.until > question.today:
            yield Reason("washout", f"{one.medicine} has left the body on {one.until}: {one.why}.")


def no_stopping_rule(question: Question) -> Iterator[Reason]:
    """No stopping rule has come to hold for the participant."""
    for name, stop in question.course.stops.items():
        question.relies_on(stop.entry)
        day = civil_date(stop.at, question.zone)
        yield Reason(f"stopping.{name}", f"The study says to stop {stop.of}: {stop.title}, on {day}.")


def unblinding_planned(question: Question) -> Iterator[Reason]:
    """The blinded part of the participant is over, and its data are frozen."""
    plan = question.course.release.file.unblinding
    if plan is None:
        yield Reason("unblinding_not_planned", "This study plans nobody's unblinding.")
        return
    if question.course.told is not None:
        yield Reason("unblinded_before", "The participant's arm was already told.")
    for encounter in not_frozen(question.course, plan.epoch):
        yield Reason("not_frozen", f"The data of {encounter} are not frozen.", (f"freeze.{encounter}",))
    visits = question.course.release.visits
    for due in due_visits(question.course, question.at, question.zone):
        if visits[due.visit].epoch == plan.epoch and due.status in ("expected", "due"):
            yield Reason("blinded_visit_open", f"{due.visit} of the blinded part is still to come.")
