"""Concentrations over time of real or simulated people, as a file of comma-separated values has them."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from entact.pharmacology.person import ACTIVITY, NotAPerson, activity_score, check_age
from entact.pharmacology.quantity import Dose, NotAQuantity, kilograms

OUTPUTS: Final = ("mdma", "r_mdma", "s_mdma", "mda", "hmma")
"""what can have been measured, ng/mL of plasma"""
KNOWN: Final = (
    "ID", "TIME", "AMT", "FORM", "DV", "EVID", "MDV", "OUTPUT", "CMT", "WEIGHT", "WT", "SEX", "AGE", "CYP2D6",
)  # fmt: skip
SAME: Final = {"CMT": "OUTPUT", "WT": "WEIGHT"}
USUAL: Final = {"WEIGHT": 70.0, "SEX": 0.0, "AGE": 27.0, "CYP2D6": ACTIVITY["extensive"]}
"""of the reference person: what stands where the file says nothing, which is noted"""
SAID: Final = {"WEIGHT": "70 kg", "SEX": "male", "AGE": "27 years", "CYP2D6": "extensive"}


UNITS_OF_DV: Final = {
    "ng/mL": 1.0, "ug/L": 1.0, "mg/L": 1000.0, "ug/mL": 1000.0, "ng/L": 0.001, "pg/mL": 0.001,
    "umol/L": 193.24, "nmol/L": 0.19324,
}  # fmt: skip
"""what a concentration of MDMA in another unit is multiplied by"""


class NotData(ValueError):
    """A file that cannot be read as concentrations over time: names file, line, column and what is right."""


@dataclass(frozen=True)
class Sample:
    """A measured concentration: h since the first dose, which output, ng/mL, and the line of the file."""

    time: float
    output: str
    value: float
    line: int


@dataclass(frozen=True)
class Subject:
    """A participant: doses (h since the first, mg of base), samples, and covariates as of `vectors`."""

    name: str
    doses: tuple[tuple[float, float], ...]
    samples: tuple[Sample, ...]
    covariates: dict[str, float]


@dataclass(frozen=True)
class Data:
    """Everyone in a file, and what was left out or assumed when it was read."""

    name: str
    subjects: tuple[Subject, ...]
    notes: tuple[str, ...] = ()

    @property
    def samples(self) -> int:
        """How many concentrations."""
        return sum(len(subject.samples) for subject in self.subjects)


@dataclass(frozen=True)
class Row:
    """One line: fields by upper-case name, those that say nothing left out."""

    file: str
    line: int
    fields: dict[str, str]

    def fault(self, column: str, what: str) -> NotData:
        """An error of this line and column."""
        return NotData(f"{self.file}, line {self.line}, {column}: {what}")

    def number(self, column: str) -> float | None:
        """The number of a field, None where it is missing."""
        text = self.fields.get(column)
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.fault(column, f"{text!r} is not a number; '.' stands for a missing one")
        return value


def read_data(path: Path | str, *, form: str | None = None, unit: str = "ng/mL") -> Data:
    """Concentrations, doses and covariates of a file.

    Comma-separated, a header line, one row a dose or sample, in NONMEM's columns (large or small letters):
    ID; TIME (h); EVID (0 a sample, 1 a dose); AMT (mg as labelled); FORM (HCl or base) unless `form` says it
    for all; DV (ng/mL); and where there are such MDV, OUTPUT or CMT (a name of `OUTPUTS`, else mdma), WEIGHT
    or WT (kg), SEX (female, male), AGE (years), CYP2D6 (phenotype or activity score). `.` or nothing is
    missing; lines that begin with # are passed over. Doses are racemic.

    Concentrations below the limit of quantification (`<1`, or 0) are left out and counted: they carry no
    likelihood (M1 of Beal 2001, not M3). So are samples before the first dose.

    Returns: `Data`, times counted from each one's first dose.

    Errors: `NotData` names the file, the line, the column and what would be right; `OSError`.
    """
    path = Path(path)
    if unit not in UNITS_OF_DV:
        raise NotData(f"unit {unit!r} of DV is not known; known: {', '.join(UNITS_OF_DV)}")
    rows, columns = _rows(path)
    left_out = {"below": 0, "before": 0}
    subjects: list[Subject] = []
    for name, own in groupby(rows, key=_name):
        mine = list(own)
        if any(subject.name == name for subject in subjects):
            raise mine[0].fault("ID", f"{name} was there before: keep the rows of a participant together")
        subjects.append(_subject(name, mine, form, left_out, UNITS_OF_DV[unit]))
    notes = []
    if left_out["below"]:
        notes.append(
            f"{left_out['below']} samples below the limit of quantification (or 0) are left out: no "
            "likelihood of being below it (M3) is used."
        )
    if left_out["before"]:
        notes.append(f"{left_out['before']} samples before the first dose are left out.")
    for column, said in SAID.items():
        if not any(column in row.fields for row in rows):
            notes.append(f"{path.name} has no {column}: {said} is assumed for everyone.")
    ignored = [name for name in dict.fromkeys(columns) if name not in KNOWN]
    if ignored:
        notes.append(f"{path.name}: not used, as the model has no such column: {', '.join(ignored)}.")
    if "OUTPUT" not in columns:
        notes.append(f"{path.name} has no OUTPUT: all samples are taken as MDMA (R + S).")
    return Data(path.name, tuple(subjects), tuple(notes))


def _rows(path: Path) -> tuple[list[Row], list[str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise NotData(f"{path.name}: not a text in UTF-8; save it as CSV in UTF-8") from None
    rows: list[Row] = []
    columns: list[str] = []
    reader = csv.reader(text.splitlines())
    for cells in reader:
        if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
            continue
        cells = [cell.strip() for cell in cells]
        if not columns:
            columns = _columns(path.name, reader.line_num, cells)
            continue
        if len(cells) != len(columns):
            raise NotData(
                f"{path.name}, line {reader.line_num}: {len(cells)} fields, the header has {len(columns)}"
            )
        fields = {
            name: cell for name, cell in zip(columns, cells, strict=True) if cell not in ("", ".", "NA")
        }
        rows.append(Row(path.name, reader.line_num, fields))
    if not rows:
        raise NotData(
            f"{path.name}: no rows; the first line names the columns, like ID,TIME,EVID,AMT,FORM,DV"
        )
    return rows, columns


def _columns(file: str, line: int, cells: Sequence[str]) -> list[str]:
    names = [cell.upper() for cell in cells]
    names = [SAME.get(name, name) for name in names]
    for name in names:
        if name in KNOWN and names.count(name) > 1:
            raise NotData(f"{file}, line {line}: column {name} is there twice")
    for name in ("ID", "TIME", "EVID", "AMT", "DV"):
        if name not in names:
            raise NotData(f"{file}, line {line}: column {name} is missing; needed: ID, TIME, EVID, AMT, DV")
    return names


def _name(row: Row) -> str:
    if "ID" not in row.fields:
        raise row.fault("ID", "is missing: say whose row this is")
    return row.fields["ID"]


def _subject(
    name: str, rows: Sequence[Row], form: str | None, left_out: dict[str, int], factor: float
) -> Subject:
    doses: list[tuple[float, float]] = []
    samples: list[Sample] = []
    last = -math.inf
    for row in rows:
        time = row.number("TIME")
        if time is None:
            raise row.fault("TIME", "is missing: hours, the same clock for all rows of a participant")
        if time < last:
            raise row.fault("TIME", f"{time:g} h is before {last:g} h of the row above: order rows by time")
        last = time
        if _is_dose(row):
            doses.append((time, _milligrams(row, form)))
        elif (value := _concentration(row, left_out)) is not None:
            samples.append(Sample(time, _output(row), factor * value, row.line))
    if not doses:
        raise rows[0].fault("EVID", f"participant {name} has no dose: a row with EVID 1 and AMT says it")
    start = doses[0][0]
    kept = [one for one in samples if one.time > start]
    left_out["before"] += len(samples) - len(kept)
    return Subject(
        name,
        tuple((time - start, mg) for time, mg in doses),
        tuple(Sample(one.time - start, one.output, one.value, one.line) for one in kept),
        _covariates(rows),
    )


def _is_dose(row: Row) -> bool:
    event, amount = row.number("EVID"), row.number("AMT") or 0.0
    if amount and event in (None, 0.0):
        raise row.fault("EVID", f"AMT {amount:g} without EVID 1: write 1 for a dose, or no AMT for a sample")
    if event is None:
        raise row.fault("EVID", "is missing: 0 for a sample, 1 for a dose")
    if event not in (0.0, 1.0, 2.0):
        raise row.fault("EVID", f"{event:g} is not supported: 0 (sample), 1 (dose), 2 (neither)")
    return event == 1.0


def _milligrams(row: Row, form: str | None) -> float:
    amount, own = row.number("AMT"), row.fields.get("FORM", form)
    if amount is None:
        raise row.fault("AMT", "a dose (EVID 1) has an amount: mg as labelled")
    if own is None:
        raise row.fault(
            "FORM", f"{amount:g} mg of which form? Add a column FORM with HCl or base, or say --form HCl"
        )
    try:
        return Dose.parse(f"{amount!r} mg {own}").mg
    except NotAQuantity as fault:
        raise row.fault("AMT" if "form" not in str(fault) else "FORM", str(fault)) from None


def _concentration(row: Row, left_out: dict[str, int]) -> float | None:
    """ng/mL of a sample, None where it is missing, no sample, or below the limit of quantification."""
    missing = row.number("MDV")
    if missing not in (None, 0.0, 1.0):
        raise row.fault("MDV", f"{missing:g}: 1 where DV is missing, else 0")
    if missing == 1.0 or row.number("EVID") == 2.0:
        return None
    text = row.fields.get("DV")
    if text is None:
        raise row.fault("DV", "is missing in a sample: write the concentration in ng/mL, or MDV 1")
    if text.startswith("<"):
        left_out["below"] += 1
        return None
    value = row.number("DV")
    assert value is not None
    if value < 0.0:
        raise row.fault("DV", f"{value:g} ng/mL is negative: a concentration is 0 or more")
    if value == 0.0:
        left_out["below"] += 1
        return None
    return value


def _output(row: Row) -> str:
    name = row.fields.get("OUTPUT", "mdma").lower()
    if name not in OUTPUTS:
        raise row.fault("OUTPUT", f"{name!r} is not known; known: {', '.join(OUTPUTS)}")
    return name


def _covariates(rows: Sequence[Row]) -> dict[str, float]:
    found: dict[str, tuple[str, float]] = {}
    for row in rows:
        for column in USUAL:
            if column not in row.fields:
                continue
            text = row.fields[column]
            if column in found:
                if found[column][0] != text:
                    raise row.fault(
                        column, f"{text} after {found[column][0]}: the same in all rows of a participant"
                    )
                continue
            found[column] = (text, _covariate(row, column, text))
    values = {column: found[column][1] if column in found else usual for column, usual in USUAL.items()}
    return {
        "weight": values["WEIGHT"],
        "female": values["SEX"],
        "age": values["AGE"],
        "activity": values["CYP2D6"],
    }


def _covariate(row: Row, column: str, text: str) -> float:
    if column == "SEX":
        if text.lower() not in ("female", "male"):
            raise row.fault(column, f"{text!r}: write female or male, a code means different things")
        return float(text.lower() == "female")
    if column == "CYP2D6" and text.lower() in ACTIVITY:
        return ACTIVITY[text.lower()]
    value = row.number(column)
    assert value is not None
    try:
        if column == "WEIGHT":
            return kilograms(f"{value!r} kg")
        if column == "AGE":
            check_age(value)
        else:
            return activity_score(value)
    except (NotAPerson, NotAQuantity) as fault:
        raise row.fault(column, str(fault)) from None
    return value
