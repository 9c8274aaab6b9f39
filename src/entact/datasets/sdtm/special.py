"""DM, SE and SV: who takes part, where in the study they are, and which visits took place."""

from __future__ import annotations

from collections.abc import Iterator

from entact.datasets.sdtm.arms import BLINDED, BLINDED_TITLE, elements_of, short
from entact.datasets.sdtm.homes import short_names
from entact.datasets.sdtm.row import Qualifier, Row, Value, text_of
from entact.datasets.sdtm.subject import Subject

_SEXES = {"female": "F", "male": "M", "f": "F", "m": "M", "intersex": "INTERSEX"}
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
    book, first = person.book, person.treated_from
    last = max((dose.at for dose in course.doses if dose.is_taken), default=None)
    age, sex = _asked(subject, "age"), _asked(subject, "sex")
    number = course.enrolment.subject if course.enrolment else None
    if number is None and course.screening is not None:
        number = course.screening.number
    site = course.release.file.sites.get(course.site or "")
    country = None if site is None else COUNTRIES.get(site.country, site.country)
    years = age[0] if age is not None and isinstance(age[0], int | float) else None
    entries = [course.first_consent.entry if course.first_consent else "", *_entries_of_arm(subject)]
    entries += [one[1] for one in (age, sex) if one is not None]
    entries += [dose.entry for dose in course.doses if dose.is_taken]
    entries += [course.died.entry] if course.died is not None else []
    others = [
        (column, asked)
        for column, said in book.characteristics.items()
        if said.name not in ("age", "sex", "weight", "height", "race", "ethnic")
        and (asked := _asked(subject, said.name)) is not None
    ]
    entries += [entry for _, (_, entry) in others]
    codes = short_names(book.characteristics)
    yield subject.row(
        "DM",
        {
            "SUBJID": number or person.usubjid,
            "RFSTDTC": subject.local(first),
            "RFENDTC": subject.local(subject.last_seen)
            if first is not None or "ARM" in _arm(subject)
            else None,
            "RFXSTDTC": subject.local(first),
            "RFXENDTC": subject.local(last) if first is not None else None,
            "RFICDTC": subject.local(subject.began),
            "RFPENDTC": subject.local(subject.last_seen),
            "DTHDTC": subject.written(course.died.date) if course.died is not None else None,
            "DTHFL": "Y" if course.died is not None else None,
            "SITEID": course.site or "UNKNOWN",
            "AGE": None if years is None else int(years) if float(years).is_integer() else years,
            "AGEU": "YEARS" if years is not None else None,
            "SEX": _SEXES.get(str(sex[0]).lower(), "U") if sex is not None else "U",
            "COUNTRY": country or "UNK",
            **_arm(subject),
        },
        entries,
        qualifiers=tuple(
            Qualifier(codes[column], book.characteristics[column].title[:40], text_of(value))
            for column, (value, _) in others
            if value is not None
        ),
    )


def elements(subject: Subject) -> Iterator[Row]:
    """SE: screening, treatment and follow-up, each from its first instant to that of the next one."""
    course, first, until = subject.person.course, subject.person.treated_from, subject.treated_until
    began, last = subject.began, subject.last_seen
    if began is None or last is None:
        return
    starts = [(began, course.first_consent.entry if course.first_consent else "")]
    if first is not None and until is not None:
        dose = next(one for one in course.doses if one.at == first and one.is_taken)
        starts.append((first, dose.entry))
        if last > until:
            session = course.encounters.get(dose_encounter(subject) or "")
            starts.append((until, (session.closed if session is not None else "") or dose.entry))
    found = elements_of(subject.arm, [*course.release.file.arms])
    for place, (element, (at, entry)) in enumerate(zip(found, starts, strict=False)):
        ends = starts[place + 1][0] if place + 1 < len(starts) else max(last, at)
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


def visits(subject: Subject) -> Iterator[Row]:
    """SV: one row for each visit, held or missed."""
    for one in subject.held():
        planned = one.visit in subject.person.book.visits
        missed = one.status == "missed"
        at = one.started or one.ended
        why = subject.said_of(one.closed if missed else one.entry)
        yield subject.row(
            "SV",
            {
                **subject.visit(one.id),
                "SVPRESP": "Y" if planned else None,
                "SVOCCUR": ("N" if missed else "Y") if planned else None,
                "SVREASOC": why if missed and planned else None,
                "SVCNTMOD": None if missed else _CONTACTS[one.contact],
                "SVSTDTC": None if missed else subject.local(at),
                "SVENDTC": None if missed else subject.local(one.ended),
                "SVSTDY": None if missed else subject.day(at),
                "SVENDY": None if missed else subject.day(one.ended),
                "SVUPDES": None if planned else (why or "UNSCHEDULED"),
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
    if not randomised and course.enrolment is None:
        failed = course.status == "screen_failed"
        return {"ARMNRS": "SCREEN FAILURE" if failed else "NOT ASSIGNED"}
    if subject.arm is None:
        code, title = BLINDED, BLINDED_TITLE
    else:
        code, title = short(subject.arm), course.release.file.arms[subject.arm].title
    assigned: dict[str, Value] = {"ARMCD": code, "ARM": title}
    if subject.person.treated_from is None:
        return {**assigned, "ARMNRS": "ASSIGNED, NOT TREATED"}
    return {**assigned, "ACTARMCD": code, "ACTARM": title}


def _entries_of_arm(subject: Subject) -> list[str]:
    course = subject.person.course
    found = [course.screening, course.enrolment, course.randomisation]
    return [one.entry for one in found if one is not None]


def _asked(subject: Subject, name: str) -> tuple[str | bool | int | float, str] | None:
    """The last known answer to an item of a lasting form, and its entry."""
    for said in subject.person.book.characteristics.values():
        if said.name == name:
            found = subject.person.last_known(said.form, said.name)
            if found is not None:
                return found.values[name], found.entry
    return None
