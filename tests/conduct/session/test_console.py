"""Small parts of the console without a browser: the PIN, the device's clock."""

from __future__ import annotations

from tests.console.deno import run


def test_a_pin_has_six_digits_or_more_and_is_none_that_is_tried_first() -> None:
    asked = ["12345", "123456", "987654", "000000", "13579x", "1" * 13, "135790", "482910573"]
    told = run("pin.js", "return given.map(it.problemOf)", asked)
    assert [one != "" for one in told] == [True] * 6 + [False] * 2


def test_wrong_pins_are_waited_for_and_nobody_waits_longer_for_a_clock_put_back() -> None:
    assert run("pin.js", "return [0, 2, 3, 4, 5, 60].map((one) => it.waitAfter(one) / 1000)") == [
        0, 0, 30, 60, 120, 900,
    ]  # fmt: skip
    tries = {"wrong": 4, "at": 1_000_000}
    left = run(
        "pin.js", "return [1_000_000, 1_059_000, 1_061_000, 0].map((now) => it.left(given, now))", tries
    )
    assert left == [60_000, 1_000, 0, 60_000]


def test_a_clock_that_is_an_hour_wrong_leaves_times_right_and_is_said() -> None:
    hour = 3_600_000
    body = """
      let device = 0;
      Date.now = () => device;
      const found = [];
      const said = (steady) => (it.look(device, steady), found.push([it.now(), it.leadNow(), it.doubted()]));
      const hour = 3_600_000;
      device = 10 * hour;
      it.measure(new Date(9 * hour).toISOString(), device - 100, device + 100);  // it is an hour ahead
      said(0);
      device -= 2 * hour - 1000;  // somebody puts it back by two hours, within a second
      said(1000);
      device += hour + 1000;  // and forward by one: or it slept
      said(2000);
      it.settle(true);
      said(2000);
      device += hour;  // a night in a drawer
      said(2001);
      it.settle(false);
      said(2001);
      it.setLead(0, device + 5000);  // opened again, and it shows less than when it was closed
      said(2001);
      return found;
    """
    assert run("clock.js", body) == [
        [9 * hour, hour, 0],
        [9 * hour + 1000, -hour, 0],
        [10 * hour + 2000, -hour, hour],
        [9 * hour + 2000, 0, 0],
        [10 * hour + 2000, 0, hour - 1],
        [10 * hour + 2000, 0, 0],
        [10 * hour + 2000, 0, -5000],
    ]


def test_an_answer_that_a_device_slept_over_puts_no_clock_wrong() -> None:
    body = """
      const hour = 3600_000, server = (at) => new Date(at).toISOString(), found = [];
      const measured = (at, ...times) => (it.measure(server(at), ...times), found.push(it.leadNow()));
      measured(0, 10_000, 10_200);  // ten seconds ahead
      measured(100, 10_050, 10_050 + hour);  // answered at once, and read an hour later
      measured(hour, 10_050, 10_050 + hour);  // sent an hour later, when it woke
      measured(hour, 30_000, 20_000 + 2 * hour);  // between these two it was, and is
      measured(hour, hour + 50_000, hour + 55_000);  // no less than fifty seconds ahead
      measured(2 * hour, 2 * hour + 5_000, 2 * hour + 9_000);  // no more than nine
      it.look(0, 0); it.look(hour, 1000);
      measured(hour, 0, 2 * hour);  // whether it slept or was put forward, such an answer does not say
      found.push(it.doubted());
      measured(3 * hour, 3 * hour + 6_900, 3 * hour + 7_100);
      found.push(it.doubted());
      return found;
    """
    assert run("clock.js", body) == [
        10_100,
        10_100,
        10_050,
        10_050,
        50_000,
        9_000,
        9_000,
        3_599_000,
        7_000,
        0,
    ]


def test_a_time_on_paper_is_the_site_s_whatever_the_device_s_zone() -> None:
    asked = [
        ["2026-03-16", "14:05", "America/Denver"],
        ["2026-03-08", "03:30", "America/Denver"],  # after the clocks went forward
        ["2026-11-01", "00:30", "America/Denver"],
        ["2026-07-01", "09:00", "Asia/Jerusalem"],
        ["2026-07-01", "", "Asia/Jerusalem"],
    ]
    body = """
      return given.map(([date, time, zone]) => {
        const at = it.instantOf(date, time, zone);
        return Number.isFinite(at) ? [new Date(at).toISOString(), it.day(at, zone), it.hour(at, zone)] : null;
      });
    """
    assert run("clock.js", body, asked) == [
        ["2026-03-16T20:05:00.000Z", "2026-03-16", "14:05"],
        ["2026-03-08T09:30:00.000Z", "2026-03-08", "03:30"],
        ["2026-11-01T06:30:00.000Z", "2026-11-01", "00:30"],
        ["2026-07-01T06:00:00.000Z", "2026-07-01", "09:00"],
        None,
    ]


def test_an_open_call_says_whom_it_calls_next_and_when() -> None:
    briefing = {
        "alerts": {
            "high": {
                "escalate": [
                    {"after": 600, "tell": ["medical_monitor"]},
                    {"after": 300, "tell": ["investigator"]},
                    {"after": None, "tell": ["sponsor"]},
                ]
            }
        }
    }
    body = "return [0, 400, 700].map((at) => it.stepsAhead(given, {alerts: ['high']}, {at: 0}, at * 1000))"
    assert run("course.js", body, briefing) == [
        [{"at": 300_000, "tell": ["investigator"]}, {"at": 600_000, "tell": ["medical_monitor"]}],
        [{"at": 600_000, "tell": ["medical_monitor"]}],
        [],
    ]


def test_who_sets_a_requirement_aside_does_so_in_a_role_of_the_file_or_as_the_second_person() -> None:
    people = {"i-1": (["investigator"], True), "t-1": (["therapist"], True), "i-2": (["investigator"], False)}
    staff = [{"person": one, "roles": roles, "counts": counts} for one, (roles, counts) in people.items()]
    asked = [
        [needed, one]
        for needed in ("investigator + second person", "investigator")
        for one in (*people, "m-1")
    ]
    body = "return given.asked.map(([needed, one]) => it.setsAsideAs(given.briefing, needed, one))"
    answers = run("override.js", body, {"briefing": {"staff": staff}, "asked": asked})
    assert answers == ["role", "second", None, None, "role", None, None, None]


def test_what_the_server_noted_by_its_own_clock_is_told_in_the_time_of_a_rehearsal() -> None:
    """Its lead here: the device is an hour ahead of the study, as the server's own clock is."""
    asks = """
    const now = Date.now();
    it.measure(new Date(now - 3600_000).toISOString(), now, now);
    const at = new Date(now).toISOString();
    const hours = (one) => Math.round((now - one) / 6e5) / 6;
    return [it.noted(at, "rehearsal"), it.noted(at, "training")].map(hours);
    """
    assert run("clock.js", asks, None) == [1, 0]
