"""Who goes from one site to another lived each day at one of them: no date is told in the other's clock."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.course.schedule import civil_date, first_instant, last_second
from entact.course.schedule.clock import MovingZone

DENVER, HAIFA, TOKYO = ZoneInfo("America/Denver"), ZoneInfo("Asia/Jerusalem"), ZoneInfo("Asia/Tokyo")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MOVED = datetime(2026, 3, 18, 16, tzinfo=UTC)
instants = st.integers(0, 365 * 24 * 60).map(lambda minutes: BEGIN + timedelta(minutes=minutes))
zones = st.sampled_from([DENVER, HAIFA, TOKYO, ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu")])


def there_and_here(moved: datetime = MOVED) -> MovingZone:
    return MovingZone([(BEGIN, DENVER), (moved, HAIFA)])


@given(at=instants)
def test_each_instant_has_the_date_of_where_it_was_lived(at: datetime) -> None:
    zone = there_and_here()
    lived = DENVER if at < MOVED else HAIFA
    assert civil_date(at, zone) == civil_date(at, lived)
    assert at.astimezone(zone).isoformat() == at.astimezone(lived).isoformat()


@given(parts=st.lists(st.tuples(instants, zones), min_size=1, max_size=4), at=instants)
def test_the_wall_clock_leads_back_to_the_instant(
    parts: list[tuple[datetime, ZoneInfo]], at: datetime
) -> None:
    zone = MovingZone(sorted(parts, key=lambda part: part[0]))
    local = at.astimezone(zone)
    if local.astimezone(UTC) != at:
        # The same wall clock a third time: a journey back within the hours that clocks differ by.
        assert len(parts) > 2
        assert local.replace(tzinfo=None) == local.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    assert zone.utcoffset(local) == local.astimezone(UTC).astimezone(zone).utcoffset()


@given(moved=instants, day=st.dates(date(2026, 1, 3), date(2026, 12, 28)))
def test_a_day_ends_before_the_next_begins(moved: datetime, day: date) -> None:
    zone = there_and_here(moved)
    assert last_second(day, zone) + timedelta(seconds=1) == first_instant(day + timedelta(days=1), zone)
    assert first_instant(day, zone) < first_instant(day + timedelta(days=1), zone)


def test_what_the_journey_left_out_is_the_moment_of_the_transfer() -> None:
    moved = datetime(2026, 3, 18, 0, tzinfo=UTC)  # 18:00 on the 17th in Denver, 02:00 on the 18th in Haifa
    zone = there_and_here(moved)
    assert first_instant(date(2026, 3, 18), zone) == moved
    assert datetime.combine(date(2026, 3, 17), time(20), zone).astimezone(UTC) == moved


def test_what_the_journey_back_repeats_is_told_by_fold() -> None:
    moved = datetime(2026, 3, 18, 16, tzinfo=UTC)  # 18:00 in Haifa, 10:00 in Denver
    zone = MovingZone([(BEGIN, HAIFA), (moved, DENVER)])
    noon = datetime.combine(date(2026, 3, 18), time(12), zone)
    assert noon.astimezone(UTC) == datetime(2026, 3, 18, 10, tzinfo=UTC)
    assert noon.replace(fold=1).astimezone(UTC) == datetime(2026, 3, 18, 18, tzinfo=UTC)
    later = datetime(2026, 3, 18, 18, tzinfo=UTC).astimezone(zone)
    assert (later.hour, later.fold) == (12, 1)


def test_it_is_a_value_that_travels() -> None:
    assert there_and_here() == there_and_here()
    assert hash(there_and_here()) == hash(there_and_here())
    assert there_and_here() != there_and_here(BEGIN)
    assert pickle.loads(pickle.dumps(there_and_here())) == there_and_here()
    assert "America/Denver" in repr(there_and_here())
    assert str(there_and_here()) == str(there_and_here().parts[-1][1]), "where they are now"
    assert datetime(2026, 3, 1, tzinfo=there_and_here()).tzname() == "MST"


@pytest.mark.parametrize("zone", [DENVER, HAIFA])
def test_one_part_is_that_zone(zone: ZoneInfo) -> None:
    alone = MovingZone([(BEGIN, zone)])
    for hours in range(0, 365 * 24, 7):
        at = BEGIN + timedelta(hours=hours)
        assert at.astimezone(alone).isoformat() == at.astimezone(zone).isoformat()
