"""What is wrong with a study file is found by rehearsing it; what is right leaves no finding."""

from __future__ import annotations

from pathlib import Path

import msgspec
from tests.cohort.rehearsals import Rehearsed, edited

from entact.cohort import rehearse
from entact.cohort.tally import Tally
from entact.cohort.trial import shipped_cohort
from entact.protocol import Study

COHORT = shipped_cohort("mapp1")


def found_in(study: Study, participants: int = 12) -> dict[str, str]:
    trial = rehearse(study, participants, seed=4, cohort=COHORT, sink=lambda name, lines: None)
    return {finding.about: finding.message for finding in trial.findings}


def test_the_published_study_as_shipped_has_no_finding(rehearsed: Rehearsed) -> None:
    assert rehearsed.trial.findings == []


def test_a_gate_that_always_refuses_is_found_with_its_most_frequent_reason(tmp_path: Path) -> None:
    study = edited(
        tmp_path,
        limit=(
            "require: discharge_readiness.accompanied,",
            'require: "discharge_readiness.accompanied && vitals.systolic < 60.0",',
        ),
    )
    found = found_in(study, 4)
    assert found["gate discharge"].startswith("refused all ")
    assert found["gate discharge"].endswith("Nobody to accompany the participant.")


NEVER_AGAIN = (
    "  initial_dose:\n    require:\n",
    "  initial_dose:\n    require:\n"
    "      - {require: doses() == 0, else: a dose was given before, assumption: x}\n",
)


def test_a_gate_that_closes_all_later_sessions_is_found_where_it_does(tmp_path: Path) -> None:
    found = found_in(edited(tmp_path, gate=NEVER_AGAIN), 4)
    assert set(found) == {"gate initial_dose at session_2"}  # and none of what follows from it
    assert found["gate initial_dose at session_2"].endswith("A dose was given before.")


def test_a_window_that_cannot_be_met_is_found(tmp_path: Path) -> None:
    """A call planned while the session itself still lasts."""
    call = "{visit: call_1_day_2, after: session_1, within: "
    study = edited(tmp_path, window=(call + "2 .. 2 d,", call + "1 .. 2 h,"))
    found = found_in(study, 4)
    assert (
        "its window was never met" in found["visit call_1_day_2"]
        or "never took place" in found["visit call_1_day_2"]
    )
    assert set(found) == {"visit call_1_day_2"}


def test_a_form_whose_visit_is_never_reached_for_another_cause_is_not_found_beside_it(tmp_path: Path) -> None:
    study = edited(
        tmp_path,
        gate=NEVER_AGAIN,
        form=("  ecg:\n", "  looking_back:\n    items: {note: {type: text, required: false}}\n  ecg:\n"),
        visit=(
            "  - {visit: call_3_day_4,",
            "  - {visit: look_back, after: session_3, within: 2 .. 5 d, do: [looking_back], assumption: x}\n"
            "  - {visit: call_3_day_4,",
        ),
    )
    found = found_in(study, 4)
    assert set(found) == {"gate initial_dose at session_2"}


def test_an_alert_that_calls_for_everyone_is_found(tmp_path: Path) -> None:
    study = edited(tmp_path, alert=("when: labs.sodium < 130.0", "when: labs.sodium < 175.0"))
    found = found_in(study)
    assert set(found) == {"alert sodium"}
    assert "participants" in found["alert sodium"]


def test_sums_of_tallies_are_tallies(rehearsed: Rehearsed) -> None:
    whole = rehearsed.trial.tally
    twice = Tally()
    twice.add(whole)
    twice.add(whole)
    assert twice.entries == 2 * whole.entries
    for name in whole.__struct_fields__:
        counts = getattr(whole, name)
        if isinstance(counts, dict) and name != "words":
            assert getattr(twice, name) == {key: 2 * count for key, count in counts.items()}
    assert twice.words == whole.words
    assert msgspec.structs.asdict(Tally())["entries"] == 0


def test_counts_agree_with_the_ledgers(rehearsed: Rehearsed) -> None:
    tally = rehearsed.trial.tally
    assert tally.entries == sum(len(rehearsed.entries[name]) for name in rehearsed.courses)
    assert tally.ledgers == rehearsed.trial.screened
    assert tally.held["session_1"] == 24
    assert rehearsed.trial.entries == sum(map(len, rehearsed.trial.ledgers.values()))
