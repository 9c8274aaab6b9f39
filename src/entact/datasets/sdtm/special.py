"""DM, SE, SV and CO: who takes part, where in the study they are, visits that took place, remarks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from entact.course.entry.sealing import is_sealed
from entact.course.state.form import Answers
from entact.datasets.sdtm.arms import BLINDED, BLINDED_TITLE, elements_of, short
from entact.datasets.sdtm.homes import Home, homes_of
from entact.datasets.sdtm.row import Qualifier, Row, Value, text_of
from entact.datasets.sdtm.subject import Subject, is_again

_SEXES = {"female": "F", "male": "M", "f": "F", "m": "M", "intersex": "INTERSEX"}
MULTIPLE: Final = "MULTIPLE"  # of who gave several races, which are in SUPPDM (SDTMIG 3.4, 5.2)
LONGEST: Final = 200  # of a text in one variable
_CONTACTS = {"in_person": "IN PERSON", "telephone": "TELEPHONE CALL", "video": "REMOTE AUDIO VIDEO"}
# ISO 3166-1 alpha-3 of the countries where such studies are; others stay as the study file has them.
COUNTRIES = {
    "US": "USA", "CA": "CAN", "IL": "ISR", "CH": "CHE", "GB": "GBR", "DE": "DEU", "NL": "NLD", "AU": "AUS",
    "NZ": "NZL", "NO": "NOR", "SE": "SWE", "DK": "DNK", "FI": "FIN", "CZ": "CZE", "PT": "PRT", "ES": "ESP",
    "FR": "FRA", "IT": "ITA", "AT": "AUT", "BE": "BEL", "IE": "IRL", "PL": "POL", "BR": "BRA", "MX": "MEX",
}  # fmt: skip


def demographics(subject: Subject) -> Iterator[Row]:
    """The one row of DM; further characteristics that the study's lasting forms ask are its qualifiers."""
    person, course = subject.person, subject.person.course
    first, begun = person.treated_from, person.begun_at
    last = max((dose.at for dose in course.doses if dose.is_taken), default=None)
    asked = {variable: _asked(subject, variable) for variable in ("AGE", "SEX", "RACE", "ETHNIC")}
    age, sex, race, ethnic = asked.values()
    number = course.enrolment.subject if course.enrolment else None
    if number is None and course.screening is not None:
        number = course.screening.number
    site = course.release.file.sites.get(course.site or "")
    country = None if site is None else COUNTRIES.get(site.country, site.country)
    years = age.value if age is not None and isinstance(age.value, int | float) else None
    races = [] if race is None else race.terms
    entries = [course.first_consent.entry if course.first_consent else "", *_entries_of_arm(subject)]
    entries += [one.entry for one in asked.values() if one is not None]
    entries += [dose.entry for dose in course.doses if dose.is_taken]
    entries += [course.died.entry] if course.died is not None else []
    others = [*_others(subject)]
    entries += [one.entry for one in others]
    qualifiers = [Qualifier(f"RACE{n}", f"Race {n}", one) for n, one in enumerate(races, start=1)]
    yield subject.row(
        "DM",
        {
            "SUBJID": number or person.usubjid,
            "RFSTDTC": subject.local(begun),  # day 1
            "RFENDTC": subject.local(subject.last_seen)
            if begun is not None or course.randomisation is not None
            else None,  # of who was assigned without chance and never treated the guide asks for none (5.2)
            "RFXSTDTC": subject.local(first),
            "RFXENDTC": subject.local(last) if first is not None else None,
            "RFICDTC": subject.local(subject.began),
            "RFPENDTC": subject.local(subject.last_seen),
            "DTHDTC": subject.written(course.died.date) if course.died is not None else None,
            "DTHFL": "Y" if course.died is not None else None,
            "SITEID": course.site or "UNKNOWN",
            "AGE": None if years is None else int(years) if float(years).is_integer() else years,
            "AGEU": "YEARS" if years is not None else None,
            "SEX": sex.terms[0] if sex is not None else "U",
            "RACE": MULTIPLE if len(races) > 1 else races[0] if races else None,
            "ETHNIC": ethnic.terms[0] if ethnic is not None else None,
            "COUNTRY": country or "UNK",
            **_arm(subject),
        },
        entries,
        qualifiers=(
            *(qualifiers if len(races) > 1 else ()),
            *(Qualifier(one.home.code, one.home.name, text_of(one.value)) for one in others),
        ),
    )


def elements(subject: Subject) -> Iterator[Row]:
    """SE: screening, treatment and follow-up, each from its first instant to that of the next one."""
    course, first, until = subject.person.course, subject.person.begun_at, subject.treated_until
    began, last = subject.began, subject.last_seen
    if began is None or last is None:
        return
    starts = [(began, course.first_consent.entry if course.first_consent else "")]
    if first is not None:
        entry = _entry_of_begin(subject, first)
        starts.append((first, entry))
        if until is not None and last > until and not subject.person.is_cut:
            session = course.encounters.get(dose_encounter(subject) or "")
            starts.append((until, (session.closed if session is not None else "") or entry))
    found = elements_of(subject.arm, course.release.file.arms)
    for place, (element, (at, entry)) in enumerate(zip(found, starts, strict=False)):
        is_open = subject.person.is_cut and place + 1 == len(starts)
        ends = None if is_open else starts[place + 1][0] if place + 1 < len(starts) else max(last, at)
        yield subject.row(
            "SE",
            {
                "ETCD": element.code,
                "ELEMENT": element.title,
                "TAETORD": place + 1,
                "EPOCH": element.epoch,
                "SESTDTC": subject.local(at),
                "SEENDTC": subject.local(ends),
                "SESTDY": subject.day(at),
                "SEENDY": subject.day(ends),
            },
            [entry],
            at,
        )


def _entry_of_begin(subject: Subject, first: datetime) -> str:
    """The entry with which treatment began: the first dose, or the assignment to an arm without a drug."""
    course = subject.person.course
    dose = next((one.entry for one in course.doses if one.at == first and one.is_taken), None)
    return dose or (course.assignment.entry if course.assignment is not None else "")


def visits(subject: Subject) -> Iterator[Row]:
    """SV: one row for each visit, held or missed."""
    for one in subject.visited():
        planned = one.visit in subject.person.book.visits and not is_again(one.id)
        missed = one.status == "missed"
        if missed and not planned:
            continue  # a second attempt that failed too: the visit itself says what became of it
        at = one.started or one.ended
        why = subject.said_of(one.closed if missed else one.entry)
        yield subject.row(
            "SV",
            {
                **subject.visit(one.id),
                "SVPRESP": "Y" if planned else None,
                "SVOCCUR": ("N" if missed else "Y") if planned else None,
                "SVREASOC": why if missed and planned else None,
                "SVCNTMOD": None if missed else _CONTACTS.get(one.contact),
                "SVSTDTC": None if missed else subject.local(at),
                "SVENDTC": None if missed else subject.local(one.ended),
                "SVSTDY": None if missed else subject.day(at),
                "SVENDY": None if missed else subject.day(one.ended),
                "SVUPDES": None if planned else why or ("REPEATED" if is_again(one.id) else "UNSCHEDULED"),
            },
            [one.entry, one.closed],
            at,
        )


def dose_encounter(subject: Subject) -> str | None:
    """The encounter of the last session with a dose."""
    last = max(subject.person.first_doses.items(), key=lambda one: one[1], default=None)
    return None if last is None else last[0]


def _arm(subject: Subject) -> dict[str, Value]:
    """The variables of the arm: which of them is null, and why, follows from what happened alone."""
    course = subject.person.course
    randomised = subject.person.book.randomised
    if randomised and course.randomisation is None:
        failed = course.status == "screen_failed"
        return {"ARMNRS": "SCREEN FAILURE" if failed else "NOT ASSIGNED"}
    if not randomised and (course.enrolment is None or _is_beside(subject)):
        failed = course.status == "screen_failed"
        return {"ARMNRS": "SCREEN FAILURE" if failed else "NOT ASSIGNED"}
    if subject.arm is None:
        code, title = BLINDED, BLINDED_TITLE
    else:
        code, title = short(subject.arm), course.release.file.arms[subject.arm].title
    assigned: dict[str, Value] = {"ARMCD": code, "ARM": title}
    if subject.person.begun_at is None and not subject.person.is_cut:
        return {**assigned, "ARMNRS": "ASSIGNED, NOT TREATED"}
    return {**assigned, "ACTARMCD": code, "ACTARM": title}


def _is_beside(subject: Subject) -> bool:
    """Whether somebody takes part beside those who are treated, as a carer: no dose is planned for them."""
    course = subject.person.course
    return course.release.most_doses(course.population) == 0 < course.release.most_doses()


def _entries_of_arm(subject: Subject) -> list[str]:
    course = subject.person.course
    found = [course.screening, course.enrolment, course.randomisation]
    return [one.entry for one in found if one is not None]


@dataclass(frozen=True, slots=True)
class _Asked:
    """The last known answer to an item of a lasting form: its home, value and entry."""

    home: Home
    value: Any
    entry: str

    @property
    def terms(self) -> list[str]:
        """The terms of the variable's codelist, one for each answer."""
        said = self.value if isinstance(self.value, list | tuple) else [self.value]
        return [term_in_dm(self.home, str(one)) for one in said]


def term_in_dm(home: Home, answer: str) -> str:
    """The term that an answer becomes in a variable of DM: the study file's own, else as it is called."""
    said = home.term_of(answer)
    if said is None and home.code == "SEX":
        said = _SEXES.get(answer.lower(), "U")
    return said or answer.replace("_", " ").upper()


def _asked(subject: Subject, variable: str) -> _Asked | None:
    """What is known of a variable of DM; nothing where two forms that were filled say different things."""
    found = []
    for (form, item), home in homes_of(subject.person.course.release).demographics.get(variable, {}).items():
        known = subject.person.last_known(form, item)
        if known is not None:
            found.append(_Asked(home, _value(known, item), known.entry))
    if not found or any(one.value != found[0].value for one in found):
        return None
    return found[0]


def _others(subject: Subject) -> Iterator[_Asked]:
    """Whatever else lasting forms ask, as far as it is known."""
    for (form, item), home in homes_of(subject.person.course.release).qualifiers.items():
        known = subject.person.last_known(form, item)
        if known is not None:
            value = _value(known, item)
            yield _Asked(home, home.term_of(value) or value, known.entry)


def _value(answers: Answers, item: str) -> Any:
    """The answer: of several choices the codes, of which a rule sees none."""
    entered = answers.items.get(item)
    return entered if isinstance(entered, list) else answers.values[item]


def comments(subject: Subject) -> Iterator[Row]:
    """CO: free text that the study file sends there, in as many variables as it needs."""
    course = subject.person.course
    for form, filled in course.answers.items():
        homes = homes_of(course.release).elsewhere.get(form, {})
        for answers in filled:
            if answers.status != "done" or not subject.person.may_use(answers.at):
                continue
            for item, home in homes.items():
                text = answers.items.get(item)
                if home.domain != "CO" or not isinstance(text, str) or not text.strip() or is_sealed(text):
                    continue
                parts = [text[at : at + LONGEST] for at in range(0, len(text), LONGEST)]
                if len(parts) > 10:
                    raise ValueError(
                        f"{form}.{item} of {answers.entry} has {len(text)} characters; a comment in a "
                        f"transport file has {10 * LONGEST} at most"
                    )
                yield subject.row(
                    "CO",
                    {
                        "COREF": home.name[:LONGEST],
                        **{f"COVAL{place or ''}": part for place, part in enumerate(parts)},
                        "COEVAL": answers.role.upper() if answers.role else None,
                        "CODTC": subject.local(answers.at),
                        "CODY": subject.day(answers.at),
                    },
                    [answers.entry],
                    answers.at,
                )
