"""The console in German, with the network lost as well; what it writes is the same in every language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils.translation import override
from tests.conduct.session.conftest import NOON
from tests.conduct.session.tablet import CONSOLE, PIN, course_now, look, unlock
from tests.course.cases import Case

from entact.conduct.permissions import permissions_of
from entact.conduct.session.rules import of_file
from entact.protocol.core_alerts import CORE_ALERTS

pytestmark = pytest.mark.slow


def _seen(tab: Any, name: str) -> str:
    look(tab, name)
    return str(tab.locator("main").inner_text())


def test_what_the_engine_itself_calls_for_is_said_in_german(case: Case) -> None:
    with override("de"):
        alerts = of_file(
            case.study.newest, permissions_of(case.study).sights["therapist"], lambda form: True
        )["alerts"]
    assert {alerts[name]["title"].partition(":")[0] for name in CORE_ALERTS} == {"Kritisch"}


def test_a_session_in_german_writes_what_any_other_writes(
    tablet: Callable[..., Any], case: Case, in_session: str
) -> None:
    tab = tablet(locale="de-DE", viewport={"width": 390, "height": 844})
    tab.clock.install(time=NOON)
    tab.goto(CONSOLE)
    tab.locator("input[name=pin]").fill("123456")
    tab.get_by_role("button", name="Sitzung öffnen").click()
    tab.wait_for_selector("text=Keine Ziffernfolge")
    tab.locator("input[name=pin]").fill(PIN)
    _seen(tab, "arrival")
    tab.get_by_role("button", name="Sitzung öffnen").click()
    tab.wait_for_selector(".state:has-text('Alles gesendet')")
    home = _seen(tab, "home")
    assert "Wer da ist" in home
    assert "Vor der Dosis" in home
    tab.get_by_role("button", name="Erste Dosis").click()
    tab.wait_for_selector("text=Geben Sie an, welches Kit verwendet werden soll.")
    tab.locator("input[name=kit]").fill("K-9")
    tab.wait_for_selector("text=Kit K-9 ist dieser teilnehmenden Person nicht")
    _seen(tab, "dose")
    tab.get_by_role("button", name="Zurück").click()

    tab.context.set_offline(True)
    tab.get_by_role("button", name="Vitalzeichen", exact=True).click()
    for name, value in {"systolic": "184", "diastolic": "190", "heart_rate": "99"}.items():
        tab.locator(f"input[name={name}]").fill(value)
    tab.get_by_role("button", name="Speichern").click()
    tab.wait_for_selector("text=Systolisch liegt nicht über diastolisch")
    _seen(tab, "pad")
    tab.get_by_role("button", name="Ja, so speichern").click()
    tab.wait_for_selector(".alert")
    _seen(tab, "alert")
    tab.get_by_role("button", name="Ruhe und Beruhigung").click()
    tab.wait_for_selector(".alert", state="detached")
    tab.reload()  # the words come from this device as well
    tab.wait_for_selector("main:has-text('Gesperrt')")
    tab.get_by_role("button", name="Notfall").click()
    tab.wait_for_selector("main:has-text('Dieses Gerät ruft niemanden')")
    card = _seen(tab, "card")
    assert "systolisch" in card
    assert "Dieses Gerät ruft niemanden" in card
    tab.get_by_role("button", name="Zurück").click()
    unlock(tab)
    tab.context.set_offline(False)
    tab.wait_for_selector(".state:has-text('Alles gesendet')", timeout=60_000)
    entries = course_now(case, in_session).entries
    reading, answer = entries[-2:]
    assert reading.kind == "vital_signs"
    assert reading.data["systolic"] == "184 mm[Hg]"
    assert (answer.kind, answer.data["action"]) == ("alert_answered", "calmed")
