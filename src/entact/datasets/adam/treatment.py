"""ADEX, ADCM and ADBLIND: doses, medicines beside them, and what people guessed that they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from entact.course.entry.dates import ClinicalDate, read_date
from entact.datasets import sessions
from entact.datasets.adam.dates import flag, sas_date
from entact.datasets.sdtm.row import Row
from entact.datasets.sdtm.subject import Subject

EACH, WHOLE = "EACH DOSE", "WHOLE STUDY"
CORRECT: Final = "Guess is the Arm"
_GUESSERS: Final = {"participant": "GUESSPAT", "therapist": "GUESSTHE", "rater": "GUESSRAT"}
By = Mapping[tuple[str, Any], Row]  # domain and --SPID -> row of SDTM


def exposure(subject: Subject, rows: By) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Units of each dose part, and where arms are opened its amount; the sums; sessions with a dose."""
    person = subject.person
    used = [one for one in person.course.doses if person.may_use(one.at)]
    sums: dict[str, list[tuple[float | None, str | None, tuple[str, ...]]]] = {}
    for one in used:
        planned = person.book.visits.get(one.session)
        collected, given = rows.get(("EC", one.entry)), rows.get(("EX", one.entry))
        shared = {
            "PARCAT1": EACH,
            "AVISIT": one.session.replace("_", " ").upper() or None,
            "AVISITN": planned.number if planned is not None else None,
            "ADT": sas_date(person.day(one.at)),
            "ADY": subject.day(one.at),
            "ARELTM": person.minutes_since_dose(one.encounter, one.at),
            "EXPART": one.part.upper(),
            "EXLEVEL": one.level.upper(),
        }
        for code, name, row, value in (
            ("UNITS", "Units Taken", collected, float(one.taken)),
            ("AMOUNT", "Amount Taken", given, None if given is None else given["EXDOSE"]),
        ):
            if row is None:
                continue
            unit = row[f"{row.domain}DOSU"]
            source = {
                "SRCDOM": row.domain,
                "SRCVAR": f"{row.domain}DOSE",
                "SRCSEQ": row[f"{row.domain}SEQ"],
            }
            yield (
                {"PARAMCD": code, "PARAM": name, **shared, "AVAL": value, "AVALU": unit, **source},
                row.entries,
            )
            sums.setdefault(code, []).append((value, unit, row.entries))
    for code, parts in sums.items():
        values = [value for value, _, _ in parts if value is not None]
        whole = sum(values) if len(values) == len(parts) else None
        entries = tuple(dict.fromkeys(entry for _, _, behind in parts for entry in behind))
        unit = next((unit for _, unit, _ in parts if unit is not None), None)
        name = {"UNITS": "Total Units Taken", "AMOUNT": "Total Amount Taken"}[code]
        yield (
            {"PARAMCD": f"T{code}"[:8], "PARAM": name, "PARCAT1": WHOLE, "AVAL": whole, "AVALU": unit},
            entries,
        )
    if used:
        entries = tuple(one.entry for one in used if one.part == "initial" and one.is_taken)
        yield (
            {
                "PARAMCD": "SESSIONS",
                "PARAM": "Sessions with a Dose",
                "PARCAT1": WHOLE,
                "AVAL": float(len(person.first_doses)),
            },
            subject.behind(entries),
        )


def medicines(subject: Subject, rows: By) -> Iterator[tuple[dict[str, Any], Row]]:
    """Each medicine with whether it was begun before the first dose, and taken between first and last."""
    person = subject.person
    for one in person.course.medication.values():
        row = rows.get(("CM", one.entry))
        if row is None:
            continue
        began, ended = read_date(one.started), read_date(one.stopped)
        on = _exact(began)
        yield (
            {
                **{name: row[name] for name in ("CMSEQ", "CMTRT", "CMCAT", "CMCLAS")},
                "ASTDT": sas_date(on),
                "ASTDY": person.study_day(on),
                "AENDT": sas_date(_exact(ended)),
                "AENDY": person.study_day(_exact(ended)),
                "PREFL": flag(_before(began, person.day(person.treated_from))),
                "ONTRTFL": flag(_during(subject, began, ended, ongoing=one.stopped is None)),
            },
            row,
        )


def guesses(subject: Subject) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Each guess of the arm and whether it is right; none in a blinded export."""
    if subject.blinded:
        return
    arms = subject.person.book.arms
    for entry, derived in sessions.sourced_guesses(subject.person):
        values = dict(zip(sessions.GUESSES, derived, strict=True))
        visit, guess = values["AVISIT"], values["GUESS"]
        yield (
            {
                "PARAM": f"Guess of the Treatment by the {values['GUESSER'].capitalize()}",
                "PARAMCD": _GUESSERS.get(values["GUESSER"], f"G{values['GUESSER'].upper()}"[:8]),
                "AVISIT": None if visit is None else visit.replace("_", " ").upper(),
                "AVISITN": values["AVISITN"],
                "ADT": sas_date(values["ADT"]),
                "ADY": subject.person.study_day(values["ADT"]),
                "AVALC": arms.get(guess, guess),
                "CONFID": values["CONFID"],
                "CRIT1": CORRECT if subject.arm is not None else None,
                "CRIT1FL": flag(guess == subject.arm) if subject.arm is not None else None,
                "ANL01FL": "Y" if values["ANL01FL"] else None,
            },
            subject.behind([entry]),
        )


def _exact(found: ClinicalDate | None) -> date | None:
    return found.latest if found is not None and found.exact else None


def _before(began: ClinicalDate | None, first: date | None) -> bool | None:
    """Whether it began on a day before; None where that is not known."""
    if began is None or first is None:
        return None
    if began.latest < first:
        return True
    return False if began.earliest >= first else None


def _during(
    subject: Subject, began: ClinicalDate | None, ended: ClinicalDate | None, *, ongoing: bool
) -> bool | None:
    """Whether it was taken on a day from the first dose to the last; None where that is not known."""
    first = subject.person.day(subject.person.treated_from)
    last = subject.person.day(subject.treated_until)
    if first is None or last is None:
        return None
    if (ended is not None and ended.latest < first) or (began is not None and began.earliest > last):
        return None if subject.person.is_cut and (began is None or began.earliest > last) else False
    surely_begun = began is not None and began.latest <= last
    surely_until = ongoing or (ended is not None and ended.earliest >= first)
    return True if surely_begun and surely_until else None
