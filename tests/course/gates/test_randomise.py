"""Who is randomised, and from which list: every reason closes the gate by itself."""

from __future__ import annotations

import pytest
from tests.course.cases import ask, before, codes, two_sessions
from tests.course.gates.changes import (
    Change,
    drop,
    put_study,
)

from entact.course import fold_setting
from entact.protocol.release import Release, Study, canonical


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (drop("commitment"), "list_not_sealed"),
        (drop("enrolment"), "not_enrolled"),
        (
            lambda case: case.put("first", "randomisation", "2026-03-10T09:29:00-06:00", {"number": "R-1"}),
            "randomised_before",
        ),
    ],
)
def test_randomise(make: Change, code: str) -> None:
    case = before("randomise")
    make(case)
    assert codes(ask(case, "randomise")) == [code]


ROOT, NUMBERS = "ab" * 32, {"denver": ["R-17", "R-18"]}
PRINTED = put_study("printed", "list_opened", 1, purpose="code_breaks", root=ROOT, rows=2)
CHECKED = {"root": ROOT, "sheets": 2, "place": "safe of the ward"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], ["no_code_breaks"]),
        ([put_study("checked", "code_breaks_checked", 2, "dan", **CHECKED)], ["no_code_breaks"]),
        ([PRINTED], ["code_breaks_not_countersigned"]),
        (
            [put_study("other", "list_opened", 1, purpose="code_breaks", root="cd" * 32, rows=2)],
            ["no_code_breaks"],
        ),
        (
            [PRINTED, put_study("alone", "code_breaks_checked", 2, "pia", **CHECKED)],
            ["code_breaks_not_countersigned"],
        ),
        (
            [PRINTED, put_study("short", "code_breaks_checked", 2, "dan", **CHECKED | {"sheets": 1})],
            ["code_breaks_not_countersigned"],
        ),
        ([PRINTED, put_study("checked", "code_breaks_checked", 2, "dan", **CHECKED)], []),
        (
            [
                PRINTED,
                put_study("checked", "code_breaks_checked", 2, "dan", **CHECKED),
                put_study("anew", "list_opened", 3, purpose="code_breaks", root=ROOT, rows=2),
            ],
            ["code_breaks_not_countersigned"],
        ),
    ],
)
def test_nobody_is_randomised_from_a_held_list_without_code_breaks(
    changes: list[Change], expected: list[str]
) -> None:
    case = before("randomise").change("commitment", list_root=ROOT, list_rows=2, numbers=NUMBERS)
    for change_ in changes:
        change_(case)
    assert codes(ask(case, "randomise")) == expected


SHARED = {"root": ROOT, "custodians": ["ada", "ben", "cleo"], "threshold": 2, "custody": "ef" * 32}


def test_where_custodians_alone_have_the_list_the_gate_says_that_there_is_nothing_else() -> None:
    """Two clicks are impossible then: the code-breaks are all there is, before anybody is randomised."""
    for alone in (True, False):
        case = before("randomise").change("commitment", list_root=ROOT, list_rows=2, numbers=NUMBERS)
        put_study("shared", "list_custody", 0, "stat", **SHARED | {"alone": alone})(case)
        (reason,) = ask(case, "randomise").reasons
        assert reason.code == "no_code_breaks"
        assert ("Custodians alone have the list" in reason.message) is alone
        PRINTED(case)
        put_study("checked", "code_breaks_checked", 2, "dan", **CHECKED)(case)
        assert codes(ask(case, "randomise")) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        (
            [put_study("shared", "list_custody", 0, "stat", **SHARED | {"root": "cd" * 32, "alone": True})],
            "other_list",
        ),
        (
            [put_study("shared", "list_custody", 0, "stat", **SHARED | {"threshold": 4, "alone": True})],
            "no_sharing",
        ),
        (
            [put_study("gave", "shares_given", 1, "ada", entry="e", rows=1, custody="ef" * 32)],
            "other_custody",
        ),
        (
            [
                put_study("shared", "list_custody", 0, "stat", **SHARED | {"alone": True}),
                put_study("gave", "shares_given", 1, "dora", entry="e", rows=1, custody="ef" * 32),
            ],
            "no_custodian",
        ),
    ],
)
def test_what_is_wrong_with_custodians_is_found_in_the_studys_ledger(
    changes: list[Change], rule: str
) -> None:
    case = before("randomise").change("commitment", list_root=ROOT, list_rows=2, numbers=NUMBERS)
    for change_ in changes:
        change_(case)
    study = [one for one in case.entries.values() if one.ledger.startswith("study:")]
    assert rule in {one.rule for one in fold_setting(case.study, study, ()).problems}


def test_a_study_that_does_not_randomise() -> None:
    data = {name: value for name, value in two_sessions().data.items() if name != "randomisation"}
    study = Study("mini", (Release.from_text(canonical(data)),))
    assert codes(ask(before("randomise", study), "randomise")) == ["no_randomisation"]
    assert codes(ask(before("initial_dose", study).drop("randomisation"), "initial_dose")) == []


@pytest.mark.parametrize("act", ["initial_dose", "supplement", "next_session"])
def test_nobody_is_treated_before_randomisation(act: str) -> None:
    assert codes(ask(before(act).drop("randomisation"), act)) == ["not_randomised"]
