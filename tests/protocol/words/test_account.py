"""A study in words: nothing that the file says is left out, and the same study gives the same words."""

from __future__ import annotations

from pathlib import Path

import pytest

from entact.protocol import StudyError, load_study, shipped_studies
from entact.protocol.words import Account, account
from entact.protocol.words.time import duration_words

MINI = Path(__file__).parents[2] / "studies" / "mini"


@pytest.fixture(scope="module")
def mini() -> Account:
    return account(load_study(MINI).newest)


def said(told: Account, section: str) -> list[tuple[str, str, str]]:
    (lines,) = [one.lines for one in told.sections if one.name == section]
    return [(line.term, line.text, " ".join(line.notes)) for line in lines]


def test_facts(mini: Account) -> None:
    assert dict(mini.facts) == {
        "condition": "PTSD",
        "phase": "2",
        "planned": "8",
        "arms": "2",
        "sessions with a dose": "1",
        "sites": "2 (US, IL)",
    }


def test_doses_in_words(mini: Account) -> None:
    text = "initial dose 2 × 40 mg; supplement 1 × 40 mg, offered 90 min to 2 h after the initial dose"
    assert said(mini, "doses")[0] == ("Low", text, "In session 1.")
    assert said(mini, "doses")[2] == (
        "Capsule",
        "MDMA hydrochloride, 40 mg and 60 mg",
        "With a placebo that looks alike.",
    )


def test_randomisation_in_words(mini: Account) -> None:
    text = "1 : 1 (MDMA with therapy and Placebo with therapy) at enrolment, in permuted blocks within site"
    assert ("Randomisation", text, "Block sizes are sealed with the list.") in said(mini, "design")


def test_gates_in_words(mini: Account) -> None:
    gates = said(mini, "gates")
    assert gates[0] == (
        "Before randomisation",
        "Total (symptoms) is at least 35",
        "Values of any age count. Else: symptoms at baseline below 35 or not rated.",
    )
    assert gates[2] == (
        "Before the initial dose",
        "Systolic (vitals) is at most 140 mmHg and diastolic is at most 90 mmHg",
        "Values may be up to 1 h old. Else: blood pressure too high. "
        "May be set aside by investigator and second person together, each confirming it themselves. "
        "Each time is listed as a deviation.",
    )
    assert ("Before leaving the session", "asked when the initial dose was given at this visit", "") in gates


def test_alerts_criteria_blinding_and_washout_in_words(mini: Account) -> None:
    assert said(mini, "alerts")[1] == (
        "Suicidal intent or behaviour",
        "Ideation (suicidality) is at least 4 or behaviour is yes",
        "Calls investigator now.",
    )
    assert said(mini, "inclusion")[1] == (
        "Severe symptoms at baseline",
        "",
        "Compared with the record: total (symptoms) is at least 35.",
    )
    assert said(mini, "exclusion") == [("A psychotic disorder", "", "")]
    assert said(mini, "blinding")[0] == ("Therapist", "does not see rater scores until database lock", "")
    # five half-lives of 6 days, 14 days more, a week of stabilisation
    assert said(mini, "washout")[1] == ("Fluoxetine", "half-life 6 days, 14 days more: 51 days off", "")


def test_the_plan_in_words(mini: Account) -> None:
    plan = said(mini, "plan")
    assert plan[0][1] == "Change of the total, analysis of covariance (ANCOVA), in the set mitt"
    assert "MDMA with therapy against Placebo with therapy at outcome, two-sided at 0.0499." in plan[0][2]
    assert plan[1] == (
        "Interim look",
        "at 60% of the information, spending 0.0001 of alpha; decides sample size",
        "",
    )


def test_looks_are_told_with_what_they_spend_and_stop_for(tmp_path: Path) -> None:
    text = (MINI / "study.yaml").read_text(encoding="utf-8")
    one = "interim: {information: 0.6, alpha: 0.0001, decides: sample size}"
    rule = "spending: {hwang_shih_decani: -4}, futility: [0.0, 0.5]"
    several = f"interim: {{information: [0.5, 0.75], {rule}, decides: whether to go on}}"
    assert one in text
    path = tmp_path / "study.yaml"
    path.write_text(text.replace(one, several), encoding="utf-8")
    plan = said(account(load_study(path).newest), "plan")
    assert plan[1] == (
        "Interim looks",
        "at 50% and 75% of the information, with Hwang-Shih-DeCani spending, gamma -4; decides whether to go "
        "on",
        "Stops for futility with Z below 0 and 0.5, not binding.",
    )


def test_what_is_not_confirmed_is_marked(mini: Account) -> None:
    marked = [line for section in mini.sections for line in section.lines if line.assumption]
    assert len(marked) == len(mini.assumptions) == 3


def test_an_amendment_in_words(tmp_path: Path) -> None:
    text = (MINI / "study.yaml").read_text().replace('release: "1.0"', 'release: "1.1"')
    amendment = """amendment:
  of: "1.0"
  reason: a lower limit
  changes:
    - {change: gates.initial_dose, applies: immediately, because: two readings were high}
    - {change: schedule.outcome, applies: new_participants}
  reconsent_within: 4 wk
"""
    path = tmp_path / "study.yaml"
    path.write_text(text.replace("condition: PTSD\n", f"condition: PTSD\n{amendment}"))
    told = account(load_study(path).newest)
    (section,) = [one for one in told.sections if one.name == "amendment"]
    assert section.intro == (
        "Amends release 1.0: a lower limit. Those under way are asked for their consent anew within 28 days "
        "of its approval at their site."
    )
    assert [(line.term, line.text, line.notes) for line in section.lines] == [
        (
            "Gates, initial dose",
            "applies to everybody at a site from its approval on",
            ("Two readings were high.",),
        ),
        ("Schedule, outcome", "applies to those alone whose first consent is to this release", ()),
    ]


@pytest.mark.parametrize("name", shipped_studies())
def test_nothing_that_a_study_says_is_left_out(name: str) -> None:
    release = load_study(name).newest
    told, file = account(release), release.file
    lines = [line for section in told.sections for line in section.lines]
    text = "\n".join(f"{line.term}\n{line.text}\n{' '.join(line.notes)}" for line in lines).lower()
    must: list[str] = [criterion.text for criterion in file.eligibility.values()]
    must += [requirement.otherwise for gate in file.gates.values() for requirement in gate.require]
    must += [arm.title for arm in file.arms.values()]
    for titled in (file.alerts, file.stopping, file.holds, file.reports, file.tracks, file.epochs):
        must += [one.title for one in titled.values()]  # type: ignore[attr-defined]
    must += [endpoint.title for endpoint in file.endpoints.values() if endpoint.title]
    must += [unit for regimen in file.regimens.values() for unit in (regimen.initial.strength,)]
    must += [quota.title or "Quota" for quota in file.quotas.values()]
    must += list(file.consent.values())
    must += list(file.analysis.set_texts.values())
    must += [estimand.title for estimand in file.analysis.estimands.values()]
    must += [file.adverse_events.terms[term].title for term in file.adverse_events.solicited]
    if file.washout is not None:
        must += [f"half-life {duration_words(one.half_life)}" for one in file.washout.classes.values()]
    if file.unblinding is not None:
        must.append("Planned unblinding")
    if file.standards is not None:
        must += [f"SDTM {file.standards.sdtm}", f"MedDRA {file.standards.meddra}"]
    for words in must:
        assert words.lower() in text, words
    for role in file.roles:
        if any(role == hidden.role for hidden in file.blinding):
            assert role.replace("_", " ") in text
    assert told == account(release)


def test_what_is_held_against_the_source_in_words(tmp_path: Path) -> None:
    plan = "verification: {critical: [consent, demographics.age], others: 0.25, drawn: visits}\n"
    path = tmp_path / "study.yaml"
    text = (MINI / "study.yaml").read_text()
    path.write_text(text.replace("condition: PTSD\n", f"condition: PTSD\n{plan}"))
    (section,) = [one for one in account(load_study(path).newest).sections if one.name == "verification"]
    assert [(line.term, line.text) for line in section.lines] == [
        ("In everybody", "consent and age (demographics)"),
        ("Of the rest", "25 % of visits, drawn so that no site can foresee which"),
    ]


def test_an_account_in_another_language_takes_its_words_and_leaves_what_stands_in_one() -> None:
    release = load_study(MINI.parent / "forms").newest
    ours, theirs = account(release), account(release, "de")
    assert (ours.title, theirs.title) == ("A study of forms", "Eine Studie über Formulare")
    assert theirs.release == ours.release == release.id
    assert dict(theirs.facts) == dict(ours.facts)  # `PTSD` is not translated
    assert ("Über Sie", "At Vorgespräch") in {line[:2] for line in said(theirs, "forms")}
    for section in ("design", "doses", "plan"):  # where the file has no word of its own in German
        assert said(theirs, section) == said(ours, section)
    assert account(release, "en") == ours
    with pytest.raises(StudyError, match="there is no language 'fr'; write one of: de, en"):
        account(release, "fr")


def test_which_analyses_are_tested_together_is_told_with_the_level_of_all(tmp_path: Path) -> None:
    text = (MINI / "study.yaml").read_text(encoding="utf-8").rstrip()
    one = "endpoint: change, estimand: de_jure, set: mitt, method: rank_sum"
    one += ", contrast: mdma - placebo at outcome"
    look, path = "  interim: {", tmp_path / "study.yaml"
    assert text.count(look) == 1
    for of, own, level in (("primary, ranks", "", "0.0499"), ("ranks, again", ", alpha: 0.02", "0.02")):
        together = f"  multiplicity: {{procedure: holm, of: [{of}]{own}}}\n"
        more = "".join(f"    {name}: {{{one}, alpha: {level}}}\n" for name in ("ranks", "again"))
        path.write_text(f"{text.replace(look, together + look)}\n  secondary:\n{more}", encoding="utf-8")
        plan = said(account(load_study(path).newest), "plan")
        (told,) = [line[1] for line in plan if line[0] == "Tested together"]
        assert told.startswith(f"{of.replace(',', ' and')}, ".replace("  ", " "))
        assert told.endswith(f", at {level} together")
