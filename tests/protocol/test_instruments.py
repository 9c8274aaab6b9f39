"""Every shipped instrument: cases computed by hand, ranges, and that what is missing never counts as zero."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import entact.protocol
from entact.course.kinds import blinding
from entact.protocol import load_study
from entact.protocol.form import CompiledForm
from entact.protocol.instrument import load_instrument, shipped_instruments
from entact.protocol.source import read_source
from entact.protocol.study import Form

# The least and the greatest value of each score that counts or measures.
RANGES: dict[str, dict[str, tuple[float, float]]] = {
    "audit": {"total": (0, 40)},
    "bdi2": {"total": (0, 63)},
    "c_ssrs": {"ideation": (0, 5)},
    "c_ssrs_intensity": {"intensity": (2, 25)},
    "c_ssrs_lifetime": {"ideation": (0, 5)},
    "c_ssrs_lifetime_intensity": {"intensity": (2, 25)},
    "caps5_past_month": {"total": (0, 80)},
    "caps5_past_week": {"total": (0, 80), "symptoms": (0, 20)},
    "des2": {"mean": (0, 100)},
    "dudit": {"total": (0, 44)},
    "eat26": {"total": (0, 78), "dieting": (0, 39), "bulimia": (0, 18), "oral_control": (0, 21)},
    "edeq": {"global_score": (0, 6), "restraint": (0, 6), "shape_concern": (0, 6)},
    "expectancy": {"difference": (-10, 10)},
    "gad7": {"total": (0, 21)},
    "guess": {},
    "impairment": {"impairment": (0, 10)},
    "itq": {"ptsd_severity": (0, 24), "dso_severity": (0, 24)},
    "lsas": {"total": (0, 144), "fear": (0, 72), "avoidance": (0, 72)},
    "meq30": {"total": (0, 5), "mystical": (0, 5), "ineffability": (0, 5)},
    "pcl5": {"total": (0, 80), "severity_b": (0, 20), "severity_c": (0, 8), "severity_d": (0, 28)},
    "phq9": {"total": (0, 27)},
    "sds": {"mean": (0, 10)},
    "sds_three_item": {"total": (0, 30)},
    "stai_state": {"total": (20, 80)},
    "stai_trait": {"total": (20, 80)},
    "therapist_adherence": {"mean": (0, 4)},
}


def possible(name: str) -> dict[str, list[Any]]:
    """Every possible answer to each item, so far as scores go."""
    found: dict[str, list[Any]] = {}
    for item, said in load_instrument(name).items.items():
        if said.type == "boolean":
            found[item] = [False, True]
        elif said.type == "choice":
            found[item] = list(said.of or ())
        elif said.type == "text":
            found[item] = ["because"]
        else:
            assert said.answers is not None, item
            found[item] = said.answers
    return found


def answered(name: str, rest: Any, **said: Any) -> dict[str, Any]:
    """All items answered alike, but for those said otherwise; None is missing."""
    return dict.fromkeys(load_instrument(name).items, rest) | said


def score(name: str, rest: Any, **said: Any) -> dict[str, Any]:
    return load_instrument(name).score(answered(name, rest, **said))


def test_no_instrument_lacks_its_ranges() -> None:
    assert sorted(RANGES) == shipped_instruments()


@pytest.mark.parametrize("name", shipped_instruments())
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_scores_stay_in_their_range_whatever_is_answered_and_missing(name: str, data: st.DataObject) -> None:
    answers = {item: data.draw(st.none() | st.sampled_from(some)) for item, some in possible(name).items()}
    scores = load_instrument(name).score(answers)
    for said, (low, high) in RANGES[name].items():
        assert scores[said] is None or low <= scores[said] <= high


def at_the_end(name: str, highest: bool) -> dict[str, Any]:
    """All items at the answer that gives most (or fewest) points."""
    instrument = load_instrument(name)
    points = points_of(name)
    pick = max if highest else min
    return {
        item: pick(some, key=lambda answer, item=item: points.get(item, {}).get(answer, answer))
        for item, some in possible(name).items()
        if instrument.items[item].type != "choice"
    } | {name: "definite" for name in instrument.items if name.startswith("related_")}


def points_of(name: str) -> dict[str, dict[int, int]]:
    """The points of each item that has some of its own, read from the file and not from the scoring."""
    found: dict[str, dict[int, int]] = {}
    for group in load_instrument(name).file.items:
        for item in group.spelled_out():
            some = load_instrument(name).items[item].answers or []
            if group.points is not None:
                found[item] = dict(zip(some, group.points, strict=True))
            elif item in (group.reversed or ()):
                found[item] = {answer: some[0] + some[-1] - answer for answer in some}
    return found


@pytest.mark.parametrize("name", sorted(set(shipped_instruments()) - {"expectancy", "c_ssrs_intensity"}))
def test_both_ends_of_every_range_are_reached(name: str) -> None:
    lowest, highest = (load_instrument(name).score(at_the_end(name, end)) for end in (False, True))
    for said, (low, high) in RANGES[name].items():
        assert (lowest[said], highest[said]) == (low, high), said


@pytest.mark.parametrize("name", shipped_instruments())
def test_a_missing_answer_counts_as_the_others_do_or_leaves_the_score_unknown(name: str) -> None:
    """All at their highest: a score that took what is missing for nothing would fall."""
    instrument = load_instrument(name)
    whole = at_the_end(name, True)
    full = instrument.score(whole)
    for gap in whole:
        for said, value in instrument.score(whole | {gap: None}).items():
            assert value is None or value == pytest.approx(full[said]), (gap, said)
    assert {type(value) for value in instrument.score({}).values()} <= {type(None)}


def test_pcl5_by_hand() -> None:
    # 1 in B, 1 in C, 2 in D, 2 in E at 2 each, all others at 1: 6 x 2 + 14 x 1
    least = {"q3": 2, "q6": 2, "q8": 2, "q14": 2, "q15": 2, "q20": 2}
    scores = score("pcl5", 1, **least)
    assert (scores["total"], scores["provisional_diagnosis"], scores["above_cut"]) == (26, True, False)
    for name in least:
        assert score("pcl5", 1, **least | {name: 1})["provisional_diagnosis"] is False, name
    # E begins at item 15, D ends at 14
    assert score("pcl5", 0, q13=2, q14=2)["cluster_d"] is True
    assert score("pcl5", 0, q14=2, q15=2)["cluster_d"] is False
    assert score("pcl5", 4)["severity_e"] == 24
    assert score("pcl5", 1, q1=None)["total"] is None
    # without item 1 the diagnosis stands, as item 3 decides
    assert score("pcl5", 1, **least | {"q1": None})["provisional_diagnosis"] is True
    assert (
        score("pcl5", 2, q20=0)["above_cut"],
        score("pcl5", 1, q1=4, q2=4, q3=4, q4=4, q5=1)["total"],
    ) == (
        True,
        32,
    )


@pytest.mark.parametrize(
    ("total", "severity"),
    [(0, "minimal"), (13, "minimal"), (14, "mild"), (19, "mild"), (20, "moderate"), (28, "moderate"),
     (29, "severe"), (63, "severe")],
)  # fmt: skip
def test_bdi2_by_hand(total: int, severity: str) -> None:
    threes, rest = divmod(total, 3)
    answers = {
        f"q{place}": 3 if place <= threes else rest if place == threes + 1 else 0 for place in range(1, 22)
    }
    assert load_instrument("bdi2").score(answers) == {"total": total, "severity": severity}


def test_stai_by_hand() -> None:
    # ten items turn 1 into 4: 10 x 4 + 10 x 1
    assert score("stai_state", 1)["total"] == 50
    # calm throughout: reversed items at 4, the others at 1
    calm = dict.fromkeys(["s1", "s2", "s5", "s8", "s10", "s11", "s15", "s16", "s19", "s20"], 4)
    assert score("stai_state", 1, **calm)["total"] == 20
    # nine of the trait items are reversed: 9 x 4 + 11 x 1
    assert score("stai_trait", 1)["total"] == 47
    easy = dict.fromkeys(["t21", "t23", "t26", "t27", "t30", "t33", "t34", "t36", "t39"], 4)
    assert score("stai_trait", 1, **easy)["total"] == 20
    # s3 missing: 19 points over 19 items, times 20; three missing are too many
    assert score("stai_state", 1, **calm | {"s3": None})["total"] == 20
    # 22 points over 19 items, times 20, and upwards
    assert score("stai_state", 1, **calm | {"s3": None, "s1": 1})["total"] == 24
    assert score("stai_state", 1, **calm | dict.fromkeys(["s3", "s4", "s6"]))["total"] is None


def test_eat26_by_hand() -> None:
    # sometimes (2) is no point; often 1, usually 2, always 3; item 26 turned round
    assert score("eat26", 2, q26=3)["total"] == 0
    assert score("eat26", 3, q26=3) == {
        "dieting": 12, "bulimia": 6, "oral_control": 7, "total": 25, "refer": True,
    }  # fmt: skip
    assert [score("eat26", 0, q26=answer)["dieting"] for answer in range(6)] == [3, 2, 1, 0, 0, 0]
    # bulimia without item 25: 3, 3, 1, 0, 0 have the median 1; 7 + 1
    bulimia = {"q3": 5, "q4": 5, "q9": 3, "q18": 0, "q21": 1, "q25": None}
    assert score("eat26", 0, **bulimia)["bulimia"] == 8
    # oral control without item 20: 0, 0, 0, 1, 2, 3 have the median 0.5, rounded up to 1
    control = {"q2": 0, "q5": 0, "q8": 1, "q13": 3, "q15": 4, "q19": 5, "q20": None}
    assert score("eat26", 0, **control)["oral_control"] == 7
    assert score("eat26", 0, **control | {"q19": None})["oral_control"] is None
    assert score("eat26", 0, **control | {"q19": None})["total"] is None


def test_edeq_by_hand() -> None:
    restraint = {"q1": 6, "q2": 5, "q3": 4, "q4": None, "q5": None}
    scores = score("edeq", 0, **restraint)
    assert scores["restraint"] == 5
    assert scores["global_score"] == 1.25  # (5 + 0 + 0 + 0) / 4
    assert score("edeq", 0, **restraint | {"q3": None})["restraint"] is None
    assert score("edeq", 0, q8=6)["shape_concern"] == 0.75
    assert score("edeq", 0, q8=6)["weight_concern"] == 1.2
    # episodes count in no scale
    assert score("edeq", 0, q13=20, q16=9)["global_score"] == 0


def test_phq9_by_hand() -> None:
    # 8 x 1 + 2
    scores = score("phq9", 1, q9=2)
    assert (scores["total"], scores["severity"], scores["suicidal_thoughts"]) == (10, "moderate", True)
    # seven answered with 1 each: 7 / 7 x 9; a third missing is too many
    assert score("phq9", 1, q1=None, q2=None)["total"] == 9
    assert score("phq9", 1, q1=None, q2=None, q3=None)["total"] is None
    assert score("phq9", 0, q9=None)["suicidal_thoughts"] is None
    bands = [
        score("phq9", 0, q1=3, q2=a, q3=b, q4=c)["severity"] for a, b, c in [(1, 0, 0), (2, 0, 0), (3, 3, 1)]
    ]
    assert bands == ["minimal", "mild", "moderate"]
    assert (score("phq9", 2, q1=0, q2=1)["severity"], score("phq9", 2, q1=3, q2=3)["severity"]) == (
        "moderately severe",
        "severe",
    )
    assert load_instrument("phq9").codes["q9"] == "PHQ0109"


def test_gad7_by_hand() -> None:
    assert score("gad7", 1) == {"total": 7, "severity": "mild"}
    assert score("gad7", 2, q1=3) == {"total": 15, "severity": "severe"}
    assert score("gad7", 2, q1=1, q2=None)["total"] == pytest.approx(11 / 6 * 7)
    assert score("gad7", 2, q1=None, q2=None, q3=None) == {"total": None, "severity": None}


PTSD = {"p1": 2, "p4": 2, "p6": 2, "p9": 2}
DSO = {"c2": 2, "c3": 2, "c5": 2, "c7": 2}


def test_itq_by_hand() -> None:
    ptsd = score("itq", 0, **PTSD)
    assert (ptsd["ptsd"], ptsd["complex_ptsd"], ptsd["ptsd_severity"]) == (True, False, 6)
    both = score("itq", 0, **PTSD, **DSO)
    assert (both["ptsd"], both["complex_ptsd"], both["dso_severity"]) == (False, True, 6)
    assert (score("itq", 0, **DSO)["ptsd"], score("itq", 0, **DSO)["complex_ptsd"]) == (False, False)
    for name in PTSD:
        assert score("itq", 0, **PTSD | {name: 1})["ptsd"] is False, name
    for name in DSO:
        assert score("itq", 0, **PTSD, **DSO | {name: 1})["complex_ptsd"] is False, name
    # whether PTSD is complex depends on the missing item; without PTSD nothing does
    assert score("itq", 0, **PTSD, **DSO | {"c7": None})["ptsd"] is None
    assert score("itq", 0, **DSO | {"c7": None})["ptsd"] is False


def test_des2_audit_and_dudit_by_hand() -> None:
    assert score("des2", 20, q1=100, q2=None)["mean"] is None
    assert score("des2", 30) == {"mean": 30.0, "high": True}
    assert score("des2", 30, q1=20)["high"] is False
    assert score("des2", 30, q1=25)["mean"] is None  # by tens
    assert score("audit", 0, q1=4, q9=4) == {"total": 8, "hazardous": True}
    assert score("audit", 0, q1=4, q9=2)["hazardous"] is False
    assert score("audit", 0, q1=4, q9=3)["total"] is None  # three answers: 0, 2, 4
    assert score("dudit", 0, q1=4, q11=2) == {"total": 6, "above_cut_women": True, "above_cut_men": True}
    assert score("dudit", 0, q10=2) == {"total": 2, "above_cut_women": True, "above_cut_men": False}


def test_lsas_meq30_and_sds_by_hand() -> None:
    assert score("lsas", 1, fear_24=3, avoidance_1=2) == {"fear": 26, "avoidance": 25, "total": 51}
    assert score("lsas", 1, fear_24=None) == {"fear": None, "avoidance": 24, "total": None}
    assert score("meq30", 3)["complete"] is True
    short = score("meq30", 3, q29=2)  # ineffability (3 + 3 + 2) / 3
    assert (short["ineffability"], short["complete"]) == (pytest.approx(8 / 3), False)
    assert score("sds_three_item", 4, days_lost=7)["total"] == 12
    assert score("sds_three_item", 4)["impaired"] is False
    assert score("sds_three_item", 4, family=5)["impaired"] is True
    assert score("sds_three_item", 4, family=None)["total"] is None


def test_intensity_of_ideation_by_hand() -> None:
    scores = {"level": 4, "frequency": 3, "duration": 2, "control": 4, "deterrents": 0, "reasons": 5}
    for name in ("c_ssrs_intensity", "c_ssrs_lifetime_intensity"):
        assert load_instrument(name).score(scores)["intensity"] == 14
        assert load_instrument(name).score(scores | {"control": None})["intensity"] is None


def test_our_own_scales_by_hand() -> None:
    assert score("expectancy", 3, benefit_active=9)["difference"] == 6
    assert score("expectancy", 3, benefit_control=None)["difference"] is None
    clear = dict.fromkeys(load_instrument("impairment").items, True) | {
        "drowsiness": 2, "perceptual_change": 0, "anxiety": 1,
    }  # fmt: skip
    impairment = load_instrument("impairment")
    assert impairment.score(clear) == {"oriented": True, "impairment": 2, "unimpaired": True}
    assert impairment.score(clear | {"anxiety": 3})["unimpaired"] is False
    assert impairment.score(clear | {"oriented_time": False})["unimpaired"] is False
    assert impairment.score(clear | {"oriented_time": None})["unimpaired"] is None
    kept = dict.fromkeys(["present_both", "boundaries_kept", "touch_agreed_beforehand"], True)
    assert score("therapist_adherence", 3, **kept)["adherent"] is True
    assert score("therapist_adherence", 3, **kept, listening=2)["adherent"] is False
    assert score("therapist_adherence", 3, **kept | {"boundaries_kept": False})["adherent"] is False
    unsaid = {"preparation_content": None, "closing_content": None}
    assert score("therapist_adherence", 3, **kept, **unsaid)["mean"] == 3
    assert score("therapist_adherence", 3, **kept, **unsaid, listening=None)["mean"] is None


def test_caps5_of_the_past_week_gives_no_diagnosis() -> None:
    related = {
        name: "definite" for name in load_instrument("caps5_past_week").items if name.startswith("related")
    }
    scores = score("caps5_past_week", 2, **related)
    assert (scores["total"], scores["symptoms"], scores["dissociation"]) == (40, 20, True)
    assert not any("diagnosis" in name for name in scores)


def test_the_guess_is_the_entry_that_keeps_it() -> None:
    """There is one truth of what a guess says: the items of the instrument are the fields of the entry."""
    guess = load_instrument("guess")
    hints = get_type_hints(blinding.Guess)
    assert guess.file.entry == "guess"
    assert list(guess.items) == list(hints)
    assert tuple(guess.items["guesser"].of or ()) == get_args(hints["guesser"])
    assert blinding.DO_NOT_KNOW in (guess.items["arm"].of or ())
    required = {name for name, item in guess.items.items() if item.required}
    assert required == {name for name, kind in hints.items() if type(None) not in get_args(kind)}
    assert guess.items["confidence"].answers == range(101)


def test_the_guess_is_no_form_of_a_study(mini: str, problems_of: Callable[[str], list[str]]) -> None:
    text = mini.replace("  readiness: {items:", "  opinion: {instrument: guess}\n  readiness: {items:")
    text = text.replace(
        "do: [suicidality, adverse_events, guess]", "do: [suicidality, adverse_events, opinion]"
    )
    (problem,) = problems_of(text)
    said = "entact keeps 'guess' itself; take this form out, and write 'guess' in `do:`"
    assert problem.endswith(f"forms.opinion.instrument: {said}")


def test_a_form_says_which_answers_lie_between_the_steps() -> None:
    form = CompiledForm("drinking", Form.model_validate({"instrument": "audit"}), load_instrument("audit"))
    answers = dict.fromkeys(form.items, 0)
    assert form.check(answers | {"q9": 4}) == []
    (problem,) = form.check(answers | {"q9": 3})
    assert (problem.item, problem.message) == ("q9", "3 is between the possible answers 0, 2, 4")


OWN = """\
instruments:
  calm:
    instrument: calm
    title: Calm
    recall: now
    licence: ours
    items:
      - {names: k1 .. k3, type: integer, range: 0 .. 4}
    scores:
      total: {sum: k1 .. k3}
forms:
  calm: {instrument: calm}
"""


@pytest.fixture
def with_own(mini: str) -> str:
    """The small study with an instrument of its own, asked at the end."""
    text = mini.replace("forms:\n", OWN, 1)
    return text.replace("do: [suicidality, adverse_events, guess]", "do: [suicidality, adverse_events, calm]")


def test_a_study_may_have_an_instrument_of_its_own(with_own: str, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(with_own)
    form = load_study(path).newest.forms["calm"]
    assert form.read({"k1": 1, "k2": 4, "k3": 0}) == ({"k1": 1, "k2": 4, "k3": 0, "total": 5}, {}, [])
    assert form.values({"k1": 1, "k2": 4})["total"] is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "sum: k1 .. k3",
            "sum: k1 .. k4",
            "instruments.calm.scores.total: there is no item or earlier score 'k4'; write one of: k1, k2, k3",
        ),
        ("sum: k1", "summ: k1",
         "instruments.calm.scores.total.summ: there is no key 'summ'; did you mean 'sum'?"),
        ("instrument: calm\n", "instrument: still\n",
         "instruments.calm.instrument: calls itself otherwise than the study does; write 'calm'"),
        ("names: k1 .. k3", "names: k3 .. k1",
         "instruments.calm.items: 'k3 .. k1' does not count up; write it as in 'b1 .. b5'"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_it_is_named_with_its_line(
    with_own: str, problems_of: Callable[[str], list[str]], old: str, new: str, said: str
) -> None:
    marked = with_own.replace(old, new, 1)
    line = marked[: marked.index(new)].count("\n") + 1
    (problem,) = problems_of(marked)
    place, _, message = problem.partition(" ")
    assert message == said
    assert abs(int(place.split(":")[1]) - line) <= 1  # a list of items is placed at its key


FILES = Path(entact.protocol.__file__).parent / "instruments"


@pytest.mark.parametrize("path", sorted(FILES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_citation_that_nobody_has_looked_up_is_an_assumption(path: Path) -> None:
    """No doi of an instrument is among the facts that were read; `doi:` in a source says so beside it."""
    said = read_source(path.read_bytes(), path.name).data
    if "doi:" in str(said.get("source", "")):
        assert "the doi is from memory" in said["assumption"]
