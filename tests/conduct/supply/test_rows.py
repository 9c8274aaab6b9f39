"""The stock of a site follows from rows for lists, as it would from everybody's course; nobody is folded."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec
import pytest
from tests.conduct.browser import Browser
from tests.conduct.supply.day import keep_site, labels, shipped, study_with_supply
from tests.conduct.supply.test_views import RESUPPLY, file

from entact import store
from entact.cohort import Trial, rehearse
from entact.conduct import reader
from entact.conduct.reader import reader_as
from entact.conduct.supply.selectors import Handed, stock_of
from entact.course import Course, Kept, Line, fold, instant, read
from entact.course.entry import as_sent
from entact.course.resupply import Supplied, supplied
from entact.course.state.numbers import normal
from entact.course.supply.balance import balance, moved_of
from entact.course.supply.check_character import printed
from entact.protocol import Study, load_study

SignIn = Callable[..., Browser]
COOL = "Time,Temperature\n2026-03-01 08:00,20\n2026-03-01 08:10,20\n"


@lru_cache
def rehearsed() -> tuple[Study, Trial]:
    """A study that orders kits, in which some are in the middle of treatment."""
    study = load_study("mapp3")
    return study, rehearse(study, participants=9, seed=5)


def keep_half(study: Study, trial: Trial) -> datetime:
    """Keeps what had arrived by the middle of a trial; when that was."""
    people = [name for name in trial.ledgers if name.startswith("participant:")]
    times = sorted(line.received_at for name in people for line in map(_read, trial.ledgers[name]))
    middle = times[len(times) // 2]
    own = next(name for name in trial.ledgers if name.startswith("study:"))
    release = as_sent(next(one for one in map(_read, trial.ledgers[own]) if one.kind == "release"))
    store.append(msgspec.structs.replace(release, ledger="study:mini"), received_at=release.recorded_at)
    for name, lines in trial.ledgers.items():
        if name.startswith(("participant:", "site:")):
            store.append_many((name, line) for line in lines if _read(line).received_at <= middle)
    return instant(middle)


def _read(line: Line) -> Kept:
    return read(line.text)


def courses(study: Study) -> dict[str, Course]:
    return {
        head.ledger: fold(study, [read(line.text) for line in store.lines(head.ledger)])
        for head in store.ledgers("participant:")
    }


def require_same(handed: Handed, known: dict[str, Course], at: datetime) -> None:
    """The balance of a site, and what its participants still need, are those of their courses."""
    site = handed.site
    moved = [
        step
        for ledger, course in known.items()
        for step in moved_of(course, ledger)
        if step.kit in site.kits or course.site == site.id
    ]
    assert handed.balance == balance(site, moved)
    here = {ledger: course for ledger, course in sorted(known.items()) if course.site == site.id}
    found = [one for course in here.values() if (one := supplied(course, at)) is not None]
    assert [plain(one) for one in handed.supplied(at)] == [plain(one) for one in found]
    own = {kit: ledger for ledger, course in sorted(known.items()) for kit in course.kits if kit in site.kits}
    assert {kit: ledger for kit, ledger in handed.whose.items() if kit in site.kits} == own


def plain(one: Supplied) -> tuple[object, ...]:
    sessions = sorted(one.sessions, key=lambda session: session.visit)
    return normal(one.number), sessions, dict(one.assigned), set(one.used)


@pytest.mark.requirement("R08")
def test_in_the_middle_of_a_trial_rows_say_what_courses_do(database: str) -> None:
    study, trial = rehearsed()
    middle = keep_half(study, trial)
    known, at_sites = courses(study), 0
    asked = reader_as("medical_monitor")
    for name in study.newest.file.sites:
        state = stock_of(asked, name)
        handed = Handed(state)
        for days in (-60, 0, 20, 400):
            require_same(handed, known, middle + timedelta(days=days))
        at_sites += len(handed.supplied(middle))
    waits = [one for course in known.values() if (one := supplied(course, middle)) and one.sessions]
    assert at_sites == len([one for one in known.values() if one.randomisation is not None])
    assert waits, "somebody is between two sessions"


def test_what_a_second_person_has_to_see_and_what_was_corrected_is_followed(
    database: str, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is folded for the page of the stock, and for what waits at home."""
    study = study_with_supply(RESUPPLY)
    keys = keep_site(study)
    pharmacist, second = sign_in("p-1", denver="pharmacist"), sign_in("p-2", denver="pharmacist")
    numbers = shipped(pharmacist, 6)
    receipt = {"shipment": "A-1", "kits": labels(numbers), "damaged": "", "log": file(COOL)}
    pharmacist.post("/supply/denver/enter/receipt/", receipt)
    about = re.search(r'<option value="([^"]+)"', second.get("/supply/denver/enter/supply_check/"))
    assert about is not None
    second.post("/supply/denver/enter/supply_check/", {"about": about[1], "agrees": "yes", "text": ""})
    for number, key in zip(numbers, keys, strict=False):
        sent = {"kit": printed(number), "visit": "session_1", "part": "initial", "level": "full"}
        pharmacist.post(f"/participants/{key}/kits/", sent | {"do": "assign"})
        pharmacist.post(f"/participants/{key}/kits/", sent | {"do": "dispense", "units": "2"})
    asked = reader_as("medical_monitor")
    handed = Handed(stock_of(asked, "denver"))
    require_same(handed, courses(study), asked.at)
    assert [one.kit for one in handed.steps if one.waits] == numbers[: len(keys)]
    with monkeypatch.context() as patched:
        patched.setattr(reader, "_folded", None)  # who folds somebody fails
        reader.forget()
        page, home = second.get("/supply/denver/"), second.get("/")
        assert all(f'href="/participants/{key}/' in page for key in keys)
        assert home.count("waits for a second person") == len(keys)
        assert "waits for a second person" not in pharmacist.get("/")
    out = next(one for one in map(_read, store.lines(f"participant:{1:032x}")) if one.kind == "dispensing")
    void = msgspec.structs.replace(
        as_sent(out),
        id="void 1",
        kind="void",
        data={},
        basis=None,
        replaces=out.id,
        reason="entered_in_error",
    )
    store.fact(void, received_at=out.received_at)
    handed = Handed(stock_of(asked, "denver"))
    require_same(handed, courses(study), asked.at)
    assert len([one for one in handed.steps if one.waits]) == len(keys) - 1
