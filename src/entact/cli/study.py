"""`entact check`: what is wrong with a study file, and what it assumes."""

from __future__ import annotations

import dataclasses
from typing import Any

from rich.console import Console
from rich.text import Text

from entact.protocol import (
    Problem,
    StudyError,
    assumptions,
    bars_from_production,
    load_study,
    located,
    warnings,
)


def find_problems(name: str) -> list[dict[str, Any]]:
    """Every problem for which a study file cannot be used, with its place; none when it can."""
    try:
        load_study(name)
    except StudyError as error:
        return [dataclasses.asdict(problem) for problem in error.problems]
    return []


def check_study(name: str) -> dict[str, Any]:
    """What a study file holds and assumes.

    Raises:
        StudyError: with every problem, when it cannot be used.
    """
    from entact.datasets.sdtm import wrong_terms

    study = load_study(name)
    release = study.newest
    warned = [*warnings(name), *located(name, wrong_terms(release))]
    return {
        "study": study.name,
        "title": release.file.title,
        "release": release.id,
        "releases": [one.file.release for one in study.releases],
        "visits": len(release.visits),
        "forms": len(release.forms),
        "criteria": len(release.criteria),
        "gates": len(release.gates),
        "alerts": len(release.alerts),
        "warnings": [dataclasses.asdict(problem) for problem in warned],
        "assumptions": [{"field": field, "assumption": text} for field, text in assumptions(release)],
        "not_fit_for_production": [str(problem) for problem in bars_from_production(release)],
    }


def print_check(result: dict[str, Any]) -> None:
    """The result in words."""
    console = Console(highlight=False)
    console.print(Text.assemble((result["study"], "bold"), f" · {result['title']}"))
    console.print(f"release {result['release']}", soft_wrap=True)
    if len(result["releases"]) > 1:
        console.print(f"releases {', '.join(result['releases'])}; counted is the newest")
    counts = (f"{result[name]} {name}" for name in ("visits", "forms", "criteria", "gates", "alerts"))
    console.print(", ".join(counts))
    console.print("[green]no problem found[/]")
    for said in result["warnings"]:
        console.print(Text.assemble(("warning ", "yellow"), str(Problem(**said))), soft_wrap=True)
    assumed, barred = len(result["assumptions"]), len(result["not_fit_for_production"])
    if assumed:
        console.print(f"{assumed} assumptions{_of_instruments(result)} (--json lists them)")
    if barred:
        console.print(
            f"[yellow]not fit for production[/]: {barred} gates, alerts, doses or stops are still assumptions"
        )


def _of_instruments(result: dict[str, Any]) -> str:
    """How many of the assumptions are of instruments that come with entact, and not of this study."""
    own = [one for one in result["assumptions"] if not one["field"].startswith("instruments.")]
    of_instruments = len(result["assumptions"]) - len(own)
    if not of_instruments:
        return ""
    return f", {'all' if not own else of_instruments} of them of its instruments"
