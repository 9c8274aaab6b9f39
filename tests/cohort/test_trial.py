"""A whole rehearsal: the same bytes on any number of cores, chains that hold, numbers in order of time."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from tests.cohort.rehearsals import Rehearsed, edited

from entact.cohort import ParametersError, rehearsal, rehearse
from entact.cohort.trial import shipped_cohort
from entact.course import Line, verify
from entact.course.setting import fold_setting
from entact.protocol import Study

COHORT = shipped_cohort("mapp1")


def lines_of(study: Study, **options: object) -> dict[str, list[Line]]:
    return rehearse(study, 5, **{"seed": 11, **options}).ledgers  # type: ignore[arg-type]


def test_a_seed_gives_the_same_bytes_on_any_number_of_processes_and_in_pieces_of_any_size(
    mapp1: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = lines_of(mapp1)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as executor:
        assert lines_of(mapp1, executor=executor) == alone
    for size in (1, 4):
        monkeypatch.setattr(rehearsal, "CHUNK", size)
        assert lines_of(mapp1) == alone


def test_another_seed_gives_other_ledgers(mapp1: Study) -> None:
    first, other = lines_of(mapp1), lines_of(mapp1, seed=12)
    assert not {line.hash for lines in first.values() for line in lines} & {
        line.hash for name, lines in other.items() for line in lines
    }
    assert {name for name in first if name.startswith("participant:")}.isdisjoint(other)


def test_the_order_in_which_ledgers_are_finished_does_not_matter_to_a_sink(mapp1: Study) -> None:
    taken: dict[str, list[Line]] = {}
    finished = rehearse(mapp1, 5, seed=11, sink=lambda name, lines: taken.update({name: list(lines)}))
    assert taken == lines_of(mapp1)
    assert finished.ledgers == {}
    assert finished.entries == sum(map(len, taken.values()))


def test_every_chain_holds_and_a_later_number_never_says_an_earlier_arrival(rehearsed: Rehearsed) -> None:
    for name, lines in rehearsed.trial.ledgers.items():
        assert verify(name, lines) is None
        arrivals = [entry.received_at for entry in rehearsed.entries[name]]
        assert arrivals == sorted(arrivals)
        assert {entry.environment for entry in rehearsed.entries[name]} == {"rehearsal"}
        if not name.startswith("study:"):
            assert len({entry.id for entry in rehearsed.entries[name]}) == len(lines)


def test_as_many_are_randomised_as_were_asked_for_with_numbers_in_order_of_time(rehearsed: Rehearsed) -> None:
    assert len(rehearsed.randomised) == rehearsed.trial.randomised == 24
    assert rehearsed.trial.screened == len(rehearsed.courses) > 24
    used = defaultdict(list)
    for course in rehearsed.randomised.values():
        assert course.randomisation is not None
        used[course.site].append((course.randomisation.at, course.randomisation.number))
    listed = defaultdict(list)
    for row in rehearsed.trial.allocation.rows:
        listed[row.stratum].append(row.number)
    assert len(used) > 5
    for site, numbers in used.items():
        assert [number for _, number in sorted(numbers)] == listed[site][: len(numbers)]


def test_whoever_comes_after_the_last_place_is_told_so_and_gets_neither_number_nor_kit(
    mapp1: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal, "SPARE", 2.5)
    crowded = Rehearsed(mapp1, rehearse(mapp1, 4, seed=11))
    late = [
        course
        for course in crowded.courses.values()
        if course.discontinued.get("treatment") and course.discontinued["treatment"].cause == "enrolment_full"
    ]
    assert late
    last = max(course.randomisation.at for course in crowded.randomised.values() if course.randomisation)
    for course in late:
        assert course.randomisation is None
        assert not course.kits
        assert course.status == "not_entered"
        assert course.discontinued["treatment"].at > last


def test_every_gated_act_rests_on_a_yes_and_the_fold_finds_none_without(rehearsed: Rehearsed) -> None:
    acts: Counter[str] = Counter()
    for course in rehearsed.courses.values():
        rules = {found.rule for found in course.findings.values()}
        assert not {rule for rule in rules if rule.startswith(("without_", "gate_", "kit_", "dose_"))}
        assert not rules & {"after_discontinuation", "unparsed", "unknown_form", "encounter_begun_twice"}
        for one in course.effective:
            if one.entry.basis is not None:
                acts[one.entry.basis["act"]] += 1
    assert acts["randomise"] == 24
    given = [dose for course in rehearsed.courses.values() for dose in course.doses if dose.taken]
    assert acts["initial_dose"] == sum(dose.part == "initial" for dose in given) > 48
    assert acts["supplement"] == sum(dose.part == "supplement" for dose in given) > 40
    assert acts["discharge"] == acts["initial_dose"]


def test_a_yes_knew_as_much_of_the_site_as_had_arrived_there(rehearsed: Rehearsed) -> None:
    for name, course in rehearsed.courses.items():
        arrived = [entry.received_at for entry in rehearsed.entries[f"site:{course.site}"]]
        for entry in rehearsed.entries[name]:
            if entry.basis is not None:
                decided = entry.basis["decided_at"]
                known = entry.basis["known_to"]
                arrived_by_then = sum(_utc(one) <= _utc(decided) for one in arrived)
                if (
                    entry.kind == "enrolment"
                ):  # candidates are screened side by side, before kits are sent out
                    assert 0 < known["site"] <= arrived_by_then
                else:
                    assert known["site"] == arrived_by_then
                assert known["participant"] < entry.seq


def test_the_studys_ledger_records_every_birth_and_the_last_heads(rehearsed: Rehearsed) -> None:
    ledgers = rehearsed.trial.ledgers
    setting = fold_setting(rehearsed.study, rehearsed.entries["study:mapp1"], [])
    others = {name for name in ledgers if not name.startswith("study:")}
    assert not setting.problems
    assert setting.study.ledgers == others
    assert {name: head.hash for name, head in setting.study.heads.items()} == {
        name: ledgers[name][-1].hash for name in others
    }
    assert setting.study.commitment is not None


def test_sites_ledgers_fold_without_a_problem(rehearsed: Rehearsed) -> None:
    for name, entries in rehearsed.entries.items():
        if name.startswith("site:"):
            setting = fold_setting(rehearsed.study, rehearsed.entries["study:mapp1"], entries)
            assert not setting.problems
            assert setting.site.active


def test_memory_does_not_hold_what_a_sink_has_taken() -> None:
    """So that 1,000 participants need less than 250 MB more than a few."""
    script = """
import tracemalloc
from entact.cohort import rehearse
from entact.protocol import load_study
study = load_study("mapp1")
rehearse(study, 2, seed=7)
tracemalloc.start()
for participants, kept in ((4, False), (20, False), (20, True)):
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    trial = rehearse(study, participants, seed=7, sink=None if kept else lambda name, lines: None)
    print(tracemalloc.get_traced_memory()[1] - before)
print(sum(len(line.text) for lines in trial.ledgers.values() for line in lines))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    few, many, kept, written = map(int, done.stdout.split())
    assert (many - few) / 16 < 250_000
    assert kept - many > 0.2 * written > 500_000


def test_parameters_that_are_named_have_to_be_there(mapp1: Study, tmp_path: Path) -> None:
    with pytest.raises(ParametersError, match=r"cohort\.yaml is not there"):
        rehearse(mapp1, 2, cohort=tmp_path / "cohort.yaml")


def test_no_participants_are_too_few(mapp1: Study) -> None:
    with pytest.raises(ParametersError, match="at least one"):
        rehearse(mapp1, 0)


def test_the_command_line_says_what_is_wrong_without_a_traceback(tmp_path: Path) -> None:
    edited(tmp_path, title=("title: MDMA-assisted therapy for severe PTSD\n", "title: Another study\n"))
    (tmp_path / "cohort.yaml").write_text("study: another\n")
    command = [str(Path(sys.executable).with_name("entact")), "rehearse", str(tmp_path / "study.yaml")]
    done = subprocess.run([*command, "--out", str(tmp_path / "out")], capture_output=True, text=True)
    assert done.returncode == 2
    assert "study: there is no study 'another'" in done.stderr
    assert "Traceback" not in done.stderr


def _utc(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


def test_a_course_is_found_by_its_subject_number(mapp1: Study) -> None:
    rehearsed = rehearse(mapp1, 5, seed=11)
    subjects = sorted(
        line.text.split('"subject":"')[1][:6]
        for lines in rehearsed.ledgers.values()
        for line in lines
        if '"subject":"' in line.text
    )
    found = rehearsed.course(subjects[-1])
    assert found.enrolment is not None
    assert found.enrolment.subject == subjects[-1]
    with pytest.raises(KeyError, match="nobody was enrolled as P-9999"):
        rehearsed.course("P-9999")
