"""The hard core of every gate, which a study file may tighten and never drop.

Each check is one sentence about the participant, the site, the person who acts, the session or the kit, and
yields every reason against the act in words that can be acted upon at night.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from entact.course.allocation.stratum import stratum_of
from entact.course.entry.dates import in_date
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
    kit_dispensable,
    kit_usable,
    level_decided,
    of_this_arm,
    part_not_given,
    supplement_offered,
)
from entact.course.gates.question import Act, Check, Question, Reason
from entact.course.gates.rating import RATING
from entact.course.gates.unit import together
from entact.course.kinds import UNPARSED
from entact.course.kinds.enrolment import said_by_record
from entact.course.schedule import civil_date
from entact.course.state.consent import needed_scopes
from entact.course.state.numbers import normal, row_number, unit_of

if TYPE_CHECKING:
    from entact.course.state.setting import StaffState

INVESTIGATOR: Final = "investigator"

# Roles that are not to know an arm before lock, unless the study says that they are told.
STAY_BLINDED: Final = frozenset({"data_manager", "rater", "statistician"})

_ONE_SESSION: Final = timedelta(hours=24)  # what was asked longer ago is not of the session of today


def reasons_against(question: Question) -> list[Reason]:
    """Every reason of the hard core against an act, in the order of its checks; concerns are noted."""
    for check in question.act.concerns:
        question.concerns.update(dict.fromkeys(reason.code for reason in check(question)))
    return [reason for check in question.act.checks for reason in check(question)]


def staff_reasons(staff: StaffState | None, person: str, site: str, today: date) -> Iterator[Reason]:
    """Whether a person is on a site's staff today, with certificates in date."""
    if staff is None:
        yield Reason("not_staff", f"{person} is not on the staff list of site {site}.", ("staff",))
        return
    if staff.until is not None and not in_date(staff.until, today):
        yield Reason("left_site", f"{person} worked at site {site} until {staff.until}.")
    if not staff.certificates:
        yield Reason(
            "no_certificate", f"No certificate of {person} is on file at the site.", ("certificate",)
        )
    for name, expires in staff.certificates.items():
        if not in_date(expires, today):
            yield Reason("certificate_expired", f"The certificate {name} of {person} held until {expires}.")


def _alive(question: Question) -> Iterator[Reason]:
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


def _all_read(question: Question) -> Iterator[Reason]:
    """Of what could not be read, nobody knows what it says: a dose, a medicine, the wish to stop."""
    for entry, (kind, encounter) in question.course.unread.items():
        if kind in _ALWAYS or (kind in _HERE and encounter == question.encounter):
            what = "An entry" if kind == UNPARSED else f"An entry of kind {kind}"
            message = (
                f"{what}, {entry}, could not be read, and may change the answer: correct or withdraw it."
            )
            yield Reason("entry_unread", message, (kind,), None, (entry,))


def _place_read(question: Question) -> Iterator[Reason]:
    """The same of the site and the study: a hold, the end of a certificate, a kit in quarantine."""
    of = {"staff": ("person", question.by), "kit": ("number", question.kit)}
    unread = {**question.setting.study.unread, **question.site.unread}
    for entry, (kind, data) in unread.items():
        item, asked = of.get(kind, ("", None))
        if kind in ("activation", "hold") or (asked is not None and data.get(item, asked) == asked):
            message = (
                f"An entry of kind {kind}, {entry}, could not be read: it is to be corrected or withdrawn."
            )
            yield Reason("entry_unread", message, (kind,), None, (entry,))


def _not_stopped(question: Question) -> Iterator[Reason]:
    for of, state in question.course.discontinued.items():
        day = civil_date(state.at, question.zone)
        yield Reason(f"{of}_discontinued", f"{_words(of).capitalize()} was discontinued on {day}.")


def _consent_current(question: Question) -> Iterator[Reason]:
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


def _eligible(question: Question) -> Iterator[Reason]:
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


def _site_active(question: Question) -> Iterator[Reason]:
    site, course = question.site, question.course
    if course.site is None:
        yield Reason("site_unknown", "It is not recorded at which site the participant is.", ("screening",))
    elif course.site != site.id:
        yield Reason("other_site", f"The participant belongs to site {course.site}; this is site {site.id}.")
    question.relies_on(course.screening.entry if course.screening is not None else None)
    question.relies_on(site.activation)
    if site.status is None:
        yield Reason("site_not_active", f"Site {site.id} has not been activated.", ("activation",))
    elif site.status != "active":
        yield Reason(f"site_{site.status}", f"Site {site.id} is {site.status}.")
    elif question.release.id != site.release:
        message = f"Site {site.id} works under release {site.release}, which the study does not have."
        yield Reason("release_unknown", message)


def _staff(question: Question) -> Iterator[Reason]:
    person = question.site.staff.get(question.by)
    if person is not None:
        question.relies_on(person.entry)
        if not set(question.act.roles) & set(person.roles):
            needed = " or ".join(question.act.roles)
            has = ", ".join(person.roles) or "nothing"
            yield Reason("role", f"{question.by} is {has} at this site; this needs {needed}.")
    yield from staff_reasons(person, question.by, question.site.id, question.today)


def _not_blinded(question: Question) -> Iterator[Reason]:
    """Who tells an arm gets to know it: nobody who has to stay blinded."""
    plan, file = question.course.release.file.unblinding, question.course.release.file
    person = question.site.staff.get(question.by)
    hidden = {row.role for row in file.blinding if "allocation" in row.hidden}
    blinded = (hidden | STAY_BLINDED) - set(plan.tells if plan is not None else ())
    roles = person.roles if person is not None and set(question.act.roles) & set(person.roles) else ()
    for role in roles:
        if role in blinded:
            message = f"{question.by} is {_words(role)} at this site, whom the study does not tell the arm."
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
    there = question.setting.study.code_breaks
    if there is None:
        message = "The code-breaks for emergencies have not been printed: `entact allocation codebreaks`."
        yield Reason("no_code_breaks", message, ("list_opened",))
    elif there.checked_by is None:
        message = (
            f"The code-breaks that {there.printed_by} printed are not countersigned by somebody else: "
            "`entact allocation countersign`."
        )
        yield Reason("code_breaks_not_countersigned", message, ("code_breaks_checked",))


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
    elif stratum.name not in numbers:
        yield Reason("stratum_without_rows", f"The sealed list has no rows for {stratum.name}.")
    elif given is not None and given not in numbers[stratum.name]:
        message = f"Randomisation number {given} is not of the rows for {stratum.name}."
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


def _words(name: str) -> str:
    return name.replace("_", "-") if name == "follow_up" else name.replace("_", " ")


_PERSON: Final[tuple[Check, ...]] = (
    _alive,
    _all_read,
    _not_stopped,
    _consent_current,
    _eligible,
    own_numbers,
)
_PLACE: Final[tuple[Check, ...]] = (_site_active, _staff, _place_read)
_STUDY: Final[tuple[Check, ...]] = (no_hold, washed_out, no_stopping_rule)
_DOSE: Final[tuple[Check, ...]] = (
    _randomised,
    of_this_arm,
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
            (*_PERSON, *_PLACE, _list_sealed, _enrolled, _not_randomised_yet, together, *_STUDY),
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
            (_alive, *_PLACE, _not_blinded, _randomised, unblinding_planned),
        ),
        # Whoever stopped, or whose site was held, must still be able to go home; so must they whose
        # therapist's certificate ran out meanwhile.
        Act(
            "discharge",
            "discharge",
            ("investigator", "therapist"),
            (_alive, _under_way),
            concerns=_PLACE,
        ),
        # By whoever rates, who is on no site's staff: the study file's blinding says which roles those are.
        Act("rate", "rating", (), (_alive, *RATING)),
    )
}
"""What is gated. An emergency and unblinding in one, leaving against advice, a transfer to hospital and a
death are facts: they are not here."""
