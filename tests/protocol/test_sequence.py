"""What waits for what: visits that wait for themselves, fallbacks of no use, acts before what they need."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from entact.protocol import StudyError, load_study

SESSION = "  - visit: session_1\n    after: preparation_2\n    within: 1 .. 7 d\n"
OUTCOME = (
    "  - {visit: outcome, after: session_1, within: 18 .. 34 d, or: baseline + 8 wk, slack: 7 d, by: rater, "
    "do: [symptoms]}\n"
)
CLOSING = "  - {visit: closing, after: outcome, within: 0 .. 14 d, kind: end,"
PREPARATION = (
    "  - {visit: preparation_2, after: baseline, within: 1 .. 10 d, kind: preparatory, "
    "do: [eligibility, enrolment, randomisation]}\n"
)

# What stands there, what shall (§ marks the place), the message.
WRONG = {
    "after itself, with a fallback": (
        "after: session_1, within: 18 .. 34 d, or: baseline",
        "after: §outcome, within: 18 .. 34 d, or: baseline",
        "schedule.outcome.after: waits in the end for itself: outcome waits for outcome; "
        "change one `after:` or `or:`",
    ),
    "its own fallback": (
        "or: baseline + 8 wk",
        "or: §outcome + 8 wk",
        "schedule.outcome.or: waits in the end for itself: outcome waits for outcome; "
        "change one `after:` or `or:`",
    ),
    "a fallback that is counted from it": (
        "or: baseline + 8 wk",
        "or: §closing + 8 wk",
        "schedule.outcome.or: waits in the end for itself: outcome waits for closing waits for outcome; "
        "change one `after:` or `or:`",
    ),
    "two that wait for each other and have fallbacks": (
        OUTCOME + CLOSING,
        "  - {visit: outcome, after: §closing, within: 18 .. 34 d, or: baseline + 8 wk, slack: 7 d, "
        "by: rater, do: [symptoms]}\n  - {visit: closing, after: outcome, within: 0 .. 14 d, "
        "or: baseline + 9 wk, "
        "kind: end,",
        "schedule.outcome.after: waits in the end for itself: outcome waits for closing waits for outcome; "
        "change one `after:` or `or:`",
    ),
    "a fallback that it brings about itself": (
        SESSION,
        SESSION + "    or: §initial + 3 d\n",
        "schedule.session_1.or: 'initial' comes about only after session_1 itself; name what comes before it",
    ),
    "a fallback of the first preparation that comes later": (
        "after: consent, within: 0 .. 30 d",
        "after: consent, within: 0 .. 30 d, or: §preparation_1 + 1 d",
        "schedule.preparation_1.or: waits in the end for itself: preparation_1 waits for preparation_1; "
        "change one `after:` or `or:`",
    ),
    "a fallback of what waits for nothing": (
        "opens: true, kind",
        "opens: true, or: §consent + 3 d, kind",
        "schedule.screening.or: this visit waits for nothing that could fail; take it out",
    ),
    "enrolled before eligibility is decided": (
        "do: [eligibility, enrolment, randomisation]",
        "do: [§enrolment, eligibility, randomisation]",
        "schedule.preparation_2.do[1]: 'enrolment' stands before 'eligibility', and needs it done; "
        "change their order",
    ),
}
# Replacements, and the one message.
LATE = {
    "randomised after the last dose": (
        {
            "do: [eligibility, enrolment, randomisation]": "do: [eligibility, enrolment]",
            "adverse_events, guess]}": "adverse_events, guess, randomisation]}",
        },
        "schedule.session_1.do[3]: 'dose' comes before 'randomisation' (at closing), and is never allowed "
        "without; do it at an earlier visit",
    ),
    "a dose before the visit that takes people in": (
        {SESSION: "  - visit: session_1\n    after: baseline\n    within: 0 .. 0 d\n"},
        "schedule.session_1.do[3]: 'dose' comes before 'eligibility', 'enrolment' and 'randomisation' (at "
        "preparation_2), and is never allowed without; do them at an earlier visit",
    ),
    "counted over an event from the visit that brings it about": (
        {
            "do: [suicidality]}\n  - {visit: baseline": "do: [suicidality, enrolment]}\n  - {visit: baseline",
            "do: [eligibility, enrolment, randomisation]}": "do: [randomisation]}\n"
            "  - {visit: late, after: screening, within: 31 .. 50 d, do: [eligibility]}",
        },
        "schedule.preparation_1.do[2]: 'enrolment' comes before 'eligibility' (at late), and is never "
        "allowed without; do it at an earlier visit",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_come_in_this_order_is_said_at_its_place(
    case: str, edit_gives: Callable[[str, str, str], None]
) -> None:
    edit_gives(*WRONG[case])


@pytest.mark.parametrize("case", LATE)
def test_an_act_before_what_it_needs_is_said_once(
    case: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    changes, message = LATE[case]
    for old, new in changes.items():
        assert mini.count(old) == 1
        mini = mini.replace(old, new)
    (problem,) = problems_of(mini)
    assert re.sub(r"^study\.yaml:\d+:\d+ ", "", problem) == message


def test_a_population_that_is_dosed_before_it_is_taken_in_is_found_beside_one_that_is_not(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    """What another population does at its own visits helps nobody here."""
    carer = (
        "  - {visit: c_screening, for: carer, opens: true, kind: screening, do: [consent, screening, link, "
        "eligibility, enrolment]}\n"
    )
    text = mini.replace(
        "patient: {planned: 8}", "patient: {planned: 8}, carer: {planned: 8, linked_to: patient}"
    )
    text = re.sub(r"\{visit: (?!c_)(\w+),", r"{visit: \1, for: patient,", text)
    text = text.replace("  - visit: session_1\n", "  - visit: session_1\n    for: patient\n")
    text = text.replace("schedule:\n", "schedule:\n" + carer)
    assert load_it(text, problems_of) == []
    text = text.replace(
        "do: [eligibility, enrolment, randomisation]", "do: [enrolment, eligibility, randomisation]"
    )
    (problem,) = problems_of(text)
    assert "schedule.preparation_2.do[1]: 'enrolment' stands before 'eligibility'" in problem


def load_it(text: str, problems_of: Callable[[str], list[str]]) -> list[str]:
    try:
        return problems_of(text)
    except pytest.fail.Exception:  # nothing was wrong with it
        return []


def test_a_fallback_that_helps_is_none_of_these(mini: str, problems_of: Callable[[str], list[str]]) -> None:
    for name in ("randomisation", "consent", "initial", "baseline", "preparation_1", "screening"):
        text = mini.replace("or: baseline + 8 wk", f"or: {name} + 8 wk")
        assert load_it(text, problems_of) == [], name


def test_what_only_may_come_first_is_not_refused(mini: str, problems_of: Callable[[str], list[str]]) -> None:
    """Windows that overlap may be kept in the right order; the rehearsal says whether people do."""
    text = mini.replace(
        "  - visit: session_1\n    after: preparation_2\n    within: 1 .. 7 d\n",
        "  - visit: session_1\n    after: baseline\n    within: 5 .. 20 d\n",
    )
    assert load_it(text, problems_of) == []
    text = text.replace("within: 5 .. 20 d", "within: 0 .. 0 d")
    (problem,) = problems_of(text)
    assert "'dose' comes before" in problem


def test_the_shipped_studies_are_in_order() -> None:
    for name in (
        "mapp1",
        "mapp2",
        "mapp3",
        "life-threatening-illness",
        "eating-disorders",
        "expanded-access",
    ):
        try:
            load_study(name)
        except StudyError as error:
            pytest.fail(str(error))
