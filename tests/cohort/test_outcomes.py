"""Virtual participants: the same draws for one and many, for every arm, and close to what was published."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks import calibration
from hypothesis import given, settings
from hypothesis import strategies as some

import entact.studies
from entact.cohort.baseline import Baseline, draw_baseline, draw_characteristics, failure_reasons
from entact.cohort.draws import UNKNOWN, draw, stream
from entact.cohort.guesses import draw_guesses
from entact.cohort.items import spread_total
from entact.cohort.outcomes import Outcomes, draw_outcomes
from entact.cohort.parameters import Parameters
from entact.cohort.scenario import ParametersError, load_parameters
from entact.cohort.session import draw_adverse_events, draw_vital_signs, time_course, vital_signs_at
from entact.protocol.instrument import load_instrument

FOLDER = Path(next(iter(entact.studies.__path__))) / "mapp1"
COHORT = FOLDER / "cohort.yaml"
SCENARIOS = sorted(path.stem for path in (FOLDER / "scenarios").glob("*.yaml"))


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return load_parameters(COHORT)


@pytest.fixture(scope="module")
def entered(parameters: Parameters) -> Baseline:
    candidates = draw_baseline(parameters, 11, range(6000))
    return candidates.take(candidates.eligible)


def scenario(name: str) -> Parameters:
    return load_parameters(COHORT, FOLDER / "scenarios" / f"{name}.yaml")


def arrays(value: Any, prefix: str = "") -> dict[str, np.ndarray]:
    """All arrays of a result by dotted name."""
    if isinstance(value, np.ndarray):
        return {prefix: value}
    if dataclasses.is_dataclass(value):
        value = {name: getattr(value, name) for name in value.__slots__}
    return {k: v for name, part in value.items() for k, v in arrays(part, f"{prefix}.{name}").items()}


def assert_same(one: Any, other: Any) -> None:
    left, right = arrays(one), arrays(other)
    assert left.keys() == right.keys()
    for name, values in left.items():
        np.testing.assert_array_equal(values, right[name], err_msg=name)


@settings(max_examples=25, deadline=None)
@given(seed=some.integers(0, 2**62), row=some.integers(0, 39), first=some.integers(0, 10**6))
def test_one_participant_equals_their_row_of_a_batch(seed: int, row: int, first: int) -> None:
    parameters = load_once()
    numbers = first + np.arange(40)
    arms = numbers % 2
    batch = draw_baseline(parameters, seed, numbers)
    alone = draw_baseline(parameters, seed, [numbers[row]])
    assert_same(alone, batch.take([row]))
    course = draw_outcomes(parameters, batch, arms)
    single = draw_outcomes(parameters, alone, arms[[row]])
    events = draw_adverse_events(parameters, seed, numbers, arms, batch.site, course.sessions_received)
    event = draw_adverse_events(
        parameters, seed, numbers[[row]], arms[[row]], alone.site, single.sessions_received
    )
    pairs = [
        (single, course),
        (event, events),
        (
            draw_guesses(parameters, seed, numbers[[row]], arms[[row]]),
            draw_guesses(parameters, seed, numbers, arms),
        ),
        (
            draw_vital_signs(parameters, seed, numbers[[row]], arms[[row]]),
            draw_vital_signs(parameters, seed, numbers, arms),
        ),
        (
            draw_characteristics(parameters, seed, [numbers[row]]),
            draw_characteristics(parameters, seed, numbers),
        ),
    ]
    for one, many in pairs:
        of_row = {name: values[[row]] for name, values in arrays(many).items()}
        for name, values in arrays(one).items():
            np.testing.assert_array_equal(values, of_row[name], err_msg=name)


_loaded: list[Parameters] = []


def load_once() -> Parameters:
    """Hypothesis calls a test many times; the file is read once."""
    if not _loaded:
        _loaded.append(load_parameters(COHORT))
    return _loaded[0]


def test_the_same_seed_gives_the_same_trial_and_another_does_not(parameters: Parameters) -> None:
    assert_same(draw_baseline(parameters, 5, range(30)), draw_baseline(parameters, 5, range(30)))
    assert (
        draw_baseline(parameters, 5, range(30)).total != draw_baseline(parameters, 6, range(30)).total
    ).any()


def test_many_trials_in_one_call_equal_each_on_its_own(parameters: Parameters) -> None:
    both = calibration.draw_trials(parameters, 40, 0, 2)
    assert_same(calibration.draw_trials(parameters, 40, 1, 1).total, both.total[90:])
    assert_same(calibration.draw_trials(parameters, 41, 0, 1).items, both.items[90:])


def test_a_stream_of_one_and_the_draws_of_many_are_the_same_numbers() -> None:
    uniform, normal = draw(9, [4, 17], "topic", 3, 5)
    alone = stream(9, 17, "topic")
    np.testing.assert_array_equal(alone.random(3), uniform[1])
    np.testing.assert_array_equal(alone.standard_normal(5), normal[1])
    assert (draw(9, [17], "another topic", 3, 5)[0] != uniform[1]).all()


def test_streams_of_neighbours_are_uncorrelated() -> None:
    _, normal = draw(3, range(4000), "topic", 0, 2)
    lagged = np.corrcoef(normal[:-1, 0], normal[1:, 0])[0, 1]
    within = np.corrcoef(normal[:, 0], normal[:, 1])[0, 1]
    assert abs(lagged) < 4 / np.sqrt(4000)
    assert abs(within) < 4 / np.sqrt(4000)
    assert abs(normal.mean()) < 4 / np.sqrt(8000)


def test_baseline_is_the_same_in_either_arm_and_nobody_depends_on_another(
    parameters: Parameters, entered: Baseline
) -> None:
    some_of = entered.take(range(200))
    arms = np.arange(200) % 2
    as_given, swapped = draw_outcomes(parameters, some_of, arms), draw_outcomes(parameters, some_of, 1 - arms)
    for name in ("total", "items", "diagnosis"):
        np.testing.assert_array_equal(getattr(as_given, name)[:, 0], getattr(swapped, name)[:, 0])
        np.testing.assert_array_equal(getattr(as_given, name)[:, 0], getattr(some_of, name))
    for name, scores in as_given.scores.items():
        np.testing.assert_array_equal(scores[:, 0], swapped.scores[name][:, 0])
    one_other = arms.copy()
    one_other[7] = 1 - one_other[7]
    changed = draw_outcomes(parameters, some_of, one_other).items != as_given.items
    assert np.flatnonzero(changed.any(axis=(1, 2))).tolist() == [7]


def test_arms_without_effect_give_everyone_the_same_course(entered: Baseline) -> None:
    none = scenario("no_effect")
    some_of = entered.take(range(300))
    active, control = (draw_outcomes(none, some_of, np.full(300, arm)) for arm in (0, 1))
    assert_same(dataclasses.replace(active, arm=control.arm), control)


def test_an_arm_that_the_parameters_lack_is_refused(parameters: Parameters, entered: Baseline) -> None:
    with pytest.raises(ValueError, match="positions in"):
        draw_outcomes(parameters, entered.take([0, 1]), [0, 2])
    with pytest.raises(ValueError, match="2 participants"):
        draw_outcomes(parameters, entered.take([0, 1]), [0])


@given(data=some.data(), total=some.integers(0, 79))
def test_items_add_up_to_their_total_and_rise_with_it(data: some.DataObject, total: int) -> None:
    profile = load_once().severity.items
    seed = data.draw(some.integers(0, 1000))
    deviation = np.random.default_rng(seed).standard_normal((2, profile.count))
    here, above = (spread_total(profile, np.array(value), *deviation) for value in (total, total + 1))
    assert here.sum() == total
    assert above.sum() == total + 1
    assert (above >= here).all()
    assert above.max() <= len(profile.levels)


def course(parameters: Parameters, entered: Baseline) -> Outcomes:
    return draw_outcomes(parameters, entered, np.arange(entered.index.size) % 2)


def test_scores_stay_in_their_ranges(parameters: Parameters, entered: Baseline) -> None:
    outcomes = course(parameters, entered)
    np.testing.assert_array_equal(outcomes.items.sum(axis=-1), outcomes.total)
    assert outcomes.items.min() == 0
    assert outcomes.items.max() == 4
    for name, item in parameters.severity.companions.items():
        assert outcomes.companions[name].min() >= 0
        assert outcomes.companions[name].max() <= item.maximum
    for name, rules in parameters.questionnaires.items():
        asked = [timepoint in rules.timepoints for timepoint in parameters.timepoints]
        assert (outcomes.questionnaires[name][:, [not here for here in asked]] == UNKNOWN).all()
        assert outcomes.questionnaires[name].max() == len(rules.items.levels)
        assert not np.isnan(outcomes.scores[name][:, asked]).any()


def test_the_arrays_score_as_the_instruments_do(parameters: Parameters, entered: Baseline) -> None:
    outcomes = course(parameters, entered)
    primary = load_instrument(parameters.severity.instrument)
    symptoms = [name for name in primary.items if name[0] in "bcde" and name[1:].isdigit()]
    relation = parameters.severity.relation
    assert relation is not None
    codes = list(relation.shares)
    seen = set()
    for row in range(150):
        for k in range(len(parameters.timepoints)):
            answers: dict[str, Any] = {"a": True, "f": bool(outcomes.long_enough[row, k])}
            answers |= dict(zip(symptoms, outcomes.items[row, k].tolist(), strict=True))
            answers |= {name: int(values[row, k]) for name, values in outcomes.companions.items()}
            for number in relation.items:
                qualifier, _ = primary.qualifiers[symptoms[number - 1]]
                answers[qualifier] = codes[outcomes.baseline.relation[row, number - 1]]
            scores = primary.score(answers)
            assert scores["total"] == outcomes.total[row, k]
            assert scores["diagnosis"] == outcomes.diagnosis[row, k]
            seen.add(scores["diagnosis"])
            for key, rules in parameters.questionnaires.items():
                given = outcomes.questionnaires[key][row, k].tolist()
                if parameters.timepoints[k] in rules.timepoints:
                    instrument = load_instrument(rules.instrument)
                    asked = {
                        name: value for name, value in zip(instrument.items, given, strict=True) if value >= 0
                    }
                    score = instrument.score(asked)["mean" if rules.score == "mean" else "total"]
                    assert score == pytest.approx(outcomes.scores[key][row, k])
    assert seen == {True, False}


def test_those_who_enter_look_like_those_published(parameters: Parameters) -> None:
    candidates = draw_baseline(parameters, 2, range(8000))
    assert candidates.eligible.mean() == pytest.approx(91 / 131, abs=0.03)
    entered = candidates.take(candidates.eligible)
    assert entered.total.min() >= 35
    assert entered.diagnosis.all()
    dissociative = (
        np.maximum(entered.companions["depersonalisation"], entered.companions["derealisation"]) >= 2
    )
    assert dissociative.mean() == pytest.approx(19 / 90, abs=0.03)
    failed = {failure_reasons(parameters)[code] for code in np.unique(candidates.failure) if code != UNKNOWN}
    assert {item.reason for item in parameters.screening.reasons} < failed
    drawn = draw_characteristics(parameters, 2, range(8000))
    assert drawn["age"].mean() == pytest.approx(41.0, abs=0.6)
    assert drawn["age"].std() == pytest.approx(11.9, abs=0.5)
    assert drawn["age"].min() >= 18
    assert drawn["prior_mdma"].mean() == pytest.approx(0.322, abs=0.02)
    assert (drawn["sex"] == 0).mean() == pytest.approx(0.656, abs=0.02)


def test_who_leaves_is_no_longer_seen_nor_treated(entered: Baseline) -> None:
    outcomes = course(scenario("higher_dropout"), entered)
    assert not (outcomes.on_treatment & ~outcomes.in_study).any()
    assert (np.diff(outcomes.in_study.astype(int), axis=1) <= 0).all()
    assert (np.diff(outcomes.on_treatment.astype(int), axis=1) <= 0).all()
    left, stopped = outcomes.study_left, outcomes.treatment_stopped
    gone = left != UNKNOWN
    assert (stopped[gone] != UNKNOWN).all()
    assert (stopped[gone] <= left[gone]).all()
    together = gone & (stopped == left)
    assert (outcomes.stop_fraction[together] <= outcomes.leave_fraction[together]).all()
    assert ((stopped != UNKNOWN) & ~gone).any()
    assert (outcomes.sessions_received[stopped == UNKNOWN] == 3).all()
    assert (outcomes.sessions_received[stopped == 1] == 1).all()
    assert set(np.unique(outcomes.stop_reason[stopped == UNKNOWN])) == {UNKNOWN}


def test_those_who_stop_would_have_done_worse(parameters: Parameters, entered: Baseline) -> None:
    outcomes = course(parameters, entered)
    without = parameters.efficacy.model_copy(update={"not_at_random": 0.0})
    at_random = course(parameters.model_copy(update={"efficacy": without}), entered)
    stopped = outcomes.treatment_stopped != UNKNOWN
    moved = outcomes.total - at_random.total
    assert moved[stopped, -1].mean() == pytest.approx(parameters.efficacy.not_at_random, abs=0.7)
    assert not moved[~stopped].any()


def test_an_effect_through_the_guess_is_none_among_those_who_guess_alike(entered: Baseline) -> None:
    believing = scenario("effect_through_guess")
    outcomes = course(believing, entered)
    last = draw_guesses(believing, entered.seed, entered.index, outcomes.arm).guess[:, 0, -1]
    fall = outcomes.change[:, -1]

    def gap(rows: np.ndarray) -> tuple[float, float]:
        one, other = (fall[rows & (outcomes.arm == arm)] for arm in (0, 1))
        return one.mean() - other.mean(), float(np.sqrt(one.var() / one.size + other.var() / other.size))

    everyone, error = gap(np.ones(fall.size, np.bool_))
    assert everyone < -6 * error
    for guess in (0, 1):
        alike, error = gap(last == guess)
        assert abs(alike) < 4 * error


def test_more_stop_in_the_scenario_of_higher_drop_out(parameters: Parameters, entered: Baseline) -> None:
    usual, higher = (
        course(rules, entered).on_treatment[:, -1] for rules in (parameters, scenario("higher_dropout"))
    )
    assert (~higher).mean() > 1.7 * (~usual).mean()


def test_guesses_are_as_often_right_as_the_parameters_say(parameters: Parameters) -> None:
    arms = np.arange(8000) % 2
    drawn = draw_guesses(parameters, 4, range(8000), arms)
    assert drawn.confidence.min() == 1
    assert drawn.confidence.max() == parameters.guesses.confidence_levels
    for r, role in enumerate(parameters.guesses.roles.values()):
        for a, arm in enumerate(parameters.arms):
            last = drawn.guess[arms == a, r, -1]
            for b, guessed in enumerate(parameters.arms):
                assert (last == b).mean() == pytest.approx(role.by_arm[arm][guessed], abs=0.025)
            assert (last == UNKNOWN).mean() == pytest.approx(role.by_arm[arm]["unknown"], abs=0.025)


def test_adverse_events_come_as_often_as_published(parameters: Parameters) -> None:
    n, rules = 8000, parameters.adverse_events
    arms, sites = np.arange(n) % 2, np.zeros(n, np.int64)
    drawn = draw_adverse_events(parameters, 8, range(n), arms, sites, np.full(n, 3))
    for a, arm in enumerate(parameters.arms):
        share = drawn.occurs[arms == a].any(axis=2).mean(axis=0)
        for k, term in enumerate(rules.terms):
            error = np.sqrt(term.chance[arm] * (1 - term.chance[arm]) / (n / 2))
            assert abs(share[k] - term.chance[arm]) <= 4 * error, term.term
    assert drawn.occurs.any(axis=(1, 2)).mean() == pytest.approx(89 / 90, abs=0.02)
    assert {"favourable", "unfavourable"} <= {term.valence for term in rules.terms}
    assert (drawn.onset_minutes >= 0).all()
    assert drawn.severity.max() < 3
    assert not (drawn.recorded & ~drawn.occurs).any()
    none = draw_adverse_events(parameters, 8, range(50), arms[:50], sites[:50], np.zeros(50, np.int64))
    assert not none.occurs.any()


def test_a_bad_site_leaves_events_out_and_favourable_ones_above_all() -> None:
    bad = scenario("one_bad_site")
    worst = min(bad.sites.by_id, key=lambda site: bad.sites.by_id[site].adverse_event_recording)
    where = list(bad.sites.by_id).index(worst)
    drawn = draw_adverse_events(bad, 8, range(2000), np.zeros(2000), np.full(2000, where), np.full(2000, 3))
    good = np.array([term.valence == "favourable" for term in bad.adverse_events.terms])
    assert drawn.occurs[:, good].any()
    assert not drawn.recorded[:, good].any()
    others = drawn.recorded[:, ~good].sum() / drawn.occurs[:, ~good].sum()
    assert others == pytest.approx(bad.sites.by_id[worst].adverse_event_recording, abs=0.03)


def test_what_a_session_brings_is_the_same_in_every_arm(parameters: Parameters) -> None:
    """What the drug brings is added to it (`test_physiology.py`)."""
    drawn = [draw_vital_signs(parameters, 6, range(300), np.full(300, arm)) for arm in (0, 1)]
    assert (drawn[0].rise == drawn[1].rise).all()
    asked: dict[str, Any] = {"session": 1, "level": "full", "minutes": 90.0, "reading": 4}
    for row in range(20):
        alone = vital_signs_at(parameters, drawn[0], row, **asked)
        raised = vital_signs_at(parameters, drawn[0], row, **asked, drug={"systolic": 20.0})
        assert raised["systolic"] == pytest.approx(alone["systolic"] + 20.0, abs=1.0)
        assert raised["heart_rate"] == alone["heart_rate"]
        assert alone["diastolic"] < alone["systolic"]


def test_a_time_course_starts_at_none_peaks_at_one_and_wanes(parameters: Parameters) -> None:
    values = [time_course(parameters, minutes) for minutes in range(-30, 601)]
    assert set(values[:31]) == {0.0}
    assert max(values) == pytest.approx(1.0, abs=1e-3)
    assert 60 <= int(np.argmax(values)) - 30 <= 120
    assert values[-1] < 0.1


def test_vital_signs_name_what_they_do_not_have(parameters: Parameters) -> None:
    drawn = draw_vital_signs(parameters, 6, [0], [0])
    with pytest.raises(ValueError, match="'double' is not among"):
        vital_signs_at(parameters, drawn, 0, session=0, level="double", minutes=10, reading=0)
    with pytest.raises(ValueError, match="session 3"):
        vital_signs_at(parameters, drawn, 0, session=3, level="full", minutes=10, reading=0)


def test_virtual_trials_look_like_the_published_one(parameters: Parameters) -> None:
    values, _ = calibration.simulate(parameters, 7, 200)
    out = [
        f"{target.name}: {mean:.2f} is not in {target.low:.2f} to {target.high:.2f}"
        for target, mean, error, _ in calibration.judge(values)
        if not target.low - 3 * error <= mean <= target.high + 3 * error
    ]
    assert not out


def test_each_summary_counts_those_whom_the_publication_counts(parameters: Parameters) -> None:
    """CAPS-5 and SDS on treatment; BDI-II in the study, as F043 has more of them than F037."""
    outcomes = calibration.draw_trials(parameters, 5, 0, 40)
    values = calibration.summarise(parameters, outcomes, 40)
    mine = (outcomes.arm == parameters.arms.index("placebo")).reshape(40, 90)
    for name, questionnaire, among in (
        ("SDS", "sds", outcomes.on_treatment),
        ("BDI-II", "bdi2", outcomes.in_study),
    ):
        change = np.diff(outcomes.scores[questionnaire][:, [0, -1]])[:, 0].reshape(40, 90)
        counted = mine & among[:, -1].reshape(40, 90)
        expected = [change[k, counted[k]].mean() for k in range(40)]
        assert values[f"placebo {name} change mean"] == pytest.approx(expected)
    assert (outcomes.in_study & ~outcomes.on_treatment)[:, -1].any()


def test_without_effect_rejections_keep_their_rate_and_arms_leave_alike() -> None:
    values, p_values = calibration.simulate(scenario("no_effect"), 7, 400)
    assert abs((p_values < 0.05).mean() - 0.05) <= 3 * np.sqrt(0.05 * 0.95 / 400)
    for name in ("CAPS-5 change mean", "rated week 18 %"):
        gap = values[f"mdma {name}"] - values[f"placebo {name}"]
        assert abs(gap.mean()) <= 3 * gap.std() / np.sqrt(400)


def test_p_values_are_those_of_ordinary_least_squares(parameters: Parameters) -> None:
    outcomes = calibration.draw_trials(parameters, 3, 0, 2)
    found = calibration.arm_p_values(parameters, outcomes, 2)
    rows = np.flatnonzero(outcomes.on_treatment[:90, -1])
    design = np.column_stack([np.ones(rows.size), outcomes.arm[rows] == 0, outcomes.total[rows, 0]]).astype(
        float
    )
    change = outcomes.change[rows, -1].astype(float)
    coefficients, residual, *_ = np.linalg.lstsq(design, change, rcond=None)
    freedom = rows.size - 3
    error = np.sqrt(residual[0] / freedom * np.linalg.inv(design.T @ design)[1, 1])
    expected = 2 * calibration.t.sf(abs(coefficients[1] / error), freedom)
    assert found[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_changes_something_and_says_why(name: str, parameters: Parameters) -> None:
    changed = scenario(name)
    assert changed.scenario == name
    assert changed.model_copy(update={"scenario": None}) != parameters


def test_the_four_scenarios_are_shipped() -> None:
    assert {"effect_through_guess", "higher_dropout", "no_effect", "one_bad_site"} <= set(SCENARIOS)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "  efficacy: {folows: reference}",
            r"bad\.yaml:4:14 override\.efficacy\.folows: .*did you mean 'follows'",
        ),
        (
            "  efficacy: {follows: nobody}",
            r"bad\.yaml:4:23 override\.efficacy\.follows: there is no value 'nobody'",
        ),
        ("  eficacy: {follows: guessed}", r"bad\.yaml:4:3 override\.eficacy: .*did you mean 'efficacy'"),
        ("  efficacy: 3", r"bad\.yaml:4:13 override\.efficacy: must be a block"),
        ("  sites:\n    by_id:\n      S99: {weight: 2}", r"bad\.yaml:6:7 .*S99: there is no key 'S99\'"),
        (
            '  sites:\n    by_id:\n      "01": {weight: -1}',
            r"bad\.yaml:6:22 override\.sites\.by_id\.01\.weight: -1 is too small; write a number above 0",
        ),
        (
            "  discontinuation:\n    before_session: 7/5",
            r"bad\.yaml:5:21 .*before_session: 7/5 is too large; write 1 or less",
        ),
        ("  discontinuation:\n    before_session: a/5", r"bad\.yaml:5:21 .*not a count over a total"),
    ],
)
def test_a_wrong_scenario_is_refused_with_its_place(tmp_path: Path, override: str, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(f"scenario: bad\nassumption: a mistake\noverride:\n{override}\n")
    with pytest.raises(ParametersError, match=message):
        load_parameters(COHORT, path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("assumption: x\noverride: {}\n", "needs `scenario:`"),
        ("scenario: x\noverride: {}\n", "needs `source:` or `assumption:`"),
        (
            "scenario: x\nassumption: x\noveride: {}\n",
            "bad.yaml:3:1 overide: there is no key 'overide'; did you mean 'override'",
        ),
        ("scenario: [x\n", r"bad\.yaml:2:1: a bracket that is never closed"),
        ("- scenario\n", "must be a block of parameters"),
    ],
)
def test_a_scenario_file_that_is_none_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ParametersError, match=message):
        load_parameters(COHORT, path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "reference: placebo",
            "reference: placbo",
            "reference: there is no arm 'placbo'; did you mean 'placebo'",
        ),
        ("  present_at: 2", "  presentat: 2", "severity.presentat: .*did you mean 'present_at'"),
        ("  persistence: 0.7", "  persistence: much", "efficacy.persistence: "),
        (
            "placebo: 5/44}, pattern: lasting, source: F052",
            "placebo: 5/44}, pattern: lasting",
            "needs `source:`",
        ),
        ("pattern: lasting, source: F052", "pattern: lastin, source: F052", "did you mean 'lasting'"),
        ("reason: serious imminent", "reasn: serious imminent", "did you mean 'reason'"),
    ],
)
def test_wrong_parameters_are_refused_with_their_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = COHORT.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = tmp_path / "cohort.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ParametersError, match=rf"cohort\.yaml:\d+:\d+ .*{message}"):
        load_parameters(path)


def test_parameters_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ParametersError, match=r"none\.yaml: cannot be read"):
        load_parameters(tmp_path / "none.yaml")
