"""Warnings: what a study file can mean, and hardly does."""

from __future__ import annotations

from pathlib import Path

import pytest

from entact.protocol import StudyError, load_study, shipped_studies, warnings
from entact.protocol.template import new_study_file

FORGOTTEN = (
    "blinding: says nothing of {}: nothing is hidden from them, the allocation neither; write a line for "
    "each, with `hidden: []` where that is meant"
)
STUDIES = Path(__file__).parents[1] / "studies"
ALL = "  - {role: participant, hidden: [], until: never}\n" + "".join(
    f"  - {{role: {role}, hidden: [allocation], until: lock}}\n"
    for role in ("investigator", "rater", "medical_monitor")
)


@pytest.fixture
def mini(mini: str) -> str:
    """The small study, with nothing to warn of but its blinding."""
    alone = "urgency: now, tell: [investigator]}"
    assert mini.count(alone) == 1
    return mini.replace(alone, "urgency: now, tell: [investigator, medical_monitor]}")


def warned(tmp_path: Path, text: str) -> list[str]:
    """The warnings of a study file, as printed after the file's name."""
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    load_study(path)  # a warning refuses nothing
    return [str(problem).partition("study.yaml:")[2] for problem in warnings(path)]


def test_a_role_forgotten_in_the_blinding_is_named(mini: str, tmp_path: Path) -> None:
    line = mini[: mini.index("blinding:")].count("\n") + 1
    message = FORGOTTEN.format("participant, investigator, rater, medical_monitor")
    assert warned(tmp_path, mini) == [f"{line}:1 {message}"]


def test_where_every_role_has_a_line_nobody_is_forgotten(mini: str, tmp_path: Path) -> None:
    text = mini.replace("blinding:\n", f"blinding:\n{ALL}")
    assert warned(tmp_path, text) == []
    del_one = text.replace("  - {role: rater, hidden: [allocation], until: lock}\n", "")
    assert warned(tmp_path, del_one)[0].endswith(FORGOTTEN.format("rater"))


def test_a_blinded_study_without_any_blinding_is_warned_of(mini: str, tmp_path: Path) -> None:
    text = mini.replace(
        "blinding:\n  - {role: therapist, hidden: [rater_scores], until: database lock}\n", ""
    )
    (found,) = warned(tmp_path, text)
    assert "participant, investigator, therapist, rater, medical_monitor" in found


def test_an_open_label_study_blinds_nobody(mini: str, tmp_path: Path) -> None:
    text = mini.replace(
        "blinding:\n  - {role: therapist, hidden: [rater_scores], until: database lock}\n", ""
    )
    text = text.replace("placebo: matching", "placebo: none")
    text = text.replace(
        "title: Placebo with therapy, role: placebo", "title: Therapy, role: active_comparator"
    )
    (found,) = warned(tmp_path, text)
    assert "arms.placebo: is given what mdma is" in found  # and nothing of blinding


def test_a_site_in_the_time_zone_of_another_country_is_warned_of(mini: str, tmp_path: Path) -> None:
    text = mini.replace("blinding:\n", f"blinding:\n{ALL}").replace(
        "country: US, timezone", "country: IL, timezone"
    )
    (found,) = warned(tmp_path, text)
    assert found.endswith(
        "sites.denver.timezone: America/Denver is a time zone of US, and this site is in IL; "
        "change one of them"
    )


def test_an_urgent_call_to_one_role_alone_is_warned_of(mini: str, tmp_path: Path) -> None:
    text = mini.replace("blinding:\n", f"blinding:\n{ALL}")
    both = "urgency: now, tell: [investigator, medical_monitor]}"
    alone = "urgency: now, tell: [investigator]}"
    (found,) = warned(tmp_path, text.replace(both, alone))
    assert "alerts.ideation: calls investigator alone, now, and nobody else when there is no answer" in found
    more = "urgency: now, tell: [investigator], escalate: [{after: 10 min, tell: [medical_monitor]}]}"
    assert warned(tmp_path, text.replace(both, more)) == []
    assert warned(tmp_path, text.replace(both, alone.replace("now", "today"))) == []


@pytest.mark.parametrize("name", shipped_studies())
def test_shipped_studies_have_no_warning(name: str) -> None:
    assert warnings(name) == []


def test_the_file_that_a_new_study_begins_with_has_none(tmp_path: Path) -> None:
    assert warned(tmp_path, new_study_file("mine")) == []


def test_an_amendment_is_warned_of_as_well(mini: str, tmp_path: Path) -> None:
    (tmp_path / "amendments").mkdir()
    (tmp_path / "study.yaml").write_text(mini.replace("blinding:\n", f"blinding:\n{ALL}"), encoding="utf-8")
    text = mini.replace(
        'release: "1.0"', 'release: "2.0"\namendment: {of: "1.0", reason: Why, changes: [CHANGES]}'
    )
    change = "{change: blinding, applies: immediately}, {change: title, applies: immediately}"
    text = text.replace("CHANGES", change).replace("title: A small study for tests", "title: Another")
    (tmp_path / "amendments" / "2.yaml").write_text(text, encoding="utf-8")
    (found,) = warnings(tmp_path)
    assert found.file.endswith("2.yaml")


def test_what_cannot_be_used_has_problems_and_no_warnings(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("study: x\n", encoding="utf-8")
    with pytest.raises(StudyError):
        warnings(tmp_path)


def test_of_a_study_whose_amendment_cannot_be_used_nothing_is_only_warned(mini: str, tmp_path: Path) -> None:
    (tmp_path / "amendments").mkdir()
    (tmp_path / "study.yaml").write_text(mini, encoding="utf-8")
    amendment = 'amendment: {of: "0.9", reason: Why, changes: [{change: title, applies: immediately}]}'
    text = mini.replace('release: "1.0"', f'release: "2.0"\n{amendment}').replace(
        "title: A small", "title: One"
    )
    (tmp_path / "amendments" / "2.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError):
        warnings(tmp_path)


def test_a_couple_that_is_randomised_apart_is_warned_of(tmp_path: Path) -> None:
    text = (STUDIES / "couples" / "study.yaml").read_text()
    (tmp_path / "study.yaml").write_text(text)
    assert not any("randomised apart" in str(one) for one in warnings(tmp_path))
    old = "within: 2 .. 30 d, for: patient, do: [pcl5, couple, medication, eligibility"
    assert old in text
    both = text.replace(old, old.replace("for: patient,", "for: patient and partner,"))
    own = next(line for line in both.splitlines() if "visit: partner_entry" in line)
    both = both.replace(own, own.replace(", enrolment", "").replace(", eligibility", ""))
    (tmp_path / "study.yaml").write_text(both)
    assert any("randomised apart, and may be given two arms" in str(one) for one in warnings(tmp_path))


def test_a_row_whose_visits_may_fall_on_one_another_is_warned_of(tmp_path: Path) -> None:
    data = (STUDIES / "shapes" / "massed_exposure" / "study.yaml").read_text()
    file = tmp_path / "study.yaml"
    said = []
    for slack in ("23 h", "1 d"):
        file.write_text(data.replace("every: 1 d}", f"every: 1 d, slack: {slack}}}"))
        said.append([one for one in warnings(tmp_path) if "fall on the one before" in str(one)])
    assert [len(one) for one in said] == [0, 1]


def test_a_text_in_one_language_is_warned_of_where_there_are_two(mini: str, tmp_path: Path) -> None:
    text = mini.replace("blinding:\n", f"blinding:\n{ALL}")
    assert warned(tmp_path, text) == []
    (found,) = warned(tmp_path, text.replace("study: mini\n", "study: mini\nlanguages: [en, de]\n"))
    assert "title: stands in one language of en, de; write one text for each; so do " in found


SHAPE = STUDIES / "shapes" / "group_sessions" / "study.yaml"
COUNTED = "present('participant') >= 3 && present('participant') <= 6"


def test_a_group_that_no_gate_counts_is_warned_of(tmp_path: Path) -> None:
    text = SHAPE.read_text()
    (alone,) = warned(tmp_path, text)
    assert "the others entered as present: that a group can meet on one day is not tried" in alone
    assert text.count(COUNTED) == 1
    _, uncounted = warned(tmp_path, text.replace(COUNTED, "present('therapist') >= 1"))
    assert "schedule.session_1.together: no gate asks how many participants are there" in uncounted
    assert f'require: "{COUNTED}"' in uncounted


def test_a_study_in_which_nobody_can_hold_the_list_is_warned_of(mini: str, tmp_path: Path) -> None:
    hidden = "".join(
        f"  - {{role: {role}, hidden: [allocation], until: lock}}\n"
        for role in ("participant", "investigator", "rater", "medical_monitor")
    )
    text = mini.replace("hidden: [rater_scores]", "hidden: [allocation]")
    text = text.replace("blinding:\n", f"blinding:\n{hidden}")
    line = mini[: mini.index("blinding:")].count("\n") + 1
    (said,) = warned(tmp_path, text)
    assert said.startswith(
        f"{line}:1 blinding: hides the allocation from every role, so that nobody can hold"
    )
    seeing = warned(tmp_path, text.replace("rater, hidden: [allocation]", "rater, hidden: []"))
    assert seeing[0] == said  # a rater stays blinded, whatever the file says
    assert warned(tmp_path, text.replace("monitor, hidden: [allocation]", "monitor, hidden: []")) == []
