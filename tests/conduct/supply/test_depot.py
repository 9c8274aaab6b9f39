"""The stock of all sites side by side: who ships sees what lies, comes and is over, and nobody an arm."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from tests.conduct.browser import Browser
from tests.conduct.supply.day import keep_site, labels, shipped, study_with_supply
from tests.conduct.supply.test_views import RESUPPLY, file, plan_kits

from entact import store
from entact.course import instant, read
from entact.course.entry import as_sent
from entact.store.kits import kits_known

SignIn = Callable[..., Browser]
ROWS = [f"R-{number}" for number in range(71, 79)]
WHAT = [(level, part) for part in ("initial", "supplement") for level in ("full", "low")]


def enter(site: str, kind: str, data: dict[str, Any], place: int, **more: Any) -> str:
    """A fact in the ledger of another site, so many minutes after Denver was activated; its id."""
    lines = [read(line.text) for line in store.lines("site:denver")]
    like = next(one for one in lines if one.kind == "activation")
    at = (instant(like.recorded_at) + timedelta(minutes=place)).isoformat()
    entry = replace(
        as_sent(like), id=f"{site} {kind} {place}", ledger=f"site:{site}", kind=kind, data=data, by="pam",
        role="pharmacist", occurred_at=at, recorded_at=at, **more,
    )  # fmt: skip
    store.append(entry, received_at=at)
    return entry.id


def row(page: str, site: str) -> list[str]:
    """The cells of a site, as they are read."""
    found = re.search(rf'<tr><th scope="row"><a href="/supply/{site}/">.*?</tr>', page, re.DOTALL)
    assert found is not None
    return [re.sub("<[^>]+>", "", one).strip() for one in re.findall(r"<td.*?</td>", found[0], re.DOTALL)]


@pytest.mark.requirement("R10")
def test_who_ships_sees_every_site_and_who_is_blinded_sees_counts_alone(
    database: str, sign_in: SignIn
) -> None:
    """R10: counts say nothing of an arm; orders and last days are for who keeps or decides."""
    keep_site(study_with_supply(RESUPPLY), {"denver": ROWS})
    pharmacist = sign_in("p-1", denver="pharmacist")
    sponsor = sign_in("mm", everywhere="medical_monitor")
    numbers = shipped(pharmacist, 4)
    every = [(one, *what) for one in ROWS for what in WHAT]
    plan_kits({f"{100_000 + place}": one for place, one in enumerate(every)})
    page = sponsor.get("/supply/")
    assert row(page, "denver") == ["0", "0", "4", "0", "28", "2026-12-31, 4 kits"]
    assert "What waits" not in page  # the site itself orders
    log = file("Time,Temperature\n2026-03-01 08:00,20\n2026-03-01 08:10,20\n")
    sent = {"shipment": "A-1", "kits": labels(numbers[:3]), "damaged": "", "log": log}
    pharmacist.post("/supply/denver/enter/receipt/", sent)
    assert row(sponsor.get("/supply/"), "denver")[:3] == ["0", "3", "0"]  # nobody has checked it yet
    form = re.search(r'name="seen" value="([0-9a-f]+)"', pharmacist.get("/supply/denver/enter/kit_order/"))
    assert form is not None
    pharmacist.post("/supply/denver/enter/kit_order/", {"number": "O-1", "seen": form[1]})
    page = sponsor.get("/supply/")
    assert row(page, "denver")[3:5] == ["28", "0"]
    assert "28 kits were ordered and are not sent" in page
    assert row(page, "haifa") == ["0", "0", "0", "0", "0", "–"]
    assert not [one for one in (*numbers, "O-1", "L-1", "mdma", "placebo", *ROWS) if one in page]
    monitor = sign_in("mona", everywhere="monitor").get("/supply/")
    assert row(monitor, "denver") == ["0", "3", "0"]
    for said in ("2026-12-31", "to be ordered", "not sent"):
        assert said not in monitor
    assert sign_in("t-1", denver="therapist").get("/supply/", status=302) == ""  # one site: its page


@pytest.mark.requirement("R10")
def test_kits_on_order_at_one_site_are_not_ordered_at_another(database: str, sign_in: SignIn) -> None:
    """R10: somebody moved while theirs were on order; withdrawn there, they can be ordered here."""
    keep_site(study_with_supply(RESUPPLY), {"denver": ROWS})
    plan_kits({"100000": ("R-71", "full", "initial"), "100001": ("R-71", "low", "initial")})
    assert kits_known("denver").elsewhere == set()
    order = enter("haifa", "kit_order", {"number": "O-1", "kits": ["100000"]}, 1)
    assert kits_known("denver").elsewhere == {"100000"}
    assert kits_known("haifa").elsewhere == set()
    enter("haifa", "void", {}, 2, replaces=order, reason="entered_in_error")
    assert kits_known("denver").elsewhere == set()
