"""What was measured, asked, rated and examined, with the values as the ledger has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from entact.course.entry.sealing import is_sealed
from entact.course.state.form import Answers
from entact.datasets.sdtm.guide import domain
from entact.datasets.sdtm.homes import Home, homes_of, unit_in_cdisc
from entact.datasets.sdtm.row import Row, Value, text_of
from entact.datasets.sdtm.subject import Subject
from entact.protocol.quantity import parse_duration, parse_quantity
from entact.protocol.release import Release

DOMAINS: Final = ("VS", "LB", "EG", "QS", "RS", "PE", "FA", "SC")
VISIT_DAY: Final = {name: (f"{name}DTC", f"{name}DY") for name in (*DOMAINS, "IE", "DA")}
REFERENCE: Final = "INITIAL DOSE"
MISSING: Final = {
    "not_asked": "NOT ASKED",
    "not_done": "NOT DONE",
    "refused": "SUBJECT REFUSED",
    "below_quantification": "BELOW THE LIMIT OF QUANTIFICATION",
    "unknown": "UNKNOWN",
}
_NOT_OF_PE: Final = ("PESTRESN", "PESTRESU")  # what was examined is said in words
_OF_RESULT: Final = ("SPID", "ORRES", "ORRESU", "STRESC", "STRESN", "STRESU", "STAT", "REASND")
NO_REASON: Final = "NO REASON GIVEN"
_AFTER: Final = re.compile(r"(initial|supplement)(?: \+ (.+))?")
_BEFORE, _BETWEEN, _END, _SUPPLEMENT = (
    -1,
    98_000,
    99_000,
    10_000,
)  # VSTPTNUM: minutes after the dose, apart for the two doses


def findings(subject: Subject) -> Iterator[Row]:
    """Every item and score that has a home, of every form as filled in."""
    course = subject.person.course
    for name, filled in course.answers.items():
        form = course.release.forms.get(name)
        tests = _tests_of(course.release).get(name, ())
        if form is None or not tests:
            continue
        for answers in filled:
            if not subject.person.may_use(answers.at):
                continue
            if answers.status != "done":
                yield _not_done(subject, answers, tests[0].home)
                continue
            shared: dict[str, dict[str, Value]] = {}
            behind = subject.behind([answers.entry])
            for test in tests:
                prefix = test.home.domain
                if prefix not in shared:
                    shared[prefix] = _shared(subject, answers, prefix)
                row = _finding(answers, test, shared[prefix], behind)
                if row is not None:
                    yield row


def _not_done(subject: Subject, answers: Answers, first: Home) -> Row:
    """A form that was not done: one row for all of its tests."""
    prefix = first.domain
    return subject.row(
        prefix,
        {
            f"{prefix}SPID": f"{answers.entry}.all",
            f"{prefix}TESTCD": f"{prefix}ALL",
            f"{prefix}TEST": f"All {prefix} tests of the form",
            f"{prefix}CAT": first.category or None,
            f"{prefix}STAT": "NOT DONE",
            f"{prefix}REASND": subject.said_of(answers.entry) or NO_REASON,
            **_when(subject, answers, prefix),
        },
        [answers.entry],
    )


def _shared(subject: Subject, answers: Answers, prefix: str) -> dict[str, Value]:
    """What all rows of a form as filled in have in common."""
    said: dict[str, Value] = {**subject.keys(prefix), **_when(subject, answers, prefix)}
    if prefix == "RS":
        said["RSEVAL"] = "INDEPENDENT ASSESSOR" if answers.role == "rater" else "INVESTIGATOR"
    return _of_guide(prefix, said)


def _finding(answers: Answers, test: _Test, shared: dict[str, Value], behind: tuple[str, ...]) -> Row | None:
    """The row of one item or score; None where it was neither asked nor could be known."""
    item, prefix = test.item, test.home.domain
    result = _result(test.home, answers.items.get(item), answers.values.get(item))
    if result is None:
        return None
    names, variables = _names_of(prefix), domain(prefix).variables
    values = {**shared, **test.said}
    values[names["SPID"]] = f"{answers.entry}.{item}"
    for name, said in result.items():
        variable = names[name]
        if said is not None or variable in variables:
            values[variable] = said
    if prefix == "PE":
        values = {name: said for name, said in values.items() if name not in _NOT_OF_PE}
    return Row(prefix, values, behind, answers.at if names["STRESC"] in values else None)


@dataclass(frozen=True)
class _Test:
    """An item or score with its home, and what every row of it says."""

    item: str
    home: Home
    said: Mapping[str, Value]


@cache
def _tests_of(release: Release) -> Mapping[str, tuple[_Test, ...]]:
    """Each form's items and scores that become findings."""
    return {
        form: tuple(_Test(item, home, _of_test(home)) for item, home in homes.items())
        for form, homes in homes_of(release).by_form.items()
    }


@cache
def _names_of(prefix: str) -> Mapping[str, str]:
    """What is said of a result -> the variable of a domain."""
    return {one: f"{prefix}{one}" for one in _OF_RESULT}


def _of_test(home: Home) -> Mapping[str, Value]:
    """What is said of a test alone."""
    prefix = home.domain
    said: dict[str, Value] = {
        f"{prefix}TESTCD": home.code,
        f"{prefix}TEST": home.name,
        f"{prefix}CAT": home.category or None,
        f"{prefix}DRVFL": "Y" if home.derived else None,
        f"{prefix}POS": home.position or None,
        f"{prefix}OBJ": home.about or None,
    }
    return _of_guide(prefix, said)


def _of_guide(prefix: str, values: dict[str, Value]) -> dict[str, Value]:
    """Without what is nothing and has no variable: of some domains there is no numeric result, or no flag."""
    variables = domain(prefix).variables
    return {name: said for name, said in values.items() if said is not None or name in variables}


def _result(home: Home, entered: Any, value: Any) -> dict[str, Value] | None:
    """ORRES, STRESC, STRESN and units; or STAT and REASND where the answer is missing."""
    if isinstance(entered, dict):
        missing = entered.get("missing")
        return {"STAT": "NOT DONE", "REASND": MISSING.get(str(missing), "UNKNOWN")}
    if home.derived:
        if value is None:
            return None
        text = text_of(value)
        numeric = None if isinstance(value, str | bool) else float(value)
        return {"ORRES": text, "STRESC": text, "STRESN": numeric}
    if entered is None or (isinstance(entered, str) and is_sealed(entered)):
        return None
    unit = unit_in_cdisc(home.unit)
    term = home.term_of(entered)
    if term is not None:  # a yes or no to another question than the test's would mean the opposite
        return {"ORRES": term if isinstance(entered, bool) else text_of(entered), "STRESC": term}
    if isinstance(entered, str) and home.unit:
        try:
            quantity = parse_quantity(entered)
        except ValueError:
            return {"ORRES": entered, "STRESC": entered}
        number = f"{quantity.value:f}"
        said_unit = unit_in_cdisc(quantity.unit) or None
        standard = value if isinstance(value, int | float) and not isinstance(value, bool) else None
        in_own = number if quantity.unit == home.unit else text_of(standard)
        return {
            "ORRES": number,
            "ORRESU": said_unit,
            "STRESC": None if standard is None else in_own,
            "STRESN": None if standard is None else float(standard),
            "STRESU": unit or None if standard is not None else None,
        }
    text = text_of(entered)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {
        "ORRES": text,
        "ORRESU": unit or None,
        "STRESC": text,
        "STRESN": float(value) if is_number else None,
        "STRESU": unit or None if is_number else None,
    }


def _when(subject: Subject, answers: Answers, prefix: str) -> dict[str, Value]:
    date, day = VISIT_DAY[prefix]
    return {
        **subject.visit(answers.encounter),
        "EPOCH": subject.epoch(answers.at),
        date: subject.local(answers.at),
        day: subject.day(answers.at),
        **_timing(subject, answers, prefix),
    }


def _timing(subject: Subject, answers: Answers, prefix: str) -> dict[str, Value]:
    """The planned time within a session, and the dose that it is relative to."""
    said: dict[str, Value] = {}
    taken = subject.person.first_doses.get(answers.encounter or "")
    number, after = timepoint_number(answers.timepoint)
    if answers.timepoint is not None:
        said |= {f"{prefix}TPT": answers.timepoint.upper(), f"{prefix}TPTNUM": number}
    elif (
        taken is not None and prefix == "VS"
    ):  # a reading between the planned ones is relative to the dose too
        said |= {f"{prefix}TPT": "UNSCHEDULED", f"{prefix}TPTNUM": _BETWEEN}
    if taken is not None and said:
        said |= {f"{prefix}TPTREF": REFERENCE, f"{prefix}RFTDTC": subject.local(taken)}
        if after is not None:
            said[f"{prefix}ELTM"] = after
    return said


def timepoint_number(timepoint: str | None) -> tuple[int | None, str | None]:
    """--TPTNUM of a time within a session, and --ELTM where it is so long after the initial dose."""
    if timepoint is None:
        return None, None
    if timepoint == "before initial":
        return _BEFORE, None
    found = _AFTER.fullmatch(timepoint)
    if found is None:
        return _END, None
    minutes = _minutes(found[2])
    if found[1] == "supplement":
        return _SUPPLEMENT + minutes, None
    return minutes, f"PT{minutes}M"


def _minutes(text: str | None) -> int:
    return 0 if text is None else int(parse_duration(text).total_seconds() // 60)


def mark_last_before(rows: list[Row], first: datetime | None) -> None:
    """Sets --LOBXFL: of each test the last known result not after the first dose."""
    last: dict[tuple[Any, ...], Row] = {}
    if first is None:
        return
    for row in rows:
        name, said = row.domain, row.values
        if row.at is None or row.at > first or name not in DOMAINS or said.get(f"{name}STRESC") is None:
            continue
        key = (name, said[f"{name}TESTCD"], said.get(f"{name}POS"), said.get(f"{name}OBJ"))
        if key not in last or last[key].at <= row.at:  # type: ignore[operator]
            last[key] = row
    for (name, *_), row in last.items():
        if f"{name}LOBXFL" in domain(name).variables:
            row.values[f"{name}LOBXFL"] = "Y"
