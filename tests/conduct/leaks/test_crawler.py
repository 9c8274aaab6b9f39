"""No byte that a blinded person can reach depends on the arm, and a leak that is planted is found."""

from __future__ import annotations

import ast
import os
from functools import lru_cache
from pathlib import Path

import pytest
from tests.conduct.leaks.crawler import all_routes, route_of
from tests.conduct.leaks.plants import PLANTS, planted
from tests.conduct.leaks.record import PERSON, UNBLINDED, Crawled, crawl_both
from tests.conduct.leaks.twin import Twin, twins

import entact.conduct
from entact.cohort import rehearse
from entact.conduct.permissions import OWNER, permissions_of
from entact.protocol import Study, load_study

STUDIES = ("mapp1", "mapp2", "mapp3", "eating-disorders", "expanded-access", "life-threatening-illness")
SENT = {"mapp1", "eating-disorders", "life-threatening-illness"}  # where forms are sent too
# Which role crawls which of the studies that have it: spread over all, and the same whatever roles are added.
IN = {
    "adherence_rater": "mapp3",
    "carer": "eating-disorders",
    "committee": "mapp3",
    "coordinator": "eating-disorders",
    "data_manager": "expanded-access",
    "investigator": "life-threatening-illness",
    "medical_monitor": "mapp1",
    "monitor": "mapp2",
    "nurse": "mapp3",
    "ombudsperson": "mapp3",
    OWNER: "eating-disorders",
    "pharmacist": "expanded-access",
    "rater": "mapp2",
    "rater_coordinator": "mapp1",
    "sponsor": "expanded-access",
    "statistician": "mapp3",
    "therapist": "eating-disorders",
}
ONLY = frozenset(os.environ.get("ENTACT_EXPLORE", "").split()) - {"1"}  # these roles alone
# Whether every role of every study follows each sort of address and sends each sort of form by each button.
WHOLE = bool(os.environ.get("ENTACT_EXPLORE"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where files go."""
    return tmp_path_factory.mktemp("leaks")


@lru_cache
def _loaded(name: str) -> Study:
    return load_study(name)


@lru_cache
def _twins(name: str) -> tuple[Twin, Twin]:
    return twins(rehearse(_loaded(name), participants=2, seed=7))


@lru_cache
def study_of(role: str) -> str:
    """The study that a role crawls: the one said above, or the first of those that have it."""
    having = [one for one in STUDIES if role in permissions_of(_loaded(one)).roles]
    assert IN.get(role, having[0]) in having, role
    return IN.get(role, having[0])


@lru_cache
def roles_in(name: str) -> tuple[str, ...]:
    """Who crawls a study: each role that any study has crawls one of those that have it."""
    if WHOLE:  # who owns the accounts last: what they send closes those of others
        known = [*sorted(permissions_of(_loaded(name)).roles.keys() - {OWNER}), PERSON, OWNER]
        return tuple(one for one in known if one in ONLY or not ONLY)
    found = sorted(
        (role for role in permissions_of(_loaded(name)).roles if study_of(role) == name),
        key=lambda one: (one == OWNER, one),
    )
    also = {STUDIES[0]: ("monitor", PERSON), "mapp3": ("rater", "rater_coordinator", "pharmacist")}.get(
        name, ()
    )
    return tuple(dict.fromkeys((*found, *also)))


_crawled: dict[str, Crawled] = {}


def crawled(name: str, database: str, folder: Path) -> Crawled:
    """A study and its twin, crawled once for all tests."""
    if not roles_in(name):
        pytest.skip(f"{name} has none of the roles {', '.join(sorted(ONLY))}")
    if name not in _crawled:
        _crawled[name] = crawl_both(
            _loaded(name),
            _twins(name),
            database,
            folder / name,
            finely=WHOLE,
            roles=roles_in(name),
            sends=WHOLE or name in SENT,
        )
    return _crawled[name]


def _of_everybody(database: str, folder: Path) -> list[Crawled]:
    if ONLY:
        pytest.skip("of some roles alone nobody can say what everybody reaches")
    return [crawled(name, database, folder) for name in STUDIES]


@pytest.mark.requirement("R10")
@pytest.mark.parametrize("name", STUDIES)
def test_r10_nothing_that_a_blinded_person_can_reach_tells_the_arm(
    name: str, database: str, folder: Path
) -> None:
    found = crawled(name, database, folder)
    assert found.differs == []
    assert {asked[0] for asked in found.first.asked} >= set(roles_in(name))
    # What was compared is not nothing: pages, files that leave, and lines of the log.
    kinds = {name.split(" ")[0] for name in found.first.answers}
    assert kinds >= {"file", "log"}


@pytest.mark.requirement("R10")
def test_r10_the_page_by_arm_is_the_committees_alone(database: str, folder: Path) -> None:
    """It differs, as it has to; nobody else's crawl has got to it."""
    found = _of_everybody(database, folder)
    there = {
        name.partition(" ")[0]: (one.first.answers[name], one.second.answers[name])
        for one in found
        for name in one.first.answers
        if name.endswith(" GET /blinding/")
    }
    first, second = there.pop(UNBLINDED)
    assert first.startswith(b"200\n")
    assert first != second
    assert {said[:4] for pair in there.values() for said in pair} == {b"404\n"}


@pytest.mark.requirement("R10")
def test_r10_what_a_site_is_to_order_is_looked_at_with_the_arms_swapped(database: str, folder: Path) -> None:
    """Where kits are planned for rows, a pharmacist comes to the page that proposes an order: it is equal."""
    found = crawled("mapp3", database, folder)
    pages = {name: said for name, said in found.first.answers.items() if "pharmacist GET /supply/" in name}
    assert any(b'id="resupply"' in said for said in pages.values())
    assert not set(pages) & set(found.differs)


@pytest.mark.parametrize("name", STUDIES)
def test_no_page_fails_whatever_is_asked(name: str, database: str, folder: Path) -> None:
    answers = crawled(name, database, folder).first.answers
    assert [what for what, said in answers.items() if said[:4] in (b"500\n", b"503\n")] == []


def test_every_route_is_reached_by_somebody(database: str, folder: Path) -> None:
    reached = set().union(*(one.first.routes for one in _of_everybody(database, folder)))
    assert all_routes() - reached <= set(APART)


@pytest.fixture(scope="module")
def with_plants() -> list[Crawled]:
    """The crawl of pages with all ten leaks; it is made by the first test that asks."""
    return []


@pytest.mark.requirement("R10")
@pytest.mark.parametrize("plant", PLANTS)
def test_each_planted_leak_is_found(
    plant: str, with_plants: list[Crawled], database: str, folder: Path
) -> None:
    if not with_plants:
        name = "life-threatening-illness"
        crawl = crawl_both(
            _loaded(name),
            _twins(name),
            database,
            folder / "planted",
            roles=("coordinator",),
            sends=False,
            around=planted,
        )
        with_plants.append(crawl)
    route, _ = PLANTS[plant]
    found = with_plants[0].differs
    if plant == "timing hint in a log":
        assert any(name.startswith("log ") for name in found)
    elif not route:
        assert [name for name in found if name.endswith(" GET /nowhere/")]
    else:
        assert [name for name in found if " GET " in name and route_of(name.split(" ")[2]) == route]


def test_nothing_else_is_taken_for_a_leak(with_plants: list[Crawled], database: str, folder: Path) -> None:
    if not with_plants:
        test_each_planted_leak_is_found("length", with_plants, database, folder)
    planted_on = {route for route, _ in PLANTS.values()}
    found = [name for name in with_plants[0].differs if not name.startswith("log ")]
    assert {route_of(name.split(" ")[2]) for name in found} <= planted_on


# Where no crawl gets in, and why.
APART = {
    "sign_on": "no hospital's provider is set up here: it is tried in access/test_sign_on.py",
    "sign_on_return": "the same",
    "consent_pdf": "nobody has signed on a page",
    "file": "no form of a rehearsal holds a file",
    "emergency_answer": "the row is answered by another process: tried in allocation/test_views.py",
    "dictionary": "no site has one",
    "lease": "no device asks for one: it is tried in session/test_lease.py",
    "read_label": "no device takes a picture: it is tried in session/test_label.py",
    "rate_again": "of so few ratings none need be drawn: it is tried in drift/test_views.py",
    "monitoring_report": "nobody has signed one: it is tried in monitoring/test_visit.py",
    "monitoring_pdf": "the same",
    "supply_withdraw": "nothing of the stock is entered on a page: tried in supply/test_views.py",
    "supply_labels": "a shipment's labels are asked for by its number: tried in supply/test_views.py",
    "versions": "no entry of a rehearsal arrives in two versions: tried in versions/test_views.py",
    "mfa_remove_webauthn": "a passkey needs a device: it is tried in access/test_passkeys.py",
}


def test_the_pages_have_one_clock() -> None:
    folder = Path(entact.conduct.__file__).parent
    for source in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                asked = f"{node.value.id}.{node.attr}"
                assert asked not in CLOCKS, f"{source.name}: {asked} is not timezone.now, which all pages ask"


CLOCKS = {"datetime.now", "datetime.today", "datetime.utcnow", "date.today", "time.time", "time.time_ns"}
