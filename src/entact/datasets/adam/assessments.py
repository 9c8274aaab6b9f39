"""ADQS: what was asked and rated, with its baseline and its change, each with its row of SDTM."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from entact.course.state.form import Answers
from entact.datasets import questionnaires
from entact.datasets.adam import efficacy
from entact.datasets.adam.dates import sas_date
from entact.datasets.sdtm.block import Block, Piece
from entact.datasets.sdtm.findings import Found
from entact.datasets.sdtm.homes import homes_of
from entact.datasets.sdtm.row import calculated
from entact.datasets.sdtm.subject import Subject

_DOMAINS = ("QS", "RS")


def assessments(subject: Subject, found: Mapping[str, Found]) -> Block | None:
    """Each parameter of the frame `questionnaires` that has a row of SDTM: those of QS and RS."""
    person = subject.person
    homes = homes_of(person.course.release).by_form
    estimands = efficacy.estimands_of(person.book)
    names = {one.name for one in person.book.parameters.values()}
    numbers = {domain: _numbers(found[domain], names) for domain in _DOMAINS if domain in found}
    parameters: list[dict[str, Any]] = []
    forms: list[dict[str, Any]] = []  # as filled in
    entries: list[tuple[str, ...]] = []
    heights: list[int] = []
    of_form: list[int] = []
    own: dict[str, list[Any]] = {name: [] for name in ("AVAL", "AVALC", "CHG", "ABLFL", "ANL01FL", "SRCSEQ")}
    filled: list[Answers] = []
    first = 0  # of the forms that the parameters of one form share
    for one in questionnaires.assessed(person):
        parameter = one.parameter
        home = homes.get(parameter.form, {}).get(parameter.name)
        numbered = None if home is None else numbers.get(home.domain, {}).get(parameter.name)
        if home is None or numbered is None:
            continue
        if one.filled is not filled:
            filled, first = one.filled, len(forms)
            forms += [
                _of_form(subject, answers, rated, estimands)
                for answers, rated in zip(filled, one.rated, strict=True)
            ]
            entries += [subject.behind([answers.entry]) for answers in filled]
        every = [numbered.get(answers.entry) for answers in filled]
        rows = [row for row, number in enumerate(every) if number is not None]
        if not rows:
            continue  # it was never asked, or never known
        parameters.append(
            {
                "PARAM": home.name,
                "PARAMCD": home.code,
                "PARCAT1": home.category,
                "BASE": None if one.base is None else calculated(one.base),
                "SRCDOM": home.domain,
                "SRCVAR": f"{home.domain}STRESN",
            }
        )
        heights.append(len(rows))
        of_form += [first + row for row in rows]
        base, is_code, name = one.baseline, parameter.kind == "code", parameter.name
        for variable, values in (
            ("AVAL", [None if said is None else calculated(said) for said in one.values]),
            ("AVALC", [answers.values.get(name) for answers in filled] if is_code else [None] * len(filled)),
            ("CHG", [None if said is None else calculated(said) for said in one.changes]),
            ("ABLFL", ["Y" if answers is base else None for answers in filled]),
            ("ANL01FL", ["Y" if counts else None for counts in one.counts]),
            ("SRCSEQ", every),
        ):
            own[variable] += values if len(rows) == len(filled) else [values[row] for row in rows]
    if not of_form:
        return None
    by_form = np.array(of_form, np.uint32)
    of_parameter = np.repeat(np.arange(len(parameters), dtype=np.uint32), heights)
    pieces = Piece(parameters, of_parameter), Piece(forms, by_form)
    return Block(len(of_form), pieces, own, entries, by_form)


def _numbers(found: Found, names: Set[str]) -> dict[str, dict[str, int]]:
    """By item, of those that are asked for, --SEQ of each entry that has a row."""
    entries = [one.entry for one in found.filled]
    by_item: dict[str, dict[str, int]] = {}
    places = [by_item.setdefault(one.item, {}) if one.item in names else None for one in found.tests]
    for number, form, test in zip(
        found.sequence, found.of_form.tolist(), found.of_test.tolist(), strict=True
    ):
        place = places[test]
        if place is not None:
            place[entries[form]] = number
    return by_item


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
