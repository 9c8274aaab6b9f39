"""Why a gate refuses, as a page says it: people, visits and days as they are called there."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils.translation import override
from tests.conduct.people import account
from tests.conduct.record import SEES_ALL

from entact.conduct.access.called import people_called
from entact.conduct.refusal import told_reasons
from entact.conduct.sight import Sight
from entact.conduct.words import day, title_of_form, title_of_visit
from entact.course import Reason
from entact.protocol import Study


def told(study: Study, *messages: str) -> tuple[str, ...]:
    reasons = [Reason("code", one) for one in messages]
    return told_reasons(Sight(study, SEES_ALL), study.newest, None, "", reasons)


def test_visits_and_days_read_as_on_pages(study: Study) -> None:
    visit = next(name for name in study.newest.visits if "_" in name)
    title = title_of_visit(visit, study.newest.visits)
    assert title != visit
    open_, again = f"{visit} of the blinded part is still to come.", f"{visit}#2 was never begun"
    next_ = "The last initial dose was on 2026-03-02; the next may be given from 2026-04-01 09:30 on."
    given = "The initial dose of this session was already given, at 10:05 on 2026-03-02."
    assert told(study, open_, again, next_, given) == (
        f"{title} of the blinded part is still to come.",
        f"{title} (2) was never begun",
        "The last initial dose was on 2 Mar 2026; the next may be given from 1 Apr 2026, 09:30 on.",
        "The initial dose of this session was already given, at 2 Mar 2026, 10:05.",
    )
    with override("de"):
        (german,) = told(study, next_)
        assert day(date(2026, 3, 2)) in german
        assert "2026-" not in german


def test_what_the_study_says_and_what_is_no_day_stay_as_they_are(study: Study) -> None:
    own = "Ring ada before 2026-03-02."
    expired = "Kit 4812 is not in date: it says 2026-02-31."
    assert told(study, own, expired) == (own, expired)


@pytest.mark.usefixtures("screened")
def test_people_are_called_by_their_names_and_two_of_one_name_are_told_apart(study: Study) -> None:
    for name in ("ada", "bo", "b.o"):
        account(name)
    from entact.conduct.access.models import Account

    Account.objects.filter(name__in=["bo", "b.o"]).update(title="Bo Lind")
    known = people_called()
    assert (known["ada"], known["bo"], known["b.o"]) == ("Ada", "Bo Lind (bo)", "Bo Lind (b.o)")
    assert told(study, "The certificate GCP of ada held until 2026-03-02.", "bo gave no reason.") == (
        "The certificate GCP of Ada held until 2 Mar 2026.",
        "Bo Lind (bo) gave no reason.",
    )
    assert told(study, "nobody-here gave no reason.") == ("nobody-here gave no reason.",)
    title = title_of_form(study.newest.forms["vitals"])
    assert told(study, "ada holds no certificate 'GCP', which vitals asks for.") == (
        f"Ada holds no certificate 'GCP', which “{title}” asks for.",
    )
