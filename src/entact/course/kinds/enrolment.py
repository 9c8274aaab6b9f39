"""From screening to randomisation: numbers are dated attributes of an opaque ledger, set by entries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from entact.course.allocation.stratum import stratum_of
from entact.course.kinds.checks import check_basis
from entact.course.kinds.kind import Kind
from entact.course.state.enrolment import (
    AttemptState,
    EligibilityState,
    EnrolmentState,
    RandomisationState,
    ScreeningState,
)
from entact.course.state.numbers import place_in_unit
from entact.course.state.oversight import gates_enrolment
from entact.course.state.person import is_linked
from entact.course.state.values import Values, ask
from entact.protocol.rule import Unknown

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State
    from entact.protocol.rule import Rule, Value


SAME_DAY: Final = timedelta(hours=24)  # in which a consent is that of the screening after it


class Screening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `screening`: an attempt to enter the study, at a site."""

    attempt: int
    number: str
    site: str
    population: str = "patient"


class Eligibility(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `eligibility`: every criterion judged (true: met, or for an exclusion: applies), and the sign-off.

    `signed` is the meaning of the signature, by the entry's author; without it the decision is a draft.
    `left_to_record` are criteria that rest on what the author is not shown: nobody judges these, and the gate
    asks the record.
    """

    criteria: dict[str, bool | None]
    decision: Literal["eligible", "not_eligible"]
    signed: str | None = None
    left_to_record: list[str] = []


class Enrolment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `enrolment`: taken into the study under a subject number."""

    subject: str


class Randomisation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `randomisation`: a number of the sealed list; never the arm.

    `stratum`: of the participant as it was known then, where the study minimises.
    """

    number: str
    stratum: str | None = None


def reduce_screening(course: State, effective: Effective, payload: Screening) -> None:
    """The latest attempt says number, site and population; with a new one all begins again."""
    if payload.population not in course.release.file.populations:
        message = f"the study has no population {payload.population!r}"
        course.found("unknown_population", effective.id, "population", message)
    course.screening = ScreeningState(
        effective.id, payload.attempt, payload.number, payload.site, payload.population, effective.at
    )
    if not course.attempts or payload.attempt != course.attempts[-1].number:
        _begin_attempt(course, effective, payload)
    course.screenings.append(course.screening)
    course.site = payload.site


def _begin_attempt(course: State, effective: Effective, payload: Screening) -> None:
    """From now on the new attempt counts: what was decided in the one before it is kept with that."""
    since = effective.at
    if payload.attempt < 1:
        course.found("item", effective.id, "attempt", f"{payload.attempt} is no attempt: they count from 1")
    if course.attempts:
        before = course.attempts[-1]
        if payload.attempt != before.number + 1:
            message = f"attempt {payload.attempt} is entered after attempt {before.number}"
            course.found("attempt_out_of_order", effective.id, "attempt", message)
        if course.enrolment is not None:
            message = f"screened again, and already enrolled as {course.enrolment.subject}"
            course.found("screened_after_enrolment", effective.id, "attempt", message)
        else:
            course.attempts[-1] = msgspec.structs.replace(
                before, eligibility=course.eligibility, discontinued=course.discontinued
            )
            course.eligibility, course.discontinued = None, {}
        since = _begins(course, effective)
    course.attempts.append(AttemptState(effective.id, payload.attempt, payload.number, payload.site, since))
    if len(course.attempts) == 1:
        return
    for encounter in course.encounters.values():
        if encounter.said is not None and encounter.said >= since:
            encounter.attempt = course.attempt
    for form, answers in course.answers.items():
        course.answers[form] = [
            msgspec.structs.replace(one, attempt=course.attempt)
            if one.at >= since and course.attempt_of(one.encounter) == course.attempt
            else one
            for one in answers
        ]


def _begins(course: State, effective: Effective) -> datetime:
    """Since when a new attempt counts: its visit, and the consent given for it, come before its entry."""
    began = effective.at
    encounter = course.encounters.get(effective.entry.encounter or "")
    if encounter is not None and encounter.started is not None:
        began = min(began, encounter.started)
    over, consent = course.attempts[-1].over, course.consent
    if consent is not None and consent.given:
        is_of_it = consent.since > over if over is not None else began - consent.since <= SAME_DAY
        began = min(began, consent.since) if is_of_it else began
    return began


def reduce_eligibility(course: State, effective: Effective, payload: Eligibility) -> None:
    """The latest decision counts; it has to follow from its criteria and agree with the computed ones."""
    course.eligibility = EligibilityState(
        effective.id,
        payload.criteria,
        payload.decision,
        payload.signed,
        effective.entry.by,
        effective.at,
        frozenset(payload.left_to_record),
    )
    release = course.release_of(effective.entry)
    compiled = release.criteria_of(course.population)
    for name in payload.criteria:
        if name not in release.criteria:
            course.found("unknown_criterion", effective.id, name, f"the study has no criterion {name!r}")
    for name, criterion in compiled.items():
        wanted = criterion.criterion.kind == "inclusion"
        judged = payload.criteria.get(name)
        if payload.decision == "eligible":
            if judged is None and criterion.rule is not None and name in payload.left_to_record:
                continue
            if judged is None:
                course.found(
                    "criterion_open", effective.id, name, f"eligible, though {name!r} was not judged"
                )
            elif judged is not wanted:
                course.found(
                    "criterion_not_met", effective.id, name, f"eligible, though {name!r} was judged otherwise"
                )
        if criterion.rule is None or judged is None:
            continue
        computed = _computed(course, effective, criterion.rule)
        if isinstance(computed, bool) and computed is not judged:
            message = f"judged {judged}, though the record says {computed}: {criterion.criterion.text}"
            course.found("criterion_contradicts", effective.id, name, message)


def _computed(course: State, effective: Effective, rule: Rule) -> Value | Unknown:
    return computed_criterion(course, rule, effective.entry.encounter, effective.at)


def said_by_record(course: State, rule: Rule, at: datetime) -> Value | Unknown:
    """What the record says of a criterion that nobody judged because they are not shown what it rests on.

    As of the enrolment where there is one: what is rated later tells nothing of who was let in.
    """
    return computed_criterion(course, rule, None, course.enrolment.at if course.enrolment is not None else at)


def computed_criterion(course: State, rule: Rule, encounter: str | None, at: datetime) -> Value | Unknown:
    """What the record says of a criterion; where that is not known, what a number beyond its range says."""
    facts = course.facts(encounter, at)
    found = ask(rule, course.values(encounter, at, ever=True), facts)
    if isinstance(found, Unknown):
        return ask(rule, Values(course, encounter, at, None, True, beyond=True), facts)
    return found


def reduce_enrolment(course: State, effective: Effective, payload: Enrolment) -> None:
    """The first subject number stays."""
    if course.enrolment is not None:
        course.found(
            "enrolled_twice", effective.id, "subject", f"already enrolled as {course.enrolment.subject}"
        )
        return
    decided = course.eligibility
    if decided is None or decided.decision != "eligible" or decided.signed is None:
        course.found(
            "enrolled_without_eligibility", effective.id, "", "enrolled without a signed eligibility"
        )
    if effective.entry.basis is not None or gates_enrolment(course.site_release(effective.at)):
        check_basis(course, effective, "enrol", number=payload.subject)
    if is_linked(course) is False:
        message = f"a {course.population} is enrolled with somebody, and nobody was named"
        course.found("not_linked", effective.id, "", message)
    course.enrolment = EnrolmentState(effective.id, payload.subject, effective.at)


def reduce_randomisation(course: State, effective: Effective, payload: Randomisation) -> None:
    """The first randomisation number stays."""
    if course.randomisation is not None:
        message = f"already randomised under {course.randomisation.number}"
        course.found("randomised_twice", effective.id, "number", message)
        return
    check_basis(course, effective, "randomise", number=payload.number)
    _check_stratum(course, effective, payload)
    _check_unit(course, effective, payload.number)
    course.randomisation = RandomisationState(effective.id, payload.number, effective.at)


def _check_stratum(course: State, effective: Effective, payload: Randomisation) -> None:
    """Where the study minimises, the levels that arms are reckoned from are those of the record."""
    plan = course.release.file.randomisation
    if plan is None or plan.method != "minimisation":
        return
    known = stratum_of(course.release, course, effective.at).name
    if payload.stratum != known:
        message = f"the record says {known or 'no stratum'}, and {payload.stratum or 'none'} was minimised by"
        course.found("minimised_otherwise", effective.id, "stratum", message)


def _check_unit(course: State, effective: Effective, number: str) -> None:
    """Of those who are randomised as one, whoever the others are linked to takes the row, and they follow."""
    plan, population = course.release.file.randomisation, course.population
    if plan is None or plan.unit is None or population not in plan.unit.populations:
        return
    place = place_in_unit(number)
    first = course.release.file.populations[population].linked_to
    if first not in plan.unit.populations:
        if place > 1:
            message = f"a {population} takes a row of the list, and this is the number of another's unit"
            course.found("randomised_apart", effective.id, "number", message)
    elif place not in range(2, plan.unit.size[1] + 1):
        message = (
            f"a {population} is randomised with their {first}, whose number theirs is, with +2 to "
            f"+{plan.unit.size[1]} behind it; {number} is a draw of its own"
        )
        course.found("randomised_apart", effective.id, "number", message)


def _was_eligible(course: State) -> bool:
    decided = course.eligibility
    return decided is not None and decided.signed is not None and decided.decision == "eligible"


SCREENING = Kind(
    name="screening",
    title="Screening",
    ways=("page new_participant",),
    payload=Screening,
    reduce=reduce_screening,
    tells=frozenset({"schedule"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    activity="screening",
    done=lambda course, encounter: course.screening is not None,
)
ELIGIBILITY = Kind(
    name="eligibility",
    is_held=True,
    title="Eligibility",
    ways=("page eligibility",),
    payload=Eligibility,
    reduce=reduce_eligibility,
    tells=frozenset({"schedule"}),
    nested="criteria",
    of_page=frozenset({"left_to_record"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    activity="eligibility",
    done=lambda course, encounter: course.eligibility is not None,
    writes=frozenset({"eligibility"}),
)
ENROLMENT = Kind(
    name="enrolment",
    title="Enrolment",
    ways=("page add",),
    payload=Enrolment,
    reduce=reduce_enrolment,
    tells=frozenset({"schedule"}),
    acts=("enrol",),
    needs_consent=True,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    activity="enrolment",
    done=lambda course, encounter: course.enrolment is not None or not _was_eligible(course),
    anchors=True,
    writes=frozenset({"deviations", "enrolment"}),
)
RANDOMISATION = Kind(
    name="randomisation",
    title="Randomisation",
    ways=("page add",),
    payload=Randomisation,
    reduce=reduce_randomisation,
    tells=frozenset({"schedule"}),
    acts=("randomise",),
    needs_consent=True,
    in_encounter=False,
    with_participant=True,
    ended_by=frozenset({"treatment"}),
    activity="randomisation",
    done=lambda course, encounter: course.randomisation is not None or course.enrolment is None,
    anchors=True,
    writes=frozenset({"deviations", "randomisation"}),
)
