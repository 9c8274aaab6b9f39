"""Files of temperature loggers: what was outside is told, and what cannot be read is never passed over."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from entact.course.supply.temperature import is_excursion, read_log
from entact.protocol.study import Storage

DENVER = ZoneInfo("America/Denver")
ROOM = Storage(lowest="15 Cel", highest="25 Cel")
LOG = """Logger,TL-20 SN 4471, read out 03/02/2026 09:00
No.,Time,Temperature (°C)
1,2026-03-02 08:00:00,21.5
2,2026-03-02 08:10:00,25.0
3,2026-03-02 08:20:00,25.1
4,2026-03-02 08:40:30,22
"""


def test_least_and_greatest_and_how_long_it_can_have_been_outside() -> None:
    log = read_log(LOG.encode(), DENVER, ROOM)
    assert (log.lowest, log.highest, log.readings) == ("21.5 Cel", "25.1 Cel", 4)
    assert (log.began, log.ended) == ("2026-03-02T08:00:00-07:00", "2026-03-02T08:40:30-07:00")
    assert log.minutes_outside == 31  # from the reading before to the one after, a minute begun counts
    assert log.longest_gap == 21
    assert is_excursion(log, ROOM)


@pytest.mark.parametrize(
    ("value", "outside"), [("15.0", False), ("14.9", True), ("25", False), ("25.01", True)]
)
def test_both_ends_are_inside(value: str, outside: bool) -> None:
    log = read_log(LOG.replace("25.1", value).encode(), DENVER, ROOM)
    assert is_excursion(log, ROOM) is outside
    assert bool(log.minutes_outside) is outside


@pytest.mark.parametrize(
    "text",
    [
        "Zeit;Temperatur\n2026-03-02 08:00;21,5 °C\n2026-03-02 08:10;-3,25 °C\n",
        "time\ttemp\n2026-03-02T08:00:00-07:00\t21.5C\n2026-03-02T08:10:00-07:00\t-3.25 C\n",
        "2026-03-02 08:00,21.5\r\n\r\n2026-03-02 08:10,-3.25\r\n",
        "Testo 174H\n02.03.2026 8:00;21,5\n02.03.2026 08:10:00;-3,25\n",
        '"2026-03-02 08:00","21.5"\n"2026-03-02 08:10","-3.25"\n',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_files_of_several_makers_say_the_same(text: str, encoding: str) -> None:
    log = read_log(text.encode(encoding), DENVER, None)
    assert (log.lowest, log.highest, log.readings) == ("-3.25 Cel", "21.5 Cel", 2)
    assert log.began == "2026-03-02T08:00:00-07:00"
    assert log.minutes_outside is None
    assert is_excursion(log, ROOM)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "fewer than two readings"),
        ("PK\x03\x04 a workbook", "fewer than two readings"),
        (LOG.replace("25.1", "error"), "row 5 is no reading"),
        (LOG.replace("08:20:00", "08:05:00"), "row 5 is not later"),
        (LOG.replace("08:20:00", "08:10:00"), "row 5 is not later"),  # two readings of one instant
        (LOG.replace("2026-03-02 08:20:00", "03/02/2026 08:20"), "row 5 is no reading"),
        (
            "Time,Temp\n03/02/2026 08:20 AM,21.5\n",
            "fewer than two readings .*row 2 has a day with slashes.*write times as 2026-04-30",
        ),
        ("Zeit;Temp\n31.02.2026 08:20;21,5\n", "fewer than two readings .* write times as"),
        (LOG.replace("(°C)", "(°F)"), "row 2 speaks of degrees Fahrenheit"),
        (LOG.replace("25.1", "77.2 °F"), "row 5 is no reading"),
        (LOG.split("3,")[0].rsplit("2,2026", 1)[0], "fewer than two readings"),
        ("x" * 2_000_001, "at most"),
    ],
)
def test_what_cannot_be_read_names_its_row(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_log(text.encode(), DENVER, ROOM)


def test_a_night_in_which_clocks_are_put_back_is_read_in_order() -> None:
    """02:30 comes twice; an hour of it was too warm, and as long as it was."""
    rows = ["2026-10-25 01:30,20", "2026-10-25 02:30,27", "2026-10-25 02:30,27", "2026-10-25 03:30,20"]
    log = read_log("\n".join(rows).encode(), ZoneInfo("Europe/Berlin"), ROOM)
    assert (log.began, log.ended) == ("2026-10-25T01:30:00+02:00", "2026-10-25T03:30:00+01:00")
    assert (log.minutes_outside, log.longest_gap) == (180, 60)
    rows = ["2026-03-29 01:30,20", "2026-03-29 03:30,20"]  # put forward: an hour, where clocks show two
    assert read_log("\n".join(rows).encode(), ZoneInfo("Europe/Berlin"), ROOM).longest_gap == 60
