"""A release is tried on the record: whom it touches, and what becomes missing; nothing is written."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.conduct.browser import Browser
from tests.conduct.conftest import SignIn
from tests.conduct.record import KEY, MINI, keep
from tests.course.conftest import Story

from entact import store
from entact.protocol import Study, load_study

PAGE = "/releases/preview/"
EDITS = (
    ('release: "1.0"\n', 'release: "1.1"\n'),
    ("vitals.systolic <= 140.0 &&", "vitals.systolic <= 135.0 &&"),
    ("within: 18 .. 34 d, or", "within: 21 .. 30 d, or"),
)
AMENDMENT = """amendment:
  of: "1.0"
  reason: Two very high readings
  changes:
    - {change: gates.initial_dose, applies: immediately}
    - {change: schedule.outcome, applies: at_reconsent}
"""


def base() -> str:
    """The study file as text, without what its amendment says."""
    return (MINI / "study.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The small study as its file has it, with a data manager."""
    path = tmp_path_factory.mktemp("study") / "study.yaml"
    path.write_text(_with_manager(base()), encoding="utf-8")
    return load_study(path)


def _with_manager(text: str) -> str:
    return text.replace("roles: {", "roles: {data_manager: Data manager, ", 1)


def amended(*more: tuple[str, str]) -> bytes:
    text = _with_manager(base())
    for old, new in (*EDITS, *more):
        assert old in text, old
        text = text.replace(old, new, 1)
    return text.replace("condition: PTSD\n", f"condition: PTSD\n{AMENDMENT}", 1).encode()


@pytest.fixture
def manager(study: Study, database: str, sign_in: SignIn) -> Browser:
    """Who answers for the data, where one waits for the outcome, one has finished and one has died."""
    treated, whole, died = Story(study), Story(study), Story(study)
    treated.whole()
    treated.entries = [one for one in treated.entries if one.occurred_at < treated.at(30).isoformat()]
    whole.whole()
    died.whole()
    died.entries = [one for one in died.entries if one.occurred_at < died.at(30).isoformat()]
    died.write("death", {"date": "2026-04"}, day=30)
    store.keep_keys({one.name: KEY for one in keep(study, treated, whole, died)})
    return sign_in("dana", everywhere="data_manager")


def try_it(browser: Browser, raw: bytes, status: int = 200) -> str:
    return browser.post(PAGE, {"file": SimpleUploadedFile("1.1.yaml", raw)}, status=status)  # type: ignore[dict-item]


def lines() -> list[tuple[str, str]]:
    return [(one.ledger, line.text) for one in store.ledgers("") for line in store.lines(one.ledger)]


@pytest.mark.requirement("R23")
def test_whom_a_release_touches_is_said_and_nothing_is_written(manager: Browser) -> None:
    manager.get(PAGE)
    before = lines()
    page = try_it(manager, amended())
    assert lines() == before
    assert "gates.initial_dose.require" in page
    told = re.findall(r"<p><del>(.*?)</del> → <ins>(.*?)</ins></p>", page)
    assert ("18 .. 34 d", "21 .. 30 d") in [
        tuple(one.partition(", or")[0].removeprefix("within: ") for one in pair) for pair in told
    ]
    (rule,) = [pair for pair in told if "140" in pair[0]]
    assert rule == (rule[0], rule[0].replace("140", "135"))
    assert "&amp;&amp;" not in rule[0], "a rule is said in words"
    assert "<p>Outcome, within" in page, "a visit goes by its title"
    first = page[page.index("<h3>1-001") :]
    first = first[: first.index("</details>")]
    approval, _, consent = first.partition("Once they have consented")
    assert "gates.initial_dose" in approval
    assert "schedule.outcome" not in approval
    assert "schedule.outcome.within" in consent
    assert re.search(r"Outcome[^<]*: [^<]*→", consent)
    assert "windows that become others: 1" in first


def test_what_holds_for_the_study_as_a_whole_is_told_of_no_participant(manager: Browser) -> None:
    supply = amended(("phase: 2\n", "phase: 2\nsupply: {count_every: 90 d}\n"))
    consents = b"    - {change: schedule.outcome, applies: at_reconsent}\n"
    page = try_it(
        manager, supply.replace(consents, consents + b"    - {change: supply, applies: at_reconsent}\n")
    )
    changes, _, whom = page.partition('id="whom"')
    assert "<code>supply" in changes
    assert "schedule.outcome" in whom
    assert "supply" not in whom


def test_who_is_through_is_not_touched_by_what_is_never_asked_of_them_again(manager: Browser) -> None:
    page = try_it(manager, amended())
    assert "<h3>1-001" in page
    assert "<h3>1-002" not in page  # who has finished takes no dose any more, and their outcome is done
    assert "<h3>1-003" not in page  # nor does who has died, and their outcome is never due


def test_what_becomes_missing_is_said(manager: Browser) -> None:
    page = try_it(
        manager,
        amended()
        .replace(
            b"    - {change: schedule.outcome, applies: at_reconsent}\n",
            b"    - {change: schedule.outcome, applies: at_reconsent}\n"
            b"    - {change: schedule.baseline.do, applies: at_reconsent}\n",
        )
        .replace(b"do: [symptoms]", b"do: [symptoms, demographics]", 1),
    )
    assert "activity missing: “Demographics” is planned for baseline" in page


def test_what_is_wrong_with_it_is_said_with_its_place(manager: Browser) -> None:
    for raw, said in (
        (b"", "Choose the study file"),
        (b"\xff\xfe\x00", "release.yaml"),
        (_with_manager(base()).encode(), "amendment"),
        (amended(("study: mini", "study: maxi")), "study"),
        (amended(("vitals.systolic >= 180.0", "vitals.sistolic >= 180.0")), "release.yaml:"),
        (amended().replace(b'of: "1.0"', b'of: "0.9"'), "the newest release so far is"),
    ):
        assert said in try_it(manager, raw, status=422), said


def test_it_is_for_who_answers_for_the_data(manager: Browser, sign_in: SignIn) -> None:
    for other in (sign_in("ada", denver="investigator"), sign_in("theo", denver="therapist")):
        other.get(PAGE, status=404)
        assert PAGE not in other.get("/")
    assert PAGE in manager.get("/releases/")
