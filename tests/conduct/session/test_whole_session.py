"""A whole session of `mapp1` in Chromium, from arrival to the next morning, by two therapists.

The page's clock is set here; a rehearsal's server lives in the time of what it receives, and so follows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from tests.conduct.browser import Browser, course_of
from tests.conduct.served import launched_with, served
from tests.conduct.session.tablet import all_sent

import entact
from entact import store
from entact.course import Course, Entry, findings, read, uuid7
from entact.course.entry import Line, instant
from entact.protocol import Study
from entact.store import server

pytestmark = pytest.mark.slow
NOW = "import('/session/clock.js').then((clock) => clock.now())"
STAFF = "import('/session/session.js').then((session) => session.current().briefing.staff)"
SESSION, PIN, OTHER_PIN = "session_1#1", "135790", "975310"


class Day(NamedTuple):
    """A participant on the morning of a session, at a site with two therapists and two kits."""

    study: Study
    ledger: str
    key: str
    site: str
    therapists: tuple[str, str]
    kits: dict[str, str]
    begins: datetime


@pytest.fixture(scope="module")
def rehearsed() -> Any:
    return entact.rehearse(entact.load_study("mapp1"), participants=2, seed=7)


@pytest.fixture
def day(rehearsed: Any, database: str) -> Day:
    """What a rehearsal had come to on that morning; then the session is booked, and its kits are assigned."""
    study: Study = rehearsed.study
    read_out = {name: [read(line.text) for line in lines] for name, lines in rehearsed.ledgers.items()}
    ledger, entries = next(
        (name, said)
        for name, said in read_out.items()
        if any(one.kind == "dose" and one.encounter == SESSION for one in said)
    )
    first = next(one for one in entries if one.encounter == SESSION)
    begins = datetime.fromisoformat(first.occurred_at)
    came = [one.by for one in entries if one.encounter == SESSION and one.kind == "presence"]
    kits = {
        one.data["part"]: one.data["kit"]
        for one in entries
        if one.kind == "dose" and one.encounter == SESSION
    }
    site = first.by.split("-")[1]

    def until(name: str) -> Iterator[tuple[str, Line]]:
        for line, entry in zip(rehearsed.ledgers[name], read_out[name], strict=True):
            if datetime.fromisoformat(entry.received_at) >= begins:
                return
            yield name, line

    with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": database}) as owner:
        owner.execute("ALTER TABLE store_installation DISABLE TRIGGER ALL")
        owner.execute("UPDATE store_installation SET study = %s", [study.name])
        owner.execute("ALTER TABLE store_installation ENABLE ALWAYS TRIGGER append_only")
    own = [f"study:{study.name}"]  # first, as the others are read by its releases
    for names in (own, [name for name in read_out if name not in own]):
        store.append_many(one for name in names for one in until(name))
    store.keep_keys(rehearsed.keys)
    assigned = {
        part: {"kit": kit, "part": part, "level": "low", "visit": "session_1"} for part, kit in kits.items()
    }
    facts = [("booking", {"at": begins.isoformat()}), *(("kit_assigned", one) for one in assigned.values())]
    for number, (kind, data) in enumerate(facts, start=1):
        at = begins - timedelta(minutes=5) + timedelta(seconds=number)
        entry = Entry(
            id=str(uuid7(at, number << 40)), ledger=ledger, kind=kind, release=study.newest.id,
            environment="rehearsal", encounter=SESSION, occurred_at=at.isoformat(),
            recorded_at=at.isoformat(), by=came[0], role="therapist", data=data,
        )  # fmt: skip
        store.fact(entry, received_at=at.isoformat())
    subject = next(one.data["subject"] for one in entries if one.kind == "enrolment")
    return Day(study, ledger, subject, site, (came[0], came[1]), kits, begins)


class Tablet:
    """One tablet, whose clock is set, and what is done on it by taps."""

    def __init__(self, tab: Any, begins: datetime) -> None:
        self.tab = tab
        tab.clock.install(time=begins)
        self.taps = 0

    def tap(self, name: str, **more: Any) -> None:
        self.taps += 1
        with self.saying(f"no button {name!r}"):
            self.tab.get_by_role("button", name=name, **more).first.click()

    def sees(self, text: str) -> None:
        with self.saying(f"no {text!r}"):
            self.tab.wait_for_selector(f"main:has-text({text!r})")

    @contextmanager
    def saying(self, what: str) -> Iterator[None]:
        """What is on the screen, where something else was looked for."""
        from playwright.sync_api import TimeoutError as TooLong

        try:
            yield
        except TooLong:
            pytest.fail(f"{what} on the screen:\n{self.tab.locator('main').inner_text()}")

    def shows(self, name: str) -> bool:
        return bool(self.tab.get_by_role("button", name=name).count())

    def answer(self, form: str, *yes: str) -> None:
        """Fills in a form by taps: yes to these, no to all others that are asked; numbers are low."""
        self.tap(form)
        self.tab.wait_for_selector("form.panel")
        for group in self.tab.locator(".choice").all():
            if group.is_visible():
                label = group.get_attribute("aria-label")
                group.get_by_role("button", name="Yes" if "*" in yes or label in yes else "No").click()
        for number in self.tab.locator("form.panel input[inputmode=numeric]").all():
            number.fill("15")
        self.tap("Save")
        self.tab.wait_for_selector("form.panel", state="detached")

    def measure(self, **signs: str) -> None:
        self.tap("Vital signs", exact=True)
        for name, value in signs.items():
            self.tab.locator(f"input[name={name}]").fill(value)
        self.tap("Save")
        self.tab.wait_for_selector("form.panel", state="detached")

    def wait(self, time: str | int) -> None:
        self.tab.clock.fast_forward(time)

    def arrive(self, address: str) -> None:
        self.tab.goto(address)
        self.tab.locator("input[name=pin]").fill(PIN)
        self.tap("Open the session")
        self.tab.wait_for_selector(".top")


def course_now(day: Day) -> Course:
    """The participant as the ledger has them now, read beside the browser, which has this thread."""

    def fold() -> Course:
        from django.db import connection

        try:
            return course_of(day.study, day.ledger)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as beside:
        return beside.submit(fold).result()


@pytest.mark.requirement("R15")
def test_a_session_of_mapp1_from_arrival_to_the_next_morning(day: Day, sign_in: Any, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    first, second = day.therapists
    signed: dict[str, Browser] = {
        one: sign_in(one, day.study, **{day.site: "therapist"}) for one in day.therapists
    }
    sessions = {name: one.session for name, one in signed.items()}  # before the browser has this thread
    with ExitStack() as ends:
        port = ends.enter_context(served())
        play = ends.enter_context(sync_playwright())

        def tablet(profile: str, person: str) -> Tablet:
            context = launched_with(
                play, tmp_path / profile, viewport={"width": 820, "height": 1180}, base_url=f"http://127.0.0.1:{port}",
            )  # fmt: skip
            ends.callback(context.close)
            context.set_default_timeout(60_000)
            as_person(context, person)
            return Tablet(context.pages[0], day.begins)

        def as_person(context: Any, person: str) -> None:
            cookie = {"name": "sessionid", "value": sessions[person], "url": f"http://127.0.0.1:{port}"}
            context.add_cookies([cookie])

        address = f"/session/#{day.key}/session_1.1"
        one = tablet("one", first)
        _arrive_and_dose(one, day, address, second)
        _refuse_then_allow(one, day)
        _give_without_a_network(one, day)
        other = tablet("two", first)
        _swap(one, other, day, address)
        _leave(other, day)
        as_person(other.tab.context, second)
        _night(other, day, second)
        course = course_now(day)
    assert [(dose.part, dose.kit) for dose in course.doses] == list(day.kits.items())
    decided = [one.kind for one in course.entries if one.kind in ("dose_level", "dose")]
    assert decided == ["dose_level", "dose", "dose"]  # the one level that there is, with the first dose
    rules = {found.rule for found in findings(course, instant(course.entries[-1].occurred_at)) if found.holds}
    assert rules.isdisjoint(
        {"without_gate", "activity_missing", "encounter_over", "hand_over_not_taken", "entered_by_other"}
    )
    page = signed[first].get("/")
    assert "the visit after a session is due" in page


def _arrive_and_dose(one: Tablet, day: Day, address: str, second: str) -> None:
    """Arrival: what is missing is listed, and nothing gives a dose before all of it is there."""
    one.arrive(address)
    one.tap("The participant is here: begin")
    one.sees("Before the dose")
    one.tap("Initial dose")
    one.sees("Not now")
    assert not one.shows("Give the initial dose")
    one.tap("Back")
    for person in day.therapists:
        one.tap("Who is here")
        one.tap(f"{person} therapist, not here")
    one.answer("○ Columbia")
    for form in ("Urine drug screen", "Pregnancy test", "Ready for the dosing day"):
        one.answer(f"○ {form}", "*")
    for name in ("Nothing eaten", "Medicines of the last days", "The physician was rung"):
        one.tap(name)
    one.measure(systolic="118", diastolic="76", heart_rate="64", temperature="36.6")
    one.tap("Initial dose")
    one.sees("Level low is the only one of this session: it is decided with the dose")
    one.sees("Not looked at on arrival yet: Somebody fetches the participant")
    one.tab.locator("input[name=kit]").fill(day.kits["initial"])
    one.tap(second.capitalize(), exact=True)  # as people call them
    one.tap("Give the initial dose")
    one.sees("given: record another")


def _refuse_then_allow(one: Tablet, day: Day) -> None:
    """The supplement is refused for its time, then for the blood pressure; an alert escalates."""
    one.tap("Supplement")
    one.sees("The time of the supplement has not come")
    one.tap("Back")
    one.tap("Lock")
    one.wait("01:35:00")
    one.taps = (
        0  # a set of vital signs from the locked screen: six digits, what is due is open, and it is saved
    )
    for digit in PIN:
        one.tap(digit, exact=True)
    one.tab.wait_for_selector("form.panel")
    one.tab.keyboard.type("1849699")  # each field leads on to the next
    one.tab.keyboard.type("37.1")
    one.tap("Save")
    one.tab.wait_for_selector("form.panel", state="detached")
    assert one.taps <= 8
    one.sees("Blood pressure very high")
    one.sees("Nobody is on the roster now as therapist, investigator, medical monitor")
    one.sees("Nobody will be called by this device: phone")
    one.wait("00:11:00")
    one.tab.wait_for_selector(".alert:has-text('medical monitor')")
    one.tap("Physician called")
    one.tab.wait_for_selector(".alert", state="detached")
    one.tap("Supplement")
    one.tab.locator("input[name=kit]").fill(day.kits["supplement"])
    one.sees("Vital signs beyond the limits")
    one.tap("Before the supplement")  # what the gate waits for is a tap away
    for group in one.tab.locator(".choice").all():
        group.get_by_role("button", name="Yes").click()
    one.tap("Save")
    one.tab.wait_for_selector("form.panel", state="detached")
    all_sent(one.tab)


def _give_without_a_network(one: Tablet, day: Day) -> None:
    """The network is lost for two hours: the supplement is allowed there, given, and kept."""
    one.tab.context.set_offline(True)
    one.wait("00:04:00")
    one.measure(systolic="152", diastolic="88", heart_rate="90", temperature="37.0")
    one.tap("Seen or heard")
    one.tab.locator("input[name=words]").fill("wept, and was glad of it")
    one.tap("Save the words")
    one.tap("Supplement")
    one.tab.locator("input[name=kit]").fill(day.kits["supplement"])
    one.tap("Nobody")
    one.tap("Give the supplement dose")
    one.tab.wait_for_selector(".state:has-text('4 not sent yet')")
    one.wait("02:00:00")


def _swap(one: Tablet, other: Tablet, day: Day, address: str) -> None:
    """Another tablet has all that arrived, and gives the doses within five seconds of asking."""
    other.wait("03:50:00")
    other.arrive(address)
    other.sees("184")
    assert "152" not in other.tab.locator("table").inner_text()
    one.tab.context.set_offline(False)
    one.wait("00:00:04")
    all_sent(one.tab)
    other.wait("00:00:02")
    other.sees("152")
    other.tap("Initial dose")
    other.tap("Give doses from this device")
    one.wait("00:00:02")
    other.wait("00:00:02")  # and a second more: five at most
    other.sees("The initial dose of this session was already given")
    other.tap("Back")


def _leave(other: Tablet, day: Day) -> None:
    """Nobody leaves before eight hours; then all that the gate asks is a tap away."""
    given = course_now(day).doses[0].at
    now = datetime.fromtimestamp(other.tab.evaluate(NOW) / 1000, given.tzinfo)
    wait = given + timedelta(hours=7, minutes=50) - now
    other.wait(int(wait.total_seconds() * 1000))
    other.measure(systolic="124", diastolic="78", heart_rate="70", temperature="36.7")
    other.answer("○ Ready to leave", "*")
    other.tap("The session ends")
    other.sees("Less than eight hours since the initial dose")
    assert not other.shows("Discharge")
    other.tap("Back")
    other.wait("00:11:00")
    other.measure(systolic="122", diastolic="78", heart_rate="68", temperature="36.6")
    other.tap("The session ends")
    other.sees(
        "Serious suicidal ideation or behaviour at the end of the session. Not known within the last 60 min"
    )
    assert not other.shows("Discharge")
    other.answer("Columbia")  # what the gate waits for is a tap away
    other.tap("The session ends")
    other.tap("Discharge")
    other.sees("The session has ended")
    all_sent(other.tab)


def _night(other: Tablet, day: Day, second: str) -> None:
    """The other therapist takes the participant for the night by a PIN of her own, and looks in."""
    other.tap("The night")
    other.sees("Nobody has taken over for the night")
    offered = {one.lower() for one in other.tab.locator("button:has-text('Hand over to')").all_inner_texts()}
    for one in other.tab.evaluate(STAFF):  # a pharmacist follows no session, and is no attendant
        follows = {*one["roles"]} & {"therapist", "investigator", "coordinator"}
        assert (f"hand over to {one['person']}" in offered) == bool(follows), one
    other.tap(f"Hand over to {second}")
    other.wait("00:00:02")
    other.sees("is signed in")
    other.tab.locator("input[name=pin]").fill(OTHER_PIN)
    other.wait("00:00:05")  # what is typed stays, however often the screen is drawn anew
    assert other.tab.locator("input[name=pin]").input_value() == OTHER_PIN
    other.tap("Join")
    other.tap("The night")
    pressed = other.tab.locator(".persons button[aria-pressed=true]")
    assert pressed.inner_text().lower() == second  # two with the same initials are told apart
    other.sees("have taken over")  # what was handed over a moment ago is there when she has joined
    other.tap("have taken over")
    other.wait("02:00:00")
    other.tap("The night")
    other.tap("Looked in: all is well")
    other.wait("12:00:00")
    other.tap("The night")
    other.tap("The night is over")
    all_sent(other.tab)
