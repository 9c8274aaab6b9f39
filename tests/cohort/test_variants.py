"""Any study file that passes the check is rehearsed: a small study, changed in what studies differ in."""

from __future__ import annotations

from pathlib import Path

import pytest

from entact.cohort import Trial, rehearse
from entact.course import fold, read
from entact.datasets import Accumulator, synopsis
from entact.protocol import load_study
from entact.report.document import ReportInput, render_report
from entact.report.outcomes import outcome_table

TEXT = (Path(__file__).parents[1] / "studies" / "short_course" / "study.yaml").read_text()
VITALS = """  vitals:
    items:
      systolic: {type: decimal, unit: "mm[Hg]", range: 60 .. 260}
      diastolic: {type: decimal, unit: "mm[Hg]", range: 30 .. 160}
"""
PRIMARY = """method: mmrm, fixed: arm * visit + baseline,
            contrast: active - control at week_12}"""
RESPONSE = (
    "  response: {title: Fall of at least 10, value: baseline.pcl5.total - pcl5.total >= 10, at: week_12}\n"
)
# Name -> what stands there, what shall.
CHANGES: dict[str, list[tuple[str, str]]] = {
    "no vital signs": [
        (VITALS, ""),
        ("    timed: [{do: vital_signs, at: [before initial, initial + 90 min, end]}]\n", ""),
        (
            "      - {require: vitals.systolic <= 140.0 && vitals.diastolic <= 90.0, within: 60 min, "
            "else: blood pressure too high}\n",
            "",
        ),
        (
            "alerts:\n  pressure: {title: Very high blood pressure, when: vitals.systolic >= 180.0, "
            "urgency: now, tell: [therapist, investigator]}\n",
            "",
        ),
    ],
    "no event terms": [
        (
            "  terms: {nausea: {title: Nausea}, anxiety: {title: Anxiety}, "
            "euphoria: {title: Euphoric mood, valence: favourable}}",
            "  terms: {}",
        )
    ],
    "three arms": [
        ("role: placebo}\n", "role: placebo}\n  low: {title: Low dose, role: active_comparator}\n"),
        ("{active: 1, control: 1}", "{active: 2, control: 1, low: 1}"),
    ],
    "a yes or no as primary endpoint": [
        ("primary: {endpoint: pcl5_change,", "primary: {endpoint: gone,"),
        (PRIMARY, "method: proportion, contrast: active - control at week_12}"),
        (RESPONSE, "  gone: {value: '!pcl5.provisional_diagnosis', at: week_12}\n" + RESPONSE),
    ],
    "something rated once": [
        ("value: pcl5.total - baseline.pcl5.total, at", "value: pcl5.total, at"),
        ("do: [pcl5]}\n  - {visit: week_4", "do: [c_ssrs]}\n  - {visit: week_4"),
        ("do: [pcl5, guess]}", "do: [guess]}"),
        ("do: [pcl5, c_ssrs, eligibility", "do: [c_ssrs, eligibility"),
        ("  severe:    {kind: inclusion, text: PCL-5 of at least 33, rule: pcl5.total >= 33}\n", ""),
        (
            "  randomisation:\n"
            "    require: [{require: pcl5.total >= 33, within: 30 d, else: PCL-5 below 33}]\n",
            "",
        ),
        (RESPONSE, ""),
        (PRIMARY, "method: describe}"),
    ],
    "numbers without a range": [
        (
            "{qtc: {type: decimal, unit: ms, range: 300 .. 600}}",
            "{qtc: {type: decimal, unit: ms}, beats: {type: integer}}",
        )
    ],
    "randomised at a later visit": [
        (
            "enrolment, randomisation]}",
            "enrolment]}\n  - {visit: random, after: baseline, within: 1 .. 3 d, do: [randomisation]}",
        ),
        ("  - visit: session\n    after: baseline", "  - visit: session\n    after: random"),
        ("within: 30 d, else: PCL", "ever: true, else: PCL"),
    ],
    "enrolment that is held, then randomised": [
        (
            "\narms:",
            "\nholds:\n  half: {title: Half, when: study.enrolled >= 4, stops: [enrolment], "
            "lifted_by: investigator}\narms:",
        )
    ],
    "randomisation that is held": [
        (
            "\narms:",
            "\nholds:\n  half: {title: Half, when: study.enrolled >= 4, stops: [randomisation], "
            "lifted_by: investigator}\narms:",
        )
    ],
    "a supplement": [
        (
            "{initial: 2 x 50 mg}",
            "{initial: 2 x 50 mg, supplement: {give: 1 x 50 mg, offer: 90 min .. 2 h after initial}}",
        )
    ],
    "people that are not called patients": [("{patient: {planned", "{adult: {planned")],
}


@pytest.fixture(params=CHANGES, ids=str)
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> Trial:
    text = TEXT
    for old, new in CHANGES[request.param]:
        assert old in text, old
        text = text.replace(old, new, 1)
    (tmp_path / "study.yaml").write_text(text)
    return rehearse(load_study(tmp_path), 8, seed=2)


def test_it_runs_to_its_end_with_a_table_and_a_report(trial: Trial) -> None:
    assert trial.findings == []
    assert (trial.randomised, trial.wanted) == (8, 8)
    accumulator = Accumulator(trial.study)
    given = 0
    for name, lines in trial.ledgers.items():
        if name.startswith("participant:"):
            course = fold(trial.study, [read(line.text) for line in lines])
            accumulator.add(course)
            rules = {found.rule for found in course.findings.values()}
            assert not {rule for rule in rules if rule.startswith(("without_", "gate_", "kit_", "dose_"))}
            given += any(dose.taken for dose in course.doses)
    assert given >= 7
    datasets = accumulator.finish(trial.allocation.arms())
    table = outcome_table(datasets, None, trial.remarks)
    plan = trial.study.newest.file.analysis.primary.endpoint
    assert any(row.id.split("/")[1] == plan for row in table.rows)
    effects = [row.label for row in table.rows if row.id == f"effect/{plan}/difference"]
    is_number = trial.study.newest.endpoints[plan].rule.returns != "bool"
    end = datasets.book.visits[datasets.book.endpoints[plan].at].title.lower()
    assert effects == ([f"active − control at {end}, raw means, 95 % CI"] if is_number else [])
    page = render_report(
        ReportInput(
            datasets=datasets,
            table=table,
            synopsis=synopsis(trial.study.newest),
            sites=1,
            entries=trial.entries,
        )
    )
    assert "no effect assumed" in page
