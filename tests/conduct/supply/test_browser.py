"""A pharmacist's day on a tablet: what is scanned is typed into the field that has the focus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conduct.browser import Browser
from tests.conduct.served import BROWSER, is_for_everybody, launched, served
from tests.conduct.supply.day import WARM, keep_site, shipped, statuses, study_with_supply

from entact.course.supply.check_character import printed

TABLET = {"width": 820, "height": 1180}


class Tablet:
    """One person's tablet, signed in: what is scanned is typed into the field that has the focus."""

    def __init__(self, browser: Any, address: str, session: str) -> None:
        context = browser.new_context(base_url=address, viewport=TABLET, has_touch=True)
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        self.page = context.new_page()

    def press(self, role: str, name: str) -> None:
        """By a finger, which the driver of Firefox has not."""
        of = self.page.get_by_role(role, name=name, exact=True)
        of.click() if BROWSER == "firefox" else of.tap()

    def scan(self, *numbers: str, end: str = "\n") -> None:
        self.page.keyboard.insert_text("".join(f"{printed(one)}{end}" for one in numbers))

    def enter(self, button: str, **said: str) -> None:
        """Fills the form of one thing that is entered, after what was scanned, and sends it."""
        for name, value in said.items():
            field = self.page.locator(f"#f-{name}")
            if field.evaluate("one => one.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        self.press("button", button)
        self.page.get_by_role("heading", name="Supply", exact=True).wait_for()
        self.page.wait_for_load_state()

    def open(self, what: str, focus: str = "") -> None:
        self.page.bring_to_front()  # of three tablets one has the focus
        self.page.goto("/supply/denver/")
        self.press("link", what)
        self.page.locator(f"#f-{focus}:focus" if focus else "form.entry").first.wait_for()

    def check(self) -> None:
        """Looks at what waits first, and says that it is so."""
        self.open("The check of a second person")
        self.enter("I have seen it myself", agrees="yes")


def test_a_pharmacists_day(sign_in: Callable[..., Browser], database: str, tmp_path: Path) -> None:
    """40 kits, an excursion, 6 dispensings, 2 returns, a difference, destruction by two: on three tablets."""
    from playwright.sync_api import sync_playwright

    keys = keep_site(study_with_supply())
    people = {
        name: sign_in(name, **roles)
        for name, roles in {
            "p-1": {"denver": "pharmacist"},
            "p-2": {"denver": "pharmacist"},
            "mm": {"everywhere": "medical_monitor"},
        }.items()
    }
    numbers = shipped(people["p-1"], 40)
    sessions = [one.session for one in people.values()]
    log = tmp_path / "log.csv"
    log.write_text(WARM)
    with served() as port, sync_playwright() as play:
        browser = launched(play)
        address = f"http://127.0.0.1:{port}"
        mine, second, sponsor = (Tablet(browser, address, one) for one in sessions)

        mine.open("A receipt", "kits")
        mine.scan(*numbers)
        mine.page.get_by_label("File of the temperature logger").set_input_files(str(log))
        is_for_everybody(mine.page)
        mine.enter("Enter the receipt")
        assert mine.page.get_by_text("20.0 Cel to 27.1 Cel on the way").count() == 40
        is_for_everybody(mine.page)
        for which, decision in ((numbers[:38], "release"), (numbers[38:], "reject")):
            sponsor.open("The sponsor's decision on a quarantine", "kits")
            sponsor.scan(*which)
            sponsor.enter("Enter the decision", decision=decision, text="stability report 4")
        second.check()

        mine.page.bring_to_front()
        for place, number in enumerate(numbers[:6]):
            mine.page.goto(f"/participants/{keys[place // 2]}/kits/")
            for button in ("Assign", "Dispense"):
                mine.page.locator("#k-kit:focus").wait_for()
                mine.page.locator("#k-kit").fill(printed(number))
                mine.page.locator("#k-part").select_option(("initial", "supplement")[place % 2])
                mine.page.locator("#k-level").select_option("full")
                mine.page.locator("#k-units").fill("2")
                mine.press("button", button)
                mine.page.get_by_role("rowheader", name=printed(number)).wait_for()
            assert not mine.page.get_by_role("alert").count(), mine.page.get_by_role("alert").inner_text()
        is_for_everybody(mine.page)
        for place in (1, 3):
            mine.page.goto(f"/participants/{keys[place // 2]}/kits/")
            mine.page.locator("#r-kit").fill(printed(numbers[place]))
            mine.page.locator("#r-units").fill("2")
            mine.press("button", "Enter the return")
            mine.page.get_by_role("rowheader", name=printed(numbers[place])).wait_for()

        lost = numbers[20]
        counted = [(one, 1 if one in (numbers[0], numbers[2], *numbers[4:6]) else 3) for one in numbers]
        mine.open("A count of all", "units")
        for number, units in counted:
            if number != lost:
                mine.scan(number, end=f" {units}\n")
        mine.enter("Enter the count")
        mine.page.get_by_text(f"Kit {printed(lost)}: 0 of 3 units").wait_for()
        assert mine.page.get_by_text("Notice of a loss, to the authority: due by").count() == 1
        is_for_everybody(mine.page)

        mine.open("A destruction", "units")
        for number in numbers[38:]:
            mine.scan(number, end=" 3\n")
        mine.enter("Enter the destruction", how="burnt, certificate 5")
        for _ in ("count", "destruction"):
            second.check()
        assert second.page.get_by_text("Waits for a second person").count() == 0
        browser.close()
    assert [statuses()[one] for one in numbers[38:]] == ["destroyed"] * 2
