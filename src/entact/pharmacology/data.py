"""Concentrations over time of real or simulated people, as a file of comma-separated values has them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Final

from entact.pharmacology.person import ACTIVITY, NotAPerson, activity_score, check_age
from entact.pharmacology.quantity import Dose, NotAQuantity, kilograms
from entact.pharmacology.rows import (
    NotData,
    Row,
    between_occasions,
    between_resets,
    check_compartments,
    first_day,
    hours_of,
    intakes_of,
    is_dose,
    is_number,
)
from entact.pharmacology.table import KNOWN, read_table

OUTPUTS: Final = ("mdma", "r_mdma", "s_mdma", "mda", "hmma")
"""what can have been measured, ng/mL of plasma"""
USUAL: Final = {"WEIGHT": 70.0, "SEX": 0.0, "AGE": 27.0, "CYP2D6": ACTIVITY["extensive"]}
"""of the reference person: what stands where the file says nothing, which is noted"""
SAID: Final = {"WEIGHT": "70 kg", "SEX": "male", "AGE": "27 years", "CYP2D6": "extensive"}


WHOLE: Final = re.compile(r"\d+\.0*")
"""a whole number as programs write it: 1.0 is the participant 1"""
UNITS_OF_DV: Final = {
    "ng/mL": 1.0, "ug/L": 1.0, "mg/L": 1000.0, "ug/mL": 1000.0, "ng/L": 0.001, "pg/mL": 0.001,
    "umol/L": 193.24, "nmol/L": 0.19324,
}  # fmt: skip
"""what a concentration of MDMA in another unit is multiplied by"""


BELOW: Final = frozenset(["BLQ", "BQL", "BLOQ", "LLOQ", "LOQ", "ND"])
"""what stands in DV instead of a concentration that is below the limit of quantification"""
SAME_FOR_ALL: Final = (1.0, 1000.0, 0.001)
"""factors of units of mass, which are the same for all substances"""


@dataclass(frozen=True)
class Sample:
    """A measured concentration: h since the first dose, which output, ng/mL, and the line of the file."""

    time: float
    output: str
    value: float
    line: int


@dataclass(frozen=True)
class Subject:
    """A participant on one occasion: doses (h since the first, mg of base), samples, covariates of `vectors`.

    Where a participant has several occasions, `participant` says who it is; else the name does.
    """

    name: str
    doses: tuple[tuple[float, float], ...]
    samples: tuple[Sample, ...]
    covariates: dict[str, float]
    censored: tuple[Sample, ...] = ()
    """samples below the limit of quantification, which is their value"""
    participant: str = ""

    @property
    def who(self) -> str:
        """Whose this is."""
        return self.participant or self.name


@dataclass(frozen=True)
class Data:
    """Everyone in a file, and what was left out or assumed when it was read."""

    name: str
    subjects: tuple[Subject, ...]
    notes: tuple[str, ...] = ()

    @property
    def participants(self) -> tuple[str, ...]:
        """Who is in it, each once."""
        return tuple(dict.fromkeys(subject.who for subject in self.subjects))

    @property
    def samples(self) -> int:
        """How many concentrations."""
        return sum(len(subject.samples) for subject in self.subjects)

    @property
    def censored(self) -> int:
        """How many samples are below a limit of quantification that is known."""
        return sum(len(subject.censored) for subject in self.subjects)


def read_data(path: Path | str, *, form: str | None = None, unit: str = "ng/mL") -> Data:
    """Concentrations, doses and covariates of a file, as `read_table` separates it.

    A header line, one row a dose or sample, in NONMEM's columns (large or small letters): ID; TIME (h, or a
    clock time `08:30` with DATE, `2026-03-01`, or both in one); EVID (0 a sample, 1 a dose, 2 neither, 3
    a reset, 4 a reset and a dose; without the column, what has AMT is a dose); AMT (mg as labelled); FORM
    (HCl or base) unless `form` says it for all; DV (in `unit`); ADDL and II (so many more doses, one each II
    h), SS (1: at steady state of a dose each II h), RATE (mg/h into the gut); and where there are such MDV,
    OUTPUT (a name of `OUTPUTS`, else mdma; CMT where it is a name), WEIGHT or WT (kg), SEX (female, male),
    AGE (years), CYP2D6 (phenotype or activity score). `.`, NA or nothing is missing; lines that begin with #,
    and rows marked C, are passed over; other columns are passed over and named. Doses are
    racemic. After a reset a participant counts as another; with OCC they are the same on another occasion,
    of which nothing is left on the next.

    Concentrations below the limit of quantification are those with BLQ (or CENS) 1, `<1`, `BLQ`, or 0; the
    limit is LLOQ, what follows `<`, or DV where CENS is 1. With a limit they are kept apart as `censored`,
    without one left out. Samples before the first dose are left out.

    Returns: `Data`, times counted from each one's first dose.

    Errors: `NotData` names the file, the line, the column and what would be right; `OSError`.
    """
    path = Path(path)
    if unit not in UNITS_OF_DV:
        raise NotData(f"unit {unit!r} of DV is not known; known: {', '.join(UNITS_OF_DV)}")
    table = read_table(path)
    rows, columns = table.rows, table.columns
    left_out = {"below": 0, "before": 0}
    subjects: list[Subject] = []
    notes = []
    seen: set[str] = set()
    check_compartments(rows)
    for name, own in groupby(rows, key=_name):
        mine = list(own)
        if name in seen:
            raise mine[0].fault("ID", f"{name} was there before: keep the rows of a participant together")
        seen.add(name)
        parts = between_occasions(mine) if "OCC" in columns else between_resets(mine)
        for place, part in enumerate(parts):
            label = name if len(parts) == 1 else f"{name} ({place + 1})"
            one = _subject(label, part, form, left_out, UNITS_OF_DV[unit])
            subjects.append(replace(one, participant=name) if "OCC" in columns else one)
        if len(parts) > 1 and "OCC" not in columns:
            notes.append(f"Participant {name} counts as {len(parts)}, as there are resets (EVID 3 or 4).")
    censored = sum(len(subject.censored) for subject in subjects)
    if left_out["below"] or censored:
        apart = f"{censored} of them have a limit, so that they can be counted (M3, M4)"
        notes.insert(
            0,
            f"{left_out['below'] + censored} samples below the limit of quantification (or 0): "
            + (f"{apart}, the rest are left out." if censored else "left out, as no limit is known."),
        )
    if table.comments:
        notes.append(f"Rows marked C are left out, as NONMEM does: {table.comments}.")
    if "EVID" not in columns:
        notes.append(f"{path.name} has no EVID: rows with an AMT are doses, the others samples.")
    if any(row.number("RATE") for row in rows):
        notes.append("A dose with a RATE goes into the gut at that rate, in pieces.")
    if left_out["before"]:
        notes.append(f"{left_out['before']} samples before the first dose are left out.")
    for column, said in SAID.items():
        if not any(column in row.fields for row in rows):
            notes.append(f"{path.name} has no {column}: {said} is assumed for everyone.")
    ignored = [name for name in dict.fromkeys(columns) if name not in (*KNOWN, "C")]
    if ignored:
        notes.append(f"{path.name}: not used, as the model has no such column: {', '.join(ignored)}.")
    if "OUTPUT" not in columns:
        notes.append(f"{path.name} has no OUTPUT: all samples are taken as MDMA (R + S).")
    return Data(path.name, tuple(subjects), tuple(notes))


def _name(row: Row) -> str:
    if "ID" not in row.fields:
        raise row.fault("ID", "is missing: say whose row this is")
    text = row.fields["ID"]
    return f"{float(text):.0f}" if WHOLE.fullmatch(text) else text


def _subject(
    name: str, rows: Sequence[Row], form: str | None, left_out: dict[str, int], factor: float
) -> Subject:
    doses: list[tuple[float, float]] = []
    samples: list[Sample] = []
    censored: list[Sample] = []
    last = -math.inf
    origin = first_day(rows)
    for row in rows:
        time = hours_of(row, origin)
        if time < last:
            raise row.fault("TIME", f"{time:g} h is before {last:g} h of the row above: order rows by time")
        last = time
        if is_dose(row):
            doses += intakes_of(row, time, _milligrams(row, form))
            continue
        if factor not in SAME_FOR_ALL and _output(row) not in ("mdma", "r_mdma", "s_mdma"):
            raise row.fault("DV", "moles are read of MDMA alone: write ng/mL, or mg/L")
        found = _concentration(row, left_out)
        if found is not None:
            value, is_below = found
            (censored if is_below else samples).append(Sample(time, _output(row), factor * value, row.line))
    doses.sort()
    if not doses:
        raise rows[0].fault("EVID", f"participant {name} has no dose: a row with EVID 1 and AMT says it")
    start = doses[0][0]
    kept = [one for one in samples if one.time > start]
    left_out["before"] += len(samples) - len(kept)
    cut = [one for one in censored if one.time > start]
    return Subject(
        name,
        tuple((time - start, mg) for time, mg in doses),
        tuple(Sample(one.time - start, one.output, one.value, one.line) for one in kept),
        _covariates(rows),
        tuple(Sample(one.time - start, one.output, one.value, one.line) for one in cut),
    )


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


def _concentration(row: Row, left_out: dict[str, int]) -> tuple[float, bool] | None:
    """The concentration of a sample, or its limit and that it is below it; None where there is nothing."""
    missing = row.number("MDV")
    if missing not in (None, 0.0, 1.0):
        raise row.fault("MDV", f"{missing:g}: 1 where DV is missing, else 0")
    text = row.fields.get("DV")
    flag, limit = row.number("BLQ"), row.number("LLOQ")
    if flag not in (None, 0.0, 1.0):
        above = "; what is above a limit of the assay is left out with MDV 1" if flag == -1.0 else ""
        raise row.fault("BLQ", f"{flag:g}: 1 where DV is below the limit of quantification, else 0{above}")
    flagged = flag == 1.0
    if text is not None and text.upper().lstrip("< ") in BELOW:
        flagged, text = True, None
    if row.number("EVID") in (2.0, 3.0) or (missing == 1.0 and not flagged):
        return None
    if flagged or (text is not None and text.startswith("<")):
        if limit is None and text is not None:
            limit = _limit(row, text.removeprefix("<"))
        if limit is None or limit <= 0.0:
            left_out["below"] += 1
            return None
        return limit, True
    if text is None:
        raise row.fault("DV", "is missing in a sample: write the concentration in ng/mL, or MDV 1")
    value = row.number("DV")
    assert value is not None
    if value < 0.0:
        raise row.fault("DV", f"{value:g} ng/mL is negative: a concentration is 0 or more")
    if value == 0.0 and limit is not None and limit > 0.0:
        return limit, True
    if value == 0.0:
        left_out["below"] += 1
        return None
    return value, False


def _limit(row: Row, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise row.fault("DV", f"{text!r} is no limit of quantification; write it like <2.5")
    return value


def _output(row: Row) -> str:
    name = row.fields.get("OUTPUT")
    if name is None:
        name = "mdma" if "CMT" not in row.fields or is_number(row, "CMT") else row.fields["CMT"]
    name = name.lower()
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
        if text.lower() not in ("female", "male", "f", "m"):
            raise row.fault(column, f"{text!r}: write female or male, a number means different things")
        return float(text.lower().startswith("f"))
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
