"""What was measured, asked, rated and examined, with the values as the ledger has them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from entact.course.state.form import Answers
from entact.datasets.sdtm.asked import Test, TestsOfDomain, ranks, tests_of
from entact.datasets.sdtm.block import Block, Piece, Places
from entact.datasets.sdtm.guide import domain
from entact.datasets.sdtm.results import Results, ResultsOfDomain
from entact.datasets.sdtm.row import Value
from entact.datasets.sdtm.subject import Subject
from entact.protocol.quantity import parse_duration

DOMAINS: Final = ("VS", "LB", "EG", "QS", "RS", "PE", "FA", "SC")
VISIT_DAY: Final = {name: (f"{name}DTC", f"{name}DY") for name in DOMAINS}
REFERENCE: Final = "INITIAL DOSE"
NO_REASON: Final = "NO REASON GIVEN"
_AFTER: Final = re.compile(r"(initial|supplement)(?: \+ (.+))?")
_BEFORE, _BETWEEN, _END, _SUPPLEMENT = (
    -1,
    98_000,
    99_000,
    10_000,
)  # VSTPTNUM: minutes after the dose, apart for the two doses


@dataclass(frozen=True, slots=True)
class Found:
    """The findings of one participant in a domain, in their order; --SEQ counts them.

    Attributes:
        filled: forms as filled in. said: what all rows of each say. of_form: which of them a row is of.
        tests, of_test: the same of items and scores. results, of_result: of what was answered.
    """

    domain: str
    filled: list[Answers]
    said: list[dict[str, Value]]
    of_form: Places
    tests: Sequence[Test]
    of_test: Places
    results: Sequence[Mapping[str, Value]]
    of_result: Places
    block: Block

    @property
    def sequence(self) -> range:
        """--SEQ of each row."""
        return range(1, self.block.height + 1)


class _Gathered:
    """Rows of a domain while the forms of a participant are gone through."""

    def __init__(self) -> None:
        self.filled: list[Answers] = []
        self.said: list[dict[str, Value]] = []  # by each form as filled in of all of its rows
        self.behind: list[tuple[str, ...]] = []
        self.rows: list[int] = []  # of each form as filled in
        self.tests: list[int] = []
        self.results: list[int] = []


def findings(subject: Subject, results: Results) -> dict[str, Found]:
    """Every item and score that has a home, of every form as filled in, by domain."""
    course = subject.person.course
    release = course.release
    known = tests_of(release)
    gathered: dict[str, _Gathered] = {}
    for name, filled in course.answers.items():
        tests = known.by_form.get(name)
        if not tests:
            continue
        for answers in filled:
            if not subject.person.may_use(answers.at):
                continue
            behind = subject.behind([answers.entry])
            for prefix, asked, whole in tests:
                if answers.status == "done":
                    _add_done(subject, answers, prefix, asked, behind, gathered, results.of(prefix))
                elif whole is not None:
                    _add_not_done(subject, answers, whole, behind, gathered, results.of(prefix))
    return {
        prefix: _ordered(subject, prefix, known.of_domain[prefix], rows, results.of(prefix))
        for prefix, rows in gathered.items()
        if rows.tests
    }


def _add_done(
    subject: Subject,
    answers: Answers,
    prefix: str,
    tests: tuple[Test, ...],
    behind: tuple[str, ...],
    gathered: dict[str, _Gathered],
    results: ResultsOfDomain,
) -> None:
    """The rows of a form in a domain."""
    items, values, places = answers.items, answers.values, results.places
    asked, found = [], []
    for test in tests:
        item = test.item
        entered, value = items.get(item), values.get(item)
        # true is 1 and 1 is 1.0 to a dictionary, and in no dataset
        key = test, entered, value, entered.__class__, value.__class__
        try:
            place = places.get(key)
            if place is None:
                place = places[key] = results.place(test, entered, value)
        except TypeError:  # several choices, or why an answer is missing
            place = results.place(test, entered, value)
        if place >= 0:
            asked.append(test.place)
            found.append(place)
    if asked:
        rows = gathered.setdefault(prefix, _Gathered())
        rows.filled.append(answers)
        rows.said.append(_shared(subject, answers, prefix))
        rows.behind.append(behind)
        rows.rows.append(len(asked))
        rows.tests += asked
        rows.results += found


def _add_not_done(
    subject: Subject,
    answers: Answers,
    whole: Test,
    behind: tuple[str, ...],
    gathered: dict[str, _Gathered],
    results: ResultsOfDomain,
) -> None:
    """A form that was not done: one row for all of its tests."""
    prefix = whole.home.domain
    rows = gathered.setdefault(prefix, _Gathered())
    rows.filled.append(answers)
    rows.said.append(_when(subject, answers, prefix))
    rows.behind.append(behind)
    rows.rows.append(1)
    rows.tests.append(whole.place)
    reason = subject.said_of(answers.entry) or NO_REASON
    rows.results.append(results.add({"STAT": "NOT DONE", "REASND": reason}))


def _ordered(
    subject: Subject, prefix: str, tests: TestsOfDomain, rows: _Gathered, results: ResultsOfDomain
) -> Found:
    """The rows of a domain by --TESTCD, --DTC and --SPID, each with its number."""
    of_form = np.repeat(np.arange(len(rows.filled), dtype=np.uint32), rows.rows)
    of_test, of_result = np.array(rows.tests, np.uint32), np.array(rows.results, np.uint32)
    date = f"{prefix}DTC"
    by_time = ranks([(said[date], f"{one.entry}.") for said, one in zip(rows.said, rows.filled, strict=True)])
    marked = _last_before(subject, prefix, rows, results, tests, of_form, of_test, of_result)
    order = np.lexsort((tests.by_item[of_test], by_time[of_form], tests.by_code[of_test]))
    of_form, of_test, of_result = of_form[order], of_test[order], of_result[order]
    entries, items = [one.entry for one in rows.filled], [one.item for one in tests.tests]
    own: dict[str, Any] = {
        f"{prefix}SPID": [
            f"{entries[form]}.{items[test]}"
            for form, test in zip(of_form.tolist(), of_test.tolist(), strict=True)
        ],
        f"{prefix}SEQ": np.arange(1, len(order) + 1),
    }
    if marked is not None:
        own[f"{prefix}LOBXFL"] = ["Y" if one else None for one in marked[order].tolist()]
    pieces = (
        Piece([subject.keys(prefix)], np.zeros(len(order), np.uint32)),
        Piece(rows.said, of_form),
        Piece(tests.said, of_test),
        Piece(results.said, of_result),
    )
    block = Block(len(order), pieces, own, rows.behind, of_form)
    return Found(
        prefix, rows.filled, rows.said, of_form, tests.tests, of_test, results.said, of_result, block
    )


def _last_before(
    subject: Subject,
    prefix: str,
    rows: _Gathered,
    results: ResultsOfDomain,
    tests: TestsOfDomain,
    of_form: Places,
    of_test: Places,
    of_result: Places,
) -> NDArray[np.bool_] | None:
    """--LOBXFL: of each test the last known result not after the first dose; None where there is none."""
    first = subject.person.treated_from
    if first is None or f"{prefix}LOBXFL" not in domain(prefix).variables:
        return None
    times = [one.at if one.at <= first else None for one in rows.filled]
    place = {at: number for number, at in enumerate(sorted({at for at in times if at is not None}))}
    of_time = np.array([-1 if at is None else place[at] for at in times])
    is_known = np.frombuffer(results.is_known, np.bool_)
    chosen = np.flatnonzero((of_time >= 0)[of_form] & is_known[of_result])
    if not len(chosen):
        return None
    by_time, group = of_time[of_form[chosen]], tests.group[of_test[chosen]]
    order = np.lexsort((by_time, group))  # of one time the later row comes later
    group = group[order]
    is_last = np.append(group[1:] != group[:-1], True)
    found = np.zeros(len(of_test), np.bool_)
    found[chosen[order[is_last]]] = True
    return found


def _shared(subject: Subject, answers: Answers, prefix: str) -> dict[str, Value]:
    """What all rows of a form as filled in have in common."""
    said = _when(subject, answers, prefix)
    if prefix == "RS":
        said["RSEVAL"] = "INDEPENDENT ASSESSOR" if answers.role == "rater" else "INVESTIGATOR"
    return said


def _when(subject: Subject, answers: Answers, prefix: str) -> dict[str, Value]:
    date, day = VISIT_DAY[prefix]
    at = subject.moment(answers.at)
    said = {**subject.visit(answers.encounter), "EPOCH": at.epoch, date: at.written, day: at.day}
    if answers.timepoint is not None or prefix == "VS":
        said.update(_timing(subject, answers, prefix))
    return said


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
