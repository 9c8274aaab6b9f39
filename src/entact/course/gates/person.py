"""The hard core about the participant: alive, consenting, eligible, not stopped, and everything read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from entact.course.gates.question import Question, Reason
from entact.course.kinds import UNPARSED
from entact.course.kinds.enrolment import said_by_record
from entact.course.schedule import civil_date
from entact.course.state.consent import needed_scopes

INVESTIGATOR: Final = "investigator"


def alive(question: Question) -> Iterator[Reason]:
    """The participant is alive, and no event is said to have ended in death."""
    died = question.course.died
    if died is not None:
        yield Reason("died", f"The participant has died (entered for {died.date}).")
        return
    for event in question.course.adverse_events.values():
        if event.is_fatal:
            question.relies_on(event.entry)
            yield Reason(
                "died", "An adverse event is said to have ended in death; none is entered.", ("death",)
            )


# What a gate depends on: wherever it was entered, or in the visit that is under way.
_ALWAYS: Final = frozenset(
    {"consent", "discontinuation", "death", "adverse_event", "medication", "screening", "eligibility"}
    | {"enrolment", "randomisation", "assignment", "dose", UNPARSED}
)
_HERE: Final = frozenset({"form", "vital_signs", "presence", "dose_level", "encounter"})


def all_read(question: Question) -> Iterator[Reason]:
    """Of what could not be read, nobody knows what it says: a dose, a medicine, the wish to stop."""
    for entry, (kind, encounter) in question.course.unread.items():
        if kind in _ALWAYS or (kind in _HERE and encounter == question.encounter):
            what = "An entry" if kind == UNPARSED else f"An entry of kind {kind}"
            message = (
                f"{what}, {entry}, could not be read, and may change the answer: correct or withdraw it."
            )
            yield Reason("entry_unread", message, (kind,), None, (entry,))


def not_stopped(question: Question) -> Iterator[Reason]:
    """Neither treatment nor anything else of taking part was discontinued."""
    for of, state in question.course.discontinued.items():
        day = civil_date(state.at, question.zone)
        yield Reason(f"{of}_discontinued", f"{_words(of).capitalize()} was discontinued on {day}.")


def consent_current(question: Question) -> Iterator[Reason]:
    """Every scope that the study needs is consented to, as it stands today."""
    consent = question.course.consent
    if consent is None:
        yield Reason("no_consent", "No consent is recorded.", ("consent",))
        return
    question.relies_on(consent.entry)
    needed = question.release.file.consent
    for scope in needed_scopes(needed):
        given = consent.scopes.get(scope)
        if given is None:
            message = f"It is not known whether the participant consents to {_words(scope)}."
            yield Reason("consent_scope", message, (f"consent.{scope}",))
        elif given is not True:
            yield Reason("consent_scope", f"The participant does not consent to {_words(scope)}.")
    try:
        consented = question.study.release(consent.release)
    except KeyError:
        message = f"The consent is to a release that the study does not have, {consent.release}."
        yield Reason("consent_superseded", message)
        return
    if consented.file.consent != needed:
        day = civil_date(consent.since, question.zone)
        message = f"What is consented to has changed since the consent of {day}; it has to be given again."
        yield Reason("consent_superseded", message)
    if _is_of_earlier_attempt(question):
        day = civil_date(consent.since, question.zone)
        message = f"The consent of {day} is of the screening before; in this one it has to be given anew."
        yield Reason("consent_of_earlier_attempt", message, ("consent",))


def _is_of_earlier_attempt(question: Question) -> bool:
    """Whether somebody is screened again and has not consented since, where the study file asks for it.

    Of who is enrolled it is asked no more: the enrolment was decided, by what held then.
    """
    course = question.course
    if not course.attempt or course.enrolment is not None:
        return False
    if question.release.file.consent_at_rescreening == "stands":
        return False
    begins = course.attempts[course.attempt].since
    return not any(one.given and one.since >= begins for one in course.consents)


def eligible(question: Question) -> Iterator[Reason]:
    """Found eligible by every criterion, signed by an investigator of the site."""
    decided = question.course.eligibility
    if decided is None:
        yield Reason("eligibility_missing", "Eligibility has not been decided.", ("eligibility",))
        return
    question.relies_on(decided.entry)
    if decided.decision != "eligible":
        yield Reason("not_eligible", "The participant was found not eligible.")
        return
    for name, compiled in question.course.release.criteria_of(question.course.population).items():
        judged = decided.criteria.get(name)
        text = compiled.criterion.text
        wanted = compiled.criterion.kind == "inclusion"
        if judged is None and compiled.rule is not None and name in decided.left_to_record:
            if said_by_record(question.course, compiled.rule, question.at) is not wanted:
                message = f"Eligibility: by the record the criterion “{text}” is not met, or not known yet."
                yield Reason("criterion_of_record", message)
        elif judged is None:
            message = f"Eligibility: nobody judged the criterion “{text}”."
            yield Reason("criterion_open", message, (f"eligibility.{name}",))
        elif judged is not wanted:
            yield Reason("criterion_not_met", f"Eligibility: the criterion “{text}” stands against it.")
    if not decided.signed:
        yield Reason("eligibility_not_signed", "The decision on eligibility is not signed.", ("eligibility",))
    delegated = [
        one for one in question.site.delegated if (one.person, one.role) == (decided.by, INVESTIGATOR)
    ]
    signer = next((one for one in delegated if one.until is None or one.until > decided.at), None)
    if signer is None:
        message = f"Eligibility was decided by {decided.by}, who is not an investigator of this site."
        yield Reason("eligibility_not_by_investigator", message)
    else:
        question.relies_on(signer.entry)


def _words(name: str) -> str:
    return name.replace("_", "-") if name == "follow_up" else name.replace("_", " ")
