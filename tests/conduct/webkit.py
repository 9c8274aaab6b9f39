"""WebKitGTK, the engine of Safari, driven by WebDriver: no distribution has Playwright's own build."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

DRIVER = shutil.which("WebKitWebDriver")
SCREEN = shutil.which("Xvfb")


class WebKit:
    """One window of the browser, by what a person reads on it."""

    def __init__(self, driver: Any, address: str) -> None:
        self.driver, self.address = driver, address

    def go(self, path: str) -> None:
        self.driver.get(self.address + path)

    def carry(self, session: str) -> None:
        """The sign-in of a session, on a page of the server already."""
        self.driver.add_cookie({"name": "sessionid", "value": session})

    def ask(self, script: str, *given: Any) -> Any:
        """What an expression is on the page, a promise awaited."""
        said = self.driver.execute_async_script(
            "const [given, done] = [[...arguments].slice(0, -1), arguments[arguments.length - 1]];"
            f"Promise.resolve(({script})(...given)).then(done, (fault) => done(`fault: ${{fault}}`));",
            *given,
        )
        assert not str(said).startswith("fault: "), said
        return said

    def until(self, holds: Callable[[], Any], what: str, seconds: float = 20) -> Any:
        """Waits for something on a page that may change or leave meanwhile."""
        from selenium.common.exceptions import WebDriverException

        end, last = time.monotonic() + seconds, ""
        while time.monotonic() < end:
            try:
                if found := holds():
                    return found
            except WebDriverException as fault:
                last = f" ({fault.msg})"
            time.sleep(0.05)
        raise AssertionError(f"{what}: not within {seconds} s{last}\n{self.text()}")

    def text(self) -> str:
        return str(self.driver.find_element("css selector", "body").text)

    def sees(self, said: str) -> None:
        self.until(lambda: said in self.text(), said)

    def shows(self, selector: str) -> Any:
        """The first thing in sight that a selector names."""

        def found() -> Any:
            every = self.driver.find_elements("css selector", selector)
            return next((one for one in every if one.is_displayed()), None)

        return self.until(found, selector)

    def type(self, selector: str, text: str) -> None:
        field = self.shows(selector)
        field.clear()
        field.send_keys(text)

    def press(self, name: str) -> None:
        """Presses the button that is called so, once it is there."""

        def pressed() -> bool:
            buttons = self.driver.find_elements("css selector", "button, label, a, summary")
            for one in buttons:
                if one.is_displayed() and one.text.strip() == name:
                    one.click()
                    return True
            return False

        self.until(pressed, f"a button {name}")

    def picture(self, name: str) -> None:
        """Keeps the window as a picture where ENTACT_LOOK names a folder."""
        if "ENTACT_LOOK" in os.environ:
            self.driver.save_screenshot(f"{os.environ['ENTACT_LOOK']}/webkit-{name}.png")


@contextmanager
def webkit(address: str, *, width: int = 820, height: int = 1180) -> Iterator[WebKit]:
    """The browser in a window on a screen that nobody sees."""
    from selenium import webdriver
    from selenium.webdriver.webkitgtk.options import Options
    from selenium.webdriver.webkitgtk.service import Service

    assert DRIVER, "these tests need WebKitWebDriver: install the distribution's webkit2gtk-driver"
    assert SCREEN, "these tests need Xvfb: install the distribution's xvfb"
    read, write = os.pipe()
    size = f"{max(width, height) + 100}x{max(width, height) + 100}x24"
    screen = subprocess.Popen(
        [SCREEN, "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as told:
            display = told.readline().strip()
        env = os.environ | {"DISPLAY": f":{display}", "GDK_BACKEND": "x11", "LIBGL_ALWAYS_SOFTWARE": "1"}
        driver = webdriver.WebKitGTK(options=Options(), service=Service(DRIVER, env=env))
        try:
            driver.set_window_size(width, height)
            driver.set_script_timeout(30)
            yield WebKit(driver, address)
        finally:
            driver.quit()
    finally:
        screen.terminate()
        screen.wait()
