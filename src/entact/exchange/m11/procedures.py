"""Sections 8 and 9: what is assessed, and adverse events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from entact.datasets.sdtm.homes import homes_of
from entact.exchange.m11.design import ASSIGNING, GIVING, gate_lines
from entact.exchange.m11.text import Block, lines, table, words
from entact.protocol.release import Release
from entact.protocol.rules import forms_at
from entact.protocol.words.form import Forms
from entact.protocol.words.safety import Safety

_SECTIONS: Final = {"PE": "8.4.1", "VS": "8.4.2", "EG": "8.4.3", "LB": "8.4.4"}
_PREGNANCY: Final = "HCG"  # the test's code in CDISC's terminology
_SUICIDALITY: Final = "c_ssrs"


def place_of(release: Release, name: str) -> str:
    """The section in which a form stands: by where its items go, and what an endpoint is made of."""
    form, homes = release.forms[name], homes_of(release).by_form.get(name, {})
    domains = [home.domain for home in homes.values() if home.domain in _SECTIONS]
    if any(home.code == _PREGNANCY for home in homes.values()):
        return "8.4.5"
    if form.instrument is not None and form.instrument.name.startswith(_SUICIDALITY):
        return "8.4.6"
    if any(f"{name}." in said.rule for said in release.file.endpoints.values()):
        return "8.3"
    if form.lasting:
        return "8.2"
    if domains:
        return _SECTIONS[domains[0]]
    if form.form.data_class == "safety":
        return "8.4"
    return "8.1" if _after_a_dose(release, name) else "8.2"


def _after_a_dose(release: Release, name: str) -> bool:
    """Whether a form is filled at a session with a dose, or later."""
    dosed = False
    for visit in release.visits.values():
        dosed = dosed or visit.kind == "dosing"
        if dosed and name in forms_at(visit, release.forms):
            return True
    return False


def procedure_sections(release: Release) -> dict[str, Iterable[Block]]:
    """Sections 8 and 9."""
    safety, forms = Safety(release), Forms(release)
    found: dict[str, list[Block]] = {"8.1": [*words(forms.intro())], "8.4": []}
    for form in forms.all():
        found.setdefault(place_of(release, form.name), []).extend(lines(forms.lines_of(form)))
    for name in release.file.gates:
        if name not in (*GIVING, *ASSIGNING):
            found["8.4"].extend(gate_lines(safety, name))
    found["8.4"].extend(lines(safety.alerts()))
    found["8.4"].extend(lines(one for one in safety.session() if not one.term.startswith("Rescue: ")))
    told, laws = list(lines(safety.events())), list(_laws(release))
    interest = [one for one in told if one.term.startswith("Of special interest: ")]
    reports = list(lines(safety.reports()))
    return {
        **found,
        "9.1.1": [*words(safety.events_intro()), *_terms(release)],
        "9.2.2": [one for one in told if one not in interest],
        "9.2.3": [one for one, law in zip(reports, laws, strict=True) if law is None],
        "9.2.3.1": [one for one, law in zip(reports, laws, strict=True) if law is not None],
        "9.2.4": interest,
    }


def _laws(release: Release) -> Iterator[str | None]:
    """Of each report, the law that asks for it."""
    yield from (one.jurisdiction for one in release.file.reports.values())
    yield from (one.jurisdiction for one in release.file.periodic_reports.values())


def _terms(release: Release) -> Iterator[Block]:
    """The study's own list of events; valence is recorded, and leaves none out."""
    yield from table(
        ("Term", "Valence", "Of special interest"),
        (
            (str(one.title), one.valence, one.special_interest or "")
            for one in release.file.adverse_events.terms.values()
        ),
    )
