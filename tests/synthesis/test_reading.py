"""Trials are files: what ships, what may be added, and every fault by its place."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.synthesis.files import TRIAL

from entact.protocol.problem import StudyError
from entact.synthesis import NoEvidence, Trial, evidence_for, load_trials, read_trials, shipped_trials
from entact.synthesis.trial import ASSUMED, Sourced

ROOT = Path(__file__).parents[1]


def problems(text: str, name: str = "made_up.yaml", **others: str) -> list[str]:
    raw = {name: text.encode()} | {f"{other}.yaml": own.encode() for other, own in others.items()}
    with pytest.raises(StudyError) as found:
        read_trials(raw)
    return str(found.value).splitlines()


def sourced(part: object) -> list[Sourced]:
    """Everything in a trial that has a source."""
    found = [part] if isinstance(part, Sourced) else []
    if isinstance(part, dict):
        part = list(part.values())
    if isinstance(part, list | tuple):
        return found + [one for inner in part for one in sourced(inner)]
    fields = getattr(type(part), "model_fields", {})
    return found + [one for name in fields for one in sourced(getattr(part, name))]


def test_what_ships_is_read_in_the_order_of_its_years() -> None:
    trials = shipped_trials()
    assert [one.year for one in trials] == sorted(one.year for one in trials)
    assert {"mapp1", "mapp2", "mithoefer_2019_pool", "wolfson_2020"} <= {one.trial for one in trials}


def test_every_value_has_a_source_and_what_is_from_memory_is_an_assumption() -> None:
    for trial in shipped_trials():
        told = sourced(trial)
        assert told
        for one in told:
            assert one.source
            assert one.assumption == (one.confidence in ASSUMED)


def test_results_are_the_facts_that_they_name() -> None:
    """Against the copy of the facts in these tests: numbers, and how well they are confirmed."""
    facts = json.loads((ROOT / "synthesis" / "facts.json").read_text())
    checked = 0
    for trial in shipped_trials():
        for result in trial.results:
            fact = facts[result.source.split(",")[0]]
            assert result.confidence == fact["confidence"], (trial.trial, result.source)
            said = {f"{value:g}" for value in fact["numbers"]}
            for arm in (result.means or result.changes or {}).values():
                assert {f"{value:g}" for value in (arm.n, arm.mean, arm.sd)} <= said, (
                    trial.trial,
                    result.source,
                )
                checked += 1
            for share in (result.events or {}).values():
                assert {f"{share.events:g}", f"{share.n:g}"} <= said, (trial.trial, result.source)
                checked += 1
    assert checked > 20


def test_retracted_reports_say_when_and_why() -> None:
    taken = [one for one in shipped_trials() if one.retracted]
    assert {one.trial for one in taken} == {"mithoefer_2019_pool", "jerome_2020"}
    for trial in taken:
        for report in trial.reports.values():
            assert report.retracted.on.isoformat() == "2024-08-10"
            assert report.retracted.reason


def test_a_trial_is_added_by_a_file_and_replaces_one_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "made_up.yaml").write_text(TRIAL)
    own = load_trials(tmp_path)
    assert len(own) == len(shipped_trials()) + 1
    own = TRIAL.replace("trial: made_up", "trial: mapp1").replace("NCT00000001", "NCT00000002")
    (tmp_path / "mapp1.yaml").write_text(own.replace("10.1000/made.up", "10.1000/mapp1"))
    assert [one.title for one in load_trials(tmp_path) if one.trial == "mapp1"] == ["Made up 2020"]


def test_a_folder_without_a_trial_is_said(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"there is no trial in it"):
        load_trials(tmp_path)
    with pytest.raises(StudyError, match=r"no such folder"):
        load_trials(tmp_path / "absent")


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        ("condition: ptsd", "condition: pstd", "made_up.yaml:3:12 condition", "did you mean 'ptsd'?"),
        ("trial: made_up", "trial: made-up", "made_up.yaml:1:8 trial", "made"),
        ("trial: made_up", "trial: other", "made_up.yaml:1:8 trial", "write 'trial: made_up'"),
        (
            "domain: severity",
            "domain: severe",
            "made_up.yaml:14:13 results[1].domain",
            "did you mean 'severity'?",
        ),
        ("report: first", "report: second", "made_up.yaml:16:13 results[1].report", "no report 'second'"),
        ("sd: 10.0", "sd: 0", "made_up.yaml:19:43 results[1].means.drug.sd", "too small"),
        ("sd: 10.0", "sd: 10,0", "made_up.yaml:19", "drug"),
        ("mean: 20.0", "mean: '20.0'", "made_up.yaml:19", "not a number"),
        (
            "n: 18",
            "n: 21",
            "made_up.yaml:19:13 results[1].means.drug",
            "21 people in a result of",
        ),
        ("n: 18", "n: 18.5", "made_up.yaml:19", "not a whole number"),
        ("drug: {n: 18", "drog: {n: 18", "made_up.yaml:19:13 results[1].means.drog", "did you mean 'drug'?"),
        ("year: 2020", "year: 20", "made_up.yaml:8", "too small"),
        ("doi: 10.1000/made.up", "doi: made.up", "made_up.yaml:8", "doi"),
        ("confidence: read}", "confidence: memory}", "made_up.yaml:6", "write 'assumption: true'"),
        (
            "confidence: read}",
            "confidence: read, assumption: true}",
            "made_up.yaml:6",
            "take 'assumption' out",
        ),
        ("confidence: read}", "confidence: sure}", "made_up.yaml:6", "confidence"),
        ("role: control", "role: placebo", "made_up.yaml:11", "role"),
        ("role: control", "role: experimental", "made_up.yaml:19", "an experimental arm and a control"),
        ("    source: nowhere\n", "", "made_up.yaml:14", "source"),
        (
            "title: Made up 2020\n",
            "title: Made up 2020\ncolour: red\n",
            "made_up.yaml:3:1 colour",
            "no key 'colour'",
        ),
        (
            "better: lower",
            "better: lower\n    events: {drug: 5/18, control: 3/19}",
            "results[1]",
            "means and events",
        ),
        ("    means: {drug", "    mean: {drug", "made_up.yaml:19:5 results[1].mean", "did you mean 'means'?"),
    ],
)
def test_every_fault_has_its_file_line_and_field(old: str, new: str, place: str, said: str) -> None:
    assert old in TRIAL
    found = problems(TRIAL.replace(old, new, 1))
    assert any(place in line and said in line for line in found), found


@pytest.mark.parametrize("share", ["5", "5/4", "x/4", "5 of 9", "5/0"])
def test_a_share_that_is_none_is_said(share: str) -> None:
    start = TRIAL.index("    means:")
    text = (
        TRIAL[:start] + f"    events: {{drug: '{share}', control: 3/19}}\n" + TRIAL[start:].split("\n", 1)[1]
    )
    assert any("14/42" in line and ":19:" in line for line in problems(text))


def test_all_faults_of_all_files_are_told_at_once() -> None:
    found = problems(
        TRIAL.replace("condition: ptsd", "condition: x").replace("report: first", "report: y"),
        other=TRIAL.replace("trial: made_up", "trial: other").replace("role: control", "role: none"),
        empty="",
    )
    assert len(found) >= 4
    assert {line.split(":")[0] for line in found} == {"made_up.yaml", "other.yaml", "empty.yaml"}


def test_files_that_hold_the_same_people_have_to_say_so() -> None:
    twin = TRIAL.replace("trial: made_up", "trial: twin").replace("10.1000/made.up", "10.1000/twin")
    found = problems(TRIAL, twin=twin)
    assert any(line.startswith("twin.yaml:5") and "made_up has this number too" in line for line in found)
    other = TRIAL.replace("trial: made_up", "trial: other").replace("NCT00000001", "NCT00000002")
    assert any(
        "other.yaml:8" in line and "report is in made_up too" in line for line in problems(TRIAL, other=other)
    )
    overlap = "overlaps:\n  - {trial: made_up, says: the same people, source: nowhere, confidence: read}\n"
    assert len(read_trials({"made_up.yaml": TRIAL.encode(), "twin.yaml": (twin + overlap).encode()})) == 2
    assert any("no trial 'made_up'" in line for line in problems(twin + overlap, "twin.yaml"))


def test_a_judgement_has_a_judge_and_a_domain_that_there_is() -> None:
    bare = TRIAL + "risk_of_bias: {overall: low}\n"
    assert any("a judgement has a judge" in line for line in problems(bare))
    wrong = TRIAL + "risk_of_bias: {domains: {blinding: low}}\n"
    assert any("domain of the risk of bias" in line for line in problems(wrong))


@pytest.mark.parametrize("text", ["", "[1, 2]", "just words", "a: b: c", "\t- x", "trial: made_up"])
def test_what_is_no_trial_is_refused_in_words(text: str) -> None:
    assert problems(text)[0].startswith("made_up.yaml")


def test_a_trial_cannot_be_changed() -> None:
    (trial,) = read_trials({"made_up.yaml": TRIAL.encode()})
    assert isinstance(trial, Trial)
    with pytest.raises(ValueError, match="frozen"):
        trial.condition = "other"  # type: ignore[misc]


@given(st.data())
def test_a_spoilt_file_is_told_as_that_and_never_breaks(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(TRIAL)))
    length = data.draw(st.integers(0, 12))
    put = data.draw(st.text(alphabet="abc019:{}[]-,.'\"#&*\n \x00é", max_size=8))
    text = TRIAL[:start] + put + TRIAL[start + length :]
    with suppress(StudyError, NoEvidence):
        found = read_trials({"made_up.yaml": text.encode()})
        evidence_for(found, "ptsd")
