"""Amendments: every change says for whom it applies, and each participant has the release that follows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.protocol import Study, StudyError, load_study
from entact.protocol.amendment import differences
from entact.protocol.load import amend

MINI = Path(__file__).parents[1] / "studies" / "mini"
BASE = (MINI / "study.yaml").read_text(encoding="utf-8")
AMENDMENT = """\
amendment:
  of: "1.0"
  reason: Two very high readings
  changes:
    - {change: gates.initial_dose, applies: immediately, because: urgent safety measure}
    - {change: alerts.hypertension, applies: immediately}
    - {change: schedule.outcome.within, applies: at_reconsent}
    - {change: schedule.telephone, applies: immediately}
    - {change: eligibility.adult, applies: new_participants}
"""
EDITS = (
    ('release: "1.0"\n', f'release: "1.1"\n{AMENDMENT}'),
    ("vitals.systolic <= 140.0 &&", "vitals.systolic <= 135.0 &&"),
    ("vitals.systolic >= 180.0", "vitals.systolic >= 170.0"),
    ("within: 18 .. 34 d, or", "within: 21 .. 34 d, or"),
    (
        "  - {visit: outcome,",
        "  - {visit: telephone, after: session_1, within: 2 .. 4 d, kind: contact, do: [suicidality]}\n"
        "  - {visit: outcome,",
    ),
    ('"demographics.age >= 18"', '"demographics.age >= 21"'),
)


def edited(*more: tuple[str, str]) -> bytes:
    text = BASE
    for old, new in (*EDITS, *more):
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


@pytest.fixture(scope="module")
def study() -> Study:
    return amend(load_study(MINI), {"1.1.yaml": edited()})


def test_every_difference_has_its_place_and_for_whom_it_applies(study: Study) -> None:
    found = differences(*(release.data for release in study.releases))
    assert {one.field: one.applies for one in found} == {
        "gates.initial_dose.require": "immediately",
        "alerts.hypertension.when": "immediately",
        "schedule.outcome.within": "at_reconsent",
        "schedule.telephone": "immediately",
        "eligibility.adult.rule": "new_participants",
    }


@pytest.mark.parametrize(
    ("first", "consented", "at_site", "window", "age", "has_telephone"),
    [
        (0, 0, 0, 18, 18, False),  # the site does not work under it yet
        (0, 0, 1, 18, 18, True),  # what applies immediately does not wait for consent
        (0, 1, 1, 21, 18, True),  # consented again: all but what is for new participants
        (1, 1, 1, 21, 21, True),  # came under it
    ],
)
def test_a_participant_has_what_applies_to_them(
    study: Study, first: int, consented: int, at_site: int, window: int, age: int, has_telephone: bool
) -> None:
    release = study.for_participant(*(study.releases[number].id for number in (first, consented, at_site)))
    earliest = release.visits["outcome"].within
    assert earliest is not None
    assert earliest.earliest.days == window
    assert release.criteria["adult"].criterion.rule == f"demographics.age >= {age}"
    assert ("telephone" in release.visits) is has_telephone
    assert list(release.visits) == [
        name for name in study.newest.visits if has_telephone or name != "telephone"
    ]


def test_a_release_that_holds_for_all_is_that_release_itself(study: Study) -> None:
    first, second = study.releases
    assert study.for_participant(first.id, first.id, first.id) is first
    assert study.for_participant(second.id, second.id, second.id) is second
    assert study.for_participant(first.id, first.id) != first  # not known for the site: nothing waits


ARMS = "  placebo: {title: Placebo with therapy, role: placebo}\n"
RATIO = "ratio: {mdma: 1, placebo: 1}"
# What can be changed for nobody: replacements, the change that says for whom, the field, and what is said.
SEALED = {
    "an arm more": (
        [
            (ARMS, ARMS + "  low: {title: Low dose, role: active_comparator}\n"),
            (RATIO, "ratio: {mdma: 1, placebo: 1, low: 1}"),
        ],
        ["arms", "randomisation"],
        {"arms.low": "no second one is followed", "randomisation.ratio.low": "no second one is followed"},
    ),
    "another ratio": (
        [(RATIO, "ratio: {mdma: 2, placebo: 1}")],
        ["randomisation.ratio"],
        {"randomisation.ratio.mdma": "a study of its own for other arms"},
    ),
    "other strata": (
        [("strata: [site]", "strata: []")],
        ["randomisation"],
        {"randomisation.strata": "sealed"},
    ),
    "another dose of a level": (
        [("full: {initial: 2 x 60 mg", "full: {initial: 2 x 40 mg")],
        ["regimens.full"],
        {"regimens.full.initial": "give the new level or product a name of its own"},
    ),
    "another salt": (
        [("salt: hydrochloride", "salt: free_base")],
        ["products"],
        {"products.capsule.salt": "kits are sealed as they were"},
    ),
}


@pytest.mark.parametrize("applies", ["immediately", "at_reconsent", "new_participants"])
@pytest.mark.parametrize("case", SEALED)
def test_what_was_sealed_before_anybody_entered_is_amended_for_nobody(case: str, applies: str) -> None:
    """Else whoever was randomised before an arm existed could be given it."""
    changes, places, said = SEALED[case]
    told = "".join(f"    - {{change: {place}, applies: {applies}}}\n" for place in places)
    last = "    - {change: eligibility.adult, applies: new_participants}\n"
    with pytest.raises(StudyError) as caught:
        amend(load_study(MINI), {"1.1.yaml": edited(*changes, (last, last + told))})
    problems = [problem.message for problem in caught.value.problems]
    for field, message in said.items():
        assert any(one.startswith(f"{field} changes: ") and message in one for one in problems), problems
    assert len(problems) == len(said)


def test_what_is_not_sealed_may_change() -> None:
    """A title, the window in which a supplement is offered, a level that is new."""
    changes = [
        ("{title: Placebo with therapy, role: placebo}", "{title: Inactive placebo, role: placebo}"),
        (
            "offer: 1 h 30 min .. 2 h after initial}}\n  full",
            "offer: 1 h 30 min .. 2 h 30 min after initial}}\n  half: {initial: 1 x 60 mg}\n  full",
        ),
        ("regimen: full or low", "regimen: full or low or half"),
        (
            "    - {change: eligibility.adult, applies: new_participants}\n",
            "    - {change: eligibility.adult, applies: new_participants}\n"
            "    - {change: arms.placebo.title, applies: immediately}\n"
            "    - {change: regimens, applies: at_reconsent}\n"
            "    - {change: schedule.session_1.regimen, applies: at_reconsent}\n",
        ),
    ]
    amended = amend(load_study(MINI), {"1.1.yaml": edited(*changes)})
    assert "half" in amended.newest.file.regimens


FAULTY: dict[str, tuple[tuple[str, str], str]] = {
    "not said": (
        ("    - {change: alerts.hypertension, applies: immediately}\n", ""),
        "1.1.yaml:9:3 amendment.changes: alerts.hypertension.when changes and no `applies:` says for whom; "
        "add '- {change: alerts.hypertension.when, applies: immediately | at_reconsent | new_participants}'",
    ),
    "limit that waits": (
        ("{change: alerts.hypertension, applies: immediately}", "{change: alerts, applies: at_reconsent}"),
        "1.1.yaml:11:33 amendment.changes[2].applies: alerts.hypertension.when is a safety limit and waits "
        "for nobody; write 'immediately'",
    ),
    "nothing there": (
        (
            "- {change: alerts.hypertension, ",
            "- {change: alerts.ideation, applies: immediately}\n    - {change: alerts.hypertension, ",
        ),
        "1.1.yaml:11:16 amendment.changes[2].change: nothing changes there: there is no change "
        "'alerts.ideation'; did you mean 'alerts.hypertension.when'?",
    ),
    "unknown word": (
        ("alerts.hypertension, applies: immediately", "alerts.hypertension, applies: at_once"),
        "1.1.yaml:11:46 amendment.changes[2].applies: there is no value 'at_once'; "
        "did you mean 'at_reconsent'?",
    ),
    "another release": (
        ('of: "1.0"', 'of: "0.9"'),
        "1.1.yaml:7:7 amendment.of: no release is called so: the newest release so far is '1.0'",
    ),
    "no amendment": (
        (AMENDMENT, ""),
        "1.1.yaml:2:1: says in no block `amendment` what it changes in release '1.0', and for whom",
    ),
}


@pytest.mark.parametrize("case", FAULTY)
def test_an_amendment_that_does_not_say_for_whom_is_refused(case: str) -> None:
    edit, message = FAULTY[case]
    with pytest.raises(StudyError) as caught:
        amend(load_study(MINI), {"1.1.yaml": edited(edit)})
    assert str(caught.value.problems[0]) == message


def test_what_makes_no_sense_for_those_under_way_is_found() -> None:
    """The gate asks at once for what a form will only hold after consent has been given again."""
    edits = (
        (
            "gates.initial_dose, applies",
            "forms.suicidality, applies: at_reconsent}\n    - {change: gates.initial_dose, applies",
        ),
        ("behaviour: {type: boolean}}}", "behaviour: {type: boolean}, plan: {type: boolean}}}"),
        ("suicidality.behaviour == false && ", "suicidality.behaviour == false && !suicidality.plan && "),
    )
    with pytest.raises(StudyError) as caught:
        amend(load_study(MINI), {"1.1.yaml": edited(*edits)})
    said = str(caught.value.problems[0])
    assert (
        "for those who took part before and have not consented to it yet, what applies makes no sense" in said
    )
    assert "suicidality.plan" in said


def test_a_folder_of_amendments_is_loaded_in_the_order_in_which_they_follow(tmp_path: Path) -> None:
    (tmp_path / "amendments").mkdir()
    (tmp_path / "study.yaml").write_text(BASE, encoding="utf-8")
    third = edited().decode().replace('release: "1.1"', 'release: "2.0"').replace('of: "1.0"', 'of: "1.1"')
    third = third[: third.index("  changes:")] + third[third.index("\ncondition:") + 1 :]
    change = "  changes:\n    - {change: schedule.outcome, applies: at_reconsent}\n"
    third = third.replace("  reason: Two very high readings\n", f"  reason: More time\n{change}")
    (tmp_path / "amendments" / "a.yaml").write_text(third.replace("21 .. 34 d", "21 .. 40 d"), "utf-8")
    (tmp_path / "amendments" / "b.yaml").write_bytes(edited())
    study = load_study(tmp_path)
    assert [release.file.release for release in study.releases] == ["1.0", "1.1", "2.0"]
    middle = study.for_participant(study.releases[0].id, study.releases[1].id)
    window = middle.visits["outcome"].within
    assert window is not None
    assert window.latest.days == 34
    assert study.amended(study.newest) == study


LEAVES = st.recursive(
    st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("pqrs"), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=8,
)
BLOCKS = st.dictionaries(st.sampled_from("pqrs"), LEAVES, max_size=4)


@given(BLOCKS, BLOCKS)
def test_what_differs_is_found_and_nothing_else(before: dict[str, object], after: dict[str, object]) -> None:
    """Each difference made in turn turns the one into the other; without any they are equal."""
    from entact.protocol.amendment import _put

    found = differences(before, after)
    result = before
    for one in found:
        assert one.before != one.after
        result = _put(result, one.place, one.after)
    assert result == after
    assert bool(found) == (before != after)


def test_the_command_says_it_in_words_and_fails_where_it_is_not_said(
    tmp_path: Path, run_diff: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_bytes(edited())
    bad.write_bytes(edited(FAULTY["not said"][0]))
    done = run_diff(MINI, good)
    assert (done.returncode, done.stderr) == (0, "")
    assert "gates.initial_dose.require[2].require: vitals.systolic <= 140.0" in done.stdout
    assert "For everyone at a site, from the time at which its ledger approves 1.1:" in done.stdout
    done = run_diff(MINI, bad)
    assert done.returncode == 2
    assert "bad.yaml:9:3 amendment.changes: alerts.hypertension.when changes" in done.stderr
    assert "NOT SAID for whom" in done.stdout


FORMS = MINI.parent / "forms" / "study.yaml"
# What changes in the study of forms, with what is said of it, and in words where it is a rule.
OF_FORMS = {
    ("expected: 1.5 .. 2.0", "expected: 1.4 .. 2.0"): "height.expected: 1.5 .. 2.0 → 1.4 .. 2.0",
    ("range: 0 .. 12", "range: 0 .. 20"): "treatments.range: 0 .. 12 → 0 .. 20",
    ("expected: 4 .. 200", "expected: 4 .. 100"): "treatments.items.weeks.expected: 4 .. 200 → 4 .. 100",
    ("section: smoking, range: 1940", "range: 1940"): "body.items.since.section is taken out: smoking",
    ("when: weeks >= 4", "when: weeks >= 6"): "in words: weeks is at least 4 → weeks is at least 6",
    ("when: pain > 0", "when: pain > 1"): "in words: pain is above 0 → pain is above 1",
    ("calculated: treatments > 3", "calculated: treatments > 4"): "treatments > 3 → treatments > 4",
    ("tell: [investigator]}", "tell: [investigator], rearm: body.pain < 7}"): (
        "alerts.pain.rearm is new: body.pain < 7\n    in words: pain (body and lifestyle) is below 7"
    ),
    ("tell: [investigator]}", "tell: [investigator], escalate: [{after: 10 min, tell: [coordinator]}]}"): (
        "alerts.pain.escalate is new: [{after: 10 min, tell: [coordinator]}]"
    ),
    ("value: symptoms.total - baseline.symptoms.total", "value: symptoms.total"): (
        "in words: total (symptoms) minus total at baseline → total (symptoms)"
    ),
}


@pytest.mark.parametrize("change", OF_FORMS, ids=lambda change: change[1])
def test_what_changes_in_forms_and_alerts_is_said_and_rules_in_words(
    change: tuple[str, str], tmp_path: Path, run_diff: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    text = FORMS.read_text(encoding="utf-8")
    assert text.count(change[0]) == 1
    said = "{change: forms, applies: at_reconsent}"
    amendment = f'release: "1.1"\namendment: {{of: "1.0", reason: why, changes: [{said}]}}'
    after = tmp_path / "study.yaml"
    after.write_text(text.replace('release: "1.0"', amendment).replace(*change), encoding="utf-8")
    done = run_diff(FORMS, after)
    assert OF_FORMS[change] in done.stdout


@pytest.fixture
def run_diff() -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*words: object) -> subprocess.CompletedProcess[str]:
        command = [Path(sys.executable).with_name("entact"), "diff", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def test_a_time_within_which_nobody_can_consent_is_said_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(edited(("  changes:\n", "  reconsent_within: 2 h\n  changes:\n")))
    with pytest.raises(StudyError) as error:
        load_study(path)
    (problem,) = error.value.problems
    line = path.read_text().splitlines()[problem.line - 1]
    assert (problem.field, line.strip()) == ("amendment.reconsent_within", "reconsent_within: 2 h")
    assert "write at least '1 d'" in problem.message
