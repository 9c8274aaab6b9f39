"""A receipt on a tablet: the scanner types into the field that has the focus, and what was too warm waits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conduct.browser import Browser
from tests.conduct.served import CALM, CHROMIUM, served
from tests.conduct.supply.day import WARM, keep_site, shipped, study_with_supply

from entact.course.supply.check_character import printed

TABLET = {"width": 820, "height": 1180}


def is_for_everybody(page: Any) -> None:
    """Nothing is cut off, and axe finds nothing serious."""
    from axe_playwright_python.sync_playwright import Axe

    assert page.evaluate("document.documentElement.scrollWidth") <= TABLET["width"], page.url
    found = Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in serious] == [], page.url


def test_a_receipt_by_scanner(sign_in: Callable[..., Browser], database: str, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    (key, *_) = keep_site(study_with_supply())
    pharmacist = sign_in("p-1", denver="pharmacist")
    first, second = shipped(pharmacist, 2)
    log = tmp_path / "log.csv"
    log.write_text(WARM)
    session = pharmacist.session
    with served() as port, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=CALM)
        address = f"http://127.0.0.1:{port}"
        context = browser.new_context(base_url=address, viewport=TABLET, has_touch=True)
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        page = context.new_page()
        page.goto("/supply/")
        page.get_by_role("link", name="A receipt").tap()
        page.locator("#f-kits:focus").wait_for()
        for number in (first, second):
            page.keyboard.type(f"{printed(number)}\n")
        page.get_by_label("File of the temperature logger").set_input_files(str(log))
        is_for_everybody(page)
        page.get_by_role("button", name="Enter the receipt").tap()
        page.get_by_text("quarantined").first.wait_for()
        assert page.get_by_text("20.0 Cel to 27.1 Cel on the way").count() == 2
        is_for_everybody(page)
        page.goto(f"/participants/{key}/kits/")
        is_for_everybody(page)
        page.locator("#k-kit:focus").wait_for()
        page.keyboard.type(f"{printed(first)}")
        page.get_by_role("button", name="Assign").tap()
        page.get_by_role("rowheader", name=printed(first)).wait_for()
        browser.close()
