"""A study in words: what a protocol committee reads, made of the study file alone and the same each time."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from entact.protocol.problem import Path, Problem, StudyError, unknown
from entact.protocol.release import Release, assumptions, canonical
from entact.protocol.study import Translated
from entact.protocol.study.text import words_in
from entact.protocol.words.design import Design
from entact.protocol.words.form import Forms
from entact.protocol.words.passage import Passage
from entact.protocol.words.plan import Plan
from entact.protocol.words.safety import Safety
from entact.protocol.words.schedule import Activities, activities


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the study in words; `intro` stands above its lines."""

    name: str
    title: str
    lines: tuple[Passage, ...]
    intro: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A release of a study in words.

    Attributes:
        facts: what it is, in short, as (what, value). sections: in the order of a protocol.
        assumptions: every one, as (field, what is assumed).
    """

    study: str
    title: str
    release: str
    version: str
    facts: tuple[tuple[str, str], ...]
    activities: Activities
    sections: tuple[Section, ...]
    assumptions: tuple[tuple[str, str], ...]


def account(release: Release, language: str | None = None) -> Account:
    """A release in words.

    Args:
        language: one of the study's, for its own texts; its main one where none is named. What entact itself
            says is English.
    Raises:
        StudyError: when the study has no texts in this language.
    """
    id = release.id
    release = _in(release, language)
    file = release.file
    design, safety, plan = Design(release), Safety(release), Plan(release)
    sections = (
        Section("amendment", "Amendment", tuple(design.amendment()), design.amendment_intro()),
        Section("design", "Design", tuple(design.design())),
        Section("doses", "Doses", tuple(design.doses()), design.doses_intro()),
        Section("inclusion", "Inclusion criteria", tuple(design.criteria("inclusion")), "All must be met."),
        Section("exclusion", "Exclusion criteria", tuple(design.criteria("exclusion")), "None may apply."),
        Section("washout", "Washout", tuple(safety.washout()), safety.washout_intro()),
        Section("forms", "Forms", tuple(Forms(release).lines()), Forms(release).intro()),
        Section("gates", "Gates", tuple(safety.gates()), _GATES),
        Section("alerts", "Alerts", tuple(safety.alerts()), _ALERTS),
        Section("session", "Dosing session", tuple(safety.session()), _SESSION),
        Section("stopping", "Stopping and holds", tuple(safety.stopping())),
        Section("events", "Adverse events", tuple(safety.events()), safety.events_intro()),
        Section("reports", "Safety reports", tuple(safety.reports()), _REPORTS),
        Section("supply", "Supply", tuple(design.supply())),
        Section("verification", "Source data verification", tuple(design.verification())),
        Section("blinding", "Blinding", tuple(design.blinding())),
        Section("endpoints", "Endpoints", tuple(plan.endpoints())),
        Section("plan", "Analysis plan", tuple(plan.plan())),
    )
    return Account(
        study=file.study,
        title=file.title,
        release=id,
        version=file.release,
        facts=tuple(design.facts()),
        activities=activities(release),
        sections=tuple(section for section in sections if section.lines),
        assumptions=tuple(assumptions(release)),
    )


def _in(release: Release, language: str | None) -> Release:
    """The release as if a language of it were its main one."""
    known = release.file.languages
    language = language or known[0]
    if language == known[0] and language.partition("-")[0] == "en":
        return release
    if language not in known:
        message = unknown("language", language, known)
        raise StudyError([Problem(release.file.study, 0, 0, "languages", message)])
    others = [one for one in known if one != language]
    data = {**copy.deepcopy(dict(release.data)), "languages": [language, *others]}
    for path, text in words_in(release.file):  # those in one language are in the study's own
        if not isinstance(text, Translated) and (holder := _holder(data, path)) is not None:
            holder[path[-1]] = {known[0]: text}
    return Release.from_text(canonical(data))


def _holder(data: Any, path: Path) -> Any:
    """What holds a text of the file; None where the file writes it more shortly."""
    for step in path[:-1]:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data if isinstance(data, dict | list) else None


_GATES = (
    "Asked before the act; it stays shut while anything below does not hold or is not known. Beyond these "
    "entact always asks for consent, signed eligibility, this person's kit in date, the interval and the "
    "number of doses."
)
_ALERTS = "Called as soon as the rule holds, and also when it cannot be evaluated."
_SESSION = "At hand in the console of the day, from its locked screen too, and on the printed pack."
_REPORTS = "Counted from when the site knows. Days are civil days, the day of knowledge not counting."
