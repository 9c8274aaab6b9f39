"""Holds, quotas, stopping rules, safety reports, checklists, washout and standards that do not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from entact.protocol import load_study

END = "psychosis: {kind: exclusion, text: A psychotic disorder}\n"
EVENTS = "  solicited: [nausea, euphoria]\n"
WASHOUT = "  stabilisation: 7 d\n"
HOLD = "when: study.deaths >= 1, stops: [dosing], lifted_by: medical_monitor"
REPORT = "when: event.serious, within: 24 h, to: sponsor"


def hold(said: str) -> str:
    return f"{END}holds: {{death: {{title: A death, {said}}}}}\n"


def report(said: str) -> str:
    return f"{END}reports: {{sponsor: {{title: To the sponsor, {said}}}}}\n"


CASES = {
    "hold of nothing": (
        END,
        hold(HOLD.replace("stops: [dosing]", "§stops: []")),
        "holds.death.stops: stops nothing; write 'enrolment', 'randomisation' or 'dosing'",
    ),
    "hold of something else": (
        END,
        hold(HOLD.replace("dosing", "§dose")),
        "holds.death.stops[1]: there is no value 'dose'; did you mean 'dosing'?",
    ),
    "hold that nobody lifts": (
        END,
        hold(HOLD.replace("medical_monitor", "§monitor")),
        "holds.death.lifted_by: there is no role 'monitor'; did you mean 'medical_monitor'?",
    ),
    "hold on an unknown number": (
        END,
        hold(HOLD.replace("study.deaths", "§study.death")),
        "holds.death.when: unknown name 'study.death'; did you mean 'study.deaths'?",
    ),
    "hold on an interest that the study has not": (
        END,
        hold(HOLD.replace("study.deaths", "study.events_of_interest") + ", interest: §suicidalty"),
        "holds.death.interest: there is no kind of special interest 'suicidalty'; did you mean "
        "'suicidality'?",
    ),
    "hold whose rule counts no interest": (
        END,
        hold(HOLD + ", interest: §suicidality"),
        "holds.death.interest: nothing in the rule counts it; write `when: study.events_of_interest >= 1`, "
        "or take it out",
    ),
    "hold on a form": (
        END,
        hold(HOLD.replace("study.deaths", "§symptoms.total")),
        "holds.death.when: unknown name 'symptoms.total'",
    ),
    "hold of the wrong kind": (
        END,
        hold(HOLD.replace(">= 1", "§+ 1")).replace("study.deaths §+ 1", "§study.deaths + 1"),
        "holds.death.when: the rule gives int, but bool is needed",
    ),
    "quota of nobody": (
        END,
        f"{END}quotas: {{all: {{most: §0}}}}\n",
        "quotas.all.most: 0 is too small; write a number above 0",
    ),
    "quota by an unknown item": (
        END,
        f"{END}quotas: {{women: {{most: 4, when: §demographics.sexx == 'female'}}}}\n",
        "quotas.women.when: unknown name 'demographics.sexx'; did you mean 'demographics.sex'?",
    ),
    "quota beyond another": (
        END,
        f"{END}quotas: {{all: {{most: 4}}, women: {{most: §8, when: demographics.sex == 'female'}}}}\n",
        "quotas.women.most: 8 can never be reached: 'all' ends at 4",
    ),
    "quota per room": (
        END,
        f"{END}quotas: {{all: {{most: 4, per: §room}}}}\n",
        "quotas.all.per: there is no value 'room'; write one of: site, study",
    ),
    "stopping rule": (
        END,
        f"{END}stopping: {{behaviour: {{title: Behaviour, when: §suicidality.behavior}}}}\n",
        "stopping.behaviour.when: unknown name 'suicidality.behavior'; did you mean 'suicidality.behaviour'?",
    ),
    "stopping rule about the person": (
        END,
        f"{END}stopping: {{serious: {{title: Serious, when: §person.serious_event >= 1}}}}\n",
        "stopping.serious.when: unknown name 'person.serious_event'; did you mean 'person.serious_events'?",
    ),
    "stopping of the study": (
        END,
        f"{END}stopping: {{serious: {{title: Serious, when: person.serious_events >= 1, of: §study}}}}\n",
        "stopping.serious.of: there is no value 'study'; write one of: procedures, treatment",
    ),
    "person in a gate": (
        '"symptoms.total >= 35", ever: true',
        '"§person.doses >= 1", ever: true',
        "gates.randomisation.require[1].require: unknown name 'person.doses'",
    ),
    "report of an unknown fact": (
        END,
        report(REPORT.replace("event.serious", "§event.seriousness")),
        "reports.sponsor.when: unknown name 'event.seriousness'; did you mean 'event.serious'?",
    ),
    "report in no time": (
        END,
        report(REPORT.replace("24 h", "§0")),
        "reports.sponsor.within: is no time; write how long it may take, as in '15 d'",
    ),
    "report without a unit": (
        END,
        report(REPORT.replace("24 h", "§15")),
        "reports.sponsor.within: 15 is not a duration; it lacks its unit; write '15 d', '15 h' or '15 min'",
    ),
    "report to a country by its name": (
        END,
        report(f"{REPORT}, jurisdiction: §Canada"),
        "reports.sponsor.jurisdiction: there is no country 'Canada'; did you mean 'CA'?",
    ),
    "local report of nowhere": (
        END,
        report(f"{REPORT}, local: §true"),
        "reports.sponsor.local: it is not said where; write `jurisdiction:` as well",
    ),
    "local report where no site is": (
        END,
        report(f"{REPORT}, local: true, jurisdiction: §CA"),
        "reports.sponsor.jurisdiction: no site is in CA, so this report is never due; take it out",
    ),
    "periodic report to a country by its name": (
        END,
        f"{END}periodic_reports: {{all: {{title: All, every: 52 wk, to: board, jurisdiction: §Israel}}}}\n",
        "periodic_reports.all.jurisdiction: there is no country 'Israel'; did you mean 'IL'?",
    ),
    "periodic report by the hour": (
        END,
        f"{END}periodic_reports: {{hourly: {{title: Hourly, every: §23 h, to: board}}}}\n",
        "periodic_reports.hourly.every: reports on the whole study are due by days; write at least a day, as "
        "in '26 wk'",
    ),
    "checklist that nobody asks": (
        EVENTS,
        EVENTS + "  checklists: {§asked: {terms: [nausea]}}\n",
        "adverse_events.checklists.asked: no visit asks for these events; add it to the `do:` of "
        "one, or take it out",
    ),
    "checklist called as a form": (
        EVENTS,
        EVENTS + "  checklists: {§readiness: {terms: [nausea]}}\n",
        "adverse_events.checklists.readiness: a form is called 'readiness' too; give the checklist "
        "another name",
    ),
    "washout before an act": (
        WASHOUT,
        WASHOUT + "  before: [§dose]\n",
        "washout.before[1]: there is no value 'dose'; write one of: enrolment, initial_dose, randomisation",
    ),
    "washout of a class": (
        "classes: {ssri: {half_life: 36 h}",
        "classes: {ssri: {half_life: 36 h, half_lives: §0}",
        "washout.classes.ssri.half_lives: 0 is too small; write a number above 0",
    ),
    "version of a dictionary": (
        END,
        f"{END}standards: {{meddra: §version 27}}\n",
        "standards.meddra: 'version 27' is no version; write it as in '27.1'",
    ),
    "version of terminology": (
        END,
        f"{END}standards: {{controlled_terminology: §September 2024}}\n",
        "standards.controlled_terminology: 'September 2024' is no version; write it as in '2024-09-27'",
    ),
    "version as a number": (
        END,
        f"{END}standards: {{meddra: §27.1}}\n",
        'standards.meddra: 27.1 is read as a number, and text is needed; put it in quotes: "27.1"',
    ),
    "a form that is not there to be rated again": (
        END,
        f"{END}second_ratings: {{§symptms: {{share: 0.1, value: symptms.total, agreement: 0.8}}}}\n",
        "second_ratings.symptms: there is no form 'symptms'; did you mean 'symptoms'?",
    ),
    "a form that no rater fills in": (
        END,
        f"{END}second_ratings: {{§demographics: {{share: 1, value: demographics.age, agreement: 0.8}}}}\n",
        "second_ratings.demographics: no role of the staff rates by 'demographics'; say in the form `by:` "
        "whom it is",
    ),
    "an item that a rated form lacks": (
        END,
        f"{END}second_ratings: {{symptoms: {{share: 0.1, value: §symptoms.totl, agreement: 0.8}}}}\n",
        "second_ratings.symptoms.value: unknown name 'symptoms.totl'; did you mean 'symptoms.total'?",
    ),
    "a share of nothing": (
        END,
        f"{END}second_ratings: {{symptoms: {{share: §0, value: symptoms.total, agreement: 0.8}}}}\n",
        "second_ratings.symptoms.share: 0 is too small; write a number above 0",
    ),
    "a checklist of sessions that is not there": (
        END,
        f"{END}fidelity: {{dosing: {{form: §symptms, share: 0.1}}}}\n",
        "fidelity.dosing.form: there is no form 'symptms'; did you mean 'symptoms'?",
    ),
    "a checklist of sessions that is nobody's": (
        END,
        f"{END}fidelity: {{dosing: {{form: §demographics, share: 0.1}}}}\n",
        "fidelity.dosing.form: nobody is named who rates by 'demographics'; say in the form `by:` which role "
        "of the staff",
    ),
    "form that rules know already": (
        "  readiness: {items",
        "  §person: {items: {mood: {type: integer}}}\n  readiness: {items",
        "forms.person: 'person' is something entact does itself; give the form another name",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_does_not_fit_names_the_place(case: str, edit_gives: Callable[[str, str, str], None]) -> None:
    edit_gives(*CASES[case])


def asked(mini: str, checklist: str) -> str:
    """The small study with a checklist that its last visit asks."""
    text = mini.replace("do: [suicidality, adverse_events, guess]", "do: [suicidality, asked, guess]")
    return text.replace(EVENTS, f"{EVENTS}  checklists: {{asked: {checklist}}}\n")


@pytest.mark.parametrize(
    ("checklist", "message"),
    [
        (
            "{terms: [nausea, euphory]}",
            "terms[2]: there is no event term 'euphory'; did you mean 'euphoria'?",
        ),
        ("{terms: []}", "terms: asks for nothing; write at least one term"),
        ("{terms: [nausea, nausea]}", "terms[2]: 'nausea' stands twice; write it once"),
        ("{terms: [nausea], by: therapists}", "by: there is no role 'therapists'; did you mean 'therapist'?"),
    ],
)
def test_a_checklist_asks_for_terms_of_the_study(
    checklist: str, message: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    (found,) = problems_of(asked(mini, checklist))
    assert found.partition(" ")[2] == f"adverse_events.checklists.asked.{message}"


def test_a_kind_of_special_interest_has_terms_and_terms_have_a_kind(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    kinds = "{suicidality: {title: Suicidality, tell: [raters]}, abuse: {title: Abuse}}"
    text = mini.replace(EVENTS, f"{EVENTS}  special_interest: {kinds}\n")
    assert [found.partition(" ")[2] for found in problems_of(text)] == [
        "adverse_events.terms.euphoria.special_interest: there is no kind of special interest "
        "'abuse potential'; write one of: abuse, suicidality",
        "adverse_events.special_interest.suicidality.tell[1]: there is no role 'raters'; did you "
        "mean 'rater'?",
        "adverse_events.special_interest.abuse: no term is of this kind; give one, or take it out",
    ]


def test_an_event_of_special_interest_is_told_to_somebody(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    kinds = "{suicidality: {title: S, within: 24 h}, abuse potential: {title: A}}"
    (found,) = problems_of(mini.replace(EVENTS, f"{EVENTS}  special_interest: {kinds}\n"))
    assert found.endswith(
        " adverse_events.special_interest.suicidality.within: it is not said who hears of it; "
        "write `tell:` as well"
    )


def test_a_study_that_does_not_randomise_holds_and_washes_out_for_other_acts(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    start = mini.index("randomisation: {ratio")
    text = mini[:start] + mini[mini.index("roles:") :]
    text = text.replace(", randomisation]", "]").replace(WASHOUT, f"{WASHOUT}  before: [randomisation]\n")
    text = text.replace(END, hold(HOLD.replace("dosing", "randomisation")))
    found = [problem.partition(" ")[2] for problem in problems_of(text)]
    assert "holds.death.stops[1]: this study does not randomise; write 'enrolment' or 'dosing'" in found
    assert "washout.before[1]: this study does not randomise; write 'enrolment' or 'initial_dose'" in found
    assert "gates.randomisation: is never asked, because no visit does 'randomisation'" in found


def test_two_quotas_may_end_at_the_same_number(tmp_path: Path, mini: str) -> None:
    path = tmp_path / "study.yaml"
    quotas = "quotas: {all: {most: 4}, women: {most: 4, when: demographics.sex == 'female'}}\n"
    path.write_text(mini.rstrip() + "\n\n" + quotas, encoding="utf-8")
    assert set(load_study(path).newest.file.quotas) == {"all", "women"}


@pytest.mark.parametrize("where", ["", ", jurisdiction: EU", ", jurisdiction: IL"])
def test_reports_go_to_a_country_the_union_or_nobody_in_particular(
    tmp_path: Path, mini: str, where: str
) -> None:
    path = tmp_path / "study.yaml"
    reports = f"reports: {{sponsor: {{title: To the sponsor, {REPORT}{where}}}}}\n"
    daily = f"periodic_reports: {{daily: {{title: Daily, every: 1 d, to: board{where}}}}}\n"
    path.write_text(f"{mini.rstrip()}\n\n{reports}{daily}", encoding="utf-8")
    file = load_study(path).newest.file
    assert [file.reports["sponsor"].jurisdiction, file.periodic_reports["daily"].jurisdiction] == (
        [where.removeprefix(", jurisdiction: ") or None] * 2
    )
