"""Labelled files: what they hold, whom they are for, and that each that leaves is kept."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from tests.conduct.browser import Browser, keep_screened
from tests.conduct.people import signed_in
from tests.conduct.record import KEY, keep, telling_story
from tests.course.conftest import Story

from entact import store
from entact.course import read
from entact.protocol import Study, load_study

Row = dict[str, str]


def rows(answer: Any) -> list[Row]:
    """The rows of a file, by column."""
    assert answer.status_code == 200, answer.content
    return list(csv.DictReader(StringIO(answer.getvalue().decode("utf-8-sig"))))


def keep_all(study: Study, **changes: Any) -> None:
    here = keep(study, telling_story(study, **changes))
    store.keep_keys({one.name: KEY for one in here})


@pytest.fixture
def told(study: Study, database: str) -> None:
    keep_all(study)


@pytest.mark.requirement("R28")
@pytest.mark.usefixtures("told")
def test_a_table_holds_what_stands_now_and_the_dictionary_every_column_of_every_table(study: Study) -> None:
    browser = signed_in("investigator", "denver")
    (screening,) = rows(browser.get("/files/demographics.csv"))
    assert screening["participant"] == "1-001"
    assert screening["visit.label"] == "Screening"
    assert screening["sex.label"] == {"female": "Female", "male": "Male"}[screening["sex"]]
    assert screening["age"].isdecimal()
    assert screening["age.entered"] == screening["age.missing"] == ""
    vitals = rows(browser.get("/files/vitals.csv"))
    corrected = [one for one in vitals if one["corrections"] == "1"]
    assert [one["systolic"] for one in corrected] == ["187"]
    assert {one["timepoint"] for one in vitals} >= {"before initial", "end"}
    events = rows(browser.get("/files/entries_adverse_event.csv"))
    assert events[0]["term"] == "euphoria"
    assert "verbatim" not in events[0]  # personal: in no file
    listed = rows(browser.get("/files/dictionary.csv"))
    names = dict.fromkeys(one["file"].removesuffix(".csv") for one in listed)
    page = browser.get("/files/").content.decode()
    assert set(re.findall(r'href="/files/([\w.]+)\.csv"', page)) == {*names, "dictionary"}
    for name in names:
        answer = browser.get(f"/files/{name}.csv").getvalue().decode("utf-8-sig")
        header = next(csv.reader(StringIO(answer)))
        assert header == [one["column"] for one in listed if one["file"] == f"{name}.csv"]
    codes = next(one for one in listed if (one["file"], one["column"]) == ("demographics.csv", "sex"))
    assert codes["codes"] == "female=Female | male=Male"
    systolic = next(one for one in listed if (one["file"], one["column"]) == ("vitals.csv", "systolic"))
    assert (systolic["unit"], systolic["range"], systolic["type"]) == ("mm[Hg]", "50 .. 300", "decimal")


@pytest.mark.requirement("R07")
@pytest.mark.usefixtures("told")
def test_each_file_that_leaves_is_kept_with_who_took_it_and_its_digest() -> None:
    answer = signed_in("investigator", "denver").get("/files/vitals.csv").getvalue()
    left = [entry for line in store.lines("system") if (entry := read(line.text)).kind == "exported"]
    assert [one.by for one in left] == ["investigator.denver"] * 2
    assert [one.data["what"] for one in left] == ["mini-vitals.csv"] * 2
    assert [one.data["digest"] for one in left] == ["", sha256(answer).hexdigest()]
    begun = signed_in("investigator", "denver").get("/files/symptoms.csv")
    begun.close()  # whoever goes away meanwhile has been noted
    *_, last = (read(line.text) for line in store.lines("system"))
    assert (last.kind, last.data["what"], last.data["digest"]) == ("exported", "mini-symptoms.csv", "")


@pytest.mark.usefixtures("told")
def test_only_the_sites_of_who_asks_are_in_a_file() -> None:
    assert rows(signed_in("investigator", "haifa").get("/files/participants.csv")) == []
    assert len(rows(signed_in("investigator", "denver").get("/files/participants.csv"))) == 1


@pytest.mark.requirement("R10")
def test_no_file_of_a_blinded_role_differs_by_what_it_may_not_see(
    study: Study, database: str, sign_in: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ratings, the guess and what follows from them are in no file of a role that is not to see them."""
    from tests.conduct.record import fresh

    from entact.conduct import permissions

    monkeypatch.setitem(permissions.DUTIES, "export", ("monitor", "scheduler", "rater"))  # type: ignore[index]
    seen: list[dict[str, bytes]] = []
    for changes in ({}, {"total": 60, "diagnosis": False, "arm": "placebo", "confidence": 51}):
        permissions.permissions_of.cache_clear()
        keep_all(study, **changes)
        files = {}
        for role in ("monitor", "scheduler"):
            browser = signed_in(role)
            names = re.findall(r'href="(/files/[\w.]+\.csv)"', browser.get("/files/").content.decode())
            files |= {f"{role} {name}": browser.get(name).getvalue() for name in names}
        assert signed_in("rater").get("/files/participants.csv").status_code == 404
        seen.append(files)
        fresh(database.removesuffix("_copy"))
    permissions.permissions_of.cache_clear()
    for name, text in seen[0].items():
        if name.startswith("monitor"):  # the scheduler may see ratings
            assert text == seen[1][name], name
    assert "monitor /files/symptoms.csv" not in seen[0]
    assert "monitor /files/vitals.csv" in seen[0]
    assert "scheduler /files/vitals.csv" not in seen[0]
    assert not any(b"euphoria" in text for name, text in seen[0].items() if name.startswith("scheduler"))


def test_numbers_in_another_unit_missing_answers_and_formulas_are_not_taken_for_values() -> None:
    from entact.conduct.exports.tables import _cells, _columns, _plain
    from entact.protocol.study import Item

    weight = Item(type="decimal", unit="kg")
    assert [one.name for one in _columns("weight", weight)] == ["weight", "weight.entered", "weight.missing"]
    assert list(_cells(weight, "70.50 kg")) == ["70.50", "", ""]
    assert list(_cells(weight, "155 [lb_av]")) == ["70.30681735", "155 [lb_av]", ""]
    assert list(_cells(weight, {"missing": "refused"})) == ["", "", "refused"]
    many = Item(type="choices", of=["a", "b"])
    assert list(_cells(many, ["b"])) == ["false", "true", ""]
    assert list(_cells(many, None)) == ["", "", ""]
    assert list(_cells(many, [])) == ["false", "false", ""]
    assert list(_columns("why", Item(type="text"))) == []  # personal
    assert _plain("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert _plain("-3.5") == "-3.5"
    assert _plain({}) == ""


def test_somebody_with_no_answers_has_no_rows(study: Study, database: str) -> None:
    story = Story(study)
    story.begin("screening#1", day=0)
    story.write("screening", {"attempt": 1, "number": "S-1", "site": "denver"}, minute=2)
    keep(study, story)
    browser = signed_in("investigator", "denver")
    assert rows(browser.get("/files/vitals.csv")) == []
    assert browser.get("/files/nothing.csv").status_code == 404


def test_a_calculated_value_stands_in_its_column(database: str) -> None:
    study = load_study(Path(__file__).parents[2] / "studies" / "forms")
    store.create_database(database, "rehearsal", study.name, replace=True)
    keep_screened(study, site="zurich")
    browser = signed_in("investigator", "zurich")
    body = "/participants/S-1/screening.1/body/"
    sent = {"head": "9", "shown": "weight", "item:weight": "165", "unit:weight": "[lb_av]"}
    assert browser.post(body, sent).status_code == 302
    (row,) = rows(browser.get("/files/body.csv"))
    assert (row["weight"], row["weight.entered"], row["bmi"]) == ("74.84274105", "165 [lb_av]", "")
    tall = {"head": "9", "shown": "height", "item:height": "178", "unit:height": "cm"}
    assert browser.post("/participants/S-1/screening.1/participant/", tall).status_code == 302
    (row,) = rows(browser.get("/files/body.csv"))
    assert float(row["bmi"]) == pytest.approx(74.84274105 / 1.78**2)
    assert row["bmi.entered"] == row["bmi.missing"] == ""
