"""The guide names pages that are there: each address in it leads to one for somebody who may see it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import Resolver404, resolve
from tests.conduct.access.test_table import PEOPLE
from tests.conduct.people import signed_in
from tests.conduct.record import KEY, blinded_study, keep, telling_story

from entact import store
from entact.conduct.permissions import PUBLIC, ROUTES
from entact.protocol import Study

DOCS = Path(__file__).parents[2] / "docs"
ADDRESS = re.compile(r"`(/[a-z][\w.\-/]*/)(?:#[a-z]+)?`")
# Forms and visits of the guide's own study, and what a committee sees that this study has not.
APART = {"form", "visit", "blinding", "link"}  # nobody takes part with anybody in the small study


@pytest.fixture(scope="module")
def study() -> Study:
    """The small study with somebody who keeps its data."""
    return blinded_study(lambda data: data["roles"].update(data_manager="keeps the data"))


def named() -> dict[str, str]:
    """Each address in the guide, with the page of it that names it."""
    found = {}
    for page in sorted(DOCS.glob("*.md")):
        for address in ADDRESS.findall(page.read_text(encoding="utf-8")):
            found[address.replace("SITE", "denver").replace("D-17", "1-001")] = page.name
    return found


@pytest.mark.requirement("R28")
def test_each_address_in_the_guide_leads_to_a_page(study: Study, database: str) -> None:
    store.keep_keys({one.name: KEY for one in keep(study, telling_story(study))})
    browsers = [signed_in(role, site) for role, site in (*PEOPLE, ("data_manager", ""))]
    addresses = named()
    assert len(addresses) >= 12
    for address, page in addresses.items():
        try:
            route = str(resolve(address).url_name)
        except Resolver404:
            pytest.fail(f"{page} names {address}, and there is no such page")
        if ROUTES[route] != PUBLIC and route not in APART:
            assert any(browser.get(address).status_code == 200 for browser in browsers), (page, address)
