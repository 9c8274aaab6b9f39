"""ADQS: what was asked and rated, with its baseline and its change, each with its row of SDTM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from entact.course.state.form import Answers
from entact.datasets import questionnaires
from entact.datasets.adam import efficacy
from entact.datasets.adam.dates import sas_date
from entact.datasets.sdtm.block import Block, Piece
from entact.datasets.sdtm.findings import Found
from entact.datasets.sdtm.homes import homes_of
from entact.datasets.sdtm.subject import Subject

_DOMAINS = ("QS", "RS")


def assessments(subject: Subject, found: Mapping[str, Found]) -> Block | None:
    """Each parameter of the frame `questionnaires` that has a row of SDTM: those of QS and RS."""
    homes = homes_of(subject.person.course.release).by_form
    numbers = {name: _numbers(found[name]) for name in _DOMAINS if name in found}
    estimands = efficacy.estimands_of(subject.person.book)
    parameters: list[dict[str, Any]] = []
    forms: list[dict[str, Any]] = []  # as filled in
    entries: list[tuple[str, ...]] = []
    places: dict[str, int] = {}  # of each form as filled in
    of_parameter: list[int] = []
    of_form: list[int] = []
    own: dict[str, list[Any]] = {name: [] for name in ("AVAL", "AVALC", "CHG", "ABLFL", "ANL01FL", "SRCSEQ")}
    for one in questionnaires.assessed(subject.person):
        parameter = one.parameter
        home = homes.get(parameter.form, {}).get(parameter.name)
        numbered = None if home is None else numbers.get(home.domain)
        if home is None or numbered is None:
            continue
        rows = []  # none of what was not asked, nor of a score that is not known
        for place, answers in enumerate(one.filled):
            number = numbered.get((answers.entry, parameter.name))
            if number is None:
                continue
            rows.append(place)
            own["SRCSEQ"].append(number)
            form = places.get(answers.entry)
            if form is None:
                form = places[answers.entry] = len(forms)
                forms.append(_of_form(subject, answers, one.rated[place], estimands))
                entries.append(subject.behind([answers.entry]))
            of_form.append(form)
        if not rows:
            continue
        of_parameter += [len(parameters)] * len(rows)
        parameters.append(
            {
                "PARAM": home.name,
                "PARAMCD": home.code,
                "PARCAT1": home.category,
                "BASE": one.base,
                "SRCDOM": home.domain,
                "SRCVAR": f"{home.domain}STRESN",
            }
        )
        filled, is_code = one.filled, parameter.kind == "code"
        own["AVAL"] += [one.values[row] for row in rows]
        own["AVALC"] += [filled[row].values.get(parameter.name) if is_code else None for row in rows]
        own["CHG"] += [one.changes[row] for row in rows]
        own["ABLFL"] += ["Y" if filled[row] is one.baseline else None for row in rows]
        own["ANL01FL"] += ["Y" if one.counts[row] else None for row in rows]
    if not of_form:
        return None
    by_form = np.array(of_form, np.uint32)
    pieces = Piece(parameters, np.array(of_parameter, np.uint32)), Piece(forms, by_form)
    return Block(len(of_form), pieces, own, entries, by_form)


def _numbers(found: Found) -> dict[tuple[str, str], int]:
    """--SEQ of each entry and item that has a row."""
    entries, items = [one.entry for one in found.filled], [one.item for one in found.tests]
    return {
        (entries[form], items[test]): number
        for number, form, test in zip(
            found.sequence, found.of_form.tolist(), found.of_test.tolist(), strict=True
        )
    }


def _of_form(
    subject: Subject, answers: Answers, rated: questionnaires.Rated, estimands: tuple[str, ...]
) -> dict[str, Any]:
    """What is the same of all parameters of a form as filled in."""
    encounter = subject.person.course.encounters.get(answers.encounter or "")
    counting = [one for one in estimands if subject.person.counts(one, answers.at)]
    return {
        "AVISIT": rated.visit.replace("_", " ").upper() or None,
        "AVISITN": rated.number,
        "ADT": sas_date(rated.day),
        "ADY": rated.study_day,
        "ONTRTFL": "Y" if rated.on_treatment else None,
        **efficacy.windows_of(subject.person, encounter),
        "ESTIMAND": " ".join(counting) or None,
    }
