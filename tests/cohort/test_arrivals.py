"""Who comes on which day: at an even pace while the study enrols, or after whom they come with."""

from __future__ import annotations

from datetime import date, timedelta

from entact.cohort.arrivals import BESIDE_AFTER, FIRST_DAY, Arrivals
from entact.cohort.intake import Screened
from entact.cohort.scenario import load_parameters
from entact.cohort.tally import Tally
from entact.cohort.trial import cohort_beside
from entact.protocol import load_study


def test_they_come_at_an_even_pace_and_who_comes_beside_somebody_is_numbered_after_them() -> None:
    study, start = load_study("mapp1"), date(2026, 1, 5)
    parameters = load_parameters(cohort_beside(study), None, release=study.newest)
    arrivals = Arrivals(parameters, 1, 50, ["patients", "others"], start)
    came = [arrivals.alone() for _ in range(40)]
    pace = parameters.rehearsal.enrolment_days * parameters.rehearsal.randomised_per_consented / 50
    for number, one in enumerate(came):
        earliest = start + timedelta(days=FIRST_DAY + int(number * pace))
        assert earliest <= one.day <= earliest + timedelta(days=int(pace) + 1)
    assert [one.population for one in came[:4]] == ["patients", "others"] * 2
    first = Screened(came[0], "denver", [], Tally())
    beside = arrivals.beside(first, date(2026, 2, 1), "partner")
    assert (beside.index, beside.beside, beside.site) == (40, 0, "denver")
    assert beside.day == date(2026, 2, 1) + timedelta(days=BESIDE_AFTER)
    assert arrivals.alone().index == 41
