"""Told as planned: who is not told sees nothing that depends on the arm, before the answer and after it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conduct.browser import Browser
from tests.conduct.record import KEY, blinded_study, fresh, keep, telling_story, without_hashes
from tests.conduct.test_today import tasks
from tests.owner import run_as_owner

from entact import store
from entact.conduct import reader
from entact.conduct.sight import Sight
from entact.protocol import Study

PAGES = (
    *("/", "/participants/", "/participants/1-001/", "/participants/1-001/visits/", "/dashboard/", "/audit/"),
    *("/participants/1-001/telling.1/", "/forms/", "/queries/", "/participants/1-001/consent/"),
)
UNTOLD = ("medical_monitor", "monitor", "pharmacist")


def told_one_by_one() -> Study:
    """The small study whose participants are told one by one; a track opens for those on placebo alone."""

    def change(data: dict[str, Any]) -> None:
        data["roles"] |= {"committee": "Data monitoring committee"}
        data["epochs"] = {"blinded": {"title": "Blinded"}, "open": {"title": "Open"}}
        data["unblinding"] = {"epoch": "blinded", "tells": ["participant", "therapist", "investigator"]}
        data["tracks"] = {"crossover": {"title": "Later", "opens_on": "unblinded.placebo", "doses": 1}}
        (session,) = (one for one in data["schedule"] if one["visit"] == "session_1")
        later = {"epoch": "open", "within": "0 .. 30 d"}
        data["schedule"] = [{**one, "epoch": "blinded"} for one in data["schedule"]]
        data["schedule"] += [
            {**later, "visit": "telling", "after": "outcome", "do": ["unblinding"]},
            {**session, **later, "visit": "open_session", "after": "unblinding", "track": "crossover"},
        ]

    return blinded_study(change)


def keep_told(study: Study, arm: str) -> None:
    """Somebody whose arm was asked for, and told where one is said."""
    story = telling_story(study)
    story.begin("telling#1", day=47)
    asked = story.write(
        "unblinding_requested", {}, day=47, minute=5, encounter="telling#1", by="ines", role="investigator"
    )
    if arm:
        data = {"arm": arm, "told": ["participant", "therapist", "investigator"]}
        about: dict[str, Any] = {"about": asked.id, "by": "pia", "role": "committee"}
        story.write("planned_unblinding", data, day=47, minute=9, encounter="telling#1", **about)
    (ledger,) = keep(study, story)
    store.keep_keys({ledger.name: KEY})


def pages(role: str) -> dict[str, str]:
    """Every page as a role sees it; one that is not for it as its status."""
    browser = Browser(role, {"everywhere": role})
    found = {}
    for page in PAGES:
        answer = browser._client.get(page)
        text = re.sub(r'(name="csrfmiddlewaretoken" value=)"\w+"', r"\1", answer.content.decode())
        text = re.sub(r"\d\d:\d\d:\d\d", "", text)  # when this test signed in
        found[page] = without_hashes(text) if answer.status_code == 200 else str(answer.status_code)
    return found


@pytest.mark.parametrize("role", UNTOLD)
def test_pages_of_who_is_not_told_are_equal_whichever_arm_was_told(database: str, role: str) -> None:
    study, seen = told_one_by_one(), []
    assert not Sight(study, role).sees_visit("open_session")
    for arm in ("placebo", "mdma"):
        fresh(database)
        keep_told(study, arm)
        reader.forget()
        seen.append(pages(role))
    assert "Planned unblinding requested" in seen[0]["/participants/1-001/"]
    for page in PAGES:
        assert seen[0][page] == seen[1][page], page
        if page.startswith("/participants/1"):  # the plan of the study is open to all
            assert "Open session" not in seen[0][page], page


def test_who_is_told_reads_the_arm_and_who_is_not_finds_no_page(
    database: str, sign_in: Callable[..., Browser]
) -> None:
    study = told_one_by_one()
    keep_told(study, "placebo")
    therapist = sign_in("tom", denver="therapist")
    assert "Placebo with therapy" in therapist.get("/participants/1-001/arm/")
    assert "MDMA with therapy" not in therapist.get("/participants/1-001/arm/")
    assert "Open session" in therapist.get("/participants/1-001/visits/")
    assert "/participants/1-001/arm/" in therapist.get("/participants/1-001/telling.1/")
    sign_in("theo", haifa="therapist").get("/participants/1-001/arm/", status=404)
    for role in UNTOLD:
        sign_in(role, everywhere=role).get("/participants/1-001/arm/", status=404)


def test_who_holds_the_list_finds_at_home_that_somebody_waits_for_it(
    database: str, sign_in: Callable[..., Browser], tmp_path: Path
) -> None:
    """And who has no key for it does not: how many, never who, for the command says that."""
    from entact.cli.custody import make_key

    study = told_one_by_one()
    keep_told(study, "")
    (tmp_path / "words").write_text("the long words of pia\n")
    holder = sign_in("pia", everywhere="committee")
    waits = "1 planned unblinding was asked for and waits for who holds the list"
    assert not any(waits in one for one in tasks(holder.get("/")))
    make_key(database, "pia", "committee", ["allocation"], tmp_path / "pia.key", tmp_path / "words", [])
    assert any(waits in one for one in tasks(holder.get("/")))
    assert "1-001" not in " ".join(one for one in tasks(holder.get("/")) if waits in one)
    for role in UNTOLD:
        assert not any("holds the list" in one for one in tasks(sign_in(role, everywhere=role).get("/")))
    run_as_owner("UPDATE store_line SET text = 'nothing' WHERE kind = 'unblinding_requested'")
    assert not any(
        "holds the list" in one for one in tasks(holder.get("/"))
    )  # and home is there for everybody
    for role in UNTOLD:
        sign_in(role, everywhere=role).get("/")
