"""Reads a meta-analytic database in the format of Metapsy: rows of comparisons become trials.

The format (the Metapsy data standard, as its documentation describes it): a CSV file with `;` between fields
and a decimal comma, `NA` for what is missing, one row a comparison of two arms. Files with `,` and a decimal
point occur too, and are read; a file that mixes the two is refused, with the place.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log
from typing import Any, Final

from entact.analysis.meta import Counts, Means, standardised_mean_difference
from entact.protocol.problem import Problem, StudyError, nearest
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

REQUIRED: Final = (
    *("study", "condition_arm1", "condition_arm2", "multi_arm1", "multi_arm2", "outcome_type"),
    *("instrument", "rating"),
)
_MEANS: Final = ("n_arm1", "mean_arm1", "sd_arm1", "n_arm2", "mean_arm2", "sd_arm2")
_CHANGES: Final = tuple(name.replace("_arm", "_change_arm") for name in _MEANS)
_EVENTS: Final = ("event_arm1", "totaln_arm1", "event_arm2", "totaln_arm2")
_TIMES: Final = ("time_weeks", "time_days")
_CALCULATED: Final = (".g", ".g_se", ".log_rr", ".log_rr_se")
_NUMBERS: Final = frozenset({*_MEANS, *_CHANGES, *_EVENTS, *_TIMES, *_CALCULATED, "year"})
_KINDS: Final = {"msd": _MEANS, "change": _CHANGES, "response": _EVENTS, "remission": _EVENTS}
_DOMAINS: Final = {"msd": "severity", "change": "severity", "response": "response", "remission": "remission"}
_STANDARD: Final = frozenset(
    {*REQUIRED, "time", "study_time_point", "primary_instrument", "primary_timepoint", "post_crossover"}
    | {"d1", "d2", "d3", "d4", "d5", "rob", "diagnosis", "doi", "registration_number", "blinding"}
)
"""columns that are read; others are what is known of a trial"""
_RATINGS: Final = ("clinician", "self-report")
_JUDGEMENTS: Final[dict[str, Judgement]] = {
    "low": "low",
    "some concerns": "some concerns",
    "some": "some concerns",
    "high": "high",
}
_MISSING: Final = frozenset({"", "NA"})
_NEAR: Final = 2e-3
"""by how much a calculated effect of the file may differ from the one calculated here"""


class DatabaseError(StudyError):
    """A file that is no such database: every fault with its line, column and field."""


@dataclass(frozen=True)
class _Row:
    """A row: where it stands, its text by column, and its numbers."""

    line: int
    text: Mapping[str, str]
    number: Mapping[str, float]

    def flag(self, name: str) -> bool | None:
        """Whether a column of 0 and 1 says 1; None where it does not say."""
        said = self.text.get(name, "NA")
        return None if said in _MISSING else re.fullmatch(r"1(?:[.,]0*)?", said) is not None


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
    rows, problems = _read(raw, file)
    problems.extend(_duplicates(rows, file))
    for row in rows:
        problems.extend(_misfits(row, file))
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


def _read(raw: bytes, file: str) -> tuple[list[_Row], list[Problem]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DatabaseError(
            [Problem(file, line, 0, "", "this is not UTF-8; save the file as UTF-8 text")]
        ) from None
    head = text.split("\n", 1)[0]
    if not head.strip():
        raise DatabaseError([Problem(file, 0, 0, "", "the file is empty, or begins with an empty line")])
    mark = ";" if head.count(";") >= head.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        names = [name.strip() for name in next(reader)]
        problems = list(_faults_of_head(names, file))
        rows: list[_Row] = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            line = reader.line_num
            if len(cells) != len(names):
                message = (
                    f"{len(cells)} fields where the head has {len(names)}; is a {mark!r} missing or too many?"
                )
                problems.append(Problem(file, line, 0, "", message))
                continue
            told = dict(zip(names, (cell.strip() for cell in cells), strict=True))
            numbers, wrong = _numbers(told, names, mark, file, line)
            problems.extend(wrong)
            rows.append(_Row(line, told, numbers))
    except csv.Error as error:
        raise DatabaseError([Problem(file, reader.line_num, 0, "", f"this is no CSV: {error}")]) from None
    if not rows and not problems:
        problems.append(Problem(file, 0, 0, "", "there is no row below the head"))
    return rows, problems


def _faults_of_head(names: Sequence[str], file: str) -> Iterator[Problem]:
    for place, name in enumerate(names, 1):
        if names.count(name) > 1 and names.index(name) != place - 1:
            yield Problem(file, 1, place, name, "the column stands twice in the head")
    for name in REQUIRED:
        if name not in names:
            near = nearest(name, [one for one in names if one not in REQUIRED])
            hint = f"; is it {near!r}?" if near else ""
            yield Problem(file, 1, 0, name, f"the column is missing{hint}")


def _numbers(
    told: Mapping[str, str], names: Sequence[str], mark: str, file: str, line: int
) -> tuple[dict[str, float], list[Problem]]:
    numbers: dict[str, float] = {}
    wrong: list[Problem] = []
    own, other = (",", ".") if mark == ";" else (".", ",")
    for place, name in enumerate(names, 1):
        said = told[name]
        if name not in _NUMBERS or said in _MISSING:
            continue
        if other in said:
            said_mark = "commas" if own == "," else "points"
            message = f"{said!r} in a file with {mark!r} between fields: decimals have {said_mark} there"
            wrong.append(Problem(file, line, place, name, f"{message}; write {said.replace(other, own)}"))
            continue
        try:
            value = float(said.replace(own, "."))
        except ValueError:
            wrong.append(Problem(file, line, place, name, f"{said!r} is no number; write one, or NA"))
            continue
        if not isfinite(value):
            wrong.append(Problem(file, line, place, name, f"{said!r} is no finite number; write one, or NA"))
        else:
            numbers[name] = value
    return numbers, wrong


def _duplicates(rows: Iterable[_Row], file: str) -> Iterator[Problem]:
    names = (*REQUIRED, "time", "study_time_point", "time_weeks", "time_days")
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row.text.get(name, "") for name in names)
        if key in seen:
            message = f"the comparison stands in line {seen[key]} already; it would be counted twice"
            yield Problem(file, row.line, 0, "study", message)
        seen.setdefault(key, row.line)


def _misfits(row: _Row, file: str) -> Iterator[Problem]:
    """What a row says that cannot be."""
    places = {name: place for place, name in enumerate(row.text, 1)}

    def problem(name: str, message: str) -> Problem:
        return Problem(file, row.line, places.get(name, 0), name, message)

    for name in ("study", "condition_arm1", "condition_arm2", "outcome_type", "instrument"):
        if row.text.get(name, "NA") in _MISSING:
            yield problem(name, "is missing; without it a row cannot be told from others")
    rating = row.text.get("rating", "NA")
    if rating not in (*_RATINGS, *_MISSING):
        yield problem("rating", f"{rating!r} is no rating; write one of: {', '.join(_RATINGS)}")
    for name, value in row.number.items():
        if name.startswith(("n_", "event_", "totaln_")) and (value < 0 or value != int(value)):
            yield problem(name, f"{value:g} is no number of people")
        if name.startswith("totaln_") and value == 0:
            yield problem(name, "nobody in the arm; write NA where there was no such arm")
        if name.startswith("n_") and value in (0, 1):
            yield problem(name, f"{value:g} in the arm; a mean with its SD needs two people or more")
        if name == "year" and not 1900 <= value <= 2100:
            yield problem(name, f"{value:g} is no year")
        if name.startswith("sd_") and value <= 0:
            yield problem(name, f"an SD of {value:g}; it is above 0, or NA")
    for arm in (1, 2):
        events, total = (row.number.get(f"{name}_arm{arm}") for name in ("event", "totaln"))
        if events is not None and total is not None and events > total:
            yield problem(f"event_arm{arm}", f"{events:g} events among {total:g}")
    weeks, days = row.number.get("time_weeks"), row.number.get("time_days")
    if weeks is not None and days is not None and abs(7 * weeks - days) > 7:
        yield problem("time_days", f"{days:g} days are not {weeks:g} weeks: one of the two has another unit")
    yield from _unlike(row, problem)


def _unlike(row: _Row, problem: Any) -> Iterator[Problem]:
    """Calculated effects that do not follow from the numbers beside them: a wrong unit, or a wrong column."""
    given = row.number.get(".g")
    kind = row.text.get("outcome_type")
    columns = _KINDS.get(kind or "")
    if columns is None or any(name not in row.number for name in columns):
        return
    values = [row.number[name] for name in columns]
    try:
        if given is not None and kind in ("msd", "change"):
            own = standardised_mean_difference(_means(values[:3]), _means(values[3:])).estimate
            if abs(own - given) > _NEAR * (1 + abs(own)):
                yield problem(".g", f"{given:.4g}, but the means and SDs beside it give {own:.4g}")
        ratio = row.number.get(".log_rr")
        if ratio is not None and kind in ("response", "remission") and 0 not in (values[0], values[2]):
            own = log(values[0] / values[1] / (values[2] / values[3]))
            if abs(own - ratio) > _NEAR * (1 + abs(own)):
                yield problem(".log_rr", f"{ratio:.4g}, but the counts beside it give {own:.4g}")
    except (ValueError, ZeroDivisionError):
        return  # what is wrong with the numbers themselves is told by name


def _means(values: Sequence[float]) -> Means:
    return Means(int(values[0]), values[1], values[2])


def _condition(row: _Row, condition: str | None) -> str | None:
    if condition is not None:
        return condition
    name = _slug(row.text.get("diagnosis", ""))
    return name if name in CONDITIONS else None


def _trials(rows: Sequence[_Row], file: str, condition: str | None, known: Sequence[Trial]) -> list[Trial]:
    retracted = {
        report.doi: report.retracted
        for trial in known
        for report in trial.reports.values()
        if report.doi is not None and report.retracted is not None
    }
    grouped: dict[str, list[_Row]] = {}
    for row in rows:
        grouped.setdefault(row.text["study"], []).append(row)
    found = [_trial(study, own, file, condition, retracted) for study, own in grouped.items()]
    return sorted(found, key=lambda trial: (trial.year, trial.title))


def _trial(
    study: str,
    rows: Sequence[_Row],
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
        registry=[] if registry in _MISSING else [registry],
        facts=source,
        reports={"report": report},
        arms=arms,
        characteristics=_characteristics(rows),
        results=_together(results),
        risk_of_bias=_bias(first, file),
    )


def _characteristics(rows: Sequence[_Row]) -> dict[str, str | float]:
    """What columns of one's own say of a trial: a number, or words; nothing where its rows differ."""
    found: dict[str, str | float] = {}
    for name in rows[0].text:
        said = {row.text[name] for row in rows} - _MISSING
        key = _slug(name)
        if name in _STANDARD or name in _NUMBERS or not key or len(said) != 1:
            continue
        text = said.pop()
        number = re.fullmatch(r"[-+]?\d+(?:[.,]\d+)?", text)
        found[key] = float(text.replace(",", ".")) if number else text
    return found


def _result(row: _Row, rows: Sequence[_Row], file: str, arms: dict[str, Arm]) -> Result | None:
    """A row as a result; None for what is not the primary one, or not of a kind that is pooled."""
    kind = row.text["outcome_type"]
    columns = _KINDS.get(kind)
    if columns is None or any(name not in row.number for name in columns) or not _is_primary(row, rows):
        return None
    active = {(one.text["condition_arm1"], one.text["multi_arm1"]) for one in rows}
    if (row.text["condition_arm2"], row.text["multi_arm2"]) in active:
        return None  # two active arms against each other: their people are in other rows already
    names = []
    for number, role in ((1, "experimental"), (2, "control")):
        own, several = row.text[f"condition_arm{number}"], row.text[f"multi_arm{number}"]
        title = own if several in _MISSING else f"{own} {several}"
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
        "better": "higher" if columns is _EVENTS else "lower",
        "source": f"{file}, line {row.line}",
        "confidence": "read-secondary",
    }
    if columns is _EVENTS:
        told = [Counts(int(values[0]), int(values[1])), Counts(int(values[2]), int(values[3]))]
        counts = {name: ArmEvents(events=one.events, n=one.n) for name, one in zip(names, told, strict=True)}
        return Result(**shared, events=counts)
    means = {
        name: ArmMeans(n=int(part[0]), mean=part[1], sd=part[2])
        for name, part in zip(names, (values[:3], values[3:]), strict=True)
    }
    return Result(**shared, means=means) if kind == "msd" else Result(**shared, changes=means)


def _is_primary(row: _Row, rows: Sequence[_Row]) -> bool:
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


def _bias(row: _Row, file: str) -> RiskOfBias:
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
