"""What would bend a result without anybody seeing it, and values and units that nobody meant."""

# ruff: noqa: E501 - lines of a study file stay as they are there
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from entact.protocol import load_study, warnings
from entact.protocol.bias_check import lower_is_better

RATER = "  - {role: therapist, hidden: [rater_scores], until: database lock}\n"
PRIMARY = (
    'method: ancova, fixed: "arm + baseline + site", contrast: mdma - placebo at outcome, alpha: 0.0499}'
)
FULL = "full: {initial: 2 x 60 mg, supplement: {give: 1 x 60 mg, offer: 1 h 30 min .. 2 h after initial}}"
LOW = "low:  {initial: 2 x 40 mg, supplement: {give: 1 x 40 mg, offer: 1 h 30 min .. 2 h after initial}}"
HEART = "heart_rate:  {type: decimal, unit: /min, range: 20 .. 250}"
REMARKS = "remarks:   {type: text, required: false}"


def more(name: str, said: str) -> tuple[str, str]:
    """The plan of the small study with another analysis."""
    common = 'endpoint: change, estimand: de_jure, set: mitt, fixed: "arm * visit + baseline"'
    return (
        PRIMARY,
        f"{PRIMARY}\n  secondary:\n    {name}: {{{common}, contrast: mdma - placebo at outcome, {said}}}",
    )


TIPPING = (
    "method: tipping_point, assuming: jump_to_reference, reference: placebo, arm: {arm}, deltas: {deltas}"
)

WARNED = {
    "a primary rater who sees the arm": (
        RATER,
        f"{RATER}  - {{role: rater, hidden: [], until: database lock}}\n"
        "  - {role: participant, hidden: [allocation], until: database lock}\n",
        "blinding[2].hidden: the rater rates the primary outcome, change, and sees the allocation",
    ),
    "two arms with one dose": (
        "role: placebo}",
        "role: active_comparator}",
        "arms.placebo: is given what mdma is, in every session: nothing in the file tells these arms apart",
    ),
    "two arms with one dose, written out": (
        FULL,
        FULL[:-1] + ", arms: {placebo: {initial: 2 x 60 mg, supplement: 1 x 60 mg}}}",
        "regimens.full.arms.placebo: is the dose that full has in every arm; write another, or take it out",
    ),
    "the control less the treated arm": (
        PRIMARY,
        PRIMARY.replace("mdma - placebo", "placebo - mdma"),
        "analysis.primary.contrast: takes mdma, whose effect it is, from placebo: it has the other sign; write 'mdma - placebo' there",
    ),
    "a test of whether the treated do worse": (
        PRIMARY,
        PRIMARY.replace("alpha: 0.0499}", "alpha: 0.0499, side: greater}"),
        "analysis.primary.side: tests whether mdma does worse: of change lower is better; write less",
    ),
    "a time that begins before the draw": (
        "endpoints:\n",
        "endpoints:\n  until: {event: symptoms.total <= 11, after: screening, at: outcome}\n",
        "endpoints.until.after: counts from screening, before anybody is randomised: until then nobody who takes part can have had the event; leave it out, or name preparation_2 or a later visit",
    ),
    "jump to the treated arm": (
        *more("missing", "method: imputed, assuming: jump_to_reference, reference: mdma"),
        "analysis.secondary.missing.reference: those of the other arms who were not seen would be taken to do "
        "as well as mdma; the reference is the control, placebo",
    ),
    "deltas that help the treatment": (
        *more("tipping", TIPPING.format(arm="mdma", deltas="[0, -2, -4]")),
        "analysis.secondary.tipping.deltas: favours mdma: of change lower is better, and what would speak "
        "against the effect are values above 0 for mdma",
    ),
    "deltas that hurt the control": (
        *more("tipping", TIPPING.format(arm="placebo", deltas="[0, 2, 4]")),
        "analysis.secondary.tipping.deltas: favours mdma",
    ),
    "a delta of one arm": (
        *more("missing", "method: imputed, assuming: missing_at_random, delta: {mdma: -3}"),
        "analysis.secondary.missing.delta.mdma: favours mdma",
    ),
    "an assumption that concerns nobody": (
        PRIMARY,
        more("missing", "method: imputed, assuming: copy_reference, reference: placebo")[1].replace(
            "estimand: de_jure, set: mitt, fixed: \"arm * visit", "estimand: de_facto, set: mitt, fixed: \"arm * visit"
        ),
        "analysis.secondary.missing.assuming: is of values after an event, and the estimand 'de_facto' makes "
        "none of them missing",
    ),
    "a temperature in kilograms": (
        "unit: Cel, range: 30 .. 45",
        "unit: kg, range: 30 .. 45",
        "forms.vitals.items.temperature.unit: kg is no unit of a temperature; write Cel, [degF] or K",
    ),
    "an interval in another unit than the others": (
        HEART,
        f"{HEART}\n      qt: {{type: decimal, unit: ms, range: 200 .. 700}}\n"
        "      qtcf: {type: decimal, unit: s, range: 0.2 .. 0.7}",
        "forms.vitals.items.qtcf.unit: s, and vitals.qt is in ms: nothing is converted; write one unit for both",
    ),
    "a limit in mmHg of a pressure in kPa": (
        'systolic:    {type: decimal, unit: "mm[Hg]", range: 50 .. 300}\n'
        '      diastolic:   {type: decimal, unit: "mm[Hg]", range: 30 .. 200}',
        'systolic:    {type: decimal, unit: kPa, range: 5 .. 300}\n'
        '      diastolic:   {type: decimal, unit: kPa, range: 3 .. 200}',
        "alerts.hypertension.when: nobody has 180 kPa of vitals.systolic: this is a limit in mm[Hg]",
    ),
    "a range in mmHg of a pressure in kPa": (
        'systolic:    {type: decimal, unit: "mm[Hg]", range: 50 .. 300}',
        'systolic:    {type: decimal, unit: kPa, range: 50 .. 300}',
        "forms.vitals.items.systolic.range: nobody has 300 kPa: these are numbers in mm[Hg]",
    ),
    "two units in one comparison": (
        "vitals.systolic >= 180.0 ||",
        "vitals.systolic - vitals.heart_rate >= 150.0 ||",
        "alerts.hypertension.when: vitals.systolic is in mm[Hg], vitals.heart_rate in /min: nothing is converted",
    ),
    "more than a whole": (
        REMARKS,
        f'{REMARKS}\n      improved: {{type: decimal, unit: "%", range: 0 .. 200}}',
        "forms.symptoms.items.improved.range: reaches to 200 per cent",
    ),
    "a calculated item that its range does not hold": (
        REMARKS,
        f"{REMARKS}\n      half: {{type: integer, range: 0 .. 100, calculated: total * 2}}",
        "forms.symptoms.items.half.range: holds not all that the value can be by what it is made of, 0 to 160",
    ),
}  # fmt: skip


@pytest.fixture
def warned(mini: str, tmp_path: Path) -> Callable[[str, str], list[str]]:
    """The warnings of the small study with one edit, after the file's name and place."""

    def find(old: str, new: str) -> list[str]:
        assert mini.count(old) == 1, old
        path, text = tmp_path / "study.yaml", mini.replace(old, new)
        if "visit + baseline" in new:  # such a model needs a second visit
            text = text.replace(
                "do: [suicidality, adverse_events, guess]", "do: [symptoms, adverse_events, guess]"
            )
        path.write_text(text, encoding="utf-8")
        return [str(one).partition("study.yaml:")[2].partition(" ")[2] for one in warnings(path)]

    return find


@pytest.mark.parametrize("case", WARNED)
def test_it_is_warned_of(case: str, warned: Callable[[str, str], list[str]]) -> None:
    old, new, message = WARNED[case]
    assert [one for one in warned(old, new) if one.startswith(message)], warned(old, new)


RIGHT = {
    "jump to the control": more("missing", "method: imputed, assuming: jump_to_reference, reference: placebo"),
    "deltas against the treatment": more("tipping", TIPPING.format(arm="mdma", deltas="[0, 2, 4]")),
    "a delta to and fro": more("tipping", TIPPING.format(arm="mdma", deltas="[-4, -2, 0, 2, 4]")),
    "pressure and its limits in kPa": (
        "hypertension: {when: \"vitals.systolic >= 180.0 || vitals.diastolic >= 110.0\"",
        "hypertension: {when: \"vitals.systolic >= 180.0 || vitals.diastolic + 0.0 >= 110.0\"",
    ),
    "a range that holds all": (REMARKS, f"{REMARKS}\n      half: {{type: integer, range: 0 .. 160, calculated: total * 2}}"),
    "a rater of an open study": (
        "  - {role: therapist, hidden: [rater_scores], until: database lock}",
        "  - {role: therapist, hidden: [rater_scores], until: database lock}\n  - {role: rater, hidden: [], until: database lock}",
    ),
    "factors that tell arms apart": (
        "  mdma:    {title: MDMA with therapy, role: experimental}\n  placebo: {title: Placebo with therapy, role: placebo}",
        "  mdma:    {title: MDMA with therapy, role: experimental, factors: {therapy: much}}\n"
        "  placebo: {title: MDMA with less therapy, role: experimental, factors: {therapy: little}}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHT)
def test_what_is_right_is_not(case: str, warned: Callable[[str, str], list[str]]) -> None:
    found = warned(*RIGHT[case])
    assert not [one for one in found if not one.startswith(("blinding: says nothing", "alerts.ideation"))]


def test_arms_are_told_apart_by_the_product_of_one_dose(mini: str, tmp_path: Path) -> None:
    product = (
        "  capsule: {substance: MDMA, salt: hydrochloride, strengths: [40 mg, 60 mg], placebo: matching}\n"
    )
    apart = {False: ["arms.placebo"], True: []}
    for of_another, said in apart.items():
        text = mini.replace("role: placebo}", "role: active_comparator}")
        text = text.replace(
            product, product + product.replace("capsule", "tablet").replace("MDMA", "methylone")
        )
        for level, dose in ((FULL, 60), (LOW, 40)):
            other = "tablet" if of_another else "capsule"
            given = f", product: capsule, arms: {{placebo: {{initial: 2 x {dose} mg, supplement: 1 x {dose} mg, product: {other}}}}}}}"
            assert level in text
            text = text.replace(level, level[:-1] + given)
        path = tmp_path / "study.yaml"
        path.write_text(text, encoding="utf-8")
        found = [one.field for one in warnings(path) if "tells these arms apart" in one.message]
        assert found == said


REFUSED = {
    "a form whose filler does not see it": (
        f"{RATER}",
        f"{RATER}  - {{role: rater, hidden: [allocation, rater_scores], until: database lock}}\n",
        "forms.symptoms.by: the rater fills this form, and `blinding:` hides the class 'rater_scores' from them",
    ),
    "more days than the diary has": (
        "  suicidality: {items:",
        "  weeks: {items: {worst: {type: integer, range: 0 .. 5, over: {of: suicidality.ideation, gives: highest, days: 14, least: 9}}}}\n"
        "  suicidality: {items:",
        "forms.weeks.items.worst.over.least: 9 days of 14 are needed, and visits fill 'suicidality' on 6 at most",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused(case: str, mini: str, problems_of: Callable[[str], list[str]]) -> None:
    old, new, message = REFUSED[case]
    assert mini.count(old) == 1, old
    text = mini.replace(old, new).replace(
        "kind: end, do: [suicidality,", "kind: end, do: [weeks, suicidality,"
    )
    text = text if "weeks:" in text else mini.replace(old, new)
    found = problems_of(text)
    assert any(message in one for one in found), found


def test_nobody_is_told_the_arm_from_whom_it_is_hidden(problems_of: Callable[[str], list[str]]) -> None:
    text = (load_study("life-threatening-illness").folder / "study.yaml").read_text(encoding="utf-8")  # type: ignore[operator]
    old = "tells: [participant, "
    assert text.count(old) == 1
    (found,) = problems_of(text.replace(old, "tells: [rater, participant, "))
    assert (
        "unblinding.tells[1]: the rater would be told the arm, and `blinding:` hides it from them until lock"
        in found
    )


def test_which_way_is_better_is_read_off_the_file() -> None:
    assert lower_is_better(load_study("mapp3").newest.file, "caps5_change") is True
    assert lower_is_better(load_study("mapp1").newest.file, "caps5_change") is True


@pytest.mark.parametrize(
    ("endpoint", "better", "lower"),
    [
        ("caps5_change", "lower", True),
        ("caps5_change", "higher", None),  # the file says both
        ("sds_change", "higher", True),  # of another endpoint it says nothing of this one
    ],
)
def test_what_an_analysis_says_of_better_counts_for_its_own_endpoint(
    endpoint: str, better: str, lower: bool | None
) -> None:
    file = load_study("mapp3").newest.file
    assert {"caps5_change", endpoint} <= file.endpoints.keys()
    said = next(iter(file.analysis.analyses.values())).model_copy(
        update={"endpoint": endpoint, "better": better}
    )
    plan = file.analysis.model_copy(update={"secondary": {"more": said}})
    assert lower_is_better(file.model_copy(update={"analysis": plan}), "caps5_change") is lower
    assert lower_is_better(file, "nothing") is None
