"""Comparisons of a meta-analytic database become trials (how its rows are read: `comparisons`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from entact.analysis.meta import Counts
from entact.protocol.problem import Problem
from entact.synthesis.comparisons import (
    EVENTS,
    KINDS,
    MISSING,
    NUMBERS,
    REQUIRED,
    Comparison,
    DatabaseError,
    read_comparisons,
)
from entact.synthesis.trial import (
    BIAS,
    CONDITIONS,
    Arm,
    ArmEvents,
    ArmMeans,
    Judgement,
    Report,
    Result,
    Retraction,
    RiskOfBias,
    Sourced,
    Trial,
)

_DOMAINS: Final = {"msd": "severity", "change": "severity", "response": "response", "remission": "remission"}
_STANDARD: Final = frozenset(
    {*REQUIRED, "time", "study_time_point", "primary_instrument", "primary_timepoint", "post_crossover"}
    | {"d1", "d2", "d3", "d4", "d5", "rob", "diagnosis", "doi", "registration_number", "blinding"}
)
"""columns that are read; others are what is known of a trial"""
_JUDGEMENTS: Final[dict[str, Judgement]] = {
    "low": "low",
    "some concerns": "some concerns",
    "some": "some concerns",
    "high": "high",
}


def read_database(
    raw: bytes, file: str, *, condition: str | None = None, known: Sequence[Trial] = ()
) -> list[Trial]:
    """The trials in a database, with the results at their primary time on their primary instrument.

    Args:
        raw: bytes of the file. file: its name, for problems.
        condition: of all its trials, where the file does not say.
        known: trials in which retractions are looked up by DOI, for the format has no column for them.
    Raises:
        DatabaseError: with every fault of the file.
    """
    rows, problems = read_comparisons(raw, file)
    if condition is not None and condition not in CONDITIONS:
        problems.append(Problem(file, 0, 0, "", f"there is no condition {condition!r}"))
    if not problems:
        for row in rows:
            if condition is None and _condition(row, None) is None:
                said = row.text.get("diagnosis", "NA")
                message = f"{said!r} is no condition known here; name it with the command, or write one of: "
                problems.append(Problem(file, row.line, 0, "diagnosis", message + ", ".join(CONDITIONS)))
                break
    if problems:
        raise DatabaseError(problems)
    return _trials(rows, file, condition, known)


def _condition(row: Comparison, condition: str | None) -> str | None:
    if condition is not None:
        return condition
    name = _slug(row.text.get("diagnosis", ""))
    return name if name in CONDITIONS else None


def _trials(
    rows: Sequence[Comparison], file: str, condition: str | None, known: Sequence[Trial]
) -> list[Trial]:
    retracted = {
        report.doi: report.retracted
        for trial in known
        for report in trial.reports.values()
        if report.doi is not None and report.retracted is not None
    }
    grouped: dict[str, list[Comparison]] = {}
    for row in rows:
        grouped.setdefault(row.text["study"], []).append(row)
    found = [_trial(study, own, file, condition, retracted) for study, own in grouped.items()]
    return sorted(found, key=lambda trial: (trial.year, trial.title))


def _trial(
    study: str,
    rows: Sequence[Comparison],
    file: str,
    condition: str | None,
    retracted: Mapping[str, Retraction],
) -> Trial:
    first = rows[0]
    doi = first.text.get("doi", "NA")
    doi_or_none = doi if re.fullmatch(r"10\.\d{4,9}/\S+", doi) else None
    found = re.search(r"\b(19|20)\d\d\b", study)
    year = int(first.number.get("year", float(found[0]) if found else 1900))
    arms: dict[str, Arm] = {}
    results = [one for one in (_result(row, rows, file, arms) for row in rows) if one is not None]
    source = Sourced(source=doi_or_none or file, confidence="read-secondary")
    registry = first.text.get("registration_number", "NA")
    report = Report(citation=study, doi=doi_or_none, year=year, retracted=retracted.get(doi_or_none or ""))
    return Trial(
        trial=_slug(study) or "trial",
        title=study,
        condition=_condition(first, condition) or "ptsd",
        design="randomised",
        blinding="open-label" if first.text.get("blinding") == "open-label" else "not published here",
        registry=[] if registry in MISSING else [registry],
        facts=source,
        reports={"report": report},
        arms=arms,
        characteristics=_characteristics(rows),
        results=_together(results),
        risk_of_bias=_bias(first, file),
    )


def _characteristics(rows: Sequence[Comparison]) -> dict[str, str | float]:
    """What columns of one's own say of a trial: a number, or words; nothing where its rows differ."""
    found: dict[str, str | float] = {}
    for name in rows[0].text:
        said = {row.text[name] for row in rows} - MISSING
        key = _slug(name)
        if name in _STANDARD or name in NUMBERS or not key or len(said) != 1:
            continue
        text = said.pop()
        number = re.fullmatch(r"[-+]?\d+(?:[.,]\d+)?", text)
        found[key] = float(text.replace(",", ".")) if number else text
    return found


def _result(row: Comparison, rows: Sequence[Comparison], file: str, arms: dict[str, Arm]) -> Result | None:
    """A row as a result; None for what is not the primary one, or not of a kind that is pooled."""
    kind = row.text["outcome_type"]
    columns = KINDS.get(kind)
    if columns is None or any(name not in row.number for name in columns) or not _is_primary(row, rows):
        return None
    active = {(one.text["condition_arm1"], one.text["multi_arm1"]) for one in rows}
    if (row.text["condition_arm2"], row.text["multi_arm2"]) in active:
        return None  # two active arms against each other: their people are in other rows already
    names = []
    for number, role in ((1, "experimental"), (2, "control")):
        own, several = row.text[f"condition_arm{number}"], row.text[f"multi_arm{number}"]
        title = own if several in MISSING else f"{own} {several}"
        name = _slug(f"arm {title}") + ("_control" if role == "control" else "")
        arms.setdefault(name, Arm(title=title, role=role))  # type: ignore[arg-type]
        names.append(name)
    values = [row.number[name] for name in columns]
    weeks = row.number.get("time_weeks")
    shared: dict[str, Any] = {
        "domain": _DOMAINS[kind],
        "instrument": row.text["instrument"].upper(),
        "report": "report",
        "at": f"week {weeks:g}" if weeks is not None else row.text.get("time", "post"),
        "better": "higher" if columns is EVENTS else "lower",
        "source": f"{file}, line {row.line}",
        "confidence": "read-secondary",
    }
    if columns is EVENTS:
        told = [Counts(int(values[0]), int(values[1])), Counts(int(values[2]), int(values[3]))]
        counts = {name: ArmEvents(events=one.events, n=one.n) for name, one in zip(names, told, strict=True)}
        return Result(**shared, events=counts)
    means = {
        name: ArmMeans(n=int(part[0]), mean=part[1], sd=part[2])
        for name, part in zip(names, (values[:3], values[3:]), strict=True)
    }
    return Result(**shared, means=means) if kind == "msd" else Result(**shared, changes=means)


def _is_primary(row: Comparison, rows: Sequence[Comparison]) -> bool:
    """Primary instrument, before a crossover, at the primary time; where none is said, at the last one."""
    if row.flag("primary_instrument") is False or row.flag("post_crossover") is True:
        return False
    alike = [
        one
        for one in rows
        if one.text["outcome_type"] == row.text["outcome_type"]
        and one.text["instrument"] == row.text["instrument"]
        and one.flag("post_crossover") is not True
    ]
    if any(one.flag("primary_timepoint") for one in alike):
        return row.flag("primary_timepoint") is True
    last = max((one.number.get("time_weeks", 0.0) for one in alike), default=0.0)
    return row.number.get("time_weeks", 0.0) == last


def _together(results: Sequence[Result]) -> list[Result]:
    """Rows that compare several arms with one control, as one result of all the arms."""
    found: dict[tuple[str, str, str, str], Result] = {}
    for one in results:
        key = (one.domain, one.instrument, one.at, one.kind)
        before = found.get(key)
        if before is None:
            found[key] = one
            continue
        arms = {**before.arms, **one.arms}
        found[key] = before.model_copy(update={one.kind: arms, "source": f"{before.source}; {one.source}"})
    return list(found.values())


def _bias(row: Comparison, file: str) -> RiskOfBias:
    def judged(name: str) -> Judgement:
        return _JUDGEMENTS.get(row.text.get(name, "NA").lower(), "not assessed")

    domains = {domain: judged(f"d{place}") for place, domain in enumerate(BIAS, 1)}
    overall = judged("rob")
    if overall == "not assessed" and all(one == "not assessed" for one in domains.values()):
        return RiskOfBias()
    judge = Sourced(source=f"{file}, line {row.line}", confidence="read-secondary")
    return RiskOfBias(judged_by=judge, overall=overall, domains=domains)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_").lstrip("0123456789_")
