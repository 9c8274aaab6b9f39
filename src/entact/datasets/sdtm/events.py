"""AE, MH, DS, DV and IE: what happened to somebody, and how far they came."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from entact.course.state.enrolment import EligibilityState
from entact.course.state.person import planned_doses
from entact.course.state.safety import AdverseEventState
from entact.datasets import safety
from entact.datasets.sdtm.homes import homes_of
from entact.datasets.sdtm.row import Qualifier, Row, Value, text_of
from entact.datasets.sdtm.subject import Subject

_RELATED: Final = {
    "not": "NOT RELATED",
    "unlikely": "UNLIKELY RELATED",
    "possible": "POSSIBLY RELATED",
    "probable": "PROBABLY RELATED",
    "definite": "RELATED",
}  # the sponsor's own: there is no codelist
_OUTCOMES: Final = {
    "ongoing": "NOT RECOVERED/NOT RESOLVED",
    "resolved": "RECOVERED/RESOLVED",
    "resolved_with_sequelae": "RECOVERED/RESOLVED WITH SEQUELAE",
    "fatal": "FATAL",
    "unknown": "UNKNOWN",
}
_GROUNDS: Final = {
    "death": "AESDTH",
    "life_threatening": "AESLIFE",
    "hospitalisation": "AESHOSP",
    "disability": "AESDISAB",
    "congenital_anomaly": "AESCONG",
    "medically_important": "AESMIE",
}
_CAUSES: Final = (  # first match of a word in the cause that was entered; what matches none is OTHER
    ("adverse", "ADVERSE EVENT"),
    ("death", "DEATH"),
    ("died", "DEATH"),
    ("lost", "LOST TO FOLLOW-UP"),
    ("benefit", "LACK OF EFFICACY"),
    ("efficacy", "LACK OF EFFICACY"),
    ("physician", "PHYSICIAN DECISION"),
    ("investigator", "PHYSICIAN DECISION"),
    ("pregnan", "PREGNANCY"),
    ("medication", "USED PROHIBITED MEDICATION"),
    ("complian", "NON-COMPLIANCE"),
    ("sponsor", "SPONSOR REQUEST"),
    ("consent", "WITHDRAWAL OF CONSENT"),
    ("participant", "WITHDRAWAL BY SUBJECT"),
    ("withdr", "WITHDRAWAL BY SUBJECT"),
    ("moved", "WITHDRAWAL BY SUBJECT"),
)
UNNAMED: Final = "EVENT NOT IN THE STUDY'S LIST"  # its words are sealed, and stay at the site


def adverse_events(subject: Subject) -> Iterator[Row]:
    """AE: every event, favourable ones too. AETERM is the study's term; without MedDRA AEDECOD is empty."""
    person, made = subject.person, {}
    for derived in safety.events(person):
        values = dict(zip(safety.EVENTS, derived, strict=True))
        made[values["AESEQ"]] = values
    for number, event in enumerate(person.course.adverse_events.values(), start=1):
        if number not in made:
            continue  # of a time for which the use of data was withdrawn
        yield _event(subject, event, made[number])


def _event(subject: Subject, event: AdverseEventState, derived: dict[str, Any]) -> Row:
    term = subject.person.book.terms.get(event.term or "")
    serious = None if event.serious is None else "Y" if event.serious else "N"
    grounds = {_GROUNDS[ground]: "Y" for ground in event.seriousness or () if ground in _GROUNDS}
    ongoing = event.resolved is None and event.outcome == "ongoing"
    qualifiers = [
        Qualifier("AECODE", "Code in the study's list of events", event.term or "other"),
        Qualifier("AETRTEM", "Treatment Emergent Flag", text_of(derived["TRTEMFL"]), "DERIVED")
        if derived["TRTEMFL"] is not None
        else None,
        Qualifier("AEVALENC", "Valence of the event", derived["VALENCE"]) if derived["VALENCE"] else None,
        Qualifier("AESI", "Event of special interest", derived["AESI"]) if derived["AESI"] else None,
        Qualifier("AESESS", "Last dosing session before onset", derived["SESSION"], "DERIVED")
        if derived["SESSION"]
        else None,
        Qualifier("AEACNTXT", "Action taken, as entered", event.action[:200]) if event.action else None,
    ]
    begun, died = event.begun, subject.person.course.died
    ended = event.resolved
    if event.outcome == "fatal" and ended is None and died is not None:
        ended = died.date  # with the person
    return subject.row(
        "AE",
        {
            "AESPID": event.entry,
            "AETERM": (term.title if term is not None else UNNAMED).upper(),
            "AEPRESP": "Y" if event.solicited else None,
            "AESEV": event.worst_severity.upper() if event.worst_severity else None,
            "AESER": serious,
            "AEREL": _RELATED.get(event.related or ""),
            "AEOUT": _OUTCOMES.get(event.outcome or ""),
            "EPOCH": subject.epoch(begun) if event.onset is None else subject.epoch_written(event.onset),
            **subject.span("AE", event.onset, ended, ongoing=ongoing),
            **grounds,
        },
        [
            event.entry,
            *event.updates,
            *([died.entry] if died is not None and ended != event.resolved else []),
        ],
        begun,
        tuple(one for one in qualifiers if one is not None),
    )


def history(subject: Subject) -> Iterator[Row]:
    """MH: diagnoses and history that were asked for one by one, each with its yes or no."""
    course = subject.person.course
    for form, filled in course.answers.items():
        homes = homes_of(course.release).elsewhere.get(form, {})
        asked = {item: home for item, home in homes.items() if home.domain == "MH"}
        for answers in filled if asked else ():
            if answers.status != "done" or not subject.person.may_use(answers.at):
                continue
            for item, home in asked.items():
                value = answers.values.get(item)
                if isinstance(value, bool):
                    yield subject.row(
                        "MH",
                        {
                            "MHSPID": f"{answers.entry}.{item}",
                            "MHTERM": home.name,
                            "MHCAT": home.category or None,
                            "MHPRESP": "Y",
                            "MHOCCUR": text_of(value),
                            "MHDTC": subject.local(answers.at),
                            "MHDY": subject.day(answers.at),
                        },
                        [answers.entry],
                        answers.at,
                    )


_GIVEN_UP = {  # what ends with it, as in ADSL
    "STUDY TREATMENT": ("treatment", "procedures"),
    "STUDY PARTICIPATION": ("follow_up", "data_use"),
}


def disposition(subject: Subject) -> Iterator[Row]:
    """DS: milestones that were reached, and how treatment and participation ended."""
    person, course = subject.person, subject.person.course
    consent, enrolled, randomised = course.first_consent, course.enrolment, course.randomisation
    milestones = [
        ("INFORMED CONSENT OBTAINED", consent.since, consent.entry) if consent is not None else None,
        ("ENTERED INTO TRIAL", enrolled.at, enrolled.entry) if enrolled is not None else None,
        ("RANDOMIZED", randomised.at, randomised.entry) if randomised is not None else None,
    ]
    for reached in milestones:
        if reached is not None:
            name, at, entry = reached
            yield _disposed(subject, "PROTOCOL MILESTONE", None, name, name, at, entry)
    judged = course.eligibility
    event = "DISPOSITION EVENT"
    if course.status == "screen_failed" and judged is not None:
        why = _failed(subject, judged)[0] if _failed(subject, judged) else "not eligible"
        yield _disposed(subject, event, "STUDY PARTICIPATION", "SCREEN FAILURE", why, judged.at, judged.entry)
    ended = set()
    for category, gave_up in _GIVEN_UP.items():
        stops = [course.discontinued[one] for one in gave_up if one in course.discontinued]
        if stops and course.status != "screen_failed":
            stopped = min(stops, key=lambda one: one.at)
            reason = reason_of(stopped.cause)
            yield _disposed(subject, event, category, reason, stopped.cause, stopped.at, stopped.entry)
            ended.add(category)
    if course.died is not None and person.died_at is not None and "STUDY PARTICIPATION" not in ended:
        made = _disposed(
            subject, event, "STUDY PARTICIPATION", "DEATH", "death", person.died_at, course.died.entry
        )
        made.values |= _as_dated(subject, course.died.date)
        yield made
    until = subject.treated_until
    enough = len(person.first_doses) >= (planned_doses(course) or 1) and not person.is_cut
    if until is not None and enough and "STUDY TREATMENT" not in ended:
        dose = max((one for one in course.doses if one.is_taken), key=lambda one: one.at)
        yield _disposed(subject, event, "STUDY TREATMENT", "COMPLETED", "completed", until, dose.entry)
    if person.has_finished and not person.is_cut and "STUDY PARTICIPATION" not in ended:
        at, entry = max(
            (one.ended, one.closed) for one in course.encounters.values() if one.ended is not None
        )
        yield _disposed(subject, event, "STUDY PARTICIPATION", "COMPLETED", "completed", at, entry)


def _as_dated(subject: Subject, date: str) -> dict[str, Value]:
    """When somebody died as it was written, perhaps in part: DM says the same."""
    return {
        "EPOCH": subject.epoch_written(date),
        "DSSTDTC": subject.written(date),
        "DSSTDY": subject.day_written(date),
    }


def reason_of(cause: str) -> str:
    """The term of the codelist of reasons (NCOMPLT) that a cause as entered is; OTHER where none fits."""
    words = cause.lower()
    return next((term for word, term in _CAUSES if word in words), "OTHER")


def _disposed(
    subject: Subject, category: str, of: str | None, name: str, term: str, at: Any, entry: str
) -> Row:
    return subject.row(
        "DS",
        {
            "DSTERM": term.upper()[:200],
            "DSDECOD": name,
            "DSCAT": category,
            "DSSCAT": of,
            "EPOCH": subject.epoch(at),
            "DSSTDTC": subject.local(at),
            "DSSTDY": subject.day(at),
        },
        [entry],
        at,
    )


def deviations(subject: Subject) -> Iterator[Row]:
    """DV: departures from the protocol; the account of each is sealed, and stays at the site."""
    for one in subject.person.course.deviations:
        yield subject.row(
            "DV",
            {
                "DVTERM": one.category.replace("_", " ").upper()[:200],
                "DVDECOD": one.category.replace("_", " ").upper()[:200],
                "DVCAT": one.importance.upper(),
                "EPOCH": subject.epoch(one.at),
                "DVSTDTC": subject.local(one.at),
                "DVSTDY": subject.day(one.at),
            },
            [one.entry],
            one.at,
        )


def criteria(subject: Subject) -> Iterator[Row]:
    """IE: the criteria that somebody did not meet, by the last decision; who met all has no row."""
    judged = subject.person.course.eligibility
    if judged is None:
        return
    for number, (name, compiled) in enumerate(subject.person.course.release.criteria.items(), start=1):
        criterion = compiled.criterion
        if judged.criteria.get(name) is not (criterion.kind == "exclusion"):
            continue
        yield subject.row(
            "IE",
            {
                "IETESTCD": criterion_code(criterion.kind, number),
                "IETEST": criterion.text,
                "IECAT": criterion.kind.upper(),
                "IEORRES": "Y" if criterion.kind == "exclusion" else "N",
                "IESTRESC": "Y" if criterion.kind == "exclusion" else "N",
                "EPOCH": subject.epoch(judged.at),
                "IEDTC": subject.local(judged.at),
                "IEDY": subject.day(judged.at),
            },
            [judged.entry],
            judged.at,
        )


def criterion_code(kind: str, number: int) -> str:
    """IETESTCD of a criterion: INCL or EXCL and its place in the study file."""
    return f"{kind[:4].upper()}{number:03d}"


def _failed(subject: Subject, judged: EligibilityState) -> list[str]:
    return [
        compiled.criterion.text
        for name, compiled in subject.person.course.release.criteria.items()
        if judged.criteria.get(name) is (compiled.criterion.kind == "exclusion")
    ]
