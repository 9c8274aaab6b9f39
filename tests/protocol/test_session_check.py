"""What a study file says of the dosing day: telephones of sites that there are, words that say something."""

from __future__ import annotations

from pathlib import Path

import pytest

from entact.protocol import StudyError, load_study
from entact.protocol.words.account import account

FOLDER = Path(__file__).parents[1] / "studies" / "mini"
MINI = (FOLDER / "study.yaml").read_text()


def problems(text: str, tmp_path: Path) -> list[str]:
    path = tmp_path / "study.yaml"
    path.write_text(text)
    try:
        load_study(path)
    except StudyError as error:
        return [str(one) for one in error.problems]
    return []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('haifa: "+972 555 0100"', 'haiffa: "+972 555 0100"', "haiffa"),
        (', haifa: "+972 555 0100"', "", "has no number for haifa; write each, or a 'number' for all others"),
        ('"112"', "ask reception", "'ask reception' is no telephone number; write it as it is dialled"),
        ('"112"', "112", "quotes"),
        (
            "steps: [ring the emergency service, keep the airway free, note when it began]",
            "steps: []",
            "steps",
        ),
        ("  rescue:\n", "  rescues:\n", "rescues"),
    ],
)
def test_what_leads_nowhere_is_said_with_its_line(before: str, after: str, said: str, tmp_path: Path) -> None:
    assert before in MINI
    found = [one for one in problems(MINI.replace(before, after), tmp_path) if said in one]
    assert found
    line, column = found[0].split(": ")[0].split(" ")[0].split(":")[-2:]
    assert int(line) > 1
    assert int(column) >= 1


def test_a_number_of_the_site_goes_before_that_for_all() -> None:
    plan = load_study(FOLDER).newest.file.session
    assert plan is not None
    assert [plan.telephones["physician"].at(site) for site in ("denver", "haifa", None)] == [
        "+1 555 0100",
        "+972 555 0100",
        None,
    ]
    assert plan.telephones["emergency"].at("haifa") == "112"


def test_a_file_without_the_block_says_nothing_of_it(tmp_path: Path) -> None:
    start, end = MINI.index("session:\n  telephones"), MINI.index("adverse_events:\n  terms")
    assert problems(MINI[:start] + MINI[end:], tmp_path) == []


def test_it_is_told_in_words_in_the_order_of_the_file() -> None:
    told = next(one for one in account(load_study("mapp1").newest).sections if one.name == "session")
    assert [one.term for one in told.lines][:5] == [
        "Telephone: Study physician on call",
        "Telephone: Medical monitor",
        "Telephone: Emergency service",
        "Rescue: For very high blood pressure",
        "Rescue: For agitation that does not pass",
    ]
    assert all(one.assumption for one in told.lines)  # no source publishes any of it
    assert [one.term for one in told.lines][-2:] == ["At arrival", "At night"]
