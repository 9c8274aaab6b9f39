"""ADVS, ADLB and ADEG: what was measured, with its baseline and its change, from the rows of SDTM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from entact.course.state.encounter import visit_of
from entact.datasets.adam.dates import sas_date, sas_datetime
from entact.datasets.sdtm.row import Row
from entact.datasets.sdtm.subject import Subject

OF_DOMAIN: Final = {"VS": "ADVS", "LB": "ADLB", "EG": "ADEG"}
IN_SESSION: Final = "LAST BEFORE THE DOSE OF THE SESSION"
BEFORE_FIRST: Final = "LAST BEFORE THE FIRST DOSE"


@dataclass
class _Reading:
    """A known result: its row of SDTM, the planned visit, and minutes since the dose of the session."""

    row: Row
    visit: str
    minutes: float | None
    is_in_session: bool
    group: tuple[str, ...]

    @property
    def value(self) -> float | None:
        value: float | None = self.row[f"{self.row.domain}STRESN"]
        return value


def readings(subject: Subject, rows: Iterable[Row], domain: str) -> Iterator[tuple[dict[str, Any], Row]]:
    """The known results of a domain, each with its row of SDTM.

    A vital sign of a session with a dose is compared with the last one before that dose, and ANL01FL marks
    the greatest after it; whatever else with the last one before the first dose, and ANL01FL marks the last
    of a visit.
    """
    found = [_reading(subject, row) for row in rows if row.domain == domain and row.at is not None]
    first = subject.person.treated_from
    bases: dict[tuple[str, ...], _Reading] = {}
    counted: dict[tuple[str, ...], _Reading] = {}
    for one in sorted(found, key=lambda one: one.row.at):  # type: ignore[arg-type, return-value]
        before = one.minutes is not None and one.minutes <= 0
        if not one.is_in_session:
            before = first is None or one.row.at <= first  # type: ignore[operator]
        if before:
            bases[one.group] = one
        key = (*one.group, one.visit)
        known = counted.get(key)
        greater = known is None or (one.value or 0.0) > (known.value or 0.0)
        if not one.is_in_session or (not before and greater):
            counted[key] = one
    for one in found:
        base = bases.get(one.group)
        later = base is not None and one.row.at > base.row.at  # type: ignore[operator]
        number, compared = one.value, None if base is None else base.value
        change = number - compared if later and number is not None and compared is not None else None
        yield (
            {
                **_said(subject, one, domain),
                "BASE": compared,
                "CHG": change,
                "ABLFL": "Y" if base is one and first is not None else None,
                "ANL01FL": "Y" if counted.get((*one.group, one.visit)) is one else None,
            },
            one.row,
        )


def _reading(subject: Subject, row: Row) -> _Reading:
    encounter = subject.encounter_of(str(row[f"{row.domain}SPID"]).partition(".")[0])
    assert row.at is not None
    minutes = subject.person.minutes_since_dose(encounter, row.at)
    visit, test = visit_of(encounter), _parameter(row)[0]
    is_in_session = row.domain == "VS" and minutes is not None
    return _Reading(row, visit, minutes, is_in_session, (test, visit) if is_in_session else (test,))


def _parameter(row: Row) -> tuple[str, str]:
    """Code and name of a parameter: what was read standing is another than what was read lying."""
    code, name = str(row[f"{row.domain}TESTCD"]), str(row[f"{row.domain}TEST"])
    position = row[f"{row.domain}POS"]
    return (code, name) if position is None else (f"{code[:5]}{position[:3]}", f"{name} ({position})")


def _said(subject: Subject, one: _Reading, domain: str) -> dict[str, Any]:
    row = one.row
    planned = subject.person.book.visits.get(one.visit)
    code, name = _parameter(row)
    assert row.at is not None
    return {
        "PARAM": name,
        "PARAMCD": code,
        "PARCAT1": row[f"{domain}CAT"],
        "AVISIT": one.visit.replace("_", " ").upper() or None,
        "AVISITN": planned.number if planned is not None else None,
        "ADT": sas_date(subject.person.day(row.at)),
        "ADY": subject.day(row.at),
        "ADTM": sas_datetime(subject.local(row.at)),
        "ATPT": row[f"{domain}TPT"],
        "ATPTN": row[f"{domain}TPTNUM"],
        "ARELTM": one.minutes,
        "AVAL": one.value,
        "AVALC": row[f"{domain}STRESC"] if one.value is None else None,
        "AVALU": row[f"{domain}STRESU"],
        "BASETYPE": IN_SESSION if one.is_in_session else BEFORE_FIRST,
        "ONTRTFL": "Y" if subject.person.on_treatment(row.at) else None,
        "SRCDOM": domain,
        "SRCVAR": f"{domain}STRESN" if one.value is not None else f"{domain}STRESC",
        "SRCSEQ": row[f"{domain}SEQ"],
    }
