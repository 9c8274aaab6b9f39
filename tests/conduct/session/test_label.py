"""The label of a kit on a picture that a console sends: read, never kept, and given by nothing but a hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conduct.browser import Browser
from tests.conduct.people import client
from tests.conduct.session.conftest import ADDRESS
from tests.conduct.session.tablet import arrive, course_now
from tests.conduct.supply.test_camera import file, photo
from tests.course.cases import Case

from entact.conduct.session.views import LARGEST_PICTURE
from entact.course.supply.check_character import printed

LABEL = printed("K-1")
PICTURE = file(photo(LABEL, angle=8, noise=20)).read()


def send(content: bytes, signed_in: str | None = None, kind: str = "image/jpeg", key: str = "P-1") -> Any:
    asking = client()
    if signed_in:
        asking.cookies["sessionid"] = signed_in
    return asking.post(f"{ADDRESS.replace('P-1', key)}label/", content, content_type=kind)


def test_a_label_is_read_and_what_is_none_is_said_in_words(therapist: Browser) -> None:
    mine = therapist.session
    assert send(PICTURE, mine).json() == {"label": LABEL}
    for content, words in (
        (b"no picture", "no JPEG, PNG or WebP"),
        (file(photo()).read(), "no code can be read"),
        (file(photo(LABEL, printed("K-2"))).read(), "2 codes are on it"),
    ):
        answer = send(content, mine)
        assert answer.status_code == 400
        assert words in answer.json()["problem"]
    assert send(bytes(LARGEST_PICTURE + 1), mine).status_code == 413
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        assert send(PICTURE, mine, kind).status_code == 415  # what a page of another origin could send


def test_who_may_not_follow_the_session_reads_no_label_by_it(
    therapist: Browser, sign_in: Callable[..., Browser], case: Case
) -> None:
    assert send(PICTURE).status_code == 302
    assert send(PICTURE, sign_in("r-1", case.study, everywhere="rater").session).status_code == 404
    assert send(PICTURE, sign_in("t-9", case.study, haifa="therapist").session).status_code == 404
    assert send(PICTURE, therapist.session, key="P-9").status_code == 404


@pytest.mark.slow
def test_a_picture_of_the_label_fills_in_the_kit_and_gives_nothing(
    tablet: Callable[..., Any], tmp_path: Path, case: Case, in_session: str
) -> None:
    """Three pictures: of nothing, of somebody else's kit, of the own; without a network it is typed."""
    taken = {}
    for name, labels in (("blank", ()), ("other", (printed("K-7"),)), ("own", (LABEL,))):
        taken[name] = tmp_path / f"{name}.jpg"
        photo(*labels, angle=5, noise=15).resize((3000, 2200)).save(taken[name], "JPEG")
    tab = tablet()
    arrive(tab)
    tab.get_by_role("button", name="Initial dose").click()
    tab.set_input_files("input[name=picture]", taken["blank"])
    tab.wait_for_selector("text=no code can be read on it")
    assert tab.locator("input[name=kit]").input_value() == ""
    tab.set_input_files("input[name=picture]", taken["other"])
    tab.wait_for_selector(f"text=Kit {printed('K-7')} is not assigned to this participant")
    tab.set_input_files("input[name=picture]", taken["own"])
    tab.wait_for_selector(f"text=Read from the picture: {LABEL}")
    tab.wait_for_selector("text=Say who witnesses it")
    assert tab.get_by_role("button", name="Give the initial dose").count() == 0
    tab.context.set_offline(True)
    tab.set_input_files("input[name=picture]", taken["own"])
    tab.wait_for_selector("text=type the number, with the sign behind its dot")
    tab.locator("input[name=kit]").fill(f"{LABEL[:-1]}{'A' if LABEL[-1] != 'A' else 'B'}")  # a slip
    tab.wait_for_selector(text := ".reasons li:has-text('is not assigned to this participant')")
    tab.locator("input[name=kit]").fill(LABEL.lower())
    tab.wait_for_selector(text, state="detached")
    tab.get_by_role("button", name="Back").click()
    tab.wait_for_selector(".state:has-text('No network')")
    tab.get_by_role("button", name="Initial dose").click()
    tab.wait_for_selector("input[name=kit]")
    assert tab.locator("input[name=picture]").count() == 0
    assert not course_now(case, in_session).doses
    assert re.fullmatch(r"K-1\.[0-9A-Z]", LABEL)
