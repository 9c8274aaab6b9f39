"""Populations, epochs, tracks and planned unblinding that do not fit: what is said, and where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from entact.protocol import Release, load_study

CLOSING = "  - {visit: closing, after: outcome, within: 0 .. 14 d, kind: end,"
POPULATIONS = "populations: {patient: {planned: 8}}"
SCHEDULE = "\nschedule:\n"
TELLING = "\n  - {visit: telling, after: outcome, within: 0 .. 30 d, do: [unblinding]}"

CASES = {
    "population of a visit": (
        CLOSING,
        "  - {visit: closing, for: §patients, after: outcome, within: 0 .. 14 d, kind: end,",
        "schedule.closing.for: there is no population 'patients'; did you mean 'patient'?",
    ),
    "population of a criterion": (
        "psychosis: {kind: exclusion,",
        "psychosis: {kind: exclusion, for: §carer,",
        "eligibility.psychosis.for: there is no population 'carer'; write one of: patient",
    ),
    "consent that nobody can keep": (
        "\nforms:\n",
        "\nconsent_kept: [§participation]\nforms:\n",
        "consent_kept[1]: nobody takes part without 'participation', so it is not kept by who takes part "
        "no more",
    ),
    "consent that nobody gives": (
        "\nforms:\n",
        "\nconsent_kept: [§recordings]\nforms:\n",
        "consent_kept[1]: there is no scope of consent 'recordings'; did you mean 'recording'?",
    ),
    "population of a quota": (
        "psychosis: {kind: exclusion, text: A psychotic disorder}\n",
        "psychosis: {kind: exclusion, text: A psychotic disorder}\n"
        + "quotas: {all: {most: 8, population: §patiant}}\n",
        "quotas.all.population: there is no population 'patiant'; did you mean 'patient'?",
    ),
    "link without a population that is linked": (
        "do: [suicidality, adverse_events, guess]",
        "do: [suicidality, §link, guess]",
        "schedule.closing.do[2]: links a participant to another, and no population is `linked_to:` "
        "one; take it out",
    ),
    "track that nobody declared": (
        CLOSING,
        "  - {visit: closing, track: §crossover, after: outcome, within: 0 .. 14 d, kind: end,",
        "schedule.closing.track: there is no track 'crossover'; the study has none",
    ),
    "track without a visit": (
        SCHEDULE,
        "\ntracks: {§longer: {title: Longer, opens_on: consent.recording}}\nschedule:\n",
        "tracks.longer: no visit is of this track; give one `track:` of this name, or take it out",
    ),
    "unblinding that no block plans": (
        "do: [suicidality, adverse_events, guess]",
        "do: [suicidality, guess, §unblinding]",
        "schedule.closing.do[3]: nobody's unblinding is planned; add an `unblinding:` block, or take it out",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_does_not_fit_names_the_place(case: str, edit_gives: Callable[[str, str, str], None]) -> None:
    edit_gives(*CASES[case])


def tracked(mini: str, track: str, visits: str = "") -> str:
    """The small study with a track and the visits of it."""
    visits = (
        visits or "  - {visit: later, track: longer, after: outcome, within: 1 .. 9 d, do: [suicidality]}\n"
    )
    text = mini.replace(SCHEDULE, f"\ntracks: {{longer: {{title: Longer, {track}}}}}\nschedule:\n")
    return text.replace("\neligibility:\n", f"{visits}\neligibility:\n")


@pytest.mark.parametrize(
    ("track", "message"),
    [
        (
            "opens_on: consent.recordings",
            "there is no scope of consent 'recordings'; did you mean 'recording'?",
        ),
        ("opens_on: unblinded.placebo", "nobody is ever told an arm; add an `unblinding:` block"),
        (
            "opens_on: consent.recording or consent.recordings",
            "there is no scope of consent 'recordings'; did you mean 'recording'?",
        ),
        (
            "opens_on: consent.recording and consent.participation",
            "'consent.recording and consent.participation' opens no track; write an entry about this person, "
            "as in 'assigned.mdma', 'unblinded.placebo' or 'consent.follow_up'",
        ),
        (
            "opens_on: arm.placebo",
            "'arm.placebo' opens no track; write an entry about this person, as in 'assigned.mdma', "
            "'unblinded.placebo' or 'consent.follow_up'",
        ),
        (
            "opens_on: randomised",
            "'randomised' opens no track; write an entry about this person, as in 'assigned.mdma', "
            "'unblinded.placebo' or 'consent.follow_up'",
        ),
    ],
)
def test_a_track_opens_on_an_entry_about_the_person(
    track: str, message: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = tracked(mini, track)
    before, opens_on, after = text.partition("opens_on: ")
    line, column = before.count("\n") + 1, len(before + opens_on) - before.rfind("\n")
    if "no scope" in message:  # the very name is to blame
        column += after.index("recordings")
    assert problems_of(text) == [f"study.yaml:{line}:{column} tracks.longer.opens_on: {message}"]


@pytest.mark.parametrize(
    ("sites", "message"),
    [
        ("[boston]", "sites[1]: there is no site 'boston'; write one of: denver, haifa"),
        ("[]", "sites: names no site; write at least one, or take it out"),
    ],
)
def test_a_track_is_offered_at_sites_of_the_study(
    sites: str, message: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    (found,) = problems_of(tracked(mini, f"opens_on: consent.recording, sites: {sites}"))
    assert found.endswith(f" tracks.longer.{message}")


def test_a_track_gives_as_many_doses_as_it_says(mini: str, problems_of: Callable[[str], list[str]]) -> None:
    (found,) = problems_of(tracked(mini, "opens_on: consent.recording, doses: 2"))
    assert found.endswith(
        " tracks.longer.doses: 2 is not the number of dosing sessions in this track, 0; change one"
    )


PARTNER_SESSION = (
    "  - {visit: partner_session, title: {en: Theirs, de: Die andere}, after: partner_entry,"
    " within: 2 .. 20 d, for: partner, kind: dosing, regimen: single, lasts: 8 h,"
    " do: [urine, c_ssrs, dose, go, adverse_events],"
    " timed: [{do: vital_signs, at: [before initial, initial + 90 min, end]}]}\n"
)


def couples_text() -> str:
    text = (Path(__file__).parents[1] / "studies" / "couples" / "study.yaml").read_text(encoding="utf-8")
    return text.replace("  - {visit: next_day", f"{PARTNER_SESSION}  - {{visit: next_day", 1)


def couples() -> Release:
    """Patients and partners who have a session each."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "study.yaml"
        path.write_text(couples_text(), encoding="utf-8")
        return load_study(path).newest


def test_sessions_of_another_population_are_not_theirs(problems_of: Callable[[str], list[str]]) -> None:
    """Else each of two partners could have the doses of both."""
    (found,) = problems_of(couples_text().replace("doses: 1\n", "doses: 2\n"))
    assert found.endswith(
        " doses: 2 is not the most dosing sessions that one person has in the schedule, "
        "1 of a patient, 1 of a partner; change one"
    )
    release = couples()
    assert [release.sessions_of(name) for name in ("patient", "partner", None)] == [1, 1, 1]
    assert release.most_doses() == 1


def test_the_main_track_waits_for_no_other(mini: str, problems_of: Callable[[str], list[str]]) -> None:
    more = (
        "  - {visit: later, track: longer, after: outcome, within: 1 .. 9 d, do: [suicidality]}\n"
        "  - {visit: last, after: later, within: 1 .. 9 d, do: [suicidality]}\n"
    )
    (found,) = problems_of(tracked(mini, "opens_on: consent.recording", more))
    assert found.endswith(
        " schedule.last.after: later is of the track 'longer', this visit of no track; "
        "choose a visit of the main track or of its own"
    )


EPOCHS = "\nepochs: {before: {title: Before}, on: {title: On}}\nschedule:\n"


def with_epochs(mini: str) -> str:
    """Every visit of the epoch `on`, and the first of `before`."""
    text = mini.replace(SCHEDULE, EPOCHS).replace("{visit: ", "{epoch: on, visit: ")
    text = text.replace("  - visit: session_1\n", "  - visit: session_1\n    epoch: on\n")
    return text.replace("{epoch: on, visit: screening", "{epoch: before, visit: screening")


def test_a_visit_of_an_earlier_epoch_cannot_follow_one_of_a_later(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = with_epochs(mini).replace("{epoch: on, visit: closing", "{epoch: before, visit: closing")
    (found,) = problems_of(text)
    assert found.endswith(
        " schedule.closing.after: contradicts the order of epochs: outcome is of on, which comes "
        "after before; "
        "change one of them"
    )


def test_where_there_are_epochs_each_visit_is_of_one(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = with_epochs(mini).replace("{epoch: on, visit: closing", "{visit: closing")
    (found,) = problems_of(text)
    assert found.endswith(" schedule.closing.visit: belongs to no epoch; write `epoch:` before or on")
    text = with_epochs(mini).replace("{epoch: on, visit: closing", "{epoch: onn, visit: closing")
    (found,) = problems_of(text)
    assert found.endswith(" schedule.closing.epoch: there is no epoch 'onn'; did you mean 'on'?")


@pytest.mark.parametrize(
    ("plan", "visit", "message"),
    [
        (
            "{epoch: one, tells: [therapist]}",
            TELLING,
            "unblinding.epoch: there is no epoch 'one'; did you mean 'on'?",
        ),
        (
            "{epoch: before, tells: [therapists]}",
            TELLING,
            "unblinding.tells[1]: there is no role 'therapists'; did you mean 'therapist'?",
        ),
        ("{epoch: before, tells: []}", TELLING, "unblinding.tells: tells nobody; write at least one role"),
        (
            "{epoch: on, tells: [therapist]}",
            "",
            "unblinding: no visit does 'unblinding'; add it to a `do:`, or take the block out",
        ),
    ],
)
def test_a_planned_unblinding_is_after_an_epoch_and_told_to_somebody(
    plan: str, visit: str, message: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = with_epochs(mini).replace("\nregimens:\n", f"\nunblinding: {plan}\nregimens:\n")
    text = text.replace(
        "\n\neligibility:\n", visit.replace("{visit", "{epoch: on, visit") + "\n\neligibility:\n"
    )
    assert [found.partition(" ")[2] for found in problems_of(text)] == [message]


CARERS = "populations: {patient: {planned: 8}, carer: {planned: 8, linked_to: patient}}"
CARER_VISIT = "  - {visit: carer_visit, for: carer, opens: true, do: [consent, screening, link]}\n"


def with_carers(mini: str, visit: str = CARER_VISIT) -> str:
    text = mini.replace(POPULATIONS, CARERS).replace("{visit: ", "{for: patient, visit: ")
    text = text.replace("  - visit: session_1\n", "  - visit: session_1\n    for: patient\n")
    return text.replace("\n\neligibility:\n", f"\n{visit}\neligibility:\n")


def test_where_there_are_two_populations_each_visit_says_whose_it_is(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = with_carers(mini).replace("{for: patient, visit: closing", "{visit: closing")
    (found,) = problems_of(text)
    assert found.endswith(
        " schedule.closing.visit: it is not said whose visit this is; write `for:` patient or carer"
    )


def test_nobody_waits_for_a_visit_of_others(mini: str, problems_of: Callable[[str], list[str]]) -> None:
    visit = (
        CARER_VISIT
        + "  - {visit: carer_end, for: carer, after: baseline, within: 0 .. 9 d, do: [suicidality]}\n"
    )
    (found,) = problems_of(with_carers(mini, visit))
    assert found.endswith(" schedule.carer_end.after: baseline is no visit of carer; choose one of theirs")


@pytest.mark.parametrize(
    ("visit", "message"),
    [
        (
            CARER_VISIT.replace(", link", ""),
            "populations.carer.linked_to: no visit of theirs does 'link', which says to whom each belongs; "
            "add it to a `do:`",
        ),
        (
            CARER_VISIT.replace("consent, ", ""),
            "populations.carer: no visit of theirs does 'consent', and without it nobody takes part",
        ),
    ],
)
def test_a_population_consents_and_says_to_whom_it_belongs(
    visit: str, message: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    assert [found.partition(" ")[2] for found in problems_of(with_carers(mini, visit))] == [message]


def test_a_population_is_linked_to_another(mini: str, problems_of: Callable[[str], list[str]]) -> None:
    text = with_carers(mini).replace("linked_to: patient", "linked_to: patients")
    (found,) = problems_of(text)
    assert found.endswith(
        " populations.carer.linked_to: there is no other population 'patients'; did you mean 'patient'?"
    )


def test_an_arm_is_not_told_before_the_epoch_that_has_to_be_over(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = with_epochs(mini).replace("on: {title: On}}", "on: {title: On}, later: {title: Later}}")
    text = text.replace("{epoch: on, visit: closing", "{epoch: later, visit: closing")
    text = text.replace("\nregimens:\n", "\nunblinding: {epoch: later, tells: [therapist]}\nregimens:\n")
    telling = TELLING.replace("{visit", "{epoch: on, visit")
    (found,) = problems_of(text.replace("\n\neligibility:\n", f"{telling}\n\neligibility:\n"))
    assert found.endswith(
        " unblinding.epoch: comes after on, in which telling tells the arm; choose one before that"
    )


def test_a_consent_without_which_somebody_can_take_part_can_be_kept(mini: str, tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(mini.replace("\nforms:\n", "\nconsent_kept: [recording]\nforms:\n"))
    assert load_study(file).newest.file.consent_kept == ["recording"]
