"""ADVS, ADLB and ADEG: what was measured, with its baseline and its change, from the rows of SDTM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np

from entact.course.state.encounter import visit_of
from entact.datasets.adam.dates import sas_date, sas_datetime
from entact.datasets.sdtm.asked import Test
from entact.datasets.sdtm.block import Block, Piece
from entact.datasets.sdtm.findings import Found
from entact.datasets.sdtm.row import calculated
from entact.datasets.sdtm.subject import Subject

OF_DOMAIN: Final = {"VS": "ADVS", "LB": "ADLB", "EG": "ADEG"}
IN_SESSION: Final = "LAST BEFORE THE DOSE OF THE SESSION"
BEFORE_FIRST: Final = "LAST BEFORE THE FIRST DOSE"


@dataclass(frozen=True, slots=True)
class _Filled:
    """A form as filled in: when, at which planned visit, whether before the dose, and what all its rows say.

    Attributes:
        is_in_session: whether its readings are compared within the session. is_before: whether it was filled
            in before the dose that they are relative to.
    """

    at: datetime
    visit: str
    is_in_session: bool
    is_before: bool
    said: dict[str, Any]


class _Reading(NamedTuple):
    """A known result: its row in the domain, its form and value, and those with which it is compared."""

    row: int
    form: _Filled
    value: float | None
    group: tuple[str, ...]


def readings(subject: Subject, found: Found) -> Block | None:
    """The known results of a domain, each with its row of SDTM.

    A vital sign of a session with a dose is compared with the last one before that dose, and ANL01FL marks
    the greatest after it; whatever else with the last one before the first dose, and ANL01FL marks the last
    of a visit.
    """
    forms = [_filled(subject, found, place) for place in range(len(found.filled))]
    tests = [_parameter(one) for one in found.tests]
    rows = _known(found, forms, [one["PARAMCD"] for one in tests])
    if not rows:
        return None
    bases: dict[tuple[str, ...], _Reading] = {}
    counted: dict[tuple[str, ...], _Reading] = {}
    for one in sorted(rows, key=lambda one: one.form.at):
        form = one.form
        if form.is_before and not (subject.person.may_be_rated_again and not form.is_in_session):
            bases[one.group] = one
        key = (*one.group, form.visit)
        if form.is_in_session:
            best = counted.get(key)
            if form.is_before or (best is not None and (one.value or 0.0) <= (best.value or 0.0)):
                continue
        counted[key] = one
    first = subject.person.treated_from
    own: dict[str, list[Any]] = {name: [] for name in ("BASE", "CHG", "ABLFL", "ANL01FL", "SRCSEQ")}
    for one in rows:
        base = bases.get(one.group)
        number, compared = one.value, None if base is None else base.value
        own["BASE"].append(compared)
        if base is None or number is None or compared is None or one.form.at <= base.form.at:
            own["CHG"].append(None)
        else:
            own["CHG"].append(calculated(number - compared))
        own["ABLFL"].append("Y" if base is one and first is not None else None)
        own["ANL01FL"].append("Y" if counted.get((*one.group, one.form.visit)) is one else None)
        own["SRCSEQ"].append(found.sequence[one.row])
    chosen = [one.row for one in rows]
    of_form, of_test = found.of_form[chosen], found.of_test[chosen]
    used, of_result = np.unique(found.of_result[chosen], return_inverse=True)
    results = [_result(found.domain, found.results[place]) for place in used.tolist()]
    pieces = (
        Piece([one.said for one in forms], of_form),
        Piece(tests, of_test),
        Piece(results, of_result.astype(np.uint32)),
    )
    return Block(len(rows), pieces, own, found.block.entries, of_form)


def _known(found: Found, forms: list[_Filled], codes: list[str]) -> list[_Reading]:
    """The results that were known when they were observed, in the order of their rows."""
    known, numeric = f"{found.domain}STRESC", f"{found.domain}STRESN"
    rows = []
    places = zip(found.of_form.tolist(), found.of_test.tolist(), found.of_result.tolist(), strict=True)
    for row, (place, test, result) in enumerate(places):
        said = found.results[result]
        if known in said:
            form, value, code = forms[place], said.get(numeric), codes[test]
            group = (code, form.visit) if form.is_in_session else (code,)
            rows.append(_Reading(row, form, value, group))
    return rows


def _filled(subject: Subject, found: Found, place: int) -> _Filled:
    domain, answers, said = found.domain, found.filled[place], found.said[place]
    at, first = answers.at, subject.person.treated_from
    encounter = subject.encounter_of(answers.entry)
    visit, minutes = visit_of(encounter), subject.person.minutes_since_dose(encounter, at)
    planned = subject.person.book.visits.get(visit)
    is_in_session = domain == "VS" and minutes is not None
    if is_in_session:
        is_before = minutes is not None and minutes <= 0
    else:
        is_before = first is None or at <= first
    return _Filled(
        at,
        visit,
        is_in_session,
        is_before,
        {
            "AVISIT": visit.replace("_", " ").upper() or None,
            "AVISITN": planned.number if planned is not None else None,
            "ADT": sas_date(subject.person.day(at)),
            "ADY": subject.day(at),
            "ADTM": sas_datetime(subject.local(at)),
            "ONTRTFL": "Y" if subject.person.on_treatment(at) else None,
            "ATPT": said.get(f"{domain}TPT"),
            "ATPTN": said.get(f"{domain}TPTNUM"),
            "ARELTM": minutes,
            "BASETYPE": IN_SESSION if is_in_session else BEFORE_FIRST,
            "SRCDOM": domain,
        },
    )


def _parameter(test: Test) -> dict[str, Any]:
    """What a parameter is called: what was read standing is another than what was read lying."""
    domain, said = test.home.domain, test.said
    code, name = str(said[f"{domain}TESTCD"]), str(said[f"{domain}TEST"])
    position = said.get(f"{domain}POS")
    if position is not None:
        code, name = f"{code[:5]}{str(position)[:3]}", f"{name} ({position})"
    return {"PARAM": name, "PARAMCD": code, "PARCAT1": said.get(f"{domain}CAT")}


def _result(domain: str, said: Mapping[str, Any]) -> dict[str, Any]:
    number = said.get(f"{domain}STRESN")
    return {
        "AVAL": number,
        "AVALC": said.get(f"{domain}STRESC") if number is None else None,
        "AVALU": said.get(f"{domain}STRESU"),
        "SRCVAR": f"{domain}STRESN" if number is not None else f"{domain}STRESC",
    }
