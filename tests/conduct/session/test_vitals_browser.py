"""A set of vital signs in Chromium: from the locked screen by few steps, and from devices by Web Bluetooth.

The steps are the pictures of docs/readings.md (`tablet.picture`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.conduct.session.conftest import NOON
from tests.conduct.session.tablet import INSTALLED, PIN, all_sent, arrive, course_now, picture
from tests.course.cases import Case

from entact.course import findings

pytestmark = pytest.mark.slow
KEY = 0.4  # seconds for a tap of somebody who does not look for the key (assumption: a slow one)
SIGNS = {"systolic": "128", "diastolic": "82", "heart_rate": "71", "temperature": "36.9"}

# A browser's Web Bluetooth, of which no test has the radio: it answers with the bytes that devices send.
RADIO = """
const sends = {0x1810: [0x2a35, "1e7c004e005d00ea07030a091e004800010000",
                        "167d004f005d00ea07031009370049000100"],
               0x1809: [0x2a1c, "00710100ff"]};
const bytes = (text) => new DataView(Uint8Array.from(text.match(/../g), (one) => parseInt(one, 16)).buffer);
const wanted = (filters) => filters[0].services[0];
Object.defineProperty(navigator, "bluetooth", {value: {requestDevice: async ({filters}) => {
  const [number, ...values] = sends[wanted(filters)] ?? [];
  if (!number) throw new DOMException("User cancelled the requestDevice() chooser.", "NotFoundError");
  const found = new EventTarget();
  found.startNotifications = async () => values.forEach((one, place) => setTimeout(() => {
    found.value = bytes(one);
    found.dispatchEvent(new Event("characteristicvaluechanged"));
  }, 20 * place));
  const service = {getCharacteristic: async () => found};
  const gatt = {connect: async () => ({getPrimaryService: async () => service}), disconnect: () => {}};
  return {name: wanted(filters) === 0x1810 ? "Cuff 12" : "Thermometer 3", gatt};
}}});
"""


def test_a_set_of_vital_signs_from_the_locked_screen_takes_eight_taps_and_twelve_seconds(
    tablet: Callable[..., Any],
    case: Case,
    in_session: str,
) -> None:
    tab = tablet()
    tab.clock.install(time=NOON)
    arrive(tab)
    tab.get_by_role("button", name="Lock").click()
    tab.wait_for_selector("text=Locked")
    picture(tab, "session-locked")
    taps, keys, began = 0, 0, time.monotonic()
    for digit in PIN:
        tab.get_by_role("button", name=digit, exact=True).click()
        taps += 1
    tab.wait_for_selector("form.panel")  # what is due stands open; else it is a tap more
    for sign, value in SIGNS.items():
        assert tab.evaluate("document.activeElement.name") == sign  # a full field leads on: no tap in between
        tab.keyboard.type(value)
        keys += len(value)
    picture(tab, "session-vitals")
    tab.get_by_role("button", name="Save").click()
    taps += 1
    tab.wait_for_selector("form.panel", state="detached")
    tab.wait_for_selector("table:has-text('128')")
    waited = time.monotonic() - began
    picture(tab, "session-saved")
    print(f"{taps} taps, {keys} digits, {waited:.1f} s of the device: {waited + KEY * (taps + keys):.1f} s")
    assert taps <= 8
    assert (
        KEY * (taps + keys) <= 12
    )  # what the device took is beside it: the machine of a test may have much to do
    all_sent(tab)


@pytest.mark.requirement("R17")
def test_what_devices_send_is_looked_at_before_it_is_saved_and_says_its_source(
    tablet: Callable[..., Any],
    case: Case,
    in_session: str,
) -> None:
    tab = tablet()
    tab.add_init_script(RADIO)
    tab.clock.install(time=NOON)
    arrive(tab)
    assert tab.evaluate(INSTALLED)
    tab.context.set_offline(True)  # the module that reads is on the device
    before = len(course_now(case, in_session).vitals)
    tab.get_by_role("button", name="Vital signs", exact=True).click()
    tab.get_by_role("button", name="Read from a device").click()
    tab.get_by_role("button", name="Pulse oximeter").click()
    tab.wait_for_selector("text=Nothing was read: User cancelled")
    tab.get_by_role("button", name="Blood pressure monitor").click()
    tab.wait_for_selector(
        "text=From Cuff 12, measured at 2026-03-16 09:55:00 by its own clock; the body moved"
    )
    values = {sign: tab.locator(f"input[name={sign}]").input_value() for sign in SIGNS}
    assert values == {"systolic": "125", "diastolic": "79", "heart_rate": "73", "temperature": ""}
    tab.get_by_role("button", name="Thermometer").click()
    tab.wait_for_selector("text=the body moved. From Thermometer 3. Look at it")
    tab.locator("input[name=heart_rate]").fill("76")  # somebody counted it: that is typed
    picture(tab, "session-device")
    assert len(course_now(case, in_session).vitals) == before  # nothing is saved by itself
    tab.get_by_role("button", name="Save").click()
    tab.wait_for_selector("form.panel", state="detached")
    tab.context.set_offline(False)
    all_sent(tab)
    course = course_now(case, in_session)
    (reading,) = course.vitals[before:]
    assert [reading.items[sign] for sign in SIGNS] == ["125 mm[Hg]", "79 mm[Hg]", "76 /min", "36.9 Cel"]
    entry = next(one for one in course.entries if one.id == reading.entry)
    assert entry.source == "device"
    assert (entry.device or "").partition(" ")[
        2
    ] == "Cuff 12 (systolic, diastolic), Thermometer 3 (temperature)"
    assert not [one for one in findings(course, reading.at) if one.entry == reading.entry]
