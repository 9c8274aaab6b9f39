"""Who is randomised gets a row of their own stratum, where the sealed list says whose rows are whose."""

from __future__ import annotations

from typing import Any

import pytest
from tests.course.cases import Case, ask, before, two_sessions

from entact.course.gates.gate import Refused
from entact.course.gates.question import Reason
from entact.protocol.release import Study


def sealed(numbers: dict[str, list[str]], **randomisation: Any) -> Case:
    planned: dict[str, Any] = {
        "ratio": {"mdma": 1, "placebo": 1},
        "method": "permuted_blocks",
        "at": "enrolment",
    }
    release = two_sessions(randomisation=planned | {"strata": ["site"]} | randomisation)
    return before("randomise", Study("mini", (release,))).change("commitment", numbers=numbers)


def against(case: Case, **asked: Any) -> list[Reason]:
    """What is against it, but that no code-breaks are printed yet."""
    answer = ask(case, "randomise", **asked)
    reasons = answer.reasons if isinstance(answer, Refused) else ()
    return [one for one in reasons if one.code != "no_code_breaks"]


def codes(case: Case, **asked: Any) -> list[str]:
    return [one.code for one in against(case, **asked)]


@pytest.mark.parametrize(
    ("numbers", "asked", "said"),
    [
        ({"denver": ["R-7", "R-8"], "haifa": ["R-9"]}, None, []),
        ({"denver": ["R-7", "R-8"], "haifa": ["R-9"]}, "R-8", []),
        ({"denver": ["R-7", "R-8"], "haifa": ["R-9"]}, "R-9", ["not_on_the_list"]),
        ({"haifa": ["R-9"]}, None, ["stratum_without_rows"]),
        ({"haifa": ["R-9"]}, "R-9", ["stratum_without_rows"]),
    ],
)
def test_a_row_is_of_the_participants_own_stratum(
    numbers: dict[str, list[str]], asked: str | None, said: list[str]
) -> None:
    assert codes(sealed(numbers), **{"number": asked} if asked else {}) == said


def test_whose_stratum_is_not_known_is_randomised_by_no_row() -> None:
    case = sealed({"female": ["R-7"]}, strata=["demographics.sex"])
    assert codes(case) == []
    (reason,) = against(case.items("demographics", sex=None))
    assert (reason.code, reason.missing) == ("stratum_unknown", ("demographics.sex",))


def test_a_stratum_is_every_answer_in_the_order_of_the_plan() -> None:
    case = sealed({"female/denver": ["R-7"]}, strata=["demographics.sex", "site"])
    assert codes(case, number="R-7") == []
    case = sealed({"denver/female": ["R-7"]}, strata=["demographics.sex", "site"])
    assert codes(case, number="R-7") == ["stratum_without_rows"]
