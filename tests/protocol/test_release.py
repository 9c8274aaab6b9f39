"""Releases: canonical bytes that alone rebuild everything; an id that every value changes, and no layout."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from entact.protocol import Release, Study, StudyError, assumptions, bars_from_production, load_study
from entact.protocol.explain import validate
from entact.protocol.load import resolve
from entact.protocol.release import canonical

MINI = Path(__file__).parents[1] / "studies" / "mini" / "study.yaml"
BASE = MINI.read_text(encoding="utf-8")
RELEASE = load_study(MINI).newest


def loaded(text: str, folder: Path) -> Release:
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return load_study(path).newest


def test_the_text_is_canonical_and_the_id_is_its_digest() -> None:
    assert rfc8785.dumps(json.loads(RELEASE.text)) == RELEASE.text
    assert RELEASE.digest == hashlib.sha256(RELEASE.text).hexdigest()
    assert RELEASE.id == f"mini@sha256:{RELEASE.digest}"


def test_a_release_is_rebuilt_from_its_text_alone() -> None:
    again = Release.from_text(RELEASE.text)
    assert again == RELEASE
    assert again.id == RELEASE.id
    assert again.file == RELEASE.file
    assert again.visits == RELEASE.visits
    assert again.gates == RELEASE.gates
    assert again.endpoints == RELEASE.endpoints


def test_the_instruments_are_in_the_release_so_that_a_later_version_changes_no_score(tmp_path: Path) -> None:
    text = BASE.replace("  readiness: {items", "  mood: {instrument: bdi2}\n  readiness: {items")
    text = text.replace("do: [suicidality, adverse_events, guess]", "do: [suicidality, mood]")
    release = loaded(text, tmp_path)
    assert list(release.data["instruments"]) == ["bdi2"]
    answers = dict.fromkeys(release.forms["mood"].items, 1)
    assert release.forms["mood"].values(answers)["total"] == 21
    changed = copy.deepcopy(dict(release.data))
    changed["instruments"]["bdi2"]["scores"] = {"total": {"mean": "q1 .. q21"}}
    other = Release.from_text(canonical(changed))
    assert other.forms["mood"].values(answers)["total"] == 1.0
    assert other.id != release.id


def test_no_layout_changes_the_id(tmp_path: Path) -> None:
    data = YAML(typ="safe", pure=True).load(BASE)
    shuffled = {key: data[key] for key in sorted(data, reverse=True)}
    shuffled["schedule"] = [dict(reversed(visit.items())) for visit in data["schedule"]]
    shuffled["analysis"] = dict(reversed(data["analysis"].items()))
    with_notes = "# a note\n\n" + BASE.replace("arms:\n", "arms:      # two of them\n\n")
    as_json = json.dumps(shuffled, ensure_ascii=True, indent=3)
    windows = BASE.replace("\n", "\r\n")
    quoted = BASE.replace("condition: PTSD", "'condition':   \"PTSD\"").replace(
        "alpha: 0.0499", "alpha: 4.99e-2"
    )
    for text in (with_notes, as_json, windows, quoted):
        assert text != BASE
        assert loaded(text, tmp_path).id == RELEASE.id


def test_the_order_of_named_things_is_kept_and_is_part_of_the_release(tmp_path: Path) -> None:
    data = YAML(typ="safe", pure=True).load(BASE)
    for release in (RELEASE, pickle.loads(pickle.dumps(RELEASE)), Release.from_text(bytes(RELEASE.text))):
        assert list(release.forms) == list(data["forms"])
        assert list(release.gates) == list(data["gates"])
        assert list(release.criteria) == list(data["eligibility"])
        for name, form in release.forms.items():
            assert list(form.items) == list(data["forms"][name]["items"])
    turned = dict(data, arms=dict(reversed(data["arms"].items())))
    other = loaded(json.dumps(turned), tmp_path)
    assert other.id != RELEASE.id
    assert list(other.file.arms) == ["placebo", "mdma"]


def test_an_order_never_adds_or_drops_a_name() -> None:
    order = {"arms": ["placebo", "none"], "legs": ["left"]}
    release = Release.from_text(canonical({**RELEASE.data, "order": order}))
    assert list(release.file.arms) == ["placebo", "mdma"]
    assert list(release.forms) == sorted(RELEASE.forms)
    with pytest.raises(StudyError, match=r"order\.arms: 'placebo' is not a list"):
        Release.from_text(canonical({**RELEASE.data, "order": {"arms": "placebo"}}))


def test_an_order_is_not_written_by_hand(edit_gives: Callable[[str, str, str], None]) -> None:
    message = "order: is made from the order in which this file names things; take it out"
    edit_gives("arms:\n", "§order: {arms: [placebo, mdma]}\narms:\n", message)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_every_value_changes_the_id(data: st.DataObject) -> None:
    """Any one scalar of the file, replaced by any other, gives another release or none."""
    changed = copy.deepcopy(dict(RELEASE.data))
    holder, key = data.draw(st.sampled_from(list(scalars(changed))))
    old = holder[key]
    new = data.draw(st.text(max_size=9) | st.integers(0, 99) | st.booleans() | st.floats(0, 1))
    # 1, 1.0 and true are equal in Python, and 1 and 1.0 are one number of JSON.
    if json.dumps(new) == json.dumps(old) or (isinstance(old, float | int) and new == old):
        return
    holder[key] = new
    try:
        assert Release.from_text(canonical(changed)).id != RELEASE.id
    except StudyError as error:
        assert error.problems[0].file.startswith("release sha256:")  # noqa: PT017 (it may also succeed)


def scalars(data: Any) -> list[tuple[Any, Any]]:
    if isinstance(data, dict):
        pairs = list(data.items())
    elif isinstance(data, list):
        pairs = list(enumerate(data))
    else:
        return []
    found = [(data, key) for key, value in pairs if not isinstance(value, dict | list)]
    return found + [each for _, value in pairs for each in scalars(value)]


@settings(max_examples=40, deadline=None)
@given(
    title=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip),
    alpha=st.floats(0.0001, 0.9999),
    planned=st.integers(1, 2**53 - 1),
)
def test_any_file_comes_back_from_its_text_with_the_same_id(title: str, alpha: float, planned: int) -> None:
    data = copy.deepcopy(dict(RELEASE.data))
    data["title"] = title
    data["analysis"]["primary"]["alpha"] = alpha
    data["populations"]["patient"]["planned"] = planned
    file, faults = validate(data)
    assert file is not None, faults
    text = canonical(resolve(data, file))
    again = Release.from_text(text)
    assert again.text == text
    assert again.id == f"mini@sha256:{hashlib.sha256(text).hexdigest()}"
    assert again.file == file
    assert again.file.analysis.primary.alpha == alpha


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: b"", "this is not the text of a release, which is JSON"),
        (lambda text: b"[]", "this is not the text of a release, which is a JSON object"),
        (lambda text: text[:-1], "this is not the text of a release, which is JSON"),
        (lambda text: b" " + text, "these are not canonical bytes"),
        (lambda text: text.replace(b'"doses":1,', b'"doses":1,"doses":1,'), "these are not canonical bytes"),
        (lambda text: text.replace(b'"doses":1,', b'"doses":1.0,'), "these are not canonical bytes"),
        (lambda text: text.replace(b'"doses":1,', b'"doses":NaN,'), "these are not canonical bytes"),
        (lambda text: text.replace(b'"doses":1,', b'"doses":"1",'), "doses: '1' is not a whole number"),
        (lambda text: text.replace(b'"format":1,', b'"format":2,'), "format: 2 is not possible; write 1"),
        (lambda text: b"[" * 100_000, "this is not the text of a release, which is JSON"),
    ],
)
def test_what_is_not_the_text_of_a_release_is_refused(change: Callable[[bytes], bytes], message: str) -> None:
    text = change(RELEASE.text)
    assert text != RELEASE.text
    with pytest.raises(StudyError) as caught:
        Release.from_text(text)
    assert message in str(caught.value)


def test_a_study_travels_to_another_process_and_compiles_there() -> None:
    study = load_study(MINI)
    code = (
        "import pickle, sys; study = pickle.load(sys.stdin.buffer); "
        "print(study.newest.id, len(study.newest.gates), len(study.newest.forms))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(study), capture_output=True, check=True
    )
    assert done.stdout.decode().split() == [RELEASE.id, str(len(RELEASE.gates)), str(len(RELEASE.forms))]


def test_a_study_is_all_its_releases(tmp_path: Path) -> None:
    amended = loaded(BASE.replace('release: "1.0"', 'release: "1.1"'), tmp_path)
    study = load_study(MINI).amended(amended)
    assert study.newest == amended
    assert study.release(RELEASE.id) == RELEASE
    assert Study.from_texts(release.text for release in study.releases) == study
    with pytest.raises(KeyError, match="there is no release of mini 'mini@sha256:0'"):
        study.release("mini@sha256:0")
    with pytest.raises(ValueError, match="has no release"):
        Study.from_texts([])
    with pytest.raises(ValueError, match="is not one of the study 'other'"):
        Study("other", (RELEASE,))


def test_gates_keep_what_the_file_says_of_freshness_and_override() -> None:
    suicidality, pressure, *_ = RELEASE.gates["initial_dose"].requirements
    assert pressure.within == timedelta(minutes=60)
    assert not pressure.ever
    assert pressure.override == "investigator + second person"
    assert pressure.rule.names == {"vitals.systolic", "vitals.diastolic"}
    assert suicidality.within is None
    assert RELEASE.gates["randomisation"].requirements[0].ever
    applies = RELEASE.gates["discharge"].applies_when
    assert applies is not None
    assert applies.calls == (("given", ("initial",)),)
    assert RELEASE.gates["initial_dose"].applies_when is None
    assert RELEASE.criteria["psychosis"].rule is None


def test_an_endpoint_may_look_back_at_a_visit() -> None:
    rule = RELEASE.endpoints["change"].rule
    assert rule.evaluate({"symptoms.total": 20, "baseline.symptoms.total": 45}) == -25


def test_assumptions_are_listed_and_those_about_safety_keep_a_release_out_of_production() -> None:
    assert ("gates.initial_dose.require[2].assumption", "limits") in assumptions(RELEASE)
    assert [problem.field for problem in bars_from_production(RELEASE)] == [
        "alerts.hypertension",
        "gates.initial_dose.require[2]",
        "gates.supplement.require[1]",
    ]
    assert str(bars_from_production(RELEASE)[0]).endswith(
        "is still an assumption (limits); confirm it with a source and take `assumption` out"
    )


def test_what_opens_a_gate_calls_for_help_is_given_or_stops_somebody_may_not_be_assumed() -> None:
    barred = {problem.field.partition(".")[0] for problem in bars_from_production(load_study("mapp2").newest)}
    assert barred == {"gates", "alerts", "products", "regimens", "stopping", "holds", "washout", "session"}


def test_a_release_without_assumptions_about_safety_bars_from_production(tmp_path: Path) -> None:
    text = BASE.replace("        assumption: limits\n", "").replace(", assumption: limits", "")
    text = text.replace(", assumption: limit}", "}").replace(
        "title: Nausea", "title: Nausea, assumption: term"
    )
    release = loaded(text, tmp_path)
    assert bars_from_production(release) == []
    assert assumptions(release) == [("adverse_events.terms.nausea.assumption", "term")]


def test_a_file_that_did_not_change_is_checked_once() -> None:
    assert load_study(MINI).newest is load_study(MINI).newest
