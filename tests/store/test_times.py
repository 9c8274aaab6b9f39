"""R06: three times of an entry, each as it was claimed; what comes late keeps when it happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import connection
from msgspec.structs import replace
from tests.store.living import ANNA, consent, enter_study, fact, keep

from entact import store
from entact.course import findings, fold, instant, read

HAIFA = timezone(timedelta(hours=2))
HAPPENED = datetime(2026, 3, 2, 9, 30, tzinfo=HAIFA)
ARRIVED = datetime(2026, 3, 2, 17, 30, tzinfo=HAIFA)  # eight hours without a network
READINGS = {"systolic": "120 mm[Hg]", "diastolic": "80 mm[Hg]", "heart_rate": "70 /min"}

pytestmark = [pytest.mark.requirement("R06"), pytest.mark.usefixtures("database")]


def columns(ledger: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT occurred_at, received_at FROM store_line JOIN store_ledger ON id = ledger_id"
            " WHERE name = %s ORDER BY store_line.seq",
            [ledger],
        )
        return list(cursor.fetchall())


@pytest.mark.parametrize("known", [3_600_000, None])
def test_an_entry_of_a_device_that_was_offline_and_an_hour_ahead(make_entry: Any, known: int | None) -> None:
    ahead = (HAPPENED + timedelta(hours=1)).isoformat()  # what the device's clock showed
    claimed = HAPPENED.isoformat() if known else ahead
    sent = make_entry(data=READINGS, occurred_at=claimed, clock_offset_ms=known, device="tablet-3")
    sent = replace(sent, recorded_at=ahead)
    later = make_entry(number=2)
    store.append(later, received_at=(ARRIVED - timedelta(hours=1)).isoformat())
    line = store.append(sent, received_at=ARRIVED.isoformat()).line
    kept = read(line.text)
    assert (kept.occurred_at, kept.recorded_at, kept.clock_offset_ms) == (claimed, ahead, known)
    assert kept.received_at == ARRIVED.isoformat()
    assert kept.seq == 2  # order of arrival is the server's; order in time is that of what happened
    assert columns("participant:a")[1] == (instant(claimed).astimezone(UTC), ARRIVED.astimezone(UTC))


def test_the_site_s_offset_comes_back_as_it_was_written(make_entry: Any) -> None:
    same = [HAPPENED, HAPPENED.astimezone(UTC), HAPPENED.astimezone(timezone(timedelta(hours=-7)))]
    for number, at in enumerate(same, start=1):
        store.append(make_entry(number=number, occurred_at=at.isoformat()), received_at=ARRIVED.isoformat())
    claimed = [read(line.text).occurred_at for line in store.lines("participant:a")]
    assert claimed == [at.isoformat() for at in same]
    assert len(set(claimed)) == 3
    assert len({occurred for occurred, _ in columns("participant:a")}) == 1


@pytest.mark.parametrize("naive", ["2026-03-02T10:00:00", "2026-03-02", "soon"])
def test_a_time_of_arrival_without_an_offset_is_refused(make_entry: Any, naive: str) -> None:
    with pytest.raises(ValueError, match=r"no offset|Invalid isoformat"):
        store.append(make_entry(), received_at=naive)
    assert list(store.lines("participant:a")) == []


def test_a_claimed_time_without_an_offset_is_kept_and_found() -> None:
    study = enter_study()
    consent(study)
    keep(study, replace(fact(study, 9, "vital_signs", READINGS), occurred_at="2026-03-02T10:00:00"))
    course = fold(study, [read(line.text) for line in store.lines(ANNA)])
    found = [one for one in findings(course, ARRIVED) if one.rule == "time_unreadable"]
    assert [one.item for one in found] == ["occurred_at"]
    assert "no time with an offset" in found[0].message


def test_what_arrives_late_takes_its_place_in_time() -> None:
    study = enter_study()
    consent(study)
    begin = instant(fact(study, 0, "x", {}).occurred_at)
    for number in (40, 20, 30):
        readings = READINGS | {"systolic": f"{100 + number} mm[Hg]"}
        keep(study, fact(study, number, "vital_signs", readings, encounter="session_1#1"))
    course = fold(study, [read(line.text) for line in store.lines(ANNA)])
    assert [(one.at - begin).seconds // 60 for one in course.vitals] == [20, 30, 40]
    assert [one.values["systolic"] for one in course.vitals] == [120.0, 130.0, 140.0]
