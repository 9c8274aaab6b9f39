"""SU: what somebody takes beside the study, by items that the study file sends there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from entact.course.state.form import Answers
from entact.datasets.sdtm.homes import Home, homes_of, unit_in_cdisc
from entact.datasets.sdtm.results import MISSING
from entact.datasets.sdtm.row import Row, Value, text_of
from entact.datasets.sdtm.subject import Subject


def substances(subject: Subject) -> Iterator[Row]:
    """One row for each substance of a form as filled in: whether it is taken, how much, how it is put."""
    course = subject.person.course
    for form, filled in course.answers.items():
        homes = homes_of(course.release).elsewhere.get(form, {})
        asked: dict[str, dict[str, Home]] = {}
        for item, home in homes.items():
            if home.domain == "SU":
                asked.setdefault(home.name, {})[item] = home
        for answers in filled if asked else ():
            if answers.status != "done" or not subject.person.may_use(answers.at):
                continue
            for name, items in asked.items():
                said = _said(answers, items)
                if said:
                    yield _row(subject, answers, name, items, said)


def _row(
    subject: Subject, answers: Answers, name: str, items: dict[str, Home], said: dict[str, Value]
) -> Row:
    category = next((home.category for home in items.values() if home.category), None)
    return subject.row(
        "SU",
        {
            "SUSPID": f"{answers.entry}.{next(iter(items))}",
            "SUTRT": name,
            "SUCAT": category,
            "SUPRESP": "Y" if {"SUOCCUR", "SUSTAT"} & said.keys() else None,  # whether it is taken was asked
            **said,
            **subject.visit(answers.encounter),
            "EPOCH": subject.epoch(answers.at),
            "SUDTC": subject.local(answers.at),
            "SUDY": subject.day(answers.at),
        },
        [answers.entry],
        answers.at,
    )


def _said(answers: Answers, items: dict[str, Home]) -> dict[str, Value]:
    """What was answered of a substance; why not, where nothing was; nothing where it was not asked."""
    said: dict[str, Value] = {}
    missing: Any = None
    for item, home in items.items():
        entered, value = answers.items.get(item), answers.values.get(item)
        if isinstance(entered, dict):
            missing = missing or entered.get("missing")
        elif isinstance(value, bool):
            said["SUOCCUR"] = home.term_of(value) or text_of(value)
        elif isinstance(value, int | float):
            said |= {"SUDOSE": float(value), "SUDOSU": unit_in_cdisc(home.unit) or None}
        elif value is not None:
            said["SUDOSTXT"] = home.term_of(value) or text_of(value)
    if not said and missing is not None:
        return {"SUSTAT": "NOT DONE", "SUREASND": MISSING.get(str(missing), "UNKNOWN")}
    return said
