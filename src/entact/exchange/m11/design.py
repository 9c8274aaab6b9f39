"""Sections 4 to 7: design, population, intervention, and how people stop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from entact.exchange.m11.text import Block, Line, Words, lines, table, words
from entact.protocol.release import Release
from entact.protocol.study import Visit
from entact.protocol.words.design import Design
from entact.protocol.words.label import begun, spaced
from entact.protocol.words.passage import Passage, listed
from entact.protocol.words.safety import Safety, act_words
from entact.protocol.words.time import duration_words

GIVING = ("initial_dose", "supplement", "next_session")  # gates that are asked before something is given
ASSIGNING = ("enrolment", "randomisation")


def design_sections(release: Release) -> dict[str, Iterable[Block]]:
    """Sections 4 to 7."""
    file, design, safety = release.file, Design(release), Safety(release)
    told = list(design.design())
    products = {begun(spaced(name)) for name in file.products}
    doses = list(design.doses())
    stopping = list(safety.stopping())
    stops, holds = stopping[: len(file.stopping)], stopping[len(file.stopping) :]
    supply = list(design.supply())
    kept = [one for one in supply if one.term == "Kept at"]
    planned = [
        Line(one.title or begun(spaced(name)), f"{one.planned} planned", one.assumption)
        for name, one in file.populations.items()
    ]
    return {
        "4.1": lines(one for one in told if not one.term.startswith("Consent: ")),
        "4.3": lines(holds),
        "5.1": [Line("Condition", str(file.condition)), *planned],
        "5.2": _numbered(design, "inclusion"),
        "5.3": _numbered(design, "exclusion"),
        "6.1": [*lines(one for one in doses if one.term in products), *_products(release)],
        "6.3": [
            Words(design.doses_intro()),
            *lines(one for one in doses if one.term not in products),
            *_gates(safety, GIVING),
        ],
        "6.6.2": lines(kept),
        "6.6.3": lines(one for one in supply if one not in kept),
        "6.7.1": _gates(safety, ASSIGNING),
        "6.7.2": lines(_randomised(release, told)),
        "6.7.3": lines(design.blinding()),
        "6.9.2": lines(one for one in safety.session() if one.term.startswith("Rescue: ")),
        "6.9.3": _therapy(release),
        "6.10.1": [*words(safety.washout_intro()), *lines(safety.washout())],
        "7.1.1": lines(stops),
    }


def _numbered(design: Design, kind: str) -> Iterator[Block]:
    """Criteria by number, and the rule with which the record compares each."""
    for number, one in enumerate(lines(design.criteria(kind)), start=1):
        yield Line(str(number), f"{one.term.rstrip('.')}. {one.text}".strip(), one.assumption)


def _products(release: Release) -> Iterator[Block]:
    """The table of interventions; what it has no words for is said to be missing."""
    rows = []
    for arm in release.file.arms.values():
        for product in release.file.products.values() if arm.drug == "given" else ():
            placebo = arm.role == "placebo"
            substance = f"{product.substance} {spaced(product.salt)}"
            rows.append(
                (
                    str(arm.title),
                    f"placebo, matching {substance}" if placebo else substance,
                    "none" if placebo else ", ".join(product.strengths),
                    "placebo" if placebo else "experimental" if arm.role == "experimental" else "comparator",
                )
            )
    yield from table(("Arm", "Intervention", "Strengths", "Use"), rows)
    if rows:
        yield Words("Dosage form, route and who supplies it are not stated in the study file.")


def _gates(safety: Safety, names: Iterable[str]) -> Iterator[Block]:
    for name in names:
        if name in safety.file.gates:
            yield from gate_lines(safety, name)


def gate_lines(safety: Safety, name: str) -> Iterator[Block]:
    """What is asked before an act, all of which has to hold and to be known."""
    asked = safety.asked_when(name)
    if asked is not None:
        yield from lines([asked])
    for one in lines(safety.requirements(name)):
        yield Line(act_words(name), one.text, one.assumption)


def _randomised(release: Release, told: list[Passage]) -> Iterator[Passage]:
    plan = release.file.randomisation
    terms = {"Randomisation", "Allocation"}
    if plan is not None and plan.unit is not None:
        terms.add(str(plan.unit.title or "Randomised together"))
    yield from (one for one in told if one.term in terms)


def _therapy(release: Release) -> Iterator[Block]:
    """Sessions without a dose: the therapy that goes with it."""
    kinds: dict[str, list[Visit]] = {}
    for visit in release.visits.values():
        if visit.kind in ("preparatory", "integration"):
            kinds.setdefault(visit.kind, []).append(visit)
    for kind, visits in kinds.items():
        lasting = listed(dict.fromkeys(duration_words(one.lasts) for one in visits if one.lasts is not None))
        each = f", {lasting} each" if lasting else ""
        yield Line(f"{begun(kind)} sessions", f"{len(visits)}{each}")
