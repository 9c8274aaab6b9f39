"""ADVS, ADLB and ADEG: what was measured, with its baseline and its change, from the rows of SDTM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from entact.course.state.encounter import visit_of
from entact.datasets.adam.dates import sas_date, sas_datetime
from entact.datasets.sdtm.row import Row
from entact.datasets.sdtm.subject import Subject

OF_DOMAIN: Final = {"VS": "ADVS", "LB": "ADLB", "EG": "ADEG"}
IN_SESSION: Final = "LAST BEFORE THE DOSE OF THE SESSION"
BEFORE_FIRST: Final = "LAST BEFORE THE FIRST DOSE"


@dataclass(slots=True)
class _Reading:
    """A known result: its row of SDTM, when, the planned visit, minutes since the dose of the session."""

    row: Row
    at: datetime
    visit: str
    minutes: float | None
    is_in_session: bool
    code: str
    title: str
    value: float | None

    @property
    def group(self) -> tuple[str, ...]:
        """Those with which it is compared."""
        return (self.code, self.visit) if self.is_in_session else (self.code,)


def readings(subject: Subject, rows: Iterable[Row], domain: str) -> Iterator[tuple[dict[str, Any], Row]]:
    """The known results of a domain, each with its row of SDTM.

    A vital sign of a session with a dose is compared with the last one before that dose, and ANL01FL marks
    the greatest after it; whatever else with the last one before the first dose, and ANL01FL marks the last
    of a visit.
    """
    found = [_reading(subject, row, row.at) for row in rows if row.domain == domain and row.at is not None]
    first = subject.person.treated_from
    bases: dict[tuple[str, ...], _Reading] = {}
    counted: dict[tuple[str, ...], _Reading] = {}
    for one in sorted(found, key=lambda one: one.at):
        before = one.minutes is not None and one.minutes <= 0
        if not one.is_in_session:
            before = first is None or one.at <= first
        if before:
            bases[one.group] = one
        key = (*one.group, one.visit)
        known = counted.get(key)
        greater = known is None or (one.value or 0.0) > (known.value or 0.0)
        if not one.is_in_session or (not before and greater):
            counted[key] = one
    shared: dict[tuple[datetime, str], dict[str, Any]] = {}  # of each time at a visit
    for one in found:
        base = bases.get(one.group)
        number, compared = one.value, None if base is None else base.value
        later = base is not None and number is not None and compared is not None and one.at > base.at
        when = one.at, one.visit
        if when not in shared:
            shared[when] = _when(subject, one)
        said = one.row.values
        yield (
            {
                **shared[when],
                "PARAM": one.title,
                "PARAMCD": one.code,
                "PARCAT1": said.get(f"{domain}CAT"),
                "ATPT": said.get(f"{domain}TPT"),
                "ATPTN": said.get(f"{domain}TPTNUM"),
                "ARELTM": one.minutes,
                "AVAL": number,
                "AVALC": said.get(f"{domain}STRESC") if number is None else None,
                "AVALU": said.get(f"{domain}STRESU"),
                "BASETYPE": IN_SESSION if one.is_in_session else BEFORE_FIRST,
                "SRCDOM": domain,
                "SRCVAR": f"{domain}STRESN" if number is not None else f"{domain}STRESC",
                "SRCSEQ": said[f"{domain}SEQ"],
                "BASE": compared,
                "CHG": number - compared if later else None,  # type: ignore[operator]
                "ABLFL": "Y" if base is one and first is not None else None,
                "ANL01FL": "Y" if counted.get((*one.group, one.visit)) is one else None,
            },
            one.row,
        )


def _reading(subject: Subject, row: Row, at: datetime) -> _Reading:
    domain, said = row.domain, row.values
    encounter = subject.encounter_of(str(said[f"{domain}SPID"]).partition(".")[0])
    minutes = subject.person.minutes_since_dose(encounter, at)
    code, title = _parameter(row)
    value: Any = said.get(f"{domain}STRESN")
    is_in_session = domain == "VS" and minutes is not None
    return _Reading(row, at, visit_of(encounter), minutes, is_in_session, code, title, value)


def _parameter(row: Row) -> tuple[str, str]:
    """Code and name of a parameter: what was read standing is another than what was read lying."""
    code, name = str(row[f"{row.domain}TESTCD"]), str(row[f"{row.domain}TEST"])
    position = row[f"{row.domain}POS"]
    return (code, name) if position is None else (f"{code[:5]}{position[:3]}", f"{name} ({position})")


def _when(subject: Subject, one: _Reading) -> dict[str, Any]:
    planned = subject.person.book.visits.get(one.visit)
    return {
        "AVISIT": one.visit.replace("_", " ").upper() or None,
        "AVISITN": planned.number if planned is not None else None,
        "ADT": sas_date(subject.person.day(one.at)),
        "ADY": subject.day(one.at),
        "ADTM": sas_datetime(subject.local(one.at)),
        "ONTRTFL": "Y" if subject.person.on_treatment(one.at) else None,
    }
