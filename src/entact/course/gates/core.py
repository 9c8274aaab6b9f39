"""The hard core of every gate, which a study file may tighten and never drop.

Each check is one sentence about the participant, the site, the person who acts, the session or the kit, and
yields every reason against the act in words that can be acted upon at night.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from entact.course.allocation.stratum import list_of, stratum_of
from entact.course.gates.bounds import (
    linked,
    no_hold,
    no_stopping_rule,
    not_enrolled_yet,
    own_numbers,
    place_left,
    unblinding_planned,
    washed_out,
)
from entact.course.gates.dose import (
    doses_clear,
    doses_left,
    interval_kept,
    level_decided,
    of_this_arm,
    part_not_given,
    supplement_offered,
)
from entact.course.gates.kit import kit_dispensable, kit_usable, kits_here
from entact.course.gates.person import alive, all_read, consent_current, eligible, not_stopped
from entact.course.gates.place import on_staff, place_read, site_active
from entact.course.gates.question import Act, Check, Question, Reason
from entact.course.gates.rating import RATING
from entact.course.gates.unit import together
from entact.course.state.numbers import normal, row_number, unit_of
from entact.protocol.study import STAY_BLINDED

_ONE_SESSION: Final = timedelta(hours=24)  # what was asked longer ago is not of the session of today


def reasons_against(question: Question) -> list[Reason]:
    """Every reason of the hard core against an act, in the order of its checks; concerns are noted."""
    for check in question.act.concerns:
        question.concerns.update(dict.fromkeys(reason.code for reason in check(question)))
    return [reason for check in question.act.checks for reason in check(question)]


def _not_blinded(question: Question) -> Iterator[Reason]:
    """Who tells an arm gets to know it: nobody who has to stay blinded."""
    plan, file = question.course.release.file.unblinding, question.course.release.file
    person = question.site.staff.get(question.by)
    hidden = {row.role for row in file.blinding if "allocation" in row.hidden}
    blinded = (hidden | STAY_BLINDED) - set(plan.tells if plan is not None else ())
    roles = person.roles if person is not None and set(question.act.roles) & set(person.roles) else ()
    for role in roles:
        if role in blinded:
            named = role.replace("_", " ")
            message = f"{question.by} is {named} at this site, whom the study does not tell the arm."
            yield Reason("role_blinded", message)


def _list_sealed(question: Question) -> Iterator[Reason]:
    if question.release.file.randomisation is None:
        yield Reason("no_randomisation", "This study does not randomise.")
    elif question.setting.study.commitment is None:
        yield Reason("list_not_sealed", "The randomisation list has not been sealed.", ("commitment",))
    elif question.setting.study.commitment.numbers:
        yield from _on_the_list(question, question.setting.study.commitment.numbers)
        yield from _code_breaks_ready(question)


def _code_breaks_ready(question: Question) -> Iterator[Reason]:
    """Whoever is given something unknown can be told what it was when nothing else works."""
    if _minimises(question):
        return  # nobody knows before what a sheet would say: it is there before the dose (`_code_break_of`)
    there, custody = question.setting.study.code_breaks, question.setting.study.custody
    # Custodians cannot come together at any hour: nobody could open a row from the page.
    if there is None:
        code, needed = "no_code_breaks", "list_opened"
        message = "The code-breaks for emergencies have not been printed: `entact allocation codebreaks`."
    elif there.checked_by is None:
        code, needed = "code_breaks_not_countersigned", "code_breaks_checked"
        message = (
            f"The code-breaks that {there.printed_by} printed are not countersigned by somebody else: "
            "`entact allocation countersign`."
        )
    else:
        return
    if custody is not None and custody.alone:
        message = f"{message} Custodians alone have the list: in an emergency there is nothing else."
    yield Reason(code, message, (needed,))


def _minimises(question: Question) -> bool:
    plan = question.release.file.randomisation
    return plan is not None and plan.method == "minimisation"


def _code_break_of(question: Question) -> Iterator[Reason]:
    """Where the study minimises, the sealed sheet of this participant lies ready before the first dose."""
    sealed, own = question.setting.study.commitment, question.course.randomisation
    if not _minimises(question) or sealed is None or own is None:
        return
    order = [normal(number) for numbers in sealed.numbers.values() for number in numbers]
    there = question.setting.study.code_breaks
    ready = order[: there.countersigned] if there is not None else []
    if order and normal(own.number) not in ready:
        message = (
            f"The code-break of {own.number} is not printed and countersigned: `entact allocation "
            "codebreaks`, then `countersign` by somebody else."
        )
        yield Reason("code_break_missing", message, ("list_opened", "code_breaks_checked"))


def _on_the_list(question: Question, numbers: Mapping[str, list[str]]) -> Iterator[Reason]:
    """The participant's stratum has rows, and a number that is asked for is one of them."""
    stratum = stratum_of(question.release, question.course, question.at)
    given = question.detail.get("number")
    if unit_of(question.course) is not None:  # of whom the row is that of their unit, whatever their stratum
        rows = {normal(number) for order in numbers.values() for number in order}
        if given is not None and normal(row_number(str(given))) not in rows:
            yield Reason("not_on_the_list", f"Randomisation number {given} is of no row of the sealed list.")
        return
    if stratum.unknown:
        names = ", ".join(stratum.unknown)
        message = f"The stratum is not known: {names} was not answered."
        yield Reason("stratum_unknown", message, stratum.unknown)
        return
    order = list_of(question.release, stratum.name)
    if order not in numbers:
        yield Reason("stratum_without_rows", f"The sealed list has no rows for {order}.")
    elif given is not None and given not in numbers[order]:
        message = f"Randomisation number {given} is not of the rows for {order}."
        yield Reason("not_on_the_list", message)


def _enrolled(question: Question) -> Iterator[Reason]:
    enrolment = question.course.enrolment
    if enrolment is None:
        yield Reason("not_enrolled", "The participant has not been enrolled.", ("enrolment",))
    else:
        question.relies_on(enrolment.entry)


def _not_randomised_yet(question: Question) -> Iterator[Reason]:
    done = question.course.randomisation
    if done is not None:
        yield Reason("randomised_before", f"The participant is already randomised, under {done.number}.")


def _randomised(question: Question) -> Iterator[Reason]:
    done = question.course.randomisation
    if question.release.file.randomisation is None:
        yield from _enrolled(question)
        return
    if done is None:
        yield Reason("not_randomised", "The participant has not been randomised.", ("randomisation",))
    else:
        question.relies_on(done.entry)


def _in_session(question: Question) -> Iterator[Reason]:
    encounter = question.course.encounters.get(question.encounter or "")
    if encounter is None or encounter.status != "started":
        yield Reason("not_in_session", "No session is under way.", ("encounter",))
    elif question.visit is None or question.visit.kind != "dosing":
        yield Reason("not_in_session", f"{encounter.visit} is not a dosing session.")
    else:
        question.relies_on(encounter.entry)
        if encounter.started is not None and question.at - encounter.started > _ONE_SESSION:
            began = f"{encounter.started.astimezone(question.zone):%Y-%m-%d %H:%M}"
            message = f"{encounter.id} began on {began} and was never ended: end it, and begin another."
            yield Reason("session_not_ended", message)


def _under_way(question: Question) -> Iterator[Reason]:
    """There is something to leave, whatever kind of visit it is."""
    encounter = question.course.encounters.get(question.encounter or "")
    if encounter is None or encounter.status != "started":
        yield Reason("not_in_session", "No session is under way.", ("encounter",))
    else:
        question.relies_on(encounter.entry)


_PERSON: Final[tuple[Check, ...]] = (
    alive,
    all_read,
    not_stopped,
    consent_current,
    eligible,
    own_numbers,
)
_PLACE: Final[tuple[Check, ...]] = (site_active, on_staff, place_read)
_STUDY: Final[tuple[Check, ...]] = (no_hold, washed_out, no_stopping_rule)
_DOSE: Final[tuple[Check, ...]] = (
    _randomised,
    of_this_arm,
    _code_break_of,
    _in_session,
    level_decided,
    kit_usable,
    doses_clear,
    part_not_given,
)

ACTS: Final[Mapping[str, Act]] = {
    act.name: act
    for act in (
        Act(
            "enrol",
            "enrolment",
            ("investigator", "coordinator"),
            (*_PERSON, *_PLACE, not_enrolled_yet, linked, *_STUDY, place_left),
        ),
        Act(
            "randomise",
            "randomisation",
            ("investigator", "coordinator"),
            (*_PERSON, *_PLACE, _list_sealed, _enrolled, _not_randomised_yet, together, kits_here, *_STUDY),
        ),
        Act(
            "dispense",
            "dispensing",
            ("pharmacist",),
            (*_PERSON, *_PLACE, _randomised, kit_dispensable, doses_clear, no_hold, no_stopping_rule),
        ),
        Act(
            "initial_dose",
            "initial_dose",
            ("investigator", "therapist"),
            (*_PERSON, *_PLACE, *_DOSE, doses_left, interval_kept, *_STUDY),
            "initial",
        ),
        Act(
            "supplement",
            "supplement",
            ("investigator", "therapist"),
            (*_PERSON, *_PLACE, *_DOSE, supplement_offered, no_stopping_rule),
            "supplement",
        ),
        Act(
            "next_session",
            "next_session",
            ("investigator", "therapist"),
            (*_PERSON, *_PLACE, _randomised, doses_clear, doses_left, no_hold, no_stopping_rule),
        ),
        Act(
            "unblind",
            "unblinding",
            ("investigator",),
            (alive, *_PLACE, _not_blinded, _randomised, unblinding_planned),
        ),
        # Whoever stopped, or whose site was held, must still be able to go home; so must they whose
        # therapist's certificate ran out meanwhile.
        Act(
            "discharge",
            "discharge",
            ("investigator", "therapist"),
            (alive, _under_way),
            concerns=_PLACE,
        ),
        # By whoever rates, who is on no site's staff: the study file's blinding says which roles those are.
        Act("rate", "rating", (), (alive, *RATING)),
    )
}
"""What is gated. An emergency and unblinding in one, leaving against advice, a transfer to hospital and a
death are facts: they are not here."""
